/* Invariant: cells are printable UTF-8; a column is as wide as its widest, in characters. */
#include "tools/text/table.h"

#include <math.h>
#include <stdbool.h>

#include "tools/text/printable.h"

void table_init(struct table *table, const struct table_column *columns, unsigned column_count)
{
	*table = (struct table){ .columns = columns,
		                 .column_count = column_count,
		                 .cells = g_ptr_array_new_with_free_func(g_free) };
}

void table_add(struct table *table, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(table->cells, printable(text));
}

static unsigned text_width(const char *text)
{
	return (unsigned)g_utf8_strlen(text, -1);
}

char *four_digits(double value)
{
	int decimals = value > 0 ? 3 - (int)floor(log10(value)) : 3;
	return g_strdup_printf("%.*f", CLAMP(decimals, 0, 9), value);
}

void table_add_digits(struct table *table, double value)
{
	g_autofree char *text = four_digits(value);
	table_add(table, "%s", text);
}

void table_add_number(struct table *table, const char *format, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	table_add(table, "%s",
	          isnan(value) ? "-" : g_ascii_formatd(buffer, sizeof buffer, format, value));
}

static unsigned column_width(const struct table *table, unsigned column)
{
	const struct table_column *head = &table->columns[column];
	unsigned width = MAX(text_width(head->name), text_width(head->unit));
	for (unsigned i = column; i < table->cells->len; i += table->column_count)
		width = MAX(width, text_width(g_ptr_array_index(table->cells, i)));
	return width;
}

static void print_cell(GString *out, const char *text, unsigned width, bool left)
{
	int padding = (int)(width - text_width(text));
	g_string_append_printf(out, "%*s%s%*s", left ? 0 : padding, "", text, left ? padding : 0,
	                       "");
}

static void end_line(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

/* One line: `texts` has one per column. */
static void print_line(const struct table *table, const char *const *texts, const unsigned *widths,
                       GString *out)
{
	for (unsigned c = 0; c < table->column_count; c++) {
		if (c)
			g_string_append(out, "  ");
		print_cell(out, texts[c], widths[c], table->columns[c].side == TABLE_LEFT);
	}
	end_line(out);
}

void table_finish(struct table *table, GString *out)
{
	g_assert(table->cells->len % table->column_count == 0); /* rows are complete */
	g_autofree unsigned *widths = g_new(unsigned, table->column_count);
	g_autofree const char **texts = g_new(const char *, table->column_count);
	bool units = false;
	for (unsigned c = 0; c < table->column_count; c++) {
		widths[c] = column_width(table, c);
		texts[c] = table->columns[c].name;
		units = units || *table->columns[c].unit;
	}
	print_line(table, texts, widths, out);
	for (unsigned c = 0; c < table->column_count; c++)
		texts[c] = table->columns[c].unit;
	if (units)
		print_line(table, texts, widths, out);
	for (unsigned i = 0; i < table->cells->len; i += table->column_count)
		print_line(table, (const char *const *)(table->cells->pdata + i), widths, out);
	g_clear_pointer(&table->cells, g_ptr_array_unref);
}

/*
 * Invariant: cells are printable UTF-8; a column is as wide as its widest, in characters, unless
 * that is more than a line has: then its cells are cut at blanks, never inside a word.
 */
#include "tools/text/table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tools/text/printable.h"
#include "tools/text/wrap.h"

void table_init(struct table *table, const struct table_column *columns, unsigned column_count)
{
	*table = (struct table){ .columns = columns,
		                 .column_count = column_count,
		                 .key_count = 1,
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

/* ---- how wide ---- */

enum { GAP = 2, LEAST_TEXT = 24 };

static unsigned natural_width(const struct table *table, unsigned column)
{
	const struct table_column *head = &table->columns[column];
	unsigned width = MAX(text_width(head->name), text_width(head->unit));
	for (unsigned i = column; i < table->cells->len; i += table->column_count)
		width = MAX(width, text_width(g_ptr_array_index(table->cells, i)));
	return width;
}

/* Columns from `from` to before `end`, with a gap before each. */
static unsigned span(const unsigned *widths, unsigned from, unsigned end)
{
	unsigned width = 0;
	for (unsigned c = from; c < end; c++)
		width += GAP + widths[c];
	return width;
}

/* The group that the column is in, or NULL; `end`: the column behind what must stay together. */
static const struct table_group *group_of(const struct table *table, unsigned column, unsigned *end)
{
	for (unsigned g = table->group_count; g-- > 0;) {
		const struct table_group *group = &table->groups[g];
		if (group->from > column)
			continue;
		const bool last = g + 1 == table->group_count;
		*end = !*group->name ? column + 1 : last ? table->column_count : group[1].from;
		return *group->name ? group : NULL;
	}
	*end = column + 1;
	return NULL;
}

/* What each column needs at least; a group is as wide as its name. */
static unsigned *least_widths(const struct table *table, const unsigned *natural)
{
	unsigned *widths = g_new0(unsigned, table->column_count);
	for (unsigned c = 0; c < table->column_count; c++) {
		const bool text = table->columns[c].side == TABLE_TEXT;
		const bool key = c < table->key_count && table->columns[c].side == TABLE_LEFT;
		const unsigned least = MAX(LEAST_TEXT, text_width(table->columns[c].name));
		widths[c] = !table->width ? natural[c]
		            : text        ? MIN(natural[c], least)
		            : key         ? MIN(natural[c], MAX(least, table->width / 2))
		                          : natural[c];
	}
	for (unsigned g = 0; g < table->group_count; g++) {
		unsigned end;
		const struct table_group *group = group_of(table, table->groups[g].from, &end);
		if (!group)
			continue;
		const unsigned width = span(widths, group->from, end) - GAP;
		const unsigned name = text_width(group->name);
		widths[end - 1] += name > width ? name - width : 0;
	}
	return widths;
}

/* The column behind the last of a block that has `from` after the keys: whole groups while they
 * fit; of one that never fits, as many columns as do. */
static unsigned block_end(const struct table *table, const unsigned *widths, unsigned from)
{
	const unsigned count = table->column_count;
	const unsigned keys = span(widths, 0, table->key_count);
	unsigned used = keys - GAP, end = from, behind = from;
	if (!table->width)
		return count;
	while (end < count) {
		group_of(table, end, &behind);
		if (used + span(widths, end, behind) > table->width)
			break;
		used += span(widths, end, behind);
		end = behind;
	}
	if (end > from || from == count)
		return end;
	do {
		used += span(widths, end, end + 1);
		end++;
	} while (end < behind && used + span(widths, end, end + 1) <= table->width);
	return end;
}

/* Text that may be cut gets what a line has left; text that fits no line gets one. */
static void fit_text(const struct table *table, const unsigned *natural, unsigned *widths,
                     unsigned from, unsigned end)
{
	const unsigned used = span(widths, 0, table->key_count) + span(widths, from, end);
	unsigned left = table->width + GAP > used ? table->width + GAP - used : 0;
	for (unsigned c = from; c < end && table->width; c++) {
		const unsigned more = MIN(left,
		                          natural[c] > widths[c] ? natural[c] - widths[c] : 0);
		widths[c] += more;
		left -= more;
	}
	if (end == from + 1 && used > table->width + GAP &&
	    table->columns[from].side != TABLE_RIGHT)
		widths[from] -= MIN(used - table->width - GAP,
		                    widths[from] - MIN(widths[from], LEAST_TEXT));
}

/* ---- lines ---- */

static void print_cell(GString *out, const char *text, unsigned width, bool left)
{
	const unsigned own = text_width(text);
	const int padding = own < width ? (int)(width - own) : 0;
	g_string_append_printf(out, "%*s%s%*s", left ? 0 : padding, "", text, left ? padding : 0,
	                       "");
}

static void end_line(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

/* The columns of a block: the keys, then `from` to before `end`. */
struct block {
	const struct table *table;
	const unsigned *widths;
	unsigned from, end;
};

static unsigned next_column(const struct block *block, unsigned column)
{
	return column + 1 == block->table->key_count ? block->from : column + 1;
}

/* A cell cut into lines. Caller frees. */
static char **cell_lines(const struct block *block, const char *text, unsigned column)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	wrap_text(lines, block->widths[column], 0, text);
	return g_strsplit(*lines->str ? lines->str : " ", "\n", -1);
}

/* One row: `texts` has one per column. */
static void print_row(const struct block *block, const char *const *texts, GString *out)
{
	bool more = true;
	for (unsigned line = 0; more; line++) {
		more = false;
		for (unsigned c = 0; c < block->end; c = next_column(block, c)) {
			g_auto(GStrv) lines = cell_lines(block, texts[c], c);
			const unsigned count = g_strv_length(lines);
			more = more || line + 1 < count;
			if (c)
				g_string_append_printf(out, "%*s", GAP, "");
			print_cell(out, line < count ? lines[line] : "", block->widths[c],
			           block->table->columns[c].side != TABLE_RIGHT);
		}
		end_line(out);
	}
}

/* "bubbles ------" above the columns of each group that has a name. */
static void print_groups(const struct block *block, GString *out)
{
	g_autoptr(GString) line = g_string_new(NULL);
	const unsigned keys = span(block->widths, 0, block->table->key_count);
	unsigned end;
	bool any = false;
	for (unsigned c = block->from; c < block->end; c = end) {
		const struct table_group *group = group_of(block->table, c, &end);
		end = MIN(end, block->end);
		if (!group)
			continue;
		const unsigned start = keys + span(block->widths, block->from, c);
		const unsigned stop = start + span(block->widths, c, end) - GAP;
		any = true;
		g_string_append_printf(line, "%*s%s ", (int)(start - text_width(line->str)), "",
		                       group->name);
		while (text_width(line->str) < stop)
			g_string_append_c(line, '-');
	}
	if (any) {
		g_string_append(out, line->str);
		end_line(out);
	}
}

/* A row that goes on with what stands in another block. */
static bool is_empty(const struct block *block, const char *const *texts)
{
	for (unsigned c = 0; c < block->end; c = next_column(block, c))
		if (*texts[c])
			return false;
	return true;
}

static void print_block(const struct block *block, GString *out)
{
	const struct table *table = block->table;
	g_autofree const char **texts = g_new0(const char *, table->column_count);
	bool units = false;
	print_groups(block, out);
	for (unsigned c = 0; c < table->column_count; c++)
		texts[c] = table->columns[c].name;
	print_row(block, texts, out);
	for (unsigned c = 0; c < table->column_count; c++)
		texts[c] = table->columns[c].unit;
	for (unsigned c = 0; c < block->end; c = next_column(block, c))
		units = units || *texts[c];
	if (units)
		print_row(block, texts, out);
	for (unsigned i = 0; i < table->cells->len; i += table->column_count) {
		const char *const *row = (const char *const *)(table->cells->pdata + i);
		if (!is_empty(block, row))
			print_row(block, row, out);
	}
}

void table_finish(struct table *table, GString *out)
{
	const unsigned count = table->column_count;
	g_assert(table->key_count && table->key_count <= count);
	g_assert(table->cells->len % count == 0); /* rows are complete */
	g_autofree unsigned *natural = g_new(unsigned, count);
	for (unsigned c = 0; c < count; c++)
		natural[c] = natural_width(table, c);
	g_autofree unsigned *widths = least_widths(table, natural);
	unsigned from = table->key_count;
	do {
		const unsigned end = block_end(table, widths, from);
		const struct block block = { table, widths, from, end };
		fit_text(table, natural, widths, from, end);
		if (from != table->key_count)
			g_string_append_c(out, '\n');
		print_block(&block, out);
		from = end;
	} while (from < count);
	g_clear_pointer(&table->cells, g_ptr_array_unref);
}

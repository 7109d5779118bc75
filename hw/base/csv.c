/*
 * Invariant: a table that leaves this file has at least a header, and every row has as many cells
 * as it. Cells are cut and unquoted in place, in the table's own copy of the text.
 */
#include "hw/base/csv.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define LARGEST_WHOLE (UINT64_C(1) << 53) /* doubles hold every one up to here */
#define MAX_DIGITS 64                     /* of a number, so that it is one */

struct reader {
	struct hw_csv *csv;
	char *at;         /* the next byte to read */
	uint32_t line;    /* it stands in */
	GPtrArray *cells; /* char *: of all rows, the header first */
	GArray *lines;    /* uint32_t: of the rows */
};

void hw_csv_fail(const struct hw_csv *csv, uint32_t line, GQuark domain, int code, GError **error,
                 const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, domain, code, "%s:%u: %s", csv->origin, line, text);
}

static bool fail(const struct reader *r, uint32_t line, const char *what, GError **error)
{
	hw_csv_fail(r->csv, line, HW_CSV_ERROR, HW_CSV_ERROR_FORMAT, error, "%s", what);
	return false;
}

/* ---- cells ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool ends_line(char c)
{
	return c == '\0' || c == '\n' || c == '\r';
}

static void skip_blanks(struct reader *r)
{
	while (is_blank(*r->at))
		r->at++;
}

/* Behind an opening quote. What it holds moves to the left over doubled quotes. */
static bool read_quoted(struct reader *r, GError **error)
{
	uint32_t opened = r->line;
	char *to = r->at;
	g_ptr_array_add(r->cells, to);
	for (; *r->at != '"' || r->at[1] == '"'; *to++ = *r->at++) {
		if (*r->at == '\0')
			return fail(r, opened, "a quote is opened and never closed", error);
		if (*r->at == '"')
			r->at++;
		r->line += *r->at == '\n' || (*r->at == '\r' && r->at[1] != '\n');
	}
	r->at++;
	skip_blanks(r);
	if (*r->at != ',' && !ends_line(*r->at))
		return fail(r, r->line,
		            "a comma or the end of the line must follow a closing quote", error);
	*to = '\0';
	return true;
}

static bool read_plain(struct reader *r, GError **error)
{
	char *start = r->at, *end;
	while (*r->at != ',' && *r->at != '"' && !ends_line(*r->at))
		r->at++;
	if (*r->at == '"')
		return fail(r, r->line, "a cell with a quote in it must be quoted, quotes doubled",
		            error);
	for (end = r->at; end > start && is_blank(end[-1]); end--)
		;
	g_ptr_array_add(r->cells, start);
	/* The byte at `end` may be the comma or line end that is still to be seen. */
	if (end < r->at)
		*end = '\0';
	return true;
}

/* ---- rows ---- */

/* Steps over the cell's end, closes the cell there, and tells whether another one follows. */
static bool next_cell(struct reader *r)
{
	char end = *r->at;
	if (end == '\0')
		return false;
	*r->at++ = '\0';
	if (end == '\r' && *r->at == '\n')
		r->at++;
	r->line += end != ',';
	return end == ',';
}

static bool read_row(struct reader *r, GError **error)
{
	uint32_t line = r->line;
	guint first = r->cells->len;
	bool blank, more;
	do {
		skip_blanks(r);
		bool quoted = *r->at == '"';
		r->at += quoted;
		if (!(quoted ? read_quoted(r, error) : read_plain(r, error)))
			return false;
		blank = !quoted && r->cells->len == first + 1 && ends_line(*r->at) &&
		        (char *)r->cells->pdata[first] == r->at;
		more = next_cell(r);
	} while (more);
	if (blank) {
		g_ptr_array_set_size(r->cells, (gint)first);
		return true;
	}
	unsigned width = r->cells->len - first;
	if (r->lines->len == 0)
		r->csv->width = width;
	g_array_append_val(r->lines, line);
	if (width == r->csv->width)
		return true;
	hw_csv_fail(r->csv, line, HW_CSV_ERROR, HW_CSV_ERROR_FORMAT, error,
	            "must have %u values as the header has, got %u", r->csv->width, width);
	return false;
}

/* What the rows are made of, handed over to the table. */
static void keep_rows(struct reader *r)
{
	struct hw_csv *csv = r->csv;
	csv->row_count = r->lines->len - 1;
	csv->head_line = g_array_index(r->lines, uint32_t, 0);
	csv->names = g_memdup2(r->cells->pdata, csv->width * sizeof(char *));
	csv->cells = g_memdup2(r->cells->pdata + csv->width,
	                       (size_t)csv->row_count * csv->width * sizeof(char *));
	csv->lines = g_memdup2((uint32_t *)(void *)r->lines->data + 1,
	                       csv->row_count * sizeof(uint32_t));
}

static bool read_rows(struct reader *r, GError **error)
{
	while (*r->at)
		if (!read_row(r, error))
			return false;
	if (r->lines->len == 0)
		return fail(r, 1, "must begin with a header, is empty", error);
	keep_rows(r);
	return true;
}

/* ---- the way in ---- */

static bool check_text(const struct hw_csv *csv, size_t length, GError **error)
{
	const char *wrong = csv->text;
	uint32_t line = 1;
	if (g_utf8_validate(csv->text, (gssize)length, &wrong))
		return true;
	for (const char *c = csv->text; c < wrong; c++)
		line += *c == '\n';
	if (*wrong)
		hw_csv_fail(csv, line, HW_CSV_ERROR, HW_CSV_ERROR_FORMAT, error,
		            "must be UTF-8 text, byte %zu is not", (size_t)(wrong - csv->text));
	else
		hw_csv_fail(csv, line, HW_CSV_ERROR, HW_CSV_ERROR_FORMAT, error,
		            "must be text, byte %zu is zero", (size_t)(wrong - csv->text));
	return false;
}

struct hw_csv *hw_csv_parse(const char *text, size_t length, const char *origin, GError **error)
{
	struct hw_csv *csv = g_new0(struct hw_csv, 1);
	csv->origin = g_strdup(origin);
	csv->text = g_malloc(length + 1);
	memcpy(csv->text, text, length);
	csv->text[length] = '\0';
	bool good = check_text(csv, length, error);
	if (good) {
		bool marked = g_str_has_prefix(csv->text, "\xEF\xBB\xBF"); /* byte order mark */
		struct reader r = { .csv = csv,
			            .at = csv->text + (marked ? 3 : 0),
			            .line = 1,
			            .cells = g_ptr_array_new(),
			            .lines = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
		good = read_rows(&r, error);
		g_ptr_array_unref(r.cells);
		g_array_unref(r.lines);
	}
	if (!good)
		g_clear_pointer(&csv, hw_csv_free);
	return csv;
}

struct hw_csv *hw_csv_read(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize length = 0;
	GError *problem = NULL;
	if (g_file_get_contents(path, &text, &length, &problem))
		return hw_csv_parse(text, length, path, error);
	/* GLib's text names the file once more, in front of the reason. */
	const char *reason = g_strrstr(problem->message, ": ");
	g_set_error(error, HW_CSV_ERROR, HW_CSV_ERROR_READ, "%s: cannot read: %s", path,
	            reason ? reason + 2 : problem->message);
	g_error_free(problem);
	return NULL;
}

void hw_csv_free(struct hw_csv *csv)
{
	if (!csv)
		return;
	g_free(csv->origin);
	g_free(csv->text);
	g_free(csv->names);
	g_free(csv->cells);
	g_free(csv->lines);
	g_free(csv);
}

/* ---- columns and numbers ---- */

/* "a, b and perhaps c": what a header may name. */
static char *describe_columns(const char *const *names, unsigned required)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; names[i]; i++)
		g_string_append_printf(text, "%s%s%s", i ? ", " : "",
		                       i == required ? "perhaps " : "", names[i]);
	return g_string_free(text, FALSE);
}

static bool fail_column(const struct hw_csv *csv, const char *const *names, unsigned required,
                        const char *problem, const char *name, GError **error)
{
	g_autofree char *all = describe_columns(names, required);
	hw_csv_fail(csv, csv->head_line, HW_CSV_ERROR, HW_CSV_ERROR_FORMAT, error,
	            "must have the columns %s, each once; %s \"%s\"", all, problem, name);
	return false;
}

bool hw_csv_columns(const struct hw_csv *csv, const char *const *names, unsigned required,
                    bool others, int *place, GError **error)
{
	for (unsigned c = 0; names[c]; c++)
		place[c] = -1;
	for (unsigned i = 0; i < csv->width; i++) {
		unsigned c = 0;
		while (names[c] && strcmp(names[c], csv->names[i]) != 0)
			c++;
		if (!names[c] && others)
			continue;
		if (!names[c])
			return fail_column(csv, names, required, "does not know", csv->names[i],
			                   error);
		if (place[c] >= 0)
			return fail_column(csv, names, required, "has twice", names[c], error);
		place[c] = (int)i;
	}
	for (unsigned c = 0; c < required; c++)
		if (place[c] < 0)
			return fail_column(csv, names, required, "lacks", names[c], error);
	return true;
}

bool hw_csv_number(const char *text, double *value)
{
	static const char digits[] = "0123456789";
	char *end;
	size_t length = strlen(text);
	size_t first = strspn(text, "-+") > 0;
	if (length == 0 || length > MAX_DIGITS || strspn(text, "0123456789.eE+-") != length ||
	    !strchr("0123456789.", text[first]) || strcspn(text, digits) == length)
		return false;
	*value = g_ascii_strtod(text, &end);
	return *end == '\0' && isfinite(*value);
}

bool hw_csv_whole(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	double number;
	g_assert(max <= LARGEST_WHOLE); /* or a double would not hold it */
	if (!hw_csv_number(text, &number) || number != floor(number) || number < (double)min ||
	    number > (double)max)
		return false;
	*value = (uint64_t)number;
	return true;
}

/* ---- writing ---- */

void hw_csv_append(GString *out, const char *text)
{
	size_t length = strlen(text);
	bool plain = !strpbrk(text, ",\"\r\n") &&
	             (length == 0 || !(is_blank(text[0]) || is_blank(text[length - 1])));
	if (plain) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (; *text; text++)
		g_string_append(out, *text == '"' ? "\"\"" : (char[]){ *text, '\0' });
	g_string_append_c(out, '"');
}

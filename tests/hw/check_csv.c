/* Does the CSV reader take what spreadsheets and scripts write, and name the place of the rest? */
#include "hw/base/csv.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static struct hw_csv *parse(const char *text, GError **error)
{
	return hw_csv_parse(text, strlen(text), "t.csv", error);
}

static struct hw_csv *good(const char *text)
{
	GError *error = NULL;
	struct hw_csv *csv = parse(text, &error);
	ck_assert_msg(csv != NULL, "%s", error ? error->message : "no error set");
	return csv;
}

/* The table as text: cells in [], rows as "line:[a][b]\n", the header first. */
static char *shown(const struct hw_csv *csv)
{
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "%u:", csv->head_line);
	for (unsigned c = 0; c < csv->width; c++)
		g_string_append_printf(out, "[%s]", csv->names[c]);
	for (uint32_t r = 0; r < csv->row_count; r++) {
		g_string_append_printf(out, "\n%u:", csv->lines[r]);
		for (unsigned c = 0; c < csv->width; c++)
			g_string_append_printf(out, "[%s]", hw_csv_cell(csv, r, (int)c));
	}
	return g_string_free(out, FALSE);
}

static const struct {
	const char *text, *table;
} taken[] = {
	{ "a,b\n1,2\n", "1:[a][b]\n2:[1][2]" },
	{ "a,b\n1,2", "1:[a][b]\n2:[1][2]" },
	{ "a", "1:[a]" },
	{ "\xEF\xBB\xBF"
	  "a,b\r\n1,2\r\n",
	  "1:[a][b]\n2:[1][2]" },
	{ "\xEF\xBB\xBF\"a\",b\n", "1:[a][b]" },
	{ "a,b\r1,2\r\r3,4", "1:[a][b]\n2:[1][2]\n4:[3][4]" },
	{ "\n  \na, b \n\n\t1 ,\t2\n \n", "3:[a][b]\n5:[1][2]" },
	{ "a,b\n,\n\"\",\" \"\n", "1:[a][b]\n2:[][]\n3:[][ ]" },
	{ "a\n\"\"\n", "1:[a]\n2:[]" }, /* a quoted nothing is a row, a blank line is none */
	{ "a,b\n\"1, 2\", \"3 \"\"x\"\"\" \n", "1:[a][b]\n2:[1, 2][3 \"x\"]" },
	{ "a,b\n\"1\n2\r\n3\",4\n5,6\n", "1:[a][b]\n2:[1\n2\r\n3][4]\n5:[5][6]" },
	{ "a\n\"\"\"\"\n", "1:[a]\n2:[\"]" },
	{ "a\nb c\xC3\xA4\n", "1:[a]\n2:[b c\xC3\xA4]" },
};

START_TEST(tables_are_read)
{
	struct hw_csv *csv = good(taken[_i].text);
	g_autofree char *table = shown(csv);
	ck_assert_str_eq(table, taken[_i].table);
	hw_csv_free(csv);
}
END_TEST

static const struct {
	const char *text;
	size_t length; /* 0: that of the text */
	const char *message;
} refused[] = {
	{ "", 0, "t.csv:1: must begin with a header, is empty" },
	{ " \n\n", 0, "t.csv:1: must begin with a header, is empty" },
	{ "\xEF\xBB\xBF", 0, "t.csv:1: must begin with a header, is empty" },
	{ "a,b\n1\n", 0, "t.csv:2: must have 2 values as the header has, got 1" },
	{ "a,b\n\n1,2,\n", 0, "t.csv:3: must have 2 values as the header has, got 3" },
	{ "a\n\"1\n2\n", 0, "t.csv:2: a quote is opened and never closed" },
	{ "a\n\"1\"2\n", 0, "t.csv:2: a comma or the end of the line must follow a closing quote" },
	{ "a\n\"1\n\"2\n", 0,
	  "t.csv:3: a comma or the end of the line must follow a closing quote" },
	{ "a\n1\"2\n", 0, "t.csv:2: a cell with a quote in it must be quoted, quotes doubled" },
	{ "a\n1\0002\n", 6, "t.csv:2: must be text, byte 3 is zero" },
	{ "\0", 1, "t.csv:1: must be text, byte 0 is zero" },
	{ "a\n\n\xFF\n", 0, "t.csv:3: must be UTF-8 text, byte 3 is not" },
	{ "\xFF\xFE"
	  "a\0",
	  4, "t.csv:1: must be UTF-8 text, byte 0 is not" }, /* UTF-16 */
};

START_TEST(mistakes_are_named)
{
	GError *error = NULL;
	size_t length = refused[_i].length ? refused[_i].length : strlen(refused[_i].text);
	ck_assert_ptr_null(hw_csv_parse(refused[_i].text, length, "t.csv", &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, refused[_i].message);
	g_error_free(error);
}
END_TEST

START_TEST(cells_are_quoted_where_they_must_be)
{
	static const char *const cells[][2] = {
		{ "", "" },           { "a b", "a b" },       { "a,b", "\"a,b\"" },
		{ "\"", "\"\"\"\"" }, { "a\nb", "\"a\nb\"" }, { "a\rb", "\"a\rb\"" },
		{ " a", "\" a\"" },   { "a\t", "\"a\t\"" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
		g_autoptr(GString) out = g_string_new("x");
		hw_csv_append(out, cells[i][0]);
		ck_assert_str_eq(out->str + 1, cells[i][1]);
	}
}
END_TEST

/* Random cells of all that means something come back as they were. */
START_TEST(our_own_cells_are_read)
{
	static const char letters[] = "a \t,\"\r\n;";
	GRand *rand = g_rand_new_with_seed(1);
	for (unsigned i = 0; i < 2000; i++) {
		char cells[2][6] = { "" };
		g_autoptr(GString) out = g_string_new("x,y\n");
		for (unsigned c = 0; c < 2; c++) {
			for (int n = g_rand_int_range(rand, 0, 5); n > 0; n--)
				cells[c][n - 1] =
					letters[g_rand_int_range(rand, 0, (int)strlen(letters))];
			hw_csv_append(out, cells[c]);
			g_string_append_c(out, c ? '\n' : ',');
		}
		struct hw_csv *csv = good(out->str);
		ck_assert_uint_eq(csv->row_count, 1);
		ck_assert_str_eq(csv->cells[0], cells[0]);
		ck_assert_str_eq(csv->cells[1], cells[1]);
		hw_csv_free(csv);
	}
	g_rand_free(rand);
}
END_TEST

static const char *const columns[] = { "x", "y", "z", NULL };

START_TEST(columns_are_found)
{
	int place[3];
	GError *error = NULL;
	struct hw_csv *csv = good("y,other,x\n1,2,3\n");
	ck_assert(hw_csv_columns(csv, columns, 2, true, place, &error));
	ck_assert_int_eq(place[0], 2);
	ck_assert_int_eq(place[1], 0);
	ck_assert_int_eq(place[2], -1);
	ck_assert_str_eq(hw_csv_cell(csv, 0, place[0]), "3");
	ck_assert_str_eq(hw_csv_cell(csv, 0, place[2]), "");
	hw_csv_free(csv);
}
END_TEST

static const struct {
	const char *text;
	bool others;
	const char *message;
} headers[] = {
	{ "x,y,other", false, "does not know \"other\"" },
	{ "x,z,other", true, "lacks \"y\"" },
	{ "x,y,x", true, "has twice \"x\"" },
	{ "x,Y", true, "lacks \"y\"" },
};

START_TEST(wrong_columns_are_named)
{
	int place[3];
	GError *error = NULL;
	struct hw_csv *csv = good(headers[_i].text);
	ck_assert(!hw_csv_columns(csv, columns, 2, headers[_i].others, place, &error));
	g_autofree char *message = g_strconcat(
		"t.csv:1: must have the columns x, y, perhaps z, each once; ", headers[_i].message,
		NULL);
	ck_assert_str_eq(error->message, message);
	g_error_free(error);
	hw_csv_free(csv);
}
END_TEST

START_TEST(numbers_are_decimal)
{
	static const struct {
		const char *text;
		double value;
	} numbers[] = { { "0", 0 },  { "007", 7 },    { "-1.5", -1.5 },
		        { "+2", 2 }, { "16.0", 16 },  { ".5", 0.5 },
		        { "5.", 5 }, { "1e3", 1000 }, { "1.5E-2", 0.015 } };
	static const char *const wrong[] = { "",    " 1",    "1 ",  "0x10",  "nan",
		                             "inf", "1e999", "1,5", "1.2.3", ".",
		                             "-",   "e5",    "--1", "1e",    "5us" };
	double value;
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		ck_assert_msg(hw_csv_number(numbers[i].text, &value), "%s", numbers[i].text);
		ck_assert(value == numbers[i].value);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		ck_assert_msg(!hw_csv_number(wrong[i], &value), "%s", wrong[i]);
}
END_TEST

START_TEST(whole_numbers_may_be_written_as_decimals)
{
	uint64_t value = 0;
	ck_assert(hw_csv_whole("16.0", 1, 16, &value));
	ck_assert_uint_eq(value, 16);
	ck_assert(hw_csv_whole("1e3", 0, UINT64_C(1) << 53, &value));
	ck_assert_uint_eq(value, 1000);
	ck_assert(hw_csv_whole("9007199254740992", 0, UINT64_C(1) << 53, &value));
	ck_assert_uint_eq(value, UINT64_C(1) << 53);
	ck_assert(!hw_csv_whole("16.5", 1, 20, &value));
	ck_assert(!hw_csv_whole("0", 1, 20, &value));
	ck_assert(!hw_csv_whole("21", 1, 20, &value));
	ck_assert(!hw_csv_whole("-1", 0, 20, &value));
}
END_TEST

static void append_quoted(GString *out, const char *cell)
{
	g_string_append_c(out, '"');
	for (const char *c = cell; *c; c++) {
		g_string_append_c(out, *c);
		if (*c == '"')
			g_string_append_c(out, '"');
	}
	g_string_append_c(out, '"');
}

/* A cell of any characters; quoted where it must be, or by chance. */
static char *write_cell(GRand *random, GString *out)
{
	static const char *const characters[] = {
		"a", "1", ",", "\"", "\n", "\r", " ", "\xC3\xA4"
	};
	GString *cell = g_string_new(NULL);
	for (int left = g_rand_int_range(random, 0, 5); left > 0; left--)
		g_string_append(cell, characters[g_rand_int_range(random, 0, 8)]);
	/* One lone cell that is empty would be a blank line. */
	bool plain = cell->len > 0 && strpbrk(cell->str, ",\"\n\r") == NULL &&
	             cell->str[0] != ' ' && cell->str[cell->len - 1] != ' ';
	if (plain && g_rand_boolean(random))
		g_string_append_printf(out, "%s%s ", g_rand_boolean(random) ? " " : "", cell->str);
	else
		append_quoted(out, cell->str);
	return g_string_free(cell, FALSE);
}

START_TEST(what_is_written_is_read)
{
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned width = (unsigned)g_rand_int_range(random, 1, 5);
	unsigned rows = (unsigned)g_rand_int_range(random, 1, 6);
	const char *end = ends[g_rand_int_range(random, 0, 3)];
	for (unsigned i = 0; i < width * rows; i++) {
		g_ptr_array_add(cells, write_cell(random, text));
		bool last = (i + 1) % width == 0;
		g_string_append(text, last ? end : ",");
		if (last && g_rand_boolean(random))
			g_string_append(text, end);
	}
	struct hw_csv *csv = good(text->str);
	ck_assert_uint_eq(csv->width, width);
	ck_assert_uint_eq(csv->row_count, rows - 1);
	for (unsigned i = 0; i < width * rows; i++)
		ck_assert_str_eq(i < width ? csv->names[i] : csv->cells[i - width],
		                 cells->pdata[i]);
	hw_csv_free(csv);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tables = tcase_create("tables"), *errors = tcase_create("errors");
	tcase_add_loop_test(tables, tables_are_read, 0, G_N_ELEMENTS(taken));
	tcase_add_test(tables, cells_are_quoted_where_they_must_be);
	tcase_add_test(tables, our_own_cells_are_read);
	tcase_add_test(tables, columns_are_found);
	tcase_add_test(tables, numbers_are_decimal);
	tcase_add_test(tables, whole_numbers_may_be_written_as_decimals);
	tcase_add_loop_test(tables, what_is_written_is_read, 0, 200);
	tcase_add_loop_test(errors, mistakes_are_named, 0, G_N_ELEMENTS(refused));
	tcase_add_loop_test(errors, wrong_columns_are_named, 0, G_N_ELEMENTS(headers));
	suite_add_tcase(suite, tables);
	suite_add_tcase(suite, errors);
	return suite_run(suite);
}

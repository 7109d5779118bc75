/* The pure parts that make text: JSON, tables, grids, times on the command line. */
#include <sys/wait.h>
#include <unistd.h>
#include <math.h>

#include <cjson/cJSON.h>

#include "hw/topology/topology.h"
#include "tests/sim/tiny.h"
#include "tools/text/closest.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"
#include "tools/text/json_writer.h"
#include "tools/input/options.h"
#include "tools/report/results.h"
#include "tools/report/show.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"
#include "tests/support/suite.h"

/* JSON */

START_TEST(json_is_one_member_per_line_or_all_on_one)
{
	struct json_writer w;
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "name", "a \"b\"\n");
	json_string(&w, "none", NULL);
	json_begin_array(&w, "empty", JSON_LINES);
	json_end_array(&w);
	json_begin_array(&w, "rows", JSON_LINES);
	for (unsigned i = 0; i < 2; i++) {
		json_begin_object(&w, NULL, JSON_ONE_LINE);
		json_integer(&w, "i", i);
		json_begin_array(&w, "of", JSON_LINES); /* inside a line everything is */
		json_bool(&w, NULL, i == 0);
		json_number(&w, NULL, 0.5);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_integer(&w, "last", UINT64_MAX);
	json_end_object(&w);
	g_autofree char *text = json_finish(&w);
	ck_assert_str_eq(text, "{\n"
	                       "  \"name\": \"a \\\"b\\\"\\n\",\n"
	                       "  \"none\": null,\n"
	                       "  \"empty\": [],\n"
	                       "  \"rows\": [\n"
	                       "    {\"i\": 0, \"of\": [true, 0.5]},\n"
	                       "    {\"i\": 1, \"of\": [false, 0.5]}\n"
	                       "  ],\n"
	                       "  \"last\": 18446744073709551615\n"
	                       "}\n");
}
END_TEST

START_TEST(json_numbers_have_15_digits)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0\n" },
		      { 1.0 / 3, "0.333333333333333\n" },
		      { 0.1 + 0.2, "0.3\n" },
		      { 88746944.000000015, "88746944\n" },
		      { -2.5e-30, "-2.5e-30\n" },
		      { NAN, "null\n" },
		      { INFINITY, "null\n" } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct json_writer w;
		json_start(&w);
		json_number(&w, NULL, cases[i].value);
		g_autofree char *text = json_finish(&w);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* Another spelling of the same name, which no terminal obeys. */
START_TEST(json_shows_what_talks_to_a_terminal)
{
	const char *name = "\xC3\xBC \x1b[31m \x7f \xC2\x9B \xE2\x80\xAE \xE2\x80\xA8 \xEF\xBB\xBF "
			   "\xF3\xA0\x80\x81 \xF0\x9F\x98\x80";
	struct json_writer w;
	json_start(&w);
	json_string(&w, NULL, name);
	g_autofree char *text = json_finish(&w);
	ck_assert_str_eq(text, "\"\xC3\xBC \\u001b[31m \\u007f \\u009b \\u202e \\u2028 \\ufeff "
	                       "\\udb40\\udc01 \xF0\x9F\x98\x80\"\n");
	cJSON *back = cJSON_Parse(text);
	ck_assert_str_eq(cJSON_GetStringValue(back), name);
	cJSON_Delete(back);
}
END_TEST

/* Tables */

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	static const struct table_column columns[] = { { "name", "", TABLE_LEFT },
		                                       { "t", "ns", TABLE_RIGHT },
		                                       { "note", "", TABLE_LEFT } };
	struct table table;
	g_autoptr(GString) out = g_string_new(NULL);
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table_add(&table, "a");
	table_add(&table, "%d", 1234);
	table_add(&table, "x");
	table_add(&table, "gr\303\266\303\237er"); /* 6 characters in 8 bytes */
	table_add(&table, "5");
	table_add(&table, "%s", "");
	table_finish(&table, out);
	ck_assert_str_eq(out->str, "name       t  note\n"
	                           "          ns\n"
	                           "a       1234  x\n"
	                           "gr\303\266\303\237er     5\n");
}
END_TEST

START_TEST(numbers_stand_in_cells_as_asked)
{
	static const struct table_column columns[] = { { "n", "", TABLE_RIGHT } };
	g_autoptr(GString) out = g_string_new(NULL);
	struct table table;
	table_init(&table, columns, 1);
	table_add_number(&table, "%+.1f", 2.25);
	table_add_number(&table, "%.2f", (double)NAN);
	table_add_digits(&table, 12.345);
	table_finish(&table, out);
	ck_assert_str_eq(out->str, "    n\n +2.2\n    -\n12.35\n");
}
END_TEST

START_TEST(a_table_without_units_has_no_line_for_them)
{
	static const struct table_column columns[] = { { "a", "", TABLE_LEFT } };
	struct table table;
	g_autoptr(GString) out = g_string_new(NULL);
	table_init(&table, columns, 1);
	table_finish(&table, out);
	ck_assert_str_eq(out->str, "a\n");
}
END_TEST

/* Three columns of nine characters and a key: what the table is cut into. */
static char *table_of(unsigned width, const struct table_group *groups, unsigned group_count)
{
	static const struct table_column columns[] = { { "key", "", TABLE_LEFT },
		                                       { "one", "ms", TABLE_RIGHT },
		                                       { "two", "", TABLE_RIGHT },
		                                       { "text", "", TABLE_TEXT } };
	struct table table;
	GString *out = g_string_new(NULL);
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.groups = groups;
	table.group_count = group_count;
	table_add(&table, "k1");
	table_add(&table, "123456789");
	table_add(&table, "2");
	table_add(&table, "these are words of an explanation, and 3 %%");
	table_add(&table, "k2");
	table_add(&table, "1");
	table_add(&table, "123456789");
	table_add(&table, "-");
	table_finish(&table, out);
	return g_string_free(out, FALSE);
}

START_TEST(text_in_a_table_gets_what_a_line_has_left)
{
	g_autofree char *any = table_of(0, NULL, 0), *fits = table_of(69, NULL, 0);
	g_autofree char *narrow = table_of(68, NULL, 0), *least = table_of(51, NULL, 0);
	ck_assert_str_eq(any, "key        one        two  text\n"
	                      "            ms\n"
	                      "k1   123456789          2  these are words of an explanation, and "
	                      "3 %\n"
	                      "k2           1  123456789  -\n");
	ck_assert_str_eq(any, fits);
	ck_assert_str_eq(narrow,
	                 "key        one        two  text\n"
	                 "            ms\n"
	                 "k1   123456789          2  these are words of an explanation, and\n"
	                 "                           3 %\n"
	                 "k2           1  123456789  -\n");
	ck_assert_str_eq(least, "key        one        two  text\n"
	                        "            ms\n"
	                        "k1   123456789          2  these are words of an\n"
	                        "                           explanation, and 3 %\n"
	                        "k2           1  123456789  -\n");
}
END_TEST

START_TEST(a_table_that_is_too_wide_goes_on_below_itself)
{
	g_autofree char *text = table_of(50, NULL, 0);
	ck_assert_str_eq(text, "key        one        two\n"
	                       "            ms\n"
	                       "k1   123456789          2\n"
	                       "k2           1  123456789\n"
	                       "\n"
	                       "key  text\n"
	                       "k1   these are words of an explanation, and 3 %\n"
	                       "k2   -\n");
}
END_TEST

START_TEST(groups_of_columns_stay_together)
{
	static const struct table_group pair[] = { { 2, "both" } };
	static const struct table_group named[] = { { 1, "a name longer than it" }, { 3, "" } };
	static const struct table_group all[] = { { 1, "all" } };
	g_autofree char *wide = table_of(69, pair, 1), *narrow = table_of(50, pair, 1);
	g_autofree char *name = table_of(80, named, 2), *cut = table_of(25, all, 1);
	ck_assert_str_eq(wide, "                both -------------------------------------------"
	                       "-----\n"
	                       "key        one        two  text\n"
	                       "            ms\n"
	                       "k1   123456789          2  these are words of an explanation, and "
	                       "3 %\n"
	                       "k2           1  123456789  -\n");
	ck_assert_str_eq(narrow, "key        one\n"
	                         "            ms\n"
	                         "k1   123456789\n"
	                         "k2           1\n"
	                         "\n"
	                         "     both ----------------------------------------\n"
	                         "key        two  text\n"
	                         "k1           2  these are words of an explanation,\n"
	                         "                and 3 %\n"
	                         "k2   123456789  -\n");
	ck_assert(g_str_has_prefix(name, "     a name longer than it\n"
	                                 "key        one         two  text\n"));
	ck_assert(g_str_has_prefix(cut, "     all ----------------\n"
	                                "key        one        two\n"
	                                "            ms\n"
	                                "k1   123456789          2\n"
	                                "k2           1  123456789\n"
	                                "\n"
	                                "     all"));
}
END_TEST

/* Lines */

START_TEST(lines_end_between_words)
{
	static const struct {
		unsigned width, indent;
		const char *before, *text, *expected;
	} cases[] = {
		{ 10, 2, "", "one two three four", "one two\n  three\n  four" },
		{ 7, 0, "", "one two three", "one two\nthree" },
		{ 6, 0, "", "one two three", "one\ntwo\nthree" },
		{ 0, 2, "", "one two three", "one two three" },
		{ 4, 1, "", "a longerthanaline b", "a\n longerthanaline\n b" },
		{ 12, 4, "one", " two three", "one two\n    three" },
		{ 9, 2, "  label  ", "word", "  label\n  word" },
		{ 9, 9, "  label  ", "word x", "  label  word\n         x" },
		{ 8, 0, "", "  one two\nthree\n\n", "  one\ntwo\nthree\n\n" },
		{ 9, 0, "", "about 100 % of", "about\n100 % of" },
		{ 5, 0, "", "gr\303\266\303\237e a", "gr\303\266\303\237e\na" },
		{ 6, 0, "", "gr\303\266\303\237e a", "gr\303\266\303\237e\na" },
		{ 7, 0, "", "gr\303\266\303\237e a", "gr\303\266\303\237e a" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(cases[i].before);
		wrap_text(out, cases[i].width, cases[i].indent, cases[i].text);
		ck_assert_msg(strcmp(out->str, cases[i].expected) == 0, "%u: %s", i, out->str);
	}
}
END_TEST

START_TEST(commands_go_on_behind_a_backslash)
{
	g_autoptr(GString) narrow = g_string_new(NULL);
	g_autoptr(GString) wide = g_string_new(NULL);
	wrap_command(narrow, 24, 2, "mcmsim run --batch 4 --set a=b --seed 1");
	wrap_command(wide, 0, 2, "mcmsim run --batch 4 --set a=b --seed 1");
	ck_assert_str_eq(narrow->str, "  mcmsim run --batch 4 \\\n"
	                              "         --set a=b \\\n"
	                              "         --seed 1\n");
	ck_assert_str_eq(wide->str, "  mcmsim run --batch 4 --set a=b --seed 1\n");
}
END_TEST

START_TEST(distances_count_edits)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = { { "", "", 0 },        { "", "abc", 3 },    { "run", "run", 0 },
		      { "run", "RUN", 0 },  { "run", "rnu", 1 }, { "run", "runs", 1 },
		      { "run", "rn", 1 },   { "run", "sun", 1 }, { "kitten", "sitting", 3 },
		      { "abcd", "badc", 2 } };
	static const char *const words[] = { "scope", "score", "best", NULL };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		ck_assert_uint_eq(edit_distance(cases[i].a, cases[i].b), cases[i].distance);
		ck_assert_uint_eq(edit_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
	ck_assert_str_eq(closest("scoqe", words), "scope"); /* of two, the first */
	ck_assert_str_eq(closest("bes", words), "best");
	ck_assert_ptr_null(closest("b", words));
	ck_assert_ptr_null(closest("sequential", words));
	ck_assert_ptr_null(closest("", words));
}
END_TEST

START_TEST(four_digits_count)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0.000" },
		      { 0.012345, "0.01235" },
		      { 1.23456, "1.235" },
		      { 99.996, "100.00" },
		      { 123456, "123456" } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = four_digits(cases[i].value);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* Grids */

START_TEST(letters_go_on_after_z)
{
	static const struct {
		unsigned index;
		const char *text;
	} cases[] = { { 0, "A" },   { 25, "Z" },  { 26, "AA" },
		      { 51, "AZ" }, { 52, "BA" }, { 702, "AAA" } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = show_letters(cases[i].index);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(a_mesh_is_drawn_with_its_links)
{
	const struct hw_package package = { .columns = 3,
		                            .rows = 2,
		                            .nop = { .topology = &hw_mesh } };
	static const char *const cells[] = { "A", "A10", "B", "B", "A", "A" };
	g_autoptr(GString) out = g_string_new(NULL);
	show_grid(&package, cells, out);
	ck_assert_str_eq(out->str, "   y\\x  0    1    2\n"
	                           "     0  A----A10--B\n"
	                           "        |    |    |\n"
	                           "     1  B----A----A\n");
}
END_TEST

START_TEST(a_torus_shows_that_it_wraps)
{
	const struct hw_package package = { .columns = 2,
		                            .rows = 1,
		                            .nop = { .topology = &hw_torus } };
	static const char *const cells[] = { "A", "B" };
	g_autoptr(GString) out = g_string_new(NULL);
	show_grid(&package, cells, out);
	ck_assert_str_eq(out->str, "   y\\x  0  1\n"
	                           "        ~  ~\n"
	                           "     0~ A--B~\n"
	                           "        ~  ~\n");
}
END_TEST

/* Answers of child processes */

START_TEST(what_was_put_is_taken)
{
	const double figures[] = { 1.5, -2 };
	double taken[2];
	g_autoptr(GString) bytes = g_string_new(NULL);
	wire_put(bytes, figures, sizeof figures);
	wire_put_text(bytes, "two\nlines");
	wire_put_text(bytes, "");
	wire_put_text(bytes, NULL);
	wire_put(bytes, figures, 0);
	struct wire wire = wire_open(bytes);
	wire_take(&wire, taken, sizeof taken);
	ck_assert_mem_eq(taken, figures, sizeof figures);
	g_autofree char *lines = wire_take_text(&wire), *empty = wire_take_text(&wire);
	ck_assert_str_eq(lines, "two\nlines");
	ck_assert_str_eq(empty, "");
	ck_assert_ptr_null(wire_take_text(&wire));
	ck_assert_ptr_null(wire_take_copy(&wire, 0));
	ck_assert_ptr_eq(wire.at, wire.end);
}
END_TEST

static void answer_square(void *data, unsigned index, GString *answer)
{
	(void)data;
	g_string_append_printf(answer, "%u", index * index);
}

/* A child of the program's own is still there to be waited for. */
START_TEST(workers_wait_for_their_own)
{
	const struct workers workers = { 5, 2, answer_square, NULL, NULL };
	GString *answers[5];
	char *errors[5];
	int status = 0;
	pid_t other = fork();
	if (other == 0)
		_exit(7);
	workers_run(&workers, answers, errors);
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	for (unsigned i = 0; i < 5; i++) {
		g_autofree char *expected = g_strdup_printf("%u", i * i);
		ck_assert_ptr_null(errors[i]);
		ck_assert_str_eq(answers[i]->str, expected);
		g_string_free(answers[i], TRUE);
	}
}
END_TEST

/* Times */

START_TEST(windows_take_units_and_open_ends)
{
	static const struct {
		const char *text;
		double from_ns, to_ns;
	} cases[] = { { "0:50", 0, 50 },
		      { "1.5us:2ms", 1500, 2e6 },
		      { ":3ns", 0, 3 },
		      { "2s:", 2e9, INFINITY },
		      { ":", 0, INFINITY } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		double from_ns = -1, to_ns = -1;
		ck_assert_msg(parse_window(cases[i].text, &from_ns, &to_ns), "%s", cases[i].text);
		ck_assert_double_eq_tol(from_ns, cases[i].from_ns, 1e-9);
		if (isinf(cases[i].to_ns))
			ck_assert_double_infinite(to_ns);
		else
			ck_assert_double_eq_tol(to_ns, cases[i].to_ns, 1e-9);
	}
}
END_TEST

START_TEST(what_is_no_window_is_refused)
{
	static const char *const cases[] = { "",    "5",   "5:5",  "7:3",     "-1:3",   "1:2:3",
		                             "a:3", "1:x", "1 :2", "1e3:2e4", "1..2:3", "1h:2h" };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		double from_ns, to_ns;
		ck_assert_msg(!parse_window(cases[i], &from_ns, &to_ns), "accepted \"%s\"",
		              cases[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");
	tcase_add_test(tests, what_was_put_is_taken);
	tcase_add_test(tests, workers_wait_for_their_own);
	tcase_add_test(tests, json_shows_what_talks_to_a_terminal);
	tcase_add_test(tests, json_is_one_member_per_line_or_all_on_one);
	tcase_add_test(tests, json_numbers_have_15_digits);
	tcase_add_test(tests, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tests, numbers_stand_in_cells_as_asked);
	tcase_add_test(tests, a_table_without_units_has_no_line_for_them);
	tcase_add_test(tests, text_in_a_table_gets_what_a_line_has_left);
	tcase_add_test(tests, a_table_that_is_too_wide_goes_on_below_itself);
	tcase_add_test(tests, groups_of_columns_stay_together);
	tcase_add_test(tests, lines_end_between_words);
	tcase_add_test(tests, commands_go_on_behind_a_backslash);
	tcase_add_test(tests, distances_count_edits);
	tcase_add_test(tests, four_digits_count);
	tcase_add_test(tests, letters_go_on_after_z);
	tcase_add_test(tests, a_mesh_is_drawn_with_its_links);
	tcase_add_test(tests, a_torus_shows_that_it_wraps);
	tcase_add_test(tests, windows_take_units_and_open_ends);
	tcase_add_test(tests, what_is_no_window_is_refused);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

/* The pure parts that make text: JSON, tables, grids, times on the command line. */
#include <sys/wait.h>
#include <unistd.h>
#include <math.h>

#include <cjson/cJSON.h>

#include "hw/topology/topology.h"
#include "tests/sim/tiny.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"
#include "tools/text/json_writer.h"
#include "tools/input/options.h"
#include "tools/report/results.h"
#include "tools/report/show.h"
#include "tools/text/table.h"
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
	tcase_add_test(tests, four_digits_count);
	tcase_add_test(tests, letters_go_on_after_z);
	tcase_add_test(tests, a_mesh_is_drawn_with_its_links);
	tcase_add_test(tests, a_torus_shows_that_it_wraps);
	tcase_add_test(tests, windows_take_units_and_open_ends);
	tcase_add_test(tests, what_is_no_window_is_refused);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

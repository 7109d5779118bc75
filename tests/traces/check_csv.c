#include "tests/traces/tiny.h"
#include "traces/csv.h"
#include "tests/support/suite.h"

#define HEADER                                                                            \
	"resource,kind,segment,cluster,node,microbatch,tile,start_ns,end_ns,amount,unit," \
	"extrapolated,inputs\n"

START_TEST(tiny_timeline_is_the_golden_file)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *text = written(timeline, trace_write_csv);

	assert_same_lines(text, "tests/data/timeline_tiny.csv");
	tl_free(timeline);
}
END_TEST

START_TEST(empty_timeline_is_the_header)
{
	struct tl_timeline *timeline = tl_new("nothing");
	g_autofree char *text = written(timeline, trace_write_csv);

	ck_assert_str_eq(text, HEADER);
	tl_free(timeline);
}
END_TEST

/* A timeline of clusters only would be an empty file without them. */
START_TEST(clusters_are_written_if_alone)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;

	add_tile(timeline, TL_CLUSTER, 0, 0, 0, 10);
	before = written(timeline, trace_write_csv);
	ck_assert_ptr_nonnull(strstr(before, ",compute,0,0,conv1,0,0,0,10,100,MAC,0,\n"));
	add_tile(timeline, TL_CHIPLET, 0, 0, 0, 10);
	after = written(timeline, trace_write_csv);
	ck_assert_str_eq(after, HEADER "\"chiplet 0,0\",compute,0,0,conv1,0,0,0,10,100,MAC,0,\n");
	tl_free(timeline);
}
END_TEST

/* 1/3 to 1e-6; 2^53 + 2 and more as they are; 1e300 with what tells it from its neighbours. */
static const struct {
	double value;
	const char *text;
} numbers[] = {
	{ 0, "0" },
	{ 1.0 / 3, "0.333333" },
	{ 2.0 / 3, "0.666667" },
	{ 0.5, "0.5" },
	{ 100, "100" },
	{ 1234567.000001, "1234567.000001" },
	{ 4e-7, "0" },
	{ 6e-7, "0.000001" },
	{ 1e10, "10000000000" },
	{ 9007199254740994, "9007199254740994" },
	{ 1e300, "1.0000000000000001e+300" },
};

START_TEST(numbers_are_short_and_exact_to_1e_6)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autofree char *text = NULL;
	g_autofree char *expected = NULL;

	add_movement(timeline, TL_DRAM, TL_LOAD, -1, 0, 1, numbers[_i].value);
	text = written(timeline, trace_write_csv);
	expected = g_strdup_printf(HEADER "dram 0,load,0,0,conv1,,,0,1,%s,byte,0,\n",
	                           numbers[_i].text);
	ck_assert_str_eq(text, expected);
	tl_free(timeline);
}
END_TEST

/* Rows that touch are written with the same number, so that no reader sees a gap or overlap. */
START_TEST(rows_that_touch_still_touch)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	double time_ns = 0;
	char last_end[32] = "0";

	for (int i = 0; i < 100; i++, time_ns += 1.0 / 3)
		add_tile(timeline, TL_CHIPLET, 0, i, time_ns, time_ns + 1.0 / 3);
	text = written(timeline, trace_write_csv);
	lines = g_strsplit(text, "\n", -1);
	for (int i = 0; i < 100; i++) {
		char start[32], end[32];

		ck_assert_int_eq(
			sscanf(lines[i + 1],
		               "\"chiplet 0,0\",compute,0,0,conv1,%*d,0,%31[^,],%31[^,],100,MAC",
		               start, end),
			2);
		ck_assert_str_eq(start, last_end);
		memcpy(last_end, end, sizeof(end));
	}
	tl_free(timeline);
}
END_TEST

START_TEST(errors_name_the_path)
{
	assert_reports_errors(trace_write_csv);
}
END_TEST

START_TEST(failure_leaves_no_trace)
{
	assert_failure_leaves_no_trace(trace_write_csv);
}
END_TEST

START_TEST(locale_does_not_matter)
{
	assert_locale_is_ignored(trace_write_csv);
}
END_TEST

START_TEST(an_old_file_is_replaced_as_a_whole)
{
	struct tl_timeline *timeline = tl_new("nothing");
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "timeline.csv", NULL);
	g_autofree char *text = NULL;

	ck_assert(g_file_set_contents(path, "a file\nof more lines\nthan one\n" HEADER, -1, NULL));
	ck_assert(trace_write_csv(timeline, NULL, path, NULL));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, HEADER);
	g_unlink(path);
	ck_assert_int_eq(g_rmdir(folder), 0);
	tl_free(timeline);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tests = tcase_create("csv");

	tcase_add_test(tests, tiny_timeline_is_the_golden_file);
	tcase_add_test(tests, empty_timeline_is_the_header);
	tcase_add_test(tests, clusters_are_written_if_alone);
	tcase_add_loop_test(tests, numbers_are_short_and_exact_to_1e_6, 0,
	                    (int)G_N_ELEMENTS(numbers));
	tcase_add_test(tests, rows_that_touch_still_touch);
	tcase_add_test(tests, errors_name_the_path);
	tcase_add_test(tests, failure_leaves_no_trace);
	tcase_add_test(tests, locale_does_not_matter);
	tcase_add_test(tests, an_old_file_is_replaced_as_a_whole);
	suite_add_tcase(suite, tests);
	return suite_run_forked(suite);
}

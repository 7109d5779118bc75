/*
 * Is the Paje trace the golden one, in order of time, and does pj_dump take it and see every state
 * where it is?
 */
#include "tests/traces/tiny.h"
#include "traces/paje.h"

#include "tests/support/suite.h"

START_TEST(tiny_timeline_is_the_golden_file)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *text = written(timeline, trace_write_paje);
	assert_same_lines(text, "tests/data/timeline_tiny.trace");
	tl_free(timeline);
}
END_TEST

START_TEST(events_are_in_order_of_time)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *text = written(timeline, trace_write_paje);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	double last = 0;
	unsigned events = 0;
	for (unsigned i = 0; lines[i]; i++) {
		int kind;
		double time;
		if (sscanf(lines[i], "%d %lf", &kind, &time) != 2 || kind < 5)
			continue;
		ck_assert_double_ge(time, last);
		last = time;
		events++;
	}
	ck_assert_uint_gt(events, 40);
	tl_free(timeline);
}
END_TEST

/* What pj_dump says of a trace; NULL: it is not installed. */
static char *dumped(const struct tl_timeline *timeline)
{
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "timeline.trace", NULL);
	char *words[] = { (char *)"pj_dump", path, NULL }, *out = NULL, *complaint = NULL;
	int status = 0;
	GError *error = NULL;
	ck_assert(trace_write_paje(timeline, NULL, path, NULL));
	if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &complaint,
	                  &status, &error)) {
		printf("no pj_dump (Debian: pajeng): %s\n", error->message);
		g_error_free(error);
	} else {
		ck_assert_msg(status == 0 && !*complaint, "%s", complaint);
	}
	g_unlink(path);
	g_rmdir(folder);
	g_free(complaint);
	return out;
}

/* Every row of clusters and chiplets is a state with its name and times; links and channels are
 * idle behind their last transfer. */
START_TEST(pj_dump_sees_every_state)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *dump = dumped(timeline);
	for (guint i = 0; dump && i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (row->resource_kind > TL_CHIPLET)
			continue;
		const char *name = row->node == 0   ? "conv1"
		                   : row->node == 1 ? "fc 'a,b' "
		                                    : tl_kind_name(row->kind);
		g_autofree char *state = g_strdup_printf(
			"State, %s, %s state, %.6f, %.6f, %.6f, 0.000000, %s\n",
			(char *)g_ptr_array_index(timeline->names[row->resource_kind],
		                                  row->resource),
			row->resource_kind == TL_CLUSTER ? "cluster" : "chiplet", row->start_ns,
			row->end_ns, row->end_ns - row->start_ns, name);
		ck_assert_msg(strstr(dump, state) != NULL, "no %s in\n%s", state, dump);
	}
	if (dump) {
		ck_assert_ptr_nonnull(strstr(dump, "link state, 25.000000, 32.500000, 7.500000, "
		                                   "0.000000, idle\n"));
		ck_assert_ptr_nonnull(strstr(dump, "dram state, 4.000000, 32.500000, 28.500000, "
		                                   "0.000000, idle\n"));
	}
	tl_free(timeline);
}
END_TEST

START_TEST(empty_timeline_is_valid)
{
	struct tl_timeline *timeline = tl_new("nothing \"at\" all");
	g_autofree char *dump = dumped(timeline);
	if (dump)
		ck_assert_ptr_nonnull(strstr(dump, "nothing 'at' all"));
	tl_free(timeline);
}
END_TEST

START_TEST(errors_name_the_path)
{
	assert_reports_errors(trace_write_paje);
}
END_TEST

START_TEST(locale_does_not_matter)
{
	assert_locale_is_ignored(trace_write_paje);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("paje");
	TCase *tests = tcase_create("paje");
	tcase_add_test(tests, tiny_timeline_is_the_golden_file);
	tcase_add_test(tests, events_are_in_order_of_time);
	tcase_add_test(tests, pj_dump_sees_every_state);
	tcase_add_test(tests, empty_timeline_is_valid);
	tcase_add_test(tests, errors_name_the_path);
	tcase_add_test(tests, locale_does_not_matter);
	suite_add_tcase(suite, tests);
	return suite_run_forked(suite);
}

/*
 * Question: does mcmsim rank say the same in its text, its JSON and its files, and is what it says
 * true of the draws that it writes?
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#define DRAWS 300

/* Latencies in draws.csv. */
static void read_draws(double *latency_ns)
{
	g_autofree char *text = content_of(folder, "out/draws.csv");
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
	ck_assert_str_eq(lines[0], "draw,latency_ns,segments,clusters,attempts");
	ck_assert_uint_eq(g_strv_length(lines), DRAWS + 1);
	for (unsigned i = 0; i < DRAWS; i++) {
		g_auto(GStrv) cells = g_strsplit(lines[i + 1], ",", -1);
		ck_assert_uint_eq(g_strv_length(cells), 5);
		ck_assert_uint_eq(g_ascii_strtoull(cells[0], NULL, 10), i);
		ck_assert_uint_ge(g_ascii_strtoull(cells[3], NULL, 10),
		                  g_ascii_strtoull(cells[2], NULL, 10)); /* clusters, segments */
		ck_assert_uint_ge(g_ascii_strtoull(cells[4], NULL, 10), 1);
		latency_ns[i] = g_ascii_strtod(cells[1], NULL);
	}
}

/* Rank, extremes and histogram, counted again. The slowest strategy: some draws are faster. */
START_TEST(the_report_is_true_of_the_draws)
{
	double latency_ns[DRAWS], low = INFINITY, high = 0, in_bars = 0;
	unsigned faster = 0;
	g_autofree char *text = output_of(folder, "rank --package simba-6x6 --workload alexnet "
	                                          "--strategy sequential --draws 300 --json -o "
	                                          "@/out");
	g_autofree char *file = content_of(folder, "out/report.json");
	ck_assert_str_eq(text, file);
	cJSON *json = cJSON_Parse(text);
	double own = number_at(cJSON_GetObjectItem(json, "searched"), "latency_ns");
	const cJSON *bar,
		*bars = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "histogram"), "draws");
	read_draws(latency_ns);
	for (unsigned i = 0; i < DRAWS; i++) {
		faster += latency_ns[i] < own * (1 - 1e-9);
		low = MIN(low, latency_ns[i]);
		high = MAX(high, latency_ns[i]);
	}
	ck_assert_double_eq(number_at(json, "rank"), faster + 1);
	ck_assert_double_ge(number_at(json, "faster_below_percent_at_95"), 100.0 * faster / DRAWS);
	const cJSON *ns = cJSON_GetObjectItem(json, "latency_ns");
	ck_assert_double_eq_tol(number_at(ns, "best"), low, 1e-9 * low);
	ck_assert_double_eq_tol(number_at(ns, "worst"), high, 1e-9 * high);
	cJSON_ArrayForEach(bar, bars) in_bars += bar->valuedouble;
	ck_assert_double_eq(in_bars, DRAWS);
	ck_assert_double_le(number_at(json, "log10_valid_mappings"),
	                    number_at(json, "log10_mappings"));
	cJSON_Delete(json);
}
END_TEST

START_TEST(files_do_not_depend_on_jobs)
{
	static const char *const names[] = { "report.json", "draws.csv", "histogram.svg",
		                             "mapping.json" };
	g_autofree char *one = output_of(folder,
	                                 "rank --package simba-6x6 --workload alexnet --draws "
	                                 "200 --jobs 1 --json -o @/one");
	g_autofree char *three = output_of(folder,
	                                   "rank --package simba-6x6 --workload alexnet --draws "
	                                   "200 --jobs 3 --json -o @/three");
	g_autofree char *other = output_of(folder,
	                                   "rank --package simba-6x6 --workload alexnet --draws "
	                                   "200 --seed 2 --json");
	g_autofree char *listed = names_in(folder, "one");
	ck_assert_str_eq(listed, "draws.csv histogram.svg mapping.json report.json");
	ck_assert_str_eq(one, three);
	ck_assert_str_ne(one, other);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *a = g_build_filename("one", names[i], NULL);
		g_autofree char *b = g_build_filename("three", names[i], NULL);
		g_autofree char *left = content_of(folder, a), *right = content_of(folder, b);
		ck_assert_str_eq(left, right);
	}
}
END_TEST

START_TEST(the_text_names_rank_space_and_place)
{
	g_autofree char *text = output_of(folder,
	                                  "rank --package simba-6x6 --workload alexnet --draws "
	                                  "100 --segments searched");
	assert_has(text, "\nmapping of         alexnet on simba-6x6, batch 64\n");
	assert_has(text, " mappings with the searched one's segments, of them ");
	assert_has(text, "\nrank               1 of 101: no draw is faster\n");
	assert_has(text, "with 95 % confidence below 2.951 % of the space\n"); /* 1 - 0.05^0.01 */
	assert_has(text, " <- searched\n");
}
END_TEST

START_TEST(what_cannot_be_drawn_is_said)
{
	assert_fails(folder, "rank --package simba-6x6 --workload resnet50 --strategy pipeline", 1,
	             "strategy pipeline: 'resnet50' has 54 nodes but 'simba-6x6' has 36 chiplets; "
	             "it needs one each");
	assert_fails(folder, "rank --package simba-6x6 --workload alexnet --strategy best", 2,
	             "--strategy: rank takes sequential, pipeline, segmented or scope, got "
	             "\"best\" (all that a mapping can say cannot be counted)");
}
END_TEST

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* check_terminal has lines that end for want of room */
	Suite *suite = suite_create("rank");
	TCase *tc = tcase_create("rank");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_report_is_true_of_the_draws);
	tcase_add_test(tc, files_do_not_depend_on_jobs);
	tcase_add_test(tc, the_text_names_rank_space_and_place);
	tcase_add_test(tc, what_cannot_be_drawn_is_said);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}

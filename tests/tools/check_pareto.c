/*
 * Question: is the front of mcmsim search --pareto a front, are its files those mappings, and does
 * it depend on nothing but its inputs?
 */
#include <cjson/cJSON.h>

#include "tests/tools/folder.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#define SEARCH "search --package simba-6x6 --workload alexnet --batch 8 --pareto "

static bool beats(const cJSON *a, const cJSON *b)
{
	double slack = 1 - 1e-9;
	return number_at(a, "latency_ns") <= number_at(b, "latency_ns") &&
	       number_at(a, "energy_pJ") <= number_at(b, "energy_pJ") &&
	       (number_at(a, "latency_ns") < number_at(b, "latency_ns") * slack ||
	        number_at(a, "energy_pJ") < number_at(b, "energy_pJ") * slack);
}

static unsigned check_point(const cJSON *points, const cJSON *point)
{
	const cJSON *other;
	bool beaten = false, front = cJSON_IsTrue(cJSON_GetObjectItem(point, "front"));
	cJSON_ArrayForEach(other, points) beaten = beaten || beats(other, point);
	ck_assert(!(front && beaten));
	return front;
}

START_TEST(no_point_of_the_front_is_beaten)
{
	const cJSON *point, *points;
	unsigned front = 0, files = 0;
	g_autofree char *text = output_of(folder, SEARCH "--json -o @/out");
	g_autofree char *names = names_in(folder, "out");
	cJSON *json = cJSON_Parse(text);
	points = cJSON_GetObjectItem(json, "points");
	ck_assert_int_gt(cJSON_GetArraySize(points), 4);
	cJSON_ArrayForEach(point, points) front += check_point(points, point);
	for (const char *at = names; (at = strstr(at, "front-")) != NULL; at++)
		files++;
	ck_assert_uint_gt(front, 0);
	ck_assert_uint_eq(files, front);
	assert_has(names, " pareto.csv pareto.svg report.json");
	cJSON_Delete(json);
}
END_TEST

/* The first of the front is what the search for latency finds; files can be read again. */
START_TEST(the_fastest_is_the_search_for_latency)
{
	g_autofree char *text = output_of(folder, SEARCH "-o @/out");
	g_autofree char *alone = output_of(folder, "search --package simba-6x6 --workload alexnet "
	                                           "--batch 8 --json");
	g_autofree char *csv = content_of(folder, "out/pareto.csv");
	g_autofree char *shown = output_of(folder,
	                                   "simulate --package simba-6x6 --workload alexnet "
	                                   "--mapping @/out/front-1.json --json");
	cJSON *json = cJSON_Parse(alone);
	double latency_ns = number_at(cJSON_GetObjectItem(json, "analytical"), "latency_ns");
	g_auto(GStrv) rows = g_strsplit(csv, "\n1,", 2);
	ck_assert_uint_eq(g_strv_length(rows), 2);
	g_auto(GStrv) cells = g_strsplit(rows[1], ",", -1);
	ck_assert_double_eq_tol(g_ascii_strtod(cells[4], NULL), latency_ns, 1e-9 * latency_ns);
	assert_has(text, "\n    1  ");
	assert_has(text, " searches; the other ");
	cJSON_Delete(json);
}
END_TEST

START_TEST(the_front_does_not_depend_on_jobs_or_older_files)
{
	g_autofree char *stale = g_build_filename(folder, "three", NULL);
	ck_assert_int_eq(g_mkdir(stale, 0777), 0);
	g_autofree char *one = output_of(folder, SEARCH "--jobs 1 --json -o @/one");
	for (unsigned i = 1; i < 40; i++) {
		g_autofree char *name = g_strdup_printf("%s/front-%u.json", stale, i);
		ck_assert(g_file_set_contents(name, "", 0, NULL));
	}
	g_autofree char *three = output_of(folder, SEARCH "--jobs 3 --json -o @/three");
	g_autofree char *names = names_in(folder, "one"), *others = names_in(folder, "three");
	g_autofree char *left = content_of(folder, "one/pareto.svg");
	g_autofree char *right = content_of(folder, "three/pareto.svg");
	ck_assert_str_eq(one, three);
	ck_assert_str_eq(names, others);
	ck_assert_str_eq(left, right);
}
END_TEST

START_TEST(what_does_not_go_together_is_said)
{
	assert_fails(folder, SEARCH "--objective edp", 2,
	             "--pareto: goes through all objectives; --objective asks for one");
	assert_fails(folder, SEARCH "--explain", 2,
	             "--pareto: finds many mappings; --explain is about one");
	assert_fails(folder,
	             "search --package simba-6x6 --workload resnet50 --pareto --strategy "
	             "pipeline",
	             1,
	             "strategy pipeline: 'resnet50' has 54 nodes but 'simba-6x6' has 36 chiplets; "
	             "it needs one each");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pareto");
	TCase *tc = tcase_create("pareto");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_point_of_the_front_is_beaten);
	if (!SANITIZED) {
		tcase_add_test(tc, the_fastest_is_the_search_for_latency);
		tcase_add_test(tc, the_front_does_not_depend_on_jobs_or_older_files);
	}
	tcase_add_test(tc, what_does_not_go_together_is_said);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}

/* Question: does --refine keep the mapping that the simulation prefers, and say so? */
#include <cjson/cJSON.h>

#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#define SEARCH "search --package simba-6x6 --workload resnet18 --batch 8 --quiet "

static double simulated_ns(const char *mapping)
{
	g_autofree char *words = g_strconcat("simulate --package simba-6x6 --workload resnet18 "
	                                     "--json --mapping ",
	                                     mapping, NULL);
	g_autofree char *text = output_of(folder, words);
	cJSON *json = cJSON_Parse(text);
	double latency_ns = number_at(cJSON_GetObjectItem(json, "simulated"), "latency_ns");
	cJSON_Delete(json);
	return latency_ns;
}

START_TEST(the_simulation_chooses)
{
	g_autofree char *plain = output_of(folder, SEARCH "-o @/plain.json");
	g_autofree char *text = output_of(folder, SEARCH "--refine 6 -o @/refined.json --json");
	cJSON *json = cJSON_Parse(text);
	const cJSON *refined = cJSON_GetObjectItem(json, "refined"), *candidate;
	const cJSON *candidates = cJSON_GetObjectItem(refined, "candidates");
	double least_ns = 1e300, model_ns = 0;
	ck_assert_int_eq(cJSON_GetArraySize(candidates), 6);
	cJSON_ArrayForEach(candidate, candidates)
	{
		least_ns = MIN(least_ns, number_at(candidate, "simulated_ns"));
		ck_assert_double_ge(number_at(candidate, "analytical_ns"), model_ns);
		model_ns = number_at(candidate, "analytical_ns");
	}
	candidate = cJSON_GetArrayItem(candidates, (int)number_at(refined, "chosen"));
	ck_assert_double_eq(number_at(candidate, "simulated_ns"), least_ns);
	ck_assert_double_eq_tol(simulated_ns("@/refined.json"), least_ns, least_ns * 1e-12);
	ck_assert_double_le(least_ns, simulated_ns("@/plain.json"));
	ck_assert_double_le(number_at(refined, "gain_percent"), 0);
	cJSON_Delete(json);
}
END_TEST

START_TEST(the_same_whatever_the_processes)
{
	g_autofree char *one = output_of(folder, SEARCH "--refine 5 --jobs 1 -o @/one.json");
	g_autofree char *three = output_of(folder, SEARCH "--refine 5 --jobs 3 -o @/three.json");
	g_autofree char *a = content_of(folder, "one.json");
	g_autofree char *b = content_of(folder, "three.json");
	ck_assert_str_eq(one, three);
	ck_assert_str_eq(a, b);
	assert_has(one, "simulated          5 mappings; the chosen one is ");
	assert_has(one, "chosen");
}
END_TEST

START_TEST(run_and_choice_take_it)
{
	g_autofree char *run = output_of(folder,
	                                 "run --package simba-6x6 --workload alexnet --batch 8 "
	                                 "--strategy scope --refine 3 --quiet");
	g_autofree char *choice = output_of(folder,
	                                    "validate --package simba-6x6 --workload alexnet "
	                                    "--batch 8 --strategy scope --choice --refine 3 "
	                                    "--quiet");
	assert_has(run, "scope");
	assert_has(choice, "1 mappings chosen with --refine: ");
}
END_TEST

START_TEST(bad_usage)
{
	assert_fails(folder, SEARCH "--refine 0", 2,
	             "--refine: must be a whole number from 1 to 10000, got \"0\"");
	assert_fails(folder, "search --package simba-6x6 --workload alexnet --pareto --refine 4", 2,
	             "--pareto: finds many mappings; --refine is about one");
	assert_fails(folder, "validate --refine 4", 2,
	             "--refine: validate takes it with --choice only");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refine");
	TCase *test = tcase_create("refine");
	tcase_set_timeout(test, 120);
	tcase_add_checked_fixture(test, setup, teardown);
	tcase_add_test(test, the_simulation_chooses);
	tcase_add_test(test, the_same_whatever_the_processes);
	tcase_add_test(test, run_and_choice_take_it);
	tcase_add_test(test, bad_usage);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}

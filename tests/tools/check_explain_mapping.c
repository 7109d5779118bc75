/*
 * mcmsim explain: does it say of any mapping what bounds it and what a change brings, and is that
 * so? Of one that does not fit, where it overflows and what makes it fit? And --explain elsewhere.
 */
#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#define ON "--package simba-6x6 --workload alexnet "
#define OF ON "--mapping @/m.json "

static void search(const char *strategy)
{
	g_autofree char *words = g_strdup_printf(
		"search " ON "--batch 8 --strategy %s --quiet -o @/m.json", strategy);
	g_autofree char *out = output_of(folder, words);
	ck_assert_ptr_nonnull(out);
}

static cJSON *json_of(const char *words)
{
	g_autofree char *text = output_of(folder, words);
	cJSON *json = cJSON_Parse(text);
	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

static double simulated_ns(const char *mapping)
{
	g_autofree char *words = g_strdup_printf("simulate " ON "--mapping @/%s --quiet --json",
	                                         mapping);
	cJSON *json = json_of(words);
	double latency_ns = number_at(json, "simulated.latency_ns");
	cJSON_Delete(json);
	return latency_ns;
}

/* Changes come by the model's percent; the one that gains most is what -o writes, and brings what
 * was said. */
START_TEST(the_best_change_brings_what_was_said)
{
	search("segmented");
	cJSON *json = json_of("explain " OF "--strategy best --json -o @/better.json");
	const cJSON *change, *changes = at(json, "explanation.changes");
	double before = -INFINITY, least = 0;
	ck_assert_int_eq(cJSON_GetArraySize(changes), 6);
	cJSON_ArrayForEach(change, changes)
	{
		double model = number_at(change, "analytical_percent");
		ck_assert_double_ge(model, before);
		least = MIN(least, number_at(change, "simulated_percent"));
		before = model;
	}
	ck_assert_double_lt(least, 0);
	ck_assert_double_eq_tol(100 * (simulated_ns("better.json") / simulated_ns("m.json") - 1),
	                        least, 1e-6);
	cJSON_Delete(json);
}
END_TEST

/* Text and --explain of simulate and run say the same. */
START_TEST(explanations_are_one)
{
	search("scope");
	g_autofree char *text = output_of(folder, "explain " OF);
	g_autofree char *simulated = output_of(folder, "simulate " OF "--explain");
	g_autofree char *run = output_of(folder, "run " ON "--batch 8 --strategy scope --explain");
	const char *tables = strstr(text, "\nsegment  ");
	ck_assert_ptr_nonnull(tables);
	assert_has(simulated, tables);
	assert_has(run, tables);
	assert_has(text, "alexnet on simba-6x6, batch 8: simulated ");
	assert_has(text, "what a change would bring");
}
END_TEST

/* Everything at once, resident, in one tile: nothing fits any more. */
static void overload(void)
{
	search("scope");
	g_autofree char *text = content_of(folder, "m.json");
	cJSON *json = cJSON_Parse(text), *segment, *cluster, *node;
	cJSON_ArrayForEach(segment, cJSON_GetObjectItem(json, "segments"))
	{
		cJSON_SetNumberValue(cJSON_GetObjectItem(segment, "microbatch"), 8);
		cJSON_ArrayForEach(cluster, cJSON_GetObjectItem(segment, "clusters"))
			cJSON_ArrayForEach(node, cJSON_GetObjectItem(cluster, "nodes"))
		{
			cJSON_SetValuestring(cJSON_GetObjectItem(node, "weights"), "resident");
			cJSON_SetNumberValue(cJSON_GetObjectItem(node, "tiles"), 1);
		}
	}
	g_autofree char *changed = cJSON_Print(json);
	write_text("m.json", changed);
	cJSON_Delete(json);
}

START_TEST(what_does_not_fit_is_listed_and_made_to_fit)
{
	overload();
	struct finished refused = run_program(folder, "simulate " OF);
	ck_assert_int_eq(refused.status, 2);
	g_autofree char *text = output_of(folder, "explain " OF "-o @/fits.json");
	cJSON *json = json_of("explain " OF "--json"), *overflow;
	const cJSON *overflows = at(json, "overflows"), *with = at(json, "fits_with");
	assert_has(text, "does not fit: on the fullest chiplet of each");
	assert_has(text, "\nfits with\n  segment ");
	ck_assert_int_gt(cJSON_GetArraySize(overflows), 0);
	ck_assert_int_gt(cJSON_GetArraySize(with), 0);
	cJSON_ArrayForEach(overflow, overflows) ck_assert_double_gt(
		number_at(overflow, "bytes"), number_at(overflow, "limit_bytes"));
	ck_assert_double_gt(simulated_ns("fits.json"), 0);
	finished_free(&refused);
	cJSON_Delete(json);
}
END_TEST

/* A buffer that holds not even one tile of one sample. */
START_TEST(what_cannot_be_made_to_fit_is_said)
{
	overload();
	g_autofree char *text = output_of(
		folder,
		"explain " OF "--set chiplet_types.simba.activation_buffer_KiB=1 -o @/none.json");
	assert_has(text, "does not fit");
	assert_has(text, "neither more tiles nor streamed weights nor micro-batches of one sample");
	g_autofree char *names = names_in(folder, ".");
	ck_assert_ptr_null(strstr(names, "none.json"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain mapping");
	TCase *tests = tcase_create("explain mapping");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_best_change_brings_what_was_said);
	tcase_add_test(tests, explanations_are_one);
	tcase_add_test(tests, what_does_not_fit_is_listed_and_made_to_fit);
	tcase_add_test(tests, what_cannot_be_made_to_fit_is_said);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

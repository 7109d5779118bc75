/*
 * Question: does mcmsim search --explain say of every segment and cluster, in text and JSON alike,
 * why it is as it is?
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "tests/tools/program.h"
#include "tests/support/suite.h"

#define SEARCH "search --package mcm-16 --workload resnet18 --batch 8 --explain "

static const cJSON *at(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	ck_assert_msg(item != NULL, "%s is missing", key);
	return item;
}

/* The cheapest of a cluster's changes is its next best. */
static void check_next_best(const cJSON *cluster)
{
	const cJSON *change, *best = at(cluster, "next_best");
	double least = INFINITY;
	cJSON_ArrayForEach(change, at(cluster, "changes"))
		least = MIN(least, at(change, "costs_percent")->valuedouble);
	ck_assert(cJSON_IsNull(best) == isinf(least));
	if (!isinf(least))
		ck_assert_double_eq(at(cluster, "next_best_costs_percent")->valuedouble, least);
}

START_TEST(every_cluster_is_explained)
{
	g_autofree char *text = output_of("", SEARCH "--json");
	cJSON *json = cJSON_Parse(text);
	const cJSON *found = at(at(json, "analytical"), "segments");
	const cJSON *explained = at(at(json, "explanation"), "segments");
	double percent = 0;
	ck_assert_int_eq(cJSON_GetArraySize(explained), cJSON_GetArraySize(found));
	for (int s = 0; s < cJSON_GetArraySize(found); s++) {
		const cJSON *segment = cJSON_GetArrayItem(explained, s), *cluster;
		const cJSON *of = at(cJSON_GetArrayItem(found, s), "clusters");
		ck_assert_int_eq(cJSON_GetArraySize(at(segment, "clusters")),
		                 cJSON_GetArraySize(of));
		percent += at(segment, "latency_percent")->valuedouble;
		cJSON_ArrayForEach(cluster, at(segment, "clusters")) check_next_best(cluster);
	}
	ck_assert_double_eq_tol(percent, 100, 1e-6);
	cJSON_Delete(json);
}
END_TEST

START_TEST(the_text_has_both_tables)
{
	g_autofree char *text = output_of("", SEARCH), *plain = NULL;
	assert_has(text, "\nsegment  latency  loading  filling  pace set by  change ");
	assert_has(text, "\nsegment  cluster  nodes");
	assert_has(text, "  next best --");
	assert_has(text, "  other micro-batch --");
	assert_has(text, "  other serpentine --");
	assert_has(text, "\n(costs: of the whole mapping, by the model; negative: it gains)\n");
	plain = output_of("", "search --package mcm-16 --workload resnet18 --batch 8 --json");
	ck_assert(!strstr(plain, "explanation"));
}
END_TEST

START_TEST(threads_say_the_same)
{
	g_autofree char *one = output_of("", SEARCH "--quiet --objective edp --jobs 1");
	g_autofree char *three = output_of("", SEARCH "--quiet --objective edp --jobs 3");
	ck_assert_str_eq(one, three);
}
END_TEST

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* check_terminal has lines that end for want of room */
	Suite *suite = suite_create("explain");
	TCase *tc = tcase_create("explain");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_cluster_is_explained);
	tcase_add_test(tc, the_text_has_both_tables);
	tcase_add_test(tc, threads_say_the_same);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}

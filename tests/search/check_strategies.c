/* The strategies against the exhaustive search of small random problems. */
#include "search/exact/exhaustive.h"
#include "search/mapping/buffers.h"
#include "search/search.h"
#include "search/mapping/stored.h"
#include "tests/support/sanitized.h"
#include "tests/support/small_problem.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#define PRECISION 1e-9 /* of what bounds may leave out, see search/exact/branch_bound.h */

enum { PROBLEMS = UNLESS_SANITIZED(40, 6) };

static double found_ns(const struct small_problem *p, const struct search_options *options,
                       bool exhaustive)
{
	GError *error = NULL;
	struct cost_model m;
	struct cost_report report;
	struct map_mapping *made = (exhaustive ? search_exhaustive : search_mapping)(
		p->workload, p->package, options, &error);
	if (!made) {
		ck_assert_ptr_nonnull(strstr(error->message, "fits the buffers of"));
		g_error_free(error);
		return INFINITY;
	}
	struct map_plan made_plan;
	cost_model_init(&m, p->workload, p->package);
	map_plan_init(&made_plan, made, p->workload, p->package);
	ck_assert(map_check_buffers(&made_plan, &m.network.scratch, NULL));
	map_plan_release(&made_plan);
	cost_evaluate(&m, made, &report);
	double latency_ns = report.latency_ns;
	cost_report_release(&report);
	cost_model_release(&m);
	map_free(made);
	return latency_ns;
}

/* Segmented and scope find the best there is, where there is any: bench_gap has larger problems. */
START_TEST(strategies_find_the_best)
{
	struct small_problem p;
	small_problem_init(&p, 1000 + (guint32)_i, 5, 6);
	for (int space = SEARCH_SEGMENTED; space <= SEARCH_SCOPE; space++) {
		struct search_options options = { .strategy = (enum search_strategy)space,
			                          .batch = p.batch,
			                          .tiles = 4,
			                          .jobs = 2 };
		if (map_tensors_have_places(p.package)) {
			GError *error = NULL;
			ck_assert_ptr_null(
				search_exhaustive(p.workload, p.package, &options, &error));
			ck_assert(
				g_error_matches(error, SEARCH_ERROR, SEARCH_ERROR_NOT_INDEPENDENT));
			g_error_free(error);
			continue;
		}
		double best_ns = found_ns(&p, &options, true), ns = found_ns(&p, &options, false);
		ck_assert_msg(isfinite(best_ns) == isfinite(ns) &&
		                      (!isfinite(ns) || fabs(ns / best_ns - 1) <= PRECISION),
		              "%s: %g ns, not %g (%s)",
		              search_strategy_name((enum search_strategy)space), ns, best_ns,
		              p.text);
	}
	small_problem_release(&p);
}
END_TEST

START_TEST(same_whatever_the_jobs)
{
	struct small_problem p;
	small_problem_init(&p, 4, 5, 6);
	for (int o = 0; o < SEARCH_OBJECTIVES; o++) {
		g_autofree char *expected = NULL;
		for (unsigned jobs = 1; jobs <= 5; jobs += 2) {
			struct search_options options = { .strategy = SEARCH_SEGMENTED,
				                          .objective = (enum search_objective)o,
				                          .batch = 2,
				                          .tiles = 2,
				                          .jobs = jobs };
			GError *error = NULL;
			struct map_mapping *made = search_exhaustive(p.workload, p.package,
			                                             &options, &error);
			ck_assert_msg(made != NULL, "%s", error ? error->message : "");
			g_autofree char *text = map_to_json(made, p.workload, p.package);
			map_free(made);
			if (expected)
				ck_assert_str_eq(text, expected);
			else
				expected = g_steal_pointer(&text);
		}
	}
	small_problem_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strategies");
	TCase *random = tcase_create("random");
	tcase_set_timeout(random, 120);
	tcase_add_loop_test(random, strategies_find_the_best, 0, PROBLEMS);
	tcase_add_test(random, same_whatever_the_jobs);
	suite_add_tcase(suite, random);
	return suite_run(suite);
}

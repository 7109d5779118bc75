/*
 * What each heuristic of the searches is there for: a problem on which the searches find more with
 * it than without. A row's `value` is what is found, to 0.1 %; `without` is how many percent worse
 * the result was with nothing but that heuristic taken out. Rows are of generated problems where
 * one shows the gap, else of the zoo. Exact search, which hides gaps of small problems, is off.
 */
#include "search/search.h"
#include "tests/support/made.h"
#include "tests/support/sanitized.h"
#include "tests/support/small_problem.h"
#include "tests/support/suite.h"

#include <check.h>

#define MORE_NODES 7

struct row {
	const char *heuristic, *where;
	enum search_strategy strategy;
	enum search_objective objective;
	unsigned seed, chiplets; /* of small_problem; 0: of the zoo */
	const char *package, *workload;
	unsigned batch;
	double value, without; /* ns, or ns x pJ for edp; percent */
};

static const struct row rows[] = {
	{ .heuristic = "a worse mapping is accepted now and then",
	  .where = "annealing.c: accepts",
	  .strategy = SEARCH_BEST,
	  .seed = 30,
	  .chiplets = 16,
	  .value = 14461,
	  .without = 8.5 },
	{ .heuristic = "larger steps where no small one helps",
	  .where = "segments/local_search.c: leap",
	  .strategy = SEARCH_SEGMENTED,
	  .seed = 33,
	  .chiplets = 6,
	  .value = 7527,
	  .without = 61 },
	{ .heuristic = "less room for activations where nothing is found",
	  .where = "search.c: RETRIES",
	  .strategy = SEARCH_SCOPE,
	  .package = "mcm-256",
	  .workload = "resnet50",
	  .batch = 64,
	  .value = 2.31994e6,
	  .without = 23 },
	{ .heuristic = "a cluster more costs chiplets",
	  .where = "segments/cluster_partition.c: cluster_price",
	  .strategy = SEARCH_SCOPE,
	  .package = "simba-6x6",
	  .workload = "alexnet",
	  .batch = 16,
	  .value = 1.18799e6,
	  .without = 2.1 },
	{ .heuristic = "two prices of weights that do not fit",
	  .where = "tables/cluster_candidates.c: PRICES",
	  .strategy = SEARCH_SCOPE,
	  .objective = SEARCH_EDP,
	  .seed = 98,
	  .chiplets = 6,
	  .value = 2.812130571e11,
	  .without = 20 },
	{ .heuristic = "edges out of a run from up to eight nodes back",
	  .where = "tables/cluster_candidates.c: OLDEST_OPEN",
	  .strategy = SEARCH_SCOPE,
	  .seed = 494,
	  .chiplets = 6,
	  .value = 5645,
	  .without = 1.3 },
	{ .heuristic = "other guesses of a segment are looked at, too",
	  .where = "segments/segment.c: reconsider",
	  .strategy = SEARCH_SCOPE,
	  .seed = 485,
	  .chiplets = 6,
	  .value = 15134,
	  .without = 23 },
	{ .heuristic = "every segment of a small network is costed in full",
	  .where = "segments/segment.c: settle_all",
	  .strategy = SEARCH_SEGMENTED,
	  .seed = 119,
	  .chiplets = 6,
	  .value = 12685,
	  .without = 16 },
	{ .heuristic = "segments of small problems are improved before they are compared",
	  .where = "segments/full_cost.c: TRIES",
	  .strategy = SEARCH_SCOPE,
	  .seed = 259,
	  .chiplets = 6,
	  .value = 2729.972163,
	  .without = 15 },
};

static double found(const struct row *row, const struct wl_workload *workload,
                    const struct hw_package *package, unsigned batch)
{
	const struct search_options options = { .strategy = row->strategy,
		                                .objective = row->objective,
		                                .batch = batch,
		                                .tiles = 4,
		                                .jobs = 2,
		                                .heuristics_only = true };
	struct map_mapping *mapping = search_mapping(workload, package, &options, NULL);
	struct cost_model model;
	struct cost_report report;
	ck_assert_ptr_nonnull(mapping);
	cost_model_init(&model, workload, package);
	cost_evaluate(&model, mapping, &report);
	double value = search_value(&options, report.latency_ns,
	                            cost_total_pJ(&report.totals, report.static_pJ));
	cost_report_release(&report);
	cost_model_release(&model);
	map_free(mapping);
	return value;
}

static double found_of_zoo(const struct row *row)
{
	struct hw_package *package = hw_package_read(row->package, "hw/packages", NULL, NULL);
	struct wl_workload *workload = wl_workload_read(row->workload, "workloads/zoo", NULL, NULL);
	double value = found(row, workload, package, row->batch);
	wl_workload_free(workload);
	hw_package_free(package);
	return value;
}

static double found_of_seed(const struct row *row)
{
	struct small_problem problem;
	small_problem_init(&problem, row->seed, MORE_NODES, row->chiplets);
	double value = found(row, problem.workload, problem.package, problem.batch);
	small_problem_release(&problem);
	return value;
}

START_TEST(each_earns_its_lines)
{
	const struct row *row = &rows[_i];
	ck_assert_double_gt(row->without, 1); /* more than the test's tolerance */
	if (SANITIZED && row->package)
		return; /* too slow there */
	double value = row->package ? found_of_zoo(row) : found_of_seed(row);
	ck_assert_msg(value <= row->value * 1.001, "%s (%s): %.10g found, not %.10g",
	              row->heuristic, row->where, value, row->value);
}
END_TEST

#define TYPE(clock_GHz)                                                                      \
	"{'clock_GHz': " clock_GHz                                                           \
	", 'array': {'unroll': {'K': 4, 'C': 4}}, 'vector_lanes': 8, 'weight_buffer_KiB': "  \
	"1024, 'activation_buffer_KiB': 1024, 'buffer_GBps': 1000, 'energy_pJ': {'mac': 1, " \
	"'buffer_byte': 1, 'static_W': 0}, 'area_mm2': 1}"

/* Where chiplets differ, strategy best searches with shares by speed, too (search.c:
 * search_balanced): on a chequerboard of fast and slow ones it finds 28 % less time. */
START_TEST(shares_by_speed_earn_theirs)
{
	const struct row best = { .strategy = SEARCH_BEST };
	struct hw_package *package = made_package((struct made_package){
		.columns = 4,
		.rows = 4,
		.link_GBps = 50,
		.dram_GBps = 50,
		.types = "'fast': " TYPE("2") ", 'slow': " TYPE("1"),
		.chiplets =
			"[['fast', 'slow', 'fast', 'slow'], ['slow', 'fast', 'slow', 'fast'], "
			"['fast', 'slow', 'fast', 'slow'], ['slow', 'fast', 'slow', 'fast']]" });
	struct small_problem problem;
	small_problem_init(&problem, 9, MORE_NODES, 16);
	double value = found(&best, problem.workload, package, problem.batch);
	ck_assert_double_le(value, 11289.2 * 1.001);
	small_problem_release(&problem);
	hw_package_free(package);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("search/heuristics");
	TCase *tests = tcase_create("heuristics");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, each_earns_its_lines, 0, (int)G_N_ELEMENTS(rows));
	tcase_add_test(tests, shares_by_speed_earn_theirs);
	suite_add_tcase(s, tests);
	return s;
}

int main(void)
{
	return suite_run(suite());
}

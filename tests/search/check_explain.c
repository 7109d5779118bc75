/*
 * Question: is a cluster bound by what is said, and does a change cost what the mapping with that
 * change costs? Bounds by hand on the small package of fixtures.h (5 ns a hop, 50 ns and 20 GB/s
 * for DRAM at chiplet 0); changes against mappings written out.
 */
#include <math.h>

#include "search/explain/explain.h"

#include "tests/search/mapping_fixture.h"
#include "tests/support/suite.h"

static struct search_explanation explanation;

static double energy_exponent; /* of edp; 0: 1 */

static void explain(enum search_objective objective, unsigned jobs)
{
	const struct search_options options = { .strategy = SEARCH_SCOPE,
		                                .objective = objective,
		                                .energy_exponent = energy_exponent,
		                                .batch = mapping->batch,
		                                .tiles = 1,
		                                .jobs = jobs };
	search_explanation_release(&explanation);
	search_explain(workload, package, mapping, &options, &explanation);
}

static void tear_down(void)
{
	search_explanation_release(&explanation);
	explanation = (struct search_explanation){ 0 };
	energy_exponent = 0;
	release();
}

/* ---- bounds ---- */

static void assert_reason(unsigned cluster, enum search_bound bound, enum search_bound inner,
                          unsigned resource)
{
	const struct search_reason *reason = &explanation.clusters[cluster].reason;
	ck_assert_str_eq(search_bound_name(reason->bound), search_bound_name(bound));
	ck_assert_str_eq(search_bound_name(reason->inner), search_bound_name(inner));
	ck_assert_uint_eq(reason->resource, resource);
	ck_assert_double_eq_tol(reason->shares[0] + reason->shares[1] + reason->shares[2], 1, 1e-9);
}

/* 8 cycles; 16 + 32 bytes and 50 ns at the channel. */
START_TEST(little_computing_is_bound_by_traffic)
{
	set_up((struct made_package){ .columns = 1, .rows = 1 }, (struct wl_shape){ 4, 2, 2 },
	       POINT("a", "in", "8"), NULL);
	map(3, "1: 0 = a");
	explain(SEARCH_LATENCY, 1);
	assert_reason(0, SEARCH_BOUND_TRAFFIC, SEARCH_BOUND_TRAFFIC, 2);
	ck_assert_double_eq_tol(explanation.clusters[0].reason.time_ns, 52.4, 1e-9);
}
END_TEST

/* a: 16 x 9 x 256 cycles, and 64 x 256 bytes to b at 10 GB/s; b: 16 x 256 cycles. */
START_TEST(the_slower_cluster_sets_the_pace)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 16, 16 },
	       CONV("a", "in", "64", "'kernel': 3, 'pad': 1"), POINT("b", "a", "4"), NULL);
	map(4, "1: 0 = a | 1 = b");
	explain(SEARCH_LATENCY, 1);
	ck_assert_uint_eq(explanation.segments[0].pacer, 0);
	assert_reason(0, SEARCH_BOUND_COMPUTE, SEARCH_BOUND_COMPUTE, SEARCH_NO_RESOURCE);
	ck_assert_double_eq_tol(explanation.clusters[0].reason.time_ns, 36864, 1e-9);
	ck_assert_double_eq(explanation.clusters[0].reason.slack, 0);
	assert_reason(1, SEARCH_BOUND_PACE, SEARCH_BOUND_COMPUTE, SEARCH_NO_RESOURCE);
	ck_assert_double_eq_tol(explanation.clusters[1].reason.slack, 1 - 4096.0 / 36864, 1e-9);
}
END_TEST

/* 64 cycles; 64 bytes and 50 ns of traffic, 1024 bytes and 50 ns of weights. */
START_TEST(streamed_weights_bound_a_small_node)
{
	set_up((struct made_package){ .columns = 1, .rows = 1 }, (struct wl_shape){ 32, 1, 1 },
	       POINT("a", "in", "32"), NULL);
	map(3, "1: 0 = a streamed");
	explain(SEARCH_LATENCY, 1);
	assert_reason(0, SEARCH_BOUND_WEIGHTS, SEARCH_BOUND_WEIGHTS, 2);
	ck_assert_double_eq_tol(explanation.clusters[0].reason.shares[2], 101.2 / (101.2 + 64),
	                        1e-9);
}
END_TEST

/* Four such nodes: 64 + 50 + 15 + 102.4 ns at most, but 3 x 102.4 ns of the first link. */
START_TEST(a_link_that_all_use_bounds_all)
{
	set_up((struct made_package){ .columns = 4, .rows = 1 }, (struct wl_shape){ 32, 1, 1 },
	       POINT("a", "in", "32"), POINT("b", "a", "32"), POINT("c", "b", "32"),
	       POINT("d", "c", "32"), NULL);
	map(8, "1: 0 = a streamed | 1 = b streamed | 2 = c streamed | 3 = d streamed");
	explain(SEARCH_LATENCY, 1);
	for (unsigned c = 0; c < 4; c++) {
		assert_reason(c, SEARCH_BOUND_SHARED, SEARCH_BOUND_WEIGHTS, 0);
		ck_assert_double_gt(explanation.clusters[c].reason.slack, 0);
	}
}
END_TEST

/* Six nodes of 256 cycles that send 1024 bytes, 102.4 ns: three of them over the link from chiplet
 * 2 to 3, two back over it. Weights are loaded once. */
START_TEST(a_link_that_transfers_share_bounds_all)
{
	struct map_phase phase;
	set_up((struct made_package){ .columns = 6, .rows = 1 }, (struct wl_shape){ 4, 16, 16 },
	       POINT("a", "in", "4"), POINT("b", "a", "4"), POINT("c", "b", "4"),
	       POINT("d", "c", "4"), POINT("e", "d", "4"), POINT("f", "e", "1"), NULL);
	map(8, "1: 0 = a | 3 = b | 1 = c | 4 = d | 2 = e | 5 = f");
	explain(SEARCH_LATENCY, 1);
	map_phase_init(&phase, package);
	model.network.receivers[0] = 3;
	map_send(&model.network, &phase, 2, model.network.receivers, 1, 1);
	unsigned link = phase.touched[0];
	for (unsigned i = 1; i < phase.touched_count; i++) /* ports come behind links */
		link = MIN(link, phase.touched[i]);
	map_phase_release(&phase);
	for (unsigned c = 0; c < 6; c++)
		assert_reason(c, SEARCH_BOUND_SHARED, SEARCH_BOUND_COMPUTE, link);
	ck_assert_double_eq_tol(explanation.clusters[0].reason.slack, 1 - 256 / 307.2, 1e-9);
}
END_TEST

/* ---- changes ---- */

#define SQUARE(name, input) CONV(name, input, "8", "'kernel': 3, 'pad': 1")

static const struct made_package row = { .columns = 3, .rows = 1 };

static void set_up_chain(struct made_package grid)
{
	set_up(grid, (struct wl_shape){ 8, 6, 6 }, SQUARE("a", "in"), SQUARE("b", "a"),
	       SQUARE("c", "b"), NULL);
}

static double value_of(enum search_objective objective, const char *notation)
{
	struct cost_report report;
	map(8, notation);
	cost_evaluate(&model, mapping, &report);
	double latency_ns = report.latency_ns,
	       energy_pJ = cost_total_pJ(&report.totals, report.static_pJ);
	cost_report_release(&report);
	return objective == SEARCH_LATENCY ? latency_ns
	       : objective == SEARCH_ENERGY
	               ? energy_pJ
	               : latency_ns * pow(energy_pJ, energy_exponent > 0 ? energy_exponent : 1);
}

/* The change must be there with these words and cost what `changed` costs more than `base`. */
static void assert_change(enum search_objective objective, const struct search_change *change,
                          const char *text, const char *base, const char *changed)
{
	double percent = 100 * (value_of(objective, changed) / value_of(objective, base) - 1);
	ck_assert_str_eq(change->text ? change->text : "none", text);
	ck_assert_double_eq_tol(change->percent, percent, 1e-6);
}

START_TEST(a_change_costs_what_its_mapping_costs)
{
	const char *base = "2: 0 = a, b | 1 = c";
	const enum search_objective objective = (enum search_objective)_i;
	set_up_chain(row);
	map(8, base);
	explain(objective, 1);
	const struct search_change *changes = explanation.clusters[0].changes;
	assert_change(objective, &changes[SEARCH_CHANGE_MERGE], "merged with cluster 1", base,
	              "2: 0 1 = a K2, b K2, c K2");
	assert_change(objective, &changes[SEARCH_CHANGE_GROW], "an idle chiplet more", base,
	              "2: 0 1 = a K2, b K2 | 2 = c");
	assert_change(objective, &changes[SEARCH_CHANGE_HAND_ON], "b to cluster 1", base,
	              "2: 0 = a | 1 = b, c");
	ck_assert(!changes[SEARCH_CHANGE_SHRINK].text); /* it has one */
	ck_assert(!changes[SEARCH_CHANGE_SPLIT].text);
	ck_assert(!changes[SEARCH_CHANGE_CUT].text);
	ck_assert(!explanation.segments[0].changes[1].text); /* a row is every serpentine */
}
END_TEST

START_TEST(energy_counts_as_much_as_is_asked_for)
{
	const char *base = "2: 0 = a, b | 1 = c";
	set_up_chain(row);
	energy_exponent = 3;
	map(8, base);
	explain(SEARCH_EDP, 1);
	assert_change(SEARCH_EDP, &explanation.clusters[0].changes[SEARCH_CHANGE_MERGE],
	              "merged with cluster 1", base, "2: 0 1 = a K2, b K2, c K2");
}
END_TEST

/* With channels at both ends of the row, a segment that stores elsewhere costs its readers more. */
START_TEST(a_change_costs_what_it_costs_the_readers)
{
	const char *base = "2: 0 = a | 1 = b; 1: 2 = c";
	const enum search_objective objective = (enum search_objective)_i;
	set_up_chain((struct made_package){
		.columns = 3, .rows = 1, .nearest = true, .channels = "[0, 0]; [2, 0]" });
	ck_assert(model.network.tensors_have_places);
	map(8, base);
	explain(objective, 1);
	const struct search_change *of_b = explanation.clusters[1].changes;
	assert_change(objective, &of_b[SEARCH_CHANGE_GROW], "an idle chiplet more", base,
	              "2: 0 = a | 1 2 = b K2; 1: 2 = c");
	assert_change(objective, &explanation.clusters[0].changes[SEARCH_CHANGE_GROW],
	              "an idle chiplet more", base, "2: 0 1 = a K2 | 2 = b; 1: 2 = c");
}
END_TEST

START_TEST(regions_are_cut_and_dealt_anew)
{
	const char *base = "2: 0 1 = a P2, b K2 | 2 = c";
	set_up_chain(row);
	map(8, base);
	explain(SEARCH_LATENCY, 1);
	const struct search_change *changes = explanation.clusters[0].changes;
	assert_change(SEARCH_LATENCY, &changes[SEARCH_CHANGE_CUT], "cut before b", base,
	              "2: 0 = a | 1 = b | 2 = c");
	ck_assert(!changes[SEARCH_CHANGE_GROW].text); /* c would have none */
	const struct search_change *of_c = explanation.clusters[1].changes;
	assert_change(SEARCH_LATENCY, &of_c[SEARCH_CHANGE_GROW], "a chiplet from cluster 0", base,
	              "2: 0 = a, b | 1 2 = c K2");
}
END_TEST

/* The better of two; each alone is no worse than the one that is named. */
START_TEST(the_best_of_a_kind_is_named)
{
	const char *base = "2: 0 1 = a P2, b P2, c P2";
	static const char *const splits[] = {
		"2: 0 1 = a K2, b P2, c P2", "2: 0 1 = a P2, b K2, c P2",
		"2: 0 1 = a P2, b P2, c K2", "2: 0 1 = a Q2, b P2, c P2",
		"2: 0 1 = a P2, b Q2, c P2", "2: 0 1 = a P2, b P2, c Q2"
	};
	double least = INFINITY, base_ns;
	set_up_chain((struct made_package){ .columns = 2, .rows = 1 });
	map(8, base);
	explain(SEARCH_LATENCY, 1);
	base_ns = value_of(SEARCH_LATENCY, base);
	for (unsigned i = 0; i < G_N_ELEMENTS(splits); i++)
		least = MIN(least, value_of(SEARCH_LATENCY, splits[i]));
	ck_assert_double_eq_tol(explanation.clusters[0].changes[SEARCH_CHANGE_SPLIT].percent,
	                        100 * (least / base_ns - 1), 1e-6);
	double one = value_of(SEARCH_LATENCY, "1: 0 1 = a P2, b P2, c P2");
	double four = value_of(SEARCH_LATENCY, "4: 0 1 = a P2, b P2, c P2");
	assert_change(SEARCH_LATENCY, &explanation.segments[0].changes[0],
	              one <= four ? "micro-batches of 1 in place of 2"
	                          : "micro-batches of 4 in place of 2",
	              base,
	              one <= four ? "1: 0 1 = a P2, b P2, c P2" : "4: 0 1 = a P2, b P2, c P2");
}
END_TEST

START_TEST(regions_move_to_another_serpentine)
{
	const char *base = "2: 0 2 3 = a K3, b K3 | 1 = c"; /* bands of two rows: 0 2 3 1 */
	set_up_chain((struct made_package){ .columns = 2, .rows = 2 });
	map(8, base);
	explain(SEARCH_LATENCY, 1);
	assert_change(SEARCH_LATENCY, &explanation.segments[0].changes[1],
	              "regions along a serpentine in bands of 1 row", base,
	              "2: 0 1 3 = a K3, b K3 | 2 = c");
}
END_TEST

START_TEST(threads_say_the_same)
{
	set_up_chain((struct made_package){ .columns = 3, .rows = 2 });
	map(8, "2: 0 3 = a P2, b K2 | 4 = c");
	explain(SEARCH_EDP, 1);
	struct search_explanation one = explanation;
	explanation = (struct search_explanation){ 0 };
	explain(SEARCH_EDP, 3);
	for (unsigned c = 0; c < one.cluster_count; c++)
		for (int k = 0; k < SEARCH_CLUSTER_CHANGES; k++) {
			const struct search_change *a = &one.clusters[c].changes[k],
						   *b = &explanation.clusters[c].changes[k];
			ck_assert_int_eq(g_strcmp0(a->text, b->text), 0);
			ck_assert_double_eq(a->percent, b->percent);
		}
	search_explanation_release(&one);
}
END_TEST

/* What does not fit is no choice: with this little room only small changes are left. */
START_TEST(what_does_not_fit_is_no_change)
{
	set_up_chain(row);
	map(8, "8: 0 1 2 = a P3, b P3, c P3");
	/* Inside: two inputs of 8 x 8 x 4 x 6 bytes, and tiles. Cut: twice 8 x 8 x 6 x 6 for one,
	 * or twice an input and another for two. */
	package->types[0].activation_buffer_bytes = 4300;
	explain(SEARCH_LATENCY, 1);
	const struct search_change *changes = explanation.clusters[0].changes;
	ck_assert(!changes[SEARCH_CHANGE_CUT].text);
	ck_assert(explanation.segments[0].changes[0].text); /* fewer samples fit */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("search/explain");
	TCase *tc = tcase_create("explain");
	tcase_add_checked_fixture(tc, NULL, tear_down);
	tcase_add_test(tc, little_computing_is_bound_by_traffic);
	tcase_add_test(tc, the_slower_cluster_sets_the_pace);
	tcase_add_test(tc, streamed_weights_bound_a_small_node);
	tcase_add_test(tc, a_link_that_all_use_bounds_all);
	tcase_add_test(tc, a_link_that_transfers_share_bounds_all);
	tcase_add_loop_test(tc, a_change_costs_what_its_mapping_costs, 0, SEARCH_OBJECTIVES);
	tcase_add_test(tc, energy_counts_as_much_as_is_asked_for);
	tcase_add_loop_test(tc, a_change_costs_what_it_costs_the_readers, 0, SEARCH_OBJECTIVES);
	tcase_add_test(tc, regions_are_cut_and_dealt_anew);
	tcase_add_test(tc, the_best_of_a_kind_is_named);
	tcase_add_test(tc, regions_move_to_another_serpentine);
	tcase_add_test(tc, threads_say_the_same);
	tcase_add_test(tc, what_does_not_fit_is_no_change);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}

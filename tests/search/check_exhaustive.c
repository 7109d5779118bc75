/* The exhaustive search against spaces counted and mappings listed by hand. */
#include "hw/topology/topology.h"
#include "search/search.h"
#include "search/exact/exhaustive.h"

#include "search/exact/branch_bound.h"
#include "tests/search/random_mapping.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#define PRECISION 1e-9 /* of what bounds may leave out, see search/exact/branch_bound.h */

/* ---- by hand: two point-wise nodes on two chiplets ---- */

static void set_up_pair(void)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 8, 8 },
	       POINT("a", "in", "8"), POINT("b", "a", "16"), NULL);
}

static double count_with(enum search_strategy strategy, enum search_tiling tiling, unsigned batch,
                         double *mappings)
{
	struct search_exact_space small;
	struct search_freedom freedom = search_freedom_of(strategy);
	search_exact_init(&small, workload, package, &freedom, batch, 1, tiling);
	double candidates = search_exact_size(&small, mappings);
	search_exact_release(&small);
	return candidates;
}

static double count(enum search_strategy strategy, unsigned batch, double *mappings)
{
	return count_with(strategy, SEARCH_TILES_BEST, batch, mappings);
}

/*
 * One serpentine (one row). A node on one chiplet: 1 variant; on two: 3 (K2, P2, Q2). A segment of
 * one node: 1 + 3 = 4 candidates. Of both, as one cluster: 1 + 3 * 3 = 10, as two: 1. So there are
 * 4 * 4 + 11 = 27 mappings made of 4 + 4 + 11 candidates; without the 10: 17 of 4 + 4 + 1; in one
 * segment of two clusters: 1. With a batch of 4, micro-batches are 1, 2 and 4: candidates
 * times 3, mappings 12 * 12 + 33 and 12 * 12 + 3.
 */
START_TEST(sizes_by_hand)
{
	double mappings;
	set_up_pair();
	ck_assert_double_eq(count(SEARCH_SCOPE, 1, &mappings), 19);
	ck_assert_double_eq(mappings, 27);
	ck_assert_double_eq(count(SEARCH_SEGMENTED, 1, &mappings), 9);
	ck_assert_double_eq(mappings, 17);
	ck_assert_double_eq(count(SEARCH_PIPELINE, 1, &mappings), 1);
	ck_assert_double_eq(mappings, 1);
	ck_assert_double_eq(count(SEARCH_SCOPE, 4, &mappings), 57);
	ck_assert_double_eq(mappings, 177);
	ck_assert_double_eq(count(SEARCH_SEGMENTED, 4, &mappings), 27);
	ck_assert_double_eq(mappings, 147);
}
END_TEST

/*
 * Space best. A node on one chiplet: unsplit, weights resident or streamed: 2. On two chiplets:
 * unsplit and K2 with 2 placements each, P2 and Q2, where both have all channels, with 3: 10. A
 * segment of one node: 12. Both nodes as one cluster: 2 * 2 + 10 * 10 = 104, as two 2 * 2: 108. A
 * micro-batch of two adds N2 with 3 placements: 2 + 13 = 15 and 2 * 2 + 13 * 13 + 4 = 177
 * candidates more with a batch of 2.
 */
START_TEST(free_nodes_by_hand)
{
	double mappings;
	set_up_pair();
	ck_assert_double_eq(count(SEARCH_BEST, 1, &mappings), 12 + 12 + 108);
	ck_assert_double_eq(mappings, 12 * 12 + 108);
	ck_assert_double_eq(count(SEARCH_BEST, 2, &mappings), 27 + 27 + 285);
	ck_assert_double_eq(mappings, 27 * 27 + 285);
}
END_TEST

/* Two chiplets in both orders, and a 2 x 2 grid, whose two serpentines are among the 24: so many
 * times as many candidates as with one serpentine, or none of them. */
START_TEST(orders_by_hand)
{
	static const struct {
		unsigned columns, rows, serpentines, orders;
	} cases[] = { { 2, 1, 1, 2 }, { 3, 1, 1, 6 }, { 2, 2, 2, 24 } };
	struct search_freedom freedom = search_freedom_of(SEARCH_BEST);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct search_exact_space small;
		double mappings;
		set_up((struct made_package){ .columns = cases[i].columns, .rows = cases[i].rows },
		       (struct wl_shape){ 4, 8, 8 }, POINT("a", "in", "8"), NULL);
		search_exact_init(&small, workload, package, &freedom, 1, 1, SEARCH_TILES_BEST);
		double candidates = search_exact_size(&small, &mappings);
		double all = candidates / cases[i].serpentines * cases[i].orders;
		ck_assert_uint_eq(small.serpentine_count, cases[i].serpentines);
		ck_assert(!search_exact_add_orders(&small, candidates, all - 1));
		ck_assert_double_eq(search_exact_size(&small, &mappings), candidates);
		ck_assert(search_exact_add_orders(&small, candidates, all));
		ck_assert_uint_eq(small.serpentine_count, cases[i].orders);
		ck_assert_double_eq(search_exact_size(&small, &mappings), all);
		for (unsigned a = 0; a < small.serpentine_count; a++)
			for (unsigned b = 0; b < a; b++)
				ck_assert_mem_ne(small.serpentines[a], small.serpentines[b],
				                 small.chiplets * sizeof(unsigned));
		search_exact_release(&small);
	}
}
END_TEST

/*
 * With a calibration every number of tiles counts. Shares of a are of 8 rows and 8 columns, also
 * where one of them is split: 8 numbers, whatever the split. b has 16 channels, up to 16 numbers,
 * or 8 with half of them. In scope's space a has 8 on one chiplet and 24 on two, b 16 and 8 + 16 +
 * 16 = 40; both have 24 * 40 + 8 * 16 as one cluster, 8 * 16 as two.
 */
START_TEST(tiles_by_hand)
{
	double mappings;
	set_up_pair();
	ck_assert_double_eq(count_with(SEARCH_SCOPE, SEARCH_TILES_ALL, 1, &mappings),
	                    32 + 56 + 24 * 40 + 2 * 8 * 16);
	ck_assert_double_eq(mappings, 32 * 56 + 24 * 40 + 2 * 8 * 16);
}
END_TEST

/* As many as counted are costed, whether leaving out is allowed or not. */
START_TEST(free_nodes_are_all_tried)
{
	struct search_freedom freedom = search_freedom_of(SEARCH_BEST);
	struct search_exact_space small;
	struct search_result result;
	set_up_pair();
	search_exact_init(&small, workload, package, &freedom, 2, 1, SEARCH_TILES_BEST);
	struct search_enumerator how = { .small = &small, .prune = true, .most_steps = INFINITY };
	struct search_branch_bound *trier = search_branch_bound_new(&how);
	search_result_init(&result);
	search_enumerate(trier, 0, 2, INFINITY, &result);
	ck_assert_double_eq(result.costed, 285);
	search_result_release(&result);
	search_branch_bound_free(trier);
	search_exact_release(&small);
}
END_TEST

static double score_of_mapping(enum search_objective objective)
{
	struct cost_report report;
	cost_evaluate(&model, mapping, &report);
	double energy_pJ = cost_total_pJ(&report.totals, report.static_pJ);
	double score = objective == SEARCH_LATENCY  ? report.latency_ns
	               : objective == SEARCH_ENERGY ? energy_pJ
	                                            : report.latency_ns * energy_pJ;
	cost_report_release(&report);
	return score;
}

/* The least score of all 27 mappings (17 without merged clusters), each written down, with all
 * tiles. */
static double best_of_list(enum search_objective objective, bool merged)
{
	static const char *const alone[] = { "1: 0 = %s", "1: 0 1 = %s K2", "1: 0 1 = %s P2",
		                             "1: 0 1 = %s Q2" };
	static const char *const splits[] = { "K2", "P2", "Q2" };
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	double best = INFINITY;
	for (unsigned i = 0; i < 16; i++) {
		g_auto(GStrv) a = g_strsplit(alone[i / 4], "%s", 2),
			      b = g_strsplit(alone[i % 4], "%s", 2);
		g_ptr_array_add(list, g_strdup_printf("%sa%s; %sb%s", a[0], a[1], b[0], b[1]));
	}
	g_ptr_array_add(list, g_strdup("1: 0 = a | 1 = b"));
	if (merged)
		g_ptr_array_add(list, g_strdup("1: 0 = a, b"));
	for (unsigned i = 0; merged && i < 9; i++)
		g_ptr_array_add(
			list, g_strdup_printf("1: 0 1 = a %s, b %s", splits[i / 3], splits[i % 3]));
	ck_assert_uint_eq(list->len, merged ? 27 : 17);
	for (unsigned i = 0; i < list->len; i++) {
		map(1, list->pdata[i]);
		for (unsigned tiles = 0; tiles < 16 * 16; tiles++) {
			((struct map_node *)plan.nodes[0].how)->tiles = 1 + tiles / 16;
			((struct map_node *)plan.nodes[1].how)->tiles = 1 + tiles % 16;
			best = MIN(best, score_of_mapping(objective));
		}
	}
	return best;
}

static double score_found(enum search_strategy space, enum search_objective objective,
                          bool exhaustive)
{
	struct search_options options = {
		.strategy = space, .objective = objective, .batch = 1, .tiles = 1, .jobs = 1
	};
	struct map_mapping *made = (exhaustive ? search_exhaustive
	                                       : search_mapping)(workload, package, &options, NULL);
	struct cost_report report;
	ck_assert_ptr_nonnull(made);
	ck_assert_str_eq(made->strategy, exhaustive ? "exhaustive" : search_strategy_name(space));
	cost_evaluate(&model, made, &report);
	map_free(made);
	double energy_pJ = cost_total_pJ(&report.totals, report.static_pJ),
	       latency_ns = report.latency_ns;
	cost_report_release(&report);
	return objective == SEARCH_LATENCY  ? latency_ns
	       : objective == SEARCH_ENERGY ? energy_pJ
	                                    : latency_ns * energy_pJ;
}

static double exhaustive_score(enum search_strategy space, enum search_objective objective)
{
	return score_found(space, objective, true);
}

START_TEST(best_of_all_listed)
{
	set_up_pair();
	package->types[0].static_W = 0.01;
	for (int o = 0; o < SEARCH_OBJECTIVES; o++) {
		enum search_objective objective = (enum search_objective)o;
		double expected = best_of_list(objective, true);
		ck_assert_double_eq_tol(exhaustive_score(SEARCH_SCOPE, objective), expected,
		                        expected * PRECISION);
		expected = best_of_list(objective, false);
		ck_assert_double_eq_tol(exhaustive_score(SEARCH_SEGMENTED, objective), expected,
		                        expected * PRECISION);
	}
}
END_TEST

/* Where tensors have places, segments are not independent; what is found by estimates and costed in
 * full is still the best of those listed. */
START_TEST(best_where_tensors_have_places)
{
	static const double links_GBps[] = { 10, 0.5, 0.05 };
	set_up(
		(struct made_package){
			.columns = 2, .rows = 1, .nearest = true, .channels = "[0, 0]; [1, 0]" },
		(struct wl_shape){ 4, 8, 8 }, POINT("a", "in", "8"), POINT("b", "a", "16"), NULL);
	package->types[0].static_W = 0.01;
	for (unsigned i = 0; i < G_N_ELEMENTS(links_GBps); i++) {
		package->nop.link_GBps = links_GBps[i];
		hw_lay_links(package);
		renew_model();
		ck_assert(model.network.tensors_have_places);
		for (int o = 0; o < SEARCH_OBJECTIVES; o++) {
			enum search_objective objective = (enum search_objective)o;
			double expected = best_of_list(objective, true);
			ck_assert_double_eq_tol(score_found(SEARCH_SCOPE, objective, false),
			                        expected, expected * PRECISION);
		}
	}
}
END_TEST

/*
 * Node a of 8 channels, 2 rows and 1 column on 4 chiplets of 4 x 4 MAC units, as in
 * check_annealing.c: K and P in 2 parts each take half of the time of what scope knows; so do 4
 * samples at once.
 */
START_TEST(free_nodes_are_faster)
{
	release();
	package = made_package((struct made_package){ .columns = 2, .rows = 2 });
	workload = made_workload(
		(struct made_workload){ .channels = 256,
	                                .rows = 2,
	                                .columns = 1,
	                                .layers = "{'name': 'a', 'op': 'conv', 'inputs': ['in'], "
	                                          "'out_channels': 8, 'kernel': 3, 'pad': 1}" });
	cost_model_init(&model, workload, package);
	double scope_ns = exhaustive_score(SEARCH_SCOPE, SEARCH_LATENCY),
	       free_ns = exhaustive_score(SEARCH_BEST, SEARCH_LATENCY);
	ck_assert_double_ge(scope_ns, 2 * 9 * 64);
	ck_assert_double_ge(free_ns, 9 * 64);
	ck_assert_double_lt(free_ns, scope_ns);
	for (int o = 0; o < SEARCH_OBJECTIVES; o++)
		ck_assert_double_le(exhaustive_score(SEARCH_BEST, (enum search_objective)o),
		                    exhaustive_score(SEARCH_SCOPE, (enum search_objective)o) *
		                            (1 + PRECISION));
}
END_TEST

/* ---- refusals ---- */

static void assert_refused(enum search_strategy space, enum search_objective objective,
                           unsigned batch, const char *expected)
{
	GError *error = NULL;
	struct search_options options = {
		.strategy = space, .objective = objective, .batch = batch, .tiles = 1, .jobs = 1
	};
	ck_assert_ptr_null(search_exhaustive(workload, package, &options, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}

static void set_up_chain(unsigned columns, unsigned rows, unsigned nodes)
{
	g_autoptr(GString) layers = g_string_new(NULL);
	release();
	for (unsigned i = 0; i < nodes; i++)
		g_string_append_printf(layers,
		                       "%s{'name': 'n%u', 'op': 'conv', 'inputs': ['%s%.0u'], "
		                       "'out_channels': 4, 'kernel': 1}",
		                       i ? "," : "", i + 1, i ? "n" : "in", i);
	package = made_package((struct made_package){ .columns = columns, .rows = rows });
	workload = made_workload((struct made_workload){
		.channels = 4, .rows = 8, .columns = 8, .layers = layers->str });
	cost_model_init(&model, workload, package);
}

static void assert_too_large(enum search_strategy space, enum search_objective objective,
                             unsigned batch, const char *limit)
{
	double mappings, candidates = count(space, batch, &mappings);
	g_autofree char *size = g_strdup_printf("%.4g mappings, made of %.4g different segments",
	                                        mappings, candidates);
	g_autofree char *expected = g_strdup_printf(
		"strategy exhaustive: the space %s of 'net' (%u nodes, batch %u) on 'grid' (%u "
		"chiplets) has %s; at most %s",
		search_strategy_name(space), workload->node_count, batch, hw_chiplet_count(package),
		isfinite(mappings) ? size : "too many mappings to count", limit);
	assert_refused(space, objective, batch, expected);
}

START_TEST(refusals)
{
	static const char bounded[] =
		"1e+10 segments, of up to 12 nodes on up to 31 chiplets, can be tried";
	static const char costed[] = "5e+06 segments, of up to 12 nodes on up to 31 chiplets, can "
				     "be tried for this objective or with a calibration";
	set_up_chain(2, 1, 13);
	assert_too_large(SEARCH_SCOPE, SEARCH_LATENCY, 1, bounded);
	set_up_chain(8, 4, 2);
	assert_too_large(SEARCH_SCOPE, SEARCH_LATENCY, 1, bounded);
	set_up_chain(4, 4, 12);
	assert_too_large(SEARCH_SCOPE, SEARCH_LATENCY, 4, bounded);
	set_up_chain(3, 3, 6);
	assert_too_large(SEARCH_SCOPE, SEARCH_EDP, 64, costed);
	set_up_chain(16, 16, 64);
	double mappings;
	ck_assert(isnan(count(SEARCH_SCOPE, 1, &mappings)));
	assert_too_large(SEARCH_SCOPE, SEARCH_LATENCY, 1, bounded);
	static const char of_best[] =
		"5e+06 segments, of up to 12 nodes on up to 9 chiplets, can be tried in this space";
	set_up_chain(2, 2, 4);
	assert_too_large(SEARCH_BEST, SEARCH_LATENCY, 4, of_best);
	set_up_chain(4, 4, 2);
	ck_assert(isnan(count(SEARCH_BEST, 1, &mappings)));
	assert_too_large(SEARCH_BEST, SEARCH_LATENCY, 1, of_best);
	set_up_chain(2, 1, 3);
	assert_refused(SEARCH_PIPELINE, SEARCH_LATENCY, 1,
	               "strategy pipeline: 'net' has 3 nodes but 'grid' has 2 chiplets; it needs "
	               "one each");
}
END_TEST

/* Node a takes least where a tile is a column of 4 rows (or a row of 4 columns): two of them are 2
 * x 4 x 4 bytes of input and 2 x 4 x 8 of output. In rows of half of the channels it would be
 * 128. */
START_TEST(nothing_fits)
{
	static const char names[][8] = { "scope", "best" };
	for (int i = 0; i < 2; i++) {
		set_up_pair();
		package->types[0].activation_buffer_bytes = 16;
		renew_model();
		g_autofree char *expected = g_strdup_printf(
			"strategy exhaustive: no mapping of 'net' in the space %s fits the buffers "
			"of 'grid'; node 'a' does not even fit alone, one sample at a time, on 1 "
			"to "
			"2 chiplets, split over %s, with its weights resident, distributed or "
			"streamed, in up to 8 tiles; the nearest, split %s 2 on 2 chiplets, "
			"weights "
			"resident, 8 tiles: node 'a': the activation buffer must hold 96 bytes per "
			"chiplet but has 16 (80 bytes do not fit)",
			names[i], i ? "K, P and Q in every way" : "K, P, or P and Q",
			i ? "Q" : "P");
		assert_refused(i ? SEARCH_BEST : SEARCH_SCOPE, SEARCH_LATENCY, 1, expected);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exhaustive");
	TCase *tiny = tcase_create("tiny");
	tcase_set_timeout(tiny, 120);
	tcase_add_checked_fixture(tiny, NULL, release);
	tcase_add_test(tiny, best_where_tensors_have_places);
	tcase_add_test(tiny, sizes_by_hand);
	tcase_add_test(tiny, free_nodes_by_hand);
	tcase_add_test(tiny, orders_by_hand);
	tcase_add_test(tiny, tiles_by_hand);
	tcase_add_test(tiny, free_nodes_are_all_tried);
	tcase_add_test(tiny, best_of_all_listed);
	tcase_add_test(tiny, free_nodes_are_faster);
	tcase_add_test(tiny, refusals);
	tcase_add_test(tiny, nothing_fits);
	suite_add_tcase(suite, tiny);
	return suite_run(suite);
}

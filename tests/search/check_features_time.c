/*
 * From features to times, each parameter worked out by hand; then what holds for all features.
 * A segment of one-node clusters is written as rows of numbers (struct row).
 */
#include <math.h>

#include "search/cost/features.h"
#include "tests/search/mapping_fixture.h"
#include "tests/support/suite.h"

enum { MOST = 8 };

/* A node: computing, NoP load, DRAM load of its traffic; weights from DRAM; loaded once. */
struct row {
	double compute_ns, nop_ns, dram_ns, weights_ns, load_ns;
	unsigned tiles; /* 0: one */
	bool same;      /* in the cluster of the row before */
};

static struct cost_features features;
static struct cost_parameters parameters;
static double cluster_ns[MOST], node_ns[COST_SCRATCH * MOST];

static struct cost_node_features *node(unsigned i)
{
	return &g_array_index(features.nodes, struct cost_node_features, i);
}

static void build(unsigned microbatches, unsigned count, const struct row *rows)
{
	cost_features_init(&features);
	parameters = cost_neutral_parameters();
	features.microbatches = microbatches;
	features.detailed = true;
	for (unsigned i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct cost_node_features n = { .tiles = MAX(row->tiles, 1),
			                        .compute_ns = row->compute_ns,
			                        .traffic = { row->nop_ns, row->dram_ns, 0 },
			                        .weights = { 0, row->weights_ns, 0 } };
		struct cost_work load = { 0, row->load_ns, 0 };
		struct cost_cluster_features c = { .first_node = i, .node_count = 1 };
		g_array_append_val(features.nodes, n);
		g_array_append_val(features.loads, load);
		if (row->same)
			g_array_index(features.clusters, struct cost_cluster_features,
			              features.clusters->len - 1)
				.node_count++;
		else
			g_array_append_val(features.clusters, c);
		features.load.dram_ns += row->load_ns;
		features.first_loads.dram_ns += row->load_ns;
	}
}

static void link_nodes(unsigned from, unsigned to, float head, float tail)
{
	struct cost_edge_features edge = { from, to, from, to, head, tail }; /* one-node clusters */
	g_array_append_val(features.edges, edge);
}

static struct cost_times compose(void)
{
	return cost_features_time(&features, &parameters, cluster_ns, node_ns);
}

static void assert_near(double got, double expected)
{
	ck_assert_double_eq_tol(got, expected, 1e-9 * MAX(1, fabs(expected)));
}

static void tear_down(void)
{
	if (features.nodes)
		cost_features_release(&features);
	features.nodes = NULL;
	release();
}

static void start(unsigned microbatches, unsigned count, const struct row *rows)
{
	tear_down();
	build(microbatches, count, rows);
}

static const struct row pair[] = { { .compute_ns = 100, .nop_ns = 60, .load_ns = 40 },
	                           { .compute_ns = 30, .nop_ns = 80, .load_ns = 60 } };

START_TEST(neutral_is_the_formula)
{
	static const struct row rows[] = {
		{ .compute_ns = 100, .nop_ns = 60, .weights_ns = 20, .load_ns = 40 },
		{ .compute_ns = 30, .nop_ns = 50, .dram_ns = 80, .load_ns = 60 },
		{ .compute_ns = 10, .nop_ns = 5, .same = true }
	};
	start(4, 3, rows);
	node(0)->traffic.latency_ns = 45; /* 60 + 45 > 100 */
	struct cost_times t = compose();
	assert_near(cluster_ns[0], 105 + 20);
	assert_near(cluster_ns[1], 80 + 10);
	assert_near(t.load_ns, 100);
	assert_near(t.period_ns, 125);
	assert_near(t.latency_ns, 100 + (4 + 2 - 1) * 125);
	/* What all share may be slower than every cluster. */
	features.shared.nop_ns = 200;
	t = compose();
	assert_near(t.shared_ns, 200);
	assert_near(t.latency_ns, 100 + 5 * 200.0);
}
END_TEST

START_TEST(efficiencies_stretch_what_they_are_of)
{
	start(1, 2, pair);
	parameters.value[COST_COMPUTE_EFFICIENCY] = 0.5;
	compose();
	assert_near(cluster_ns[0], 200);
	assert_near(cluster_ns[1], 80);
	parameters = cost_neutral_parameters();
	parameters.value[COST_NOP_EFFICIENCY] = 0.5;
	compose();
	assert_near(cluster_ns[0], 120);
	assert_near(cluster_ns[1], 160);
	parameters = cost_neutral_parameters();
	parameters.value[COST_DRAM_EFFICIENCY] = 0.8;
	assert_near(compose().load_ns, 125);
	assert_near(cluster_ns[1], 80);
}
END_TEST

START_TEST(each_tile_costs_its_overhead)
{
	start(1, 2, pair);
	node(0)->tiles = 3;
	node(1)->tiles = 6;
	parameters.value[COST_TILE_OVERHEAD] = 10;
	compose();
	assert_near(cluster_ns[0], 130); /* 100 + 3 x 10 */
	assert_near(cluster_ns[1], 90);  /* 30 + 6 x 10 is more than 80 */
}
END_TEST

START_TEST(exposed_tiles_are_of_the_lesser)
{
	start(1, 2, pair);
	node(0)->tiles = 4;
	parameters.value[COST_EXPOSED_TILE] = 0.5;
	compose();
	assert_near(cluster_ns[0], 100 + 0.5 * 60 / 4);
	assert_near(cluster_ns[1], 80 + 0.5 * 30);
}
END_TEST

START_TEST(tiles_pay_latency_one_by_one)
{
	start(1, 2, pair);
	node(1)->tiles = 4;
	node(1)->traffic.latency_ns = 5;
	parameters.value[COST_TILE_LATENCY] = 1;
	compose();
	assert_near(cluster_ns[1], 80 + 4 * 5);
	parameters.value[COST_TILE_LATENCY] = 0.5;
	compose();
	assert_near(cluster_ns[1], 80 + 5 + 3 * 2.5);
	assert_near(cluster_ns[0], 100); /* hidden behind computing */
}
END_TEST

START_TEST(tiles_meet_other_links)
{
	/* Together 80 on the slowest link, tile by tile 120, of which a part overlaps. */
	start(1, 2, pair);
	node(1)->leaving.nop_ns = 80;
	node(1)->by_tiles.nop_ns = 120;
	parameters.value[COST_TILE_TRAFFIC] = 1;
	compose();
	assert_near(cluster_ns[1], 120);
	parameters.value[COST_TILE_TRAFFIC] = 0.5;
	compose();
	assert_near(cluster_ns[1], 100);
	/* What is fetched besides stays. */
	node(1)->traffic.nop_ns = 90;
	compose();
	assert_near(cluster_ns[1], 110);
}
END_TEST

START_TEST(the_first_micro_batch_hides_less)
{
	/* Fetched in 60, computed in 100, sent in 30; two tiles. Later on 100, at first 90 / 2
	 * more. */
	static const struct row rows[] = { { .compute_ns = 100, .dram_ns = 60, .tiles = 2 } };
	start(3, 1, rows);
	node(0)->fetches.dram_ns = 60;
	node(0)->leaving.dram_ns = 30;
	parameters.value[COST_CHAINED_FILL] = 1;
	parameters.value[COST_EXPOSED_FIRST] = 1;
	assert_near(compose().latency_ns, 145 + 2 * 100);
	/* The channel is the slowest: 110 for both, at first half of the computing more. */
	node(0)->fetches.dram_ns = 80;
	node(0)->traffic.dram_ns = 110;
	assert_near(compose().latency_ns, 110 + 50 + 2 * 110);
	/* What does not go through DRAM follows other clusters' tiles. */
	node(0)->traffic = (struct cost_work){ 110, 0, 0 };
	assert_near(compose().latency_ns, 3 * 110);
}
END_TEST

START_TEST(a_chain_fills_in_the_clusters_own_times)
{
	start(4, 2, pair);
	link_nodes(0, 1, 0.25F, 0.5F);
	parameters.value[COST_CHAINED_FILL] = 1;
	assert_near(compose().latency_ns, 100 + 100 + 80 + 3 * 100);
	/* Half of it: as much of the one as of the other. */
	parameters.value[COST_CHAINED_FILL] = 0.5;
	assert_near(compose().latency_ns, 100 + 0.5 * (100 + 80) + 0.5 * 2 * 100 + 3 * 100);
	/* Tiles stream: node 1 begins at 25, ends 40 after node 0 did, which is later than 25 +
	 * 80. */
	parameters.value[COST_CHAINED_FILL] = 1;
	parameters.value[COST_TILE_STREAMING] = 1;
	assert_near(compose().latency_ns, 100 + 140 + 3 * 100);
	/* Half: head 0.625, tail 0.75. */
	parameters.value[COST_TILE_STREAMING] = 0.5;
	assert_near(compose().latency_ns, 100 + 160 + 3 * 100);
}
END_TEST

START_TEST(clusters_without_an_edge_fill_side_by_side)
{
	start(1, 2, pair);
	parameters.value[COST_CHAINED_FILL] = 1;
	assert_near(compose().latency_ns, 100 + 100);
}
END_TEST

START_TEST(a_cluster_passes_its_nodes_in_order)
{
	/* The reader is the second node of its cluster: the first does not wait. */
	static const struct row rows[] = { { .compute_ns = 100 },
		                           { .compute_ns = 70 },
		                           { .compute_ns = 30, .same = true } };
	start(1, 3, rows);
	struct cost_edge_features edge = { 0, 1, 0, 2, 1, 1 };
	g_array_append_val(features.edges, edge);
	parameters.value[COST_CHAINED_FILL] = 1;
	assert_near(compose().latency_ns, 130);
	node(1)->compute_ns = 120;
	assert_near(compose().latency_ns, 150);
}
END_TEST

START_TEST(loads_overlap_with_the_first_micro_batch)
{
	start(1, 2, pair);
	link_nodes(0, 1, 1, 1);
	parameters.value[COST_CHAINED_FILL] = 1;
	parameters.value[COST_LOAD_OVERLAP] = 1;
	/* Both load from one channel in equal parts: the first has its 40 when the second has 40,
	 * too; it ends at 80 + 100. The second's are there at 100. */
	assert_near(compose().latency_ns, 180 + 80);
	/* From channels of their own: after 40 and 60. */
	features.first_loads.dram_ns = 60;
	assert_near(compose().latency_ns, 140 + 80);
	/* Weights that come late are waited for, not added. */
	features.first_loads.dram_ns = 60;
	g_array_index(features.loads, struct cost_work, 1).dram_ns = 1000;
	features.first_loads.dram_ns = 1000;
	assert_near(compose().latency_ns, 1080);
	/* Half: between that and waiting for everything (T_load is still 100). */
	parameters.value[COST_LOAD_OVERLAP] = 0.5;
	assert_near(compose().latency_ns, 50 + 500 + 80);
}
END_TEST

START_TEST(a_clusters_nodes_are_loaded_in_order)
{
	static const struct row rows[] = { { .compute_ns = 10, .load_ns = 40 },
		                           { .compute_ns = 10, .load_ns = 60, .same = true } };
	start(1, 2, rows);
	parameters.value[COST_CHAINED_FILL] = 1;
	parameters.value[COST_LOAD_OVERLAP] = 1;
	assert_near(compose().latency_ns, 110); /* 40, 50; then at 100 */
	node(0)->compute_ns = 90;
	assert_near(compose().latency_ns, 140); /* 40, 130 */
}
END_TEST

START_TEST(the_first_nodes_streamed_weights_come_from_the_start_on)
{
	/* Two clusters: 40 loaded once and 20 streamed, at the same time, from one channel. */
	static const struct row rows[] = { { .compute_ns = 100, .load_ns = 40 },
		                           { .compute_ns = 30, .weights_ns = 20, .load_ns = 20 } };
	start(1, 2, rows);
	node(1)->streamed = true;
	features.load.dram_ns = 40;
	link_nodes(0, 1, 1, 1);
	parameters.value[COST_CHAINED_FILL] = 1;
	assert_near(compose().latency_ns, 40 + 100 + 20 + 30);
	parameters.value[COST_LOAD_OVERLAP] = 1;
	/* The streamed ones are there at 40, all others at 60. */
	assert_near(compose().latency_ns, 60 + 100 + 30);
}
END_TEST

START_TEST(prefetched_weights_hide_behind_the_node_before)
{
	static const struct row rows[] = { { .compute_ns = 100, .weights_ns = 80 },
		                           { .compute_ns = 50, .weights_ns = 70 },
		                           { .compute_ns = 30, .weights_ns = 40, .same = true } };
	start(1, 3, rows);
	for (unsigned i = 0; i < 3; i++)
		node(i)->prefetched = node(i)->streamed = true;
	parameters.value[COST_WEIGHT_PREFETCH] = 1;
	compose();
	assert_near(cluster_ns[0], 100);               /* alone: behind its own computing */
	assert_near(cluster_ns[1], 50 + 30 + 70 - 30); /* 70 behind 30, 40 behind 50 */
	parameters.value[COST_WEIGHT_PREFETCH] = 0.5;
	compose();
	assert_near(cluster_ns[0], 100 + 40);
	/* Without room for both they are waited for. */
	parameters.value[COST_WEIGHT_PREFETCH] = 1;
	node(0)->prefetched = false;
	compose();
	assert_near(cluster_ns[0], 180);
}
END_TEST

static void meet(unsigned cluster, float traffic_ns, float weights_ns, float others_ns)
{
	struct cost_cluster_features *c = &g_array_index(features.clusters,
	                                                 struct cost_cluster_features, cluster);
	struct cost_meeting meeting = { traffic_ns, weights_ns, others_ns };
	if (!c->meeting_count++)
		c->first_meeting = features.meetings->len;
	g_array_append_val(features.meetings, meeting);
}

START_TEST(contention_grows_with_the_others_share)
{
	static const struct row rows[] = { { .nop_ns = 100 }, { .nop_ns = 50 } };
	start(1, 2, rows);
	meet(0, 100, 0, 50);
	parameters.value[COST_TRAFFIC_CONTENTION] = 1;
	/* The others keep it busy for 50 of a period of 100, then 150, 133.3: 100 (1 + 50 / p). */
	assert_near(compose().period_ns, 137.5);
	assert_near(cluster_ns[1], 50); /* meets nobody */
	/* A busier resource that nobody else uses counts where it stays the slowest. */
	meet(0, 140, 0, 0);
	node(0)->traffic.nop_ns = 140;
	assert_near(compose().period_ns, 140);
}
END_TEST

START_TEST(weights_have_a_contention_of_their_own)
{
	static const struct row rows[] = { { .compute_ns = 100, .weights_ns = 100 },
		                           { .compute_ns = 10 } };
	start(1, 2, rows);
	meet(0, 0, 100, 100);
	parameters.value[COST_TRAFFIC_CONTENTION] = 1;
	assert_near(compose().period_ns, 200);
	parameters.value[COST_WEIGHT_CONTENTION] = 2;
	/* 200: rho 0.5, 300; rho 1/3, 266.7; rho 3/8, 275. */
	assert_near(compose().period_ns, 275);
}
END_TEST

START_TEST(two_buffers_limit_the_period)
{
	start(1, 2, pair);
	node(0)->between_ns = 60;
	node(1)->between_ns = 20;
	parameters.value[COST_BUFFER_LOOP] = 1;
	/* In (60), work (80), out (20), half of it each: 80, less than 100. */
	assert_near(compose().period_ns, 100);
	parameters.value[COST_BUFFER_LOOP] = 1.5;
	assert_near(compose().period_ns, 120);
}
END_TEST

/* ---- what holds for all ---- */

static struct row random_row(GRand *rand, bool same)
{
	return (struct row){ .compute_ns = g_rand_double(rand) * 100,
		             .nop_ns = g_rand_double(rand) * 100,
		             .dram_ns = g_rand_double(rand) * 100,
		             .weights_ns = g_rand_boolean(rand) ? g_rand_double(rand) * 100 : 0,
		             .load_ns = g_rand_boolean(rand) ? g_rand_double(rand) * 100 : 0,
		             .tiles = (unsigned)g_rand_int_range(rand, 1, 5),
		             .same = same };
}

static void random_features(GRand *rand)
{
	struct row rows[MOST];
	for (unsigned i = 0; i < MOST; i++)
		rows[i] = random_row(rand, i && g_rand_int_range(rand, 0, 3) == 0);
	start((unsigned)g_rand_int_range(rand, 1, 9), MOST, rows);
	for (unsigned i = 0; i < MOST; i++)
		node(i)->prefetched = node(i)->streamed = node(i)->weights.dram_ns > 0 &&
		                                          g_rand_boolean(rand);
	for (unsigned p = 0; p < COST_PARAMETERS; p++) {
		const struct cost_parameter_info *info = &cost_parameter_infos[p];
		parameters.value[p] = info->low + g_rand_double(rand) * (info->high - info->low);
	}
	parameters.value[COST_TILE_OVERHEAD] /= 1000;
}

START_TEST(more_work_never_takes_less)
{
	GRand *rand = g_rand_new_with_seed(5);
	for (int round = 0; round < 500; round++) {
		random_features(rand);
		unsigned n = (unsigned)g_rand_int_range(rand, 0, MOST);
		double before = compose().latency_ns;
		node(n)->compute_ns += 50;
		double after = compose().latency_ns;
		ck_assert_double_ge(after, before * (1 - 1e-12));
		node(n)->traffic.dram_ns += 50;
		ck_assert_double_ge(compose().latency_ns, after * (1 - 1e-12));
		after = compose().latency_ns;
		node(n)->weights.dram_ns += 50;
		ck_assert_double_ge(compose().latency_ns, after * (1 - 1e-12));
	}
	g_rand_free(rand);
}
END_TEST

START_TEST(lower_efficiency_never_takes_less)
{
	static const enum cost_parameter efficiencies[] = { COST_COMPUTE_EFFICIENCY,
		                                            COST_NOP_EFFICIENCY,
		                                            COST_DRAM_EFFICIENCY };
	GRand *rand = g_rand_new_with_seed(6);
	for (int round = 0; round < 500; round++) {
		random_features(rand);
		for (unsigned i = 0; i < G_N_ELEMENTS(efficiencies); i++) {
			double before = compose().latency_ns;
			parameters.value[efficiencies[i]] *= 0.9;
			ck_assert_double_ge(compose().latency_ns, before * (1 - 1e-12));
		}
	}
	g_rand_free(rand);
}
END_TEST

/* ---- what is extracted ---- */

START_TEST(loads_and_prefetch_are_extracted)
{
	/* A streamed node at a cluster's head is loaded from the start on, a later one is not. */
	static const struct made_package grid = { .columns = 2, .rows = 1 };
	static const struct wl_shape shape = { 4, 2, 2 };
	set_up(grid, shape, POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       NULL);
	map(2, "1: 0 = a streamed, b | 1 = c");
	struct cost_features extracted;
	cost_features_init(&extracted);
	cost_features_extract(&model, &plan, &mapping->segments[0], true, &extracted, NULL, NULL);
	const struct cost_features *f = &extracted;
	ck_assert_uint_eq(f->loads->len, 3);
	const struct cost_work *loads = &g_array_index(f->loads, struct cost_work, 0);
	/* Weights of 32, 64, 64 bytes at 20 bytes per ns. */
	assert_near(loads[0].dram_ns, 1.6);
	assert_near(loads[1].dram_ns, 3.2);
	assert_near(loads[2].dram_ns, 3.2);
	assert_near(f->first_loads.dram_ns, 8);
	const struct cost_node_features *nodes = &g_array_index(f->nodes, struct cost_node_features,
	                                                        0);
	ck_assert(nodes[0].streamed && nodes[0].prefetched);
	ck_assert(!nodes[1].streamed && !nodes[1].prefetched);
	/* Behind another node nothing is loaded before that one runs. */
	map(2, "1: 0 = a, b streamed | 1 = c");
	cost_features_extract(&model, &plan, &mapping->segments[0], true, &extracted, NULL, NULL);
	assert_near(g_array_index(f->loads, struct cost_work, 1).dram_ns, 0);
	ck_assert(g_array_index(f->nodes, struct cost_node_features, 1).prefetched);
	cost_features_release(&extracted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compose");
	TCase *hand = tcase_create("by hand"), *all = tcase_create("for all");
	tcase_add_checked_fixture(hand, NULL, tear_down);
	tcase_add_checked_fixture(all, NULL, tear_down);
	tcase_add_test(hand, neutral_is_the_formula);
	tcase_add_test(hand, efficiencies_stretch_what_they_are_of);
	tcase_add_test(hand, each_tile_costs_its_overhead);
	tcase_add_test(hand, exposed_tiles_are_of_the_lesser);
	tcase_add_test(hand, tiles_pay_latency_one_by_one);
	tcase_add_test(hand, tiles_meet_other_links);
	tcase_add_test(hand, the_first_micro_batch_hides_less);
	tcase_add_test(hand, a_chain_fills_in_the_clusters_own_times);
	tcase_add_test(hand, clusters_without_an_edge_fill_side_by_side);
	tcase_add_test(hand, a_cluster_passes_its_nodes_in_order);
	tcase_add_test(hand, loads_overlap_with_the_first_micro_batch);
	tcase_add_test(hand, a_clusters_nodes_are_loaded_in_order);
	tcase_add_test(hand, the_first_nodes_streamed_weights_come_from_the_start_on);
	tcase_add_test(hand, prefetched_weights_hide_behind_the_node_before);
	tcase_add_test(hand, contention_grows_with_the_others_share);
	tcase_add_test(hand, weights_have_a_contention_of_their_own);
	tcase_add_test(hand, two_buffers_limit_the_period);
	tcase_add_test(hand, loads_and_prefetch_are_extracted);
	tcase_add_test(all, more_work_never_takes_less);
	tcase_add_test(all, lower_efficiency_never_takes_less);
	suite_add_tcase(suite, hand);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}

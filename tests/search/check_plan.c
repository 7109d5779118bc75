/* Plans: where nodes are and which way edges go, in a network with residuals within a segment
 * and across a border. */
#include "tests/search/mapping_fixture.h"
#include "tests/support/suite.h"

enum { A, B, C, D, E };

/* in -> a -> b -> c + a -> d + b -> e */
static void set_up_network(void)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 4, 4, 4 },
	       POINT("a", "in", "4"), POINT("b", "a", "4"), POINT("c", "b", "4"),
	       SUM("c+a", "c", "a"), POINT("d", "c+a", "4"), SUM("d+b", "d", "b"),
	       POINT("e", "d+b", "4"), NULL);
	ck_assert_uint_eq(workload->node_count, 5);
}

static void set_up_plan(void)
{
	set_up_network();
	map(4, "2: 0 1 = a K2, b P2 distributed t3 | 3 = c streamed; 1: 1 = d | 0 = e");
}

static const struct wl_edge *edge(int from, unsigned to)
{
	for (unsigned e = 0; e < workload->edge_count; e++)
		if (workload->edges[e].from == from && workload->edges[e].to == to)
			return &workload->edges[e];
	ck_abort_msg("there is no edge from %d to %u", from, to);
}

START_TEST(places)
{
	static const unsigned segment[5] = { 0, 0, 0, 1, 1 }, cluster[5] = { 0, 0, 1, 0, 1 };
	set_up_plan();
	for (unsigned n = 0; n < 5; n++) {
		const struct map_plan_node *at = &plan.nodes[n];
		ck_assert_uint_eq(at->segment, segment[n]);
		ck_assert_uint_eq(at->cluster, cluster[n]);
		ck_assert_ptr_eq(at->where, &mapping->segments[segment[n]].clusters[cluster[n]]);
		ck_assert_uint_eq(at->how->node, n);
	}
}
END_TEST

START_TEST(placed_nodes)
{
	set_up_plan();
	struct map_placed b = map_place(&plan, B, 1);
	ck_assert_ptr_eq(b.workload, workload);
	ck_assert_ptr_eq(b.node, &workload->nodes[B]);
	ck_assert_uint_eq(b.region_size, 2);
	ck_assert_uint_eq(b.region[0], 0);
	ck_assert_uint_eq(b.region[1], 1);
	ck_assert_uint_eq(b.split[MAP_N] * b.split[MAP_K] * b.split[MAP_Q], 1);
	ck_assert_uint_eq(b.split[MAP_P], 2);
	ck_assert_int_eq(b.weights, MAP_DISTRIBUTED);
	ck_assert_uint_eq(b.tiles, 3);
	/* A tail of one sample knows the size of a full micro-batch. */
	ck_assert_uint_eq(b.samples, 1);
	ck_assert_uint_eq(b.microbatch, 2);
	ck_assert_uint_eq(map_place(&plan, E, 1).microbatch, 1);
	ck_assert_uint_eq(map_place(&plan, C, 2).region[0], 3);
	ck_assert_int_eq(map_place(&plan, C, 2).weights, MAP_STREAMED);
}
END_TEST

START_TEST(ways_of_edges)
{
	set_up_plan();
	ck_assert_int_eq(map_edge_way(&plan, edge(-1, A)), MAP_THROUGH_DRAM);
	ck_assert_int_eq(map_edge_way(&plan, edge(A, B)), MAP_WITHIN_CLUSTER);
	ck_assert_int_eq(map_edge_way(&plan, edge(A, C)), MAP_BETWEEN_CLUSTERS);
	ck_assert_int_eq(map_edge_way(&plan, edge(B, C)), MAP_BETWEEN_CLUSTERS);
	ck_assert_int_eq(map_edge_way(&plan, edge(B, D)), MAP_THROUGH_DRAM);
	ck_assert_int_eq(map_edge_way(&plan, edge(C, D)), MAP_THROUGH_DRAM);
	ck_assert_int_eq(map_edge_way(&plan, edge(D, E)), MAP_BETWEEN_CLUSTERS);
	ck_assert_uint_eq(map_edge_distance(&plan, edge(A, B)), 0);
	ck_assert_uint_eq(map_edge_distance(&plan, edge(A, C)), 1);

	/* The residuals pass over a cluster. */
	map(1, "1: 0 = a | 1 = b | 3 = c | 2 = d, e");
	ck_assert_uint_eq(map_edge_distance(&plan, edge(A, B)), 1);
	ck_assert_uint_eq(map_edge_distance(&plan, edge(A, C)), 2);
	ck_assert_uint_eq(map_edge_distance(&plan, edge(B, D)), 2);
	ck_assert_uint_eq(map_edge_distance(&plan, edge(D, E)), 0);
}
END_TEST

START_TEST(stored_outputs)
{
	set_up_plan();
	ck_assert(!map_stores_output(&plan, A)); /* its readers are all in its segment */
	ck_assert(map_stores_output(&plan, B));  /* c reads it there, d in the next segment */
	ck_assert(map_stores_output(&plan, C));
	ck_assert(!map_stores_output(&plan, D));
	ck_assert(map_stores_output(&plan, E)); /* the network's output */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, places);
	tcase_add_test(tests, placed_nodes);
	tcase_add_test(tests, ways_of_edges);
	tcase_add_test(tests, stored_outputs);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

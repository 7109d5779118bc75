/*
 * Question: is the whole timeline of a system small enough to work out by hand
 * the one that was worked out? Every case says how in its comment; times in ns.
 */
#include "hw/topology/grid.h"
#include "search/search.h"
#include "tests/sim/tiny.h"
#include "tests/support/suite.h"

#define ONE_BY_ONE "'op': 'conv', 'kernel': 1"

/* A cluster of one node on the chiplets given, without a split. */
#define NODE(name, weights, tiles) \
	"{'name': '" name "', 'split': {}, 'weights': '" weights "', 'tiles': " tiles "}"
#define CLUSTER(region, nodes) "{'region': [" region "], 'nodes': [" nodes "]}"
#define SEGMENT(microbatch, clusters) "{'microbatch': " microbatch ", 'clusters': [" clusters "]}"

static struct tiny run(struct tiny_package package, struct wl_workload *workload, unsigned batch,
                       const char *segments)
{
	struct tiny t = { .package = tiny_package(package), .workload = workload };
	t.mapping = tiny_mapping(t.workload, t.package, batch, segments);
	t.outcome = simulate(&t, true, SIM_TRACE_LINK);
	return t;
}

/*
 * 10 elements, 10 MACs, 4 bytes of weights; DRAM 2 bytes/ns after 5 ns. Load
 * (4 bytes) and fetch (10) start at 0, transmit from 5 at 1 byte/ns each; the
 * load ends at 9, the fetch has 6 left at 2 bytes/ns: 12. Compute 12 to 22.
 * Store: 5 + 10 / 2, to 32.
 */
START_TEST(one_chiplet_one_layer)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 1 },
		tiny_workload(1, 10, 4,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}"),
		1, SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "resident", "1"))));
	assert_track(&t, "dram 0", "load 0 9, fetch 0 12, store 22 32");
	assert_track(&t, "chiplet 0,0", "wait_dram 0 12, compute 12 22, drain 22 32");
	assert_track(&t, "segment 0 cluster 0", "wait_dram 0 12, compute 12 22, drain 22 32");
	assert_bubbles(&t, "busy 10 drain 10 wait_dram 12");
	assert_ns(t.outcome->latency_ns, 32);
	assert_ns(t.outcome->segments[0].load_ns, 9);
	assert_ns(t.outcome->segments[0].period_ns, 10);
	ck_assert_double_eq(t.outcome->totals.macs, 10);
	ck_assert_double_eq(t.outcome->totals.dram_read_bytes, 14);
	ck_assert_double_eq(t.outcome->totals.dram_write_bytes, 10);
	tiny_free(&t);
}
END_TEST

/*
 * The same with every third row of ten: rows 0, 3, 6, 9 are read and no others. Load and fetch
 * move 4 bytes each at 1 byte/ns, 5 to 9. Compute 9 to 13. Store: 5 + 4 / 2, to 20.
 */
START_TEST(rows_that_a_stride_skips_stay_where_they_are)
{
	struct tiny t = run((struct tiny_package){ .columns = 1 },
	                    tiny_workload(1, 10, 4,
	                                  "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, "
	                                  "'stride': [3, 1], " ONE_BY_ONE "}"),
	                    1, SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "resident", "1"))));
	assert_track(&t, "dram 0", "load 0 9, fetch 0 9, store 13 20");
	assert_ns(t.outcome->latency_ns, 20);
	ck_assert_double_eq(t.outcome->totals.macs, 4);
	ck_assert_double_eq(t.outcome->totals.dram_read_bytes, 8);
	ck_assert_double_eq(t.outcome->totals.buffer_pJ, 12); /* 4 in, 4 weights, 4 out */
	tiny_free(&t);
}
END_TEST

/* 300 layers of 1 channel read the input's 2 x 4 elements, and one reads all of them at once. */
START_TEST(a_node_reads_any_number_of_tensors)
{
	enum { PARTS = 300 };
	GString *layers = g_string_new(NULL), *names = g_string_new(NULL);
	for (unsigned i = 0; i < PARTS; i++) {
		g_string_append_printf(
			layers,
			"{'name': 'p%u', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "},", i);
		g_string_append_printf(names, "%s'p%u'", i ? ", " : "", i);
	}
	g_string_append_printf(layers,
	                       "{'name': 'all', 'op': 'concat', 'inputs': [%s]}, {'name': 'join', "
	                       "'inputs': ['all'], 'out_channels': 1, " ONE_BY_ONE "}",
	                       names->str);
	struct tiny t = { .package = tiny_package((struct tiny_package){ .columns = 1 }),
		          .workload = tiny_workload(2, 4, 1, layers->str) };
	struct search_options options = {
		.strategy = SEARCH_SEQUENTIAL, .batch = 1, .tiles = 2, .jobs = 1
	};
	GError *error = NULL;
	t.mapping = search_mapping(t.workload, t.package, &options, &error);
	ck_assert_msg(t.mapping != NULL, "%s", error ? error->message : "");
	t.outcome = simulate(&t, true, SIM_TRACE_NONE);
	ck_assert_double_eq(t.outcome->totals.macs, PARTS * 8 + PARTS * 4);
	ck_assert_double_eq(t.outcome->totals.dram_read_bytes, PARTS * (8 + 2) + PARTS * (4 + 1));
	ck_assert_double_eq(t.outcome->totals.dram_write_bytes, PARTS * 4 + 4);
	g_string_free(layers, TRUE);
	g_string_free(names, TRUE);
	tiny_free(&t);
}
END_TEST

#define A_THEN_B                                                             \
	"{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}," \
	"{'name': 'b', 'inputs': ['a'], 'out_channels': 1, " ONE_BY_ONE "}"

#define PIPELINE                                                                \
	SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "resident", "1")) "," CLUSTER( \
			     "[1, 0]", NODE("b", "resident", "1")))

/*
 * DRAM takes 1. a computes 1 to 9, its 8 bytes go over one link: 3 + 8 / 2, 9 to
 * 16. b computes 16 to 24, stores to 25.
 */
START_TEST(two_chiplets_and_a_transfer)
{
	struct tiny t = run((struct tiny_package){ .columns = 2, .fast_dram = true },
	                    tiny_workload(1, 8, 1, A_THEN_B), 1, PIPELINE);
	assert_track(&t, "chiplet 0,0", "wait_dram 0 1, compute 1 9, drain 9 25");
	assert_track(&t, "link 0,0->1,0", "transfer 9 16");
	assert_track(&t, "link 1,0->0,0", "");
	assert_track(&t, "chiplet 1,0", "fill 0 16, compute 16 24, drain 24 25");
	assert_track(&t, "dram 1", "load 0 1, store 24 25");
	assert_bubbles(&t, "busy 16 fill 16 drain 17 wait_dram 1");
	ck_assert_uint_eq(t.outcome->timeline->flows->len, 1);
	ck_assert_double_eq(t.outcome->resource_bytes[hw_grid_link(t.package, 0, HW_EAST)], 8);
	tiny_free(&t);
}
END_TEST

/*
 * The same between dies, by a link of 4 bytes/ns: 7 + 8 / 4, 9 to 18.
 */
START_TEST(a_link_between_dies_has_its_own_values)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true, .border_GBps = 4 },
		tiny_workload(1, 8, 1, A_THEN_B), 1, PIPELINE);
	assert_track(&t, "link 0,0->1,0", "transfer 9 18");
	assert_track(&t, "chiplet 1,0", "fill 0 18, compute 18 26, drain 26 27");
	ck_assert_double_eq(t.outcome->totals.nop_pJ, 8 * 8 * 3);
	tiny_free(&t);
}
END_TEST

/*
 * The same with ports of half the link's bandwidth: 3 + 8 / 1, 9 to 20.
 */
START_TEST(a_narrow_port_limits)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true, .port_GBps = 1 },
		tiny_workload(1, 8, 1, A_THEN_B), 1, PIPELINE);
	/* Loads and fetches pass the ejection ports too: 1 byte of weights and 8 of input share
	 * chiplet 0's from 1 on; they end at 3 and 10. */
	assert_track(&t, "dram 0", "load 0 3, fetch 0 10");
	assert_track(&t, "chiplet 0,0", "wait_dram 0 10, compute 10 18, drain 18 46");
	assert_track(&t, "link 0,0->1,0", "transfer 18 29");
	assert_track(&t, "chiplet 1,0", "fill 0 29, compute 29 37, drain 37 46");
	tiny_free(&t);
}
END_TEST

/*
 * Two input channels: a takes 16 per micro-batch, 1 to 17 to 33 to 49. Transfers
 * of 7 follow each: to 24, 40, 56. b takes 8 each, stores to 65.
 */
START_TEST(pipeline_fills_and_drains)
{
	struct tiny t = run((struct tiny_package){ .columns = 2, .fast_dram = true },
	                    tiny_workload(2, 8, 1, A_THEN_B), 3, PIPELINE);
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 1, compute 1 17, compute 17 33, compute 33 49, drain 49 65");
	assert_track(&t, "link 0,0->1,0", "transfer 17 24, transfer 33 40, transfer 49 56");
	assert_track(&t, "chiplet 1,0",
	             "fill 0 24, compute 24 32, wait_input 32 40, compute 40 48, wait_input 48 56, "
	             "compute 56 64, drain 64 65");
	assert_bubbles(&t, "busy 72 fill 24 drain 17 wait_input 16 wait_dram 1");
	assert_ns(t.outcome->clusters[0].period_ns, 16);
	assert_ns(t.outcome->clusters[1].period_ns, 16);
	tiny_free(&t);
}
END_TEST

/*
 * a takes 4, b (5 output channels) 20, a transfer 3 + 4 / 2. b has two
 * buffers, a's output has two.
 *
 *   a0 1-5, T0 5-10, b0 10-30    a1 5-9, T1 9-14, b1 30-50
 *   a2 waits for T0: 10-14       T2 waits for b0: 30-35, b2 50-70
 *   a3 waits for T1, 14: 14-18   T3 waits for b1: 50-55, b3 70-90
 *   a4 waits for T2: 35-39       T4 waits for b2: 70-75, b4 90-110, store 111
 */
START_TEST(slow_consumer_pushes_back)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 4, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "},"
	                      "{'name': 'b', 'inputs': ['a'], 'out_channels': 5, " ONE_BY_ONE "}"),
		5, PIPELINE);
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 1, compute 1 5, compute 5 9, back_pressure 9 10, compute 10 14, "
	             "compute 14 18, back_pressure 18 35, compute 35 39, drain 39 111");
	assert_track(
		&t, "link 0,0->1,0",
		"transfer 5 10, transfer 9 14, transfer 30 35, transfer 50 55, transfer 70 75");
	assert_track(&t, "chiplet 1,0",
	             "fill 0 10, compute 10 30, compute 30 50, compute 50 70, compute 70 90, "
	             "compute 90 110, drain 110 111");
	assert_bubbles(&t, "busy 120 fill 10 drain 73 wait_dram 1 back_pressure 18");
	tiny_free(&t);
}
END_TEST

/*
 * a ends at 9 and sends 8 bytes to b (one hop, transmits from 12) and to c (two
 * hops, from 15) over the same first link. b has 2 bytes left at 15, then each
 * has 1 byte/ns: b's end at 17, c has 6 left at 2 bytes/ns: 20.
 */
START_TEST(two_transfers_share_a_link)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 3, .fast_dram = true },
		tiny_workload(1, 8, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "},"
	                      "{'name': 'b', 'inputs': ['a'], 'out_channels': 1, " ONE_BY_ONE "},"
	                      "{'name': 'c', 'inputs': ['a'], 'out_channels': 1, " ONE_BY_ONE "}"),
		1,
		SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "resident", "1")) "," CLUSTER(
				     "[1, 0]", NODE("b", "resident",
	                                            "1")) "," CLUSTER("[2, 0]",
	                                                              NODE("c", "resident", "1"))));
	assert_track(&t, "link 0,0->1,0", "transfer 9 17, transfer 9 20");
	assert_track(&t, "link 1,0->2,0", "transfer 9 20");
	assert_track(&t, "chiplet 1,0", "fill 0 17, compute 17 25, drain 25 29");
	assert_track(&t, "chiplet 2,0", "fill 0 20, compute 20 28, drain 28 29");
	assert_bubbles(&t, "busy 24 fill 37 drain 25 wait_dram 1");
	tiny_free(&t);
}
END_TEST

/*
 * 4 output channels x 5 rows: 20 MACs, 4 bytes of weights, 5 of input, 20 of
 * output. Loads and fetches of micro-batches 0 and 1 start at 0 and transmit
 * from 5 at 1/2 byte/ns each: loads end at 13, the fetches' last bytes at 14.
 * At 34 load, fetch and store start for 2, 2 and 0; from 39 each has 2/3
 * byte/ns: the load ends at 45, the fetch (1 left at 1 byte/ns) at 46, the store
 * (15 left at 2 bytes/ns) at 53.5. Stores 1 and 2 are alone and take 15.
 */
START_TEST(streamed_weights_hide_behind_compute)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 1 },
		tiny_workload(1, 5, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 4, " ONE_BY_ONE "}"),
		3, SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "streamed", "1"))));
	assert_track(&t, "dram 0",
	             "load 0 13, load 0 13, fetch 0 14, fetch 0 14, load 34 45, fetch 34 46, "
	             "store 34 53.5, store 54 69, store 74 89");
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 14, compute 14 34, compute 34 54, compute 54 74, drain 74 89");
	assert_bubbles(&t, "busy 60 drain 15 wait_dram 14");
	assert_ns(t.outcome->segments[0].load_ns, 0);
	tiny_free(&t);
}
END_TEST

/*
 * 1024 bytes of weights in a buffer of 1024: no room to prefetch. The first
 * load shares with two fetches of 64 bytes: these end at 5 + 96, the load's
 * other 960 bytes at 581. The second starts when the chiplet is done, at 1605,
 * shares with the store of 16 bytes until 1626 and ends at 2130.
 */
START_TEST(weights_too_large_to_prefetch)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 1, .weight_KiB = 1 },
		tiny_workload(64, 1, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 16, " ONE_BY_ONE "}"),
		2, SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "streamed", "1"))));
	assert_track(&t, "dram 0",
	             "fetch 0 101, fetch 0 101, load 0 581, store 1605 1626, load 1605 2130, "
	             "store 3154 3167");
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 581, compute 581 1605, wait_dram 1605 2130, compute 2130 3154, "
	             "drain 3154 3167");
	assert_bubbles(&t, "busy 2048 drain 13 wait_dram 1106");
	tiny_free(&t);
}
END_TEST

/*
 * Load (1 byte) and fetch (8) transmit from 5 at 1 byte/ns: 6, and 6 + 7 / 2.
 * Compute 9.5 to 17.5, store 5 + 8 / 2, to 26.5, when segment 1 begins and does
 * the same.
 */
START_TEST(segments_pass_through_dram)
{
	struct tiny t = run((struct tiny_package){ .columns = 1 }, tiny_workload(1, 8, 1, A_THEN_B),
	                    1,
	                    SEGMENT("1", CLUSTER("[0, 0]", NODE("a", "resident", "1"))) "," SEGMENT(
				    "1", CLUSTER("[0, 0]", NODE("b", "resident", "1"))));
	assert_track(&t, "dram 0",
	             "load 0 6, fetch 0 9.5, store 17.5 26.5, load 26.5 32.5, fetch 26.5 36, store "
	             "44 53");
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 9.5, compute 9.5 17.5, drain 17.5 26.5, wait_dram 26.5 36, "
	             "compute 36 44, drain 44 53");
	assert_track(&t, "segment 1 cluster 0", "wait_dram 26.5 36, compute 36 44, drain 44 53");
	assert_ns(t.outcome->segments[1].start_ns, 26.5);
	assert_ns(t.outcome->latency_ns, 53);
	tiny_free(&t);
}
END_TEST

/*
 * 5 rows over two chiplets: 2 and 3. The first has nothing to do while the
 * second computes its third row.
 */
START_TEST(uneven_shares)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 5, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}"),
		1,
		SEGMENT("1", CLUSTER("[0, 0], [1, 0]",
	                             "{'name': 'a', 'split': {'P': 2}, 'weights': 'resident', "
	                             "'tiles': 1}")));
	assert_track(&t, "chiplet 0,0", "wait_dram 0 1, compute 1 3, shard 3 4, drain 4 5");
	assert_track(&t, "chiplet 1,0", "wait_dram 0 1, compute 1 4, drain 4 5");
	assert_track(&t, "segment 0 cluster 0", "wait_dram 0 1, compute 1 4, drain 4 5");
	assert_bubbles(&t, "busy 5 drain 2 wait_dram 2 shard 1");
	tiny_free(&t);
}
END_TEST

/*
 * One cluster of two chiplets, channels split, two tiles of 2 rows. a takes 2
 * per tile: 1 to 3 to 5. After each tile either chiplet sends its 2 bytes to the
 * other, 3 + 2 / 2: to 7 and 9. b takes 4 per tile: 7 to 11 to 15.
 */
START_TEST(tiles_overlap_with_transfers)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 4, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 2, " ONE_BY_ONE "},"
	                      "{'name': 'b', 'inputs': ['a'], 'out_channels': 2, " ONE_BY_ONE "}"),
		1,
		SEGMENT("1", CLUSTER("[0, 0], [1, 0]", "{'name': 'a', 'split': {'K': 2}, "
	                                               "'weights': 'resident', 'tiles': 2},"
	                                               "{'name': 'b', 'split': {'K': 2}, "
	                                               "'weights': 'resident', 'tiles': 2}")));
	/* The loads are one after another, 0 to 1 to 2; b's is there in time. */
	const char *both = "wait_dram 0 1, compute 1 3, compute 3 5, wait_input 5 7, compute 7 11, "
			   "compute 11 15, drain 15 16";
	assert_track(&t, "chiplet 0,0", both);
	assert_track(&t, "chiplet 1,0", both);
	assert_track(&t, "link 0,0->1,0", "transfer 3 7, transfer 5 9");
	assert_track(&t, "link 1,0->0,0", "transfer 3 7, transfer 5 9");
	assert_track(&t, "dram 0",
	             "load 0 1, fetch 0 1, fetch 0 1, load 1 2, store 11 12, store 15 16");
	assert_bubbles(&t, "busy 24 drain 2 wait_input 4 wait_dram 2");
	tiny_free(&t);
}
END_TEST

/*
 * Rows split over two chiplets, 4 bytes of weights held as halves: loaded at 1,
 * gathered (3 + 2 / 2) before each micro-batch, when the region is free.
 */
START_TEST(distributed_weights_are_gathered)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 2, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 4, " ONE_BY_ONE "}"),
		2,
		SEGMENT("1", CLUSTER("[0, 0], [1, 0]",
	                             "{'name': 'a', 'split': {'P': 2}, 'weights': 'distributed', "
	                             "'tiles': 1}")));
	assert_track(&t, "link 0,0->1,0", "gather 1 5, gather 9 13");
	assert_track(&t, "chiplet 1,0",
	             "wait_input 0 5, compute 5 9, wait_input 9 13, compute 13 17, drain 17 18");
	assert_bubbles(&t, "busy 16 drain 2 wait_input 18");
	tiny_free(&t);
}
END_TEST

/*
 * Batch 3 in micro-batches of 2, a tile is a sample: 4 each. The last micro-batch
 * has only its second tile, whose input waits for the buffer that the second
 * tile before it frees at 9.
 */
START_TEST(last_microbatch_is_smaller)
{
	struct tiny t = run(
		(struct tiny_package){ .columns = 1, .fast_dram = true },
		tiny_workload(1, 4, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}"),
		3, SEGMENT("2", CLUSTER("[0, 0]", NODE("a", "resident", "2"))));
	assert_track(&t, "chiplet 0,0",
	             "wait_dram 0 1, compute 1 5, compute 5 9, wait_dram 9 10, compute 10 14, "
	             "drain 14 15");
	assert_track(
		&t, "dram 0",
		"load 0 1, fetch 0 1, fetch 0 1, store 5 6, fetch 9 10, store 9 10, store 14 15");
	ck_assert_double_eq(t.outcome->totals.macs, 12);
	ck_assert_double_eq(t.outcome->totals.dram_read_bytes, 13);
	ck_assert_double_eq(t.outcome->totals.dram_write_bytes, 12);
	ck_assert_uint_eq(t.outcome->samples_simulated, 3);
	tiny_free(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tiny");
	TCase *cases = tcase_create("by hand");
	tcase_add_test(cases, one_chiplet_one_layer);
	tcase_add_test(cases, rows_that_a_stride_skips_stay_where_they_are);
	tcase_add_test(cases, a_node_reads_any_number_of_tensors);
	tcase_add_test(cases, two_chiplets_and_a_transfer);
	tcase_add_test(cases, a_link_between_dies_has_its_own_values);
	tcase_add_test(cases, a_narrow_port_limits);
	tcase_add_test(cases, pipeline_fills_and_drains);
	tcase_add_test(cases, slow_consumer_pushes_back);
	tcase_add_test(cases, two_transfers_share_a_link);
	tcase_add_test(cases, streamed_weights_hide_behind_compute);
	tcase_add_test(cases, weights_too_large_to_prefetch);
	tcase_add_test(cases, segments_pass_through_dram);
	tcase_add_test(cases, uneven_shares);
	tcase_add_test(cases, tiles_overlap_with_transfers);
	tcase_add_test(cases, distributed_weights_are_gathered);
	tcase_add_test(cases, last_microbatch_is_smaller);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}

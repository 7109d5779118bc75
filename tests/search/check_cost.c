/*
 * The cost model by hand on the small package of fixtures.h, where a phase takes 5 ns
 * per hop (+ 50 ns with DRAM) + the most of bytes / 10 on a link, / 40 at a port,
 * / 20 at the channel, which hangs on chiplet 0; then what must hold for every mapping.
 */
#include "hw/topology/topology.h"
#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

enum { ROUNDS = UNLESS_SANITIZED(300, 50) };

static const struct made_package one = { .columns = 1, .rows = 1 };
static const struct made_package two = { .columns = 2, .rows = 1 };

static struct cost_report report;

/* Sums and products of few numbers: only rounding may differ. */
static void assert_near(double got, double expected)
{
	ck_assert_double_eq_tol(got, expected, 1e-9 * MAX(1, expected));
}

static void assert_totals(const struct cost_totals *got, const struct cost_totals *expected)
{
	assert_near(got->macs, expected->macs);
	assert_near(got->nop_bytes, expected->nop_bytes);
	assert_near(got->nop_byte_hops, expected->nop_byte_hops);
	assert_near(got->nop_dram_bytes, expected->nop_dram_bytes);
	assert_near(got->dram_read_bytes, expected->dram_read_bytes);
	assert_near(got->dram_write_bytes, expected->dram_write_bytes);
	assert_near(got->mac_pJ, expected->mac_pJ);
	assert_near(got->buffer_pJ, expected->buffer_pJ);
	assert_near(got->nop_pJ, expected->nop_pJ);
	assert_near(got->dram_pJ, expected->dram_pJ);
}

static void cost(unsigned batch, const char *notation)
{
	cost_report_release(&report);
	map(batch, notation);
	cost_evaluate(&model, mapping, &report);
	ck_assert_uint_eq(model.network.scratch.used, 0);
}

static void tear_down(void)
{
	cost_report_release(&report);
	release();
}

/* One micro-batch of a node. */
static void assert_node(unsigned node, double compute_ns, double traffic_ns, double weights_ns)
{
	assert_near(report.nodes[node].compute_ns, compute_ns);
	assert_near(report.nodes[node].traffic_ns, traffic_ns);
	assert_near(report.nodes[node].weights_ns, weights_ns);
}

static void assert_segment(unsigned segment, double load_ns, double shared_ns, double period_ns,
                           double latency_ns)
{
	const struct cost_segment *s = &report.segments[segment];
	assert_near(s->load_ns, load_ns);
	assert_near(s->shared_ns, shared_ns);
	assert_near(s->period_ns, period_ns);
	assert_near(s->latency_ns, latency_ns);
}

/* 4 -> 8 channels of 2 x 2: 16 bytes in, 32 of weights, 32 out. */
#define SMALL POINT("a", "in", "8")
static const struct wl_shape small = { 4, 2, 2 };

START_TEST(one_chiplet)
{
	set_up(one, small, SMALL, NULL);
	cost(3, "1: 0 = a");
	/* ceil(8/4) ceil(4/4) 2 2 = 8 cycles. 16 + 32 bytes at the channel: 50 + 2.4. */
	assert_node(0, 8, 52.4, 0);
	/* Weights and the first input: 48 bytes. All at the channel per micro-batch: 48. */
	assert_segment(0, 52.4, 2.4, 52.4, 52.4 + 3 * 52.4);
	assert_near(report.latency_ns, 4 * 52.4);
	assert_near(report.cluster_ns[0], 52.4);
	ck_assert_uint_eq(report.segments[0].microbatches, 3);

	/* A tenth of the clock: compute hides the traffic. */
	package->types[0].clock_GHz = 0.1;
	cost(3, "1: 0 = a");
	assert_node(0, 80, 52.4, 0);
	assert_segment(0, 52.4, 2.4, 80, 52.4 + 3 * 80);
}
END_TEST

START_TEST(first_tile_of_the_first_input)
{
	/* Rows one by one: the load waits for half of the input only. The totals stay. */
	set_up(one, small, SMALL, NULL);
	cost(3, "1: 0 = a t2");
	assert_segment(0, 50 + 40 / 20.0, 2.4, 52.4, 52 + 3 * 52.4);
	assert_near(report.totals.dram_read_bytes, 32 + 3 * 16);
}
END_TEST

START_TEST(two_nodes_in_one_cluster)
{
	set_up(two, small, SMALL, POINT("b", "a", "4"), NULL);
	cost(2, "1: 0 1 = a K2, b K2");
	/* a: 4 channels each, 4 cycles. The input to both: 16 at the channel and on 0>1; an
	 * all-gather of 16 each way: 32 on 0>1. 55 + 32 / 10. */
	assert_node(0, 4, 58.2, 0);
	/* b: 2 channels from 8: 1 * 2 * 4 = 8 cycles. Stores 8 each: 16 at the channel, 8 on
	 * 1>0. */
	assert_node(1, 8, 55.8, 0);
	assert_near(report.cluster_ns[0], 114);
	/* Weights come one node after the other: 16 for each chiplet, 32 at the channel, twice:
	 * 2 * 56.6; merged, with the first input, 80 at the channel and 48 on 0>1: 55 + 4.8.
	 * Shared: 0>1 has 32, 1>0 has 16 + 8, the channel 16 + 16. */
	assert_segment(0, 113.2, 3.2, 114, 113.2 + 2 * 114);

	package->types[0].clock_GHz = 0.05;
	cost(2, "1: 0 1 = a K2, b K2");
	assert_near(report.cluster_ns[0], 80 + 160); /* each node overlaps with its own traffic */
}
END_TEST

START_TEST(two_clusters_and_a_tail)
{
	set_up(two, small, SMALL, POINT("b", "a", "4"), NULL);
	cost(3, "2: 0 = a | 1 = b");
	/* Two samples: 2 * 2 * 4 cycles. 64 bytes over 0>1, 32 from the channel: 50 + 6.4. */
	assert_node(0, 16, 56.4, 0);
	/* 32 bytes over 1>0 to the channel: 55 + 3.2. */
	assert_node(1, 16, 58.2, 0);
	assert_near(report.cluster_ns[0], 56.4);
	assert_near(report.cluster_ns[1], 58.2);
	/* Loads: 50 + 1.6 for a and 55 + 3.2 for b at the same time; merged with the first input
	 * 32 + 32 + 32 at the channel: 55 + 4.8. (2 + 2 - 1) periods. */
	assert_segment(0, 59.8, 6.4, 58.2, 59.8 + 3 * 58.2);
	ck_assert_uint_eq(report.segments[0].microbatches, 2);

	/* Three samples in all, whatever the micro-batches. */
	assert_near(report.totals.macs, 3 * (128 + 128));
	assert_near(report.totals.nop_bytes, 3 * 32);
	assert_near(report.totals.dram_read_bytes, 32 + 32 + 3 * 16);
	assert_near(report.totals.dram_write_bytes, 3 * 16);
	/* Links: a's output and b's stores per sample, b's weights once. */
	assert_near(report.totals.nop_byte_hops, 3 * (32 + 16) + 32);
	assert_near(report.totals.nop_dram_bytes, 3 * 16 + 32);
}
END_TEST

START_TEST(weights_that_are_not_resident)
{
	/* Rows 0 and 1 on two chiplets, all 32 bytes of weights on both. */
	set_up(two, small, SMALL, NULL);
	cost(2, "1: 0 1 = a P2");
	/* Per sample 8 bytes to each and 16 back: 48 at the channel, 8 and 16 on the links. The
	 * load: 32 to both and the input: 48 at the channel, 40 on 0>1. */
	assert_node(0, 4, 57.4, 0);
	assert_segment(0, 59, 2.4, 57.4, 59 + 2 * 57.4);

	/* A shard of 16 each, then 16 each way before each use: 5 + 1.6, not hidden. */
	cost(2, "1: 0 1 = a P2 distributed");
	assert_node(0, 4, 57.4, 6.6);
	/* Shared: 0>1 has 8 + 16, 1>0 has 16 + 16. */
	assert_segment(0, 57.4, 3.2, 64, 57.4 + 2 * 64);
	assert_near(report.totals.nop_bytes, 2 * 32);
	assert_near(report.totals.dram_read_bytes, 32 + 2 * 16);

	/* 32 to both for every micro-batch: 55 + 3.2; the load is the first input alone. */
	cost(2, "1: 0 1 = a P2 streamed");
	assert_node(0, 4, 57.4, 58.2);
	/* Shared: 0>1 has 8 + 32, the channel 48 + 32. */
	assert_segment(0, 55.8, 4, 115.6, 55.8 + 2 * 115.6);
	assert_near(report.totals.dram_read_bytes, 2 * (32 + 16));
	assert_near(report.totals.nop_bytes, 0);
}
END_TEST

START_TEST(a_smaller_tail_still_needs_all_weights)
{
	/* Two samples on two chiplets, then one: weights go to both all the same. */
	set_up(two, small, SMALL, NULL);
	cost(3, "2: 0 1 = a N2 streamed");
	assert_near(report.totals.dram_read_bytes, 2 * 32 + 3 * 16);
	cost(3, "2: 0 1 = a N2 distributed");
	assert_near(report.totals.dram_read_bytes, 32 + 3 * 16);
	assert_near(report.totals.nop_bytes, 2 * 32);
}
END_TEST

START_TEST(through_dram_at_a_border)
{
	set_up(two, small, SMALL, POINT("b", "a", "4"), NULL);
	cost(1, "1: 0 1 = a K2; 1: 0 1 = b K2");
	/* a fetches 16 for both and stores 16 from each: 48 at the channel, 16 on both links. Its
	 * load: 32 of weights (16 on 0>1) and the input: 48 at the channel, 32 on 0>1. */
	assert_node(0, 4, 57.4, 0);
	assert_segment(0, 58.2, 2.4, 57.4, 58.2 + 57.4);
	/* b fetches 32 for both and stores 8 from each: 48 and 32 on 0>1. Its load: 32 + 32 at the
	 * channel, 16 + 32 on 0>1. */
	assert_node(1, 8, 58.2, 0);
	assert_segment(1, 59.8, 3.2, 58.2, 59.8 + 58.2);
	assert_near(report.latency_ns, 115.6 + 118);
	ck_assert_uint_eq(report.segments[1].first_cluster, 1);
	assert_near(report.cluster_ns[1], 58.2);
	assert_near(report.totals.dram_write_bytes, 32 + 16);
	assert_near(report.totals.dram_read_bytes, (32 + 16) + (32 + 32));
	/* Chiplet 1 is a link away: its weights, what it fetches, what it stores. */
	assert_near(report.totals.nop_dram_bytes, (16 + 16 + 16) + (16 + 32 + 8));
}
END_TEST

START_TEST(one_store_serves_all_later_readers)
{
	/* a (16 bytes) is read by b in its segment, by c and d in later ones: one store, two
	 * fetches, one transfer. */
	set_up(two, small, POINT("a", "in", "4"), POINT("b", "a", "4"), POINT("c", "b", "4"),
	       SUM("c+a", "c", "a"), POINT("d", "c+a", "4"), SUM("d+a", "d", "a"), NULL);
	cost(1, "1: 0 = a | 1 = b; 1: 0 = c; 1: 0 = d");
	assert_near(report.totals.dram_write_bytes, 4 * 16);
	assert_near(report.totals.dram_read_bytes, 4 * 16 /* weights */ + 16 + 2 * 16 + 2 * 16);
	assert_near(report.totals.nop_bytes, 16);
}
END_TEST

START_TEST(pool_halo)
{
	/* 9 x 9 pooled 3 x 3 with stride 2 to 4 x 4, rows 0-2 and 2-4 on two chiplets. Chiplet 0
	 * makes MAC rows 0-4 and needs row 4, 36 bytes, from chiplet 1. */
	set_up(two, (struct wl_shape){ 4, 9, 9 }, POINT("a", "in", "4"),
	       "{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], 'kernel': 3, 'stride': 2}",
	       NULL);
	cost(1, "1: 0 1 = a P2");
	assert_near(report.totals.nop_bytes, 36);
	/* Five input rows to each (360 at the channel, 180 on 0>1), 32 bytes back from each (1>0:
	 * 32 + 36): 424 at the channel. 36 and 45 MAC cycles, 36 for pooling 3 x 3. */
	assert_node(0, 45 + 36, 55 + 21.2, 0);
}
END_TEST

START_TEST(the_most_loaded_link_of_a_segment)
{
	/* Two layers of 2048 bytes output each read the 1024 of input and store over link 1>0. */
	set_up((struct made_package){ .columns = 3, .rows = 1 }, (struct wl_shape){ 4, 16, 16 },
	       POINT("a", "in", "8"), POINT("b", "in", "8"), NULL);
	package->types[0].clock_GHz = 10; /* 512 cycles: 51.2 ns */
	cost(4, "1: 1 = a | 2 = b");
	assert_node(0, 51.2, 55 + 204.8, 0);
	assert_node(1, 51.2, 60 + 204.8, 0);
	/* Together 4096 on the link: longer than either cluster. The load: 64 of weights and a's
	 * input at the channel, both weights and the input on 0>1: 60 + 108.8. */
	assert_segment(0, 60 + 108.8, 409.6, 409.6, 168.8 + 5 * 409.6);

	/* The channel instead of the link: 2 (1024 + 2048) at 1 byte per ns. */
	package->dram[0].GBps = 1;
	renew_model();
	cost(4, "1: 1 = a | 2 = b");
	assert_near(report.segments[0].shared_ns, 6144);
	assert_near(report.segments[0].period_ns, 6144);
}
END_TEST

START_TEST(energies)
{
	set_up(two, small, SMALL, POINT("b", "a", "4"), NULL);
	package->types[0].mac_pJ = 3;
	package->types[0].buffer_byte_pJ = 7;
	package->types[0].static_W = 0.25;
	package->nop.energy_pJ_per_bit = 11;
	hw_lay_links(package);
	package->dram[0].energy_pJ_per_bit = 13;
	renew_model();
	cost(3, "2: 0 = a | 1 = b"); /* bytes: two_clusters_and_a_tail */
	assert_near(report.totals.mac_pJ, 768 * 3);
	/* a: 16 in, 32 out per sample; b: 32 and 16. 32 of weights are read once for each of the
	 * two micro-batches. */
	assert_near(report.totals.buffer_pJ, (3 * (16 + 32 + 32 + 16) + 2 * (32 + 32)) * 7);
	assert_near(report.totals.nop_pJ, (3 * 48 + 32) * 8 * 11);
	assert_near(report.totals.dram_pJ, (64 + 48 + 48) * 8 * 13);
	/* Two chiplets of 0.25 W, one of which would burn when idle, too. */
	assert_near(report.static_pJ, 0.5 * (59.8 + 3 * 58.2) * 1000);
	assert_near(cost_total_pJ(&report.totals, report.static_pJ),
	            report.totals.mac_pJ + report.totals.buffer_pJ + report.totals.nop_pJ +
	                    report.totals.dram_pJ + report.static_pJ);
	assert_near(cost_static_pJ(package, 2), 1000); /* 0.5 W for 2 ns: 1 nJ */
}
END_TEST

START_TEST(energy_per_channel)
{
	/* Half of everything goes through each channel: 8 and 2 pJ per bit. */
	set_up((struct made_package){ .columns = 2, .rows = 1, .channels = "[0, 0]; [1, 0]" },
	       small, SMALL, NULL);
	package->dram[1].energy_pJ_per_bit = 2;
	cost(1, "1: 0 = a");
	assert_near(report.totals.dram_pJ, (32 + 16 + 32) * 8 * (8 + 2) / 2.0);
}
END_TEST

START_TEST(bounds)
{
	set_up(two, small, SMALL, POINT("b", "a", "4"), NULL);
	/* Two chiplets of 16 units: 256 MACs per sample in 8 ns. DRAM: 64 of weights, 16 + 16 per
	 * sample, 20 per ns: less. */
	assert_near(cost_bound_ns(workload, package, 1), 8);
	assert_near(cost_bound_ns(workload, package, 10), 80);
	package->types[0].clock_GHz = 4;
	assert_near(cost_bound_ns(workload, package, 1), 96 / 20.0);
	assert_near(cost_bound_ns(workload, package, 10), 20);
	package->dram[0].GBps = 1;
	assert_near(cost_bound_ns(workload, package, 10), 64 + 320);
	cost(1, "1: 0 = a | 1 = b");
	assert_near(report.bound_ns, 96);
}
END_TEST

START_TEST(bound_of_an_input_that_is_not_read_whole)
{
	/* 1 x 1 with stride 2 over 4 x 4: 2 x 2 of them, 16 of 64 bytes, are read, for the model
	 * and for the bound. */
	set_up(one, (struct wl_shape){ 4, 4, 4 }, CONV("a", "in", "1", "'kernel': 1, 'stride': 2"),
	       NULL);
	package->types[0].clock_GHz = 1000;
	cost(1, "1: 0 = a");
	assert_near(report.totals.dram_read_bytes, 4 + 16);
	assert_near(report.bound_ns, (4 + 16 + 4) / 20.0);
}
END_TEST

START_TEST(sums_of_totals)
{
	struct cost_totals sum = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
			   part = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	cost_add(&sum, &part, 2.5);
	struct cost_totals expected = { 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5 };
	assert_totals(&sum, &expected);
}
END_TEST

/* What every mapping obeys. */

static void random_report(guint32 seed, bool unicast)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	random_scene(rand, pick(rand, 1, 6));
	package->nop.multicast = package->nop.multicast && !unicast;
	random_map(rand);
	cost_evaluate(&model, mapping, &report);
	ck_assert_uint_eq(model.network.scratch.used, 0);
}

static void assert_segment_adds_up(unsigned s)
{
	const struct cost_segment *cost = &report.segments[s];
	const struct map_segment *segment = &mapping->segments[s];
	double period_ns = cost->shared_ns;
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		double sum = 0;
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++)
			sum += cost_node_ns(&report.nodes[segment->clusters[c].nodes[i].node]);
		assert_near(report.cluster_ns[cost->first_cluster + c], sum);
		period_ns = MAX(period_ns, sum);
	}
	ck_assert_uint_eq(cost->cluster_count, segment->cluster_count);
	ck_assert_uint_eq(cost->microbatches,
	                  map_microbatches(mapping->batch, segment->microbatch));
	assert_near(cost->period_ns, period_ns);
	assert_near(cost->latency_ns,
	            cost->load_ns + (cost->microbatches + cost->cluster_count - 1) * period_ns);
}

START_TEST(times_add_up_and_keep_the_bound)
{
	random_report((guint32)_i, false);
	double latency_ns = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		assert_segment_adds_up(s);
		latency_ns += report.segments[s].latency_ns;
	}
	assert_near(report.latency_ns, latency_ns);
	assert_near(report.bound_ns, cost_bound_ns(workload, package, mapping->batch));
	ck_assert_double_ge(report.latency_ns, report.bound_ns);
}
END_TEST

/* Chiplets as fast and channels as slow as can be, so that the DRAM bound is the one to beat. */
START_TEST(memory_keeps_the_bound)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	random_scene(rand, pick(rand, 1, 6));
	package->types[0].clock_GHz = 1e6;
	package->types[0].buffer_GBps = 1e9;
	package->nop.hop_ns = 0;
	hw_lay_links(package);
	for (unsigned i = 0; i < package->dram_count; i++) {
		package->dram[i].latency_ns = 0;
		package->dram[i].GBps = 0.01;
	}
	renew_model();
	random_map(rand);
	cost_evaluate(&model, mapping, &report);
	ck_assert_double_ge(report.latency_ns * (1 + 1e-12), report.bound_ns);
}
END_TEST

/* MACs, stores and MAC energy do not depend on how the work is split. */
START_TEST(work_is_done_once)
{
	random_report((guint32)_i, false);
	double stored = 0;
	for (unsigned n = 0; n < workload->node_count; n++)
		if (map_stores_output(&plan, n))
			stored += (double)wl_shape_elements(workload->nodes[n].output);
	assert_near(report.totals.macs, (double)(mapping->batch * wl_macs(workload)));
	assert_near(report.totals.mac_pJ, report.totals.macs * package->types[0].mac_pJ);
	assert_near(report.totals.dram_write_bytes, mapping->batch * stored);
	assert_near(report.totals.nop_pJ, report.totals.nop_byte_hops * 8);
	assert_near(report.totals.dram_pJ,
	            (report.totals.dram_read_bytes + report.totals.dram_write_bytes) * 64);
}
END_TEST

/* One micro-batch of a node, tile by tile, the last one first. */
static void add_node_tiles(const struct map_placed *placed, struct map_phase *phase)
{
	const struct wl_node *n = placed->node;
	unsigned tiles, number = (unsigned)(n - workload->nodes);
	struct map_network *network = &model.network;
	map_tile_dim(placed, &tiles);
	for (unsigned t = tiles; t-- > 0;) {
		for (unsigned i = 0; i < n->edge_in_count; i++) {
			const struct wl_edge *edge = &workload->edges[n->edges_in[i]];
			if (map_edge_way(&plan, edge) == MAP_THROUGH_DRAM)
				map_fetch(network, placed, t, edge, phase);
		}
		for (unsigned i = 0; i < n->edge_out_count; i++) {
			const struct wl_edge *edge = &workload->edges[n->edges_out[i]];
			struct map_placed to = map_place(&plan, edge->to, placed->samples);
			if (map_edge_way(&plan, edge) != MAP_THROUGH_DRAM)
				map_transfer(network, placed, t, &to, edge, phase);
		}
		map_halo(network, placed, t, phase);
		if (map_stores_output(&plan, number))
			map_store(network, placed, t, phase);
	}
}

/* The whole batch of a node; phases and shares are added up in one pile. */
static void add_node(unsigned number, struct map_phase *phase, struct cost_totals *totals)
{
	unsigned microbatch = map_place(&plan, number, 1).microbatch;
	for (unsigned done = 0; done < mapping->batch; done += microbatch) {
		struct map_placed placed = map_place(&plan, number,
		                                     MIN(microbatch, mapping->batch - done));
		struct map_placed full = map_place(&plan, number, microbatch);
		map_shares(&placed, package, &model.network.scratch, model.network.shares);
		cost_compute_totals(package, &placed, model.network.shares, totals);
		add_node_tiles(&placed, phase);
		if (placed.weights == MAP_STREAMED || done == 0)
			map_load(&model.network, &full, phase);
		if (placed.weights == MAP_DISTRIBUTED)
			map_gather(&model.network, &full, phase);
	}
}

/* The totals again from the last node to the first and tile by tile. Without multicast nothing is
 * shared between tiles, so they are the same. */
START_TEST(totals_in_another_order)
{
	random_report((guint32)_i, true);
	struct cost_totals totals = { 0 };
	struct map_phase phase;
	map_phase_init(&phase, package);
	for (unsigned n = workload->node_count; n-- > 0;)
		add_node(n, &phase, &totals);
	cost_phase_totals(&model.network, &phase, &totals);
	map_phase_release(&phase);
	assert_totals(&report.totals, &totals);
}
END_TEST

/* A model that has evaluated other mappings gives the same answer as a new one. */
START_TEST(evaluations_leave_no_trace)
{
	struct cost_report again;
	random_report((guint32)_i, false);
	renew_model();
	cost_evaluate(&model, mapping, &again);
	cost_report_release(&again);
	struct map_plan copy;
	struct map_mapping *other = map_copy(mapping);
	map_plan_init(&copy, other, workload, package);
	double cluster_ns[16];
	for (unsigned s = mapping->segment_count; s-- > 0;) { /* and segments in any order */
		struct cost_segment cost = cost_evaluate_segment(&model, &copy, s, cluster_ns,
		                                                 NULL);
		ck_assert_double_eq(cost.latency_ns, report.segments[s].latency_ns);
		for (unsigned c = 0; c < cost.cluster_count; c++)
			ck_assert_double_eq(
				cluster_ns[c],
				report.cluster_ns[report.segments[s].first_cluster + c]);
	}
	cost_evaluate(&model, other, &again);
	assert_totals(&again.totals, &report.totals);
	ck_assert_double_eq(again.latency_ns, report.latency_ns);
	cost_report_release(&again);
	map_plan_release(&copy);
	map_free(other);
}
END_TEST

/* With whatever parameters, a report says what the mapping would take with neutral ones. */
START_TEST(the_neutral_latency_stands_beside)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	random_report((guint32)_i, false);
	double neutral_ns = report.latency_ns;
	assert_near(report.neutral_ns, neutral_ns);
	for (int p = 0; p < COST_PARAMETERS; p++) {
		const struct cost_parameter_info *info = &cost_parameter_infos[p];
		model.parameters.value[p] = g_rand_double_range(rand, info->low, info->high);
	}
	cost_report_release(&report);
	cost_evaluate(&model, mapping, &report);
	assert_near(report.neutral_ns, neutral_ns);
	ck_assert_double_ne(report.latency_ns, neutral_ns);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cost");
	TCase *hand = tcase_create("by hand"), *all = tcase_create("every mapping");
	tcase_add_checked_fixture(hand, NULL, tear_down);
	tcase_add_test(hand, one_chiplet);
	tcase_add_test(hand, first_tile_of_the_first_input);
	tcase_add_test(hand, two_nodes_in_one_cluster);
	tcase_add_test(hand, two_clusters_and_a_tail);
	tcase_add_test(hand, weights_that_are_not_resident);
	tcase_add_test(hand, a_smaller_tail_still_needs_all_weights);
	tcase_add_test(hand, through_dram_at_a_border);
	tcase_add_test(hand, one_store_serves_all_later_readers);
	tcase_add_test(hand, pool_halo);
	tcase_add_test(hand, the_most_loaded_link_of_a_segment);
	tcase_add_test(hand, energies);
	tcase_add_test(hand, energy_per_channel);
	tcase_add_test(hand, bounds);
	tcase_add_test(hand, bound_of_an_input_that_is_not_read_whole);
	tcase_add_test(hand, sums_of_totals);
	suite_add_tcase(suite, hand);
	tcase_add_checked_fixture(all, NULL, tear_down);
	tcase_add_loop_test(all, times_add_up_and_keep_the_bound, 0, ROUNDS);
	tcase_add_loop_test(all, memory_keeps_the_bound, 0, ROUNDS);
	tcase_add_loop_test(all, work_is_done_once, 0, ROUNDS);
	tcase_add_loop_test(all, totals_in_another_order, 0, ROUNDS);
	tcase_add_loop_test(all, the_neutral_latency_stands_beside, 0, ROUNDS);
	tcase_add_loop_test(all, evaluations_leave_no_trace, 0, ROUNDS / 3);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}

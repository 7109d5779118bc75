/*
 * Where tensors lie in DRAM with interleave nearest: by hand on a row of chiplets, and element by
 * element on random packages and mappings.
 */
#include "search/mapping/stored.h"

#include "search/segments/local_search.h"

#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <string.h>

enum { CHIPLETS = 16, CHANNELS = 3, ROUNDS = UNLESS_SANITIZED(400, 60) };

static struct cost_report report;
static unsigned kernel, stride, pad, groups; /* of b */

static void assert_near(double got, double expected)
{
	ck_assert_double_eq_tol(got, expected, 1e-9 * MAX(1, expected));
}

/* ---- by hand: four chiplets in a row, channels at both ends ---- */

#define WIDE ((struct wl_shape){ 4, 1, 4 })

static void set_up_row(bool unicast)
{
	kernel = stride = groups = 1;
	pad = 0;
	set_up((struct made_package){ .columns = 4,
	                              .rows = 1,
	                              .nearest = true,
	                              .unicast = unicast,
	                              .channels = "[0, 0]; [3, 0]" },
	       WIDE, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
}

static void cost(unsigned batch, const char *notation)
{
	cost_report_release(&report);
	map(batch, notation);
	cost_evaluate(&model, mapping, &report);
	ck_assert_uint_eq(model.network.scratch.used, 0);
}

/* What a micro-batch of b fetches of a: samples * 16 bytes, from which channel. */
static void assert_fetched(unsigned samples, double first, double second)
{
	struct map_phase phase;
	struct map_placed b = map_place(&plan, 1, samples);
	map_phase_init(&phase, package);
	map_fetch(&model.network, &b, MAP_WHOLE, &workload->edges[b.node->edges_in[0]], &phase);
	assert_near(phase.bytes[hw_dram_id(package, 0)], 16 * first);
	assert_near(phase.bytes[hw_dram_id(package, 1)], 16 * second);
	assert_near(phase.dram_read_bytes, 16 * (first + second));
	map_phase_release(&phase);
}

START_TEST(a_reader_elsewhere_crosses_the_package)
{
	set_up_row(false);
	/* The input, 16 weights each and b's output are where they are needed; a's 16 bytes are
	 * three links away. */
	cost(1, "1: 0 = a; 1: 3 = b");
	assert_near(report.totals.nop_byte_hops, 3 * 16);
	assert_near(report.totals.nop_dram_bytes, 16);
	assert_near(report.totals.nop_bytes, 0);
	assert_near(report.totals.dram_read_bytes, 4 * 16);
	/* 50 of the channel, three hops, 16 bytes on links of 10. */
	assert_near(report.nodes[1].traffic_ns, 50 + 3 * 5 + 1.6);
	cost(1, "1: 0 = a; 1: 0 = b");
	assert_near(report.totals.nop_byte_hops, 0);
	/* In one segment nothing is stored but b's output. */
	cost(1, "1: 0 = a | 3 = b");
	assert_near(report.totals.nop_byte_hops, 3 * 16);
	assert_near(report.totals.nop_bytes, 16);
	assert_near(report.totals.nop_dram_bytes, 0);
}
END_TEST

START_TEST(readers_of_one_box_share_it)
{
	static const char both[] = "1: 0 = a; 1: 2 3 = b K2";
	set_up_row(false);
	/* One tree 0>1>2>3 for a's 16 bytes; weights of chiplet 2 (8) and its output (8) cross a
	 * link. */
	cost(1, both);
	assert_near(report.totals.nop_byte_hops, 3 * 16 + 8 + 8);
	assert_near(report.totals.nop_dram_bytes, 2 * 16 + 8 + 8);
	assert_fetched(1, 1, 0);
	set_up_row(true);
	cost(1, both);
	assert_near(report.totals.nop_byte_hops, (2 + 3) * 16 + 8 + 8);
	assert_near(report.totals.nop_dram_bytes, 2 * 16 + 8 + 8);
	assert_fetched(1, 2, 0);
}
END_TEST

START_TEST(boxes_lie_where_they_were_made)
{
	set_up_row(false);
	/* Half of a's channels in each channel; b needs all of them, or the half that b's columns
	 * are. */
	cost(1, "1: 0 3 = a K2; 1: 1 = b");
	assert_fetched(1, 0.5, 0.5);
	cost(1, "1: 3 0 = a Q2; 1: 0 3 = b Q2");
	assert_fetched(1, 0.5, 0.5);
	assert_near(report.nodes[1].traffic_ns, 50 + 15 + 0.8); /* the two cross */
	cost(1, "1: 0 3 = a Q2; 1: 0 3 = b Q2");
	assert_near(report.totals.nop_byte_hops, 0);
}
END_TEST

/* Samples 0 and 1 of every four lie in the first channel, 2 and 3 in the second; of a last three, 0
 * lies in the first. */
START_TEST(samples_lie_where_their_micro_batch_had_them)
{
	set_up_row(false);
	cost(4, "4: 0 3 = a N2; 1: 0 = b");
	assert_fetched(1, 0.5, 0.5);
	cost(4, "4: 0 3 = a N2; 3: 0 = b");
	assert_fetched(3, 2, 1);
	assert_near(map_place(&plan, 1, 1).microbatch, 3);
	assert_fetched(1, 0, 1); /* the last one */
	/* 0 1 | 2 3 | 4 5 | 6 7 8 in batches of 4, 4 and a last one of 1: parts of 0 and 1 of
	 * it. */
	cost(9, "4: 0 3 = a N2; 9: 0 = b");
	assert_fetched(9, 4, 5);
	/* 4 + 3 in threes: 0 1 2, 3 4 5, and 6 alone; 4 in the first, 5 and 6 in the second. */
	cost(7, "4: 0 3 = a N2; 3: 0 = b");
	assert_fetched(3, 1.5, 1.5);
	assert_fetched(1, 0, 1);
}
END_TEST

/* Of 6 channels on 4 chiplets, 1, 2, 1 and 2, the first of two tiles has one on chiplets 1 and 3
 * only: both need all of a, which is one read, whoever stands between them. */
START_TEST(a_run_goes_on_past_empty_shares)
{
	set_up(
		(struct made_package){
			.columns = 4, .rows = 1, .nearest = true, .channels = "[0, 0]; [3, 0]" },
		((struct wl_shape){ 4, 1, 1 }), POINT("a", "in", "4"), POINT("b", "a", "6"), NULL);
	map(1, "1: 0 = a; 1: 0 1 2 3 = b K4 t2");
	struct map_phase phase;
	struct map_placed b = map_place(&plan, 1, 1);
	map_phase_init(&phase, package);
	map_fetch(&model.network, &b, 0, &workload->edges[b.node->edges_in[0]], &phase);
	assert_near(phase.dram_read_bytes, 4);
	assert_near(phase.bytes[hw_eject_id(package, 1)], 4);
	assert_near(phase.bytes[hw_eject_id(package, 2)], 0);
	assert_near(phase.bytes[hw_eject_id(package, 3)], 4);
	map_phase_release(&phase);
}
END_TEST

/* What lies in one channel for all lies nowhere in particular: as with interleave all, to the
 * bit. */
START_TEST(one_channel_for_all)
{
	static const char *const channels[] = { "[1, 0]", "[1, 0]", "[1, 0]; [1, 0]" };
	struct cost_totals expected = { 0 };
	double expected_ns = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(channels); i++) {
		set_up((struct made_package){ .columns = 3,
		                              .rows = 1,
		                              .nearest = i > 0,
		                              .channels = channels[i] },
		       WIDE, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
		ck_assert(!model.network.tensors_have_places);
		cost(5, "4: 0 2 = a N2 t2; 2: 2 1 0 = b Q3");
		if (i == 0) {
			expected = report.totals;
			expected_ns = report.latency_ns;
		}
		ck_assert_double_eq(report.latency_ns, expected_ns);
		ck_assert_int_eq(memcmp(&report.totals, &expected, sizeof expected), 0);
	}
}
END_TEST

/* What refinement makes better is a segment and those that read what it stores: of two, all. */
START_TEST(refinement_thinks_of_the_readers)
{
	static const struct search_freedom freedom = { .longest_cluster = 1 };
	set_up_row(false);
	enum search_split splits[2] = { SEARCH_ISP, SEARCH_ISP };
	struct search_draft drafts[2];
	struct search_local_search refiner;
	struct map_mapping *made = search_empty_mapping(workload, package, 3, NULL, 2);
	search_local_search_init(&refiner, &model, &freedom, 1, made);
	for (unsigned s = 0; s < 2; s++) {
		search_draft_init(&drafts[s], &model);
		drafts[s].first = s;
		drafts[s].end = s + 1;
		drafts[s].samples = 2;
		drafts[s].splits = splits;
		drafts[s].cluster_count = 1;
		drafts[s].clusters[0] = (struct search_draft_cluster){ s, 1, 4 };
		search_draft_outline(&drafts[s], &model, refiner.serpentines[0], 1, made, s);
	}
	double found_ns = search_local_search_run(&refiner, 0, &drafts[0], 0, NULL);
	cost_report_release(&report);
	cost_evaluate(&model, made, &report);
	assert_near(found_ns, report.latency_ns);
	ck_assert_double_lt(search_local_search_run(&refiner, 1, &drafts[1], 0, NULL), found_ns);
	for (unsigned s = 0; s < 2; s++)
		search_draft_release(&drafts[s]);
	search_local_search_release(&refiner);
	map_free(made);
}
END_TEST

/* ---- element by element ---- */

/* Node a, and b that reads it through a window. */
static void random_pair(GRand *rand)
{
	static const char *const channels[] = { "[0, 0]; [1, 1]", "[1, 0]; [0, 1]; [1, 1]",
		                                "[0, 0]; [0, 1]; [0, 0]" };
	struct made_package grid = { .columns = pick(rand, 2, 4),
		                     .rows = pick(rand, 2, 4),
		                     .unicast = g_rand_boolean(rand),
		                     .nearest = true,
		                     .torus = g_rand_boolean(rand),
		                     .channels = channels[pick(rand, 0, 2)] };
	unsigned rows = pick(rand, 3, 6);
	kernel = pick(rand, 1, 3);
	stride = pick(rand, 1, 4);
	pad = pick(rand, 0, kernel - 1);
	groups = pick(rand, 1, 2);
	g_autofree char *layers = g_strdup_printf(
		"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': %u, 'kernel': 1}, "
		"{'name': 'b', 'op': 'conv', 'inputs': ['a'], 'out_channels': %u, 'kernel': %u, "
		"'stride': %u, 'pad': %u, 'groups': %u}",
		2 * pick(rand, 1, 3), 2 * pick(rand, 1, 3), kernel, stride, pad, groups);
	release();
	package = made_package(grid);
	workload = made_workload((struct made_workload){
		.channels = 2, .rows = rows, .columns = pick(rand, 3, 6), .layers = layers });
	cost_model_init(&model, workload, package);
}

/* Two segments of one node, each on some of the chiplets, in any order. */
static void random_mapping_of_pair(GRand *rand)
{
	struct map_mapping *made = g_new0(struct map_mapping, 1);
	made->workload = g_strdup(workload->name);
	made->package = g_strdup(package->name);
	made->batch = pick(rand, 1, 9);
	made->segment_count = 2;
	made->segments = g_new(struct map_segment, 2);
	for (unsigned s = 0; s < 2; s++)
		made->segments[s] = random_segment(rand, s, s + 1, made->batch);
	take_mapping(made);
}

/* Which part of `parts` has position x of [0, extent), and where in it. */
static unsigned part_of(uint32_t extent, unsigned parts, uint32_t x)
{
	unsigned i = 0;
	while (extent * (i + 1) / parts <= x)
		i++;
	return i;
}

/* The chiplet that computes an element; at[MAP_N] is a sample of the batch. */
static unsigned maker(unsigned node, const uint32_t at[MAP_DIMS])
{
	unsigned microbatch = map_place(&plan, node, 1).microbatch;
	unsigned into = at[MAP_N] % microbatch, start = at[MAP_N] - into, number = 0;
	struct map_placed placed = map_place(&plan, node, MIN(microbatch, mapping->batch - start));
	for (int d = 0; d < MAP_DIMS; d++)
		number = number * placed.split[d] + part_of(map_extent(&placed, (enum map_dim)d),
		                                            placed.split[d],
		                                            d == MAP_N ? into : at[d]);
	return placed.region[number];
}

static bool touches(uint32_t out, uint32_t in)
{
	int64_t tap = (int64_t)in - ((int64_t)out * stride - pad);
	return tap >= 0 && tap < kernel;
}

/* Whether b's element `out` reads a's element `in` of the same sample. */
static bool reads(const uint32_t out[MAP_DIMS], const uint32_t in[MAP_DIMS])
{
	const struct wl_node *b = &workload->nodes[1];
	return out[MAP_K] / (b->K / groups) == in[MAP_K] / (workload->nodes[0].K / groups) &&
	       touches(out[MAP_P], in[MAP_P]) && touches(out[MAP_Q], in[MAP_Q]);
}

static bool next_element(unsigned node, uint32_t at[MAP_DIMS])
{
	const struct wl_shape *shape = &workload->nodes[node].output;
	const uint32_t extents[MAP_DIMS] = { 0, shape->channels, shape->rows, shape->columns };
	for (int d = MAP_Q; d > MAP_N; d--) {
		if (++at[d] < extents[d])
			return true;
		at[d] = 0;
	}
	return false;
}

static unsigned channel_of(unsigned chiplet)
{
	unsigned best = 0;
	for (unsigned i = 1; i < package->dram_count; i++)
		if (hw_hops(package, package->dram[i].at, chiplet) <
		    hw_hops(package, package->dram[best].at, chiplet))
			best = i;
	return best;
}

/* Bytes of a's output by channel: stored, needed by anybody, needed by each chiplet. */
struct count {
	unsigned stored[CHANNELS], needed[CHANNELS], read[CHANNELS][CHIPLETS];
};

static void count_elements(struct count *count)
{
	memset(count, 0, sizeof *count);
	for (unsigned sample = 0; sample < mapping->batch; sample++) {
		uint32_t in[MAP_DIMS] = { sample };
		do {
			uint32_t out[MAP_DIMS] = { sample };
			bool needs[CHIPLETS] = { false }, needed = false;
			unsigned channel = channel_of(maker(0, in));
			do {
				if (!reads(out, in))
					continue;
				needs[maker(1, out)] = true;
				needed = true;
			} while (next_element(1, out));
			count->stored[channel]++;
			count->needed[channel] += needed;
			for (unsigned c = 0; c < CHIPLETS; c++)
				count->read[channel][c] += needs[c];
		} while (next_element(0, in));
	}
}

/* All that b fetches of a: its full micro-batches and the last one, whole or tile by tile. */
static void fetch_all(bool by_tiles, struct map_phase *sum)
{
	unsigned microbatch = mapping->segments[1].microbatch, tiles = 1;
	for (unsigned done = 0; done < mapping->batch; done += microbatch) {
		struct map_placed b = map_place(&plan, 1, MIN(microbatch, mapping->batch - done));
		const struct wl_edge *edge = &workload->edges[b.node->edges_in[0]];
		if (by_tiles)
			map_tile_dim(&b, &tiles);
		for (unsigned t = 0; t < tiles; t++)
			map_fetch(&model.network, &b, by_tiles ? t : MAP_WHOLE, edge, sum);
	}
	ck_assert_uint_eq(model.network.scratch.used, 0);
}

static void assert_counted(const struct count *count, const struct map_phase *phase)
{
	double byte_hops = 0, over_links = 0;
	unsigned chiplets = hw_chiplet_count(package);
	for (unsigned i = 0; i < package->dram_count; i++) {
		double read = phase->bytes[hw_dram_id(package, i)], each = 0;
		for (unsigned c = 0; c < chiplets; c++) {
			unsigned hops = hw_hops(package, package->dram[i].at, c);
			each += count->read[i][c];
			byte_hops += (double)hops * count->read[i][c];
			over_links += hops > 0 ? count->read[i][c] : 0;
		}
		if (!package->nop.multicast)
			assert_near(read, each);
		ck_assert_double_le(read, each + 1e-9);
		ck_assert_double_ge(read, count->needed[i] - 1e-9);
		ck_assert_uint_le(count->needed[i], count->stored[i]);
	}
	for (unsigned c = 0; c < chiplets; c++) {
		double got = 0;
		for (unsigned i = 0; i < package->dram_count; i++)
			got += count->read[i][c];
		assert_near(phase->bytes[hw_eject_id(package, c)], got);
	}
	assert_near(phase->dram_link_bytes, over_links);
	if (!package->nop.multicast)
		assert_near(map_phase_links(&model.network, phase).byte_hops, byte_hops);
	else
		ck_assert_double_le(map_phase_links(&model.network, phase).byte_hops,
		                    byte_hops + 1e-9);
}

START_TEST(element_by_element)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	struct count count;
	struct map_phase whole, tiles;
	random_pair(rand);
	random_mapping_of_pair(rand);
	count_elements(&count);
	map_phase_init(&whole, package);
	map_phase_init(&tiles, package);
	fetch_all(false, &whole);
	fetch_all(true, &tiles);
	assert_counted(&count, &whole);
	assert_counted(&count, &tiles);
	/* And what was stored, by channel. */
	map_phase_clear(&tiles);
	unsigned microbatch = mapping->segments[0].microbatch;
	for (unsigned done = 0; done < mapping->batch; done += microbatch) {
		struct map_placed a = map_place(&plan, 0, MIN(microbatch, mapping->batch - done));
		map_store(&model.network, &a, MAP_WHOLE, &tiles);
	}
	for (unsigned i = 0; i < package->dram_count; i++)
		assert_near(tiles.written_bytes[i], count.stored[i]);
	map_phase_release(&whole);
	map_phase_release(&tiles);
}
END_TEST

/* A batch and micro-batches of any size: sample by sample. */
START_TEST(samples_one_by_one)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	unsigned batch = pick(rand, 1, 400);
	set_up_row(false);
	struct map_mapping *made = g_new0(struct map_mapping, 1);
	made->workload = g_strdup(workload->name);
	made->package = g_strdup(package->name);
	made->batch = batch;
	made->segment_count = 2;
	made->segments = g_new(struct map_segment, 2);
	for (unsigned s = 0; s < 2; s++) {
		struct map_segment *segment = &made->segments[s];
		*segment = random_segment(rand, s, s + 1, pick(rand, 1, batch));
		unsigned *split = segment->clusters[0].nodes[0].split;
		unsigned most = MIN(segment->clusters[0].region_size, segment->microbatch);
		split[MAP_K] = split[MAP_P] = split[MAP_Q] = 1;
		split[MAP_N] = pick(rand, 1, most);
	}
	take_mapping(made);
	struct count count;
	struct map_phase sum;
	count_elements(&count);
	map_phase_init(&sum, package);
	fetch_all(false, &sum);
	assert_counted(&count, &sum);
	map_phase_release(&sum);
}
END_TEST

static void clean_up(void)
{
	cost_report_release(&report);
	release();
}

int main(void)
{
	Suite *suite = suite_create("stored");
	TCase *tests = tcase_create("stored");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, NULL, clean_up);
	tcase_add_test(tests, a_reader_elsewhere_crosses_the_package);
	tcase_add_test(tests, readers_of_one_box_share_it);
	tcase_add_test(tests, boxes_lie_where_they_were_made);
	tcase_add_test(tests, samples_lie_where_their_micro_batch_had_them);
	tcase_add_test(tests, a_run_goes_on_past_empty_shares);
	tcase_add_test(tests, one_channel_for_all);
	tcase_add_test(tests, refinement_thinks_of_the_readers);
	tcase_add_loop_test(tests, element_by_element, 0, ROUNDS);
	tcase_add_loop_test(tests, samples_one_by_one, 0, ROUNDS / 4);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

/*
 * Numbers of tiles: against trying all of them, one by one, on random mappings, and by hand where
 * more of them need more room.
 */
#include "search/segments/tiles.h"
#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <math.h>

enum { SCENES = UNLESS_SANITIZED(400, 40), MOST_NODES = 3 };

/* Bytes that cluster c needs with its tiles as they are. */
static uint64_t need(unsigned s, unsigned c)
{
	struct map_buffer_use use;
	map_buffer_use(&plan, s, c, &model.network.scratch, &use);
	return use.activation_bytes;
}

/* The least of all tiles of nodes from position `i` on, by plain recursion. */
static uint64_t least_need(unsigned s, unsigned c, unsigned i)
{
	struct map_cluster *cluster = &mapping->segments[s].clusters[c];
	uint64_t least = UINT64_MAX;
	if (i == cluster->node_count)
		return need(s, c);
	unsigned most = search_most_tiles(&plan, s, c);
	for (cluster->nodes[i].tiles = 1; cluster->nodes[i].tiles <= most;
	     cluster->nodes[i].tiles++)
		least = MIN(least, least_need(s, c, i + 1));
	return least;
}

static void set_buffers(uint64_t bytes)
{
	for (unsigned t = 0; t < package->type_count; t++)
		package->types[t].activation_buffer_bytes = bytes;
}

static void draw_tiles(GRand *rand, struct map_cluster *cluster)
{
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i].tiles = pick(rand, 1, 5);
}

/* What is found fits where anything does, to the byte; where nothing does, it needs least. */
static void check_cluster(GRand *rand, unsigned s, unsigned c)
{
	struct map_cluster *cluster = &mapping->segments[s].clusters[c];
	uint64_t least = least_need(s, c, 0);
	const uint64_t buffers[] = { least - 1, least, least + pick(rand, 0, 500) };
	for (unsigned b = 0; b < G_N_ELEMENTS(buffers); b++) {
		set_buffers(buffers[b]);
		draw_tiles(rand, cluster);
		bool fits = search_fit_tiles(&plan, s, c, &model.network.scratch);
		ck_assert_uint_eq(model.network.scratch.used, 0);
		ck_assert(fits == (buffers[b] >= least));
		if (fits)
			ck_assert_uint_le(need(s, c), buffers[b]);
		else
			ck_assert_uint_eq(need(s, c), least);
	}
}

START_TEST(whatever_fits_is_found)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	for (unsigned i = 0; i < SCENES; i++) {
		random_scene(rand, pick(rand, 1, 5));
		random_map(rand);
		for (unsigned s = 0; s < mapping->segment_count; s++)
			for (unsigned c = 0; c < mapping->segments[s].cluster_count; c++)
				if (mapping->segments[s].clusters[c].node_count <= MOST_NODES)
					check_cluster(rand, s, c);
	}
}
END_TEST

/* What fits stays as it is; what does not is doubled, all nodes of the cluster together. */
START_TEST(doubled_until_it_fits)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 32, 1 },
	       POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	map(1, "1: 0 = a t3, b t1");
	/* 32 rows of 4 channels: tiles of a have 11 rows, so 88 for two and as many of the output;
	 * b's input is held whole, and two of its outputs of 32 rows. */
	uint64_t bytes = need(0, 0);
	ck_assert_uint_eq(bytes, 2 * 4 * 11 + 4 * 32 + 2 * 4 * 32);
	set_buffers(bytes);
	ck_assert(search_fit_tiles(&plan, 0, 0, &model.network.scratch));
	ck_assert_uint_eq(mapping->segments[0].clusters[0].nodes[0].tiles, 3);
	set_buffers(bytes - 1);
	ck_assert(search_fit_tiles(&plan, 0, 0, &model.network.scratch));
	ck_assert_uint_eq(mapping->segments[0].clusters[0].nodes[0].tiles, 6);
	ck_assert_uint_eq(mapping->segments[0].clusters[0].nodes[1].tiles, 2);
	/* All of 1 x 1: input 8, b's whole input 128, output 8. */
	set_buffers(8 + 128 + 8);
	ck_assert(search_fit_tiles(&plan, 0, 0, &model.network.scratch));
	set_buffers(8 + 128 + 7);
	ck_assert(!search_fit_tiles(&plan, 0, 0, &model.network.scratch));
}
END_TEST

/* 4 rows of 2 columns, 64 channels to 9: up to 4 tiles are of rows, from 5 on they are of channels,
 * and the whole input is there twice. Doubling from 3 tiles, of two rows, leads to 6. */
START_TEST(more_tiles_may_need_more)
{
	set_up((struct made_package){ .columns = 1, .rows = 1 }, (struct wl_shape){ 64, 4, 2 },
	       POINT("a", "in", "9"), NULL);
	map(1, "1: 0 = a t3");
	ck_assert_uint_eq(need(0, 0), 2 * 2 * 2 * 64 + 2 * 2 * 2 * 9);
	set_buffers(2 * 2 * 64 + 2 * 2 * 9); /* 4 tiles of one row; 6 and 12 do not fit */
	ck_assert(search_fit_tiles(&plan, 0, 0, &model.network.scratch));
	ck_assert_uint_eq(mapping->segments[0].clusters[0].nodes[0].tiles, 4);
	set_buffers(2 * 2 * 64 + 2 * 2 * 9 - 1);
	ck_assert(!search_fit_tiles(&plan, 0, 0, &model.network.scratch));
}
END_TEST

/* A row after the other: no number of tiles makes a node smaller than single elements do. */
START_TEST(finest_tiles)
{
	static const unsigned by_hand[] = { 2, 7, 9 };
	unsigned tiles[MAP_DIMS];
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 14, 5 },
	       POINT("a", "in", "9"), NULL);
	map(2, "2: 0 1 = a P2"); /* 2 samples, 7 rows, 5 columns, 9 channels */
	struct map_placed placed = map_place(&plan, 0, 2);
	ck_assert_uint_eq(map_finest_tiles(&placed, tiles), 3);
	ck_assert_mem_eq(tiles, by_hand, sizeof by_hand);
	ck_assert_uint_eq(search_most_tiles(&plan, 0, 0), 9);
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);
	for (unsigned i = 0; i < SCENES; i++) {
		random_scene(rand, 2);
		random_map(rand);
		unsigned n = pick(rand, 0, workload->node_count - 1);
		unsigned samples = mapping->segments[plan.nodes[n].segment].microbatch;
		placed = map_place(&plan, n, samples);
		unsigned count = map_finest_tiles(&placed, tiles), w = 0;
		for (unsigned t = 1; t <= tiles[count - 1]; t++) {
			struct map_scratch *scratch = &model.network.scratch;
			unsigned parts, finest_parts;
			w += t > tiles[w];
			placed.tiles = t;
			enum map_dim dim = map_tile_dim(&placed, &parts);
			struct map_tile_use use = map_tile_use(&plan, &placed, scratch);
			placed.tiles = tiles[w];
			ck_assert_int_eq((int)dim, (int)map_tile_dim(&placed, &finest_parts));
			struct map_tile_use finest = map_tile_use(&plan, &placed, scratch);
			ck_assert_uint_le(finest.input_bytes, use.input_bytes);
			ck_assert_uint_le(finest.output_bytes, use.output_bytes);
		}
	}
}
END_TEST

/* The largest tile's input, tile after tile. */
START_TEST(largest_tile)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(9);
	struct map_scratch *scratch = &model.network.scratch;
	for (unsigned i = 0; i < SCENES; i++) {
		random_scene(rand, 2);
		random_map(rand);
		unsigned n = pick(rand, 0, workload->node_count - 1), count;
		unsigned samples = mapping->segments[plan.nodes[n].segment].microbatch;
		struct map_placed placed = map_place(&plan, n, samples);
		placed.tiles = pick(rand, 1, 14);
		map_tile_dim(&placed, &count);
		for (unsigned e = 0; e < placed.node->edge_in_count; e++) {
			const struct wl_edge *edge = &workload->edges[placed.node->edges_in[e]];
			uint64_t most = 0;
			for (unsigned t = 0; t < count; t++) {
				struct map_grid output, input;
				unsigned mark = scratch->used;
				map_tile_grid(&placed, t, scratch, &output);
				map_need_grid(&placed, edge, &output, scratch, &input);
				most = MAX(most, map_largest_box(&input));
				scratch->used = mark;
			}
			ck_assert_uint_eq(map_tile_input_bytes(&placed, edge, scratch),
			                  most * workload->activation_bytes);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tiles");
	TCase *tcase = tcase_create("tiles");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, NULL, release);
	tcase_add_test(tcase, whatever_fits_is_found);
	tcase_add_test(tcase, doubled_until_it_fits);
	tcase_add_test(tcase, more_tiles_may_need_more);
	tcase_add_test(tcase, finest_tiles);
	tcase_add_test(tcase, largest_tile);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}

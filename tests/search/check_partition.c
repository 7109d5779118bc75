/* Shares: which box of a node's output each chiplet makes, in which tiles. */
#include "tests/search/partition_fixture.h"
#include "tests/support/suite.h"

static uint64_t grid_volume(const struct map_grid *grid)
{
	unsigned index[MAP_DIMS], parts = 1;
	uint64_t sum = 0;
	for (int d = 0; d < MAP_DIMS; d++)
		parts *= grid->parts[d];
	for (unsigned i = 0; i < parts; i++) {
		map_unflatten(grid, i, index);
		sum += map_volume(grid, index);
	}
	return sum;
}

/* Parts follow each other from 0 to `extent`. */
static void assert_partition(const struct map_grid *grid, enum map_dim dim, uint32_t extent)
{
	uint32_t end = 0;
	for (unsigned i = 0; i < grid->parts[dim]; i++) {
		if (!map_length(grid->part[dim][i]))
			continue;
		ck_assert_uint_eq(grid->part[dim][i].lo, end);
		end = grid->part[dim][i].hi;
	}
	ck_assert_uint_eq(end, extent);
}

/* Output boxes and tiles */

START_TEST(parts_are_even)
{
	for (uint32_t extent = 0; extent < 50; extent++)
		for (unsigned parts = 1; parts < 20; parts++) {
			uint32_t end = 0;
			for (unsigned i = 0; i < parts; i++) {
				struct map_interval part = map_part(extent, parts, i);
				ck_assert_uint_eq(part.lo, end);
				ck_assert_uint_ge(map_length(part), extent / parts);
				ck_assert_uint_le(map_length(part), (extent + parts - 1) / parts);
				end = part.hi;
			}
			ck_assert_uint_eq(end, extent);
		}
	/* No overflow on the way: the product of extent and index exceeds 32 bits. */
	ck_assert_uint_eq(map_part(UINT32_MAX, 1000, 999).hi, UINT32_MAX);
}
END_TEST

START_TEST(boxes_are_numbered_n_k_p_q)
{
	load(4, 7, 9,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 10, 'kernel': 1}");
	struct map_placed placed = place(0, 4, 2, 3, 2, 4);
	struct map_grid grid;
	unsigned index[MAP_DIMS];
	map_output_grid(&placed, &scratch, &grid);
	ck_assert_uint_eq(map_parts(&placed), 48);
	ck_assert_uint_eq(map_extent(&placed, MAP_N), 4);
	ck_assert_uint_eq(map_extent(&placed, MAP_K), 10);
	ck_assert_uint_eq(map_extent(&placed, MAP_P), 7);
	ck_assert_uint_eq(map_extent(&placed, MAP_Q), 9);
	assert_parts(&grid, MAP_N, "0-2 2-4");
	assert_parts(&grid, MAP_K, "0-3 3-6 6-10");
	assert_parts(&grid, MAP_P, "0-3 3-7");
	assert_parts(&grid, MAP_Q, "0-2 2-4 4-6 6-9");
	/* Box 43 = ((1 * 3 + 2) * 2 + 0) * 4 + 3. */
	map_unflatten(&grid, 43, index);
	ck_assert_uint_eq(index[MAP_N], 1);
	ck_assert_uint_eq(index[MAP_K], 2);
	ck_assert_uint_eq(index[MAP_P], 0);
	ck_assert_uint_eq(index[MAP_Q], 3);
	ck_assert_uint_eq(map_volume(&grid, index), 2 * 4 * 3 * 3);
	ck_assert_uint_eq(grid_volume(&grid), 4 * 10 * 7 * 9);
}
END_TEST

static const struct tiling {
	unsigned samples, split[MAP_DIMS], tiles;
	enum map_dim dim;
	unsigned count;
	unsigned microbatch;
} tilings[] = {
	/* The output is K 12, P 6, Q 10. */
	{ 4, { 1, 1, 1, 1 }, 1, MAP_N, 1, 0 },
	{ 4, { 1, 1, 1, 1 }, 4, MAP_N, 4, 0 }, /* just enough samples */
	{ 4, { 1, 1, 1, 1 }, 5, MAP_P, 5, 0 }, /* one too few */
	{ 4, { 2, 1, 1, 1 }, 4, MAP_P, 4, 0 }, /* two samples a share */
	{ 3, { 2, 1, 1, 1 }, 2, MAP_N, 2, 0 }, /* the largest share counts: 2 of 1 and 2 */
	{ 1, { 1, 1, 2, 1 }, 4, MAP_Q, 4, 0 }, /* three rows a share */
	{ 1, { 1, 1, 1, 1 }, 11, MAP_K, 11, 0 },
	{ 1, { 1, 2, 1, 1 }, 11, MAP_Q, 10, 0 }, /* nothing has 11: the most has Q */
	{ 1, { 1, 2, 2, 2 }, 7, MAP_K, 6, 0 },   /* 1, 3, 5, 6 */
	{ 1, { 1, 2, 1, 2 }, 100, MAP_P, 6, 0 }, /* 1, 6, 5, 6: the first of the equal ones */
	{ 50, { 1, 1, 1, 1 }, 100, MAP_N, 50, 0 },
	/* A last micro-batch of one sample is cut the way the full ones of four are. */
	{ 1, { 1, 1, 1, 1 }, 4, MAP_N, 4, 4 },
	{ 1, { 1, 1, 1, 1 }, 5, MAP_P, 5, 4 },
};

/* Chiplets 0 and 2 as they are (16 MACs per ns), 1 and 3 with half the clock. */
static struct hw_package *uneven_package(void)
{
	struct hw_package *uneven = made_package((struct made_package){ .columns = 4, .rows = 1 });
	uneven->types = g_renew(struct hw_chiplet_type, uneven->types, 2);
	uneven->types[1] = uneven->types[0];
	uneven->types[1].name = g_strdup("slow");
	uneven->types[1].clock_GHz = 0.5;
	uneven->type_count = 2;
	uneven->type_of[1] = uneven->type_of[3] = 1;
	return uneven;
}

/*
 * 12 rows over speeds 16, 8, 16, 8: borders at 12 * 16/48, 24/48, 40/48. K in 2 parts beside P in
 * 2: each K part has a fast and a slow chiplet, the first P part both fast ones.
 */
START_TEST(parts_by_speed)
{
	struct map_grid grid;
	struct hw_package *uneven = uneven_package();
	load(4, 12, 5,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 8, 'kernel': 1}");
	struct map_placed placed = place(0, 1, 1, 1, 4, 1);
	placed.by_speed = uneven;
	map_output_grid(&placed, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-4 4-6 6-10 10-12");
	ck_assert_uint_eq(map_longest_part(&placed, MAP_P, 12), 4);
	placed = place(0, 1, 1, 2, 2, 1);
	map_output_grid(&placed, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-6 6-12");
	placed.by_speed = uneven;
	map_output_grid(&placed, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-8 8-12");
	assert_parts(&grid, MAP_K, "0-4 4-8");
	assert_parts(&grid, MAP_Q, "0-5");
	scratch.used = 0;
	hw_package_free(uneven);
}
END_TEST

/* Of equal chiplets, speed gives every extent the even parts. */
START_TEST(equal_speeds_are_even)
{
	struct hw_package *even = made_package((struct made_package){ .columns = 8, .rows = 8 });
	even->types[0].clock_GHz = 1.1;
	for (unsigned rows = 1; rows < 80; rows++) {
		load(1, rows, 1,
		     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 1, 'kernel': "
		     "1}");
		for (unsigned parts = 1; parts <= 64; parts++) {
			struct map_grid grid;
			struct map_placed placed = place(0, 1, 1, 1, parts, 1);
			placed.by_speed = even;
			map_output_grid(&placed, &scratch, &grid);
			for (unsigned i = 0; i < parts; i++)
				ck_assert_uint_eq(grid.part[MAP_P][i].hi,
				                  map_part(rows, parts, i).hi);
			scratch.used = 0;
		}
	}
	hw_package_free(even);
}
END_TEST

START_TEST(tile_dimension)
{
	const struct tiling *t = &tilings[_i];
	unsigned count;
	load(4, 6, 10,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 12, 'kernel': 1}");
	struct map_placed placed = place(0, t->samples, t->split[0], t->split[1], t->split[2],
	                                 t->split[3]);
	placed.tiles = t->tiles;
	placed.microbatch = t->microbatch;
	ck_assert_int_eq(map_tile_dim(&placed, &count), t->dim);
	ck_assert_uint_eq(count, t->count);
}
END_TEST

START_TEST(tiles_by_hand)
{
	load(4, 7, 4,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1}");
	struct map_placed placed = place(0, 1, 1, 1, 2, 1);
	struct map_grid grid;
	placed.tiles = 2; /* rows 0-3 and 3-7, in halves */
	map_tile_grid(&placed, 0, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-1 3-5");
	assert_parts(&grid, MAP_Q, "0-4");
	map_tile_grid(&placed, 1, &scratch, &grid);
	assert_parts(&grid, MAP_P, "1-3 5-7");
	map_prefix_grid(&placed, 1, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-1 3-5");
	map_prefix_grid(&placed, 2, &scratch, &grid);
	assert_parts(&grid, MAP_P, "0-3 3-7");
	map_prefix_grid(&placed, 0, &scratch, &grid);
	ck_assert_uint_eq(grid_volume(&grid), 0);
}
END_TEST

START_TEST(tiles_of_a_smaller_last_microbatch)
{
	load(4, 7, 4,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1}");
	struct map_placed placed = place(0, 2, 1, 1, 1, 1);
	struct map_grid grid;
	uint64_t sum = 0;
	placed.tiles = placed.microbatch = 4; /* samples 0 and 1 in four tiles: two are empty */
	for (unsigned t = 0; t < 4; t++) {
		scratch.used = 0;
		map_tile_grid(&placed, t, &scratch, &grid);
		ck_assert_uint_eq(grid.part[MAP_N][0].lo, t / 2);
		ck_assert_uint_eq(map_length(grid.part[MAP_N][0]), t % 2);
		sum += grid_volume(&grid);
	}
	ck_assert_uint_eq(sum, 2 * 4 * 7 * 4);
}
END_TEST

START_TEST(tiles_partition_shares)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	load(4, 6, 10,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 12, 'kernel': 1}");
	for (int round = 0; round < 500; round++) {
		unsigned n = (unsigned)g_rand_int_range(rand, 1, 3), count;
		unsigned k = (unsigned)g_rand_int_range(rand, 1, 5);
		unsigned p = (unsigned)g_rand_int_range(rand, 1, 4);
		unsigned q = (unsigned)g_rand_int_range(rand, 1, 3);
		struct map_placed placed = place(0, (unsigned)g_rand_int_range(rand, 1, 6), n, k, p,
		                                 q);
		placed.tiles = (unsigned)g_rand_int_range(rand, 1, 16);
		placed.microbatch = placed.samples + (unsigned)g_rand_int_range(rand, 0, 3);
		enum map_dim dim = map_tile_dim(&placed, &count);
		struct map_grid whole, tile, prefix;
		scratch.used = 0;
		map_output_grid(&placed, &scratch, &whole);
		uint64_t sum = 0;
		for (unsigned t = 0; t < count; t++) {
			unsigned mark = scratch.used;
			map_tile_grid(&placed, t, &scratch, &tile);
			map_prefix_grid(&placed, t, &scratch, &prefix);
			ck_assert_uint_eq(grid_volume(&prefix), sum);
			for (unsigned i = 0; i < whole.parts[dim]; i++) {
				struct map_interval share = whole.part[dim][i];
				ck_assert_uint_eq(prefix.part[dim][i].lo, share.lo);
				ck_assert_uint_eq(prefix.part[dim][i].hi, tile.part[dim][i].lo);
				ck_assert_uint_le(tile.part[dim][i].hi, share.hi);
			}
			sum += grid_volume(&tile);
			scratch.used = mark;
		}
		ck_assert_uint_eq(sum, grid_volume(&whole));
	}
}
END_TEST

/* MAC boxes behind fused pooling */

static const struct pooling {
	const char *pool; /* attributes */
	unsigned rows, parts;
	const char *output, *owned, *reached;
	bool halo;
} poolings[] = {
	{ "'kernel': 2, 'stride': 2", 8, 2, "0-2 2-4", "0-4 4-8", "0-4 4-8", false },
	{ "'kernel': 2, 'stride': 2", 8, 3, "0-1 1-2 2-4", "0-2 2-4 4-8", "0-2 2-4 4-8", false },
	/* The fifth row is in no window; whoever has the last box makes it nevertheless. */
	{ "'kernel': 2, 'stride': 2", 5, 2, "0-1 1-2", "0-2 2-5", "0-2 2-4", false },
	/* Windows 0-3 2-5 4-7 6-9. */
	{ "'kernel': 3, 'stride': 2", 9, 2, "0-2 2-4", "0-4 4-9", "0-5 4-9", true },
	{ "'kernel': 3, 'stride': 2", 9, 4, "0-1 1-2 2-3 3-4", "0-2 2-4 4-6 6-9", "0-3 2-5 4-7 6-9",
	  true },
	/* Windows -1-2 1-4 3-6 5-8. */
	{ "'kernel': 3, 'stride': 2, 'pad': 1", 8, 2, "0-2 2-4", "0-3 3-8", "0-4 3-8", true },
	{ "'kernel': 3, 'stride': 1, 'pad': 1", 6, 3, "0-2 2-4 4-6", "0-1 1-3 3-6", "0-3 1-5 3-6",
	  true },
	/* Rounding up: windows 0-2 2-4 4-5. */
	{ "'kernel': 2, 'stride': 2, 'ceil': true", 5, 3, "0-1 1-2 2-3", "0-2 2-4 4-5",
	  "0-2 2-4 4-5", false },
};

START_TEST(mac_boxes_behind_a_pool)
{
	const struct pooling *t = &poolings[_i];
	g_autofree char *layers = g_strdup_printf(
		"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
		"{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], %s}",
		t->pool);
	struct map_grid output, owned, reached;

	load(4, t->rows, t->rows, layers);
	ck_assert(map_has_pool_halo(&workload->nodes[0]) == t->halo);
	for (int d = MAP_P; d <= MAP_Q; d++) {
		struct map_placed placed = place(0, 2, 1, 2, d == MAP_P ? t->parts : 1,
		                                 d == MAP_Q ? t->parts : 1);
		scratch.used = 0;
		map_output_grid(&placed, &scratch, &output);
		map_mac_grid(&placed, &output, true, &scratch, &owned);
		map_mac_grid(&placed, &output, false, &scratch, &reached);
		assert_parts(&output, (enum map_dim)d, t->output);
		assert_parts(&owned, (enum map_dim)d, t->owned);
		assert_parts(&reached, (enum map_dim)d, t->reached);
		assert_parts(&owned, MAP_K, "0-2 2-4");
		assert_parts(&reached, MAP_N, "0-2");
	}
}
END_TEST

START_TEST(mac_boxes_without_a_pool_are_output_boxes)
{
	struct map_grid output, owned;
	load(4, 7, 7,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1}");
	struct map_placed placed = place(0, 1, 1, 1, 3, 2);
	map_output_grid(&placed, &scratch, &output);
	map_mac_grid(&placed, &output, true, &scratch, &owned);
	assert_parts(&owned, MAP_P, "0-2 2-4 4-7");
	assert_parts(&owned, MAP_Q, "0-3 3-7");
	ck_assert(!map_has_pool_halo(&workload->nodes[0]));
}
END_TEST

START_TEST(global_pool_owns_everything)
{
	struct map_grid output, owned;
	load(4, 7, 5,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
	     "{'name': 'pool', 'op': 'global_pool', 'inputs': ['a']}");
	struct map_placed placed = place(0, 1, 1, 2, 1, 1);
	map_output_grid(&placed, &scratch, &output);
	map_mac_grid(&placed, &output, true, &scratch, &owned);
	assert_parts(&output, MAP_P, "0-1");
	assert_parts(&owned, MAP_P, "0-7");
	assert_parts(&owned, MAP_Q, "0-5");
	ck_assert(!map_has_pool_halo(&workload->nodes[0]));
}
END_TEST

START_TEST(owned_boxes_partition_the_mac_outputs)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);
	for (int round = 0; round < 300; round++) {
		unsigned kernel = (unsigned)g_rand_int_range(rand, 1, 5), count;
		g_autofree char *layers = g_strdup_printf(
			"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 2, "
			"'kernel': 1},"
			"{'name': 'pool', 'op': 'average_pool', 'inputs': ['a'], 'kernel': %u, "
			"'stride': %d, 'pad': %d, 'ceil': %s}",
			kernel, g_rand_int_range(rand, 1, 5),
			g_rand_int_range(rand, 0, (int)kernel),
			g_rand_boolean(rand) ? "true" : "false");
		load(2, (unsigned)g_rand_int_range(rand, 6, 20), 6, layers);
		struct map_grid whole, tile, owned, reached;
		struct map_placed placed = place(0, 1, 1, 1, 1, 1);
		uint32_t rows = workload->nodes[0].output.rows;
		placed = place(0, 1, 1, 1,
		               (unsigned)g_rand_int_range(rand, 1, (int)MIN(rows, 8) + 1), 1);
		placed.tiles = (unsigned)g_rand_int_range(rand, 1, 4);
		scratch.used = 0;
		map_output_grid(&placed, &scratch, &whole);
		map_mac_grid(&placed, &whole, true, &scratch, &owned);
		map_mac_grid(&placed, &whole, false, &scratch, &reached);
		assert_partition(&owned, MAP_P, workload->nodes[0].P);
		/* Nobody needs more than its own and its halo; tiles own what the share owns. */
		uint64_t sum = 0;
		map_tile_dim(&placed, &count);
		for (unsigned t = 0; t < count; t++) {
			unsigned mark = scratch.used;
			struct map_grid tile_owned;
			map_tile_grid(&placed, t, &scratch, &tile);
			map_mac_grid(&placed, &tile, true, &scratch, &tile_owned);
			sum += grid_volume(&tile_owned);
			scratch.used = mark;
		}
		ck_assert_uint_eq(sum, grid_volume(&owned));
		if (!map_has_pool_halo(&workload->nodes[0]))
			for (unsigned i = 0; i < whole.parts[MAP_P]; i++) {
				ck_assert_uint_ge(reached.part[MAP_P][i].lo,
				                  owned.part[MAP_P][i].lo);
				ck_assert_uint_le(reached.part[MAP_P][i].hi,
				                  owned.part[MAP_P][i].hi);
			}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tests = tcase_create("share");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, parts_are_even);
	tcase_add_test(tests, boxes_are_numbered_n_k_p_q);
	tcase_add_test(tests, parts_by_speed);
	tcase_add_test(tests, equal_speeds_are_even);
	tcase_add_loop_test(tests, tile_dimension, 0, G_N_ELEMENTS(tilings));
	tcase_add_test(tests, tiles_by_hand);
	tcase_add_test(tests, tiles_of_a_smaller_last_microbatch);
	tcase_add_test(tests, tiles_partition_shares);
	tcase_add_loop_test(tests, mac_boxes_behind_a_pool, 0, G_N_ELEMENTS(poolings));
	tcase_add_test(tests, mac_boxes_without_a_pool_are_output_boxes);
	tcase_add_test(tests, global_pool_owns_everything);
	tcase_add_test(tests, owned_boxes_partition_the_mac_outputs);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

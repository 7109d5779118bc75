/*
 * Question: do the boxes of a split cost what the groups of their channels cost? Boxes as long as
 * each other may cut groups at different places; each is held against a count of its own.
 */
#include "tests/search/partition_fixture.h"
#include "tests/support/suite.h"

static struct map_share shares[CHIPLETS];
static struct hw_package *package;

static void set_up_package(void)
{
	set_up();
	package = made_package((struct made_package){ .columns = 8, .rows = 8 });
}

static void tear_down_package(void)
{
	hw_package_free(package);
	tear_down();
}

/* 56 channels in seven groups of 8 on eight chiplets, seven channels each: 7-14 has one of group 0
 * and six of group 1, 21-28 three and four. With C 1, 10 x 10 pixels, a 3 x 3 kernel and K 4 x C 4
 * four channels of a group take 900 cycles. */
START_TEST(equal_lengths_may_cut_groups_differently)
{
	static const double cycles[] = { 1800, 2700, 2700, 1800, 1800, 2700, 2700, 1800 };
	load(7, 10, 10,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 56, 'kernel': 3, "
	     "'pad': 1, 'groups': 7}");
	struct map_placed placed = place(0, 1, 1, 8, 1, 1);
	ck_assert_double_eq(map_shares(&placed, package, &scratch, shares), 2700);
	for (unsigned i = 0; i < 8; i++) {
		ck_assert_double_eq(shares[i].cycles, cycles[i]);
		ck_assert_uint_eq(shares[i].macs, 7 * 100 * 9);
	}
	package->types[0].array.own_inputs = true;
	ck_assert_double_eq(map_shares(&placed, package, &scratch, shares), 1800);
}
END_TEST

/* One channel after the other; where the group changes a new product begins. */
static uint64_t count_box(const struct hw_array *array, const struct wl_node *node,
                          const struct map_interval part[MAP_DIMS])
{
	uint64_t extent[HW_PRODUCT_DIMS] = {
		map_length(part[MAP_N]), 0,       node->C, map_length(part[MAP_P]),
		map_length(part[MAP_Q]), node->R, node->S
	};
	uint64_t cycles = 0;
	for (uint32_t k = part[MAP_K].lo; k < part[MAP_K].hi; k++) {
		extent[HW_K]++;
		if ((k + 1) % (node->K / node->groups) && k + 1 < part[MAP_K].hi)
			continue;
		cycles += hw_product_cycles(array, extent);
		extent[HW_K] = 0;
	}
	return cycles;
}

static void draw_array(GRand *rand, struct hw_array *array)
{
	array->kind = g_rand_boolean(rand) ? HW_ARRAY_UNROLL : HW_ARRAY_SYSTOLIC;
	array->unroll[HW_K] = (uint64_t)g_rand_int_range(rand, 1, 5);
	array->rows = (uint64_t)g_rand_int_range(rand, 1, 9);
	array->columns = (uint64_t)g_rand_int_range(rand, 1, 9);
	array->dataflow = (enum hw_dataflow)g_rand_int_range(rand, 0, 3);
}

static void check_boxes(const struct map_placed *placed)
{
	struct map_grid grid;
	unsigned index[MAP_DIMS];
	double slowest = map_shares(placed, package, &scratch, shares), longest = 0;
	map_output_grid(placed, &scratch, &grid);
	for (unsigned i = 0; i < map_parts(placed); i++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, region[i]);
		struct map_interval part[MAP_DIMS];
		map_unflatten(&grid, i, index);
		for (int d = 0; d < MAP_DIMS; d++)
			part[d] = grid.part[d][index[d]];
		double array = (double)count_box(&type->array, placed->node, part);
		double buffer = (double)shares[i].buffer_bytes * type->clock_GHz /
		                type->buffer_GBps;
		ck_assert_double_eq(shares[i].cycles, MAX(array, buffer));
		longest = MAX(longest, shares[i].ns);
	}
	ck_assert_double_eq(slowest, longest);
	scratch.used = 0;
}

START_TEST(every_box_costs_what_its_groups_cost)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(81);
	package->types[0].buffer_GBps = 1e6;
	for (unsigned round = 0; round < 2000; round++) {
		unsigned groups = (unsigned)g_rand_int_range(rand, 1, 9);
		unsigned channels = groups * (unsigned)g_rand_int_range(rand, 1, 4);
		unsigned filters = groups * (unsigned)g_rand_int_range(rand, 1, 7);
		g_autofree char *layer = g_strdup_printf(
			"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': %u, "
			"'kernel': %d, 'stride': %d, 'pad': 2, 'groups': %u}",
			filters, g_rand_int_range(rand, 1, 4), g_rand_int_range(rand, 1, 3),
			groups);
		load(channels, 7, 6, layer);
		unsigned most = MIN(filters, 8);
		struct map_placed placed = place(0, 2, (unsigned)g_rand_int_range(rand, 1, 3),
		                                 (unsigned)g_rand_int_range(rand, 1, (int)most + 1),
		                                 (unsigned)g_rand_int_range(rand, 1, 4), 1);
		draw_array(rand, &package->types[0].array);
		check_boxes(&placed);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("groups");
	TCase *tests = tcase_create("groups");
	tcase_add_checked_fixture(tests, set_up_package, tear_down_package);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, equal_lengths_may_cut_groups_differently);
	tcase_add_test(tests, every_box_costs_what_its_groups_cost);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

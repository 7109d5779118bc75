/*
 * Question: does a share of a grouped layer cost what its groups cost? The closed form (first,
 * last and whole groups in between) is held against loops that deal the output channels out one
 * by one, count every group's tiles or folds and add up.
 */
#include "hw/compute.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static struct hw_array systolic(enum hw_dataflow dataflow, uint64_t rows, uint64_t columns)
{
	return (struct hw_array){ .kind = HW_ARRAY_SYSTOLIC,
		                  .unroll = { 1, 1, 1, 1, 1, 1, 1, 1 },
		                  .rows = rows,
		                  .columns = columns,
		                  .dataflow = dataflow };
}

static struct hw_array unrolled(uint64_t K, uint64_t C, uint64_t G)
{
	return (struct hw_array){ .kind = HW_ARRAY_UNROLL, .unroll = { 1, K, C, 1, 1, 1, 1, G } };
}

/* By hand */

/* Depthwise, 32 channels of 112 x 112, 3 x 3, on 32 x 32: 32 products of 12544 pixels, 9 weights
 * and one filter. In 32s: pixels 392, weights 1, filters 1. */
START_TEST(a_depthwise_layer_on_a_systolic_array)
{
	const struct hw_work work = { .extent = { 1, 32, 1, 112, 112, 3, 3 }, .group_channels = 1 };
	struct hw_array array = systolic(HW_WEIGHT_STATIONARY, 32, 32);

	ck_assert_uint_eq(hw_array_cycles(&array, &work), 32 * (2 * 32 + 32 + 12544 - 2));
	array.dataflow = HW_INPUT_STATIONARY;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 32 * (2 * 32 + 32 + 1 - 2) * 392);
	array.dataflow = HW_OUTPUT_STATIONARY;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 32 * (32 + 32 + 9 - 2) * 392);
	array.drain = true;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 32 * (2 * 32 + 32 + 9 - 2) * 392);
}
END_TEST

/* 8 groups of C 8, K 4, 14 x 14 pixels, 3 x 3: 1764 cycles a group. */
START_TEST(groups_on_an_unrolled_array)
{
	struct hw_work work = { .extent = { 1, 32, 8, 14, 14, 3, 3 }, .group_channels = 4 };
	struct hw_array array = unrolled(16, 16, 1);

	ck_assert_uint_eq(hw_array_cycles(&array, &work), 8 * 1764);
	array.own_inputs = true; /* 32 output channels on 16 lanes */
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 2 * 1764);
	array = unrolled(16, 16, 3); /* groups 0-2, 3-5, 6-7 */
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 3 * 1764);
	array = unrolled(3, 16, 1); /* 4 channels on 3 lanes */
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 8 * 2 * 1764);
	/* Channels 3-10 of the 32: 1 of group 0, 4 of group 1, 2 of group 2. */
	work.first_channel = 3;
	work.extent[HW_K] = 7;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), (1 + 2 + 1) * 1764);
	array = unrolled(1, 16, 2); /* groups 0 and 1: 4 channels; group 2: 2 */
	ck_assert_uint_eq(hw_array_cycles(&array, &work), (4 + 2) * 1764);
	/* Channels 3-6: 1 of group 0, 2 of group 1. */
	work.extent[HW_K] = 3;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 2 * 1764);
	/* Channels 5-6 of group 1 alone. */
	work.first_channel = 5;
	work.extent[HW_K] = 2;
	ck_assert_uint_eq(hw_array_cycles(&array, &work), 2 * 1764);
}
END_TEST

START_TEST(nothing_takes_no_time)
{
	const struct hw_work empty = { .first_channel = 5, .group_channels = 4 };
	const struct hw_array arrays[] = { unrolled(4, 4, 1), unrolled(4, 4, 3),
		                           systolic(HW_WEIGHT_STATIONARY, 4, 4) };

	for (unsigned a = 0; a < G_N_ELEMENTS(arrays); a++)
		ck_assert_uint_eq(hw_array_cycles(&arrays[a], &empty), 0);
}
END_TEST

/* By loops */

static uint64_t steps_of(uint64_t extent, uint64_t at_once)
{
	uint64_t steps = 0;

	for (uint64_t start = 0; start < extent; start += at_once)
		steps++;
	return steps;
}

/* What is multiplied at once is walked through; `channels` of one group. */
static uint64_t count_product(const struct hw_array *array, const struct hw_work *work,
                              uint64_t channels)
{
	const uint64_t *e = work->extent;
	const uint64_t pixels = e[HW_N] * e[HW_P] * e[HW_Q], weights = e[HW_C] * e[HW_R] * e[HW_S];
	uint64_t cycles = steps_of(channels, array->unroll[HW_K]);

	if (array->kind == HW_ARRAY_UNROLL) {
		for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
			cycles *= d == HW_K ? 1 : steps_of(e[d], array->unroll[d]);
		return cycles;
	}
	const uint64_t sides = array->rows + array->columns - 2;
	switch (array->dataflow) {
	case HW_OUTPUT_STATIONARY:
		return steps_of(pixels, array->rows) * steps_of(channels, array->columns) *
		       (sides + weights + (array->drain ? array->rows : 0));
	case HW_WEIGHT_STATIONARY:
		return steps_of(weights, array->rows) * steps_of(channels, array->columns) *
		       (array->rows + sides + pixels);
	default:
		return steps_of(weights, array->rows) * steps_of(pixels, array->columns) *
		       (array->rows + sides + channels);
	}
}

/* Channels of each group that the share touches, in order. */
static GArray *deal_out(const struct hw_work *work)
{
	GArray *groups = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const uint64_t end = work->first_channel + work->extent[HW_K];

	for (uint64_t k = work->first_channel; k < end; k++) {
		const uint64_t none = 0;
		if (k == work->first_channel || k % work->group_channels == 0)
			g_array_append_val(groups, none);
		g_array_index(groups, uint64_t, groups->len - 1)++;
	}
	return groups;
}

static uint64_t count_share(const struct hw_array *array, const struct hw_work *work)
{
	g_autoptr(GArray) groups = deal_out(work);
	const uint64_t lanes = array->unroll[HW_G];
	uint64_t cycles = 0;

	if (array->own_inputs)
		return count_product(array, work, work->extent[HW_K]);
	for (uint64_t g = 0; g < groups->len; g += lanes) {
		uint64_t longest = 0;
		for (uint64_t i = g; i < MIN(g + lanes, groups->len); i++)
			longest = MAX(longest,
			              count_product(array, work,
			                            g_array_index(groups, uint64_t, (guint)i)));
		cycles += longest;
	}
	return cycles;
}

static uint64_t draw(GRand *rand, int most)
{
	return (uint64_t)g_rand_int_range(rand, 1, most + 1);
}

static struct hw_array draw_array(GRand *rand)
{
	struct hw_array array = systolic((enum hw_dataflow)g_rand_int_range(rand, 0, 3),
	                                 draw(rand, 9), draw(rand, 9));

	if (g_rand_boolean(rand)) {
		array.kind = HW_ARRAY_UNROLL;
		for (unsigned d = 0; d < HW_DIMS; d++)
			array.unroll[d] = g_rand_boolean(rand) ? 1 : draw(rand, 6);
		array.own_inputs = array.unroll[HW_G] == 1 && g_rand_boolean(rand);
	} else {
		array.drain = array.dataflow == HW_OUTPUT_STATIONARY && g_rand_boolean(rand);
	}
	return array;
}

START_TEST(any_share_costs_what_its_groups_cost)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(8);

	for (unsigned round = 0; round < 20000; round++) {
		const struct hw_array array = draw_array(rand);
		struct hw_work work = { .group_channels = draw(rand, 7) };
		for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
			work.extent[d] = draw(rand, 9);
		const uint64_t all = draw(rand, 12) * work.group_channels;
		work.first_channel = draw(rand, (int)all) - 1;
		work.extent[HW_K] = draw(rand, (int)(all - work.first_channel));

		const uint64_t cycles = hw_array_cycles(&array, &work);
		ck_assert_uint_eq(cycles, count_share(&array, &work));
		/* What bounds are made of: no array is faster than its units. */
		uint64_t macs = 1;
		for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
			macs *= work.extent[d];
		ck_assert_uint_ge(cycles * hw_array_macs(&array), macs);
		/* One group is the product, to the cycle. */
		work.group_channels = all;
		ck_assert_uint_eq(hw_array_cycles(&array, &work),
		                  hw_product_cycles(&array, work.extent));
		work.group_channels = 0;
		ck_assert_uint_eq(hw_array_cycles(&array, &work),
		                  hw_product_cycles(&array, work.extent));
	}
}
END_TEST

/* The most groups that a layer can have, in no time. */
START_TEST(a_million_groups)
{
	const uint64_t million = UINT64_C(1) << 20;
	const struct hw_work work = { .extent = { 1, million, 1, 7, 7, 3, 3 },
		                      .group_channels = 1 };
	const struct hw_array one = unrolled(32, 32, 1), eight = unrolled(4, 4, 8);

	for (unsigned i = 0; i < 100000; i++) {
		ck_assert_uint_eq(hw_array_cycles(&one, &work), million * 441);
		ck_assert_uint_eq(hw_array_cycles(&eight, &work), million / 8 * 441);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hw/groups");
	TCase *hand = tcase_create("by hand"), *loops = tcase_create("by loops");

	tcase_add_test(hand, a_depthwise_layer_on_a_systolic_array);
	tcase_add_test(hand, groups_on_an_unrolled_array);
	tcase_add_test(hand, nothing_takes_no_time);
	tcase_add_test(loops, any_share_costs_what_its_groups_cost);
	tcase_add_test(loops, a_million_groups);
	suite_add_tcase(suite, hand);
	suite_add_tcase(suite, loops);
	return suite_run(suite);
}

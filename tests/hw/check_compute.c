#include "hw/compute.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

/* N, K, C, P, Q, R, S */
static const struct hw_array SIMBA = { .kind = HW_ARRAY_UNROLL,
	                               .unroll = { 1, 32, 32, 1, 1, 1, 1, 1 } };

static struct hw_array systolic(enum hw_dataflow dataflow)
{
	return (struct hw_array){ .kind = HW_ARRAY_SYSTOLIC,
		                  .unroll = { 1, 1, 1, 1, 1, 1, 1, 1 },
		                  .rows = 8,
		                  .columns = 4,
		                  .dataflow = dataflow };
}

static struct hw_chiplet_type chiplet(void)
{
	return (struct hw_chiplet_type){
		.clock_GHz = 2, .array = SIMBA, .vector_lanes = 64, .buffer_GBps = 512
	};
}

START_TEST(macs_are_the_product_of_the_unrolling)
{
	const struct hw_array three = { .kind = HW_ARRAY_UNROLL,
		                        .unroll = { 1, 4, 8, 2, 1, 1, 3, 2 } };

	ck_assert_uint_eq(hw_array_macs(&SIMBA), 1024);
	ck_assert_uint_eq(hw_array_macs(&three), 384);
	const struct hw_array array = systolic(HW_OUTPUT_STATIONARY);
	ck_assert_uint_eq(hw_array_macs(&array), 32);
}
END_TEST

/* 64 x 64 channels, 7 x 7 pixels, 3 x 3 filter: 2 * 2 * 49 * 9. */
START_TEST(an_even_convolution_wastes_nothing)
{
	const uint64_t extent[HW_PRODUCT_DIMS] = { 1, 64, 64, 7, 7, 3, 3 };

	ck_assert_uint_eq(hw_product_cycles(&SIMBA, extent), 1764);
	ck_assert_uint_eq(1764 * hw_array_macs(&SIMBA), 64 * 64 * 49 * 9);
}
END_TEST

START_TEST(a_part_of_an_unrolled_step_takes_a_whole_one)
{
	const uint64_t full[HW_PRODUCT_DIMS] = { 1, 32, 32, 1, 1, 1, 1 };
	const uint64_t one_more[HW_PRODUCT_DIMS] = { 1, 33, 32, 1, 1, 1, 1 };
	const uint64_t one_less[HW_PRODUCT_DIMS] = { 1, 31, 32, 1, 1, 1, 1 };
	const uint64_t both[HW_PRODUCT_DIMS] = { 1, 33, 65, 1, 1, 1, 1 };

	ck_assert_uint_eq(hw_product_cycles(&SIMBA, full), 1);
	ck_assert_uint_eq(hw_product_cycles(&SIMBA, one_more), 2);
	ck_assert_uint_eq(hw_product_cycles(&SIMBA, one_less), 1);
	ck_assert_uint_eq(hw_product_cycles(&SIMBA, both), 6);
}
END_TEST

START_TEST(any_dimension_can_be_unrolled)
{
	const struct hw_array array = { .kind = HW_ARRAY_UNROLL,
		                        .unroll = { 2, 1, 1, 4, 5, 3, 3, 1 } };
	const uint64_t extent[HW_PRODUCT_DIMS] = { 3, 2, 7, 9, 10, 3, 4 };

	/* ceil 3/2 * 2 * 7 * ceil 9/4 * 10/5 * 3/3 * ceil 4/3 */
	ck_assert_uint_eq(hw_product_cycles(&array, extent), 2 * 2 * 7 * 3 * 2 * 1 * 2);
}
END_TEST

/*
 * N 1, K 6, C 2, P 3, Q 4, R 1, S 3 on 8 rows x 4 columns: 12 pixels, 6 filters
 * of 6 weights. A fold takes 8 + 4 + T - 2 = 10 + T cycles, and 8 more where
 * stationary operands walk in or results walk out.
 */
static const uint64_t SMALL[HW_PRODUCT_DIMS] = { 1, 6, 2, 3, 4, 1, 3 };

START_TEST(output_stationary_folds)
{
	struct hw_array array = systolic(HW_OUTPUT_STATIONARY);

	/* T = 6; ceil(12 / 8) * ceil(6 / 4) = 4 folds */
	ck_assert_uint_eq(hw_product_cycles(&array, SMALL), 16 * 4);
	array.drain = true;
	ck_assert_uint_eq(hw_product_cycles(&array, SMALL), 24 * 4);
}
END_TEST

START_TEST(weight_stationary_folds)
{
	const struct hw_array array = systolic(HW_WEIGHT_STATIONARY);

	/* T = 12; ceil(6 / 8) * ceil(6 / 4) = 2 folds */
	ck_assert_uint_eq(hw_product_cycles(&array, SMALL), 30 * 2);
}
END_TEST

START_TEST(input_stationary_folds)
{
	const struct hw_array array = systolic(HW_INPUT_STATIONARY);

	/* T = 6; ceil(6 / 8) * ceil(12 / 4) = 3 folds */
	ck_assert_uint_eq(hw_product_cycles(&array, SMALL), 24 * 3);
}
END_TEST

START_TEST(a_single_mac_on_a_single_unit)
{
	const uint64_t extent[HW_PRODUCT_DIMS] = { 1, 1, 1, 1, 1, 1, 1 };
	struct hw_array array = systolic(HW_OUTPUT_STATIONARY);

	array.rows = array.columns = 1;
	ck_assert_uint_eq(hw_product_cycles(&array, extent), 1); /* 1 + 1 + 1 - 2 */
	array.drain = true;
	ck_assert_uint_eq(hw_product_cycles(&array, extent), 2);
	ck_assert_uint_eq(hw_product_cycles(&SIMBA, extent), 1);
}
END_TEST

START_TEST(no_array_is_faster_than_its_units)
{
	const enum hw_dataflow flows[] = { HW_OUTPUT_STATIONARY, HW_WEIGHT_STATIONARY,
		                           HW_INPUT_STATIONARY };
	uint64_t macs = 1;

	for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
		macs *= SMALL[d];
	for (unsigned i = 0; i < 3; i++) {
		const struct hw_array array = systolic(flows[i]);
		ck_assert_uint_ge(hw_product_cycles(&array, SMALL) * hw_array_macs(&array), macs);
	}
	ck_assert_uint_ge(hw_product_cycles(&SIMBA, SMALL) * hw_array_macs(&SIMBA), macs);
}
END_TEST

START_TEST(an_empty_share_takes_no_time)
{
	const struct hw_work empty = { .extent = { 0 } };
	struct hw_chiplet_type type = chiplet();

	ck_assert_double_eq(hw_compute_cycles(&type, &empty), 0);
	for (unsigned flow = 0; flow < 3; flow++) {
		type.array = systolic((enum hw_dataflow)flow);
		ck_assert_double_eq(hw_compute_ns(&type, &empty), 0);
	}
}
END_TEST

START_TEST(vector_work_adds_to_the_array)
{
	const struct hw_chiplet_type type = chiplet();
	struct hw_work work = { .extent = { 1, 32, 32, 10, 1, 1, 1 }, .vector_elements = 128 };

	ck_assert_double_eq(hw_compute_cycles(&type, &work), 12);
	work.vector_elements = 129;
	ck_assert_double_eq(hw_compute_cycles(&type, &work), 13);
	ck_assert_double_eq(hw_compute_ns(&type, &work), 6.5); /* 2 GHz */
}
END_TEST

START_TEST(vector_work_alone_counts)
{
	const struct hw_chiplet_type type = chiplet();
	const struct hw_work work = { .vector_elements = 65 };

	ck_assert_double_eq(hw_compute_cycles(&type, &work), 2);
}
END_TEST

/* 512 GB/s at 2 GHz = 256 bytes per cycle; the array needs 10 cycles. */
START_TEST(the_slower_of_array_and_buffer_counts)
{
	const struct hw_chiplet_type type = chiplet();
	struct hw_work work = { .extent = { 1, 32, 32, 10, 1, 1, 1 }, .buffer_bytes = 2560 };

	ck_assert_double_eq(hw_compute_cycles(&type, &work), 10);
	work.buffer_bytes = 2816;
	ck_assert_double_eq(hw_compute_cycles(&type, &work), 11);
	work.buffer_bytes = 5120;
	ck_assert_double_eq(hw_compute_cycles(&type, &work), 20);
	ck_assert_double_eq(hw_compute_ns(&type, &work), 10); /* = 5120 B / 512 GB/s */
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/compute");
	TCase *arrays = tcase_create("arrays");
	TCase *shares = tcase_create("shares");

	tcase_add_test(arrays, macs_are_the_product_of_the_unrolling);
	tcase_add_test(arrays, an_even_convolution_wastes_nothing);
	tcase_add_test(arrays, a_part_of_an_unrolled_step_takes_a_whole_one);
	tcase_add_test(arrays, any_dimension_can_be_unrolled);
	tcase_add_test(arrays, output_stationary_folds);
	tcase_add_test(arrays, weight_stationary_folds);
	tcase_add_test(arrays, input_stationary_folds);
	tcase_add_test(arrays, a_single_mac_on_a_single_unit);
	tcase_add_test(arrays, no_array_is_faster_than_its_units);
	tcase_add_test(shares, an_empty_share_takes_no_time);
	tcase_add_test(shares, vector_work_adds_to_the_array);
	tcase_add_test(shares, vector_work_alone_counts);
	tcase_add_test(shares, the_slower_of_array_and_buffer_counts);
	suite_add_tcase(s, arrays);
	suite_add_tcase(s, shares);
	return s;
}

int main(void)
{
	return suite_run(suite());
}

/*
 * Question: are the compute model's closed forms right on every layer of real
 * networks? They are held against counts that loop over tiles and processing
 * elements instead of multiplying, against layers worked out by hand, and
 * against cycles that SCALE-Sim v2 reported.
 */
#include "hw/compute.h"
#include "workloads/workload.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* N, K, C, P, Q, R, S, G */
static const struct hw_array UNROLLED[] = {
	{ .kind = HW_ARRAY_UNROLL, .unroll = { 1, 32, 32, 1, 1, 1, 1, 1 } },
	{ .kind = HW_ARRAY_UNROLL, .unroll = { 1, 24, 1, 7, 5, 1, 1, 1 } },
	{ .kind = HW_ARRAY_UNROLL, .unroll = { 1, 16, 8, 1, 4, 3, 1, 1 } },
};

static const struct {
	uint64_t rows, columns;
} SYSTOLIC[] = { { 32, 32 }, { 8, 128 }, { 100, 12 }, { 256, 256 } };

static const char *const NETWORKS[] = { "alexnet", "resnet50", "vgg16" };

static struct wl_workload *network(unsigned index)
{
	GError *error = NULL;
	struct wl_workload *w = wl_workload_read(NETWORKS[index], "workloads/zoo", NULL, &error);

	ck_assert_msg(w != NULL, "%s", error != NULL ? error->message : "");
	ck_assert_uint_ge(w->node_count, 8);
	return w;
}

static void extents(const struct wl_node *node, uint64_t samples, uint64_t extent[HW_PRODUCT_DIMS])
{
	extent[HW_N] = samples;
	extent[HW_K] = node->K;
	extent[HW_C] = node->C;
	extent[HW_P] = node->P;
	extent[HW_Q] = node->Q;
	extent[HW_R] = node->R;
	extent[HW_S] = node->S;
}

/* Unrolled arrays: one cycle per tile of the loop nest; `macs` is what the tiles do together. */

static uint64_t count_tiles(const struct hw_array *array, const uint64_t extent[HW_PRODUCT_DIMS],
                            unsigned dim, uint64_t tile_macs, uint64_t *macs)
{
	uint64_t tiles = 0;

	if (dim == HW_PRODUCT_DIMS) {
		*macs += tile_macs;
		return 1;
	}
	for (uint64_t start = 0; start < extent[dim]; start += array->unroll[dim]) {
		uint64_t size = MIN(array->unroll[dim], extent[dim] - start);
		tiles += count_tiles(array, extent, dim + 1, tile_macs * size, macs);
	}
	return tiles;
}

START_TEST(unrolled_arrays_take_a_cycle_per_tile)
{
	struct wl_workload *w = network((unsigned)_i);

	for (unsigned n = 0; n < w->node_count; n++) {
		uint64_t extent[HW_PRODUCT_DIMS];
		extents(&w->nodes[n], 1, extent);
		for (unsigned a = 0; a < G_N_ELEMENTS(UNROLLED); a++) {
			uint64_t macs = 0;
			uint64_t tiles = count_tiles(&UNROLLED[a], extent, 0, 1, &macs);
			ck_assert_uint_eq(macs, w->nodes[n].macs);
			ck_assert_uint_eq(hw_product_cycles(&UNROLLED[a], extent), tiles);
			ck_assert_uint_ge(tiles * hw_array_macs(&UNROLLED[a]), macs);
		}
	}
	wl_workload_free(w);
}
END_TEST

/*
 * Systolic arrays, from what each processing element does. Element (i, j) meets its t-th pair of
 * operands in cycle i + j + t: both walk one element a cycle and start one later per row and
 * column.
 *
 *   os: the sums stay; they leave over links of their own as each is done, or after the last of
 *   them has been made one row a cycle.
 *   ws, is: first the stationary operand walks in, one row a cycle; sums walk down while they
 *   are made, so the last one is out with the last meeting.
 *
 * SCALE-Sim counts a fold that fills a part of the array like a full one.
 */
static uint64_t fold_cycles(const struct hw_array *array, uint64_t steps)
{
	uint64_t last = 0;

	for (uint64_t i = 0; i < array->rows; i++)
		for (uint64_t j = 0; j < array->columns; j++)
			last = MAX(last, i + j + (steps - 1));
	const uint64_t meetings = last + 1; /* cycles count from 0 */
	const uint64_t load = array->dataflow == HW_OUTPUT_STATIONARY ? 0 : array->rows;
	const uint64_t drain = array->drain ? array->rows : 0;
	return load + meetings + drain;
}

/* The layer as a matrix product: `pixels` x `filter` times `filter` x `filters`. */
struct product {
	uint64_t pixels, filter, filters;
};

static uint64_t walk_folds(const struct hw_array *array, const struct product *m)
{
	const uint64_t over_rows = array->dataflow == HW_OUTPUT_STATIONARY ? m->pixels : m->filter;
	const uint64_t over_columns = array->dataflow == HW_INPUT_STATIONARY ? m->pixels
	                                                                     : m->filters;
	const uint64_t steps = array->dataflow == HW_OUTPUT_STATIONARY   ? m->filter
	                       : array->dataflow == HW_WEIGHT_STATIONARY ? m->pixels
	                                                                 : m->filters;
	const uint64_t fold = fold_cycles(array, steps);
	uint64_t cycles = 0, done = 0;

	for (uint64_t r = 0; r < over_rows; r += array->rows)
		for (uint64_t c = 0; c < over_columns; c += array->columns) {
			cycles += fold;
			done += MIN(array->rows, over_rows - r) *
			        MIN(array->columns, over_columns - c) * steps;
		}
	ck_assert_uint_eq(done, m->pixels * m->filter * m->filters);
	return cycles;
}

START_TEST(systolic_arrays_take_what_their_elements_need)
{
	struct wl_workload *w = network((unsigned)_i);

	for (unsigned n = 0; n < w->node_count; n++) {
		uint64_t extent[HW_PRODUCT_DIMS];
		extents(&w->nodes[n], 1 + n % 3, extent);
		const struct product m = { .pixels = extent[HW_N] * extent[HW_P] * extent[HW_Q],
			                   .filter = extent[HW_C] * extent[HW_R] * extent[HW_S],
			                   .filters = extent[HW_K] };
		for (unsigned a = 0; a < G_N_ELEMENTS(SYSTOLIC) * 4; a++) {
			const enum hw_dataflow flow = a % 4 == 3 ? HW_OUTPUT_STATIONARY
			                                         : (enum hw_dataflow)(a % 4);
			const struct hw_array array = { .kind = HW_ARRAY_SYSTOLIC,
				                        .rows = SYSTOLIC[a / 4].rows,
				                        .columns = SYSTOLIC[a / 4].columns,
				                        .dataflow = flow,
				                        .drain = a % 4 == 3 };
			ck_assert_uint_eq(hw_product_cycles(&array, extent),
			                  walk_folds(&array, &m));
		}
	}
	wl_workload_free(w);
}
END_TEST

/* By hand */

static const struct {
	const char *network, *node;
	uint64_t unrolled;   /* K 32 x C 32 */
	uint64_t os, ws, is; /* 32 x 32: a fold takes 94 cycles and T, os 62 and T */
} by_hand[] = {
	/*
	 * 64 filters of 3 x 7 x 7, 112 x 112 pixels. Unrolled: 2 * 1 * 12544 * 49. As a product:
	 * 12544 pixels, 147 weights, 64 filters; in 32s: 392, 5, 2.
	 * os (62 + 147) * 392 * 2, ws (94 + 12544) * 5 * 2, is (94 + 64) * 5 * 392.
	 */
	{ "resnet50", "conv1", 1229312, 163856, 126380, 309680 },
	/*
	 * 1000 filters of 2048 on one pixel. Unrolled: 32 * 64. In 32s: pixels 1, weights 64,
	 * filters 32. os (62 + 2048) * 32, ws 95 * 64 * 32, is (94 + 1000) * 64.
	 */
	{ "resnet50", "fc", 2048, 67520, 194560, 70016 },
	/*
	 * 64 filters of 64 x 3 x 3, 224 x 224 pixels. Unrolled: 2 * 2 * 50176 * 9. In 32s:
	 * pixels 1568, weights 18, filters 2. os (62 + 576) * 1568 * 2, ws (94 + 50176) * 18 * 2,
	 * is (94 + 64) * 18 * 1568.
	 */
	{ "vgg16", "features.2", 1806336, 2000768, 1809720, 4459392 },
	/*
	 * 4096 filters of 512 x 7 x 7 = 25088. Unrolled: 128 * 16 * 49. In 32s: pixels 1, weights
	 * 784, filters 128. os (62 + 25088) * 128, ws 95 * 784 * 128, is (94 + 4096) * 784.
	 */
	{ "vgg16", "classifier.0", 100352, 3219200, 9533440, 3284960 },
};

START_TEST(layers_by_hand)
{
	struct wl_workload *w = wl_workload_read(by_hand[_i].network, "workloads/zoo", NULL, NULL);
	const uint64_t expected[] = { [HW_OUTPUT_STATIONARY] = by_hand[_i].os,
		                      [HW_WEIGHT_STATIONARY] = by_hand[_i].ws,
		                      [HW_INPUT_STATIONARY] = by_hand[_i].is };
	uint64_t extent[HW_PRODUCT_DIMS] = { 0 };

	ck_assert_ptr_nonnull(w);
	for (unsigned n = 0; n < w->node_count; n++)
		if (strcmp(w->nodes[n].name, by_hand[_i].node) == 0)
			extents(&w->nodes[n], 1, extent);
	ck_assert_msg(extent[HW_N] == 1, "no node %s", by_hand[_i].node);
	ck_assert_uint_eq(hw_product_cycles(&UNROLLED[0], extent), by_hand[_i].unrolled);
	for (unsigned d = 0; d < G_N_ELEMENTS(expected); d++) {
		const struct hw_array array = { .kind = HW_ARRAY_SYSTOLIC,
			                        .rows = 32,
			                        .columns = 32,
			                        .dataflow = (enum hw_dataflow)d };
		ck_assert_uint_eq(hw_product_cycles(&array, extent), expected[d]);
	}
	wl_workload_free(w);
}
END_TEST

/*
 * SCALE-Sim v2's own reports, "Total Cycles" and "Mapping Efficiency %": it reports the number of
 * the last cycle, counted from 0.
 *
 *   ws   github.com/HyakunosukeOgata/SCALE_sim_v2_notes, README.md (MobileNet and GPT-2). Its text
 *        speaks of 255 x 255 elements, its mapping efficiencies are those of 256 x 256 (27 * 32 of
 *        65536 in the first row).
 *   os   github.com/emilyjyc/Implement-Cambricon-D-suing-Scale-sim-tool, test_runs/
 *        scale_example_run_32x32_os/COMPUTE_REPORT.csv: the layers of scale-sim-v2's alexnet.csv.
 *   is   github.com/yutation/SCALE-SIM_Validation, data/data_matmul5/COMPUTE_REPORT_is.csv: layer
 *        49 a + 7 b + c is the product of M x K and K x N with M, N, K = 128 + 64 (a, b, c), on
 *        128 x 128.
 */
static const struct report {
	enum hw_dataflow dataflow;
	uint64_t side; /* of the array */
	uint64_t K, C, P, Q, R, S;
	uint64_t last_cycle;
	double mapped_percent;
} scale_sim[] = {
#define WS HW_WEIGHT_STATIONARY, 256
	{ WS, 32, 3, 112, 112, 3, 3, 13309, 1.3184 },
	{ WS, 1, 32, 110, 110, 3, 3, 25731, 0.2197 },
	{ WS, 64, 32, 112, 112, 1, 1, 13309, 3.1250 },
	{ WS, 1, 64, 56, 56, 3, 3, 11705, 0.2930 }, /* stride 2 */
	{ WS, 128, 64, 56, 56, 1, 1, 3901, 12.5000 },
	/* matrices: an image of 1024 rows, windows of one whole row */
	{ WS, 4800, 1, 1024, 1, 1, 1600, 238069, 88.1109 },
	{ WS, 1024, 1, 1024, 1, 1, 64, 7159, 25.0000 },
	{ WS, 64, 1, 1024, 1, 1, 1024, 7159, 25.0000 },
	{ WS, 1600, 1, 1024, 1, 1, 1600, 87709, 79.7194 },
	{ WS, 3072, 1, 1024, 1, 1, 1600, 150359, 89.2857 },
#define OS HW_OUTPUT_STATIONARY, 32
	{ OS, 96, 3, 55, 55, 11, 11, 121124, 99.50658 },
	{ OS, 256, 96, 23, 23, 5, 5, 334831, 97.24265 },
	{ OS, 384, 256, 11, 11, 3, 3, 113567, 94.53125 },
	{ OS, 384, 384, 11, 11, 3, 3, 168863, 94.53125 },
	{ OS, 256, 384, 11, 11, 3, 3, 112575, 94.53125 },
#define IS HW_INPUT_STATIONARY, 128
	{ IS, 128, 128, 128, 1, 1, 1, 509, 100.0000 },  /* layer 0 */
	{ IS, 128, 192, 128, 1, 1, 1, 1019, 75.0000 },  /* 1 */
	{ IS, 192, 128, 128, 1, 1, 1, 573, 100.0000 },  /* 7 */
	{ IS, 128, 128, 192, 1, 1, 1, 1019, 75.0000 },  /* 49 */
	{ IS, 192, 192, 192, 1, 1, 1, 2295, 56.2500 },  /* 57 */
	{ IS, 512, 512, 320, 1, 1, 1, 10727, 83.3333 }, /* 195 */
};

START_TEST(scale_sim_reports_the_same_cycles)
{
	const struct report *r = &scale_sim[_i];
	const struct hw_array array = { .kind = HW_ARRAY_SYSTOLIC,
		                        .rows = r->side,
		                        .columns = r->side,
		                        .dataflow = r->dataflow };
	const uint64_t extent[HW_PRODUCT_DIMS] = { 1, r->K, r->C, r->P, r->Q, r->R, r->S };
	const uint64_t weights = r->C * r->R * r->S, pixels = r->P * r->Q;
	const uint64_t cycles = hw_product_cycles(&array, extent);
	const uint64_t steps = r->dataflow == HW_OUTPUT_STATIONARY   ? weights
	                       : r->dataflow == HW_WEIGHT_STATIONARY ? pixels
	                                                             : r->K;
	const uint64_t folds = cycles / fold_cycles(&array, steps);

	ck_assert_uint_eq(cycles, r->last_cycle + 1);
	/* reported with four digits at least */
	ck_assert_double_eq_tol(100.0 * (double)(weights * pixels * r->K) /
	                                (double)(folds * r->side * r->side * steps),
	                        r->mapped_percent, 0.5e-4);
}
END_TEST

/*
 * 4 pixels, 4 weights, 4 filters with outputs stationary on 4 x 4: 10 cycles, of the simulator and
 * of the RTL that it was held against (ISPASS 2020, figure 4; the layer is test_valid_4.csv of
 * github.com/ARM-software/SCALE-Sim). That n x n products of n x n matrices take 3 n - 2 cycles is
 * the textbook's count, too ("New systolic arrays for matrix multiplication", NCTU). The paper's
 * equation 1 has 2 * 4 + 4 + 4 - 2 = 14: what drains through the array comes on top.
 */
START_TEST(a_published_output_stationary_product)
{
	const uint64_t extent[HW_PRODUCT_DIMS] = { 1, 4, 4, 1, 4, 1, 1 };
	struct hw_array array = {
		.kind = HW_ARRAY_SYSTOLIC, .rows = 4, .columns = 4, .dataflow = HW_OUTPUT_STATIONARY
	};

	ck_assert_uint_eq(hw_product_cycles(&array, extent), 10);
	array.drain = true;
	ck_assert_uint_eq(hw_product_cycles(&array, extent), 14);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hw/compute_zoo");
	TCase *cases = tcase_create("networks");

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, unrolled_arrays_take_a_cycle_per_tile, 0,
	                    (int)G_N_ELEMENTS(NETWORKS));
	tcase_add_loop_test(cases, systolic_arrays_take_what_their_elements_need, 0,
	                    (int)G_N_ELEMENTS(NETWORKS));
	tcase_add_loop_test(cases, layers_by_hand, 0, (int)G_N_ELEMENTS(by_hand));
	tcase_add_loop_test(cases, scale_sim_reports_the_same_cycles, 0,
	                    (int)G_N_ELEMENTS(scale_sim));
	tcase_add_test(cases, a_published_output_stationary_product);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}

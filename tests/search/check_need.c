/* Needs: which box of its inputs a box of output takes. */
#include "tests/search/partition_fixture.h"
#include "tests/support/suite.h"

static const struct wl_edge *edge_in(unsigned node, unsigned i)
{
	return &workload->edges[workload->nodes[node].edges_in[i]];
}

static void assert_need(const struct map_placed *placed, unsigned input, const char *channels,
                        const char *rows, const char *columns)
{
	struct map_grid output, need;
	scratch.used = 0;
	map_output_grid(placed, &scratch, &output);
	map_need_grid(placed, edge_in((unsigned)(placed->node - workload->nodes), input), &output,
	              &scratch, &need);
	assert_parts(&need, MAP_K, channels);
	assert_parts(&need, MAP_P, rows);
	assert_parts(&need, MAP_Q, columns);
	ck_assert_uint_eq(need.parts[MAP_N], placed->split[MAP_N]);
	ck_assert_uint_eq(need.part[MAP_N][0].hi, output.part[MAP_N][0].hi);
}

static const struct window {
	const char *layer; /* attributes of a MAC layer over 8 channels, 8 rows, 9 columns */
	unsigned split[MAP_DIMS];
	const char *channels, *rows, *columns;
} windows[] = {
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 1",
	  { 1, 1, 2, 2 },
	  "0-8",
	  "0-4 4-8",
	  "0-4 4-9" },
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 1",
	  { 1, 3, 1, 1 },
	  "0-8 0-8 0-8",
	  "0-8",
	  "0-9" },
	/* 3 x 3, pad 1: one row of halo on each inner side. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3, 'pad': 1",
	  { 1, 1, 2, 3 },
	  "0-8",
	  "0-5 3-8",
	  "0-4 2-7 5-9" },
	/* Stride 2: output rows 0-2 and 2-4 reach -1..3 and 3..7; columns 0-2 and 2-5. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3, 'pad': 1, 'stride': 2",
	  { 1, 1, 2, 2 },
	  "0-8",
	  "0-4 3-8",
	  "0-4 3-9" },
	/* 1 x 1, stride 2: output rows 0-2 and 2-4 take rows 0, 2 and 4, 6. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 1, 'stride': 2",
	  { 1, 1, 2, 1 },
	  "0-8",
	  "0-1+2-3 4-5+6-7",
	  "0-1+2-3+4-5+6-7+8-9" },
	/* 2 x 2, stride 3, pad 1: rows -1-1 2-4 5-7; columns -1-1 2-4 5-7 8-10. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 2, 'stride': 3, 'pad': 1",
	  { 1, 1, 2, 2 },
	  "0-8",
	  "0-1 2-4+5-7",
	  "0-1+2-4 5-7+8-9" },
	/* Dilation 2: the window is five wide. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3, 'pad': 2, 'dilation': 2",
	  { 1, 1, 2, 1 },
	  "0-8",
	  "0-6 2-8",
	  "0-9" },
	/* Dilation 3, stride 2: taps of output o are rows 2 o, 2 o + 3. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': [2, 1], 'dilation': 3, 'stride': [2, 1]",
	  { 1, 1, 3, 1 },
	  "0-8",
	  "0-1+3-4 2-3+5-6 4-5+7-8",
	  "0-9" },
	/* Rows and columns of their own: 1 x 5, pad 0 x 2, stride 2 x 1. */
	{ "'op': 'conv', 'out_channels': 6, 'kernel': [1, 5], 'pad': [0, 2], 'stride': [2, 1]",
	  { 1, 1, 2, 3 },
	  "0-8",
	  "0-1+2-3 4-5+6-7",
	  "0-5 1-8 4-9" },
	/* Four groups of 2 -> 3 channels. Parts of K cut along the groups ... */
	{ "'op': 'conv', 'out_channels': 12, 'kernel': 1, 'groups': 4",
	  { 1, 4, 1, 1 },
	  "0-2 2-4 4-6 6-8",
	  "0-8",
	  "0-9" },
	{ "'op': 'conv', 'out_channels': 12, 'kernel': 1, 'groups': 4",
	  { 1, 2, 1, 1 },
	  "0-4 4-8",
	  "0-8",
	  "0-9" },
	/* ... and through them: outputs 0-4 4-8 8-12 belong to groups 0-2 1-3 2-4. */
	{ "'op': 'conv', 'out_channels': 12, 'kernel': 1, 'groups': 4",
	  { 1, 3, 1, 1 },
	  "0-4 2-6 4-8",
	  "0-8",
	  "0-9" },
	/* Depthwise. */
	{ "'op': 'conv', 'out_channels': 8, 'kernel': 1, 'groups': 8",
	  { 1, 3, 1, 1 },
	  "0-2 2-5 5-8",
	  "0-8",
	  "0-9" },
	/* Fully connected. */
	{ "'op': 'matmul', 'out_channels': 10", { 1, 2, 1, 1 }, "0-8 0-8", "0-8", "0-9" },
	/* Output row o of 16 takes input o / 2. */
	{ "'op': 'transposed_conv', 'out_channels': 6, 'kernel': 2, 'stride': 2",
	  { 1, 1, 3, 1 },
	  "0-8",
	  "0-3 2-5 5-8",
	  "0-9" },
	/* Row o takes the i with o = 2 i - 1 + k, k < 4: row 7 takes 3 and 4, row 8 takes 3 and
	 * 4. */
	{ "'op': 'transposed_conv', 'out_channels': 6, 'kernel': 4, 'stride': 2, 'pad': 1",
	  { 1, 1, 2, 1 },
	  "0-8",
	  "0-5 3-8",
	  "0-9" },
};

START_TEST(needs_of_a_layer)
{
	const struct window *t = &windows[_i];
	g_autofree char *layer = g_strdup_printf("{'name': 'a', 'inputs': ['in'], %s}", t->layer);
	load(8, 8, 9, layer);
	struct map_placed placed = place(0, 1, t->split[0], t->split[1], t->split[2], t->split[3]);
	assert_need(&placed, 0, t->channels, t->rows, t->columns);
}
END_TEST

START_TEST(needs_through_a_pool)
{
	/* Pooling windows -1-2 1-4 3-6 5-8 over the convolution's rows, each one wider there. */
	load(8, 8, 8,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 3, 'pad': "
	     "1},"
	     "{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], 'kernel': 3, 'stride': 2, 'pad': "
	     "1}");
	struct map_placed placed = place(0, 1, 1, 1, 4, 1);
	assert_need(&placed, 0, "0-8", "0-3 0-5 2-7 4-8", "0-8");
}
END_TEST

/* a has 4 channels, b has 6; "cat" is both. */
#define TWO_BRANCHES                                                                     \
	"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1}," \
	"{'name': 'b', 'op': 'conv', 'inputs': ['in'], 'out_channels': 6, 'kernel': 1}," \
	"{'name': 'cat', 'op': 'concat', 'inputs': ['a', 'b']},"

START_TEST(needs_of_a_concatenation)
{
	load(3, 4, 4,
	     TWO_BRANCHES
	     "{'name': 'c', 'op': 'conv', 'inputs': ['cat'], 'out_channels': 8, 'kernel': 1}");
	struct map_placed dense = place(2, 1, 1, 2, 1, 1);
	ck_assert_uint_eq(dense.node->edge_in_count, 2);
	assert_need(&dense, 0, "0-4 0-4", "0-4", "0-4");
	assert_need(&dense, 1, "0-6 0-6", "0-4", "0-4");

	/* Five groups of 2 -> 2: outputs 0-5 belong to channels 0-6, 5-10 to 4-10. */
	load(3, 4, 4,
	     TWO_BRANCHES "{'name': 'c', 'op': 'conv', 'inputs': ['cat'], 'out_channels': 10, "
	                  "'kernel': 1, 'groups': 5}");
	struct map_placed grouped = place(2, 1, 1, 2, 1, 1);
	assert_need(&grouped, 0, "0-4 0-0", "0-4", "0-4");
	assert_need(&grouped, 1, "0-2 0-6", "0-4", "0-4");
}
END_TEST

START_TEST(needs_of_a_residual_add)
{
	load(3, 4, 6,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 5, 'kernel': 1},"
	     "{'name': 'b', 'op': 'conv', 'inputs': ['a'], 'out_channels': 5, 'kernel': 3, 'pad': "
	     "1},"
	     "{'name': 'sum', 'op': 'add', 'inputs': ['b', 'a']}");
	struct map_placed placed = place(1, 1, 1, 2, 2, 2);
	ck_assert_uint_eq(placed.node->edge_in_count, 2);
	assert_need(&placed, 0, "0-5 0-5", "0-3 1-4", "0-4 2-6"); /* the convolution's input */
	assert_need(&placed, 1, "0-2 2-5", "0-2 2-4", "0-3 3-6"); /* the other summand */
}
END_TEST

START_TEST(empty_boxes_need_nothing)
{
	/* One sample over two parts: the first is empty and so is what it needs. */
	load(3, 4, 4,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 5, 'kernel': 3}");
	struct map_placed placed = place(0, 1, 2, 1, 1, 1);
	struct map_grid output, need;
	unsigned first[MAP_DIMS] = { 0 }, second[MAP_DIMS] = { 1, 0, 0, 0 };
	map_output_grid(&placed, &scratch, &output);
	map_need_grid(&placed, edge_in(0, 0), &output, &scratch, &need);
	ck_assert_uint_eq(map_volume(&need, first), 0);
	ck_assert_uint_eq(map_volume(&need, second), 48);

	/* Channels 0-2 2-5 5-8, each in three tiles: the first has no channel in the first tile. */
	load(3, 1, 1, "{'name': 'a', 'op': 'matmul', 'inputs': ['in'], 'out_channels': 8}");
	placed = place(0, 1, 1, 3, 1, 1);
	placed.tiles = 3;
	map_tile_grid(&placed, 0, &scratch, &output);
	map_need_grid(&placed, edge_in(0, 0), &output, &scratch, &need);
	assert_parts(&output, MAP_K, "0-0 2-3 5-6");
	assert_parts(&need, MAP_K, "0-0 0-3 0-3");
}
END_TEST

/* Element by element: whether a tap of output rows [lo, hi) touches a row. */
static bool touches(const struct wl_layer *layer, struct map_interval out, uint32_t row)
{
	for (int64_t o = out.lo; o < out.hi; o++)
		for (int64_t k = 0; k < layer->kernel[0]; k++)
			if (o * layer->stride[0] - layer->pad[0] + k * layer->dilation[0] == row)
				return true;
	return false;
}

START_TEST(needs_are_what_the_taps_touch)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	for (int round = 0; round < 500; round++) {
		int kernel = g_rand_int_range(rand, 1, 5), dilation = g_rand_int_range(rand, 1, 4);
		g_autofree char *layer = g_strdup_printf(
			"{'name': 'a', 'inputs': ['in'], 'op': 'conv', 'out_channels': 2, "
			"'kernel': [%d, 1], 'stride': %d, 'pad': %d, 'dilation': [%d, 1]}",
			kernel, g_rand_int_range(rand, 1, 7), g_rand_int_range(rand, 0, 5),
			dilation);
		unsigned rows = (unsigned)g_rand_int_range(rand, 10, 80), length;
		load(2, rows, 6, layer);
		uint32_t extent = workload->nodes[0].output.rows;
		unsigned most = MIN(extent, CHIPLETS);
		struct map_placed placed = place(
			0, 1, 1, 1, (unsigned)g_rand_int_range(rand, 1, (int)most + 1), 1);
		struct map_grid output, need;
		scratch.used = 0;
		map_output_grid(&placed, &scratch, &output);
		map_need_grid(&placed, edge_in(0, 0), &output, &scratch, &need);
		for (unsigned i = 0; i < output.parts[MAP_P]; i++) {
			length = 0;
			for (uint32_t row = 0; row < rows; row++) {
				bool touched = touches(&workload->layers[0], output.part[MAP_P][i],
				                       row);
				ck_assert(has_element(need.part[MAP_P][i], row) == touched);
				length += touched;
			}
			ck_assert_uint_eq(map_length(need.part[MAP_P][i]), length);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("need");
	TCase *tests = tcase_create("need");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, needs_of_a_layer, 0, G_N_ELEMENTS(windows));
	tcase_add_test(tests, needs_through_a_pool);
	tcase_add_test(tests, needs_of_a_concatenation);
	tcase_add_test(tests, needs_of_a_residual_add);
	tcase_add_test(tests, empty_boxes_need_nothing);
	tcase_add_test(tests, needs_are_what_the_taps_touch);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

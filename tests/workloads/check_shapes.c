/* Question: are shapes, work counts and reaches what the definition of each operation says? */
#include "tests/workloads/network.h"

/*
 * Expected by hand from the input x of 4 channels, 11 rows, 8 columns:
 * floor((extent + 2 pad - dilation (kernel - 1) - 1) / stride) + 1.
 */
static const struct shape_case {
	const char *layer;
	uint32_t channels, rows, columns;
	uint64_t macs, weights, operations;
} shape_cases[] = {
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3", 6, 9, 6, 6 * 9 * 6 * 36, 216, 0 },
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3, 'pad': 1", 6, 11, 8, 6 * 88 * 36, 216, 0 },
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 3, 'pad': 1, 'stride': 2", 6, 6, 4, 24 * 216,
	  216, 0 },
	{ "'op': 'conv', 'out_channels': 6, 'kernel': [3, 1], 'stride': [1, 3], 'pad': [0, 1]", 6,
	  9, 4, 36 * 72, 72, 0 },
	{ "'op': 'conv', 'out_channels': 1, 'kernel': 3, 'dilation': [5, 2]", 1, 1, 4, 4 * 36, 36,
	  0 },
	{ "'op': 'conv', 'out_channels': 6, 'kernel': 1, 'groups': 2", 6, 11, 8, 6 * 88 * 2, 12,
	  0 },
	{ "'op': 'conv', 'out_channels': 4, 'kernel': 3, 'groups': 4, 'pad': 1", 4, 11, 8,
	  4 * 88 * 9, 36, 0 },
	/* (extent - 1) stride - 2 pad + kernel; ceil(kernel / stride) taps per output. */
	{ "'op': 'transposed_conv', 'out_channels': 3, 'kernel': 2, 'stride': 2", 3, 22, 16,
	  3 * 22 * 16 * 4, 48, 0 },
	{ "'op': 'transposed_conv', 'out_channels': 3, 'kernel': 3, 'stride': 2, 'pad': 1", 3, 21,
	  15, 3 * 21 * 15 * 4 * 4, 108, 0 },
	{ "'op': 'transposed_conv', 'out_channels': 2, 'kernel': 3, 'groups': 2", 2, 13, 10,
	  2 * 130 * 2 * 9, 36, 0 },
	{ "'op': 'matmul', 'out_channels': 5", 5, 1, 1, 5 * 352, 5 * 352, 0 },
	{ "'op': 'max_pool', 'kernel': 2, 'stride': 2", 4, 5, 4, 0, 0, 80 * 4 },
	{ "'op': 'max_pool', 'kernel': 2, 'stride': 2, 'ceil': true", 4, 6, 4, 0, 0, 96 * 4 },
	{ "'op': 'max_pool', 'kernel': 3, 'stride': 2, 'pad': 1", 4, 6, 4, 0, 0, 96 * 9 },
	/* ceil would give 7 rows; the last window would start in the padding behind row 10 */
	{ "'op': 'average_pool', 'kernel': 2, 'stride': 2, 'pad': 1, 'ceil': true", 4, 6, 5, 0, 0,
	  120 * 4 },
	{ "'op': 'global_pool'", 4, 1, 1, 0, 0, 352 },
	{ "'op': 'sigmoid'", 4, 11, 8, 0, 0, 352 },
	{ "'op': 'batch_norm'", 4, 11, 8, 0, 0, 352 },
	{ "'op': 'softmax'", 4, 11, 8, 0, 0, 352 },
};

/* Behind a 1x1 convolution, so that element-wise layers have a node. */
static struct wl_workload *one_layer(const char *layer, unsigned channels, unsigned rows,
                                     unsigned columns)
{
	g_autofree char *input = g_strdup_printf("{'name': 'x', 'shape': [%u, %u, %u]}", channels,
	                                         rows, columns);
	g_autofree char *layers = g_strdup_printf(
		"{'name': 'first', 'op': 'conv', 'inputs': ['x'], 'out_channels': %u,"
		"'kernel': 1}, {'name': 'a', 'inputs': ['first'], %s}",
		channels, layer);

	return network(input, layers);
}

START_TEST(shapes_and_work_by_hand)
{
	const struct shape_case *c = &shape_cases[_i];
	struct wl_workload *w = one_layer(c->layer, 4, 11, 8);
	const struct wl_layer *layer = &w->layers[1];
	const struct wl_node *node = &w->nodes[w->node_count - 1];

	assert_shape(layer->output, c->channels, c->rows, c->columns);
	assert_shape(node->output, c->channels, c->rows, c->columns);
	ck_assert_uint_eq(layer->macs, c->macs);
	ck_assert_uint_eq(layer->weight_count, c->weights);
	ck_assert_uint_eq(node->vector_elements, c->operations);
	ck_assert_uint_eq(w->node_count, c->macs > 0 ? 2 : 1);
	if (c->macs > 0) {
		ck_assert_uint_eq(node->macs, c->macs);
		ck_assert_uint_eq((uint64_t)node->K * node->C * node->P * node->Q * node->R *
		                          node->S,
		                  c->macs);
		ck_assert_uint_eq(node->weight_bytes, 2 * c->weights);
		assert_shape(node->input, 4, 11, 8);
	}
	wl_workload_free(w);
}
END_TEST

START_TEST(add_and_concat_join_shapes)
{
	struct wl_workload *w = network(
		"{'name': 'x', 'shape': [4, 6, 5]}",
		"{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 4, 'kernel': 1},"
		"{'name': 'sum', 'op': 'add', 'inputs': ['a', 'x', 'x']},"
		"{'name': 'b', 'op': 'conv', 'inputs': ['sum'], 'out_channels': 3, 'kernel': 1},"
		"{'name': 'all', 'op': 'concat', 'inputs': ['x', 'b', 'a']},"
		"{'name': 'c', 'op': 'conv', 'inputs': ['all'], 'out_channels': 1, 'kernel': 1}");

	assert_shape(w->layers[1].output, 4, 6, 5);
	ck_assert_uint_eq(w->nodes[0].vector_elements, 2 * 120); /* three operands: two additions */
	assert_shape(w->layers[3].output, 11, 6, 5);
	ck_assert_uint_eq(w->nodes[2].C, 11);
	wl_workload_free(w);
}
END_TEST

/* Refused: layers that read x of 4x11x8, y of 6x11x8 and small of 6x6x4. */
static const struct error_case {
	const char *layer, *message;
} error_cases[] = {
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 1, 'kernel': [11, 9]",
	  "$.layers[1].kernel: must not exceed the padded input of 8 columns, got 9" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 1, 'kernel': 4, 'dilation': 4, 'pad': 0",
	  "$.layers[1].kernel: must not exceed the padded input of 11 rows, got 13 (dilated)" },
	{ "'op': 'max_pool', 'inputs': ['x'], 'kernel': 12",
	  "$.layers[1].kernel: must not exceed the padded input of 11 rows, got 12" },
	{ "'op': 'max_pool', 'inputs': ['x'], 'kernel': 2, 'pad': 2",
	  "$.layers[1].pad: must be smaller than the kernel of 2 rows, got 2" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 6, 'kernel': 1, 'groups': 3",
	  "$.layers[1].groups: must divide the 4 input channels, got 3" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 6, 'kernel': 1, 'groups': 4",
	  "$.layers[1].groups: must divide the 6 output channels, got 4" },
	{ "'op': 'transposed_conv', 'inputs': ['x'], 'out_channels': 1, 'kernel': 1, 'pad': 4",
	  "$.layers[1].pad: must leave at least one of 8 output columns, got 4" },
	{ "'op': 'add', 'inputs': ['x', 'x', 'y']",
	  "$.layers[1].inputs[2]: must have the shape of the first input (4x11x8), got 6x11x8" },
	{ "'op': 'concat', 'inputs': ['x', 'small']",
	  "$.layers[1].inputs[1]: must have the rows and columns of the first input (4x11x8), got "
	  "6x6x4" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 1048576, 'kernel': 1, 'pad': 512",
	  "$.layers[1]: must have at most 1099511627776 output elements" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 1048576, 'kernel': 1000,"
	  "'pad': 500",
	  "$.layers[1]: must have at most 1099511627776 weights" },
	{ "'op': 'conv', 'inputs': ['x'], 'out_channels': 1000, 'kernel': 8000, 'pad': 6000",
	  "$.layers[1]: must have at most 9007199254740992 MACs" },
	{ "'op': 'max_pool', 'inputs': ['x'], 'kernel': 65536, 'pad': 65535",
	  "$.layers[1]: must have at most 9007199254740992 element-wise operations" },
};

START_TEST(refuses_shapes_that_do_not_fit)
{
	const struct error_case *c = &error_cases[_i];
	g_autofree char *layers = g_strdup_printf(
		"{'name': 'small', 'op': 'max_pool', 'inputs': ['y'], 'kernel': 2, 'stride': 2,"
		"'ceil': true}, {'name': 'a', %s}",
		c->layer);
	g_autofree char *text = network_text("{'name': 'x', 'shape': [4, 11, 8]},"
	                                     "{'name': 'y', 'shape': [6, 11, 8]}",
	                                     layers);
	g_autofree char *message = g_strconcat("net.json: ", c->message, NULL);

	assert_refused(text, NULL, message);
}
END_TEST

START_TEST(refuses_extents_out_of_range)
{
	g_autofree char *wide = network_text("{'name': 'x', 'shape': [1, 100, 1]}",
	                                     "{'name': 'a', 'op': 'transposed_conv',"
	                                     "'inputs': ['x'], 'out_channels': 1, 'kernel': 1,"
	                                     "'stride': 60000}");
	g_autofree char *padded = network_text("{'name': 'x', 'shape': [1, 1, 1048576]}",
	                                       "{'name': 'a', 'op': 'conv', 'inputs': ['x'],"
	                                       "'out_channels': 1, 'kernel': 1, 'pad': [0, 1]}");
	g_autofree char *joined = network_text("{'name': 'x', 'shape': [1048576, 1, 1]}",
	                                       "{'name': 'a', 'op': 'concat',"
	                                       "'inputs': ['x', 'x']}");

	assert_refused(wide, NULL,
	               "net.json: $.layers[0]: output must have at most 1048576 rows, "
	               "got 5940001");
	assert_refused(padded, NULL,
	               "net.json: $.layers[0]: output must have at most 1048576 "
	               "columns, got 1048578");
	assert_refused(joined, NULL,
	               "net.json: $.layers[0]: output must have at most 1048576 "
	               "channels, got 2097152");
}
END_TEST

START_TEST(refuses_more_macs_than_can_be_summed)
{
	GString *layers = g_string_new(NULL);

	/* Each layer stays below the limit of 2^53 = 9.007e15: 2^20 * 2^16 * 2^16 = 2^52 MACs. */
	for (unsigned i = 0; i < 3; i++)
		g_string_append_printf(layers,
		                       "%s{'name': 'c%u', 'op': 'conv', 'inputs': ['x'],"
		                       "'out_channels': 65536, 'kernel': 1}",
		                       i > 0 ? ", " : "", i);
	g_autofree char *text = network_text("{'name': 'x', 'shape': [65536, 1024, 1024]}",
	                                     layers->str);

	assert_refused(text, NULL,
	               "net.json: $.layers[2]: the network must have at most 9007199254740992 "
	               "MACs and weights");
	g_string_free(layers, TRUE);
}
END_TEST

/* Reach */

START_TEST(reach_is_clipped_and_may_be_empty)
{
	const struct wl_reach conv = { .down = 2, .up = 1, .pad = 3, .window = 7 };
	static const struct {
		uint32_t lo, hi, in_lo, in_hi;
	} cases[] = {
		{ 0, 1, 0, 4 },   /* rows -3 .. 3 */
		{ 1, 2, 0, 6 },   /* rows -1 .. 5 */
		{ 2, 3, 1, 8 },   /* rows 1 .. 7 */
		{ 2, 4, 1, 10 },  /* rows 1 .. 9 */
		{ 6, 7, 9, 14 },  /* rows 9 .. 15 of 14 */
		{ 7, 8, 11, 14 }, /* rows 11 .. 17 */
		{ 20, 21, 14, 14 }, { 5, 5, 0, 0 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint32_t lo = cases[i].lo, hi = cases[i].hi;

		wl_reach_apply(&conv, 14, &lo, &hi);
		ck_assert_uint_eq(lo, cases[i].in_lo);
		ck_assert_uint_eq(hi, cases[i].in_hi);
	}
}
END_TEST

/* Marks the input rows that output row `out` touches: the definition of the operation. */
static void touch(const struct wl_layer *layer, uint32_t out, uint32_t extent, bool *touched)
{
	for (uint32_t k = 0; k < layer->kernel[0]; k++) {
		int64_t in;

		if (layer->op == WL_TRANSPOSED_CONV) {
			in = (int64_t)out + layer->pad[0] - k;
			if (in % layer->stride[0] != 0)
				continue;
			in /= layer->stride[0];
		} else {
			in = (int64_t)out * layer->stride[0] - layer->pad[0] +
			     (int64_t)k * layer->dilation[0];
		}
		if (in >= 0 && in < extent)
			touched[in] = true;
	}
}

/* The smallest interval around what is touched; lo == hi if nothing is. */
static void hull(const bool *touched, uint32_t extent, uint32_t *lo, uint32_t *hi)
{
	*lo = *hi = 0;
	for (uint32_t i = 0; i < extent; i++) {
		if (touched[i]) {
			*lo = *hi == 0 ? i : *lo;
			*hi = i + 1;
		}
	}
}

static void assert_interval(const struct wl_reach *reach, uint32_t extent, uint32_t lo, uint32_t hi,
                            const bool *touched)
{
	uint32_t in_lo = lo, in_hi = hi, hull_lo, hull_hi;

	hull(touched, extent, &hull_lo, &hull_hi);
	wl_reach_apply(reach, extent, &in_lo, &in_hi);
	ck_assert_msg(in_hi - in_lo == hull_hi - hull_lo && (in_lo == in_hi || in_lo == hull_lo),
	              "outputs [%u, %u) reach [%u, %u), not [%u, %u) of %u rows: "
	              "reach %d %d %d %d",
	              lo, hi, in_lo, in_hi, hull_lo, hull_hi, extent, (int)reach->down,
	              (int)reach->up, (int)reach->pad, (int)reach->window);
}

/* Every interval of the (last) layer's output against what its rows touch. */
static void assert_exact(const struct wl_workload *w, const struct wl_layer *last,
                         const struct wl_layer *behind, uint32_t extent)
{
	const struct wl_reach *reach = &w->edges[0].rows;
	const uint32_t rows = behind != NULL ? behind->output.rows : last->output.rows;

	for (uint32_t lo = 0; lo < rows; lo++) {
		for (uint32_t hi = lo + 1; hi <= rows; hi++) {
			g_autofree bool *in = g_new0(bool, extent);
			g_autofree bool *middle = g_new0(bool, last->output.rows);

			for (uint32_t row = lo; row < hi; row++) {
				if (behind != NULL)
					touch(behind, row, last->output.rows, middle);
				else
					middle[row] = true;
			}
			for (uint32_t row = 0; row < last->output.rows; row++) {
				if (middle[row])
					touch(last, row, extent, in);
			}
			assert_interval(reach, extent, lo, hi, in);
		}
	}
}

static struct wl_workload *one_column(const char *op, unsigned extent, const unsigned at[3],
                                      const char *more)
{
	g_autofree char *input = g_strdup_printf("{'name': 'x', 'shape': [1, %u, 1]}", extent);
	g_autofree char *layers = g_strdup_printf(
		"{'name': 'a', 'op': '%s', 'inputs': ['x'], 'out_channels': 1,"
		"'kernel': [%u, 1], 'stride': [%u, 1], 'pad': [%u, 0]}%s",
		op, at[0], at[1], at[2], more);

	return network(input, layers);
}

START_TEST(conv_reaches_exactly_what_it_touches)
{
	for (unsigned i = 0; i < 5 * 4 * 5; i++) {
		const unsigned at[3] = { i % 5 + 1, i / 5 % 4 + 1, i / 20 };

		if (at[2] >= at[0])
			continue;
		struct wl_workload *w = one_column("conv", 9, at, "");
		assert_exact(w, &w->layers[0], NULL, 9);
		wl_workload_free(w);
	}
}
END_TEST

START_TEST(transposed_conv_reaches_exactly_what_it_touches)
{
	for (unsigned i = 0; i < 5 * 4 * 5; i++) {
		/* pad may exceed kernel - 1: then the outer inputs are not touched at all */
		const unsigned at[3] = { i % 5 + 1, i / 5 % 4 + 1, i / 20 };

		if (6 * at[1] + at[0] <= 2 * at[2])
			continue;
		struct wl_workload *w = one_column("transposed_conv", 7, at, "");
		assert_exact(w, &w->layers[0], NULL, 7);
		wl_workload_free(w);
	}
}
END_TEST

START_TEST(dilated_conv_reaches_its_outermost_taps)
{
	struct wl_workload *w = network("{'name': 'x', 'shape': [1, 20, 1]}",
	                                "{'name': 'a', 'op': 'conv', 'inputs': ['x'],"
	                                "'out_channels': 1, 'kernel': [3, 1], 'stride': [2, 1],"
	                                "'pad': [1, 0], 'dilation': [3, 1]}");

	assert_reach(&w->edges[0].rows, 2, 1, 1, 7);
	assert_reach(&w->edges[0].columns, 1, 1, 0, 1);
	wl_workload_free(w);
}
END_TEST

START_TEST(stride_beyond_the_only_output_does_not_count)
{
	struct wl_workload *w = network("{'name': 'x', 'shape': [1, 8, 9]}",
	                                "{'name': 'a', 'op': 'conv', 'inputs': ['x'],"
	                                "'out_channels': 1, 'kernel': 3, 'stride': 60000}");

	assert_reach(&w->edges[0].rows, 8, 1, 0, 3);
	assert_reach(&w->edges[0].columns, 9, 1, 0, 3);
	wl_workload_free(w);
}
END_TEST

/* No padding in the pool: nothing is clipped in between, so the composition is exact. */
START_TEST(pool_behind_conv_reaches_exactly_what_both_touch)
{
	static const char *const ops[] = { "conv", "transposed_conv" };

	for (unsigned i = 0; i < 2 * 3 * 3 * 3 * 3; i++) {
		const unsigned at[3] = { 3, i / 2 % 3 + 1, i / 6 % 3 };
		g_autofree char *pool = g_strdup_printf(
			", {'name': 'p', 'op': 'max_pool', 'inputs': ['a'], 'kernel': [%u, 1],"
			"'stride': [%u, 1]}",
			i / 18 % 3 + 1, i / 54 + 1);
		struct wl_workload *w = one_column(ops[i % 2], 13, at, pool);

		ck_assert_uint_eq(w->node_count, 1);
		assert_exact(w, &w->layers[0], &w->layers[1], 13);
		wl_workload_free(w);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shapes");
	TCase *all = tcase_create("shapes");

	tcase_add_loop_test(all, shapes_and_work_by_hand, 0, (int)G_N_ELEMENTS(shape_cases));
	tcase_add_test(all, add_and_concat_join_shapes);
	tcase_add_loop_test(all, refuses_shapes_that_do_not_fit, 0, (int)G_N_ELEMENTS(error_cases));
	tcase_add_test(all, refuses_extents_out_of_range);
	tcase_add_test(all, refuses_more_macs_than_can_be_summed);
	tcase_add_test(all, reach_is_clipped_and_may_be_empty);
	tcase_add_test(all, conv_reaches_exactly_what_it_touches);
	tcase_add_test(all, transposed_conv_reaches_exactly_what_it_touches);
	tcase_add_test(all, dilated_conv_reaches_its_outermost_taps);
	tcase_add_test(all, stride_beyond_the_only_output_does_not_count);
	tcase_add_test(all, pool_behind_conv_reaches_exactly_what_both_touch);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}

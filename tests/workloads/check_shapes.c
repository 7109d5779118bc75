/* Question: are shapes, work counts and reaches what the definition of each operation says? */
#include "tests/workloads/network.h"
#include "tests/support/suite.h"

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
	const struct wl_reach conv = {
		.down = 2, .up = 1, .pad = 3, .taps = 7, .dilation = 1, .extent = 14
	};
	static const struct {
		uint32_t lo, hi, in_lo, in_hi;
	} cases[] = {
		{ 0, 1, 0, 4 },   /* rows -3 .. 3 */
		{ 1, 2, 0, 6 },   /* rows -1 .. 5 */
		{ 2, 3, 1, 8 },   /* rows 1 .. 7 */
		{ 2, 4, 1, 10 },  /* rows 1 .. 9 */
		{ 6, 7, 9, 14 },  /* rows 9 .. 15 of 14 */
		{ 7, 8, 11, 14 }, /* rows 11 .. 17 */
		{ 20, 21, 0, 0 }, { 5, 5, 0, 0 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint32_t lo = cases[i].lo, hi = cases[i].hi;

		ck_assert(wl_reach_interval(&conv, &lo, &hi));
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

/* The interval surrounds what is touched, and is it if it says so; the rows are what is touched. */
static void assert_reaches(const struct wl_reach *reach, uint32_t extent, uint32_t lo, uint32_t hi,
                           const bool *touched)
{
	uint32_t first = lo, end = hi, from = lo, to = hi;
	bool all = wl_reach_interval(reach, &first, &end);
	g_autofree uint64_t *rows = g_new(uint64_t, wl_reach_words(reach, lo, hi));
	wl_reach_rows(reach, &from, &to, rows);
	for (uint32_t row = 0; row < extent; row++) {
		bool within = row >= first && row < end;
		bool reached = within && rows[row / 64 - first / 64] >> row % 64 & 1;
		ck_assert_msg(reached == touched[row] && (!all || within == touched[row]),
		              "outputs [%u, %u) reach [%u, %u) of %u: row %u", lo, hi, first, end,
		              extent, row);
	}
	if (first < end) {
		ck_assert_uint_eq(from, first);
		ck_assert_uint_eq(to, end);
	}
}

/* Marks the rows of the input of `count` layers, the last one's output first, that row touches. */
static void touch_through(const struct wl_layer *layers, const uint32_t *extents, unsigned count,
                          uint32_t row, bool *touched)
{
	const struct wl_layer *last = &layers[count - 1];
	g_autofree bool *middle = g_new0(bool, extents[count - 1]);
	touch(last, row, extents[count - 1], count == 1 ? touched : middle);
	for (uint32_t i = 0; count > 1 && i < extents[count - 1]; i++)
		if (middle[i])
			touch_through(layers, extents, count - 1, i, touched);
}

/* Every interval of the last layer's output (of long ones: some) against what its rows touch,
 * through all layers. */
static void assert_exact(const struct wl_workload *w)
{
	const uint32_t rows = w->layers[w->layer_count - 1].output.rows;
	const uint32_t extent = w->inputs[0].shape.rows;
	g_autofree uint32_t *extents = g_new(uint32_t, w->layer_count);
	for (unsigned i = 0; i < w->layer_count; i++)
		extents[i] = i == 0 ? extent : w->layers[i - 1].output.rows;
	const uint32_t step = rows / 20 + 1;
	for (uint32_t lo = 0; lo < rows; lo += step) {
		g_autofree bool *touched = g_new0(bool, extent);

		for (uint32_t hi = lo + 1; hi <= rows; hi++) {
			touch_through(w->layers, extents, w->layer_count, hi - 1, touched);
			if ((hi - lo) % step == 0 || hi - lo == 1)
				assert_reaches(w->edges[0].rows, extent, lo, hi, touched);
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
		assert_exact(w);
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
		assert_exact(w);
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

	assert_reach(w->edges[0].rows, 2, 1, 1, 7);
	assert_reach(w->edges[0].columns, 1, 1, 0, 1);
	wl_workload_free(w);
}
END_TEST

START_TEST(stride_beyond_the_only_output_does_not_count)
{
	struct wl_workload *w = network("{'name': 'x', 'shape': [1, 8, 9]}",
	                                "{'name': 'a', 'op': 'conv', 'inputs': ['x'],"
	                                "'out_channels': 1, 'kernel': 3, 'stride': 60000}");

	uint32_t lo = 0, hi = 1;
	ck_assert(wl_reach_interval(w->edges[0].rows, &lo, &hi));
	ck_assert_uint_eq(lo, 0);
	ck_assert_uint_eq(hi, 3);
	assert_exact(w);
	wl_workload_free(w);
}
END_TEST

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
		assert_exact(w);
		wl_workload_free(w);
	}
}
END_TEST

/* One attribute list of a random layer: strides above the kernel, dilations, padding, pools that
 * round up. */
static void append_window(GString *layers, GRand *rand, unsigned i, const char *op)
{
	int kernel = g_rand_int_range(rand, 1, 6), stride = g_rand_int_range(rand, 1, 8);
	bool pool = *op == 'm';
	g_string_append_printf(layers,
	                       "%s{'name': 'l%u', 'op': '%s', 'inputs': ['%s%.0u'], 'kernel': "
	                       "[%d, 1], 'stride': [%d, 1], 'pad': [%d, 0]%s%s",
	                       i > 0 ? ", " : "", i + 1, op, i > 0 ? "l" : "x", i, kernel, stride,
	                       g_rand_int_range(rand, 0, pool ? kernel : 7),
	                       pool ? "" : ", 'out_channels': 1",
	                       pool && g_rand_boolean(rand) ? ", 'ceil': true" : "");
	if (*op == 'c')
		g_string_append_printf(layers, ", 'dilation': [%d, 1]",
		                       g_rand_int_range(rand, 1, 5));
	g_string_append_c(layers, '}');
}

/* A MAC layer with pools before and behind it, drawn from all that is legal; NULL: does not fit. */
static struct wl_workload *random_column(GRand *rand)
{
	unsigned count = (unsigned)g_rand_int_range(rand, 1, 4);
	unsigned mac = (unsigned)g_rand_int_range(rand, 0, (int)count);
	int rows = g_rand_int_range(rand, 0, 4) == 0 ? g_rand_int_range(rand, 60, 200)
	                                             : g_rand_int_range(rand, 1, 30);
	g_autofree char *input = g_strdup_printf("{'name': 'x', 'shape': [1, %d, 1]}", rows);
	GString *layers = g_string_new(NULL);
	for (unsigned i = 0; i < count; i++)
		append_window(layers, rand, i,
		              i != mac               ? "max_pool"
		              : g_rand_boolean(rand) ? "conv"
		                                     : "transposed_conv");
	g_autofree char *text = network_text(input, layers->str);
	g_string_free(layers, TRUE);
	return wl_workload_parse(text, "net.json", NULL, NULL);
}

START_TEST(random_windows_reach_exactly_what_they_touch)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	unsigned fit = 0, skipping = 0;

	for (unsigned round = 0; round < 100; round++) {
		struct wl_workload *w = random_column(rand);

		if (w == NULL)
			continue;
		uint32_t lo = 0, hi = w->nodes[0].output.rows;
		skipping += !wl_reach_interval(w->edges[0].rows, &lo, &hi);
		ck_assert_uint_eq(w->edge_count, 1);
		assert_exact(w);
		fit++;
		wl_workload_free(w);
	}
	ck_assert_uint_ge(fit, 20);
	ck_assert_uint_ge(skipping, 2);
}
END_TEST

/* Extents and kernels as large as they get. */
START_TEST(large_windows_are_exact)
{
	static const struct {
		unsigned kernel, stride, dilation, rows;
	} cases[] = {
		{ 1, 2, 1, 1 << 19 },
		{ 3, 5, 1, 3 * 209715 }, /* outputs: (2^20 - 3) / 5 + 1 */
		/* Rows 3 o + 7 t: all but 1, 2, 4, 5, 8, 11 and as many at the far end. */
		{ 65536, 3, 7, (1 << 20) - 12 },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *layer = g_strdup_printf(
			"{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 1,"
			"'kernel': [%u, 1], 'stride': [%u, 1], 'dilation': [%u, 1]}",
			cases[i].kernel, cases[i].stride, cases[i].dilation);
		struct wl_workload *w = network("{'name': 'x', 'shape': [1, 1048576, 1]}", layer);
		uint32_t lo = 0, hi = w->nodes[0].output.rows;
		const struct wl_reach *reach = w->edges[0].rows;
		size_t words = wl_reach_words(reach, lo, hi), count = 0;
		g_autofree uint64_t *rows = g_new(uint64_t, words);
		wl_reach_rows(reach, &lo, &hi, rows);
		for (uint32_t row = lo; row < hi; row++)
			count += rows[row / 64 - lo / 64] >> row % 64 & 1;
		ck_assert_uint_eq(count, cases[i].rows);
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
	tcase_add_loop_test(all, random_windows_reach_exactly_what_they_touch, 0, 20);
	tcase_add_test(all, large_windows_are_exact);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}

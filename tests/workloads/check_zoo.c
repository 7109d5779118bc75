/*
 * Question: are the networks of the zoo the published ones, and do their nodes
 * fit together? GMAC are torchvision's `_ops` (v0.15, models/resnet.py and so on),
 * for DarkNet-19 half of the 5.58 billion operations of arXiv 1612.08242, section 3;
 * weights are torchvision's num_params without biases and norms.
 * For ResNet-50 with v1 strides the layers of SET's src/nns/resnet.cpp, added up: 3,857,973,248, fc
 * included.
 */
#include "tests/workloads/network.h"
#include "tests/support/suite.h"

static const struct zoo_case {
	const char *name;
	const char *gmac;
	uint64_t weights;
	unsigned nodes;
} zoo[] = {
	{ "alexnet", "0.714", 61090496, 8 },      { "vgg16", "15.470", 138344128, 16 },
	{ "darknet19", "2.791", 20826976, 19 },   { "resnet18", "1.814", 11678912, 21 },
	{ "resnet50", "4.089", 25502912, 54 },    { "resnet101", "7.801", 44442816, 105 },
	{ "resnet152", "11.514", 60040384, 156 }, { "resnet50-v1", "3.858", 25502912, 54 },
	{ "mobilenet_v2", "0.301", 3469760, 53 },
};

static struct wl_workload *read_zoo(int index)
{
	g_autoptr(GError) error = NULL;
	struct wl_workload *w = wl_workload_read(zoo[index].name, "workloads/zoo", NULL, &error);

	ck_assert_msg(w != NULL, "%s", error != NULL ? error->message : "no error set");
	return w;
}

START_TEST(sums_are_the_published_ones)
{
	struct wl_workload *w = read_zoo(_i);
	g_autofree char *gmac = g_strdup_printf("%.3f", (double)wl_macs(w) / 1e9);

	ck_assert_str_eq(w->name, zoo[_i].name);
	ck_assert_str_eq(gmac, zoo[_i].gmac);
	ck_assert_uint_eq(wl_weight_bytes(w), zoo[_i].weights);
	ck_assert_uint_eq(w->node_count, zoo[_i].nodes);
	ck_assert_uint_eq(w->activation_bytes, 1);
	ck_assert_uint_eq(w->weight_bytes, 1);
	ck_assert_uint_eq(w->input_count, 1);
	assert_shape(w->inputs[0].shape, 3, 224, 224);
	assert_shape(w->nodes[w->node_count - 1].output, 1000, 1, 1);
	wl_workload_free(w);
}
END_TEST

START_TEST(nodes_partition_the_layers)
{
	struct wl_workload *w = read_zoo(_i);
	uint64_t operations = 0, expected = 0;

	for (unsigned i = 0; i < w->layer_count; i++) {
		const struct wl_layer *layer = &w->layers[i];
		const struct wl_node *node = &w->nodes[layer->node];

		ck_assert_uint_lt(layer->node, w->node_count);
		ck_assert_uint_le(node->layer, i);
		ck_assert((node->layer == i) == (layer->macs > 0));
		if (layer->op == WL_ADD || layer->op == WL_ACTIVATION)
			expected += wl_shape_elements(layer->output);
		else if (layer->macs == 0) /* these pools' windows are square */
			expected += wl_shape_elements(layer->output) * layer->kernel[0] *
			            layer->kernel[0];
	}
	for (unsigned i = 0; i < w->node_count; i++) {
		const struct wl_node *n = &w->nodes[i];

		operations += n->vector_elements;
		ck_assert_uint_eq((uint64_t)n->K * n->C * n->P * n->Q * n->R * n->S, n->macs);
		ck_assert_uint_eq(n->C * n->groups, n->input.channels);
		ck_assert_uint_eq(n->output.channels, n->K);
		ck_assert(n->is_output == (i == w->node_count - 1));
		ck_assert(n->edge_out_count > 0 || n->is_output);
	}
	ck_assert_uint_eq(operations, expected);
	wl_workload_free(w);
}
END_TEST

/* Needs everything, up to the rows that the windows' strides leave over at the end: there the
 * next row's window would not fit. */
static void assert_covers(const struct wl_reach *reach, uint32_t outputs, uint32_t extent)
{
	uint32_t lo = 0, hi = outputs;
	int64_t stride = 1;

	for (const struct wl_reach *step = reach; step != NULL; step = step->next)
		stride *= step->down;
	wl_reach_interval(reach, &lo, &hi);
	ck_assert_uint_eq(lo, 0);
	ck_assert_int_lt(extent - hi, stride);
}

static void assert_edge_fits(const struct wl_workload *w, const struct wl_edge *edge)
{
	const struct wl_node *to = &w->nodes[edge->to];
	struct wl_shape from = wl_edge_shape(w, edge);

	assert_covers(edge->rows, to->output.rows, from.rows);
	assert_covers(edge->columns, to->output.columns, from.columns);
	ck_assert_uint_eq(edge->channel_offset, 0);
	if (edge->channels == WL_CHANNELS_SAME)
		ck_assert_uint_eq(from.channels, to->output.channels);
	else
		assert_shape(from, to->input.channels, to->input.rows, to->input.columns);
}

START_TEST(edges_are_consistent_and_cover_their_inputs)
{
	struct wl_workload *w = read_zoo(_i);
	unsigned in = 0, out = 0, from_network = 0;

	for (unsigned i = 0; i < w->node_count; i++) {
		const struct wl_node *node = &w->nodes[i];

		assert_covers(node->mac_rows, node->output.rows, node->P);
		assert_covers(node->mac_columns, node->output.columns, node->Q);
		for (unsigned j = 0; j < node->edge_in_count; j++) {
			const struct wl_edge *edge = &w->edges[node->edges_in[j]];

			ck_assert_uint_eq(edge->to, i);
			ck_assert_int_lt(edge->from, (int)i);
			ck_assert_int_eq(edge->channels, j > 0              ? WL_CHANNELS_SAME
			                                 : node->groups > 1 ? WL_CHANNELS_GROUPED
			                                                    : WL_CHANNELS_ALL);
			assert_edge_fits(w, edge);
			from_network += edge->from < 0;
		}
		for (unsigned j = 0; j < node->edge_out_count; j++)
			ck_assert_int_eq(w->edges[node->edges_out[j]].from, (int)i);
		in += node->edge_in_count;
		out += node->edge_out_count;
	}
	ck_assert_uint_eq(in, w->edge_count);
	ck_assert_uint_eq(out + from_network, w->edge_count);
	ck_assert_uint_eq(from_network, 1);
	wl_workload_free(w);
}
END_TEST

/* Each residual block adds one edge: 8 in ResNet-18, 16 in ResNet-50, and so on; in
 * MobileNetV2 those that keep their shape. */
START_TEST(residual_edges_are_as_many_as_blocks)
{
	static const unsigned blocks[G_N_ELEMENTS(zoo)] = { 0, 0, 0, 8, 16, 33, 50, 16, 10 };
	struct wl_workload *w = read_zoo(_i);
	unsigned residual = 0;

	for (unsigned i = 0; i < w->edge_count; i++)
		residual += w->edges[i].channels == WL_CHANNELS_SAME;
	ck_assert_uint_eq(residual, blocks[_i]);
	ck_assert_uint_eq(w->edge_count, w->node_count + residual);
	wl_workload_free(w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zoo");
	TCase *all = tcase_create("zoo");
	const int count = (int)G_N_ELEMENTS(zoo);

	tcase_add_loop_test(all, sums_are_the_published_ones, 0, count);
	tcase_add_loop_test(all, nodes_partition_the_layers, 0, count);
	tcase_add_loop_test(all, edges_are_consistent_and_cover_their_inputs, 0, count);
	tcase_add_loop_test(all, residual_edges_are_as_many_as_blocks, 0, count);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}

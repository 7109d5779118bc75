/* Question: which layers become which node, and what does each node read of which other? */
#include "tests/workloads/network.h"
#include "tests/support/suite.h"

#define IMAGE "{'name': 'x', 'shape': [4, 8, 8]}"
/* A convolution that keeps rows and columns. */
#define CONV(name, input, channels)                                                             \
	"{'name': '" name "', 'op': 'conv', 'inputs': ['" input "'], 'out_channels': " channels \
	", 'kernel': 3, 'pad': 1}"
#define UNARY(name, op, input) "{'name': '" name "', 'op': '" op "', 'inputs': ['" input "']}"
#define JOIN(name, op, a, b) "{'name': '" name "', 'op': '" op "', 'inputs': ['" a "', '" b "']}"
#define POOL(name, input)                                                                         \
	"{'name': '" name "', 'op': 'max_pool', 'inputs': ['" input "'], 'kernel': 2, 'stride': " \
	"2}"

#define LAYERS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct wl_workload *of_input(const char *inputs, const char *const *layers)
{
	g_autofree char *joined = g_strjoinv(", ", (char **)layers);

	return network(inputs, joined);
}

static struct wl_workload *of_image(const char *const *layers)
{
	return of_input(IMAGE, layers);
}

static const struct wl_edge *edge_in(const struct wl_workload *w, unsigned node, unsigned which)
{
	ck_assert_uint_lt(node, w->node_count);
	ck_assert_uint_lt(which, w->nodes[node].edge_in_count);
	return &w->edges[w->nodes[node].edges_in[which]];
}

static void assert_edge(const struct wl_workload *w, unsigned node, unsigned which, int from,
                        enum wl_channels channels, uint32_t channel_offset)
{
	const struct wl_edge *edge = edge_in(w, node, which);

	ck_assert_uint_eq(edge->to, node);
	ck_assert_int_eq(edge->from, from);
	ck_assert_int_eq(edge->channels, channels);
	ck_assert_uint_eq(edge->channel_offset, channel_offset);
}

START_TEST(element_wise_layers_join_the_mac_layer_before_them)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "6"), UNARY("n", "batch_norm", "a"),
	                                        UNARY("r", "relu", "n"), POOL("p", "r")));
	const struct wl_node *a = &w->nodes[0];

	ck_assert_uint_eq(w->node_count, 1);
	ck_assert_str_eq(a->name, "a");
	ck_assert_uint_eq(a->layer, 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(w->layers[i].node, 0);
	ck_assert_uint_eq(a->K, 6);
	ck_assert_uint_eq(a->C, 4);
	ck_assert_uint_eq(a->P, 8);
	ck_assert_uint_eq(a->Q, 8);
	ck_assert_uint_eq(a->R, 3);
	ck_assert_uint_eq(a->S, 3);
	assert_shape(a->output, 6, 4, 4);
	assert_shape(a->input, 4, 8, 8);
	ck_assert_uint_eq(a->macs, 6 * 64 * 4 * 9);
	ck_assert_uint_eq(a->weight_bytes, 2 * 6 * 4 * 9);
	ck_assert_uint_eq(a->vector_elements, 2 * 6 * 64 + 6 * 16 * 4); /* norm, relu, pool */
	assert_reach(a->mac_rows, 2, 1, 0, 2);
	ck_assert(a->is_output);
	ck_assert_uint_eq(w->edge_count, 1);
	assert_edge(w, 0, 0, -1, WL_CHANNELS_ALL, 0);
	/* output row p is MAC rows 2p, 2p + 1, is input rows 2p - 1 .. 2p + 2 */
	assert_reach(edge_in(w, 0, 0)->rows, 2, 1, 1, 4);
	ck_assert_uint_eq(wl_macs(w), a->macs);
	ck_assert_uint_eq(wl_weight_bytes(w), a->weight_bytes);
	wl_workload_free(w);
}
END_TEST

START_TEST(two_pools_compose)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "4"), POOL("p", "a"), POOL("q", "p")));

	assert_reach(w->nodes[0].mac_rows, 4, 1, 0, 4);
	assert_reach(edge_in(w, 0, 0)->rows, 4, 1, 1, 6);
	wl_workload_free(w);
}
END_TEST

START_TEST(global_pool_reaches_everything)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "4"), UNARY("g", "global_pool", "a")));
	uint32_t lo = 0, hi = 1;

	assert_shape(w->nodes[0].output, 4, 1, 1);
	assert_reach(w->nodes[0].mac_columns, 8, 1, 0, 8);
	wl_reach_interval(edge_in(w, 0, 0)->columns, &lo, &hi);
	ck_assert_uint_eq(lo, 0);
	ck_assert_uint_eq(hi, 8);
	wl_workload_free(w);
}
END_TEST

START_TEST(matmul_flattens_its_input)
{
	struct wl_workload *w = of_input("{'name': 'x', 'shape': [4, 8, 5]}",
	                                 LAYERS(CONV("a", "x", "6"),
	                                        "{'name': 'fc', 'op': 'matmul',"
	                                        "'inputs': ['a'], 'out_channels': 10}"));
	const struct wl_node *fc = &w->nodes[1];
	uint32_t lo = 0, hi = 1;

	ck_assert_uint_eq(fc->K, 10);
	ck_assert_uint_eq(fc->C, 6);
	ck_assert_uint_eq(fc->R, 8);
	ck_assert_uint_eq(fc->S, 5);
	ck_assert_uint_eq(fc->P, 1);
	ck_assert_uint_eq(fc->Q, 1);
	assert_edge(w, 1, 0, 0, WL_CHANNELS_ALL, 0);
	wl_reach_interval(edge_in(w, 1, 0)->columns, &lo, &hi);
	ck_assert_uint_eq(lo, 0);
	ck_assert_uint_eq(hi, 5);
	wl_workload_free(w);
}
END_TEST

START_TEST(groups_reach_their_own_channels)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "6"),
	                                        "{'name': 'dw', 'op': 'conv', 'inputs': ['a'],"
	                                        "'out_channels': 6, 'kernel': 3, 'groups': 6}"));

	ck_assert_uint_eq(w->nodes[1].C, 1);
	ck_assert_uint_eq(w->nodes[1].groups, 6);
	assert_edge(w, 1, 0, 0, WL_CHANNELS_GROUPED, 0);
	wl_workload_free(w);
}
END_TEST

START_TEST(residual_add_goes_into_the_latest_node)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), UNARY("ra", "relu", "a"),
	                                        CONV("b", "ra", "4"), JOIN("sum", "add", "ra", "b"),
	                                        POOL("p", "sum"), CONV("c", "p", "4")));

	ck_assert_uint_eq(w->node_count, 3);
	ck_assert_uint_eq(w->layers[3].node, 1);
	ck_assert_uint_eq(w->nodes[1].edge_in_count, 2);
	assert_edge(w, 1, 0, 0, WL_CHANNELS_ALL, 0);
	assert_edge(w, 1, 1, 0, WL_CHANNELS_SAME, 0);
	/* Both lie in front of the pool; the residual one does not see the convolution. */
	assert_reach(edge_in(w, 1, 0)->rows, 2, 1, 1, 4);
	assert_reach(edge_in(w, 1, 1)->rows, 2, 1, 0, 2);
	assert_shape(wl_edge_shape(w, edge_in(w, 1, 1)), 4, 8, 8);
	ck_assert_uint_eq(w->nodes[1].vector_elements, 256 + 64 * 4);
	ck_assert_uint_eq(w->nodes[0].edge_out_count, 2);
	ck_assert(!w->nodes[0].is_output);
	ck_assert(w->nodes[2].is_output);
	wl_workload_free(w);
}
END_TEST

START_TEST(operand_behind_a_pool_does_not_see_it)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), POOL("pa", "a"),
	                                        CONV("b", "x", "4"), POOL("pb", "b"),
	                                        JOIN("sum", "add", "pb", "pa")));

	assert_edge(w, 1, 1, 0, WL_CHANNELS_SAME, 0);
	assert_reach(edge_in(w, 1, 1)->rows, 1, 1, 0, 1);
	assert_shape(wl_edge_shape(w, edge_in(w, 1, 1)), 4, 4, 4);
	wl_workload_free(w);
}
END_TEST

START_TEST(network_input_may_be_added)
{
	struct wl_workload *w = of_input(
		"{'name': 'y', 'shape': [1, 2, 2]}, " IMAGE,
		LAYERS(CONV("a", "x", "4"), JOIN("sum", "add", "x", "a"), CONV("b", "y", "1")));

	assert_edge(w, 0, 0, -2, WL_CHANNELS_ALL, 0);
	assert_edge(w, 0, 1, -2, WL_CHANNELS_SAME, 0);
	assert_edge(w, 1, 0, -1, WL_CHANNELS_ALL, 0);
	assert_shape(wl_edge_shape(w, edge_in(w, 0, 1)), 4, 8, 8);
	ck_assert(w->nodes[0].is_output);
	wl_workload_free(w);
}
END_TEST

START_TEST(tensors_of_one_shape_in_a_node_are_one_output)
{
	/* The convolution's output is read by the relu and by the add behind node b. */
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), UNARY("r", "relu", "a"),
	                                        CONV("b", "r", "4"), JOIN("s", "add", "a", "b")));

	ck_assert_uint_eq(w->node_count, 2);
	assert_edge(w, 1, 1, 0, WL_CHANNELS_SAME, 0);
	wl_workload_free(w);
	/* Both operands come from the node itself: x * sigmoid(x) and the like. */
	w = of_image(LAYERS(CONV("a", "x", "4"), UNARY("r", "sigmoid", "a"),
	                    JOIN("s", "add", "a", "r")));
	ck_assert_uint_eq(w->node_count, 1);
	ck_assert_uint_eq(w->edge_count, 1);
	ck_assert_uint_eq(w->nodes[0].vector_elements, 2 * 256);
	wl_workload_free(w);
}
END_TEST

START_TEST(concat_is_one_edge_per_part)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "6"), CONV("b", "x", "3"), JOIN("ab", "concat", "a", "b"),
	               JOIN("xab", "concat", "x", "ab"), CONV("c", "xab", "5")));

	ck_assert_uint_eq(w->node_count, 3);
	ck_assert_uint_eq(w->nodes[2].C, 13);
	ck_assert_uint_eq(w->nodes[2].edge_in_count, 3);
	assert_edge(w, 2, 0, -1, WL_CHANNELS_ALL, 0);
	assert_edge(w, 2, 1, 0, WL_CHANNELS_ALL, 4);
	assert_edge(w, 2, 2, 1, WL_CHANNELS_ALL, 10);
	ck_assert_uint_eq(w->nodes[2].vector_elements, 0);
	ck_assert_uint_eq(w->layers[2].node, 2);
	wl_workload_free(w);
}
END_TEST

START_TEST(concat_operand_of_an_add_is_one_edge_per_part)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "6"), CONV("b", "x", "3"),
	                                        JOIN("ab", "concat", "a", "b"), CONV("c", "x", "9"),
	                                        JOIN("s", "add", "ab", "c")));

	ck_assert_uint_eq(w->nodes[2].edge_in_count, 3);
	assert_edge(w, 2, 1, 0, WL_CHANNELS_SAME, 0);
	assert_edge(w, 2, 2, 1, WL_CHANNELS_SAME, 6);
	wl_workload_free(w);
}
END_TEST

START_TEST(concat_may_be_the_output)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "6"), CONV("b", "a", "3"), JOIN("ab", "concat", "a", "b")));

	ck_assert(w->nodes[0].is_output);
	ck_assert(w->nodes[1].is_output);
	ck_assert_uint_eq(w->layers[2].node, 1);
	wl_workload_free(w);
}
END_TEST

/* Layers without a node to go behind are owed by the nodes that read them. */

START_TEST(pool_beside_other_readers_is_left_to_its_readers)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), POOL("p", "a"),
	                                        CONV("b", "p", "4"), CONV("c", "a", "4"),
	                                        CONV("d", "p", "4")));

	ck_assert_uint_eq(w->node_count, 4);
	assert_shape(w->nodes[0].output, 4, 8, 8);
	ck_assert_uint_eq(w->nodes[0].vector_elements, 0);
	assert_shape(w->nodes[1].input, 4, 4, 4);
	/* b's row p needs rows p - 1 .. p + 1 of the pool, so 2p - 2 .. 2p + 3 of a */
	assert_reach(edge_in(w, 1, 0)->rows, 2, 1, 2, 6);
	assert_edge(w, 1, 0, 0, WL_CHANNELS_ALL, 0);
	ck_assert_uint_eq(w->nodes[1].vector_elements, 64 * 4);
	ck_assert_uint_eq(w->nodes[2].vector_elements, 0);
	ck_assert_uint_eq(w->nodes[3].vector_elements, 64 * 4);
	assert_reach(w->nodes[1].mac_rows, 1, 1, 0, 1);
	ck_assert_uint_eq(w->layers[1].node, 1);
	wl_workload_free(w);
}
END_TEST

START_TEST(pool_beside_an_output_is_left_to_its_readers)
{
	/* r is a sink: the node's tensor of the old shape leaves the network. */
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), UNARY("r", "relu", "a"),
	                                        POOL("p", "a"), CONV("b", "p", "4")));

	assert_shape(w->nodes[0].output, 4, 8, 8);
	ck_assert(w->nodes[0].is_output);
	assert_reach(edge_in(w, 1, 0)->rows, 2, 1, 2, 6);
	wl_workload_free(w);
}
END_TEST

START_TEST(element_wise_layer_behind_a_concat_is_left_to_its_readers)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "6"), CONV("b", "x", "3"), JOIN("ab", "concat", "a", "b"),
	               UNARY("n", "batch_norm", "ab"), POOL("p", "n"), CONV("c", "p", "5")));

	ck_assert_uint_eq(w->node_count, 3);
	ck_assert_uint_eq(w->nodes[2].vector_elements, 9 * 64 + 9 * 16 * 4);
	assert_edge(w, 2, 0, 0, WL_CHANNELS_ALL, 0);
	assert_edge(w, 2, 1, 1, WL_CHANNELS_ALL, 6);
	assert_reach(edge_in(w, 2, 1)->rows, 2, 1, 2, 6);
	assert_shape(w->nodes[0].output, 6, 8, 8);
	wl_workload_free(w);
}
END_TEST

START_TEST(layers_in_front_of_the_first_node_are_left_to_their_readers)
{
	struct wl_workload *w = of_image(
		LAYERS(UNARY("n", "norm", "x"), CONV("a", "n", "4"), JOIN("s", "add", "a", "n")));

	ck_assert_uint_eq(w->node_count, 1);
	ck_assert_uint_eq(w->layers[0].node, 0);
	/* for the convolution, for the add, and the add itself */
	ck_assert_uint_eq(w->nodes[0].vector_elements, 3 * 256);
	assert_edge(w, 0, 1, -1, WL_CHANNELS_ALL, 0); /* a norm looks at all of them for any */
	wl_workload_free(w);
	w = of_image(LAYERS(UNARY("n", "batch_norm", "x"), CONV("a", "n", "4"),
	                    JOIN("s", "add", "a", "n")));
	assert_edge(w, 0, 1, -1, WL_CHANNELS_SAME, 0);
	wl_workload_free(w);
}
END_TEST

/* Where a layer that looks across channels stands between the fused pools. */
START_TEST(layers_across_channels_are_remembered)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), UNARY("l", "lrn", "a"),
	                                        POOL("p", "l"), UNARY("b", "batch_norm", "p"),
	                                        UNARY("s", "softmax", "b"), POOL("q", "s")));
	const struct wl_node *a = &w->nodes[0];

	ck_assert_uint_eq(a->across_count, 2);
	ck_assert_uint_eq(a->across[0].statistics, 0);
	ck_assert_uint_eq(a->across[0].below, 2);
	ck_assert_uint_eq(a->across[0].above, 2);
	ck_assert_uint_eq(a->across[0].row_count, 8);
	assert_reach(a->across[0].rows, 4, 1, 0, 4);
	ck_assert_uint_eq(a->across[1].statistics, 2);
	ck_assert_uint_eq(a->across[1].column_count, 4);
	assert_reach(a->across[1].columns, 2, 1, 0, 2);
	wl_workload_free(w);
}
END_TEST

START_TEST(owed_layers_belong_to_their_first_reader)
{
	struct wl_workload *w = of_image(LAYERS(CONV("a", "x", "4"), POOL("p", "a"),
	                                        UNARY("q", "relu", "p"), CONV("b", "a", "4"),
	                                        CONV("c", "p", "4"), CONV("d", "q", "4")));

	ck_assert_uint_eq(w->layers[1].node, 2); /* c */
	ck_assert_uint_eq(w->layers[2].node, 3); /* d */
	ck_assert_uint_eq(w->nodes[3].vector_elements, 64 * 4 + 64);
	wl_workload_free(w);
}
END_TEST

START_TEST(concat_of_owed_layers_owes_them_all)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "4"), POOL("p", "a"), CONV("b", "a", "4"), POOL("q", "b"),
	               JOIN("pq", "concat", "p", "q"), CONV("c", "pq", "4")));

	/* q goes behind b, whose tensor has no other reader; p cannot go behind a */
	ck_assert_uint_eq(w->nodes[1].vector_elements, 64 * 4);
	ck_assert_uint_eq(w->nodes[2].vector_elements, 64 * 4);
	assert_edge(w, 2, 0, 0, WL_CHANNELS_ALL, 0);
	assert_edge(w, 2, 1, 1, WL_CHANNELS_ALL, 4);
	assert_reach(edge_in(w, 2, 0)->rows, 2, 1, 2, 6);
	assert_reach(edge_in(w, 2, 1)->rows, 1, 1, 1, 3);
	wl_workload_free(w);
}
END_TEST

START_TEST(transposed_conv_behind_an_owed_pool)
{
	struct wl_workload *w = of_image(
		LAYERS(CONV("a", "x", "4"),
	               "{'name': 'p', 'op': 'max_pool', 'inputs': ['a'], 'kernel': 3, 'stride': 2,"
	               "'pad': 1}",
	               CONV("b", "a", "4"),
	               "{'name': 't', 'op': 'transposed_conv', 'inputs': ['p'], 'out_channels': 4,"
	               "'kernel': 2, 'stride': 2}"));

	/* Output row o comes from pool row r = o / 2, that from rows 2 r - 1 .. 2 r + 1 of a. */
	for (uint32_t row = 0; row < 8; row++) {
		uint32_t lo = row, hi = row + 1, r = row / 2;

		wl_reach_interval(edge_in(w, 2, 0)->rows, &lo, &hi);
		ck_assert_uint_eq(lo, r > 0 ? 2 * r - 1 : 0);
		ck_assert_uint_eq(hi, 2 * r + 2);
	}
	wl_workload_free(w);
}
END_TEST

#define NO_NODE                                                                              \
	"a network output must come from a MAC layer (conv, transposed_conv, matmul) or an " \
	"element-wise layer fused behind one, got "
#define NOT_WHOLE                                                                                  \
	"must be that layer's output or an element-wise layer fused behind it, not a concat or a " \
	"pool beside other readers"

static const struct error_case {
	const char *layers[6], *message;
} error_cases[] = {
	{ { UNARY("r", "relu", "x") }, "$.layers[0]: " NO_NODE "activation \"r\"" },
	{ { CONV("a", "x", "4"), POOL("p", "a"), CONV("b", "a", "4") },
	  "$.layers[1]: " NO_NODE "max_pool \"p\"" },
	{ { CONV("a", "x", "4"), JOIN("xa", "concat", "x", "a") },
	  "$.layers[1]: " NO_NODE "concat \"xa\"" },
	{ { CONV("a", "x", "4"), JOIN("aa", "concat", "a", "a"), UNARY("s", "softmax", "aa") },
	  "$.layers[2]: " NO_NODE "softmax \"s\"" },
	{ { JOIN("s", "add", "x", "x"), CONV("a", "s", "4") },
	  "$.layers[0].inputs: an add must have an operand that a MAC layer (conv, "
	  "transposed_conv, matmul) makes" },
	{ { CONV("a", "x", "2"), CONV("b", "x", "2"), JOIN("ab", "concat", "a", "b"),
	    JOIN("s", "add", "x", "ab") },
	  "$.layers[3].inputs[1]: the operand that comes from the latest MAC layer "
	  "(\"b\") " NOT_WHOLE },
	/* p is owed because b reads a, and q is one more behind it, of a's shape again */
	{ { CONV("a", "x", "4"),
	    "{'name': 'p', 'op': 'max_pool', 'inputs': ['a'], 'kernel': 2, 'pad': 1}",
	    "{'name': 'q', 'op': 'max_pool', 'inputs': ['p'], 'kernel': 2}",
	    JOIN("s", "add", "a", "q"), CONV("b", "a", "4") },
	  "$.layers[3].inputs[1]: the operand that comes from the latest MAC layer "
	  "(\"a\") " NOT_WHOLE },
};

START_TEST(refuses_what_nodes_cannot_express)
{
	const struct error_case *c = &error_cases[_i];
	g_autofree char *layers = g_strjoinv(", ", (char **)c->layers);
	g_autofree char *text = network_text(IMAGE, layers);
	g_autofree char *message = g_strconcat("net.json: ", c->message, NULL);

	assert_refused(text, NULL, message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nodes");
	TCase *all = tcase_create("nodes");

	tcase_add_test(all, element_wise_layers_join_the_mac_layer_before_them);
	tcase_add_test(all, two_pools_compose);
	tcase_add_test(all, global_pool_reaches_everything);
	tcase_add_test(all, matmul_flattens_its_input);
	tcase_add_test(all, groups_reach_their_own_channels);
	tcase_add_test(all, residual_add_goes_into_the_latest_node);
	tcase_add_test(all, operand_behind_a_pool_does_not_see_it);
	tcase_add_test(all, network_input_may_be_added);
	tcase_add_test(all, tensors_of_one_shape_in_a_node_are_one_output);
	tcase_add_test(all, concat_is_one_edge_per_part);
	tcase_add_test(all, concat_operand_of_an_add_is_one_edge_per_part);
	tcase_add_test(all, concat_may_be_the_output);
	tcase_add_test(all, pool_beside_other_readers_is_left_to_its_readers);
	tcase_add_test(all, pool_beside_an_output_is_left_to_its_readers);
	tcase_add_test(all, element_wise_layer_behind_a_concat_is_left_to_its_readers);
	tcase_add_test(all, layers_in_front_of_the_first_node_are_left_to_their_readers);
	tcase_add_test(all, layers_across_channels_are_remembered);
	tcase_add_test(all, owed_layers_belong_to_their_first_reader);
	tcase_add_test(all, concat_of_owed_layers_owes_them_all);
	tcase_add_test(all, transposed_conv_behind_an_owed_pool);
	tcase_add_loop_test(all, refuses_what_nodes_cannot_express, 0,
	                    (int)G_N_ELEMENTS(error_cases));
	suite_add_tcase(suite, all);
	return suite_run(suite);
}

/* What is known of a finished workload without building anything: names and sums. */
#include "workloads/workload.h"

static const char *const op_names[WL_OPS] = {
	[WL_CONV] = "conv",
	[WL_TRANSPOSED_CONV] = "transposed_conv",
	[WL_MATMUL] = "matmul",
	[WL_MAX_POOL] = "max_pool",
	[WL_AVERAGE_POOL] = "average_pool",
	[WL_GLOBAL_POOL] = "global_pool",
	[WL_ADD] = "add",
	[WL_CONCAT] = "concat",
	[WL_ACTIVATION] = "activation",
	[WL_BATCH_NORM] = "batch_norm",
	[WL_LRN] = "lrn",
	[WL_NORM] = "norm",
	[WL_SOFTMAX] = "softmax",
};

const char *wl_op_name(enum wl_op op)
{
	g_assert(op < WL_OPS); /* readers only make known operations */
	return op_names[op];
}

uint64_t wl_shape_elements(struct wl_shape shape)
{
	return (uint64_t)shape.channels * shape.rows * shape.columns;
}

uint64_t wl_macs(const struct wl_workload *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->node_count; i++)
		sum += w->nodes[i].macs;
	return sum;
}

uint64_t wl_weight_bytes(const struct wl_workload *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->node_count; i++)
		sum += w->nodes[i].weight_bytes;
	return sum;
}

struct wl_shape wl_edge_shape(const struct wl_workload *w, const struct wl_edge *edge)
{
	return edge->from >= 0 ? w->nodes[edge->from].output : w->inputs[-1 - edge->from].shape;
}

void wl_workload_free(struct wl_workload *workload)
{
	if (workload == NULL)
		return;
	for (unsigned i = 0; i < workload->input_count; i++)
		g_free(workload->inputs[i].name);
	for (unsigned i = 0; i < workload->layer_count; i++) {
		g_free(workload->layers[i].name);
		g_free(workload->layers[i].inputs);
	}
	for (unsigned i = 0; i < workload->node_count; i++) {
		g_free(workload->nodes[i].name);
		g_free(workload->nodes[i].across);
		g_free(workload->nodes[i].edges_in);
		g_free(workload->nodes[i].edges_out);
	}
	g_free(workload->inputs);
	g_free(workload->layers);
	g_free(workload->nodes);
	g_free(workload->edges);
	g_clear_pointer(&workload->reaches, g_ptr_array_unref);
	g_free(workload->name);
	g_free(workload->source);
	g_free(workload);
}

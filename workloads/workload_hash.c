/*
 * Invariant: equal hashes mean equal times, on any package. Whatever a file can say of a network
 * but names and its source is printed, in the order of the layers.
 */
#include "workloads/workload.h"

static void add_pair(GString *text, const char *what, const uint32_t pair[2])
{
	g_string_append_printf(text, " %s %u %u", what, pair[0], pair[1]);
}

static void add_layer(GString *text, const struct wl_layer *layer)
{
	g_string_append_printf(text, "%s", wl_op_name(layer->op));
	for (unsigned i = 0; i < layer->input_count; i++)
		g_string_append_printf(text, " %u", layer->inputs[i]);
	g_string_append_printf(text, " channels %u groups %u size %u ceil %d", layer->out_channels,
	                       layer->groups, layer->size, layer->ceil_mode);
	add_pair(text, "kernel", layer->kernel);
	add_pair(text, "stride", layer->stride);
	add_pair(text, "pad", layer->pad);
	add_pair(text, "dilation", layer->dilation);
	g_string_append_c(text, '\n');
}

char *wl_workload_hash(const struct wl_workload *workload)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_append_printf(text, "bytes %u %u\n", workload->activation_bytes,
	                       workload->weight_bytes);
	for (unsigned i = 0; i < workload->input_count; i++) {
		const struct wl_shape *shape = &workload->inputs[i].shape;
		g_string_append_printf(text, "input %u %u %u\n", shape->channels, shape->rows,
		                       shape->columns);
	}
	for (unsigned i = 0; i < workload->layer_count; i++)
		add_layer(text, &workload->layers[i]);
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}

/* A workload's nodes for people and for programs. */
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/report/show.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

/* "conv 3x3/2", "depthwise 3x3", "conv 5x5 (2 groups)", "matmul". */
static char *node_type(const struct wl_workload *workload, const struct wl_node *node)
{
	const struct wl_layer *layer = &workload->layers[node->layer];
	if (layer->op == WL_MATMUL)
		return g_strdup(wl_op_name(layer->op));
	bool depthwise = node->groups > 1 && node->C == 1 && node->K == node->groups;
	GString *text = g_string_new(depthwise && layer->op == WL_CONV ? "depthwise"
	                                                               : wl_op_name(layer->op));
	g_string_append_printf(text, " %ux%u", layer->kernel[0], layer->kernel[1]);
	if (layer->stride[0] != layer->stride[1])
		g_string_append_printf(text, "/%u,%u", layer->stride[0], layer->stride[1]);
	else if (layer->stride[0] > 1)
		g_string_append_printf(text, "/%u", layer->stride[0]);
	if (layer->dilation[0] > 1 || layer->dilation[1] > 1)
		g_string_append_printf(text, " dilated %u,%u", layer->dilation[0],
		                       layer->dilation[1]);
	if (node->groups > 1 && !depthwise)
		g_string_append_printf(text, " (%u groups)", node->groups);
	return g_string_free(text, FALSE);
}

static const char *edge_source(const struct wl_workload *workload, const struct wl_edge *edge)
{
	return edge->from >= 0 ? workload->nodes[edge->from].name
	                       : workload->inputs[-1 - edge->from].name;
}

static char *sources(const struct wl_workload *workload, const struct wl_node *node)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < node->edge_in_count; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "",
		                       edge_source(workload, &workload->edges[node->edges_in[i]]));
	return g_string_free(text, FALSE);
}

static void print_nodes(const struct wl_workload *workload, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "node", "", TABLE_RIGHT },      { "name", "", TABLE_LEFT },
		{ "type", "", TABLE_LEFT },       { "output", "C x rows x columns", TABLE_LEFT },
		{ "MACs", "M", TABLE_RIGHT },     { "weights", "KB", TABLE_RIGHT },
		{ "reads from", "", TABLE_TEXT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.key_count = 2;
	for (unsigned n = 0; n < workload->node_count; n++) {
		const struct wl_node *node = &workload->nodes[n];
		g_autofree char *type = node_type(workload, node);
		g_autofree char *from = sources(workload, node);
		table_add(&table, "%u", n);
		table_add(&table, "%s", node->name);
		table_add(&table, "%s", type);
		table_add(&table, "%u x %u x %u", node->output.channels, node->output.rows,
		          node->output.columns);
		table_add(&table, "%.2f", (double)node->macs * 1e-6);
		table_add(&table, "%.1f", (double)node->weight_bytes * 1e-3);
		table_add(&table, "%s", from);
	}
	table_finish(&table, out);
}

char *show_workload(const struct wl_workload *workload, unsigned width)
{
	GString *out = g_string_new(NULL);
	g_autofree char *name = printable(workload->name);
	wrap_printf(out, width, 2, "workload %s: %u layers in %u nodes\n", name,
	            workload->layer_count, workload->node_count);
	for (unsigned i = 0; i < workload->input_count; i++) {
		const struct wl_shape *shape = &workload->inputs[i].shape;
		g_autofree char *input = printable(workload->inputs[i].name);
		wrap_printf(out, width, 2, "input %s: %u x %u x %u\n", input, shape->channels,
		            shape->rows, shape->columns);
	}
	g_string_append(out, "\n");
	print_nodes(workload, width, out);
	wrap_printf(out, width, 8,
	            "\ntotal   %.3f GMAC per sample, %.3f MB of weights "
	            "(%u byte%s per weight, %u per activation)\n",
	            (double)wl_macs(workload) * 1e-9, (double)wl_weight_bytes(workload) * 1e-6,
	            workload->weight_bytes, workload->weight_bytes == 1 ? "" : "s",
	            workload->activation_bytes);
	return g_string_free(out, FALSE);
}

static void write_shape(struct json_writer *w, const char *key, const struct wl_shape *shape)
{
	json_begin_array(w, key, JSON_ONE_LINE);
	json_integer(w, NULL, shape->channels);
	json_integer(w, NULL, shape->rows);
	json_integer(w, NULL, shape->columns);
	json_end_array(w);
}

static void write_node(struct json_writer *w, const struct wl_workload *workload,
                       const struct wl_node *node)
{
	g_autofree char *type = node_type(workload, node);
	json_begin_object(w, NULL, JSON_ONE_LINE);
	json_string(w, "name", node->name);
	json_string(w, "type", type);
	write_shape(w, "output", &node->output);
	json_integer(w, "macs", node->macs);
	json_integer(w, "vector_elements", node->vector_elements);
	json_integer(w, "weight_bytes", node->weight_bytes);
	json_begin_array(w, "reads_from", JSON_ONE_LINE);
	for (unsigned i = 0; i < node->edge_in_count; i++)
		json_string(w, NULL, edge_source(workload, &workload->edges[node->edges_in[i]]));
	json_end_array(w);
	json_end_object(w);
}

char *show_workload_json(const struct wl_workload *workload)
{
	struct json_writer w;
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "name", workload->name);
	json_integer(&w, "activation_bytes", workload->activation_bytes);
	json_integer(&w, "weight_bytes", workload->weight_bytes);
	json_begin_array(&w, "inputs", JSON_LINES);
	for (unsigned i = 0; i < workload->input_count; i++) {
		json_begin_object(&w, NULL, JSON_ONE_LINE);
		json_string(&w, "name", workload->inputs[i].name);
		write_shape(&w, "shape", &workload->inputs[i].shape);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_begin_array(&w, "nodes", JSON_LINES);
	for (unsigned n = 0; n < workload->node_count; n++)
		write_node(&w, workload, &workload->nodes[n]);
	json_end_array(&w);
	json_begin_object(&w, "total", JSON_LINES);
	json_integer(&w, "layers", workload->layer_count);
	json_integer(&w, "nodes", workload->node_count);
	json_integer(&w, "macs", wl_macs(workload));
	json_integer(&w, "weight_bytes", wl_weight_bytes(workload));
	json_end_object(&w);
	json_end_object(&w);
	return json_finish(&w);
}

/*
 * Layers to nodes and edges.
 *
 * Every MAC layer starts a node. What a later layer sees of a layer's output is
 * a view: the node tensors (or network inputs) that it is made of, each with the
 * reach from the view to that tensor, and the element-wise operations still owed
 * before it can be read. Invariant: a view with one part that comes from a node
 * and owes nothing is that node's whole output tensor, with its final shape.
 *
 * An element-wise layer is fused behind the node whose tensor it changes. Where
 * that cannot be (behind a concat, in front of the first MAC layer, or a pool
 * whose operand is read elsewhere too, so that the node would have two output
 * tensors of different shape), the layer is owed by its readers instead: each
 * node that reads the view does the work and reaches through it.
 */
#include "workloads/build.h"

/* One tensor in a view. */
struct part {
	int from;        /* as in struct wl_edge */
	uint32_t offset; /* of its channels in the view */
	bool across;     /* a layer that is owed reads all its channels for any */
	const struct wl_reach *rows, *columns; /* from the view to the tensor */
};

struct view {
	struct part *parts;
	unsigned part_count;
	uint64_t owed; /* element-wise operations per sample */
};

struct building {
	struct wl_workload *w;
	struct hw_json layers;
	struct view *views; /* by operand number: layers, then network inputs */
	unsigned *readers;  /* by layer: operands that name it */
	unsigned *open;     /* by node: reads of its tensors from outside, as known so far */
	bool *homeless;     /* by layer: belongs to whichever node reads it */
	GArray *edges;
	/* Edges to one node hang together: its last one here, and before each edge the one
	 * before. */
	int *last_edge;       /* by node; -1: none */
	GArray *edges_before; /* of int, by edge */
};

static int last_source(const struct view *view)
{
	int last = INT_MIN;

	for (unsigned i = 0; i < view->part_count; i++)
		last = MAX(last, view->parts[i].from);
	return last;
}

static bool is_whole_output(const struct view *view)
{
	return view->part_count == 1 && view->parts[0].from >= 0 && view->owed == 0;
}

static void set_single_view(struct view *view, int from)
{
	view->part_count = 1;
	view->parts = g_new(struct part, 1);
	view->parts[0] = (struct part){ .from = from };
}

/* `layer` of node `to` reads the view. */
static void add_edges(struct building *b, unsigned to, const struct wl_layer *layer,
                      const struct view *view, enum wl_channels channels)
{
	for (unsigned i = 0; i < view->part_count; i++) {
		const struct part *part = &view->parts[i];
		struct wl_edge edge = {
			.from = part->from,
			.to = to,
			.channels = channels,
			.channel_offset = part->offset,
			.rows = wl_layer_reach(b->w, layer, 0, part->rows),
			.columns = wl_layer_reach(b->w, layer, 1, part->columns),
		};

		if (part->across)
			edge.channels = WL_CHANNELS_ALL;
		g_array_append_val(b->edges_before, b->last_edge[to]);
		b->last_edge[to] = (int)b->edges->len;
		g_array_append_val(b->edges, edge);
	}
	b->w->nodes[to].vector_elements += view->owed;
}

/* The network's outputs count as read from outside. */
static unsigned outside_reads(const struct building *b, unsigned layer)
{
	return MAX(b->readers[layer], 1);
}

static void start_node(struct building *b, unsigned index)
{
	struct wl_workload *w = b->w;
	struct wl_layer *layer = &w->layers[index];
	unsigned number = w->node_count++;
	bool transposed = layer->op == WL_TRANSPOSED_CONV;
	struct wl_shape input = wl_operand_shape(w, layer->inputs[0]);

	w->nodes[number] = (struct wl_node){
		.name = g_strdup(layer->name),
		.layer = index,
		.K = layer->out_channels,
		.C = input.channels / layer->groups,
		.P = layer->output.rows,
		.Q = layer->output.columns,
		.R = transposed ? (layer->kernel[0] - 1) / layer->stride[0] + 1 : layer->kernel[0],
		.S = transposed ? (layer->kernel[1] - 1) / layer->stride[1] + 1 : layer->kernel[1],
		.groups = layer->groups,
		.output = layer->output,
		.input = input,
		.macs = layer->macs,
		.weight_bytes = layer->weight_count * w->weight_bytes,
	};
	layer->node = number;
	b->last_edge[number] = -1;
	set_single_view(&b->views[index], (int)number);
	b->open[number] = outside_reads(b, index);
	add_edges(b, number, layer, &b->views[layer->inputs[0]],
	          layer->groups > 1 ? WL_CHANNELS_GROUPED : WL_CHANNELS_ALL);
}

static void join_views(struct building *b, unsigned index)
{
	const struct wl_layer *layer = &b->w->layers[index];
	struct view *joined = &b->views[index];
	g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(struct part));
	uint32_t offset = 0;

	for (unsigned i = 0; i < layer->input_count; i++) {
		const struct view *view = &b->views[layer->inputs[i]];

		for (unsigned j = 0; j < view->part_count; j++) {
			struct part part = view->parts[j];

			part.offset += offset;
			g_array_append_val(parts, part);
		}
		joined->owed += view->owed;
		offset += wl_operand_shape(b->w, layer->inputs[i]).channels;
	}
	joined->part_count = parts->len;
	joined->parts = g_array_steal(parts, NULL);
	b->homeless[index] = true;
}

/* A layer in the node that looks across channels. */
static void add_across(struct wl_node *node, const struct wl_layer *layer)
{
	struct wl_across across = { .row_count = layer->output.rows,
		                    .column_count = layer->output.columns };

	if (layer->op == WL_LRN) {
		across.below = (layer->size - 1) / 2;
		across.above = layer->size / 2;
	} else {
		across.statistics = 2;
	}
	node->across = g_renew(struct wl_across, node->across, node->across_count + 1);
	node->across[node->across_count++] = across;
}

/* A pool in the node: what was in front of it is now reached through its windows. */
static void reach_through(struct building *b, unsigned number, const struct wl_layer *pool)
{
	struct wl_node *node = &b->w->nodes[number];

	node->mac_rows = wl_layer_reach(b->w, pool, 0, node->mac_rows);
	node->mac_columns = wl_layer_reach(b->w, pool, 1, node->mac_columns);
	for (unsigned i = 0; i < node->across_count; i++) {
		struct wl_across *across = &node->across[i];

		across->rows = wl_layer_reach(b->w, pool, 0, across->rows);
		across->columns = wl_layer_reach(b->w, pool, 1, across->columns);
	}
	for (int i = b->last_edge[number]; i >= 0; i = g_array_index(b->edges_before, int, i)) {
		struct wl_edge *edge = &g_array_index(b->edges, struct wl_edge, i);

		edge->rows = wl_layer_reach(b->w, pool, 0, edge->rows);
		edge->columns = wl_layer_reach(b->w, pool, 1, edge->columns);
	}
}

/* Puts an element-wise layer into a node that makes at least one of its operands. */
static void fuse(struct building *b, unsigned index, unsigned number)
{
	struct wl_layer *layer = &b->w->layers[index];
	struct wl_node *node = &b->w->nodes[number];

	for (unsigned i = 0; i < layer->input_count; i++) {
		const struct view *view = &b->views[layer->inputs[i]];

		if (last_source(view) == (int)number)
			b->open[number]--;
		else
			add_edges(b, number, layer, view, WL_CHANNELS_SAME);
	}
	if (wl_is_pool(layer->op))
		reach_through(b, number, layer);
	if (wl_is_across(layer->op))
		add_across(node, layer);
	layer->node = number;
	node->output = layer->output;
	node->vector_elements += wl_layer_operations(b->w, layer);
	set_single_view(&b->views[index], (int)number);
	b->open[number] += outside_reads(b, index);
}

/* Leaves an element-wise layer to the nodes that read it. */
static void owe(struct building *b, unsigned index)
{
	const struct wl_layer *layer = &b->w->layers[index];
	const struct view *operand = &b->views[layer->inputs[0]];
	struct view *view = &b->views[index];

	g_assert(operand->part_count > 0); /* operands are placed before their readers */
	view->part_count = operand->part_count;
	view->parts = g_memdup2(operand->parts, operand->part_count * sizeof(*operand->parts));
	for (unsigned i = 0; i < view->part_count; i++) {
		struct part *part = &view->parts[i];

		part->rows = wl_layer_reach(b->w, layer, 0, part->rows);
		part->columns = wl_layer_reach(b->w, layer, 1, part->columns);
		part->across = part->across || wl_is_across(layer->op);
	}
	view->owed = operand->owed + wl_layer_operations(b->w, layer);
	b->homeless[index] = true;
}

static void place_unary(struct building *b, unsigned index)
{
	const struct wl_layer *layer = &b->w->layers[index];
	const struct view *view = &b->views[layer->inputs[0]];
	struct wl_shape before = wl_operand_shape(b->w, layer->inputs[0]);
	bool same_shape = before.rows == layer->output.rows &&
	                  before.columns == layer->output.columns;

	if (is_whole_output(view) && (same_shape || b->open[view->parts[0].from] == 1))
		fuse(b, index, (unsigned)view->parts[0].from);
	else
		owe(b, index);
}

/* An add goes into the latest node among its operands, which must be there as a whole. */
static bool place_add(struct building *b, unsigned index, GError **error)
{
	const struct wl_layer *layer = &b->w->layers[index];
	struct hw_json inputs = hw_json_get(hw_json_at(b->layers, index), "inputs", error);
	int latest = -1;

	for (unsigned i = 0; i < layer->input_count; i++)
		latest = MAX(latest, last_source(&b->views[layer->inputs[i]]));
	if (latest < 0) {
		hw_json_fail(inputs, error,
		             "an add must have an operand that a MAC layer (conv, "
		             "transposed_conv, matmul) makes");
		return false;
	}
	for (unsigned i = 0; i < layer->input_count; i++) {
		const struct view *view = &b->views[layer->inputs[i]];

		if (last_source(view) != latest || is_whole_output(view))
			continue;
		hw_json_fail(hw_json_at(inputs, i), error,
		             "the operand that comes from the latest MAC layer (\"%s\") must be "
		             "that layer's output or an element-wise layer fused behind it, not a "
		             "concat or a pool beside other readers",
		             b->w->nodes[latest].name);
		return false;
	}
	fuse(b, index, (unsigned)latest);
	return true;
}

static bool place(struct building *b, unsigned index, GError **error)
{
	enum wl_op op = b->w->layers[index].op;

	if (wl_is_mac(op))
		start_node(b, index);
	else if (op == WL_CONCAT)
		join_views(b, index);
	else if (op == WL_ADD)
		return place_add(b, index, error);
	else
		place_unary(b, index);
	return true;
}

/* Layers that nobody reads are the network's outputs: nodes must have made them. */
static bool mark_outputs(struct building *b, GError **error)
{
	struct wl_workload *w = b->w;

	for (unsigned i = 0; i < w->layer_count; i++) {
		const struct view *view = &b->views[i];

		if (b->readers[i] > 0)
			continue;
		for (unsigned j = 0; j < view->part_count; j++) {
			if (view->parts[j].from < 0 || view->owed > 0) {
				hw_json_fail(hw_json_at(b->layers, i), error,
				             "a network output must come from a MAC layer (conv, "
				             "transposed_conv, matmul) or an element-wise layer "
				             "fused behind one, got %s \"%s\"",
				             wl_op_name(w->layers[i].op), w->layers[i].name);
				return false;
			}
			w->nodes[view->parts[j].from].is_output = true;
		}
	}
	return true;
}

/* Concats and owed layers: the first node that reads them, or the last that makes them. */
static void settle_homeless(struct building *b)
{
	struct wl_workload *w = b->w;

	for (unsigned i = 0; i < w->layer_count; i++) {
		if (b->homeless[i])
			w->layers[i].node = UINT_MAX;
	}
	for (unsigned i = w->layer_count; i-- > 0;) {
		struct wl_layer *layer = &w->layers[i];

		if (layer->node == UINT_MAX)
			layer->node = (unsigned)last_source(&b->views[i]);
		for (unsigned j = 0; j < layer->input_count; j++) {
			unsigned operand = layer->inputs[j];

			if (operand < w->layer_count && b->homeless[operand])
				w->layers[operand].node = MIN(w->layers[operand].node, layer->node);
		}
	}
}

static void collect_edges(struct wl_workload *w, GArray *edges)
{
	w->edge_count = edges->len;
	w->edges = g_new(struct wl_edge, edges->len);
	for (unsigned i = 0; i < w->edge_count; i++) {
		w->edges[i] = g_array_index(edges, struct wl_edge, i);
		w->nodes[w->edges[i].to].edge_in_count++;
		if (w->edges[i].from >= 0)
			w->nodes[w->edges[i].from].edge_out_count++;
	}
	for (unsigned i = 0; i < w->node_count; i++) {
		struct wl_node *node = &w->nodes[i];

		node->edges_in = g_new(unsigned, node->edge_in_count);
		node->edges_out = g_new(unsigned, node->edge_out_count);
		node->edge_in_count = node->edge_out_count = 0;
	}
	for (unsigned i = 0; i < w->edge_count; i++) {
		const struct wl_edge *edge = &w->edges[i];
		struct wl_node *to = &w->nodes[edge->to];

		to->edges_in[to->edge_in_count++] = i;
		if (edge->from >= 0) {
			struct wl_node *from = &w->nodes[edge->from];

			from->edges_out[from->edge_out_count++] = i;
		}
	}
}

static void building_init(struct building *b, struct wl_workload *w, struct hw_json layers)
{
	*b = (struct building){
		.w = w,
		.layers = layers,
		.views = g_new0(struct view, (gsize)w->layer_count + w->input_count),
		.readers = g_new0(unsigned, w->layer_count),
		.open = g_new0(unsigned, w->layer_count),
		.homeless = g_new0(bool, w->layer_count),
		.edges = g_array_new(FALSE, FALSE, sizeof(struct wl_edge)),
		.last_edge = g_new(int, w->layer_count),
		.edges_before = g_array_new(FALSE, FALSE, sizeof(int)),
	};
	w->nodes = g_new0(struct wl_node, w->layer_count);
	for (unsigned i = 0; i < w->input_count; i++)
		set_single_view(&b->views[w->layer_count + i], -1 - (int)i);
	for (unsigned i = 0; i < w->layer_count; i++) {
		for (unsigned j = 0; j < w->layers[i].input_count; j++) {
			if (w->layers[i].inputs[j] < w->layer_count)
				b->readers[w->layers[i].inputs[j]]++;
		}
	}
}

static void building_release(struct building *b)
{
	for (unsigned i = 0; i < b->w->layer_count + b->w->input_count; i++)
		g_free(b->views[i].parts);
	g_free(b->views);
	g_free(b->readers);
	g_free(b->open);
	g_free(b->homeless);
	g_array_free(b->edges, TRUE);
	g_free(b->last_edge);
	g_array_free(b->edges_before, TRUE);
}

bool wl_nodes_build(struct wl_workload *w, struct hw_json layers, GError **error)
{
	struct building b;
	bool done = true;

	building_init(&b, w, layers);
	for (unsigned i = 0; i < w->layer_count && done; i++)
		done = place(&b, i, error);
	done = done && mark_outputs(&b, error);
	if (done) {
		settle_homeless(&b);
		collect_edges(w, b.edges);
	}
	building_release(&b);
	return done;
}

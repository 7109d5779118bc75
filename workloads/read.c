/*
 * mcmsim-workload/1 to layers. Invariant: layers are complete (operands found,
 * shapes inferred) in file order, so a layer may only name what stands above it.
 */
#include "workloads/build.h"

#include <string.h>

/* How files spell the operations; several spellings may share one. */
static const struct spelling {
	const char *name;
	enum wl_op op;
} spellings[] = {
	{ "conv", WL_CONV },
	{ "transposed_conv", WL_TRANSPOSED_CONV },
	{ "matmul", WL_MATMUL },
	{ "max_pool", WL_MAX_POOL },
	{ "average_pool", WL_AVERAGE_POOL },
	{ "global_pool", WL_GLOBAL_POOL },
	{ "add", WL_ADD },
	{ "concat", WL_CONCAT },
	{ "activation", WL_ACTIVATION },
	{ "relu", WL_ACTIVATION },
	{ "relu6", WL_ACTIVATION },
	{ "leaky_relu", WL_ACTIVATION },
	{ "prelu", WL_ACTIVATION },
	{ "elu", WL_ACTIVATION },
	{ "selu", WL_ACTIVATION },
	{ "gelu", WL_ACTIVATION },
	{ "silu", WL_ACTIVATION },
	{ "mish", WL_ACTIVATION },
	{ "hard_swish", WL_ACTIVATION },
	{ "hard_sigmoid", WL_ACTIVATION },
	{ "sigmoid", WL_ACTIVATION },
	{ "tanh", WL_ACTIVATION },
	{ "softplus", WL_ACTIVATION },
	{ "clip", WL_ACTIVATION },
	{ "norm", WL_NORM },
	{ "batch_norm", WL_BATCH_NORM },
	{ "lrn", WL_LRN },
	{ "softmax", WL_SOFTMAX },
};

/* Channels of a local response norm that does not say: as in AlexNet (NIPS 2012, section 3.3). */
#define LRN_SIZE 5

/* A workload under construction. */
struct reading {
	struct wl_workload *w;
	GHashTable *operands; /* name -> operand number + 1 */
	bool *read;           /* by operand number: some layer reads it */
};

static enum wl_op read_op(struct hw_json at, GError **error)
{
	const char *names[G_N_ELEMENTS(spellings) + 1] = { NULL };

	for (unsigned i = 0; i < G_N_ELEMENTS(spellings); i++)
		names[i] = spellings[i].name;
	return spellings[hw_json_choice(hw_json_get(at, "op", error), names, error)].op;
}

static bool check_keys(struct hw_json at, enum wl_op op, GError **error)
{
	static const char *const conv[] = { "name",   "op",  "inputs",   "out_channels", "kernel",
		                            "stride", "pad", "dilation", "groups",       NULL };
	static const char *const transposed[] = { "name",         "op",     "inputs",
		                                  "out_channels", "kernel", "stride",
		                                  "pad",          "groups", NULL };
	static const char *const matmul[] = { "name", "op", "inputs", "out_channels", NULL };
	static const char *const pool[] = { "name",   "op",  "inputs", "kernel",
		                            "stride", "pad", "ceil",   NULL };
	static const char *const lrn[] = { "name", "op", "inputs", "size", NULL };
	static const char *const plain[] = { "name", "op", "inputs", NULL };

	switch (op) {
	case WL_CONV:
		return hw_json_keys(at, conv, error);
	case WL_TRANSPOSED_CONV:
		return hw_json_keys(at, transposed, error);
	case WL_MATMUL:
		return hw_json_keys(at, matmul, error);
	case WL_MAX_POOL:
	case WL_AVERAGE_POOL:
		return hw_json_keys(at, pool, error);
	case WL_LRN:
		return hw_json_keys(at, lrn, error);
	default:
		return hw_json_keys(at, plain, error);
	}
}

/* A string of at least one character, owned by the caller; NULL on error. */
static char *read_text(struct hw_json at, const char *key, GError **error)
{
	struct hw_json node = hw_json_get(at, key, error);
	const char *text = hw_json_string(node, error);

	if (text != NULL && *text == '\0')
		hw_json_fail(node, error, "must not be empty, got \"\"");
	return g_strdup(text);
}

static uint32_t read_integer(struct hw_json node, uint32_t min, uint32_t max, GError **error)
{
	return (uint32_t)hw_json_integer(node, min, max, error);
}

/* A number for both dimensions or [rows, columns]; left alone if the key is absent. */
static void read_pair(struct hw_json at, const char *key, uint32_t min, uint32_t pair[2],
                      GError **error)
{
	if (!hw_json_has(at, key))
		return;

	struct hw_json node = hw_json_get(at, key, error);
	if (!cJSON_IsArray(node.item)) {
		pair[0] = pair[1] = read_integer(node, min, WL_MAX_WINDOW, error);
		return;
	}
	if (hw_json_size(node) != 2)
		hw_json_fail(node, error, "must be a number or [rows, columns], got %u elements",
		             hw_json_size(node));
	for (unsigned d = 0; d < 2; d++)
		pair[d] = read_integer(hw_json_at(node, d), min, WL_MAX_WINDOW, error);
}

/* The op's own attributes; defaults are those of the network formats (ONNX, PyTorch). */
static void read_attributes(struct wl_layer *layer, struct hw_json at, GError **error)
{
	enum wl_op op = layer->op;

	layer->groups = 1;
	layer->size = LRN_SIZE;
	for (unsigned d = 0; d < 2; d++)
		layer->kernel[d] = layer->stride[d] = layer->dilation[d] = 1;
	if (wl_is_mac(op))
		layer->out_channels = read_integer(hw_json_get(at, "out_channels", error), 1,
		                                   WL_MAX_EXTENT, error);
	if ((wl_is_mac(op) && op != WL_MATMUL) || (wl_is_pool(op) && op != WL_GLOBAL_POOL))
		hw_json_get(at, "kernel", error); /* required */
	read_pair(at, "kernel", 1, layer->kernel, error);
	read_pair(at, "stride", 1, layer->stride, error);
	read_pair(at, "pad", 0, layer->pad, error);
	read_pair(at, "dilation", 1, layer->dilation, error);
	if (hw_json_has(at, "groups"))
		layer->groups = read_integer(hw_json_get(at, "groups", error), 1, WL_MAX_EXTENT,
		                             error);
	if (hw_json_has(at, "size"))
		layer->size = read_integer(hw_json_get(at, "size", error), 1, WL_MAX_EXTENT, error);
	if (hw_json_has(at, "ceil"))
		layer->ceil_mode = hw_json_bool(hw_json_get(at, "ceil", error), error);
}

/* Gives an operand its name, which must be new. */
static void add_operand(struct reading *r, struct hw_json at, const char *name, unsigned operand,
                        GError **error)
{
	if (name != NULL &&
	    !g_hash_table_insert(r->operands, (char *)name, GUINT_TO_POINTER(operand + 1)))
		hw_json_fail(
			hw_json_get(at, "name", error), error,
			"must differ from the names of all other layers and inputs, got \"%s\"",
			name);
}

static bool defined_below(struct hw_json layers, unsigned from, const char *name)
{
	for (unsigned i = from; i < hw_json_size(layers); i++) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(hw_json_at(layers, i).item,
		                                                      "name");
		if (cJSON_IsString(other) && strcmp(other->valuestring, name) == 0)
			return true;
	}
	return false;
}

static unsigned find_operand(struct reading *r, struct hw_json node, struct hw_json layers,
                             unsigned index, GError **error)
{
	const char *name = hw_json_string(node, error);

	if (name == NULL)
		return 0;
	unsigned found = GPOINTER_TO_UINT(g_hash_table_lookup(r->operands, name));
	if (found == 0) {
		hw_json_fail(node, error,
		             "must name a network input or a layer above this one, got \"%s\"%s",
		             name,
		             !defined_below(layers, index, name) ? "" : ", which is not above");
		return 0;
	}
	r->read[found - 1] = true;
	return found - 1;
}

static void read_operands(struct reading *r, unsigned index, struct hw_json layers, GError **error)
{
	struct wl_layer *layer = &r->w->layers[index];
	struct hw_json inputs = hw_json_get(hw_json_at(layers, index), "inputs", error);
	bool joins = layer->op == WL_ADD || layer->op == WL_CONCAT;

	if (!hw_json_is_array(inputs, error))
		return;
	unsigned count = hw_json_size(inputs);
	if (joins ? count < 2 : count != 1)
		hw_json_fail(inputs, error, "must name %s for %s, got %u",
		             joins ? "two or more operands" : "one operand", wl_op_name(layer->op),
		             count);
	layer->input_count = count;
	layer->inputs = g_new0(unsigned, count);
	for (unsigned i = 0; i < count && *error == NULL; i++)
		layer->inputs[i] = find_operand(r, hw_json_at(inputs, i), layers, index, error);
}

static bool read_layer(struct reading *r, unsigned index, struct hw_json layers, GError **error)
{
	struct wl_layer *layer = &r->w->layers[index];
	struct hw_json at = hw_json_at(layers, index);

	layer->name = read_text(at, "name", error);
	layer->op = read_op(at, error);
	check_keys(at, layer->op, error);
	read_attributes(layer, at, error);
	read_operands(r, index, layers, error);
	add_operand(r, at, layer->name, index, error);
	return *error == NULL && wl_layer_infer(r->w, layer, at, error);
}

static void read_input(struct reading *r, unsigned index, struct hw_json at, GError **error)
{
	static const char *const keys[] = { "name", "shape", NULL };
	struct wl_input *input = &r->w->inputs[index];
	uint32_t *extents[3] = { &input->shape.channels, &input->shape.rows,
		                 &input->shape.columns };

	hw_json_keys(at, keys, error);
	input->name = read_text(at, "name", error);
	struct hw_json shape = hw_json_get(at, "shape", error);
	if (hw_json_is_array(shape, error) && hw_json_size(shape) != G_N_ELEMENTS(extents))
		hw_json_fail(shape, error, "must be [channels, rows, columns], got %u elements",
		             hw_json_size(shape));
	for (unsigned i = 0; i < G_N_ELEMENTS(extents); i++)
		*extents[i] = read_integer(hw_json_at(shape, i), 1, WL_MAX_EXTENT, error);
	if (wl_shape_elements(input->shape) > WL_MAX_ELEMENTS)
		hw_json_fail(shape, error, "must have at most %" PRIu64 " elements",
		             WL_MAX_ELEMENTS);
	add_operand(r, at, input->name, r->w->layer_count + index, error);
}

static unsigned read_length(struct hw_json list, GError **error)
{
	if (!hw_json_is_array(list, error))
		return 0;

	unsigned length = hw_json_size(list);
	if (length < 1 || length > WL_MAX_EXTENT)
		hw_json_fail(list, error, "must have from 1 to %d elements, got %u", WL_MAX_EXTENT,
		             length);
	return length;
}

static void check_inputs_are_read(const struct reading *r, struct hw_json inputs, GError **error)
{
	for (unsigned i = 0; i < r->w->input_count; i++) {
		if (!r->read[r->w->layer_count + i])
			hw_json_fail(hw_json_at(inputs, i), error,
			             "must be read by a layer, got no reader of \"%s\"",
			             r->w->inputs[i].name);
	}
}

static void check_totals(const struct wl_workload *w, struct hw_json layers, GError **error)
{
	uint64_t macs = 0, weights = 0;

	for (unsigned i = 0; i < w->layer_count; i++) {
		macs += w->layers[i].macs;
		weights += w->layers[i].weight_count;
		if (macs > WL_MAX_MACS || weights > WL_MAX_MACS) {
			hw_json_fail(hw_json_at(layers, i), error,
			             "the network must have at most %" PRIu64 " MACs and weights",
			             WL_MAX_MACS);
			return;
		}
	}
}

static void read_graph(struct wl_workload *w, struct hw_json inputs, struct hw_json layers,
                       GError **error)
{
	g_autoptr(GHashTable) operands = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree bool *read = g_new0(bool, (gsize)w->layer_count + w->input_count);
	struct reading r = { .w = w, .operands = operands, .read = read };

	for (unsigned i = 0; i < w->input_count && *error == NULL; i++)
		read_input(&r, i, hw_json_at(inputs, i), error);
	for (unsigned i = 0; i < w->layer_count && *error == NULL; i++)
		read_layer(&r, i, layers, error);
	if (*error == NULL)
		check_inputs_are_read(&r, inputs, error);
	if (*error == NULL)
		check_totals(w, layers, error);
	if (*error == NULL)
		wl_nodes_build(w, layers, error);
}

static void read_root(struct wl_workload *w, struct hw_json root, GError **error)
{
	static const char *const formats[] = { "mcmsim-workload/1", NULL };
	static const char *const keys[] = { "format",       "name",   "source", "activation_bytes",
		                            "weight_bytes", "inputs", "layers", NULL };

	hw_json_choice(hw_json_get(root, "format", error), formats, error);
	hw_json_keys(root, keys, error);
	w->name = read_text(root, "name", error);
	w->source = read_text(root, "source", error);
	w->activation_bytes = read_integer(hw_json_get(root, "activation_bytes", error), 1, 8,
	                                   error);
	w->weight_bytes = read_integer(hw_json_get(root, "weight_bytes", error), 1, 8, error);

	struct hw_json inputs = hw_json_get(root, "inputs", error);
	struct hw_json layers = hw_json_get(root, "layers", error);
	unsigned input_count = read_length(inputs, error);
	unsigned layer_count = read_length(layers, error);
	if (*error != NULL)
		return;
	w->inputs = g_new0(struct wl_input, input_count);
	w->input_count = input_count;
	w->layers = g_new0(struct wl_layer, layer_count);
	w->layer_count = layer_count;
	read_graph(w, inputs, layers, error);
}

/* Consumes the file. */
static struct wl_workload *read_file(struct hw_json_file *file, const char *const *overrides,
                                     GError **error)
{
	GError *failure = NULL;
	struct wl_workload *w = g_new0(struct wl_workload, 1);
	w->reaches = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; overrides != NULL && overrides[i] != NULL && failure == NULL; i++)
		hw_json_override(file, overrides[i], &failure);
	if (failure == NULL)
		read_root(w, hw_json_root(file), &failure);
	hw_json_close(file);
	if (failure == NULL)
		return w;
	wl_workload_free(w);
	g_propagate_error(error, failure);
	return NULL;
}

struct wl_workload *wl_workload_parse(const char *text, const char *origin,
                                      const char *const *overrides, GError **error)
{
	struct hw_json_file *file = hw_json_parse(text, origin, error);

	return file != NULL ? read_file(file, overrides, error) : NULL;
}

struct wl_workload *wl_workload_read(const char *path_or_preset, const char *zoo_dir,
                                     const char *const *overrides, GError **error)
{
	g_autofree char *path = hw_json_locate(path_or_preset, zoo_dir, "workload", error);

	if (path == NULL)
		return NULL;
	struct hw_json_file *file = hw_json_open(path, error);
	return file != NULL ? read_file(file, overrides, error) : NULL;
}

/*
 * Shape inference. Invariant: a layer that passes has an output of at least one
 * element, every extent is at most WL_MAX_EXTENT, and no product of its
 * extents that anyone may form overflows.
 *
 * Conventions are those of the common frameworks: convolutions and pools round
 * their extent down, pools up with "ceil" (a last window that would start in the
 * padding behind the input is dropped).
 */
#include "workloads/build.h"

static const char *const along[2] = { "rows", "columns" };

/* The element to blame: the layer's key, or the layer itself where the key was left out. */
static struct hw_json blame(struct hw_json at, const char *key, GError **error)
{
	return hw_json_has(at, key) ? hw_json_get(at, key, error) : at;
}

static uint32_t extent_along(struct wl_shape shape, unsigned dimension)
{
	return dimension == 0 ? shape.rows : shape.columns;
}

static int64_t effective_kernel(const struct wl_layer *layer, unsigned dimension)
{
	return (layer->kernel[dimension] - INT64_C(1)) * layer->dilation[dimension] + 1;
}

/* Output extent of a sliding window; below 1 if the window does not fit. */
static int64_t window_extent(const struct wl_layer *layer, uint32_t input, unsigned dimension,
                             struct hw_json at, GError **error)
{
	int64_t kernel = effective_kernel(layer, dimension);
	int64_t stride = layer->stride[dimension], pad = layer->pad[dimension];
	int64_t steps = input + 2 * pad - kernel;

	if (steps < 0) {
		hw_json_fail(blame(at, "kernel", error), error,
		             "must not exceed the padded input of %" PRId64 " %s, got %" PRId64
		             "%s",
		             input + 2 * pad, along[dimension], kernel,
		             layer->dilation[dimension] > 1 ? " (dilated)" : "");
		return 0;
	}
	int64_t extent = (steps + (layer->ceil_mode ? stride - 1 : 0)) / stride + 1;
	bool past_the_end = layer->ceil_mode && (extent - 1) * stride >= input + pad;

	return past_the_end ? extent - 1 : extent;
}

static int64_t transposed_extent(const struct wl_layer *layer, uint32_t input, unsigned dimension,
                                 struct hw_json at, GError **error)
{
	int64_t full = (input - INT64_C(1)) * layer->stride[dimension] + layer->kernel[dimension];
	int64_t extent = full - INT64_C(2) * layer->pad[dimension];

	if (extent < 1)
		hw_json_fail(blame(at, "pad", error), error,
		             "must leave at least one of %" PRId64 " output %s, got %u", full,
		             along[dimension], layer->pad[dimension]);
	return extent;
}

/* Returns 0 on error. */
static uint32_t output_extent(const struct wl_layer *layer, struct wl_shape input,
                              unsigned dimension, struct hw_json at, GError **error)
{
	uint32_t before = extent_along(input, dimension);
	int64_t extent = layer->op == WL_TRANSPOSED_CONV
	                         ? transposed_extent(layer, before, dimension, at, error)
	                         : window_extent(layer, before, dimension, at, error);

	if (extent < 1)
		return 0;
	if (extent > WL_MAX_EXTENT) {
		hw_json_fail(at, error, "output must have at most %d %s, got %" PRId64,
		             WL_MAX_EXTENT, along[dimension], extent);
		return 0;
	}
	return (uint32_t)extent;
}

static bool check_groups(const struct wl_layer *layer, uint32_t in_channels, struct hw_json at,
                         GError **error)
{
	if (in_channels % layer->groups != 0) {
		hw_json_fail(blame(at, "groups", error), error,
		             "must divide the %u input channels, got %u", in_channels,
		             layer->groups);
		return false;
	}
	if (layer->out_channels % layer->groups != 0) {
		hw_json_fail(blame(at, "groups", error), error,
		             "must divide the %u output channels, got %u", layer->out_channels,
		             layer->groups);
		return false;
	}
	return true;
}

static bool infer_windowed(struct wl_layer *layer, struct wl_shape input, struct hw_json at,
                           GError **error)
{
	uint32_t extent[2];

	for (unsigned d = 0; d < 2; d++) {
		if (wl_is_pool(layer->op) && layer->pad[d] >= layer->kernel[d]) {
			hw_json_fail(blame(at, "pad", error), error,
			             "must be smaller than the kernel of %u %s, got %u",
			             layer->kernel[d], along[d], layer->pad[d]);
			return false;
		}
		extent[d] = output_extent(layer, input, d, at, error);
		if (extent[d] == 0)
			return false;
	}
	if (!wl_is_pool(layer->op) && !check_groups(layer, input.channels, at, error))
		return false;
	layer->output = (struct wl_shape){
		.channels = wl_is_pool(layer->op) ? input.channels : layer->out_channels,
		.rows = extent[0],
		.columns = extent[1],
	};
	return true;
}

/* A window that covers the whole input. */
static void infer_whole(struct wl_layer *layer, struct wl_shape input)
{
	for (unsigned d = 0; d < 2; d++)
		layer->kernel[d] = layer->stride[d] = extent_along(input, d);
	layer->output = (struct wl_shape){
		.channels = layer->op == WL_MATMUL ? layer->out_channels : input.channels,
		.rows = 1,
		.columns = 1,
	};
}

static bool infer_joined(const struct wl_workload *w, struct wl_layer *layer, struct hw_json at,
                         GError **error)
{
	struct wl_shape first = wl_operand_shape(w, layer->inputs[0]);
	uint64_t channels = first.channels;
	struct hw_json inputs = hw_json_get(at, "inputs", error);

	for (unsigned i = 1; i < layer->input_count; i++) {
		struct wl_shape other = wl_operand_shape(w, layer->inputs[i]);
		bool fits = other.rows == first.rows && other.columns == first.columns &&
		            (layer->op == WL_CONCAT || other.channels == first.channels);
		if (!fits) {
			hw_json_fail(hw_json_at(inputs, i), error,
			             "must have the %s of the first input (%ux%ux%u), got %ux%ux%u",
			             layer->op == WL_CONCAT ? "rows and columns" : "shape",
			             first.channels, first.rows, first.columns, other.channels,
			             other.rows, other.columns);
			return false;
		}
		channels += other.channels;
	}
	layer->output = first;
	if (layer->op != WL_CONCAT)
		return true;
	if (channels > WL_MAX_EXTENT) {
		hw_json_fail(at, error, "output must have at most %d channels, got %" PRIu64,
		             WL_MAX_EXTENT, channels);
		return false;
	}
	layer->output.channels = (uint32_t)channels;
	return true;
}

/* Product of factors, or UINT64_MAX if it is larger. */
static uint64_t saturated_product(const uint64_t *factors, unsigned count)
{
	uint64_t product = 1;

	for (unsigned i = 0; i < count; i++) {
		if (!g_uint64_checked_mul(&product, product, factors[i]))
			return UINT64_MAX;
	}
	return product;
}

/* Taps per output element: a transposed convolution's stride skips the others. */
static uint64_t taps(const struct wl_layer *layer, unsigned dimension)
{
	uint64_t kernel = layer->kernel[dimension];

	if (layer->op != WL_TRANSPOSED_CONV)
		return kernel;
	return (kernel + layer->stride[dimension] - 1) / layer->stride[dimension];
}

static bool limit(struct hw_json at, const char *what, uint64_t value, uint64_t most,
                  GError **error)
{
	if (value > most)
		hw_json_fail(at, error, "must have at most %" PRIu64 " %s", most, what);
	return value <= most;
}

static bool count_work(const struct wl_workload *w, struct wl_layer *layer, struct hw_json at,
                       GError **error)
{
	struct wl_shape input = wl_operand_shape(w, layer->inputs[0]);
	uint64_t outputs = saturated_product(
		(uint64_t[]){ layer->output.channels, layer->output.rows, layer->output.columns },
		3);

	if (!limit(at, "output elements", outputs, WL_MAX_ELEMENTS, error))
		return false;
	if (!wl_is_mac(layer->op))
		return limit(at, "element-wise operations", wl_layer_operations(w, layer),
		             WL_MAX_MACS, error);

	uint64_t channels = input.channels / layer->groups;
	layer->weight_count = saturated_product(
		(uint64_t[]){ layer->out_channels, channels, layer->kernel[0], layer->kernel[1] },
		4);
	layer->macs = saturated_product(
		(uint64_t[]){ outputs, channels, taps(layer, 0), taps(layer, 1) }, 4);
	return limit(at, "weights", layer->weight_count, WL_MAX_ELEMENTS, error) &&
	       limit(at, "MACs", layer->macs, WL_MAX_MACS, error);
}

struct wl_shape wl_operand_shape(const struct wl_workload *w, unsigned operand)
{
	return operand < w->layer_count ? w->layers[operand].output
	                                : w->inputs[operand - w->layer_count].shape;
}

uint64_t wl_layer_operations(const struct wl_workload *w, const struct wl_layer *layer)
{
	uint64_t outputs = wl_shape_elements(layer->output);

	switch (layer->op) {
	case WL_MAX_POOL:
	case WL_AVERAGE_POOL:
		return saturated_product(
			(uint64_t[]){ outputs, layer->kernel[0], layer->kernel[1] }, 3);
	case WL_GLOBAL_POOL:
		return wl_shape_elements(wl_operand_shape(w, layer->inputs[0]));
	case WL_ADD:
		return saturated_product((uint64_t[]){ outputs, layer->input_count - 1 }, 2);
	case WL_ACTIVATION:
	case WL_BATCH_NORM:
	case WL_LRN:
	case WL_NORM:
	case WL_SOFTMAX:
		return outputs;
	default:
		return 0;
	}
}

bool wl_layer_infer(const struct wl_workload *w, struct wl_layer *layer, struct hw_json at,
                    GError **error)
{
	struct wl_shape input = wl_operand_shape(w, layer->inputs[0]);
	bool fits = true;

	switch (layer->op) {
	case WL_CONV:
	case WL_TRANSPOSED_CONV:
	case WL_MAX_POOL:
	case WL_AVERAGE_POOL:
		fits = infer_windowed(layer, input, at, error);
		break;
	case WL_MATMUL:
	case WL_GLOBAL_POOL:
		infer_whole(layer, input);
		break;
	case WL_ADD:
	case WL_CONCAT:
		fits = infer_joined(w, layer, at, error);
		break;
	default:
		layer->output = input;
	}
	return fits && count_work(w, layer, at, error);
}

/*
 * Reach: which rows (or columns) of a producer an interval of a consumer needs.
 * Bounds are kept unclipped while reaches are composed and clipped once, when a
 * reach is applied; what that adds at the rims is at most rows that exist but
 * that a strided window skips.
 */
#include "workloads/build.h"

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

void wl_reach_apply(const struct wl_reach *reach, uint32_t extent, uint32_t *lo, uint32_t *hi)
{
	if (*lo >= *hi) {
		*lo = *hi = 0;
		return;
	}
	int64_t first = ceil_div(*lo * reach->down - reach->pad, reach->up);
	int64_t last = (*hi - INT64_C(1)) * reach->down - reach->pad + reach->window - 1;
	int64_t end = floor_div(last, reach->up) + 1;

	first = CLAMP(first, 0, (int64_t)extent);
	end = CLAMP(end, first, (int64_t)extent);
	*lo = (uint32_t)first;
	*hi = (uint32_t)end;
}

struct wl_reach wl_reach_identity(void)
{
	return (struct wl_reach){ .down = 1, .up = 1, .pad = 0, .window = 1 };
}

struct wl_reach wl_reach_compose(struct wl_reach outer, struct wl_reach inner)
{
	return (struct wl_reach){
		.down = outer.down * inner.down,
		.up = outer.up * inner.up,
		.pad = outer.pad * inner.down + inner.pad * outer.up,
		.window = (outer.window - 1) * inner.down + (inner.window - 1) * outer.up + 1,
	};
}

struct wl_reach wl_layer_reach(const struct wl_workload *w, const struct wl_layer *layer,
                               unsigned dimension)
{
	struct wl_shape input = wl_operand_shape(w, layer->inputs[0]);
	int64_t extent = dimension == 0 ? input.rows : input.columns;
	int64_t output = dimension == 0 ? layer->output.rows : layer->output.columns;
	int64_t kernel = layer->kernel[dimension], stride = layer->stride[dimension];
	int64_t pad = layer->pad[dimension], dilation = layer->dilation[dimension];

	if (layer->op == WL_TRANSPOSED_CONV)
		return (struct wl_reach){ 1, stride, kernel - 1 - pad, kernel };
	if (!wl_is_pool(layer->op) && layer->op != WL_CONV && layer->op != WL_MATMUL)
		return wl_reach_identity();
	/* A single output never steps: a stride beyond the input would only overflow. */
	if (output == 1)
		stride = MIN(stride, extent);
	return (struct wl_reach){ stride, 1, pad, (kernel - 1) * dilation + 1 };
}

/*
 * Reach: which rows (or columns) of a producer some of a consumer's rows need.
 * Invariant: every step is clipped to its input, so nothing is reached through
 * rows that do not exist.
 *
 * Rows are intervals as long as windows leave none out; from the first step on
 * that does they are bits. A step's windows are stretched (its outputs set apart
 * by `down`), widened by its taps, and cut to the input.
 */
#include "workloads/build.h"

#include <string.h>

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

const struct wl_reach *wl_layer_reach(struct wl_workload *w, const struct wl_layer *layer,
                                      unsigned dimension, const struct wl_reach *next)
{
	struct wl_shape input = wl_operand_shape(w, layer->inputs[0]);
	bool transposed = layer->op == WL_TRANSPOSED_CONV;
	int64_t kernel = layer->kernel[dimension], stride = layer->stride[dimension];
	int64_t pad = layer->pad[dimension], dilation = layer->dilation[dimension];

	if (!wl_is_pool(layer->op) && !wl_is_mac(layer->op))
		return next;
	if (kernel == 1 && stride == 1 && pad == 0)
		return next;
	struct wl_reach *step = g_new(struct wl_reach, 1);
	*step = (struct wl_reach){
		.down = transposed ? 1 : stride,
		.up = transposed ? stride : 1,
		.pad = transposed ? kernel - 1 - pad : pad,
		.taps = kernel,
		.dilation = kernel == 1 ? 1 : dilation,
		.extent = dimension == 0 ? input.rows : input.columns,
		.next = next,
	};
	g_ptr_array_add(w->reaches, step);
	return step;
}

/* Rows that a step's taps span, from the first output's first to the last one's last. */
static int64_t span(const struct wl_reach *step, uint32_t lo, uint32_t hi)
{
	return (hi - lo - INT64_C(1)) * step->down + (step->taps - 1) * step->dilation + 1;
}

/* The outermost rows that a step may reach. */
static void reach_hull(const struct wl_reach *step, uint32_t *lo, uint32_t *hi)
{
	int64_t first = *lo * step->down - step->pad, last = first + span(step, *lo, *hi) - 1;
	if (step->up > 1) {
		first = ceil_div(first, step->up);
		last = floor_div(last, step->up);
	}
	first = CLAMP(first, 0, (int64_t)step->extent);
	*lo = (uint32_t)first;
	*hi = (uint32_t)CLAMP(last + 1, first, (int64_t)step->extent);
}

/* Whether `outputs` rows that follow each other reach rows that do. */
static bool is_solid(const struct wl_reach *step, uint32_t outputs)
{
	if (step->dilation > 1)
		return step->down == 1 && outputs >= step->dilation;
	return step->down <= step->taps || outputs == 1;
}

bool wl_reach_interval(const struct wl_reach *reach, uint32_t *lo, uint32_t *hi)
{
	bool solid = true;
	for (; reach != NULL && *lo < *hi; reach = reach->next) {
		solid = solid && is_solid(reach, *hi - *lo);
		reach_hull(reach, lo, hi);
	}
	if (*lo >= *hi)
		*lo = *hi = 0;
	return solid;
}

static size_t words_of(int64_t rows)
{
	return (size_t)rows / WL_ROW_BITS + 2; /* wherever in a word the first one is */
}

/* Words of one set of rows: the result, or the largest one on the way to it. */
static size_t most_words(const struct wl_reach *reach, uint32_t lo, uint32_t hi)
{
	size_t most = words_of(hi - lo);
	for (; reach != NULL && lo < hi; reach = reach->next) {
		most = MAX(most, words_of(span(reach, lo, hi)));
		reach_hull(reach, &lo, &hi);
	}
	return most;
}

size_t wl_reach_words(const struct wl_reach *reach, uint32_t lo, uint32_t hi)
{
	return 2 * most_words(reach, lo, hi);
}

/* 64 bits from `at` on, which may lie outside of the words. */
static uint64_t bits_at(const uint64_t *words, size_t count, int64_t at)
{
	int64_t w = floor_div(at, WL_ROW_BITS), shift = at - w * WL_ROW_BITS;
	uint64_t low = w >= 0 && w < (int64_t)count ? words[w] : 0;
	uint64_t high = w + 1 >= 0 && w + 1 < (int64_t)count ? words[w + 1] : 0;
	return shift == 0 ? low : low >> shift | high << (WL_ROW_BITS - shift);
}

static void set_bit(uint64_t *words, size_t bit)
{
	words[bit / WL_ROW_BITS] |= UINT64_C(1) << bit % WL_ROW_BITS;
}

/* Puts what is `distance` below beside every bit. */
static void spread(uint64_t *words, size_t count, int64_t distance)
{
	for (size_t w = count; w-- > 0;)
		words[w] |= bits_at(words, count, (int64_t)w * WL_ROW_BITS - distance);
}

/* Rows [lo, hi) of `rows` to what a step's windows touch; bit 0 is the first output's first tap. */
static void touch(const struct wl_reach *step, const uint64_t *rows, uint32_t lo, uint32_t hi,
                  uint64_t *touched, size_t count)
{
	memset(touched, 0, count * sizeof *touched);
	for (size_t w = 0; w < words_of(hi - lo); w++)
		for (uint64_t left = rows[w]; left != 0; left &= left - 1) {
			size_t bit = w * WL_ROW_BITS + (size_t)__builtin_ctzll(left);
			set_bit(touched, (bit - lo % WL_ROW_BITS) * (size_t)step->down);
		}
	/* Twice as many taps every time. */
	for (int64_t taps = 1, more; taps < step->taps; taps += more) {
		more = MIN(taps, step->taps - taps);
		spread(touched, count, more * step->dilation);
	}
}

/* What is touched of the 64 rows from `row` on; `first` is where bit 0 of `touched` is. */
static uint64_t rows_at(const struct wl_reach *step, const uint64_t *touched, size_t count,
                        int64_t first, int64_t row)
{
	uint64_t rows = 0;
	if (step->up == 1)
		return bits_at(touched, count, row - first);
	for (int b = 0; b < WL_ROW_BITS; b++)
		rows |= (bits_at(touched, count, (row + b) * step->up - first) & 1) << b;
	return rows;
}

void wl_reach_rows(const struct wl_reach *reach, uint32_t *lo, uint32_t *hi, uint64_t *rows)
{
	size_t most = most_words(reach, *lo, *hi);
	uint64_t *touched = rows + most;
	for (; reach != NULL && *lo < *hi && is_solid(reach, *hi - *lo); reach = reach->next)
		reach_hull(reach, lo, hi);
	for (uint32_t w = 0; w < words_of(*hi - *lo); w++)
		rows[w] = wl_row_bits(*lo / WL_ROW_BITS + w, *lo, *hi);
	for (; reach != NULL && *lo < *hi; reach = reach->next) {
		int64_t first = *lo * reach->down - reach->pad;
		size_t count = words_of(span(reach, *lo, *hi));
		touch(reach, rows, *lo, *hi, touched, count);
		reach_hull(reach, lo, hi);
		for (uint32_t w = 0; w < words_of(*hi - *lo); w++) {
			uint32_t word = *lo / WL_ROW_BITS + w;
			rows[w] = wl_row_bits(word, *lo, *hi) &
			          rows_at(reach, touched, count, first,
			                  (int64_t)word * WL_ROW_BITS);
		}
	}
}

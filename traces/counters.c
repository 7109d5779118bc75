/*
 * Invariant: a sample differs from the one before it, at the resolution of RESOLUTION.
 */
#include "traces/counters.h"

#include <math.h>
#include <stdlib.h>

#define RESOLUTION 1e6 /* steps per unit; finer ones are rounding noise */

/* The rows that are looked at, and how many samples there may be. */
struct selection {
	const struct tl_timeline *timeline;
	enum trace_counter counter;
	guint first, end;
	unsigned most;
};

static bool is_counted(const struct tl_row *row, enum trace_counter counter)
{
	if (!(row->end_ns > row->start_ns))
		return false; /* takes no time, so has no height */
	if (counter == TRACE_COMPUTING_CHIPLETS)
		return row->resource_kind == TL_CHIPLET && row->kind == TL_COMPUTE;
	return row->unit == TL_BYTES &&
	       row->resource_kind == (counter == TRACE_NOP_GBps ? TL_LINK : TL_DRAM);
}

/* What a row adds to a counter, from when to when. */
struct counter_piece {
	double start_ns, end_ns, height;
};

/* Rows that stand for many micro-batches share their time with those next to them. */
static bool share_time(const struct tl_row *a, const struct tl_row *b)
{
	return a->extrapolated > 1 && b->extrapolated > 1 && a->resource == b->resource &&
	       a->resource_kind == b->resource_kind && a->segment == b->segment;
}

static struct counter_piece piece_of(const struct tl_timeline *timeline, guint index,
                                     enum trace_counter counter)
{
	const struct tl_row *rows = (const struct tl_row *)(const void *)timeline->rows->data;
	const struct tl_row *row = &rows[index];
	double length_ns = row->end_ns - row->start_ns;
	guint first = index, last = index;
	if (counter != TRACE_COMPUTING_CHIPLETS)
		return (struct counter_piece){ row->start_ns, row->end_ns,
			                       row->amount / length_ns };
	while (first > 0 && share_time(&rows[first - 1], row))
		first--;
	while (last + 1 < timeline->rows->len && share_time(row, &rows[last + 1]))
		last++;
	struct counter_piece piece = { rows[first].start_ns, rows[last].end_ns, 1 };
	if (first < last)
		piece.height = length_ns / (piece.end_ns - piece.start_ns);
	return piece;
}

static void add_sample(GArray *samples, double time_ns, double value)
{
	struct trace_sample sample = { time_ns, round(value * RESOLUTION) / RESOLUTION };
	double last = 0;

	if (samples->len > 0)
		last = g_array_index(samples, struct trace_sample, samples->len - 1).value;
	if (sample.value != last)
		g_array_append_val(samples, sample);
}

struct height_step {
	double time_ns, height; /* height < 0: a row ends */
	uint32_t row;
};

static int compare_steps(const void *left, const void *right)
{
	const struct height_step *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return 0;
}

/* Every transition. */
static void sample_steps(const struct selection *of, unsigned count, GArray *samples)
{
	g_autofree struct height_step *steps = g_new(struct height_step, 2 * (size_t)count);
	unsigned used = 0, active = 0;
	double value = 0;

	for (guint i = of->first; i < of->end; i++) {
		const struct tl_row *row = &g_array_index(of->timeline->rows, struct tl_row, i);

		if (!is_counted(row, of->counter))
			continue;
		struct counter_piece piece = piece_of(of->timeline, i, of->counter);
		steps[used++] = (struct height_step){ piece.start_ns, piece.height, i };
		steps[used++] = (struct height_step){ piece.end_ns, -piece.height, i };
	}
	qsort(steps, used, sizeof(*steps), compare_steps);
	for (unsigned i = 0; i < used; i++) {
		active += signbit(steps[i].height) ? -1U : 1U;
		value = active == 0 ? 0 : value + steps[i].height;
		if (i + 1 == used || steps[i + 1].time_ns > steps[i].time_ns)
			add_sample(samples, steps[i].time_ns, value);
	}
}

/* An interval of the timeline: what partly covers it, and how the rows that cover it change. */
struct bucket {
	double partial; /* height x ns */
	double change;
	int64_t covering_change;
};

static void fill_buckets(struct counter_piece piece, struct bucket *buckets, unsigned count,
                         double width_ns)
{
	unsigned first = (unsigned)fmin(piece.start_ns / width_ns, count - 1);
	unsigned last = (unsigned)fmin(piece.end_ns / width_ns, count - 1);

	if (first == last) {
		buckets[first].partial += piece.height * (piece.end_ns - piece.start_ns);
		return;
	}
	buckets[first].partial += piece.height * ((first + 1) * width_ns - piece.start_ns);
	buckets[last].partial += piece.height * (piece.end_ns - last * width_ns);
	buckets[first + 1].change += piece.height;
	buckets[first + 1].covering_change++;
	buckets[last].change -= piece.height;
	buckets[last].covering_change--;
}

static void sample_means(const struct selection *of, double end_ns, GArray *samples)
{
	const unsigned count = of->most - 1; /* and the end */
	g_autofree struct bucket *buckets = g_new0(struct bucket, count);
	double width_ns = end_ns / count, covered = 0;
	int64_t covering = 0;

	for (guint i = of->first; i < of->end; i++) {
		const struct tl_row *row = &g_array_index(of->timeline->rows, struct tl_row, i);

		if (is_counted(row, of->counter))
			fill_buckets(piece_of(of->timeline, i, of->counter), buckets, count,
			             width_ns);
	}
	for (unsigned i = 0; i < count; i++) {
		covering += buckets[i].covering_change;
		covered = covering == 0 ? 0 : covered + buckets[i].change;
		add_sample(samples, i * width_ns, covered + buckets[i].partial / width_ns);
	}
	add_sample(samples, end_ns, 0);
}

static GArray *samples_of(const struct selection *of)
{
	GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct trace_sample));
	unsigned count = 0;
	double end_ns = 0;

	for (guint i = of->first; i < of->end; i++) {
		const struct tl_row *row = &g_array_index(of->timeline->rows, struct tl_row, i);

		if (!is_counted(row, of->counter))
			continue;
		count++;
		end_ns = fmax(end_ns, piece_of(of->timeline, i, of->counter).end_ns);
	}
	if (count == 0)
		return samples;
	if (count <= of->most / 2)
		sample_steps(of, count, samples);
	else
		sample_means(of, end_ns, samples);
	return samples;
}

GArray *trace_counter_samples(const struct tl_timeline *timeline, enum trace_counter counter)
{
	const struct selection all = { timeline, counter, 0, timeline->rows->len,
		                       TRACE_MAX_SAMPLES };
	return samples_of(&all);
}

GArray *trace_resource_samples(const struct tl_timeline *timeline, guint first, guint end)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, first);
	const struct selection one = { timeline,
		                       row->resource_kind == TL_LINK ? TRACE_NOP_GBps
		                                                     : TRACE_DRAM_GBps,
		                       first, end, TRACE_RESOURCE_SAMPLES };
	return samples_of(&one);
}

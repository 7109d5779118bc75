/* Invariant: rows keep their order, and an arrow its two rows or goes. */
#include "traces/cut.h"

#include "traces/segments.h"

static struct tl_row *row_at(const struct tl_timeline *timeline, guint index)
{
	return &g_array_index(timeline->rows, struct tl_row, index);
}

/* Rows that `keeps` says true of. */
static void filter(struct tl_timeline *timeline, bool (*keeps)(const struct tl_row *, const void *),
                   const void *data)
{
	guint count = timeline->rows->len, kept = 0, arrows = 0;
	g_autofree uint32_t *moved_to = g_new(uint32_t, count);
	for (guint i = 0; i < count; i++) {
		moved_to[i] = keeps(row_at(timeline, i), data) ? kept : UINT32_MAX;
		if (moved_to[i] != UINT32_MAX)
			*row_at(timeline, kept++) = *row_at(timeline, i);
	}
	for (guint i = 0; i < timeline->flows->len; i++) {
		struct tl_flow *flow = &g_array_index(timeline->flows, struct tl_flow, i);
		struct tl_flow moved = { moved_to[flow->from], moved_to[flow->to] };
		if (moved.from != UINT32_MAX && moved.to != UINT32_MAX)
			g_array_index(timeline->flows, struct tl_flow, arrows++) = moved;
	}
	g_array_set_size(timeline->rows, kept);
	g_array_set_size(timeline->flows, arrows);
}

static bool is_in_window(const struct tl_row *row, const void *data)
{
	const double *window_ns = data;
	return row->end_ns >= window_ns[0] && row->start_ns <= window_ns[1];
}

void trace_cut_window(struct tl_timeline *timeline, double from_ns, double to_ns)
{
	const double window_ns[] = { from_ns, to_ns };
	double end_ns = 0;
	filter(timeline, is_in_window, window_ns);
	for (guint i = 0; i < timeline->rows->len; i++)
		end_ns = MAX(end_ns, row_at(timeline, i)->end_ns);
	timeline->end_ns = MIN(timeline->end_ns, end_ns);
}

static bool is_coarse_enough(const struct tl_row *row, const void *data)
{
	switch (*(const enum trace_level *)data) {
	case TRACE_SEGMENT:
		return false;
	case TRACE_CLUSTER:
		return row->resource_kind == TL_CLUSTER;
	case TRACE_CHIPLET:
		return row->resource_kind != TL_LINK;
	case TRACE_LINK:
		return true;
	}
	g_assert_not_reached();
}

/* MACs of each segment's clusters. */
static double *segment_macs(const struct tl_timeline *timeline, guint segments)
{
	double *macs = g_new0(double, segments);
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = row_at(timeline, i);
		if (row->resource_kind == TL_CLUSTER && row->unit == TL_MACS && row->segment >= 0)
			macs[row->segment] += row->amount;
	}
	return macs;
}

static void set_names(GPtrArray *names, const char *only)
{
	g_ptr_array_set_size(names, 0);
	if (only)
		g_ptr_array_add(names, g_strdup(only));
}

static void keep_segments(struct tl_timeline *timeline, const GArray *segments, const double *macs)
{
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		set_names(timeline->names[kind], kind == TL_CLUSTER ? "segments" : NULL);
	set_names(timeline->labels, NULL);
	for (guint s = 0; s < segments->len; s++) {
		const struct trace_segment *segment = &g_array_index(segments, struct trace_segment,
		                                                     s);
		struct tl_row row = { .resource_kind = TL_CLUSTER,
			              .kind = TL_COMPUTE,
			              .unit = TL_MACS,
			              .segment = (int32_t)s,
			              .cluster = -1,
			              .node = segment->first_node,
			              .microbatch = -1,
			              .tile = -1,
			              .start_ns = segment->start_ns,
			              .end_ns = segment->end_ns,
			              .amount = macs[s] };
		if (row.end_ns >= row.start_ns)
			g_array_append_val(timeline->rows, row);
	}
}

void trace_cut_level(struct tl_timeline *timeline, enum trace_level level)
{
	g_autoptr(GArray) segments = trace_segments(timeline);
	g_autofree double *macs = segment_macs(timeline, segments->len);
	filter(timeline, is_coarse_enough, &level);
	if (level == TRACE_SEGMENT)
		keep_segments(timeline, segments, macs);
	tl_sort(timeline);
}

void trace_scale(struct tl_timeline *timeline, double factor)
{
	for (guint i = 0; i < timeline->rows->len; i++) {
		struct tl_row *row = row_at(timeline, i);
		row->start_ns *= factor;
		row->end_ns *= factor;
		if (row->unit == TL_NS)
			row->amount *= factor;
	}
	timeline->end_ns *= factor;
}

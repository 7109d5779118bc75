#include "traces/segments.h"

#include <math.h>

GArray *trace_segments(const struct tl_timeline *timeline)
{
	const struct trace_segment none = { INFINITY, -INFINITY, -1, -1 };
	GArray *segments = g_array_new(FALSE, FALSE, sizeof(struct trace_segment));
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (row->resource_kind != TL_CLUSTER || row->segment < 0)
			continue;
		while (segments->len <= (guint)row->segment)
			g_array_append_val(segments, none);
		struct trace_segment *segment = &g_array_index(segments, struct trace_segment,
		                                               row->segment);
		segment->start_ns = fmin(segment->start_ns, row->start_ns);
		segment->end_ns = fmax(segment->end_ns, row->end_ns);
		if (row->node >= 0 && (segment->first_node < 0 || row->node < segment->first_node))
			segment->first_node = row->node;
		segment->last_node = MAX(segment->last_node, row->node);
	}
	return segments;
}

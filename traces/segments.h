/* From when to when each segment of a timeline runs, by the rows of its clusters. */
#ifndef TRACES_SEGMENTS_H
#define TRACES_SEGMENTS_H

#include "sim/account/timeline.h"

struct trace_segment {
	double start_ns, end_ns;       /* INFINITY, -INFINITY: it has no rows */
	int32_t first_node, last_node; /* -1: none */
};

/* struct trace_segment by number. Caller unrefs. */
GArray *trace_segments(const struct tl_timeline *timeline);

#endif

/* Parts of a timeline, in place: a window of it, a level of it, other units of time. */
#ifndef TRACES_CUT_H
#define TRACES_CUT_H

#include "sim/account/timeline.h"

enum trace_level { TRACE_SEGMENT, TRACE_CLUSTER, TRACE_CHIPLET, TRACE_LINK };

/* Rows that overlap the window stay, whole; arrows, where both their rows do. */
void trace_cut_window(struct tl_timeline *timeline, double from_ns, double to_ns);

/* What is more detailed goes: links first, then chiplets and channels, then clusters. At
 * TRACE_SEGMENT one track has a row per segment, which computes all that its clusters do. */
void trace_cut_level(struct tl_timeline *timeline, enum trace_level level);

/* All times become so many times as large: cycles, for a factor in GHz. */
void trace_scale(struct tl_timeline *timeline, double factor);

#endif

/*
 * Quantities over time, derived from a timeline's rows: steps, each of which
 * holds until the next. At most TRACE_MAX_SAMPLES of them: where a timeline has
 * more transitions, the samples are means over equal intervals of it.
 */
#ifndef TRACES_COUNTERS_H
#define TRACES_COUNTERS_H

#include "sim/account/timeline.h"

#define TRACE_MAX_SAMPLES 10000
#define TRACE_RESOURCE_SAMPLES 200 /* of one link or channel */

struct trace_sample {
	double time_ns, value;
};

enum trace_counter {
	TRACE_COMPUTING_CHIPLETS, /* count */
	TRACE_NOP_GBps,           /* bytes of all link rows, each spread evenly over its time */
	TRACE_DRAM_GBps,          /* the same of the DRAM rows */
	TRACE_COUNTERS
};

/* Array of struct trace_sample, in order of time; ends with 0 if it is not empty. Caller unrefs. */
GArray *trace_counter_samples(const struct tl_timeline *timeline, enum trace_counter counter);

/* The same in GB/s of one link or channel, whose rows are [first, end) of the timeline. */
GArray *trace_resource_samples(const struct tl_timeline *timeline, guint first, guint end);

#endif

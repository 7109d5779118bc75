/*
 * What a link or channel is busiest with: rows that overlap, as pieces one after another.
 */
#ifndef TRACES_BUSIEST_H
#define TRACES_BUSIEST_H

#include "sim/account/timeline.h"

struct trace_piece {
	double start_ns, end_ns;
	double bytes;       /* of all rows, each spread evenly over its time */
	guint row;          /* of those that are there the one with the most bytes per ns */
	unsigned transfers; /* rows that are there at some time of the piece, at most at once */
};

/* struct trace_piece, in order of time, of rows [first, end), which are one resource's. Where the
 * busiest stays the same there is one piece. Rows of no length are left out. Caller unrefs. */
GArray *trace_busiest(const struct tl_timeline *timeline, guint first, guint end);

#endif

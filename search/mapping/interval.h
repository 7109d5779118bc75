/*
 * Intervals: which elements of one dimension a part has or needs. Those that it
 * needs may leave some out: rows that a stride skips or a dilation spreads.
 * Everything about two intervals goes word by word over both, unless both are whole.
 */
#ifndef SEARCH_MAPPING_INTERVAL_H
#define SEARCH_MAPPING_INTERVAL_H

#include "workloads/workload.h"

/* Elements of one dimension as bits, as in wl_reach_rows. */
struct map_rows {
	uint32_t first_word;
	uint64_t words[];
};

/* [lo, hi), empty if lo >= hi. */
struct map_interval {
	uint32_t lo, hi;
	const struct map_rows *rows; /* those of them that count; NULL: all */
};

/*
 * Room for the intervals of grids, as many as are alive at a time, and for their
 * rows; users put `used` back to what it was when they are done. It grows: what is
 * in use stays where it is.
 */
struct map_scratch {
	struct map_block *block; /* where the last one is */
	unsigned used;           /* units of a struct map_interval */
};

void map_scratch_init(struct map_scratch *scratch, unsigned chiplets);
void map_scratch_release(struct map_scratch *scratch);
struct map_interval *map_scratch_take(struct map_scratch *scratch, size_t count);

/* Room for `bytes` of anything else. */
void *map_scratch_room(struct map_scratch *scratch, size_t bytes);

uint32_t map_rows_length(struct map_interval i);
bool map_rows_same(struct map_interval a, struct map_interval b);

static inline uint32_t map_length(struct map_interval i)
{
	if (i.rows)
		return map_rows_length(i);
	return i.hi > i.lo ? i.hi - i.lo : 0;
}

/* What is in both; `whole` leaves nothing out. */
static inline struct map_interval map_overlap(struct map_interval whole, struct map_interval i)
{
	struct map_interval both = { MAX(whole.lo, i.lo), MIN(whole.hi, i.hi), i.rows };
	return both.hi > both.lo ? both : (struct map_interval){ 0 };
}

/* Whether they have the same elements; empty ones that leave nothing out start and end alike. */
static inline bool map_same_elements(struct map_interval a, struct map_interval b)
{
	if (a.rows || b.rows)
		return map_rows_same(a, b);
	return a.lo == b.lo && a.hi == b.hi;
}

/* What is in `i` and not in `without`. */
struct map_interval map_minus(struct map_interval i, struct map_interval without,
                              struct map_scratch *scratch);

/* What an interval of a consumer's output reaches; the interval leaves nothing out. */
struct map_interval map_reach(const struct wl_reach *reach, struct map_interval output,
                              struct map_scratch *scratch);

#endif

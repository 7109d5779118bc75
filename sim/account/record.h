/*
 * The timeline of a run, as rows for traces/.
 *
 * Micro-batches that were skipped have rows as well: as long as there is room copies of the pattern
 * that they repeat, each moved to its time and with its true number, then one row per track and
 * kind for all that are left. So tracks of chiplets and clusters have no hole.
 */
#ifndef SIM_ACCOUNT_RECORD_H
#define SIM_ACCOUNT_RECORD_H

#include "sim/account/region_timeline.h"

struct sim_record_wishes {
	enum sim_trace_level level;
	double from_ns, to_ns; /* the window: rows that overlap it */
	uint64_t rows;         /* how many there may be, more or less; 0: SIM_TRACE_ROWS */
};

/* NULL for SIM_TRACE_NONE; the caller frees. *level: what the timeline holds. */
struct tl_timeline *sim_record(const struct sim_run *run, const struct map_plan *plan,
                               const struct sim_outcome *outcome,
                               const struct sim_record_wishes *wishes, enum sim_trace_level *level);

#endif

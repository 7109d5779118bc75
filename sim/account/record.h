/*
 * The timeline of a run, as rows for traces/.
 *
 * Micro-batches that were skipped have no rows: from the cut on, rows are moved
 * by the time that the skipped ones take and keep their true numbers, so that
 * the timeline ends at the latency and each track has a hole in between.
 */
#ifndef SIM_ACCOUNT_RECORD_H
#define SIM_ACCOUNT_RECORD_H

#include "sim/account/region_timeline.h"

/* Rows that overlap the window. *level is what is wished for, then what the timeline holds. NULL
 * for SIM_TRACE_NONE; the caller frees. */
struct tl_timeline *sim_record(const struct sim_run *run, const struct map_plan *plan,
                               const struct sim_outcome *outcome, double from_ns, double to_ns,
                               enum sim_trace_level *level);

#endif

/*
 * Simulate a mapping: lower it to a program, run it on SimGrid, account for
 * every chiplet's time. Times in ns, bytes, MACs, pJ.
 */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include "sim/account/outcome.h"

struct sim_settings {
	bool exact;                /* skip no micro-batch, however many there are */
	uint64_t exact_below;      /* nor in a run of fewer task instances; 0: as soon as it may */
	const char *platform_path; /* NULL: temporary */
	enum sim_trace_level trace_level;
	double trace_from_ns, trace_to_ns; /* window: rows that overlap it; to = INFINITY for all */
	uint64_t trace_rows;               /* 0: SIM_TRACE_ROWS (sim/account/record.h) */
	void (*progress)(void *data, double fraction, double time_ns);
	void *progress_data;
};

/* Runs that people look at are simulated in full below this: it takes 2 s at most. */
#define SIM_EXACT_BELOW 200000

/* Whether the package is small enough to be simulated: to be asked before long work. */
bool sim_check_size(const struct hw_package *package, GError **error);

/* The mapping must have passed map_read / map_check_buffers. NULL and `error` on failure. */
struct sim_outcome *sim_simulate(const struct wl_workload *workload,
                                 const struct hw_package *package,
                                 const struct map_mapping *mapping,
                                 const struct sim_settings *settings, GError **error);
void sim_outcome_free(struct sim_outcome *outcome); /* NULL is allowed */

#endif

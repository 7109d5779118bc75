/*
 * Simulate a mapping: lower it to a program, run it on SimGrid, account for
 * every chiplet's time. Times in ns, bytes, MACs, pJ.
 */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include "sim/account/outcome.h"

struct sim_settings {
	bool exact;
	const char *platform_path; /* NULL: temporary */
	enum sim_trace_level trace_level;
	double trace_from_ns, trace_to_ns; /* window: rows that overlap it; to = INFINITY for all */
	void (*progress)(void *data, double fraction, double time_ns);
	void *progress_data;
};

/* Whether the package is small enough to be simulated: to be asked before long work. */
bool sim_check_size(const struct hw_package *package, GError **error);

/* The mapping must have passed map_read / map_check_buffers. NULL and `error` on failure. */
struct sim_outcome *sim_simulate(const struct wl_workload *workload,
                                 const struct hw_package *package,
                                 const struct map_mapping *mapping,
                                 const struct sim_settings *settings, GError **error);
void sim_outcome_free(struct sim_outcome *outcome); /* NULL is allowed */

#endif

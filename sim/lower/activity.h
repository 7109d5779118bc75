/*
 * Activities: a traffic phase or a compute tile as one SimGrid parallel task.
 *
 * A phase becomes one flow per resource that it touches, between the two hosts
 * at that resource's ends, and one flow over the whole of its longest route,
 * which gives the activity its latency. What the long flow carries is taken off
 * the short ones, so every resource carries exactly the phase's load
 * (map_phase_loads).
 */
#ifndef SIM_LOWER_ACTIVITY_H
#define SIM_LOWER_ACTIVITY_H

#include "search/traffic/phase.h"
#include "sim/engine/program.h"

struct sim_activities {
	struct sim_program *program; /* borrowed; activities are appended to it */
	const struct hw_package *package;
	struct map_network *network; /* borrowed: what loads resources */
	bool *port_may_bind;         /* per port, counted from the first injection port */
	uint32_t
		*position; /* per host: its index in the activity under construction, or SIM_NONE */
	double load_factor; /* multiplies all loads; 1 at first */
	double *carried;    /* per resource, on the longest route; all zero between uses */
	unsigned *route;    /* scratch */
};

void sim_activities_init(struct sim_activities *activities, struct sim_program *program,
                         struct map_network *network);
void sim_activities_release(struct sim_activities *activities);

/* Index of a new activity; SIM_NONE for an empty phase. */
uint32_t sim_phase_activity(struct sim_activities *activities, const struct map_phase *phase);

/* Cycles on `count` chiplets; SIM_NONE for none. */
uint32_t sim_compute_activity(struct sim_activities *activities, const unsigned *chiplets,
                              const double *cycles, unsigned count);

#endif

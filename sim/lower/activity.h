/*
 * Activities: a traffic phase or a compute tile as what the engine runs. A phase's load of each
 * resource is that of map_phase_loads, and its latency is that of a route: of its longest one, or
 * of a part of that, where latencies overlap.
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
	double load_factor;          /* multiplies all loads; 1 at first */
	unsigned *route;             /* scratch */
};

void sim_activities_init(struct sim_activities *activities, struct sim_program *program,
                         struct map_network *network);
void sim_activities_release(struct sim_activities *activities);

/* Index of a new activity; SIM_NONE for an empty phase. */
uint32_t sim_phase_activity(struct sim_activities *activities, const struct map_phase *phase);

/* Nothing but time; SIM_NONE for none. */
uint32_t sim_delay_activity(struct sim_activities *activities, double delay_ns);

/* Cycles on `count` chiplets; SIM_NONE for none. */
uint32_t sim_compute_activity(struct sim_activities *activities, const unsigned *chiplets,
                              const double *cycles, unsigned count);

#endif

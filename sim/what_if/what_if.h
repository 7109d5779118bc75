/*
 * What a mapping would take if a part of reality were left out, and with it the
 * split of the analytical model's error into terms.
 *
 * A what-if run executes the same lowered program (tasks, dependencies) without
 * SimGrid: each task takes its lone time, stretched only by the sharing that is
 * asked for. With all three parts it is the engine's run but for rounding (measured in
 * sim/README.md, "What if"). Times in ns.
 */
#ifndef SIM_WHAT_IF_WHAT_IF_H
#define SIM_WHAT_IF_WHAT_IF_H

#include "search/cost/cost.h"
#include "sim/engine/sharing.h"

struct sim_what_if_times {
	double latency_ns;
	double *segment_ns;        /* per segment */
	double *cluster_period_ns; /* per cluster, segment after segment; as in
	                              sim_cluster_outcome */
};

/* Every micro-batch is executed. Empty the result with sim_what_if_release. */
void sim_what_if_run(const struct map_plan *plan, const struct sim_what_if *what,
                     struct sim_what_if_times *times);
void sim_what_if_release(struct sim_what_if_times *times);

/*
 * What the formula misses, in the order in which reality is put back:
 *   fill    load + sum_j T_j + (U - 1) T_period  instead of  (U + C - 1) T_period
 *   tiles   tasks as they depend on each other, each in its lone time, buffers unbounded
 *   back_pressure, dram, nop   bounded buffers; shared channels; shared links (the engine)
 * The terms add up to simulated - analytical exactly (but for rounding). `tiles` also takes
 * out what the formula itself knows of sharing, see sim/README.md.
 */
enum sim_term {
	SIM_TERM_FILL,
	SIM_TERM_TILES,
	SIM_TERM_BACK_PRESSURE,
	SIM_TERM_DRAM,
	SIM_TERM_NOP,
	SIM_TERMS
};

const char *sim_term_name(enum sim_term term); /* "pipeline_fill", "tiles", "back_pressure", ... */

/* `simulated_ns` is the latency that sim_simulate found for the plan's mapping. */
void sim_split_error(const struct map_plan *plan, const struct cost_report *analytical,
                     double simulated_ns, double terms_ns[SIM_TERMS]);

#endif

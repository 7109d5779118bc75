/*
 * Simulate a mapping: lower it to a program, run it on SimGrid, account for
 * every chiplet's time. Times in ns, bytes, MACs, pJ.
 */
#ifndef SIM_SIMULATE_H
#define SIM_SIMULATE_H

#include "search/cost.h"
#include "sim/timeline.h"

enum sim_bubble {
	SIM_FILL,
	SIM_DRAIN,
	SIM_WAIT_INPUT,
	SIM_WAIT_DRAM,
	SIM_BACK_PRESSURE,
	SIM_SHARD,
	SIM_BUBBLES
};

/* How much goes into the timeline: cluster tracks only; chiplets and DRAM too; links too.
 * Automatic: the most that stays within SIM_TRACE_ROWS rows. */
enum sim_trace_level {
	SIM_TRACE_NONE,
	SIM_TRACE_CLUSTER,
	SIM_TRACE_CHIPLET,
	SIM_TRACE_LINK,
	SIM_TRACE_AUTO
};
#define SIM_TRACE_ROWS 1000000

struct sim_settings {
	bool exact;
	const char *platform_path; /* NULL: temporary */
	enum sim_trace_level trace_level;
	double trace_from_ns, trace_to_ns; /* window: rows that overlap it; to = INFINITY for all */
	void (*progress)(void *data, double fraction, double time_ns);
	void *progress_data;
};

struct sim_segment_outcome {
	double start_ns, latency_ns;
	double load_ns;   /* until the last once-only load has ended; 0 without one */
	double period_ns; /* mean time between micro-batches in the steady state, see README */
	unsigned microbatches, simulated, skipped;
	unsigned first_cluster, cluster_count;
};

struct sim_cluster_outcome {
	double period_ns; /* mean time between its completions of consecutive micro-batches */
	double busy_ns;   /* chiplet-ns of compute */
	double bubbles_ns[SIM_BUBBLES]; /* chiplet-ns */
	unsigned chiplets;
};

struct sim_outcome {
	double latency_ns;
	double busy_ns,
		bubbles_ns
			[SIM_BUBBLES]; /* chiplet-ns; together: sum of region sizes x segment time */
	struct cost_totals totals;     /* of what ran, extrapolated micro-batches included */
	double static_pJ;
	struct sim_segment_outcome *segments;
	unsigned segment_count;
	struct sim_cluster_outcome *clusters; /* segment after segment */
	unsigned cluster_count;
	double *resource_bytes;                 /* per resource of hw/routes.h: what moved */
	double *resource_load_bytes;            /* and what kept it busy (map_phase_loads) */
	uint64_t samples_simulated, activities; /* samples: the least over the segments */
	double wall_s, engine_wall_s;
	enum sim_trace_level trace_level; /* what the timeline holds */
	struct tl_timeline *timeline;     /* NULL for SIM_TRACE_NONE */
};

/* Whether the package is small enough to be simulated: to be asked before long work. */
bool sim_check_size(const struct hw_package *package, GError **error);

/* The mapping must have passed map_read / map_check_buffers. NULL and `error` on failure. */
struct sim_outcome *sim_simulate(const struct wl_workload *workload,
                                 const struct hw_package *package,
                                 const struct map_mapping *mapping,
                                 const struct sim_settings *settings, GError **error);
void sim_outcome_free(struct sim_outcome *outcome); /* NULL is allowed */

const char *sim_bubble_name(enum sim_bubble bubble); /* "fill", ... as in report.json */

#endif

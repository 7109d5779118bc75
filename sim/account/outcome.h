/* What a simulation finds out about a mapping. Times in ns, bytes, MACs, pJ. */
#ifndef SIM_ACCOUNT_OUTCOME_H
#define SIM_ACCOUNT_OUTCOME_H

#include "search/cost/cost.h"
#include "sim/account/timeline.h"

enum sim_bubble {
	SIM_FILL,
	SIM_DRAIN,
	SIM_WAIT_INPUT,
	SIM_WAIT_DRAM,
	SIM_BACK_PRESSURE,
	SIM_SHARD,
	SIM_BUBBLES
};

const char *sim_bubble_name(enum sim_bubble bubble); /* "fill", ... as in report.json */

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

#define SIM_NO_RESOURCE UINT32_MAX

struct sim_segment_outcome {
	double start_ns, latency_ns;
	double load_ns;   /* until the last once-only load has ended; 0 without one */
	double period_ns; /* mean time between micro-batches in the steady state, see README */
	unsigned microbatches, simulated, skipped;
	unsigned first_cluster, cluster_count;
	unsigned busiest;  /* resource with the longest busy_ns; SIM_NO_RESOURCE: nothing moved */
	double busiest_ns; /* what it loses and moves, over its bandwidth */
};

struct sim_cluster_outcome {
	double period_ns; /* mean time between its completions of consecutive micro-batches */
	double busy_ns;   /* chiplet-ns of compute */
	double bubbles_ns[SIM_BUBBLES]; /* chiplet-ns */
	unsigned chiplets;
};

struct sim_outcome {
	double latency_ns;
	double busy_ns, bubbles_ns[SIM_BUBBLES]; /* chiplet-ns; together: sum of region sizes x
	                                            segment time */
	struct cost_totals totals; /* of what ran, extrapolated micro-batches included */
	double static_pJ;
	struct sim_segment_outcome *segments;
	unsigned segment_count;
	struct sim_cluster_outcome *clusters; /* segment after segment */
	unsigned cluster_count;
	double *resource_bytes;                 /* per resource of hw/resources.h: what moved */
	double *resource_load_bytes;            /* and what kept it busy (map_phase_loads) */
	uint64_t samples_simulated, activities; /* samples: the least over the segments */
	double wall_s, engine_wall_s;
	enum sim_trace_level trace_level; /* what the timeline holds */
	struct tl_timeline *timeline;     /* NULL for SIM_TRACE_NONE */
};

#endif

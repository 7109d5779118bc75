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

/* What computing chiplets do with their time: MACs, lanes of the array that a node's loops leave
 * empty or that wait for it to fill and empty, element-wise work, a buffer that is too slow. */
enum sim_work_part { SIM_PART_MAC, SIM_PART_LANES, SIM_PART_VECTOR, SIM_PART_BUFFER, SIM_PARTS };

const char *sim_part_name(enum sim_work_part part); /* "mac", "lanes", ... as in layers.csv */

/*
 * A node's part of the run, over the whole batch. A region's time is that of its nodes, each the
 * time of its tiles and of what they waited for, and its draining. What moves is its producer's;
 * reads from DRAM and weights are the reader's. Static energy is shared out by chiplet-ns.
 */
struct sim_layer {
	unsigned segment, cluster; /* cluster within the segment */
	double time_ns;
	double parts_ns[SIM_PARTS];     /* chiplet-ns of computing */
	double bubbles_ns[SIM_BUBBLES]; /* chiplet-ns; no draining */
	struct cost_totals totals;
	double static_pJ;
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
	struct sim_layer *layers; /* per node of the workload */
	unsigned layer_count;
	double *resource_bytes;                 /* per resource of hw/resources.h: what moved */
	double *resource_load_bytes;            /* and what kept it busy (map_phase_loads) */
	uint64_t samples_simulated, activities; /* samples: the least over the segments */
	double wall_s, engine_wall_s;
	enum sim_trace_level trace_level; /* what the timeline holds */
	struct tl_timeline *timeline;     /* NULL for SIM_TRACE_NONE */
};

#endif

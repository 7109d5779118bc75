/*
 * One sentence that says where the time goes: the segment with the largest share
 * of the simulated latency, the resource that bounds it if one does, in it the cluster that sets
 * the pace, what that
 * cluster's chiplets do most of the time, what all chiplets do if that is something
 * else, and the resource behind it.
 *
 * The pace is set by the cluster with the longest analytical time per
 * micro-batch: in the simulation all clusters of a pipeline end up with one
 * period, whoever causes it. Everything else is simulated.
 */
#ifndef TOOLS_REPORT_BOTTLENECK_H
#define TOOLS_REPORT_BOTTLENECK_H

#include "sim/simulate.h"

#define BOTTLENECK_NONE UINT32_MAX

/* What chiplets do most: compute, or wait for one cause. Shares are of the regions' time. */
struct bottleneck_cause {
	bool computes;          /* computing is what they do most */
	enum sim_bubble bubble; /* the largest bubble */
	double busy_share, bubble_share;
};

struct bottleneck {
	unsigned segment, cluster; /* cluster within the segment */
	unsigned next;             /* the cluster with the next longest time, or BOTTLENECK_NONE */
	double latency_share;      /* of the segment */
	double lead;               /* how much longer than the next cluster: 0.2 = 20 % */
	struct bottleneck_cause cluster_cause, run_cause; /* of that cluster; of all regions */
	bool shared; /* a resource bounds the segment: it is in use for longer than any cluster
	                computes. The model says the same of its own numbers (search/explain) */
	unsigned segment_resource;     /* the busiest in the segment; SIM_NO_RESOURCE */
	double segment_resource_share; /* of its time, load / bandwidth */
	unsigned resource;             /* hw/resources.h, behind the cause, or BOTTLENECK_NONE */
	double resource_share;         /* its bytes / bandwidth, of the whole latency */
};

struct bottleneck bottleneck_find(const struct hw_package *package,
                                  const struct cost_report *analytical,
                                  const struct sim_outcome *simulated);

/* The sentence; caller frees. */
char *bottleneck_sentence(const struct bottleneck *bottleneck, const struct wl_workload *workload,
                          const struct hw_package *package, const struct map_mapping *mapping);

#endif

/*
 * A mapping laid out for use: where each node of the workload runs, and which
 * way each edge goes. The cost model, the buffers check and the simulator all
 * look a mapping up through its plan. A plan borrows mapping, workload and
 * package, which must outlive it.
 */
#ifndef SEARCH_MAPPING_PLAN_H
#define SEARCH_MAPPING_PLAN_H

#include "search/mapping/partition.h"

struct map_plan {
	const struct map_mapping *mapping;
	const struct wl_workload *workload;
	const struct hw_package *package;
	struct map_plan_node {
		unsigned segment, cluster; /* cluster within the segment */
		const struct map_cluster *where;
		const struct map_node *how;
	} * nodes; /* per workload node */
};

void map_plan_init(struct map_plan *plan, const struct map_mapping *mapping,
                   const struct wl_workload *workload, const struct hw_package *package);
void map_plan_release(struct map_plan *plan);

/* A node with its region, split and weights, for a micro-batch of `samples`. */
struct map_placed map_place(const struct map_plan *plan, unsigned node, unsigned samples);

/* The same without a plan; `samples` are a full micro-batch. */
struct map_placed map_place_alone(const struct wl_workload *workload,
                                  const struct hw_package *package, const struct map_cluster *where,
                                  const struct map_node *how, unsigned samples);

/* Which way an edge goes: within its cluster, between clusters of a segment, or through DRAM. */
enum map_way { MAP_WITHIN_CLUSTER, MAP_BETWEEN_CLUSTERS, MAP_THROUGH_DRAM };
enum map_way map_edge_way(const struct map_plan *plan, const struct wl_edge *edge);

/* Clusters from producer to consumer of an edge that stays in its segment. */
unsigned map_edge_distance(const struct map_plan *plan, const struct wl_edge *edge);

/* Whether a node's output goes to DRAM: the network's output, or read in a later segment. */
bool map_stores_output(const struct map_plan *plan, unsigned node);

#endif

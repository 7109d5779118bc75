/* Invariant: every workload node has exactly one place (checked when a mapping is read). */
#include "search/mapping/plan.h"

void map_plan_init(struct map_plan *plan, const struct map_mapping *mapping,
                   const struct wl_workload *workload, const struct hw_package *package)
{
	*plan = (struct map_plan){ mapping, workload, package, NULL };
	plan->nodes = g_new0(struct map_plan_node, workload->node_count);
	for (unsigned s = 0; s < mapping->segment_count; s++)
		for (unsigned c = 0; c < mapping->segments[s].cluster_count; c++) {
			const struct map_cluster *cluster = &mapping->segments[s].clusters[c];
			for (unsigned i = 0; i < cluster->node_count; i++)
				plan->nodes[cluster->nodes[i].node] =
					(struct map_plan_node){ s, c, cluster, &cluster->nodes[i] };
		}
}

void map_plan_release(struct map_plan *plan)
{
	g_clear_pointer(&plan->nodes, g_free);
}

struct map_placed map_place_alone(const struct wl_workload *workload,
                                  const struct hw_package *package, const struct map_cluster *where,
                                  const struct map_node *how, unsigned samples)
{
	struct map_placed placed = {
		.workload = workload,
		.node = &workload->nodes[how->node],
		.region = where->region,
		.region_size = where->region_size,
		.weights = how->weights,
		.tiles = how->tiles,
		.samples = samples,
		.by_speed = how->by_speed && package->type_count > 1 ? package : NULL,
		.microbatch = samples,
	};
	for (int d = 0; d < MAP_DIMS; d++)
		placed.split[d] = how->split[d];
	return placed;
}

struct map_placed map_place(const struct map_plan *plan, unsigned node, unsigned samples)
{
	const struct map_plan_node *at = &plan->nodes[node];
	struct map_placed placed = map_place_alone(plan->workload, plan->package, at->where,
	                                           at->how, samples);
	placed.microbatch = plan->mapping->segments[at->segment].microbatch;
	placed.plan = plan;
	return placed;
}

enum map_way map_edge_way(const struct map_plan *plan, const struct wl_edge *edge)
{
	if (edge->from < 0)
		return MAP_THROUGH_DRAM;
	const struct map_plan_node *from = &plan->nodes[edge->from], *to = &plan->nodes[edge->to];
	if (from->segment != to->segment)
		return MAP_THROUGH_DRAM;
	return from->cluster == to->cluster ? MAP_WITHIN_CLUSTER : MAP_BETWEEN_CLUSTERS;
}

unsigned map_edge_distance(const struct map_plan *plan, const struct wl_edge *edge)
{
	return plan->nodes[edge->to].cluster - plan->nodes[edge->from].cluster;
}

bool map_stores_output(const struct map_plan *plan, unsigned node)
{
	const struct wl_node *n = &plan->workload->nodes[node];
	if (n->is_output)
		return true;
	for (unsigned i = 0; i < n->edge_out_count; i++)
		if (map_edge_way(plan, &plan->workload->edges[n->edges_out[i]]) == MAP_THROUGH_DRAM)
			return true;
	return false;
}

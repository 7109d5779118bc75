/*
 * Invariant: a segment costs the same whatever the segments around it look
 * like, because all they share is DRAM, at different times. Where tensors have places
 * (search/mapping/stored.h) that is an estimate: what others stored is taken to lie near its
 * readers.
 */
#include "search/segments/full_cost.h"

/* In a small network on a small package segments are refined before cuts are chosen among them. */
#define FEW_NODES 13 /* every segment is settled: MOST_SETTLED of search/segments/segment.c */
#define FEW_CHIPLETS 64
#define TRIES 40 /* costings per segment */

/* Nodes [first, end) somewhere, so that edges to them go through DRAM. Nobody knows where they
 * store. */
static void stand_in(struct map_segment *segment, unsigned first, unsigned end)
{
	struct map_cluster *cluster = &segment->clusters[0];
	cluster->node_count = end - first;
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i] =
			(struct map_node){ .node = first + i, .split = { 1, 1, 1, 1 }, .tiles = 1 };
}

struct map_mapping *search_lone_mapping(const struct wl_workload *workload,
                                        const struct hw_package *package, unsigned batch)
{
	struct map_mapping *mapping = search_empty_mapping(workload, package, batch, NULL, 3);
	for (unsigned i = 0; i < 3; i += 2) {
		struct map_segment *outside = &mapping->segments[i];
		outside->microbatch = 1;
		outside->cluster_count = 1;
		outside->clusters = g_new0(struct map_cluster, 1);
		outside->clusters[0].nodes = g_new0(struct map_node, workload->node_count);
	}
	return mapping;
}

void search_stand_outside(struct map_mapping *mapping, unsigned first, unsigned end, unsigned nodes)
{
	stand_in(&mapping->segments[0], 0, first);
	stand_in(&mapping->segments[2], end, nodes);
}

void search_full_cost_init(struct search_full_cost *settler, struct search_space *space,
                           const struct search_freedom *freedom,
                           const struct search_options *options)
{
	unsigned nodes = space->workload->node_count;
	settler->space = space;
	settler->misfit = NULL;
	settler->mapping = search_lone_mapping(space->workload, space->package, options->batch);
	settler->splits = g_new(enum search_split, nodes);
	search_draft_init(&settler->draft, space->model);
	search_local_search_init(&settler->refiner, space->model, freedom, options->tiles,
	                         settler->mapping);
}

void search_full_cost_release(struct search_full_cost *settler)
{
	search_local_search_release(&settler->refiner);
	search_draft_release(&settler->draft);
	map_free(settler->mapping);
	g_free(settler->splits);
	g_clear_error(&settler->misfit);
}

double search_full_cost_segment(void *data, const struct search_segment *segment)
{
	struct search_full_cost *settler = data;
	unsigned nodes = settler->space->workload->node_count;
	search_stand_outside(settler->mapping, segment->first, segment->end, nodes);
	search_draft_from(&settler->draft, settler->space, segment, settler->splits);
	GError *misfit = NULL;
	bool small = nodes <= FEW_NODES && settler->space->chiplets <= FEW_CHIPLETS;
	double time_ns = search_local_search_run(&settler->refiner, 1, &settler->draft,
	                                         small ? TRIES : 0, &misfit);
	if (misfit) {
		g_clear_error(&settler->misfit);
		settler->misfit = misfit;
	}
	return time_ns;
}

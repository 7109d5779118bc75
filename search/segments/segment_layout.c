/*
 * Invariant: a placed draft passes map_check_buffers, because it is checked with the same
 * functions; weights that do not fit go where they cost least per byte saved.
 */
#include "search/segments/segment_layout.h"

#include "search/segments/tiles.h"

#include <math.h>
#include <string.h>

void search_draft_init(struct search_draft *draft, const struct cost_model *model)
{
	*draft = (struct search_draft){ 0 };
	draft->chiplets = hw_chiplet_count(model->package);
	draft->clusters = g_new(struct search_draft_cluster, draft->chiplets + 1);
}

void search_draft_release(struct search_draft *draft)
{
	g_clear_pointer(&draft->clusters, g_free);
}

void search_draft_copy(struct search_draft *to, const struct search_draft *from)
{
	struct search_draft_cluster *clusters = to->clusters;
	enum search_split *splits = to->splits;
	memcpy(clusters, from->clusters, from->cluster_count * sizeof *clusters);
	memcpy(splits + from->first, from->splits + from->first,
	       (from->end - from->first) * sizeof *splits);
	*to = *from;
	to->clusters = clusters;
	to->splits = splits;
}

struct map_mapping *search_empty_mapping(const struct wl_workload *workload,
                                         const struct hw_package *package, unsigned batch,
                                         const char *strategy, unsigned segments)
{
	struct map_mapping *mapping = g_new0(struct map_mapping, 1);
	mapping->workload = g_strdup(workload->name);
	mapping->package = g_strdup(package->name);
	mapping->strategy = g_strdup(strategy);
	mapping->batch = batch;
	mapping->segments = g_new0(struct map_segment, segments);
	mapping->segment_count = segments;
	return mapping;
}

void search_draft_from(struct search_draft *draft, const struct search_space *space,
                       const struct search_segment *segment, enum search_split *splits)
{
	draft->samples = segment->samples;
	draft->serpentine = 0;
	draft->by_speed = space->by_speed;
	draft->first = segment->first;
	draft->end = segment->end;
	draft->splits = splits;
	draft->cluster_count = segment->cut_count;
	for (unsigned c = 0; c < segment->cut_count; c++) {
		const struct search_cut *cut = &segment->cuts[c];
		draft->clusters[c] = (struct search_draft_cluster){ cut->first, cut->length,
			                                            space->sizes[cut->size] };
		memcpy(splits + cut->first, cut->splits, cut->length * sizeof *splits);
	}
}

/* A given node's parts on `size` chiplets; false if it has no place there. */
static bool keep_split(const struct search_draft *draft, const struct wl_node *node, unsigned index,
                       unsigned size, unsigned split[MAP_DIMS])
{
	const unsigned *old = draft->given[index]->split;
	unsigned before = draft->homes[index]->region_size, parts = 1;
	for (int kind = 0; before != size && kind < SEARCH_SPLITS; kind++) {
		search_choose_split(node, (enum search_split)kind, before, split);
		if (memcmp(split, old, MAP_DIMS * sizeof *old) == 0) {
			search_choose_split(node, (enum search_split)kind, size, split);
			return true;
		}
	}
	memcpy(split, old, MAP_DIMS * sizeof *old);
	for (int d = 0; d < MAP_DIMS; d++)
		parts *= old[d];
	return before == size || (parts <= size && old[MAP_N] <= draft->samples);
}

/* Nodes of one cluster, on a region of so many chiplets. */
static bool lay_out_nodes(const struct search_draft *draft, const struct wl_workload *workload,
                          unsigned tiles, unsigned first, struct map_cluster *to)
{
	bool good = true;
	for (unsigned i = 0; i < to->node_count; i++) {
		unsigned n = first + i;
		struct map_node *node = &to->nodes[i];
		*node = (struct map_node){ .node = n,
			                   .weights = MAP_RESIDENT,
			                   .tiles = tiles,
			                   .by_speed = draft->by_speed };
		if (draft->splits[n] != SEARCH_KEEP)
			search_choose_split(&workload->nodes[n], draft->splits[n], to->region_size,
			                    node->split);
		else
			good = keep_split(draft, &workload->nodes[n], n - draft->first,
			                  to->region_size, node->split) &&
			       good;
	}
	return good;
}

static bool lay_out(const struct search_draft *draft, const struct wl_workload *workload,
                    const unsigned *order, unsigned tiles, struct map_segment *segment)
{
	unsigned start = 0;
	bool good = true;
	segment->microbatch = draft->samples;
	segment->cluster_count = draft->cluster_count;
	segment->clusters = g_new(struct map_cluster, draft->cluster_count);
	for (unsigned c = 0; c < draft->cluster_count; c++) {
		const struct search_draft_cluster *from = &draft->clusters[c];
		struct map_cluster *to = &segment->clusters[c];
		to->region_size = from->chiplets;
		to->region = g_memdup2(order + start, from->chiplets * sizeof *order);
		to->node_count = from->length;
		to->nodes = g_new(struct map_node, from->length);
		start += from->chiplets;
		good = lay_out_nodes(draft, workload, tiles, from->first, to) && good;
	}
	return good;
}

void search_free_segment(struct map_segment *segment)
{
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		g_free(segment->clusters[c].region);
		g_free(segment->clusters[c].nodes);
	}
	g_clear_pointer(&segment->clusters, g_free);
	segment->cluster_count = 0;
}

struct placing {
	const struct search_prices *prices;
	struct cost_model *model;
	const struct map_plan *plan;
	unsigned samples;
};

/* T_weights of a node whose weights are gathered or streamed: what that costs per micro-batch.
 * (That streamed ones spare the load at the start is not reckoned with: searches find better
 * without.) */
static double weights_ns(const struct placing *p, struct map_placed *placed,
                         enum map_weights weights)
{
	if (p->prices->price_ns)
		return p->prices->price_ns(p->prices->data,
		                           (unsigned)(placed->node - p->model->workload->nodes),
		                           weights);
	placed->weights = weights;
	return cost_weights_ns(p->model, placed);
}

/* Move the node whose weights cost least per byte that leaves the buffer. False if none can. */
static bool spill_one(const struct placing *p, struct map_cluster *cluster)
{
	double best = INFINITY;
	struct map_node *best_node = NULL;
	enum map_weights best_weights = MAP_RESIDENT;
	for (unsigned i = 0; i < cluster->node_count; i++) {
		struct map_node *node = &cluster->nodes[i];
		struct map_placed placed = map_place(p->plan, node->node, p->samples);
		double share = (double)map_share_weight_bytes(&placed),
		       shard = (double)map_shard_bytes(&placed);
		for (int to = (int)node->weights + 1; to <= MAP_STREAMED; to++) {
			double saved = (node->weights == MAP_RESIDENT ? share : shard) -
			               (to == MAP_DISTRIBUTED ? shard : 0);
			if (saved <= 0)
				continue;
			double cost = weights_ns(p, &placed, (enum map_weights)to) / saved;
			if (cost < best) {
				best = cost;
				best_node = node;
				best_weights = (enum map_weights)to;
			}
		}
	}
	if (best_node)
		best_node->weights = best_weights;
	return best_node != NULL;
}

bool search_fit_weights(const struct search_prices *prices, const struct map_plan *plan,
                        unsigned segment, unsigned c)
{
	struct placing placing = { prices, prices->model, plan,
		                   plan->mapping->segments[segment].microbatch };
	struct map_cluster *cluster = &plan->mapping->segments[segment].clusters[c];
	struct map_buffer_use use;
	map_weight_use(plan, segment, c, &use);
	while (use.weight_bytes > use.weight_limit && spill_one(&placing, cluster))
		map_weight_use(plan, segment, c, &use);
	return use.weight_bytes <= use.weight_limit;
}

bool search_draft_outline(const struct search_draft *draft, struct cost_model *model,
                          const unsigned *serpentine, unsigned tiles, struct map_mapping *mapping,
                          unsigned index)
{
	search_free_segment(&mapping->segments[index]);
	return lay_out(draft, model->workload, serpentine, tiles, &mapping->segments[index]);
}

/* Why a cluster does not fit: it is named by its nodes, which are in no segment of a mapping
 * yet. */
static void set_misfit(const struct map_plan *plan, unsigned segment, unsigned c,
                       struct map_scratch *scratch, GError **error)
{
	const struct map_cluster *cluster = &plan->mapping->segments[segment].clusters[c];
	const struct wl_node *nodes = plan->workload->nodes;
	struct map_buffer_use use;
	map_buffer_use(plan, segment, c, scratch, &use);
	g_autofree char *misfit = map_misfit(plan, &use);
	g_autofree char *to =
		cluster->node_count == 1
			? g_strdup("")
			: g_strdup_printf(" to '%s'",
	                                  nodes[cluster->nodes[cluster->node_count - 1].node].name);
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
	            "'%s'%s on %u chiplet%s, micro-batch %u, in up to %u tiles: %s",
	            nodes[cluster->nodes[0].node].name, to, cluster->region_size,
	            cluster->region_size == 1 ? "" : "s",
	            plan->mapping->segments[segment].microbatch,
	            search_most_tiles(plan, segment, c), misfit);
}

bool search_fit_segment(struct cost_model *model, struct map_mapping *mapping, unsigned index,
                        GError **error)
{
	const struct search_prices prices = { model, NULL, NULL };
	struct map_scratch *scratch = &model->network.scratch;
	struct map_plan plan;
	bool fits = true;
	map_plan_init(&plan, mapping, model->workload, model->package);
	for (unsigned c = 0; fits && c < mapping->segments[index].cluster_count; c++) {
		fits = search_fit_weights(&prices, &plan, index, c);
		fits = fits && search_fit_tiles(&plan, index, c, scratch);
		if (!fits && error) /* says why */
			set_misfit(&plan, index, c, scratch, error);
	}
	map_plan_release(&plan);
	return fits;
}

bool search_draft_place(const struct search_draft *draft, struct cost_model *model,
                        const unsigned *serpentine, unsigned tiles, struct map_mapping *mapping,
                        unsigned index, GError **error)
{
	search_draft_outline(draft, model, serpentine, tiles, mapping, index);
	return search_fit_segment(model, mapping, index, error);
}

/* Invariant: `text` is about the try that lacks the fewest bytes, the first of those. */
#include "search/segments/misfit.h"

#include <string.h>

#include "search/segments/full_cost.h"
#include "search/segments/tiles.h"

struct trying {
	struct cost_model *model;
	const unsigned *sizes; /* of regions, ascending; NULL: all */
	unsigned size_count;
	struct map_mapping *mapping; /* the node is alone in its segment 1 */
	unsigned *serpentine;
	unsigned node, most_tiles;
	enum search_split kind; /* of the last try, unless nodes are free */
	bool fits, hopeful;
	uint64_t lacking; /* bytes */
	char *nearest;    /* how, and what is lacking */
};

static uint64_t bytes_lacking(const struct map_buffer_use *use)
{
	uint64_t weights = use->weight_bytes > use->weight_limit
	                           ? use->weight_bytes - use->weight_limit
	                           : 0;
	uint64_t activations = use->activation_bytes > use->activation_limit
	                               ? use->activation_bytes - use->activation_limit
	                               : 0;
	return weights + activations;
}

static char *describe(const struct map_plan *plan, const struct map_cluster *cluster,
                      const struct map_buffer_use *use)
{
	const struct map_node *node = &cluster->nodes[0];
	g_autofree char *misfit = map_misfit(plan, use);
	GString *text = g_string_new("split");
	for (int d = 0; d < MAP_DIMS; d++)
		if (node->split[d] > 1)
			g_string_append_printf(text, " %s %u", map_dim_name((enum map_dim)d),
			                       node->split[d]);
	if (text->len == strlen("split"))
		g_string_assign(text, "unsplit");
	g_string_append_printf(text, " on %u chiplet%s, weights %s, %u tile%s: %s",
	                       cluster->region_size, cluster->region_size == 1 ? "" : "s",
	                       map_weights_name(node->weights), node->tiles,
	                       node->tiles == 1 ? "" : "s", misfit);
	return g_string_free(text, FALSE);
}

/* In some cluster its inputs may be there as a whole, and take less than two tiles. */
static bool may_fit(const struct map_plan *plan, struct map_placed placed,
                    struct map_scratch *scratch, uint64_t limit)
{
	unsigned tiles[MAP_DIMS], count = map_finest_tiles(&placed, tiles);
	bool fits = false;
	for (unsigned i = 0; i < count; i++) {
		placed.tiles = tiles[i];
		uint64_t bytes = map_output_room(&placed, scratch);
		for (unsigned e = 0; e < placed.node->edge_in_count; e++) {
			const struct wl_edge *edge =
				&plan->workload->edges[placed.node->edges_in[e]];
			bytes += MIN(map_input_room(&placed, edge, MAP_THROUGH_DRAM, 0, scratch),
			             map_input_room(&placed, edge, MAP_WITHIN_CLUSTER, 0, scratch));
		}
		fits = fits || bytes <= limit;
	}
	return fits;
}

/* The node as the mapping has it. */
static void try_it(struct trying *t)
{
	const struct search_prices prices = { t->model, NULL, NULL };
	struct map_scratch *scratch = &t->model->network.scratch;
	struct map_cluster *cluster = &t->mapping->segments[1].clusters[0];
	struct map_buffer_use use;
	struct map_plan plan;
	cluster->nodes[0].weights = MAP_RESIDENT;
	cluster->nodes[0].tiles = 1;
	map_plan_init(&plan, t->mapping, t->model->workload, t->model->package);
	bool weights_fit = search_fit_weights(&prices, &plan, 1, 0);
	t->fits = search_fit_tiles(&plan, 1, 0, scratch) && weights_fit;
	map_buffer_use(&plan, 1, 0, scratch, &use);
	t->most_tiles = MAX(t->most_tiles, search_most_tiles(&plan, 1, 0));
	t->hopeful = t->hopeful || t->fits ||
	             (weights_fit &&
	              may_fit(&plan, map_place(&plan, t->node, 1), scratch, use.activation_limit));
	uint64_t lacking = bytes_lacking(&use);
	if (!t->fits && (!t->nearest || lacking < t->lacking)) {
		g_free(t->nearest);
		t->nearest = describe(&plan, cluster, &use);
		t->lacking = lacking;
	}
	map_plan_release(&plan);
}

/* Every split of K, P and Q that has these factors so far, over at most `parts` chiplets more. */
static void try_factors(struct trying *t, unsigned dim, unsigned parts)
{
	struct map_node *node = &t->mapping->segments[1].clusters[0].nodes[0];
	const struct wl_shape *output = &t->model->workload->nodes[t->node].output;
	const unsigned extents[MAP_DIMS] = { 1, output->channels, output->rows, output->columns };
	if (dim == MAP_DIMS) {
		try_it(t);
		return;
	}
	for (unsigned f = 1; f <= MIN(parts, extents[dim]) && !t->fits; f++) {
		node->split[dim] = f;
		try_factors(t, dim + 1, parts / f);
	}
}

static void try_size(struct trying *t, unsigned size, bool all_splits)
{
	struct map_cluster *cluster = &t->mapping->segments[1].clusters[0];
	cluster->region_size = size;
	for (int kind = 0; kind < SEARCH_SPLITS && !all_splits && !t->fits; kind++) {
		t->kind = (enum search_split)kind;
		search_choose_split(&t->model->workload->nodes[t->node], t->kind, size,
		                    cluster->nodes[0].split);
		try_it(t);
	}
	if (all_splits)
		try_factors(t, 0, size);
}

/* Whether node t->node fits alone, as the mapping has it then; *index: the region's size among the
 * space's. */
static bool try_node(struct trying *t, const struct search_freedom *freedom, unsigned *index)
{
	struct map_segment *segment = &t->mapping->segments[1];
	unsigned smallest = freedom->whole_package ? t->size_count : 1;
	t->fits = t->hopeful = false;
	t->most_tiles = 1;
	g_clear_pointer(&t->nearest, g_free);
	search_stand_outside(t->mapping, t->node, t->node + 1, t->model->workload->node_count);
	segment->clusters[0].nodes[0] = (struct map_node){ .node = t->node };
	for (*index = t->size_count; *index >= smallest && !t->fits; --*index)
		try_size(t, t->sizes ? t->sizes[*index - 1] : *index, freedom->free_nodes);
	return t->fits;
}

static void lay_out(struct trying *t)
{
	struct map_segment *segment = &t->mapping->segments[1];
	segment->microbatch = 1;
	segment->cluster_count = 1;
	segment->clusters = g_new0(struct map_cluster, 1);
	segment->clusters[0].nodes = g_new0(struct map_node, 1);
	segment->clusters[0].node_count = 1;
	segment->clusters[0].region = t->serpentine;
}

static char *explain(const struct trying *t, const struct search_freedom *freedom)
{
	unsigned chiplets = hw_chiplet_count(t->model->package);
	g_autofree char *sizes = freedom->whole_package || chiplets == 1
	                                 ? g_strdup_printf("%u", chiplets)
	                                 : g_strdup_printf("1 to %u", chiplets);
	return g_strdup_printf(
		"node '%s' does not even fit alone, one sample at a time, on %s chiplet%s, split "
		"over %s, with its weights resident, distributed or streamed, in up to %u tiles; "
		"the nearest, %s",
		t->model->workload->nodes[t->node].name, sizes, chiplets == 1 ? "" : "s",
		freedom->free_nodes ? "K, P and Q in every way" : "K, P, or P and Q", t->most_tiles,
		t->nearest);
}

static struct search_segment alone(const struct trying *t, unsigned size)
{
	struct search_segment segment = { t->node, t->node + 1, 1, 0, NULL, 1 };
	segment.cuts = g_new(struct search_cut, 1);
	*segment.cuts = (struct search_cut){ t->node, 1, size, g_new(enum search_split, 1) };
	*segment.cuts->splits = t->kind;
	return segment;
}

struct search_misfit search_find_misfit(struct cost_model *model, const unsigned *sizes,
                                        unsigned size_count, const struct search_freedom *freedom)
{
	unsigned chiplets = hw_chiplet_count(model->package);
	struct trying t = { .model = model,
		            .sizes = sizes,
		            .size_count = sizes ? size_count : chiplets,
		            .mapping = search_lone_mapping(model->workload, model->package, 1),
		            .serpentine = g_new(unsigned, chiplets) };
	struct search_misfit misfit = { NULL, false, g_new0(struct search_solution, 1) };
	unsigned nodes = model->workload->node_count, size;
	misfit.alone->segments = g_new0(struct search_segment, nodes);
	map_serpentine(model->package, 0, t.serpentine);
	lay_out(&t);
	for (; t.node < nodes && try_node(&t, freedom, &size); t.node++)
		misfit.alone->segments[misfit.alone->segment_count++] = alone(&t, size);
	if (t.node < nodes) {
		misfit.hopeless = !t.hopeful;
		misfit.text = explain(&t, freedom);
	}
	if (t.node < nodes || freedom->free_nodes)
		g_clear_pointer(&misfit.alone, search_solution_free);
	g_free(t.nearest);
	map_free(t.mapping); /* the serpentine, too */
	return misfit;
}

void search_misfit_release(struct search_misfit *misfit)
{
	g_clear_pointer(&misfit->text, g_free);
	g_clear_pointer(&misfit->alone, search_solution_free);
}

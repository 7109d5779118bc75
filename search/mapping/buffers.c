/*
 * Invariant: boxes are products of intervals, so the largest box is the product
 * of the longest intervals, and no loop over chiplets is needed; nor is one over tiles,
 * which differ in one dimension.
 */
#include "search/mapping/buffers.h"

#include <string.h>

/* Tiles are looked at together, as many as have this many times the intervals of a split. */
#define TILE_INTERVALS 8

uint64_t map_largest_box(const struct map_grid *grid)
{
	uint64_t volume = 1;
	for (int d = 0; d < MAP_DIMS; d++) {
		uint32_t longest = 0;
		for (unsigned i = 0; i < grid->parts[d]; i++)
			longest = MAX(longest, map_length(grid->part[d][i]));
		volume *= longest;
	}
	return volume;
}

uint64_t map_share_weight_bytes(const struct map_placed *placed)
{
	uint32_t channels = map_longest_part(placed, MAP_K, map_extent(placed, MAP_K));
	return map_weight_bytes(placed, (struct map_interval){ .hi = channels });
}

uint64_t map_shard_bytes(const struct map_placed *placed)
{
	unsigned sharers = map_parts(placed) / placed->split[MAP_K];
	return (map_share_weight_bytes(placed) + sharers - 1) / sharers;
}

uint64_t map_input_bytes(const struct map_placed *placed, const struct wl_edge *edge,
                         struct map_scratch *scratch)
{
	unsigned mark = scratch->used;
	struct map_grid output, need;
	map_output_grid(placed, scratch, &output);
	map_need_grid(placed, edge, &output, scratch, &need);
	uint64_t bytes = map_largest_box(&need) * placed->workload->activation_bytes;
	scratch->used = mark;
	return bytes;
}

uint64_t map_tile_input_bytes(const struct map_placed *placed, const struct wl_edge *edge,
                              struct map_scratch *scratch)
{
	unsigned mark = scratch->used, tiles;
	uint64_t most = 0;
	enum map_dim dim = map_tile_dim(placed, &tiles);
	unsigned at_once = MAX(TILE_INTERVALS * (map_parts(placed) + MAP_DIMS) / placed->split[dim],
	                       1);
	for (unsigned first = 0; first < tiles; first += at_once) {
		struct map_grid output, need;
		map_tiles_grid(placed, first, MIN(first + at_once, tiles), scratch, &output);
		map_need_grid(placed, edge, &output, scratch, &need);
		most = MAX(most, map_largest_box(&need));
		scratch->used = mark;
	}
	return most * placed->workload->activation_bytes;
}

static uint64_t tile_output_bytes(const struct map_placed *placed, struct map_scratch *scratch)
{
	unsigned mark = scratch->used, tiles;
	map_tile_dim(placed, &tiles);
	struct map_grid output;
	map_tile_grid(placed, tiles - 1, scratch,
	              &output); /* the last tile is never the smallest */
	uint64_t bytes = map_largest_box(&output) * placed->workload->activation_bytes;
	scratch->used = mark;
	return bytes;
}

/* The working space that weights which are not resident must have. */
static uint64_t weight_working_bytes(const struct map_placed *placed,
                                     const struct hw_chiplet_type *type)
{
	if (placed->weights == MAP_RESIDENT)
		return 0;
	return MIN(map_array_weight_bytes(placed->workload, type), map_share_weight_bytes(placed));
}

uint64_t map_input_room(const struct map_placed *placed, const struct wl_edge *edge,
                        enum map_way way, unsigned distance, struct map_scratch *scratch)
{
	if (way == MAP_THROUGH_DRAM)
		return MAP_TILE_BUFFERS * map_tile_input_bytes(placed, edge, scratch);
	uint64_t bytes = map_input_bytes(placed, edge, scratch);
	return way == MAP_BETWEEN_CLUSTERS ? map_edge_buffers(distance) * bytes : bytes;
}

uint64_t map_output_room(const struct map_placed *placed, struct map_scratch *scratch)
{
	return MAP_TILE_BUFFERS * tile_output_bytes(placed, scratch);
}

uint64_t map_activation_limit(const struct hw_package *package, const unsigned *region,
                              unsigned region_size)
{
	uint64_t limit = UINT64_MAX;
	for (unsigned i = 0; i < region_size; i++)
		limit = MIN(limit, hw_chiplet(package, region[i])->activation_buffer_bytes);
	return limit;
}

static const struct hw_chiplet_type *smallest_buffers(const struct hw_package *package,
                                                      const struct map_cluster *cluster,
                                                      struct map_buffer_use *use)
{
	const struct hw_chiplet_type *first = hw_chiplet(package, cluster->region[0]),
				     *widest = first;
	use->weight_limit = first->weight_buffer_bytes;
	use->activation_limit = map_activation_limit(package, cluster->region,
	                                             cluster->region_size);
	for (unsigned i = 1; i < cluster->region_size; i++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, cluster->region[i]);
		use->weight_limit = MIN(use->weight_limit, type->weight_buffer_bytes);
		if (hw_array_macs(&type->array) > hw_array_macs(&widest->array))
			widest = type;
	}
	return widest;
}

static void weight_use(const struct map_plan *plan, const struct map_cluster *cluster,
                       unsigned samples, const struct hw_chiplet_type *type,
                       struct map_buffer_use *use)
{
	uint64_t persistent = 0, working = 0, largest = 0;
	for (unsigned i = 0; i < cluster->node_count; i++) {
		struct map_placed placed = map_place(plan, cluster->nodes[i].node, samples);
		uint64_t bytes = placed.weights == MAP_RESIDENT ? map_share_weight_bytes(&placed)
		                 : placed.weights == MAP_DISTRIBUTED ? map_shard_bytes(&placed)
		                                                     : 0;
		uint64_t space = weight_working_bytes(&placed, type);
		if (bytes + space > largest || i == 0) {
			largest = bytes + space;
			use->weight_node = cluster->nodes[i].node;
		}
		persistent += bytes;
		working = MAX(working, space);
	}
	use->weight_bytes = persistent + working;
	use->free_weight_bytes = use->weight_limit > persistent ? use->weight_limit - persistent
	                                                        : 0;
}

/* Position in the cluster of the node that produces an edge within it. */
static unsigned producer_position(const struct map_plan *plan, const struct map_cluster *cluster,
                                  const struct wl_edge *edge)
{
	return (unsigned)(plan->nodes[edge->from].how - cluster->nodes);
}

/* Adds what a node's inputs from its own cluster take, at every position while they live: from
 * when their producer starts until the reader at `position` ends. */
static void add_live(const struct map_plan *plan, const struct map_cluster *cluster,
                     const struct map_placed *reader, unsigned position,
                     struct map_scratch *scratch, uint64_t *live)
{
	for (unsigned e = 0; e < reader->node->edge_in_count; e++) {
		const struct wl_edge *edge = &plan->workload->edges[reader->node->edges_in[e]];
		if (map_edge_way(plan, edge) != MAP_WITHIN_CLUSTER)
			continue;
		uint64_t bytes = map_input_room(reader, edge, MAP_WITHIN_CLUSTER, 0, scratch);
		for (unsigned now = producer_position(plan, cluster, edge); now <= position; now++)
			live[now] += bytes;
	}
}

void map_whole_inputs(const struct map_plan *plan, unsigned segment, unsigned cluster,
                      struct map_scratch *scratch, struct map_whole_inputs *inputs)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	const struct map_cluster *c = &s->clusters[cluster];
	inputs->standing_bytes = 0;
	memset(inputs->live_bytes, 0, c->node_count * sizeof *inputs->live_bytes);
	for (unsigned i = 0; i < c->node_count; i++) {
		struct map_placed placed = map_place(plan, c->nodes[i].node, s->microbatch);
		add_live(plan, c, &placed, i, scratch, inputs->live_bytes);
		for (unsigned e = 0; e < placed.node->edge_in_count; e++) {
			const struct wl_edge *edge =
				&plan->workload->edges[placed.node->edges_in[e]];
			if (map_edge_way(plan, edge) != MAP_BETWEEN_CLUSTERS)
				continue;
			inputs->standing_bytes += map_input_room(
				&placed, edge, MAP_BETWEEN_CLUSTERS, map_edge_distance(plan, edge),
				scratch);
		}
	}
}

struct map_tile_use map_tile_use(const struct map_plan *plan, const struct map_placed *placed,
                                 struct map_scratch *scratch)
{
	struct map_tile_use use = { .output_bytes = map_output_room(placed, scratch) };
	for (unsigned e = 0; e < placed->node->edge_in_count; e++) {
		const struct wl_edge *edge = &plan->workload->edges[placed->node->edges_in[e]];
		if (map_edge_way(plan, edge) == MAP_THROUGH_DRAM)
			use.input_bytes += map_input_room(placed, edge, MAP_THROUGH_DRAM, 0,
			                                  scratch);
	}
	return use;
}

static void activation_use(const struct map_plan *plan, unsigned segment, unsigned cluster,
                           struct map_scratch *scratch, struct map_buffer_use *use)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	const struct map_cluster *c = &s->clusters[cluster];
	g_autofree uint64_t *live = g_new(uint64_t, c->node_count);
	struct map_whole_inputs inputs = { .live_bytes = live };
	map_whole_inputs(plan, segment, cluster, scratch, &inputs);
	struct map_activations sum = { inputs.standing_bytes, 0 };
	use->activation_node = c->nodes[0].node;
	for (unsigned i = 0; i < c->node_count; i++) {
		struct map_placed placed = map_place(plan, c->nodes[i].node, s->microbatch);
		if (map_add_activations(&sum, live[i], map_tile_use(plan, &placed, scratch)))
			use->activation_node = c->nodes[i].node;
	}
	use->activation_bytes = map_activation_bytes(sum);
}

void map_weight_use(const struct map_plan *plan, unsigned segment, unsigned cluster,
                    struct map_buffer_use *use)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	const struct map_cluster *c = &s->clusters[cluster];
	weight_use(plan, c, s->microbatch, smallest_buffers(plan->package, c, use), use);
}

void map_buffer_use(const struct map_plan *plan, unsigned segment, unsigned cluster,
                    struct map_scratch *scratch, struct map_buffer_use *use)
{
	map_weight_use(plan, segment, cluster, use);
	activation_use(plan, segment, cluster, scratch, use);
}

bool map_prefetches(const struct map_plan *plan, unsigned node, const struct map_buffer_use *use)
{
	const struct map_cluster *cluster = plan->nodes[node].where;
	unsigned position = (unsigned)(plan->nodes[node].how - cluster->nodes);
	unsigned before = (position + cluster->node_count - 1) % cluster->node_count;
	struct map_placed own = map_place(plan, node, 1);
	struct map_placed other = map_place(plan, cluster->nodes[before].node, 1);
	uint64_t bytes = map_share_weight_bytes(&own);
	if (other.weights != MAP_RESIDENT)
		bytes += map_share_weight_bytes(&other);
	return own.weights == MAP_STREAMED && bytes <= use->free_weight_bytes;
}

char *map_misfit(const struct map_plan *plan, const struct map_buffer_use *use)
{
	const struct {
		const char *what;
		uint64_t bytes, limit;
		unsigned node;
	} buffers[] = {
		{ "weight", use->weight_bytes, use->weight_limit, use->weight_node },
		{ "activation", use->activation_bytes, use->activation_limit,
		  use->activation_node },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(buffers); i++)
		if (buffers[i].bytes > buffers[i].limit)
			return g_strdup_printf("node '%s': the %s buffer must hold "
			                       "%" G_GUINT64_FORMAT
			                       " bytes per chiplet but has %" G_GUINT64_FORMAT
			                       " (%" G_GUINT64_FORMAT " bytes do not fit)",
			                       plan->workload->nodes[buffers[i].node].name,
			                       buffers[i].what, buffers[i].bytes, buffers[i].limit,
			                       buffers[i].bytes - buffers[i].limit);
	return NULL;
}

bool map_check_cluster(const struct map_plan *plan, unsigned segment, unsigned cluster,
                       struct map_scratch *scratch, GError **error)
{
	struct map_buffer_use use;
	map_buffer_use(plan, segment, cluster, scratch, &use);
	g_autofree char *misfit = map_misfit(plan, &use);
	if (misfit)
		g_set_error(error, MAP_ERROR, MAP_ERROR_DOES_NOT_FIT, "segment %u cluster %u: %s",
		            segment, cluster, misfit);
	return !misfit;
}

bool map_check_buffers(const struct map_plan *plan, struct map_scratch *scratch, GError **error)
{
	for (unsigned s = 0; s < plan->mapping->segment_count; s++)
		for (unsigned c = 0; c < plan->mapping->segments[s].cluster_count; c++)
			if (!map_check_cluster(plan, s, c, scratch, error))
				return false;
	return true;
}

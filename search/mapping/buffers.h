/*
 * What a cluster keeps in its chiplets' buffers, and whether it fits.
 *
 * Weight buffer: resident shares, shards of distributed weights, and working
 * space for the rest: weights that are streamed or gathered flow through it, so it
 * must hold at least two weights per MAC unit (one in use, one arriving) or
 * all of the share, whichever is less. A streamed node is prefetched
 * while the node before it runs only if the free space holds both (map_prefetches).
 *
 * Activation buffer, for one micro-batch of the segment:
 *   input from a cluster d clusters upstream: d + 1 micro-batches of it (two for
 *   a neighbour), all the time;
 *   input from DRAM: two tiles of it, all the time;
 *   input from a node of the same cluster: from when that node starts until its
 *   reader ends;
 *   output of the running node: two tiles.
 *
 * Needs are the largest over the region's chiplets, held against its smallest
 * buffers.
 */
#ifndef SEARCH_MAPPING_BUFFERS_H
#define SEARCH_MAPPING_BUFFERS_H

#include "search/mapping/plan.h"

#define MAP_ERROR (g_quark_from_static_string("mapping-error"))
enum map_error { MAP_ERROR_DOES_NOT_FIT };

/* How many tiles of an input from DRAM, and of its output, a node can hold: one at work, one on its
 * way. */
enum { MAP_TILE_BUFFERS = 2 };

/* How many micro-batches of an edge between clusters d apart its consumer can hold. */
static inline unsigned map_edge_buffers(unsigned distance)
{
	return distance + 1;
}

/* Volume of a grid's largest box. */
uint64_t map_largest_box(const struct map_grid *grid);

/* Largest share of any chiplet, in bytes: the weights it needs, its shard of them if they are
 * distributed, its input over an edge, the same for one tile. */
uint64_t map_share_weight_bytes(const struct map_placed *placed);
uint64_t map_shard_bytes(const struct map_placed *placed);
uint64_t map_input_bytes(const struct map_placed *placed, const struct wl_edge *edge,
                         struct map_scratch *scratch);
uint64_t map_tile_input_bytes(const struct map_placed *placed, const struct wl_edge *edge,
                              struct map_scratch *scratch);

/* What an input over an edge that goes this way takes, between clusters as far apart as that; and
 * what the output of a running node takes. */
uint64_t map_input_room(const struct map_placed *placed, const struct wl_edge *edge,
                        enum map_way way, unsigned distance, struct map_scratch *scratch);
uint64_t map_output_room(const struct map_placed *placed, struct map_scratch *scratch);

/* The smallest activation buffer of a region. */
uint64_t map_activation_limit(const struct hw_package *package, const unsigned *region,
                              unsigned region_size);

/* Two weights per MAC unit. */
static inline uint64_t map_array_weight_bytes(const struct wl_workload *workload,
                                              const struct hw_chiplet_type *type)
{
	return 2 * hw_array_macs(&type->array) * workload->weight_bytes;
}

/* The inputs of a cluster that are held whole, whatever tiles there are. */
struct map_whole_inputs {
	uint64_t standing_bytes; /* of those from other clusters, all the time */
	uint64_t *live_bytes;    /* [position of a node]: of those from its own, while it runs;
	                            the caller's, with room for its nodes */
};

void map_whole_inputs(const struct map_plan *plan, unsigned segment, unsigned cluster,
                      struct map_scratch *scratch, struct map_whole_inputs *inputs);

/* What depends on a node's tiles: two tiles of its inputs from DRAM, all the time, and of its
 * output, while it runs. */
struct map_tile_use {
	uint64_t input_bytes, output_bytes;
};

struct map_tile_use map_tile_use(const struct map_plan *plan, const struct map_placed *placed,
                                 struct map_scratch *scratch);

/* The activations of a cluster on a chiplet: what is held all the time, and the most that a node
 * holds besides while it runs. Starts with the inputs that stand whatever the tiles are. */
struct map_activations {
	uint64_t standing_bytes, peak_bytes;
};

/* A node that holds `live_bytes` of inputs while it runs; true if none before it held more. */
static inline bool map_add_activations(struct map_activations *sum, uint64_t live_bytes,
                                       struct map_tile_use tiles)
{
	uint64_t bytes = live_bytes + tiles.output_bytes;
	bool most = bytes >= sum->peak_bytes;
	sum->standing_bytes += tiles.input_bytes;
	sum->peak_bytes = MAX(sum->peak_bytes, bytes);
	return most;
}

static inline uint64_t map_activation_bytes(struct map_activations sum)
{
	return sum.standing_bytes + sum.peak_bytes;
}

/* What a cluster needs on its fullest chiplet, and where. */
struct map_buffer_use {
	uint64_t weight_bytes, weight_limit; /* persistent and working space together */
	uint64_t activation_bytes, activation_limit;
	unsigned weight_node;       /* workload node with the largest part of it */
	unsigned activation_node;   /* workload node during which it peaks */
	uint64_t free_weight_bytes; /* left beside what is persistent: for prefetched weights */
};

void map_buffer_use(const struct map_plan *plan, unsigned segment, unsigned cluster,
                    struct map_scratch *scratch, struct map_buffer_use *use);

/* The weight side of it alone. */
void map_weight_use(const struct map_plan *plan, unsigned segment, unsigned cluster,
                    struct map_buffer_use *use);

/* Whether a node's streamed weights are read while the node before it runs: what is free (`use` is
 * its cluster's) holds them beside those of that node. Nodes of a cluster follow one another in a
 * circle: a single one's are read while it works on the micro-batch before. */
bool map_prefetches(const struct map_plan *plan, unsigned node, const struct map_buffer_use *use);

/* What does not fit, with its node and the bytes; NULL if all does. */
char *map_misfit(const struct map_plan *plan, const struct map_buffer_use *use);

/* Whether a cluster fits, and whether every one does; MAP_ERROR_DOES_NOT_FIT names the first that
 * does not, its node and the bytes. */
bool map_check_cluster(const struct map_plan *plan, unsigned segment, unsigned cluster,
                       struct map_scratch *scratch, GError **error);
bool map_check_buffers(const struct map_plan *plan, struct map_scratch *scratch, GError **error);

#endif

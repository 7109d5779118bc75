/*
 * Shares: which box of a node's output each chiplet computes, in which tiles,
 * and which boxes of other tensors it needs for that. The one description that
 * the cost model, the buffers check, and the simulator use.
 *
 * Boxes of a split are products of intervals, one per dimension, so the boxes
 * of all chiplets are a struct map_grid: intervals per part and dimension. Box
 * (n, k, p, q) belongs to region[((n * K + k) * P + p) * Q + q]; chiplets past
 * the product of the parts idle. Intervals may be empty (lo == hi). What is needed
 * may leave rows and columns out; what is computed never does.
 */
#ifndef SEARCH_MAPPING_PARTITION_H
#define SEARCH_MAPPING_PARTITION_H

#include "hw/compute.h"
#include "search/mapping/interval.h"
#include "search/mapping/mapping.h"

struct map_grid {
	const unsigned *region;
	unsigned parts[MAP_DIMS];
	const struct map_interval *part[MAP_DIMS]; /* parts[d] intervals */
};

struct map_plan;

/* A node where it runs: what a mapping says of it, for one micro-batch. */
struct map_placed {
	const struct wl_workload *workload;
	const struct wl_node *node;
	const unsigned *region;
	unsigned region_size;
	unsigned split[MAP_DIMS];
	enum map_weights weights;
	unsigned tiles;
	unsigned samples;                  /* of the micro-batch */
	const struct hw_package *by_speed; /* parts by its chiplets' speeds; NULL: even ones */
	unsigned microbatch; /* samples of a full one if this is the smaller last one, else 0 or the
	                        same */
	const struct map_plan *plan; /* that says where other nodes run; NULL: unknown */
};

/* Interval i of `parts` even ones over [0, extent): sizes differ by at most one. */
static inline struct map_interval map_part(uint32_t extent, unsigned parts, unsigned i)
{
	g_assert(parts > 0); /* splits and tiles are at least 1 */
	return (struct map_interval){ .lo = (uint32_t)((uint64_t)extent * i / parts),
		                      .hi = (uint32_t)((uint64_t)extent * (i + 1) / parts) };
}

/* Output extent of a node per dimension. */
uint32_t map_extent(const struct map_placed *placed, enum map_dim dim);

/* Boxes of a split, and chiplets that get one (the product of the parts). */
unsigned map_parts(const struct map_placed *placed);

/* The longest interval of `extent` elements split as `dim` is. */
uint32_t map_longest_part(const struct map_placed *placed, enum map_dim dim, uint32_t extent);

/*
 * The dimension in which a share is cut into tiles, the same for all chiplets:
 * the first of N, P, Q, K whose largest share has at least `tiles` elements,
 * else the one with the most. *count is the number of tiles, at most that extent.
 * A smaller last micro-batch is cut the way the full ones are.
 */
enum map_dim map_tile_dim(const struct map_placed *placed, unsigned *count);

/*
 * The numbers of tiles that cut the largest share into single elements of a dimension, ascending;
 * returns how many they are. Numbers above one of them and up to the next cut the dimension of the
 * next, those above the last do what the last does. As every tile holds whole elements, none of the
 * numbers for a dimension makes its largest tile smaller than single elements do.
 */
unsigned map_finest_tiles(const struct map_placed *placed, unsigned tiles[MAP_DIMS]);

/* The last of them: more tiles change nothing. */
unsigned map_most_tiles(const struct map_placed *placed);

/* Output boxes: of the whole shares, and of their tile t (MAP_WHOLE: all of them). */
#define MAP_WHOLE UINT32_MAX
void map_output_grid(const struct map_placed *placed, struct map_scratch *scratch,
                     struct map_grid *grid);
void map_tile_grid(const struct map_placed *placed, unsigned tile, struct map_scratch *scratch,
                   struct map_grid *grid);

/* Tiles [first, end) of every share, side by side in the dimension of tiles: intervals whose
 * lengths are of interest. Its boxes are no chiplet's. */
void map_tiles_grid(const struct map_placed *placed, unsigned first, unsigned end,
                    struct map_scratch *scratch, struct map_grid *grid);

/* The first `tiles` tiles together; none of them for 0. */
void map_prefix_grid(const struct map_placed *placed, unsigned tiles, struct map_scratch *scratch,
                     struct map_grid *grid);

/* What the boxes of `output` need of edge's tensor: the elements that they touch, no others. */
void map_need_grid(const struct map_placed *placed, const struct wl_edge *edge,
                   const struct map_grid *output, struct map_scratch *scratch,
                   struct map_grid *need);

/*
 * The MAC layer's output boxes. `owned`: every element once, cut where the
 * fused pooling windows of the next box begin. Otherwise: all that the boxes'
 * pooling windows touch, overlaps included.
 */
void map_mac_grid(const struct map_placed *placed, const struct map_grid *output, bool owned,
                  struct map_scratch *scratch, struct map_grid *mac);

/* The same, owned, of the output of a fused layer that looks across channels. */
void map_across_grid(const struct map_placed *placed, const struct map_grid *output,
                     const struct wl_across *across, struct map_scratch *scratch,
                     struct map_grid *grid);

/* Whether fused pooling windows overlap, so that neighbours exchange a halo of MAC outputs. */
bool map_has_pool_halo(const struct wl_node *node);

/* Volume of box (n, k, p, q) of a grid. */
uint64_t map_volume(const struct map_grid *grid, const unsigned index[MAP_DIMS]);

/* Index of box i in a grid. */
void map_unflatten(const struct map_grid *grid, unsigned i, unsigned index[MAP_DIMS]);

/* Bytes of the weights that box i's output channels need. */
uint64_t map_weight_bytes(const struct map_placed *placed, struct map_interval channels);

/* One chiplet's share of a node. */
struct map_share {
	uint64_t macs;
	uint64_t output_elements;
	uint64_t buffer_bytes; /* read and written: inputs, weights, outputs */
	double ns;             /* compute time on its chiplet */
	double cycles;         /* max(array + vector, buffer) */
	struct hw_cycles parts;
};

/*
 * Shares of all boxes, into shares[map_parts(placed)], and the slowest one's
 * time. Both the analytical T_compute and the simulator's cycles come from here.
 */
double map_shares(const struct map_placed *placed, const struct hw_package *package,
                  struct map_scratch *scratch, struct map_share *shares);

#endif

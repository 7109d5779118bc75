/*
 * Small spaces of mappings, spelled out: what `segmented`, `scope` and `best` choose from, for
 * networks and packages that are small enough to try all of it.
 *
 * A mapping of the space is
 *
 *   segments    runs of consecutive nodes, each with
 *     samples   of a micro-batch: one of search_microbatches
 *     snake     one of up to three (bands of two, one and four rows; equal ones count once)
 *     clusters  runs of consecutive nodes (segmented: one node each), each with
 *       region  consecutive chiplets of the snake, the first cluster's from its start on, any
 *               size >= 1, all together at most all chiplets
 *       nodes   each with one of its variants for a region of that size: the distinct ones of
 *               the three kinds of split
 *
 * Where weights go and how many tiles a share has is not chosen but follows (search_fit_segment).
 *
 * The space of `best` has more variants of a node (free_nodes):
 *
 *   split       every N x K x P x Q of at most as many parts as the region has chiplets, no factor
 *               above its extent, N at most the micro-batch
 *   weights     resident, streamed, and distributed where chiplets share channels
 *   tiles       1, 8 or 64 of every share, the same for all nodes of a cluster: with neutral
 *               parameters they decide only what fits and how long the first input takes
 *
 * Regions are runs along snakes here, too: other positions and orders of chiplets, other numbers of
 * tiles, and tiles of their own for nodes of a cluster, all of which annealing tries, are not in it.
 *
 * What does not fit the buffers is in the space, too, and is not a valid mapping. Regions that are
 * the same on two snakes count twice.
 *
 * A segment's cost does not depend on how other nodes are cut: what crosses its borders goes
 * through DRAM. So a mapping is a choice of candidates, one per segment.
 */
#ifndef SEARCH_SMALL_H
#define SEARCH_SMALL_H

#include "search/draft.h"

enum {
	SEARCH_SMALL_NODES = 12,
	SEARCH_SMALL_CHIPLETS = 31,
	SEARCH_SMALL_FREE = 9, /* chiplets, if nodes are free */
	SEARCH_SNAKES = 3,
	SEARCH_TILE_CHOICES = 3
};

/* A way to run a node on a region of some size. Another dimension of freedom is a field more. */
struct search_variant {
	unsigned split[MAP_DIMS];
	enum map_weights weights; /* if nodes are free, else resident, and */
	unsigned tiles;           /* 0: both follow from the buffers */
};

/* Where a node runs: chiplets [start, start + size) of the snake. Nodes of one cluster, and only
 * they, have the same. */
struct search_spot {
	uint8_t start, size;
	uint16_t variant;
};

/* A segment of the space. */
struct search_candidate {
	unsigned first, end; /* nodes */
	unsigned samples;
	unsigned snake;
	struct search_spot spots[SEARCH_SMALL_NODES]; /* by workload node */
};

struct search_small {
	const struct wl_workload *workload;
	const struct hw_package *package;
	unsigned nodes, chiplets, batch;
	unsigned tiles; /* wished for */
	unsigned longest_cluster;
	bool one_segment, free_nodes;
	unsigned samples[SEARCH_MICROBATCHES], sample_count;
	unsigned *snakes[SEARCH_SNAKES], snake_count;
	unsigned tile_choices[SEARCH_TILE_CHOICES], tile_choice_count;
	struct search_variant *variants; /* [node][size - 1][variant], of `room` */
	unsigned room;
	unsigned *variant_count; /* [node][size - 1] */
	unsigned most_variants;  /* of any node and size */
};

/* Whether it is small enough to be enumerated: at most SEARCH_SMALL_NODES nodes and
 * SEARCH_SMALL_CHIPLETS chiplets (SEARCH_SMALL_FREE if nodes are free, else they have no variants).
 * Larger ones may be initialised and counted. */
bool search_small_enough(const struct wl_workload *workload, const struct hw_package *package);

void search_small_init(struct search_small *small, const struct wl_workload *workload,
                       const struct hw_package *package, const struct search_freedom *freedom,
                       unsigned batch, unsigned tiles);
void search_small_release(struct search_small *small);

/* Candidates for a segment of nodes [first, end). */
double search_small_candidates(const struct search_small *small, unsigned first, unsigned end);
/* Candidates for all segments, and mappings: sum over the cuts of the products of candidates.
 * NAN where it would take long to count them. */
double search_small_size(const struct search_small *small, double *mappings);

static inline unsigned search_small_row(const struct search_small *small, unsigned node,
                                        unsigned size)
{
	return node * small->chiplets + size - 1;
}

static inline const struct search_variant *search_small_variant(const struct search_small *small,
                                                                unsigned node,
                                                                const struct search_spot *spot)
{
	unsigned row = search_small_row(small, node, spot->size);
	return &small->variants[(size_t)row * small->room + spot->variant];
}

/* Whether a variant can be had with a micro-batch and, if nodes are free, in a cluster with `tiles`. */
static inline bool search_small_allows(const struct search_variant *variant, unsigned samples,
                                       unsigned tiles)
{
	return variant->split[MAP_N] <= samples && variant->tiles == tiles;
}

/* Lay a candidate out as segment `index`, nothing checked. Weights are resident unless nodes are
 * free. */
void search_small_outline(const struct search_small *small,
                          const struct search_candidate *candidate, struct map_mapping *mapping,
                          unsigned index);

#endif

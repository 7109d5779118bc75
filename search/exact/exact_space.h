/*
 * Small spaces of mappings, spelled out: what `segmented`, `scope` and `best` choose from, for
 * networks and packages that are small enough to try all of it.
 *
 * A mapping of the space is
 *
 *   segments    runs of consecutive nodes, each with
 *     samples   of a micro-batch: one of search_microbatches
 *     serpentine     one of up to three (bands of two, one and four rows; equal ones count once)
 *     clusters  runs of consecutive nodes (segmented: one node each), each with
 *       region  consecutive chiplets of the serpentine, the first cluster's from its start on, any
 *               size >= 1, all together at most all chiplets
 *       nodes   each with one of its variants for a region of that size: the distinct ones of
 *               the three kinds of split
 *
 * Where weights go is not chosen but follows (search_fit_weights). Every node of the space of
 * `best` has more variants (free_nodes):
 *
 *   split       every N x K x P x Q of at most as many parts as the region has chiplets, no factor
 *               above its extent, N at most the micro-batch
 *   weights     resident, streamed, and distributed where chiplets share channels
 *
 * Every node has any number of tiles from 1 to the most that its shares can be cut into, whatever
 * the others have. What that means is said by enum search_tiling: with neutral parameters few of
 * them need be looked at. For `best` search_exact_add_orders makes every order of the chiplets a
 * serpentine where that can be afforded. Shares by speed, which annealing tries, are not in the
 * space.
 *
 * What does not fit the buffers is in the space, too, and is not a valid mapping. Regions that are
 * the same on two serpentines count twice.
 *
 * A segment's cost does not depend on how other nodes are cut: what crosses its borders goes
 * through DRAM (where tensors have places there, it does: search/mapping/stored.h). So a mapping is
 * a choice of candidates, one per segment.
 */
#ifndef SEARCH_EXACT_EXACT_SPACE_H
#define SEARCH_EXACT_EXACT_SPACE_H

#include "search/segments/segment_layout.h"

enum {
	SEARCH_EXACT_NODES = 12,
	SEARCH_EXACT_CHIPLETS = 31,
	SEARCH_EXACT_FREE = 9 /* chiplets, if nodes are free */
};

enum search_tiling {
	/* As many as are wished for, more where buffers demand it (search_fit_tiles): not all there
	 * are. */
	SEARCH_TILES_FOLLOW,
	/* The best numbers are found for each candidate; for neutral parameters. Tiles change no
	 * more than what fits and T_load, by the first tile of the segment's first node; and energy
	 * by the time only. So of the numbers that fit that node's with the least T_load is the
	 * best for every objective, and any for the others that fit with it (search_best_tiles). */
	SEARCH_TILES_BEST,
	/* Every number of every node is a candidate of its own: with other parameters each costs
	 * something else. */
	SEARCH_TILES_ALL
};

/* A way to run a node on a region of some size. Another dimension of freedom is a field more. */
struct search_variant {
	unsigned split[MAP_DIMS];
	enum map_weights weights; /* if nodes are free; else resident, and they follow */
};

/* Where a node runs: chiplets [start, start + size) of the serpentine. Nodes of one cluster, and
 * only they, have the same. */
struct search_exact_place {
	uint8_t start, size;
	uint16_t variant;
	uint32_t tiles; /* 0: they follow from the buffers */
};

/* A segment of the space. */
struct search_exact_segment {
	unsigned first, end; /* nodes */
	unsigned samples;
	unsigned serpentine;
	struct search_exact_place spots[SEARCH_EXACT_NODES]; /* by workload node */
};

struct search_exact_space {
	const struct wl_workload *workload;
	const struct hw_package *package;
	unsigned nodes, chiplets, batch;
	unsigned tiles; /* wished for */
	enum search_tiling tiling;
	unsigned longest_cluster;
	bool one_segment, free_nodes;
	unsigned samples[SEARCH_MICROBATCHES], sample_count;
	unsigned **serpentines,
		serpentine_count;        /* orders of all chiplets, the serpentines first */
	struct search_variant *variants; /* [node][size - 1][variant], of `room` */
	unsigned room;
	unsigned *variant_count; /* [node][size - 1] */
	unsigned most_variants;  /* of any node and size */
};

/* Whether it is small enough to be enumerated: at most SEARCH_EXACT_NODES nodes and
 * SEARCH_EXACT_CHIPLETS chiplets (SEARCH_EXACT_FREE if nodes are free, else they have no variants).
 * Larger ones may be initialised and counted. */
bool search_exact_is_small(const struct wl_workload *workload, const struct hw_package *package);

void search_exact_init(struct search_exact_space *small, const struct wl_workload *workload,
                       const struct hw_package *package, const struct search_freedom *freedom,
                       unsigned batch, unsigned tiles, enum search_tiling tiling);
void search_exact_release(struct search_exact_space *small);

/* Every order of the chiplets beside the serpentines, so that a region is any chiplets in any
 * order; nothing is done (false) if that makes more than `most` of what has been `candidates` for
 * all segments. */
bool search_exact_add_orders(struct search_exact_space *small, double candidates, double most);

/* Candidates for a segment of nodes [first, end). */
double search_exact_candidates(const struct search_exact_space *small, unsigned first,
                               unsigned end);
/* Candidates for all segments, and mappings: sum over the cuts of the products of candidates.
 * NAN where it would take long to count them. */
double search_exact_size(const struct search_exact_space *small, double *mappings);

static inline unsigned search_exact_row(const struct search_exact_space *small, unsigned node,
                                        unsigned size)
{
	return node * small->chiplets + size - 1;
}

static inline const struct search_variant *search_exact_variant(
	const struct search_exact_space *small, unsigned node,
	const struct search_exact_place *spot)
{
	unsigned row = search_exact_row(small, node, spot->size);
	return &small->variants[(size_t)row * small->room + spot->variant];
}

/* Numbers of tiles that a variant is enumerated with: 1, or with SEARCH_TILES_ALL as many as its
 * largest share can be cut into; 0 if it needs more samples. */
unsigned search_exact_tiles(const struct search_exact_space *small, unsigned node,
                            const struct search_variant *variant, unsigned samples);

/* Lay a candidate out as segment `index`, nothing checked. Weights are resident unless nodes are
 * free, tiles as wished for unless spots say how many. */
void search_exact_outline(const struct search_exact_space *small,
                          const struct search_exact_segment *candidate, struct map_mapping *mapping,
                          unsigned index);

#endif

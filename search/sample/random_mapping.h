/*
 * Mappings by seed: valid ones drawn at random, and random small changes of a given one.
 * For validation, ranking and tests. The same drawer settings and seed give the same mapping.
 *
 * A draw cuts the network into segments and clusters (lengths log-uniform), deals the chiplets
 * out along a serpentine (in proportion to the clusters' MACs, even, or at random), draws a split
 * per node, micro-batch and tiles, and places weights as the search does. SEARCH_ANY also shuffles
 * the chiplets and draws any split (N too), weight placement and tiles per node. What does not
 * fit its buffers is drawn again, with smaller micro-batches, then in shorter segments: the
 * distribution leans towards what fits.
 */
#ifndef SEARCH_SAMPLE_RANDOM_MAPPING_H
#define SEARCH_SAMPLE_RANDOM_MAPPING_H

#include "search/segments/segment_layout.h"

/* Everything that a mapping can say. */
#define SEARCH_ANY SEARCH_BEST

/* Draws mappings of one workload on one package; one per thread. */
struct search_drawer {
	struct cost_model *model; /* borrowed */
	unsigned chiplets;
	struct search_freedom freedom;
	enum search_strategy strategy; /* or SEARCH_ANY */
	unsigned batch, tiles;         /* tiles 0: drawn, too */
	unsigned *serpentines[MAP_SERPENTINES];
	GRand *rand;
	char *name; /* what its mappings say as their strategy; "any" for SEARCH_ANY */
};

/* The model is borrowed; it holds workload and package. */
void search_drawer_init(struct search_drawer *drawer, struct cost_model *model,
                        enum search_strategy strategy, unsigned batch, unsigned tiles);
void search_drawer_release(struct search_drawer *drawer);

/* A valid mapping of the strategy's space; the caller frees it. NULL and `error`
 * (SEARCH_ERROR) if the strategy has none or none was found. */
struct map_mapping *search_random_mapping(struct search_drawer *drawer, uint64_t seed,
                                          GError **error);

/*
 * The given mapping with one change, valid and within the strategy's space; the caller frees it.
 * A change is one of: a node's split or weights, a cluster's tiles or the segment's micro-batch
 * doubled or halved, a chiplet or a border node moved to the next cluster, a border node moved
 * to the next segment, two clusters merged, a cluster cut in two. A node that was split by one
 * of the search's three kinds stays so when its region changes. NULL and `error` if no change
 * that was tried is valid.
 */
struct map_mapping *search_neighbour(struct search_drawer *drawer,
                                     const struct map_mapping *mapping, uint64_t seed,
                                     GError **error);

/* Start the drawer's numbers from a seed. */
void search_seed_drawer(struct search_drawer *drawer, uint64_t seed);

/* A whole number from low to high, both included. */
unsigned search_draw(GRand *rand, unsigned low, unsigned high);

/* Any parts of a node over at most `room` chiplets, for micro-batches of `samples`. */
void search_draw_split(GRand *rand, const struct wl_node *node, unsigned room, unsigned samples,
                       unsigned split[MAP_DIMS]);

#endif

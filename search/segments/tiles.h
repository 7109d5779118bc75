/*
 * Numbers of tiles: the ones with which a cluster fits its activation buffers.
 *
 * More tiles need less room as long as they cut the same dimension, and more where they have to cut
 * another one (map_tile_dim). What a node takes least in each dimension it takes with single
 * elements (map_finest_tiles), so whether a cluster fits with any numbers at all follows from at
 * most MAP_DIMS of them per node.
 */
#ifndef SEARCH_SEGMENTS_TILES_H
#define SEARCH_SEGMENTS_TILES_H

#include "search/cost/cost.h"

/*
 * Cluster c's numbers of tiles as they are, if they fit; else doubled together until they do; where
 * that leads nowhere, each node in the dimension in which all together need least room, and tiles
 * no smaller than they must be. False if no numbers fit: then those that need least.
 */
bool search_fit_tiles(const struct map_plan *plan, unsigned segment, unsigned c,
                      struct map_scratch *scratch);

/* The most tiles that any node of the cluster can be cut into. */
unsigned search_most_tiles(const struct map_plan *plan, unsigned segment, unsigned c);

/*
 * With neutral parameters a segment's time depends on tiles in one place: T_load fetches the first
 * tile of what its first node reads. Of all numbers for that node (or, quickly, of those that cut
 * single elements), with those for the others of its cluster with which it fits, the mapping gets
 * the one with the least T_load, which is returned; as it is if none is better. The segment fits;
 * `cost` is what it costs as it is.
 */
double search_best_tiles(struct cost_model *model, const struct map_plan *plan, unsigned segment,
                         const struct cost_segment *cost, bool quickly);

/* Of all numbers, for every segment of a valid mapping. */
void search_choose_tiles(struct cost_model *model, struct map_mapping *mapping);

#endif

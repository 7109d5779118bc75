/*
 * Traffic phases by the one intersection rule: what producer a owes consumer b
 * is the volume of (a's box intersected with b's needed box) times the element
 * size; a = b costs nothing. All-gather, halo exchange, re-sharding, region to
 * region transfers and residual edges all come from map_exchange.
 *
 * Every function adds to `phase`, which the caller clears. `tile` is one tile
 * of the sender (of the receiver for map_fetch), or MAP_WHOLE for all of them;
 * the tiles of a node add up to its whole.
 */
#ifndef SEARCH_TRAFFIC_TRAFFIC_H
#define SEARCH_TRAFFIC_TRAFFIC_H

#include "search/traffic/phase.h"

/* The intersection rule. Elements are `element_bytes` wide. */
void map_exchange(struct map_network *network, const struct map_grid *have,
                  const struct map_grid *need, unsigned element_bytes, struct map_phase *phase);

/* Tile `tile` (or all of it: MAP_WHOLE) of what `from` owes to `to` over `edge`. */
void map_transfer(struct map_network *network, const struct map_placed *from, unsigned tile,
                  const struct map_placed *to, const struct wl_edge *edge, struct map_phase *phase);

/*
 * What the chiplets of a node owe each other (search/traffic/halo.c): MAC outputs that overlapping
 * pooling windows fused behind it need, channels around a cut for a local response norm, and
 * statistics of softmax and norm where the channels are cut. Statistics go once, with the tile that
 * completes them.
 */
void map_halo(struct map_network *network, const struct map_placed *placed, unsigned tile,
              struct map_phase *phase);

/* What tile `tile` needs of the edge's tensor from DRAM and no earlier tile brought, from where
 * it lies (search/mapping/stored.h). */
void map_fetch(struct map_network *network, const struct map_placed *to, unsigned tile,
               const struct wl_edge *edge, struct map_phase *phase);

/* The tile's output, or all of it, to DRAM. */
void map_store(struct map_network *network, const struct map_placed *from, unsigned tile,
               struct map_phase *phase);

/* Weights from DRAM: what each share needs (resident, streamed), or each chiplet's
 * shard of it (distributed). */
void map_load(struct map_network *network, const struct map_placed *placed,
              struct map_phase *phase);

/* Distributed weights: chiplets that need the same weights exchange their shards. */
void map_gather(struct map_network *network, const struct map_placed *placed,
                struct map_phase *phase);

/*
 * Whether any byte of tile `from_tile` is needed for tile `to_tile` (the
 * dependency that goes with map_transfer; also true where it costs nothing).
 */
bool map_tile_feeds(struct map_network *network, const struct map_placed *from, unsigned from_tile,
                    const struct map_placed *to, unsigned to_tile, const struct wl_edge *edge);

#endif

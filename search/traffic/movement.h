/*
 * What a node moves, the one list of it that the cost model, bounds, explanations and the simulator
 * walk: a new kind of traffic is added here and nowhere else. For each micro-batch
 *
 *   weights    streamed: loaded from DRAM; distributed: gathered from the other chiplets
 *   fetch      over each edge into it that goes through DRAM
 *   transfer   over each other edge out of it, to the reader
 *   halo       what its chiplets owe each other
 *   store      its output, if it goes to DRAM (map_stores_output)
 *
 * and once weights that stay: resident ones, or each chiplet's shard of distributed ones. Weights
 * go where full micro-batches need them, for a smaller last one, too.
 */
#ifndef SEARCH_TRAFFIC_MOVEMENT_H
#define SEARCH_TRAFFIC_MOVEMENT_H

#include "search/mapping/plan.h"
#include "search/traffic/traffic.h"

/* Kinds, in the order in which they are listed, and sets of them. */
enum map_moves {
	MAP_MOVES_LOAD = 1 << 0,   /* weights, once */
	MAP_MOVES_STREAM = 1 << 1, /* weights, for every micro-batch */
	MAP_MOVES_GATHER = 1 << 2,
	MAP_MOVES_FETCH = 1 << 3,
	MAP_MOVES_WITHIN = 1 << 4,  /* a transfer to its own cluster */
	MAP_MOVES_BETWEEN = 1 << 5, /* to another cluster */
	MAP_MOVES_HALO = 1 << 6,
	MAP_MOVES_STORE = 1 << 7,
	MAP_MOVES_WEIGHTS = MAP_MOVES_STREAM | MAP_MOVES_GATHER, /* those of every micro-batch */
	MAP_MOVES_ANY_WEIGHTS = MAP_MOVES_LOAD | MAP_MOVES_WEIGHTS,
	MAP_MOVES_TRANSFER = MAP_MOVES_WITHIN | MAP_MOVES_BETWEEN,
	MAP_MOVES_OWN = MAP_MOVES_HALO | MAP_MOVES_STORE,   /* of its output, whoever reads it */
	MAP_MOVES_OUT = MAP_MOVES_TRANSFER | MAP_MOVES_OWN, /* what leaves it */
	MAP_MOVES_TRAFFIC = MAP_MOVES_FETCH | MAP_MOVES_OUT /* T_traffic's */
};

struct map_movement {
	enum map_moves kind;        /* one of them */
	const struct wl_edge *edge; /* of a fetch or transfer, else NULL */
	unsigned next;              /* of the iteration */
};

/*
 * One after another of the kinds in the set `kinds`:
 *
 *   for (struct map_movement m = { 0 }; map_next_movement(&placed, kinds, &m);)
 *
 * Weights alone need no plan. The mapping behind it need not be complete: the node must have its
 * place, and to add transfers its readers in the segment, too.
 */
bool map_next_movement(const struct map_placed *placed, unsigned kinds,
                       struct map_movement *movement);

/* Adds a movement's bytes to the phase: of tile `tile` of the node, or of all (MAP_WHOLE); weights
 * have no tiles. */
void map_add_movement(struct map_network *network, const struct map_placed *placed,
                      const struct map_movement *movement, unsigned tile, struct map_phase *phase);

/* All those of some kinds. */
void map_add_movements(struct map_network *network, const struct map_placed *placed, unsigned kinds,
                       unsigned tile, struct map_phase *phase);

#endif

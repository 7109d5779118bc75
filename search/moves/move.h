/*
 * Random changes of a mapping: what search_neighbour (search/sample/random_mapping.h) and annealing
 * have in common. A change works on a copy, in place. It keeps every node once and in order and
 * regions disjoint; whether the buffers hold the result is a question of its own.
 */
#ifndef SEARCH_MOVES_MOVE_H
#define SEARCH_MOVES_MOVE_H

#include "search/sample/random_mapping.h"

struct search_move {
	struct search_drawer *drawer;
	struct map_mapping *mapping; /* a copy, to be changed */
	unsigned touched;            /* this segment and, if `next`, the one after it */
	bool next;
	bool again;      /* one change more: of the same segment */
	bool keep_tiles; /* tiles are left as they are: the formula is blind to them */
};

/* One of the changes of search_neighbour. False: not possible here; the copy may be spoilt. */
bool search_move_common(struct search_move *change);

/* One of those that only annealing makes (search/moves/moves.c): chiplets swapped, taken from or
 * given back to the idle ones or any other cluster of the segment; a node's own tiles; one kind of
 * split or placement of weights for a whole cluster; another micro-batch with splits that suit it;
 * a segment cut in two, between clusters or nodes of one; two segments joined. */
bool search_move_free(struct search_move *change);

/* Make the segments touched fit their buffers (search_fit_segment). False: they do not. */
bool search_move_fits(const struct search_move *change);

/* Parts of changes. */
unsigned search_pick(const struct search_move *change, unsigned count); /* below count */
struct map_segment *search_pick_segment(struct search_move *change);
struct map_cluster *search_pick_cluster(struct search_move *change);
const struct wl_node *search_node_of(const struct search_move *change, const struct map_node *node);
/* Twice as many tiles for a node, unless no share has as many elements in any dimension, or
 * half. */
void search_move_tiles(const struct search_move *change, const struct map_cluster *cluster,
                       struct map_node *node, bool more);
/* A cluster's region has `chiplets` from now on: splits follow. */
void search_resize(const struct search_move *change, struct map_cluster *cluster,
                   unsigned chiplets);
/* Chiplets join a region at one end. */
void search_give_chiplets(const struct search_move *change, struct map_cluster *to,
                          const unsigned *chiplets, unsigned count, bool front);

#endif

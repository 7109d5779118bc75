/*
 * The moves of a segment under search: what local search, explanation and anyone else may change
 * about a draft, each written once. A move is data; applying it works on the draft in place.
 */
#ifndef SEARCH_SEGMENTS_SEGMENT_MOVES_H
#define SEARCH_SEGMENTS_SEGMENT_MOVES_H

#include "search/segments/segment_layout.h"

enum search_move_kind {
	SEARCH_SPLIT_NODE,    /* node `to` (of the workload) is split the `value`th way */
	SEARCH_SPLIT_CLUSTER, /* all nodes of the cluster are */
	SEARCH_TAKE_IDLE,     /* a chiplet that was idle */
	SEARCH_LEAVE_IDLE,    /* all chiplets but `value` */
	SEARCH_GIVE_CHIPLET,  /* one, to cluster `to` */
	SEARCH_GIVE_NODE,     /* the border node, to cluster `to`, which is next to it */
	SEARCH_MERGE,         /* with the cluster behind it */
	SEARCH_CUT,           /* behind its first `value` nodes, which keep `to` chiplets */
	SEARCH_SAMPLES,       /* the segment's micro-batch becomes `value` */
	SEARCH_SERPENTINE,    /* regions follow the `value`th serpentine */
};

struct search_segment_move {
	enum search_move_kind kind;
	unsigned cluster, to, value;
	unsigned step; /* of search_next_move */
};

/* False if it cannot be made or changes nothing; the draft may be spoilt then. */
bool search_apply_move(const struct search_segment_move *move, const struct search_freedom *freedom,
                       struct search_draft *draft);

/*
 * One after another of all moves of a kind that a cluster has: its nodes' splits; chiplets and
 * border nodes to either neighbour; merged with either; cut behind any node but the last (`to` is
 * left to the caller); one chiplet taken or left idle; serpentines. Some cannot be made.
 *
 *   struct search_segment_move move = { .kind = kind, .cluster = cluster };
 *   while (search_next_move(draft, &move))
 */
bool search_next_move(const struct search_draft *draft, struct search_segment_move *move);

unsigned search_chiplets_used(const struct search_draft *draft);

#endif

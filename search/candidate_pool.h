/*
 * The best few distinct mappings that a search has seen, so that somebody who knows better than
 * the model (the simulator) can choose among them.
 */
#ifndef SEARCH_CANDIDATE_POOL_H
#define SEARCH_CANDIDATE_POOL_H

#include "search/mapping/mapping.h"

struct search_candidate {
	struct map_mapping *mapping;
	double value;  /* what the search minimises, by the model */
	bool reserved; /* stays, whatever comes */
};

/* Ascending by value, no two the same mapping. */
struct search_pool {
	struct search_candidate *candidates;
	unsigned count, room;
};

void search_pool_init(struct search_pool *pool, unsigned room); /* at least 1 */
void search_pool_release(struct search_pool *pool);

/* Keeps a copy if the mapping is new and among the best that fit. A reserved one always is, in
 * place of the worst that is not reserved. */
void search_pool_offer(struct search_pool *pool, const struct map_mapping *mapping, double value,
                       bool reserved);

#endif

/*
 * Runs of nodes that look alike: deep networks repeat their blocks, and what the tables say of
 * one block holds for all. Node for node, such runs have nodes of the same kind with edges of the
 * same kinds that come from as far before and go as far behind.
 */
#ifndef SEARCH_ALIKE_H
#define SEARCH_ALIKE_H

#include "search/space.h"

struct search_alike {
	unsigned *like;   /* by node: the last earlier node where the longest such run begins */
	unsigned *length; /* and how many nodes it has; 0: none is like it */
};

void search_alike_init(struct search_alike *alike, const struct search_space *space);
void search_alike_release(struct search_alike *alike);

#endif

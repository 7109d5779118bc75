/*
 * Runs of nodes that look alike: deep networks repeat their blocks, and what the tables say of
 * one block holds for all. Node for node, such runs have nodes of the same kind with edges of the
 * same kinds that come from as far before and go as far behind.
 */
#ifndef SEARCH_TABLES_REPEATED_BLOCKS_H
#define SEARCH_TABLES_REPEATED_BLOCKS_H

#include "search/tables/candidate_tables.h"

struct search_repeats {
	unsigned *like;   /* by node: the last earlier node where the longest such run begins */
	unsigned *length; /* and how many nodes it has; 0: none is like it */
};

void search_repeats_init(struct search_repeats *alike, const struct search_space *space);
void search_repeats_release(struct search_repeats *alike);

#endif

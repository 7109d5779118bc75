/*
 * Clusters: the time of every run of nodes [a, a + length) on a region of every
 * size, with the best split per node found by dynamic programming along the run
 * (a Viterbi path over the splits, since a node's traffic depends on its reader's split).
 *
 * What the tables leave out is settled when the mapping is costed for real: where the
 * region lies, the reader's region size across a border, and merging of phases.
 */
#ifndef SEARCH_TABLES_CLUSTER_CANDIDATES_H
#define SEARCH_TABLES_CLUSTER_CANDIDATES_H

#include "search/tables/repeated_blocks.h"

/* A cluster that starts its segment reads from DRAM, one that ends it writes to DRAM. */
enum { SEARCH_STARTS = 1, SEARCH_ENDS = 2, SEARCH_BORDERS = 4 };

struct search_clusters {
	const struct search_space *space;
	unsigned nodes, longest; /* the longest run in the tables */
	unsigned tiles;
	uint64_t activation_limit; /* room that is reckoned with, in bytes per chiplet */
	struct search_repeats alike;
	/* By node: of edges from up to 8 nodes before it to nodes behind it, the first one in
	 * `open`. */
	unsigned *open_first;
	struct search_open {
		unsigned node, edge;
	} * open;
	uint64_t
		*output_bytes; /* buffers of a node's output, as search_choices: when last filled */
	float *time_ns[SEARCH_BORDERS]; /* [size][a][length - 1], INFINITY where it does not fit */
	float *dram_ns[SEARCH_BORDERS]; /* what it takes of all DRAM channels' time */
};

static inline size_t search_run(const struct search_clusters *clusters, unsigned size, unsigned a,
                                unsigned length)
{
	return ((size_t)size * clusters->nodes + a) * clusters->longest + length - 1;
}

void search_clusters_init(struct search_clusters *clusters, const struct search_space *space,
                          unsigned longest, unsigned tiles, uint64_t activation_limit);
void search_clusters_release(struct search_clusters *clusters);

/* Fill the tables for the space's current micro-batch: runs within nodes [first, end), region
 * sizes from index `smallest` on, and times up to limit_ns (INFINITY beyond). */
void search_clusters_fill(struct search_clusters *clusters, unsigned first, unsigned end,
                          unsigned smallest, float limit_ns);

/* The splits behind one entry, into splits[length]. */
void search_cluster_splits(const struct search_clusters *clusters, unsigned size, unsigned a,
                           unsigned length, unsigned borders, enum search_split *splits);

#endif

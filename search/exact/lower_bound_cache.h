/*
 * What is known of nodes whose readers are all placed, and of complete clusters, in a segment of
 * a small space: times and bytes by the functions that cost a mapping, remembered, because the
 * same few of them come again in millions of candidates. Private to search/exact/lower_bound.c.
 *
 * Loads are per resource, in ns at its bandwidth; routers lose nothing in them.
 */
#ifndef SEARCH_EXACT_LOWER_BOUND_CACHE_H
#define SEARCH_EXACT_LOWER_BOUND_CACHE_H

#include "search/exact/exact_space.h"

struct search_bound_cache_node {
	double core_ns;    /* max(T_compute, T_traffic) */
	double dram_bytes; /* what it keeps all channels together busy for, as bytes */
	double *load_ns;   /* of its traffic */
};

/* The weights of one node, where it stands. */
struct search_bound_cache_weights {
	double weights_ns, dram_bytes; /* T_weights; per micro-batch */
	double once_ns;                /* the load at the segment's start, alone */
	double once_bytes;
	double *load_ns, *once_load_ns;
};

struct search_bound_cache_cluster {
	bool fits;                                    /* the weight buffers */
	enum map_weights weights[SEARCH_EXACT_NODES]; /* by workload node */
};

struct search_bound_cache;

struct search_bound_cache *search_bound_cache_new(const struct search_exact_space *small,
                                                  struct cost_model *model);
void search_bound_cache_free(struct search_bound_cache *known);
unsigned search_bound_cache_resources(const struct search_bound_cache *known);

/* Nodes [first, end) on a serpentine, with micro-batches of `samples`; forgets what it knew. */
void search_bound_cache_begin(struct search_bound_cache *known, unsigned first, unsigned end,
                              unsigned samples, unsigned serpentine);

/* Node n stands at `spot` from now on. */
void search_bound_cache_place(struct search_bound_cache *known, unsigned n,
                              const struct search_exact_place *spot);

/* Node n, which is placed, as are its readers in the segment. Valid until the next call. */
const struct search_bound_cache_node *search_bound_cache_node(
	struct search_bound_cache *known, unsigned n, const struct search_exact_place *spots);

/* T_compute of node n at `spot`. */
double search_bound_cache_compute(struct search_bound_cache *known, unsigned n,
                                  const struct search_exact_place *spot);

/*
 * The part of a node that does not depend on readers, at its spot: max(T_compute, time of its
 * fetches, stores and halos), less latencies on the way to the slowest resource. Adds nothing to
 * what is remembered; load_ns has room for all resources.
 */
double search_bound_cache_alone(struct search_bound_cache *known, unsigned n,
                                const struct search_exact_place *spot, double *load_ns);

/*
 * Whether placed nodes [a, b) can fit the activation buffers as the last nodes of a cluster, or as
 * all of it. Necessary, not sufficient: tiles are the best for each node, other clusters are
 * neighbours.
 */
bool search_bound_cache_room(struct search_bound_cache *known, unsigned a, unsigned b,
                             const struct search_exact_place *spots, bool all);

/* The weights of the cluster of placed nodes [a, b). Valid until the next call. */
const struct search_bound_cache_cluster *search_bound_cache_cluster(
	struct search_bound_cache *known, unsigned a, unsigned b,
	const struct search_exact_place *spots);

const struct search_bound_cache_weights *search_bound_cache_weights(
	struct search_bound_cache *known, unsigned n, const struct search_exact_place *spot,
	enum map_weights weights);

#endif

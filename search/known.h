/*
 * What is known of nodes whose readers are all placed, and of complete clusters, in a segment of
 * a small space: times and bytes by the functions that cost a mapping, remembered, because the
 * same few of them come again in millions of candidates. Private to search/bound.c.
 *
 * Loads are per resource, in ns at its bandwidth; routers lose nothing in them.
 */
#ifndef SEARCH_KNOWN_H
#define SEARCH_KNOWN_H

#include "search/small.h"

struct search_known_node {
	double core_ns;    /* max(T_compute, T_traffic) */
	double dram_bytes; /* what it keeps all channels together busy for, as bytes */
	double *load_ns;   /* of its traffic */
};

/* The weights of one node, where it stands. */
struct search_known_weights {
	double weights_ns, dram_bytes; /* T_weights; per micro-batch */
	double once_ns;                /* the load at the segment's start, alone */
	double once_bytes;
	double *load_ns, *once_load_ns;
};

struct search_known_cluster {
	bool fits;                                    /* the weight buffers */
	enum map_weights weights[SEARCH_SMALL_NODES]; /* by workload node */
};

struct search_known;

struct search_known *search_known_new(const struct search_small *small, struct cost_model *model);
void search_known_free(struct search_known *known);
unsigned search_known_resources(const struct search_known *known);

/* Nodes [first, end) on a snake, with micro-batches of `samples`; forgets what it knew. */
void search_known_begin(struct search_known *known, unsigned first, unsigned end, unsigned samples,
                        unsigned snake);

/* Node n stands at `spot` from now on. */
void search_known_place(struct search_known *known, unsigned n, const struct search_spot *spot);

/* Node n, which is placed, as are its readers in the segment. Valid until the next call. */
const struct search_known_node *search_known_node(struct search_known *known, unsigned n,
                                                  const struct search_spot *spots);

/* T_compute of node n at `spot`. */
double search_known_compute(struct search_known *known, unsigned n, const struct search_spot *spot);

/*
 * The part of a node that does not depend on readers, at its spot: max(T_compute, time of its
 * fetches, stores and halos), less latencies on the way to the slowest resource. Adds nothing to
 * what is remembered; load_ns has room for all resources.
 */
double search_known_alone(struct search_known *known, unsigned n, const struct search_spot *spot,
                          double *load_ns);

/*
 * Whether placed nodes [a, b) can fit the activation buffers as the last nodes of a cluster, or as
 * all of it. Necessary, not sufficient: tiles are the best for each node, other clusters are
 * neighbours.
 */
bool search_known_room(struct search_known *known, unsigned a, unsigned b,
                       const struct search_spot *spots, bool all);

/* The weights of the cluster of placed nodes [a, b). Valid until the next call. */
const struct search_known_cluster *search_known_cluster(struct search_known *known, unsigned a,
                                                        unsigned b,
                                                        const struct search_spot *spots);

const struct search_known_weights *search_known_weights(struct search_known *known, unsigned n,
                                                        const struct search_spot *spot,
                                                        enum map_weights weights);

#endif

/*
 * What the cost model knows of a segment before parameters turn it into time: for one full
 * micro-batch, the work of each node, and how clusters meet on resources and feed each other.
 * Extracting it walks the traffic; composing times from it (cost_features_time) is cheap, so that a
 * fit can do that again and again. Times in ns, at the bandwidths of the package.
 */
#ifndef SEARCH_COST_FEATURES_H
#define SEARCH_COST_FEATURES_H

#include "search/cost/parameters.h"

#include <glib.h>

/* A phase: the largest load on a link or port, on a DRAM channel, and its latency. */
struct cost_work {
	double nop_ns, dram_ns, latency_ns;
};

/* Its time at full bandwidth. */
static inline double cost_work_ns(const struct cost_work *work)
{
	return MAX(work->nop_ns, work->dram_ns) + work->latency_ns;
}

/* T_segment = T_load + U T_period + T_fill with neutral parameters, and T_fill = (C - 1) T_period:
 * until all C clusters have something to do. */
static inline double cost_fill_ns(unsigned clusters, double period_ns)
{
	return (clusters - 1) * period_ns;
}

static inline double cost_segment_ns(double load_ns, unsigned microbatches, unsigned clusters,
                                     double period_ns)
{
	return load_ns + microbatches * period_ns + cost_fill_ns(clusters, period_ns);
}

struct cost_node_features {
	unsigned tiles;
	double compute_ns;
	struct cost_work traffic, weights; /* weights that come for every micro-batch */
	struct cost_work fetches, leaving; /* the parts of `traffic`, each alone */
	struct cost_work by_tiles;         /* the sum of what leaves tile by tile, each alone */
	double between_ns;                 /* transfers to other clusters, alone */
	bool streamed;                     /* those weights come from DRAM, not from a gather */
	bool prefetched; /* they are read while the node before runs: the buffer holds both */
};

/* What a cluster puts on one of its busier resources, and what the others put there. */
struct cost_meeting {
	float traffic_ns, weights_ns, others_ns;
};

struct cost_cluster_features {
	unsigned first_node, node_count;       /* in features->nodes */
	unsigned first_meeting, meeting_count; /* in features->meetings */
};

/* An edge between clusters of the segment. */
struct cost_edge_features {
	unsigned from_cluster, to_cluster, from_node, to_node; /* nodes: in features->nodes */
	float head; /* share of the producer's tiles that the reader's first tile waits for */
	float tail; /* share of the reader's tiles that wait for the producer's last tile */
};

/* Arrays keep their room from one segment to the next. */
struct cost_features {
	unsigned microbatches;
	bool detailed;                /* meetings, edges and all from `fetches` on are there */
	struct cost_work load;        /* all loads and the first input as one phase */
	struct cost_work load_chain;  /* the longest chain of a cluster's loads: its sum */
	struct cost_work shared;      /* all phases of a micro-batch */
	struct cost_work first_loads; /* all that `loads` has, as one phase */
	GArray *loads;    /* struct cost_work, as nodes: what is loaded from the segment's start on:
	                  weights that are loaded once, streamed ones of a cluster's first node */
	GArray *nodes;    /* struct cost_node_features, cluster after cluster */
	GArray *clusters; /* struct cost_cluster_features */
	GArray *meetings; /* struct cost_meeting */
	GArray *edges;    /* struct cost_edge_features, by to_cluster */
};

void cost_features_init(struct cost_features *features);
void cost_features_release(struct cost_features *features);
void cost_features_clear(struct cost_features *features);

#define COST_SCRATCH 6

struct cost_times {
	double load_ns, shared_ns, period_ns, latency_ns;
};

/*
 * Times of a segment (equations: search/cost/README.md). cluster_ns has room for its clusters and
 * is written; node_ns is scratch of COST_SCRATCH doubles per node. Neutral parameters need no
 * details.
 */
struct cost_times cost_features_time(const struct cost_features *features,
                                     const struct cost_parameters *parameters, double *cluster_ns,
                                     double *node_ns);

/* T_load of it, and the part of that in which clusters load their nodes' weights one after another,
 * below which T_load cannot be whatever the first input is. */
double cost_load_ns(const struct cost_features *features, const struct cost_parameters *parameters);
double cost_chain_ns(const struct cost_features *features,
                     const struct cost_parameters *parameters);

#endif

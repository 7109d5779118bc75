/*
 * Why a mapping is as it is, by the analytical model: what bounds each cluster, and for each what
 * the best single change to it would cost. All changes stay within the strategy's freedom and one
 * segment; weights and tiles of what is changed follow search_fit_segment.
 */
#ifndef SEARCH_EXPLAIN_EXPLAIN_H
#define SEARCH_EXPLAIN_EXPLAIN_H

#include "search/segments/segment_moves.h"

/*
 * What a cluster's time is made of, by the largest share: computing of nodes whose traffic hides
 * behind it, traffic of the others, or weights that come for every micro-batch. SHARED: a resource
 * that all clusters together load for longer than any of them takes. PACE: another cluster takes
 * longer.
 */
enum search_bound {
	SEARCH_BOUND_COMPUTE,
	SEARCH_BOUND_TRAFFIC,
	SEARCH_BOUND_WEIGHTS,
	SEARCH_BOUND_SHARED,
	SEARCH_BOUND_PACE,
	SEARCH_BOUNDS
};
const char *search_bound_name(enum search_bound bound); /* "compute", ..., "shared resource" */

#define SEARCH_NO_RESOURCE UINT32_MAX

struct search_reason {
	enum search_bound bound;
	enum search_bound inner; /* one of the first three: what its own time is mostly made of */
	double shares[3];        /* of its time, in that order */
	unsigned resource; /* hw/resources.h: the slowest of its traffic or weights (of all, if
	                            SHARED); SEARCH_NO_RESOURCE if computing bounds it */
	double time_ns;    /* T_cluster */
	double slack;      /* 1 - T_cluster / period */
};

/* Kinds of change. The last two change the whole segment. */
enum search_change_kind {
	SEARCH_CHANGE_SPLIT,   /* another split of one node */
	SEARCH_CHANGE_GROW,    /* a chiplet more, an idle one or a neighbour's */
	SEARCH_CHANGE_SHRINK,  /* a chiplet less, which idles or goes to a neighbour */
	SEARCH_CHANGE_MERGE,   /* with the cluster before or behind */
	SEARCH_CHANGE_CUT,     /* in two */
	SEARCH_CHANGE_HAND_ON, /* its first or last node to the neighbour */
	SEARCH_CLUSTER_CHANGES,
	SEARCH_CHANGE_MICROBATCH = SEARCH_CLUSTER_CHANGES, /* twice or half of it */
	SEARCH_CHANGE_SERPENTINE,                          /* regions along another serpentine */
	SEARCH_CHANGES
};
const char *search_change_name(enum search_change_kind kind);

/* The best change of a kind; text is NULL if there is none that fits. */
struct search_change {
	char *text;     /* "K 4 in place of P 2 x Q 2 for conv3" */
	double percent; /* what it costs of the mapping's objective; negative: it gains */
	struct search_segment_move move;
};

struct search_explained_cluster {
	struct search_reason reason;
	struct search_change changes[SEARCH_CLUSTER_CHANGES];
};

struct search_explained_segment {
	unsigned first_cluster, pacer; /* in clusters; pacer: the slowest, within the segment */
	double load_share, fill_share; /* of its latency: loading; (C - 1) periods */
	struct search_change
		changes[SEARCH_CHANGES - SEARCH_CLUSTER_CHANGES]; /* micro-batch, serpentine */
};

struct search_explanation {
	struct search_explained_segment *segments;
	struct search_explained_cluster *clusters; /* segment after segment */
	unsigned segment_count, cluster_count;
};

/* The cheapest change of a cluster over all kinds; NULL if there is none. */
const struct search_change *search_next_best(const struct search_explained_cluster *cluster);

/* Options as the mapping was searched with. Deterministic whatever options->jobs is. The caller
 * releases it. */
void search_explain(const struct wl_workload *workload, const struct hw_package *package,
                    const struct map_mapping *mapping, const struct search_options *options,
                    struct search_explanation *explanation);
void search_explanation_release(struct search_explanation *explanation);

/* The mapping with a change made that was found for its segment; the caller frees it. */
struct map_mapping *search_changed(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct map_mapping *mapping,
                                   const struct search_options *options, unsigned segment,
                                   const struct search_change *change);

/* For search/explain/explain.c: the changes of cluster `cluster` of a segment
 * (SEARCH_CLUSTER_CHANGES), or of the whole segment where it is the number of clusters (the
 * others). */
struct search_changer;
struct search_changer *search_changer_new(struct cost_model *model,
                                          const struct map_mapping *mapping,
                                          const struct search_options *options);
void search_changer_free(struct search_changer *changer);
void search_find_changes(struct search_changer *changer, unsigned segment, unsigned cluster,
                         struct search_change *changes);

#endif

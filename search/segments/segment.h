/*
 * Segments: where to cut the network into segments and each segment into
 * clusters, with what region sizes and micro-batch.
 *
 * For a bottleneck time tau, the fewest chiplets that run nodes [i, j) as
 * clusters of at most tau each come from a dynamic program over the cluster
 * cuts; a ladder of taus gives each segment its best (U + C - 1) * period, and
 * a second dynamic program over the segment cuts the best network. The taus of
 * the chosen segments are then found exactly by bisection.
 */
#ifndef SEARCH_SEGMENTS_SEGMENT_H
#define SEARCH_SEGMENTS_SEGMENT_H

#include "search/tables/cluster_candidates.h"

struct search_cut {
	unsigned first, length;    /* nodes */
	unsigned size;             /* index of the region's size */
	enum search_split *splits; /* per node */
};

struct search_segment {
	unsigned first, end; /* nodes */
	unsigned samples;    /* micro-batch */
	double time_ns;      /* estimate, then full cost */
	struct search_cut *cuts;
	unsigned cut_count;
};

struct search_solution {
	struct search_segment *segments;
	unsigned segment_count;
};

/*
 * The full cost of a segment where it really lies, INFINITY if it does not fit.
 * The tables' estimates only decide which segments are worth it.
 */
struct search_judge {
	double (*settle)(void *data, const struct search_segment *segment);
	void *data;
	bool insist; /* settle until the network is covered, however much of it does not fit */
};

/*
 * The best cuts: the network's best segments by estimate are settled at full cost until the
 * best cuts consist of settled ones. Only solutions faster than limit_ns are of interest
 * (INFINITY: all). Progress is called with a fraction in [0, 1]. NULL if no cut is feasible, or the
 * network is not covered when most segments do not fit and the judge does not insist.
 */
struct search_solution *search_segments(struct search_space *space,
                                        struct search_clusters *clusters,
                                        const struct search_freedom *freedom, unsigned batch,
                                        double limit_ns, const struct search_judge *judge,
                                        void (*progress)(void *, double), void *progress_data);
void search_solution_free(struct search_solution *solution); /* NULL is allowed */

/* Micro-batches worth trying, ascending: powers of two below the batch, and the batch halved again
 * and again (rounded down). Returns their number. */
#define SEARCH_MICROBATCHES 64
unsigned search_microbatches(unsigned batch, unsigned samples[SEARCH_MICROBATCHES]);

#endif

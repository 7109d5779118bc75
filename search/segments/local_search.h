/*
 * Refinement: local search on one segment where it really lies, costed in full. It
 * mends what the tables approximate: traffic across borders, merged phases, the
 * serpentine's corners, leftover chiplets.
 */
#ifndef SEARCH_SEGMENTS_LOCAL_SEARCH_H
#define SEARCH_SEGMENTS_LOCAL_SEARCH_H

#include "search/segments/segment_layout.h"

/* What is minimised: latency_ns * per_ns + energy_pJ * per_pJ. */
struct search_weights {
	double per_ns, per_pJ;
};

struct search_local_search {
	struct cost_model *model; /* borrowed */
	const struct search_freedom *freedom;
	struct search_weights weights;
	unsigned tiles;
	struct map_mapping *mapping; /* its segment `index` is worked on */
	unsigned index;
	unsigned evaluations; /* left to spend */
	/* Results of the last evaluation. */
	double *cluster_ns;
	struct cost_segment cost;
	struct search_draft trial;
	unsigned *serpentines[MAP_SERPENTINES];
};

void search_local_search_init(struct search_local_search *refiner, struct cost_model *model,
                              const struct search_freedom *freedom, unsigned tiles,
                              struct map_mapping *mapping);
void search_local_search_release(struct search_local_search *refiner);

/*
 * Improve `draft` in place with at most `evaluations` costings and lay the best
 * one out as segment `index` of the mapping. Returns its score, INFINITY and
 * `error` if not even the draft itself fits.
 */
double search_local_search_run(struct search_local_search *refiner, unsigned index,
                               struct search_draft *draft, unsigned evaluations, GError **error);

#endif

/*
 * Settling: the full cost of one segment, with the rest of the network standing
 * outside so that what crosses the segment's borders goes through DRAM.
 */
#ifndef SEARCH_SEGMENTS_FULL_COST_H
#define SEARCH_SEGMENTS_FULL_COST_H

#include "search/segments/local_search.h"

/* A mapping of three segments, to cost the middle one with all other nodes outside it. */
struct map_mapping *search_lone_mapping(const struct wl_workload *workload,
                                        const struct hw_package *package, unsigned batch);
/* The middle one has nodes [first, end) of the network's `nodes`. */
void search_stand_outside(struct map_mapping *mapping, unsigned first, unsigned end,
                          unsigned nodes);

struct search_full_cost {
	const struct search_space *space;
	struct search_local_search refiner;
	struct map_mapping *mapping; /* three segments: before, the one settled, after */
	struct search_draft draft;
	enum search_split *splits;
	GError *misfit; /* why the last segment that did not fit did not */
};

void search_full_cost_init(struct search_full_cost *settler, struct search_space *space,
                           const struct search_freedom *freedom,
                           const struct search_options *options);
void search_full_cost_release(struct search_full_cost *settler);

/* The function of a search_judge whose data is a settler. */
double search_full_cost_segment(void *settler, const struct search_segment *segment);

#endif

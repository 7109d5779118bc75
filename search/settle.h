/*
 * Settling: the full cost of one segment, with the rest of the network standing
 * outside so that what crosses the segment's borders goes through DRAM.
 */
#ifndef SEARCH_SETTLE_H
#define SEARCH_SETTLE_H

#include "search/refine.h"

/* A mapping of three segments, to cost the middle one with all other nodes outside it. */
struct map_mapping *search_lone_mapping(const struct search_space *space, unsigned batch);
/* The middle one has nodes [first, end) of the network's `nodes`. */
void search_stand_outside(struct map_mapping *mapping, unsigned first, unsigned end,
                          unsigned nodes);

struct search_settler {
	const struct search_space *space;
	struct search_refiner refiner;
	struct map_mapping *mapping; /* three segments: before, the one settled, after */
	struct search_draft draft;
	enum search_split *splits;
	GError *misfit; /* why the last segment that did not fit did not */
};

void search_settler_init(struct search_settler *settler, struct search_space *space,
                         const struct search_freedom *freedom,
                         const struct search_options *options);
void search_settler_release(struct search_settler *settler);

/* The function of a search_judge whose data is a settler. */
double search_settle(void *settler, const struct search_segment *segment);

#endif

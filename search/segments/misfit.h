/*
 * Why no mapping fits: a node that does not even fit alone, in a segment of its own, however it is
 * split, wherever its weights go, and in any number of tiles.
 */
#ifndef SEARCH_SEGMENTS_MISFIT_H
#define SEARCH_SEGMENTS_MISFIT_H

#include "search/segments/segment_layout.h"

struct search_misfit {
	char *text;    /* the node, its buffer, the bytes, and what was tried; NULL: each node fits
	                  alone */
	bool hopeless; /* nor does it fit beside others in any cluster, split this way */
	struct search_solution *alone; /* else, without free nodes: each in a segment of its own */
};

/*
 * Nodes are tried one sample at a time, on all chiplets down to 1 along the first serpentine (with
 * freedom->whole_package on all; if there are `sizes`, ascending, on regions of those), split as
 * the strategies do, or, if freedom->free_nodes, in every way.
 */
struct search_misfit search_find_misfit(struct cost_model *model, const unsigned *sizes,
                                        unsigned size_count, const struct search_freedom *freedom);
void search_misfit_release(struct search_misfit *misfit);

#endif

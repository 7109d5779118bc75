/*
 * What to change about a mapping whose buffers overflow so that it fits, and as little as that:
 * more tiles and other places for weights where they are too large, else smaller micro-batches.
 */
#ifndef SEARCH_EXPLAIN_MAKE_FIT_H
#define SEARCH_EXPLAIN_MAKE_FIT_H

#include "search/segments/segment_layout.h"

/*
 * The mapping with the changes made; NULL if not even micro-batches of one sample fit. Each change
 * is appended to `changes` (char *, freed by it): "segment 0: 8 tiles in place of 4 for conv3".
 * None of them can be left out alone. The caller frees the mapping.
 */
struct map_mapping *search_make_fit(struct cost_model *model, const struct map_mapping *mapping,
                                    GPtrArray *changes);

#endif

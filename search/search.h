/* Search a mapping of a workload on a package, as a strategy allows (strategy.h). */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include "search/strategy.h"

/*
 * The best mapping found; the caller frees it. Deterministic. NULL and `error`
 * if the strategy has no valid mapping (pipeline: more nodes than chiplets; a
 * node that fits no buffer, with its name and the bytes that do not fit).
 */
struct map_mapping *search_mapping(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct search_options *options, GError **error);

#endif

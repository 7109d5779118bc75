/*
 * How long the clusters and segments are that a search looks at. In a deep network what is best
 * here depends little on what is far away, so runs are looked for within a window, which is doubled
 * as long as what is found takes more than half of it and is better. So time and memory grow with
 * the nodes, not with their square. In networks of up to SEARCH_SHORT_NETWORK nodes there is
 * no window.
 */
#ifndef SEARCH_SEGMENTS_WINDOW_H
#define SEARCH_SEGMENTS_WINDOW_H

#include "search/segments/segment.h"

#define SEARCH_SHORT_NETWORK 156

/* What of a strategy's freedom is used at first. */
struct search_freedom search_first_window(const struct search_freedom *freedom,
                                          const struct search_space *space);

/* The next window behind the one that the solution was found in; false if there is none. */
bool search_widen(struct search_freedom *window, const struct search_solution *solution,
                  const struct search_freedom *freedom, const struct search_space *space);

#endif

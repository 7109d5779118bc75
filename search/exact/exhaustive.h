/*
 * Exhaustive search: the best mapping of a small space (search/exact/exact_space.h), with
 * certainty.
 *
 * Segments cost the same however the rest of the network is cut (unless tensors have places, see
 * search/mapping/stored.h: then only spaces of one segment are searched), so the best of all
 * mappings consists of the best candidates of its segments: every segment's candidates are
 * enumerated (search/exact/branch_bound.h), shorter segments first, then the best cuts follow from
 * a dynamic program. A product of sums is not best where its parts are, so for edp segments keep
 * all candidates that none beats in both latency and energy, and so does the dynamic program.
 *
 * For latency with neutral parameters, a segment that is not faster than its nodes in shorter
 * segments is of no use: only faster ones are enumerated.
 */
#ifndef SEARCH_EXACT_EXHAUSTIVE_H
#define SEARCH_EXACT_EXHAUSTIVE_H

#include "search/strategy.h"

/* Candidates of all segments together that can be enumerated: with bounds that leave out most
 * (latency, neutral parameters, not best), and with every one costed. */
#define SEARCH_MOST_BOUNDED 1e10
#define SEARCH_MOST_COSTED 5e6

/*
 * The best mapping of the space that options->strategy chooses from (pipeline, segmented, scope or
 * best): of all that search/exact/exact_space.h says it has. NULL and `error` if the space is
 * too large (the error says how large: its mappings, its candidates and the limit), its segments
 * are not independent, or nothing fits the buffers.
 */
struct map_mapping *search_exhaustive(const struct wl_workload *workload,
                                      const struct hw_package *package,
                                      const struct search_options *options, GError **error);

/*
 * The same for networks and packages so small that it takes a fraction of a second, within a
 * search. Tiles are the best of all for small problems (search_is_small); with a calibration, of
 * few enough candidates with every number of tiles; else they follow from the buffers. Segments
 * that depend on each other are taken as if they did not: one more proposal. For latency with
 * neutral parameters: the best mapping if it is faster than limit_ns, else NULL. Otherwise the best
 * of what few candidates there are; if there are more, the fastest with neutral parameters, NULL
 * with others. *complete: whether none is better at what was sought.
 */
struct map_mapping *search_exactly(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct search_options *options, double limit_ns,
                                   bool *complete);

#endif

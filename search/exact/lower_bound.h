/*
 * Lower bounds: what a segment costs at least when only its last nodes are placed. With neutral
 * parameters,
 *
 *   T_segment = T_load + (U + C - 1) * max(max_j T_cluster_j, T_shared)       (search/cost/cost.h)
 *
 * and when all readers of a node are placed its own time and its bytes on every link and channel
 * are known. So nodes are placed from the segment's last to its first; what is known is added up,
 * and what is not is replaced by what it cannot be less than:
 *
 *   nodes to come      the longer of computing and of what does not depend on readers (fetches,
 *                      stores, pooling halos), in their best variant, in the best clusters and
 *                      sizes on the chiplets that are left (a dynamic program)
 *   their traffic      none but the least of that on each resource, wherever they run
 *   weights to come    loaded once or, as far as the channels have time in a period, streamed
 *   routers            lose nothing in T_shared and T_load
 *
 * A bound never exceeds the cost of any candidate with these nodes placed so (rounding aside);
 * tests/search/check_exhaustive.c holds it against all of them. Bounds and costs of one kind are
 * remembered while nodes [first, end), samples and serpentine stay the same. One per thread.
 */
#ifndef SEARCH_EXACT_LOWER_BOUND_H
#define SEARCH_EXACT_LOWER_BOUND_H

#include "search/exact/exact_space.h"

struct search_bounds;

/* The space and the model, whose parameters must be neutral, are borrowed. */
struct search_bounds *search_bounds_new(const struct search_exact_space *small,
                                        struct cost_model *model);
void search_bounds_free(struct search_bounds *bounds);

/* Start with a segment of which no node is placed. Returns what it costs at least; above limit_ns
 * nothing more can be asked. */
double search_bounds_begin(struct search_bounds *bounds, unsigned first, unsigned end,
                           unsigned samples, unsigned serpentine, double limit_ns);

/*
 * Node n is at spots[n] now, those from n + 1 on are where they were when this was called for
 * them (spots[n + 1] in another cluster: search_bounds_close came in between). Returns the bound.
 */
double search_bounds_place(struct search_bounds *bounds, unsigned n,
                           const struct search_exact_place *spots);

/* The cluster that begins with node n is complete: its weights are placed, unless the bound is
 * above limit_ns without them. INFINITY if it does not fit its buffers. */
double search_bounds_close(struct search_bounds *bounds, unsigned n,
                           const struct search_exact_place *spots, double limit_ns);

#endif

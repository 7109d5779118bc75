/*
 * Simulated annealing over everything that a mapping can say, at full cost: hybrid splits, weight
 * placement, tiles per node, micro-batches, cuts, and which chiplets form a region in which order.
 *
 * Several chains start from the same mapping with seeds of their own; the best mapping that any
 * of them saw is the result, so it is never worse than the start. On small problems that is
 * the best by the objective. On others it is the one with the least objective times energy of those
 * that are no worse by the objective: what gains a little latency by scattering regions
 * or by very few or many tiles, which the formula hardly sees, is slower when simulated. For
 * the same reason tiles are left alone there unless the model is calibrated. A change touches one
 * or two segments and only those are costed again: segments add up, since what crosses their
 * borders goes through DRAM.
 */
#ifndef SEARCH_ANNEALING_H
#define SEARCH_ANNEALING_H

#include "search/sample/random_mapping.h"

struct search_annealing {
	const struct cost_model
		*model; /* workload, package, parameters; chains have models of their own */
	const struct search_options *options;          /* objective, tiles, jobs */
	void (*progress)(void *data, double fraction); /* NULL: none; instead of the options' */
	void *progress_data;
};

/* The best mapping seen, valid like the start; the caller frees it. Deterministic, whatever
 * jobs. */
struct map_mapping *search_anneal(const struct search_annealing *annealing,
                                  const struct map_mapping *start);

#endif

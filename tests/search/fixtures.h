/* What tests of search/ share; packages and workloads are those of tests/support/made.h. */
#ifndef TESTS_SEARCH_FIXTURES_H
#define TESTS_SEARCH_FIXTURES_H

#include <stdlib.h>

#include "search/traffic/traffic.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

/* A node on the first chiplets of `region`, one per box of the split; one tile, resident. */
static inline struct map_placed fixture_place(const struct wl_workload *workload, unsigned node,
                                              const unsigned *region, unsigned samples, unsigned n,
                                              unsigned k, unsigned p, unsigned q)
{
	return (struct map_placed){ .workload = workload,
		                    .node = &workload->nodes[node],
		                    .region = region,
		                    .region_size = n * k * p * q,
		                    .split = { n, k, p, q },
		                    .weights = MAP_RESIDENT,
		                    .tiles = 1,
		                    .samples = samples };
}

#endif

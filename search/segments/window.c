/* Invariant: a window never shrinks and never exceeds the strategy's freedom. */
#include "search/segments/window.h"

/*
 * Nodes at first. Clusters of networks of 300 to 2,000 nodes on 64 and 256 chiplets had up to 39
 * nodes, segments up to 105. A wider window may find worse: estimates of long segments promise more
 * than they keep, and hide shorter ones that are better.
 */
#define CLUSTER_WINDOW 48
#define SEGMENT_WINDOW 64
#define CHIPLETS_PER_NODE 4 /* the segments of large packages are longer */

struct search_freedom search_first_window(const struct search_freedom *freedom,
                                          const struct search_space *space)
{
	struct search_freedom window = *freedom;
	if (space->workload->node_count <= SEARCH_SHORT_NETWORK || freedom->one_segment)
		return window;
	window.longest_cluster = MIN(freedom->longest_cluster, CLUSTER_WINDOW);
	window.longest_segment = MIN(freedom->longest_segment,
	                             MAX(SEGMENT_WINDOW, space->chiplets / CHIPLETS_PER_NODE));
	return window;
}

/* Two neighbours of half a window each could not be joined in it. */
static bool widen(unsigned *window, unsigned used, unsigned most)
{
	if (*window >= most || used <= *window / 2)
		return false;
	*window = *window > most / 2 ? most : 2 * *window;
	return true;
}

bool search_widen(struct search_freedom *window, const struct search_solution *solution,
                  const struct search_freedom *freedom, const struct search_space *space)
{
	unsigned cluster = 0, segment = 0, nodes = space->workload->node_count;
	for (unsigned i = 0; i < solution->segment_count; i++) {
		const struct search_segment *at = &solution->segments[i];
		segment = MAX(segment, at->end - at->first);
		for (unsigned c = 0; c < at->cut_count; c++)
			cluster = MAX(cluster, at->cuts[c].length);
	}
	bool clusters = widen(&window->longest_cluster, cluster,
	                      MIN(freedom->longest_cluster, nodes));
	bool segments = widen(&window->longest_segment, segment,
	                      MIN(freedom->longest_segment, nodes));
	return clusters || segments;
}

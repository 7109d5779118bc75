/* Invariant: a window never shrinks and never exceeds the strategy's freedom. */
#include "search/window.h"

/*
 * Nodes at first, and the share of a window that counts as nearly all of it, of the longest and of
 * all on average (two halves of a network, which may not be joined). Clusters of networks of
 * 300 to 2,000 nodes on 64 and 256 chiplets had up to 39 nodes, segments up to 105. Either of two
 * windows may be the better one, by up to 20 % where 256 chiplets are ten for each node: estimates
 * of long segments promise more than they keep, and hide short ones that are better.
 */
#define CLUSTER_WINDOW 48
#define SEGMENT_WINDOW 64
#define CHIPLETS_PER_NODE 4 /* the segments of large packages are longer */
#define NEARLY_ALL 0.75
#define NEARLY_ALL_ON_AVERAGE 0.5

static unsigned first_segments(const struct search_freedom *freedom,
                               const struct search_space *space)
{
	return MIN(freedom->longest_segment,
	           MAX(SEGMENT_WINDOW, space->chiplets / CHIPLETS_PER_NODE));
}

struct search_freedom search_first_window(const struct search_freedom *freedom,
                                          const struct search_space *space)
{
	struct search_freedom window = *freedom;
	if (space->workload->node_count <= SEARCH_SHORT_NETWORK || freedom->one_segment)
		return window;
	window.longest_cluster = MIN(freedom->longest_cluster, CLUSTER_WINDOW);
	window.longest_segment = first_segments(freedom, space);
	return window;
}

static bool widen(unsigned *window, bool nearly_all, unsigned most)
{
	if (*window >= most || !nearly_all)
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
	bool long_clusters = cluster > NEARLY_ALL * window->longest_cluster;
	bool long_segments = window->longest_segment == first_segments(freedom, space) ||
	                     segment > NEARLY_ALL * window->longest_segment ||
	                     nodes > NEARLY_ALL_ON_AVERAGE * window->longest_segment *
	                                     solution->segment_count;
	bool clusters = widen(&window->longest_cluster, long_clusters,
	                      MIN(freedom->longest_cluster, nodes));
	bool segments = widen(&window->longest_segment, long_segments,
	                      MIN(freedom->longest_segment, nodes));
	return clusters || segments;
}

/* Invariant: a mapping owns all its arrays and names; nothing is shared between two. */
#include "search/mapping/mapping.h"

#include <string.h>

void map_free(struct map_mapping *mapping)
{
	if (!mapping)
		return;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		for (unsigned c = 0; c < mapping->segments[s].cluster_count; c++) {
			g_free(mapping->segments[s].clusters[c].region);
			g_free(mapping->segments[s].clusters[c].nodes);
		}
		g_free(mapping->segments[s].clusters);
	}
	g_free(mapping->segments);
	g_free(mapping->workload);
	g_free(mapping->package);
	g_free(mapping->strategy);
	g_free(mapping);
}

static struct map_cluster copy_cluster(const struct map_cluster *from)
{
	struct map_cluster to = *from;
	to.region = g_memdup2(from->region, from->region_size * sizeof *from->region);
	to.nodes = g_memdup2(from->nodes, from->node_count * sizeof *from->nodes);
	return to;
}

struct map_mapping *map_copy(const struct map_mapping *mapping)
{
	struct map_mapping *copy = g_new(struct map_mapping, 1);
	*copy = *mapping;
	copy->workload = g_strdup(mapping->workload);
	copy->package = g_strdup(mapping->package);
	copy->strategy = g_strdup(mapping->strategy);
	copy->segments = g_memdup2(mapping->segments,
	                           mapping->segment_count * sizeof *mapping->segments);
	for (unsigned s = 0; s < copy->segment_count; s++) {
		struct map_segment *segment = &copy->segments[s];
		segment->clusters = g_memdup2(segment->clusters,
		                              segment->cluster_count * sizeof *segment->clusters);
		for (unsigned c = 0; c < segment->cluster_count; c++)
			segment->clusters[c] = copy_cluster(&segment->clusters[c]);
	}
	return copy;
}

unsigned map_cluster_total(const struct map_mapping *mapping)
{
	unsigned total = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++)
		total += mapping->segments[s].cluster_count;
	return total;
}

const char *map_weights_name(enum map_weights weights)
{
	static const char *const names[MAP_WEIGHTS] = { "resident", "distributed", "streamed" };
	return names[weights];
}

const char *map_dim_name(enum map_dim dim)
{
	static const char *const names[MAP_DIMS] = { "N", "K", "P", "Q" };
	return names[dim];
}

static bool same_cluster(const struct map_cluster *a, const struct map_cluster *b)
{
	if (a->region_size != b->region_size || a->node_count != b->node_count ||
	    memcmp(a->region, b->region, a->region_size * sizeof *a->region) != 0)
		return false;
	for (unsigned i = 0; i < a->node_count; i++)
		if (memcmp(a->nodes[i].split, b->nodes[i].split, sizeof a->nodes[i].split) != 0 ||
		    a->nodes[i].weights != b->nodes[i].weights ||
		    a->nodes[i].tiles != b->nodes[i].tiles ||
		    a->nodes[i].by_speed != b->nodes[i].by_speed)
			return false;
	return true;
}

/* Both are of one workload, in order: the same numbers of nodes are the same nodes. */
bool map_same(const struct map_mapping *a, const struct map_mapping *b)
{
	if (a->segment_count != b->segment_count)
		return false;
	for (unsigned s = 0; s < a->segment_count; s++) {
		const struct map_segment *one = &a->segments[s], *other = &b->segments[s];
		if (one->microbatch != other->microbatch ||
		    one->cluster_count != other->cluster_count)
			return false;
		for (unsigned c = 0; c < one->cluster_count; c++)
			if (!same_cluster(&one->clusters[c], &other->clusters[c]))
				return false;
	}
	return true;
}

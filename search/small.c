/* Invariant: the variants of a node on a size are distinct and not empty. */
#include "search/small.h"

#include <math.h>
#include <string.h>

#define LONG_COUNT 2e10 /* steps in counting, roughly */

static void add_variants(struct search_small *small, unsigned node, unsigned size)
{
	unsigned row = search_small_row(small, node, size);
	struct search_variant *variants = &small->variants[row * SEARCH_SMALL_VARIANTS];
	unsigned *count = &small->variant_count[row];
	for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
		struct search_variant *made = &variants[*count];
		search_choose_split(&small->workload->nodes[node], (enum search_split)kind, size,
		                    made->split);
		bool known = false;
		for (unsigned i = 0; i < *count; i++)
			known = known || !memcmp(&variants[i], made, sizeof *made);
		*count += !known;
	}
	small->most_variants = MAX(small->most_variants, *count);
}

static void add_snakes(struct search_small *small)
{
	static const unsigned bands[SEARCH_SNAKES] = { 2, 1, 4 };
	size_t bytes = small->chiplets * sizeof(unsigned);
	for (unsigned i = 0; i < SEARCH_SNAKES; i++) {
		unsigned *snake = g_malloc(bytes);
		search_snake(small->package, MIN(bands[i], small->package->rows), snake);
		bool known = false;
		for (unsigned j = 0; j < small->snake_count; j++)
			known = known || !memcmp(small->snakes[j], snake, bytes);
		if (known)
			g_free(snake);
		else
			small->snakes[small->snake_count++] = snake;
	}
}

bool search_small_enough(const struct wl_workload *workload, const struct hw_package *package)
{
	return workload->node_count <= SEARCH_SMALL_NODES &&
	       hw_chiplet_count(package) <= SEARCH_SMALL_CHIPLETS;
}

void search_small_init(struct search_small *small, const struct wl_workload *workload,
                       const struct hw_package *package, const struct search_freedom *freedom,
                       unsigned batch, unsigned tiles)
{
	*small = (struct search_small){ .workload = workload,
		                        .package = package,
		                        .nodes = workload->node_count,
		                        .chiplets = hw_chiplet_count(package),
		                        .batch = batch,
		                        .tiles = tiles,
		                        .longest_cluster = freedom->longest_cluster,
		                        .one_segment = freedom->one_segment };
	small->sample_count = search_microbatches(batch, small->samples);
	add_snakes(small);
	unsigned rows = small->nodes * small->chiplets;
	small->variants = g_new0(struct search_variant, (size_t)rows * SEARCH_SMALL_VARIANTS);
	small->variant_count = g_new0(unsigned, rows);
	for (unsigned n = 0; n < small->nodes; n++)
		for (unsigned size = 1; size <= small->chiplets; size++)
			add_variants(small, n, size);
}

void search_small_release(struct search_small *small)
{
	for (unsigned i = 0; i < small->snake_count; i++)
		g_free(small->snakes[i]);
	g_clear_pointer(&small->variants, g_free);
	g_clear_pointer(&small->variant_count, g_free);
}

/* To ways[used], on exactly `used` chiplets, what ends with a cluster of nodes [a, b). */
static void add_last_cluster(const struct search_small *small, unsigned a, unsigned b,
                             const double *before, double *ways)
{
	for (unsigned size = 1; size <= small->chiplets; size++) {
		double own = 1;
		for (unsigned n = a; n < b; n++)
			own *= small->variant_count[search_small_row(small, n, size)];
		for (unsigned used = size; used <= small->chiplets; used++)
			ways[used] += before[used - size] * own;
	}
}

double search_small_candidates(const struct search_small *small, unsigned first, unsigned end)
{
	/* [b - first][used]: ways to run nodes [first, b) on exactly `used` chiplets. */
	unsigned row = small->chiplets + 1;
	g_autofree double *ways = g_new0(double, (size_t)(end - first + 1) * row);
	double sum = 0;
	ways[0] = 1;
	for (unsigned b = first + 1; b <= end; b++)
		for (unsigned a = first; a < b; a++)
			if (b - a <= small->longest_cluster)
				add_last_cluster(small, a, b, ways + (size_t)(a - first) * row,
				                 ways + (size_t)(b - first) * row);
	for (unsigned used = 1; used <= small->chiplets; used++)
		sum += ways[(size_t)(end - first) * row + used];
	return sum * small->sample_count * small->snake_count;
}

double search_small_size(const struct search_small *small, double *mappings)
{
	/* [j]: mappings of nodes [0, j). */
	g_autofree double *before = g_new0(double, small->nodes + 1);
	double sum = 0, nodes = small->nodes, chiplets = small->chiplets;
	*mappings = NAN;
	if (nodes * nodes * nodes * chiplets * (nodes + chiplets) > LONG_COUNT)
		return NAN;
	before[0] = 1;
	for (unsigned j = 1; j <= small->nodes; j++)
		for (unsigned i = 0; i < j; i++) {
			if (small->one_segment && (i > 0 || j < small->nodes))
				continue;
			double candidates = search_small_candidates(small, i, j);
			before[j] += before[i] * candidates;
			sum += candidates;
		}
	*mappings = before[small->nodes];
	return sum;
}

static struct map_cluster *add_cluster(struct map_segment *segment, const unsigned *snake,
                                       const struct search_spot *spot, unsigned most_nodes)
{
	struct map_cluster *cluster = &segment->clusters[segment->cluster_count++];
	*cluster = (struct map_cluster){ .region_size = spot->size };
	cluster->region = g_memdup2(snake + spot->start, spot->size * sizeof *snake);
	cluster->nodes = g_new(struct map_node, most_nodes);
	return cluster;
}

void search_small_outline(const struct search_small *small,
                          const struct search_candidate *candidate, struct map_mapping *mapping,
                          unsigned index)
{
	struct map_segment *segment = &mapping->segments[index];
	struct map_cluster *cluster = NULL;
	search_free_segment(segment);
	segment->microbatch = candidate->samples;
	segment->clusters = g_new(struct map_cluster, candidate->end - candidate->first);
	for (unsigned n = candidate->first; n < candidate->end; n++) {
		const struct search_spot *spot = &candidate->spots[n];
		if (!cluster || spot->start != spot[-1].start)
			cluster = add_cluster(segment, small->snakes[candidate->snake], spot,
			                      candidate->end - n);
		struct map_node *node = &cluster->nodes[cluster->node_count++];
		*node = (struct map_node){ .node = n,
			                   .weights = MAP_RESIDENT,
			                   .tiles = small->tiles };
		memcpy(node->split, search_small_variant(small, n, spot)->split,
		       sizeof node->split);
	}
}

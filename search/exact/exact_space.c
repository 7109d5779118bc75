/* Invariant: the variants of a node on a size are distinct and not empty. */
#include "search/exact/exact_space.h"

#include <math.h>
#include <string.h>

#define LONG_COUNT 2e10 /* steps in counting, roughly */

/* ---- variants ---- */

/* Adds a variant unless it is known. */
static void add_variant(struct search_exact_space *small, unsigned row,
                        const struct search_variant *made)
{
	struct search_variant *variants = &small->variants[(size_t)row * small->room];
	unsigned *count = &small->variant_count[row];
	for (unsigned i = 0; i < *count; i++)
		if (!memcmp(&variants[i], made, sizeof *made))
			return;
	variants[(*count)++] = *made;
	small->most_variants = MAX(small->most_variants, *count);
}

static void add_kinds(struct search_exact_space *small, unsigned node, unsigned size)
{
	for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
		struct search_variant made = { .weights = MAP_RESIDENT };
		search_choose_split(&small->workload->nodes[node], (enum search_split)kind, size,
		                    made.split);
		add_variant(small, search_exact_row(small, node, size), &made);
	}
}

/* All placements of weights for a split. */
static void add_placements(struct search_exact_space *small, unsigned row,
                           struct search_variant *made)
{
	const unsigned *split = made->split;
	bool shared = split[MAP_N] * split[MAP_P] * split[MAP_Q] > 1;
	for (int weights = 0; weights < MAP_WEIGHTS; weights++) {
		made->weights = (enum map_weights)weights;
		if (weights != MAP_DISTRIBUTED || shared)
			add_variant(small, row, made);
	}
}

/* All factors in dimension `dim` and those after it, with `parts` chiplets left. */
static void add_factors(struct search_exact_space *small, unsigned row, const unsigned *extents,
                        struct search_variant *made, unsigned dim, unsigned parts)
{
	if (dim == MAP_DIMS) {
		add_placements(small, row, made);
		return;
	}
	for (unsigned f = 1; f <= MIN(parts, extents[dim]); f++) {
		made->split[dim] = f;
		add_factors(small, row, extents, made, dim + 1, parts / f);
	}
}

static void add_variants(struct search_exact_space *small, unsigned node, unsigned size)
{
	const struct wl_shape *output = &small->workload->nodes[node].output;
	const unsigned extents[MAP_DIMS] = { small->batch, output->channels, output->rows,
		                             output->columns };
	struct search_variant made = { .weights = MAP_RESIDENT };
	if (small->free_nodes)
		add_factors(small, search_exact_row(small, node, size), extents, &made, 0, size);
	else
		add_kinds(small, node, size);
}

/* Products of `dims` factors that are at most `parts`. */
static unsigned count_products(unsigned dims, unsigned parts)
{
	unsigned count = 0;
	if (dims == 0)
		return 1;
	for (unsigned f = 1; f <= parts; f++)
		count += count_products(dims - 1, parts / f);
	return count;
}

static void init_variants(struct search_exact_space *small)
{
	unsigned rows = small->nodes * small->chiplets;
	bool countable = !small->free_nodes || small->chiplets <= SEARCH_EXACT_FREE;
	small->room = !small->free_nodes ? SEARCH_SPLITS
	              : countable        ? count_products(MAP_DIMS, small->chiplets) * MAP_WEIGHTS
	                                 : 0;
	small->variants = g_new0(struct search_variant, (size_t)rows * small->room);
	small->variant_count = g_new0(unsigned, rows);
	for (unsigned n = 0; n < small->nodes && countable; n++)
		for (unsigned size = 1; size <= small->chiplets; size++)
			add_variants(small, n, size);
}

/* Whether one of the first `count` orders is this one. */
static bool is_known(const struct search_exact_space *small, unsigned count, const unsigned *order)
{
	for (unsigned i = 0; i < count; i++)
		if (!memcmp(small->serpentines[i], order, small->chiplets * sizeof *order))
			return true;
	return false;
}

static void add_order(struct search_exact_space *small, const unsigned *order)
{
	small->serpentines = g_renew(unsigned *, small->serpentines, small->serpentine_count + 1);
	small->serpentines[small->serpentine_count++] = g_memdup2(order,
	                                                          small->chiplets * sizeof *order);
}

static void add_serpentines(struct search_exact_space *small)
{
	g_autofree unsigned *serpentine = g_new(unsigned, small->chiplets);
	for (unsigned i = 0; i < MAP_SERPENTINES; i++) {
		map_serpentine(small->package, i, serpentine);
		if (!is_known(small, small->serpentine_count, serpentine))
			add_order(small, serpentine);
	}
}

static void swap(unsigned *a, unsigned *b)
{
	unsigned was = *a;
	*a = *b;
	*b = was;
}

/* The next order, lexicographically; false: this was the last. */
static bool next_order(unsigned *order, unsigned length)
{
	unsigned tail = length - 1; /* from here on they descend: all their orders were had */
	while (tail > 0 && order[tail - 1] > order[tail])
		tail--;
	if (tail == 0)
		return false;
	unsigned next = length - 1;
	while (order[next] < order[tail - 1])
		next--;
	swap(&order[tail - 1], &order[next]);
	for (unsigned a = tail, b = length - 1; a < b; a++, b--)
		swap(&order[a], &order[b]);
	return true;
}

bool search_exact_add_orders(struct search_exact_space *small, double candidates, double most)
{
	unsigned serpentines = small->serpentine_count;
	double orders = 1;
	for (unsigned i = 2; i <= small->chiplets; i++)
		orders *= i;
	if (!(candidates / serpentines * orders <= most))
		return false;
	g_autofree unsigned *order = g_new(unsigned, small->chiplets);
	for (unsigned i = 0; i < small->chiplets; i++)
		order[i] = i;
	do {
		if (!is_known(small, serpentines, order))
			add_order(small, order);
	} while (next_order(order, small->chiplets));
	return true;
}

bool search_exact_is_small(const struct wl_workload *workload, const struct hw_package *package)
{
	return workload->node_count <= SEARCH_EXACT_NODES &&
	       hw_chiplet_count(package) <= SEARCH_EXACT_CHIPLETS;
}

void search_exact_init(struct search_exact_space *small, const struct wl_workload *workload,
                       const struct hw_package *package, const struct search_freedom *freedom,
                       unsigned batch, unsigned tiles, enum search_tiling tiling)
{
	*small = (struct search_exact_space){ .workload = workload,
		                              .package = package,
		                              .nodes = workload->node_count,
		                              .chiplets = hw_chiplet_count(package),
		                              .batch = batch,
		                              .tiles = tiles,
		                              .tiling = tiling,
		                              .longest_cluster = freedom->longest_cluster,
		                              .one_segment = freedom->one_segment,
		                              .free_nodes = freedom->free_nodes };
	small->sample_count = search_microbatches(batch, small->samples);
	add_serpentines(small);
	init_variants(small);
}

void search_exact_release(struct search_exact_space *small)
{
	for (unsigned i = 0; i < small->serpentine_count; i++)
		g_free(small->serpentines[i]);
	g_clear_pointer(&small->serpentines, g_free);
	g_clear_pointer(&small->variants, g_free);
	g_clear_pointer(&small->variant_count, g_free);
}

/* ---- counts ---- */

unsigned search_exact_tiles(const struct search_exact_space *small, unsigned node,
                            const struct search_variant *variant, unsigned samples)
{
	if (variant->split[MAP_N] > samples)
		return 0;
	if (small->tiling != SEARCH_TILES_ALL)
		return 1;
	struct map_placed placed = { .node = &small->workload->nodes[node],
		                     .samples = samples,
		                     .microbatch = samples };
	memcpy(placed.split, variant->split, sizeof placed.split);
	return map_most_tiles(&placed);
}

/* Ways to run nodes [a, b) as one cluster. */
static double cluster_ways(const struct search_exact_space *small, unsigned a, unsigned b,
                           unsigned size, unsigned samples)
{
	double product = 1;
	for (unsigned n = a; n < b; n++) {
		unsigned row = search_exact_row(small, n, size);
		double ways = 0;
		const struct search_variant *variants = &small->variants[(size_t)row * small->room];
		for (unsigned v = 0; v < small->variant_count[row]; v++)
			ways += search_exact_tiles(small, n, &variants[v], samples);
		product *= ways;
	}
	return product;
}

/* To ways[used], on exactly `used` chiplets, what ends with a cluster of nodes [a, b). */
static void add_last_cluster(const struct search_exact_space *small, unsigned a, unsigned b,
                             unsigned samples, const double *before, double *ways)
{
	for (unsigned size = 1; size <= small->chiplets; size++) {
		double own = cluster_ways(small, a, b, size, samples);
		for (unsigned used = size; used <= small->chiplets; used++)
			ways[used] += before[used - size] * own;
	}
}

/* Ways to run a segment with one micro-batch along one serpentine. */
static double segment_ways(const struct search_exact_space *small, unsigned first, unsigned end,
                           unsigned samples)
{
	/* [b - first][used]: ways to run nodes [first, b) on exactly `used` chiplets. */
	unsigned row = small->chiplets + 1;
	g_autofree double *ways = g_new0(double, (size_t)(end - first + 1) * row);
	double sum = 0;
	ways[0] = 1;
	for (unsigned b = first + 1; b <= end; b++)
		for (unsigned a = first; a < b; a++)
			if (b - a <= small->longest_cluster)
				add_last_cluster(small, a, b, samples,
				                 ways + (size_t)(a - first) * row,
				                 ways + (size_t)(b - first) * row);
	for (unsigned used = 1; used <= small->chiplets; used++)
		sum += ways[(size_t)(end - first) * row + used];
	return sum;
}

double search_exact_candidates(const struct search_exact_space *small, unsigned first, unsigned end)
{
	double sum = 0;
	/* The search's own kinds of split do not depend on the micro-batch, their tiles do. */
	if (!small->free_nodes && small->tiling != SEARCH_TILES_ALL)
		return segment_ways(small, first, end, 1) * small->sample_count *
		       small->serpentine_count;
	for (unsigned i = 0; i < small->sample_count; i++)
		sum += segment_ways(small, first, end, small->samples[i]);
	return sum * small->serpentine_count;
}

double search_exact_size(const struct search_exact_space *small, double *mappings)
{
	/* [j]: mappings of nodes [0, j). */
	g_autofree double *before = g_new0(double, small->nodes + 1);
	double sum = 0, nodes = small->nodes, chiplets = small->chiplets;
	*mappings = NAN;
	if (nodes * nodes * nodes * chiplets * (nodes + chiplets) > LONG_COUNT)
		return NAN;
	if (small->free_nodes &&
	    (small->chiplets > SEARCH_EXACT_FREE || small->nodes > SEARCH_EXACT_NODES))
		return NAN;
	before[0] = 1;
	for (unsigned j = 1; j <= small->nodes; j++)
		for (unsigned i = 0; i < j; i++) {
			if (small->one_segment && (i > 0 || j < small->nodes))
				continue;
			double candidates = search_exact_candidates(small, i, j);
			before[j] += before[i] * candidates;
			sum += candidates;
		}
	*mappings = before[small->nodes];
	return sum;
}

static struct map_cluster *add_cluster(struct map_segment *segment, const unsigned *serpentine,
                                       const struct search_exact_place *spot, unsigned most_nodes)
{
	struct map_cluster *cluster = &segment->clusters[segment->cluster_count++];
	*cluster = (struct map_cluster){ .region_size = spot->size };
	cluster->region = g_memdup2(serpentine + spot->start, spot->size * sizeof *serpentine);
	cluster->nodes = g_new(struct map_node, most_nodes);
	return cluster;
}

void search_exact_outline(const struct search_exact_space *small,
                          const struct search_exact_segment *candidate, struct map_mapping *mapping,
                          unsigned index)
{
	struct map_segment *segment = &mapping->segments[index];
	struct map_cluster *cluster = NULL;
	search_free_segment(segment);
	segment->microbatch = candidate->samples;
	segment->clusters = g_new(struct map_cluster, candidate->end - candidate->first);
	for (unsigned n = candidate->first; n < candidate->end; n++) {
		const struct search_exact_place *spot = &candidate->spots[n];
		if (!cluster || spot->start != spot[-1].start)
			cluster = add_cluster(segment, small->serpentines[candidate->serpentine],
			                      spot, candidate->end - n);
		struct map_node *node = &cluster->nodes[cluster->node_count++];
		const struct search_variant *how = search_exact_variant(small, n, spot);
		*node = (struct map_node){ .node = n,
			                   .weights = how->weights,
			                   .tiles = spot->tiles ? spot->tiles : small->tiles };
		memcpy(node->split, how->split, sizeof node->split);
	}
}

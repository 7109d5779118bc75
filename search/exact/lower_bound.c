/* Invariant: what stands for a node to come is never more than what any of its places costs. */
#include "search/exact/lower_bound.h"

#include <math.h>
#include <string.h>

#include "search/exact/lower_bound_cache.h"

/* A segment's nodes from some node on; a cluster is open until its first node is placed. */
struct level {
	double done_ns;    /* the slowest closed cluster */
	double open_ns;    /* the open cluster, without weights */
	double chain_ns;   /* the longest chain of loads of a closed cluster */
	double dram_bytes; /* per micro-batch, all channels */
	double once_bytes; /* loaded at the start */
	unsigned closed;
	unsigned open_end; /* weights of nodes before it are not placed */
	bool open;
	double *shared_ns, *load_ns; /* per resource: per micro-batch, at the start */
};

struct search_bounds {
	const struct search_exact_space *small;
	struct search_bound_cache *known;
	unsigned first, end, resources, microbatches;
	struct level open[SEARCH_EXACT_NODES + 1], closed[SEARCH_EXACT_NODES + 1];
	double *vectors; /* of the levels */
	/* Per node: its least time by [start][size], those of all nodes before it in the segment
	 * summed up, and their least load on each resource. */
	double *least_ns, *rest_load_ns;
	/* The period of nodes [first, a) on the first c chiplets in k clusters, at least:
	 * [k][a][c]. */
	double *least_period_ns;
	double *scratch;
	double weight_bytes[SEARCH_EXACT_NODES + 1]; /* prefix sums over nodes */
	double dram_GBps;
	bool always_fits; /* no chiplet runs out of room for weights */
};

static size_t spots_per_node(const struct search_exact_space *small)
{
	return (size_t)small->chiplets * (small->chiplets + 1);
}

/* Sum of the least times of nodes [first, n) on chiplets [start, start + size). */
static double *least_of(const struct search_bounds *b, unsigned n, unsigned start, unsigned size)
{
	return &b->least_ns[n * spots_per_node(b->small) + start * (b->small->chiplets + 1) + size];
}

static double *period_of(const struct search_bounds *b, unsigned k, unsigned a, unsigned c)
{
	unsigned nodes = b->small->nodes + 1, chiplets = b->small->chiplets + 1;
	return &b->least_period_ns[((size_t)k * nodes + a) * chiplets + c];
}

static double smallest_weight_buffer(const struct hw_package *package)
{
	uint64_t bytes = UINT64_MAX;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		bytes = MIN(bytes, hw_chiplet(package, c)->weight_buffer_bytes);
	return (double)bytes;
}

struct search_bounds *search_bounds_new(const struct search_exact_space *small,
                                        struct cost_model *model)
{
	struct search_bounds *b = g_new0(struct search_bounds, 1);
	unsigned nodes = small->nodes + 1;
	b->small = small;
	b->known = search_bound_cache_new(small, model);
	b->resources = search_bound_cache_resources(b->known);
	b->vectors = g_new0(double, 4 * (size_t)nodes * b->resources);
	for (unsigned n = 0; n < nodes; n++) {
		double *vectors = b->vectors + 4 * (size_t)n * b->resources;
		b->open[n].shared_ns = vectors;
		b->open[n].load_ns = vectors + b->resources;
		b->closed[n].shared_ns = vectors + 2 * b->resources;
		b->closed[n].load_ns = vectors + 3 * b->resources;
	}
	b->least_ns = g_new(double, nodes *spots_per_node(small));
	b->rest_load_ns = g_new(double, (size_t)nodes * b->resources);
	b->least_period_ns = g_new(double, (size_t)nodes *nodes *(small->chiplets + 1));
	b->scratch = g_new(double, b->resources);
	for (unsigned n = 0; n < small->nodes; n++)
		b->weight_bytes[n + 1] = b->weight_bytes[n] +
		                         (double)small->workload->nodes[n].weight_bytes;
	b->dram_GBps = hw_dram_total_GBps(small->package);
	return b;
}

void search_bounds_free(struct search_bounds *b)
{
	if (!b)
		return;
	search_bound_cache_free(b->known);
	g_free(b->vectors);
	g_free(b->least_ns);
	g_free(b->rest_load_ns);
	g_free(b->least_period_ns);
	g_free(b->scratch);
	g_free(b);
}

/* ---- what nodes to come cost at least ---- */

/* One node on one region: the best of its variants; their loads lower rest_ns. */
static double least_alone(struct search_bounds *b, unsigned n, unsigned start, unsigned size,
                          double *rest_ns)
{
	double least = INFINITY;
	struct search_exact_place spots[SEARCH_EXACT_NODES];
	struct search_exact_place spot = { .start = (uint8_t)start, .size = (uint8_t)size };
	unsigned variants = b->small->variant_count[search_exact_row(b->small, n, size)];
	for (; spot.variant < variants; spot.variant++) {
		search_bound_cache_place(b->known, n, &spot);
		spots[n] = spot;
		if (!search_bound_cache_room(b->known, n, n + 1, spots, false))
			continue;
		least = MIN(least, search_bound_cache_alone(b->known, n, &spot, b->scratch));
		for (unsigned r = 0; r < b->resources; r++)
			rest_ns[r] = MIN(rest_ns[r], b->scratch[r]);
	}
	return least;
}

/* The same without any traffic. */
static double least_compute(struct search_bounds *b, unsigned n, unsigned start, unsigned size)
{
	double least = INFINITY;
	struct search_exact_place spot = { .start = (uint8_t)start, .size = (uint8_t)size };
	unsigned variants = b->small->variant_count[search_exact_row(b->small, n, size)];
	for (; spot.variant < variants; spot.variant++)
		least = MIN(least, search_bound_cache_compute(b->known, n, &spot));
	return least;
}

static void fill_least(struct search_bounds *b, bool traffic)
{
	unsigned chiplets = b->small->chiplets;
	memset(least_of(b, b->first, 0, 0), 0, spots_per_node(b->small) * sizeof *b->least_ns);
	double *before = b->rest_load_ns + (size_t)b->first * b->resources;
	memset(before, 0, b->resources * sizeof *before);
	for (unsigned n = b->first; n < b->end; n++, before += b->resources) {
		double *rest = before + b->resources;
		for (unsigned r = 0; r < b->resources; r++)
			rest[r] = traffic ? INFINITY : 0;
		for (unsigned start = 0; start < chiplets; start++)
			for (unsigned size = 1; size <= chiplets - start; size++)
				*least_of(b, n + 1, start,
				          size) = *least_of(b, n, start, size) +
				                  (traffic ? least_alone(b, n, start, size, rest)
				                           : least_compute(b, n, start, size));
		for (unsigned r = 0; r < b->resources; r++)
			rest[r] += before[r];
	}
}

/* The best last cluster [from, a) of k, on any size that ends at chiplet c. */
static double best_last(const struct search_bounds *b, unsigned k, unsigned a, unsigned c)
{
	double best = INFINITY;
	unsigned longest = MIN(b->small->longest_cluster, a - b->first);
	for (unsigned from = a - longest; from < a; from++)
		for (unsigned size = 1; size <= c; size++) {
			double last = *least_of(b, a, c - size, size) -
			              *least_of(b, from, c - size, size);
			best = MIN(best, MAX(last, *period_of(b, k - 1, from, c - size)));
		}
	return best;
}

static void fill_periods(struct search_bounds *b)
{
	for (unsigned k = 0; k <= b->end - b->first; k++)
		for (unsigned a = b->first; a <= b->end; a++)
			for (unsigned c = 0; c <= b->small->chiplets; c++)
				*period_of(b, k, a,
				           c) = k ? best_last(b, k, a, c)
				                  : (a == b->first && c == 0 ? 0 : INFINITY);
}

/* ---- the bound ---- */

static double largest(const double *a, const double *b, unsigned count)
{
	double most = 0;
	for (unsigned i = 0; i < count; i++)
		most = MAX(most, a[i] + b[i]);
	return most;
}

/* The segment, if its period is this long. Weights to come are loaded once, unless they can
 * pass in the time that a period leaves to the channels. */
static double with_period(const struct search_bounds *b, const struct level *at, unsigned clusters,
                          double period_ns, double load_ns)
{
	double rest = b->weight_bytes[at->open_end] - b->weight_bytes[b->first];
	double idle = period_ns * b->dram_GBps - at->dram_bytes;
	if (!b->always_fits)
		rest -= CLAMP(idle, 0, rest);
	load_ns = MAX(load_ns, (at->once_bytes + rest) / b->dram_GBps);
	return cost_segment_ns(load_ns, b->microbatches, clusters, period_ns);
}

/*
 * Nodes [n, end) are as `at` says, those before them on chiplets [0, room) with what is left of
 * the open cluster on [room, room + size).
 */
static double bound_of(const struct search_bounds *b, const struct level *at, unsigned n,
                       unsigned room, unsigned size)
{
	const double *rest = b->rest_load_ns + (size_t)n * b->resources;
	double known_ns = MAX(at->done_ns, largest(at->shared_ns, rest, b->resources));
	double load_ns = at->chain_ns, best = INFINITY;
	for (unsigned r = 0; r < b->resources; r++)
		load_ns = MAX(load_ns, at->load_ns[r]);
	unsigned joining = at->open && b->small->longest_cluster > 1 ? n - b->first : 0;
	for (unsigned a = n - joining; a <= n; a++) {
		double own_ns = at->open ? at->open_ns + *least_of(b, n, room, size) -
		                                   *least_of(b, a, room, size)
		                         : 0;
		for (unsigned k = 0; k <= a - b->first; k++) {
			double period_ns = MAX(MAX(known_ns, own_ns), *period_of(b, k, a, room));
			if (isfinite(period_ns))
				best = MIN(best, with_period(b, at, at->closed + at->open + k,
				                             period_ns, load_ns));
		}
	}
	return best;
}

/* With no node placed; `traffic`: of nodes to come, too, which takes time to find out. */
static double bound_of_all(struct search_bounds *b, bool traffic)
{
	double best = INFINITY;
	fill_least(b, traffic);
	fill_periods(b);
	for (unsigned c = 1; c <= b->small->chiplets; c++)
		best = MIN(best, bound_of(b, &b->closed[b->end], b->end, c, 0));
	return best;
}

double search_bounds_begin(struct search_bounds *b, unsigned first, unsigned end, unsigned samples,
                           unsigned serpentine, double limit_ns)
{
	b->first = first;
	b->end = end;
	b->microbatches = map_microbatches(b->small->batch, samples);
	b->always_fits = b->weight_bytes[end] - b->weight_bytes[first] <=
	                 smallest_weight_buffer(b->small->package);
	search_bound_cache_begin(b->known, first, end, samples, serpentine);
	struct level *start = &b->closed[end];
	memset(start->shared_ns, 0, b->resources * sizeof *start->shared_ns);
	memset(start->load_ns, 0, b->resources * sizeof *start->load_ns);
	*start = (struct level){ .shared_ns = start->shared_ns,
		                 .load_ns = start->load_ns,
		                 .open_end = end };
	double bound_ns = bound_of_all(b, false);
	return bound_ns > limit_ns ? bound_ns : bound_of_all(b, true);
}

static void copy_level(const struct search_bounds *b, struct level *to, const struct level *from)
{
	double *shared_ns = to->shared_ns, *load_ns = to->load_ns;
	memcpy(shared_ns, from->shared_ns, b->resources * sizeof *shared_ns);
	memcpy(load_ns, from->load_ns, b->resources * sizeof *load_ns);
	*to = *from;
	to->shared_ns = shared_ns;
	to->load_ns = load_ns;
}

static void add_loads(const struct search_bounds *b, double *to, const double *load_ns)
{
	for (unsigned r = 0; r < b->resources; r++)
		to[r] += load_ns[r];
}

double search_bounds_place(struct search_bounds *b, unsigned n,
                           const struct search_exact_place *spots)
{
	bool joins = n + 1 < b->end && spots[n].start == spots[n + 1].start;
	const struct level *before = joins ? &b->open[n + 1] : &b->closed[n + 1];
	struct level *now = &b->open[n];
	copy_level(b, now, before);
	if (!joins) {
		now->open = true;
		now->open_ns = 0;
		now->open_end = n + 1;
	}
	search_bound_cache_place(b->known, n, &spots[n]);
	if (!search_bound_cache_room(b->known, n, now->open_end, spots, false))
		return INFINITY;
	const struct search_bound_cache_node *node = search_bound_cache_node(b->known, n, spots);
	now->open_ns += node->core_ns;
	now->dram_bytes += node->dram_bytes;
	add_loads(b, now->shared_ns, node->load_ns);
	return bound_of(b, now, n, spots[n].start, spots[n].size);
}

/* The open cluster's weights, which it waits for and which load the package. */
static bool add_weights(struct search_bounds *b, struct level *now, unsigned n, unsigned end,
                        const struct search_exact_place *spots)
{
	const struct search_bound_cache_cluster *cluster = search_bound_cache_cluster(b->known, n,
	                                                                              end, spots);
	double chain_ns = 0;
	for (unsigned i = n; i < end && cluster->fits; i++) {
		const struct search_bound_cache_weights *weights = search_bound_cache_weights(
			b->known, i, &spots[i], cluster->weights[i]);
		now->open_ns += weights->weights_ns;
		now->dram_bytes += weights->dram_bytes;
		now->once_bytes += weights->once_bytes;
		chain_ns += weights->once_ns;
		add_loads(b, now->shared_ns, weights->load_ns);
		add_loads(b, now->load_ns, weights->once_load_ns);
	}
	now->done_ns = MAX(now->done_ns, now->open_ns);
	now->chain_ns = MAX(now->chain_ns, chain_ns);
	return cluster->fits;
}

double search_bounds_close(struct search_bounds *b, unsigned n,
                           const struct search_exact_place *spots, double limit_ns)
{
	struct level *now = &b->closed[n];
	unsigned end = b->open[n].open_end;
	if (!search_bound_cache_room(b->known, n, end, spots, true))
		return INFINITY;
	copy_level(b, now, &b->open[n]);
	now->done_ns = MAX(now->done_ns, now->open_ns);
	now->open = false;
	now->closed++;
	/* Often it is too long even without its weights, and where they go takes time to find
	 * out. */
	double bound_ns = bound_of(b, now, n, spots[n].start, 0);
	if (bound_ns > limit_ns)
		return bound_ns;
	now->open_end = n;
	return add_weights(b, now, n, end, spots) ? bound_of(b, now, n, spots[n].start, 0)
	                                          : INFINITY;
}

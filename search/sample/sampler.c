/* Invariant: a description that is not counted does not fit. */
#include "search/sample/sampler.h"

#include "search/segments/misfit.h"

#include "hw/base/threads.h"

#include <math.h>
#include <string.h>

/* ---- what a node can have on its own ---- */

static uint8_t *splits_at(const struct search_sample_counts *u, enum search_sample_place place,
                          unsigned node, unsigned m)
{
	return u->splits + (((size_t)place * u->nodes + node) * u->sample_count + m) * u->chiplets;
}

/* Kinds of split that differ from those before them. */
static unsigned distinct_splits(const struct wl_node *node, unsigned size,
                                unsigned split[SEARCH_SPLITS][MAP_DIMS])
{
	unsigned bits = 0;
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		bool known = false;
		search_choose_split(node, (enum search_split)s, size, split[s]);
		for (unsigned before = 0; before < s; before++)
			known = known || memcmp(split[before], split[s], sizeof split[s]) == 0;
		bits |= known ? 0 : 1u << s;
	}
	return bits;
}

/* Where an input comes from, as far as that is known. */
enum origin { FROM_DRAM, FROM_SEGMENT, FROM_NODE_BEFORE, FROM_ANYWHERE };

static enum origin origin_of(const struct search_sample_counts *u, unsigned node, unsigned e)
{
	const struct wl_workload *w = u->space.workload;
	int from = w->edges[w->nodes[node].edges_in[e]].from;
	if (from < 0)
		return FROM_DRAM;
	if ((unsigned)from + 1 == node)
		return FROM_NODE_BEFORE;
	if (!u->starts)
		return FROM_ANYWHERE;
	for (unsigned n = (unsigned)from + 1; n <= node; n++)
		if (u->starts[n])
			return FROM_DRAM;
	return FROM_SEGMENT;
}

/*
 * The least room that an input takes while its node runs: `tiles` of it from DRAM; from the segment
 * all of it, as often as neighbours hold it between clusters.
 */
static uint64_t input_bytes(enum origin origin, enum search_sample_place place, uint64_t tiles,
                            uint64_t whole)
{
	if (origin == FROM_DRAM || place == SEARCH_AT_SEGMENT)
		return tiles;
	if (place == SEARCH_AT_CLUSTER)
		whole *= map_edge_buffers(1);
	return origin == FROM_ANYWHERE ? MIN(tiles, whole) : whole;
}

/* The places, a bit each, at which the node may fit with the tiles that `placed` has. */
static unsigned fitting_places(const struct search_sample_counts *u,
                               const struct map_placed *placed, struct map_scratch *scratch)
{
	const struct wl_workload *w = placed->workload;
	uint64_t bytes[SEARCH_PLACES];
	unsigned places = 0;
	for (unsigned p = 0; p < SEARCH_PLACES; p++)
		bytes[p] = map_output_room(placed, scratch);
	for (unsigned e = 0; e < placed->node->edge_in_count; e++) {
		const struct wl_edge *edge = &w->edges[placed->node->edges_in[e]];
		enum origin origin = origin_of(u, (unsigned)(placed->node - w->nodes), e);
		uint64_t tiles = map_input_room(placed, edge, MAP_THROUGH_DRAM, 0, scratch);
		uint64_t whole = map_input_room(placed, edge, MAP_WITHIN_CLUSTER, 0, scratch);
		for (unsigned p = 0; p < SEARCH_PLACES; p++)
			bytes[p] += input_bytes(origin, (enum search_sample_place)p, tiles, whole);
	}
	for (unsigned p = 0; p < SEARCH_PLACES; p++)
		places |= bytes[p] <= u->activation_limit ? 1u << p : 0;
	return places;
}

static unsigned fitting_places_of_any_tiles(const struct search_sample_counts *u,
                                            struct map_placed *placed, struct map_scratch *scratch)
{
	unsigned tiles[MAP_DIMS], count = map_finest_tiles(placed, tiles), places = 0;
	for (unsigned i = 0; i < count; i++) {
		placed->tiles = tiles[i];
		places |= fitting_places(u, placed, scratch);
	}
	return places;
}

static void sift_size(const struct search_sample_counts *u, unsigned node, unsigned size,
                      struct map_scratch *scratch)
{
	unsigned split[SEARCH_SPLITS][MAP_DIMS];
	struct map_placed placed = { .workload = u->space.workload,
		                     .node = &u->space.workload->nodes[node],
		                     .region = u->serpentines[0],
		                     .region_size = size,
		                     .weights = MAP_RESIDENT };
	unsigned bits = distinct_splits(placed.node, size, split);
	for (unsigned m = 0; m < u->sample_count; m++)
		for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
			memcpy(placed.split, split[s], sizeof placed.split);
			placed.samples = placed.microbatch = u->samples[m];
			unsigned places = bits & 1u << s
			                          ? fitting_places_of_any_tiles(u, &placed, scratch)
			                          : 0;
			for (unsigned p = 0; p < SEARCH_PLACES; p++)
				splits_at(u, (enum search_sample_place)p, node,
				          m)[size - 1] |= (uint8_t)((places >> p & 1) << s);
		}
}

/* The first node that is like this one. */
static unsigned first_like(const struct search_sample_counts *u, unsigned node)
{
	for (unsigned like = 0; like < node; like++) {
		bool same = u->space.node_kind[like] == u->space.node_kind[node];
		for (unsigned e = 0; same && e < u->space.workload->nodes[node].edge_in_count; e++)
			same = origin_of(u, like, e) == origin_of(u, node, e);
		if (same)
			return like;
	}
	return node;
}

static void sift_node(void *data, unsigned thread, unsigned node)
{
	const struct search_sample_counts *u = data;
	if (first_like(u, node) != node)
		return;
	for (unsigned size = u->freedom.whole_package ? u->chiplets : 1; size <= u->chiplets;
	     size++)
		sift_size(u, node, size, &u->space.workers[thread].network.scratch);
}

static void sift_nodes(struct search_sample_counts *u)
{
	size_t places = (size_t)u->sample_count * u->chiplets;
	memset(u->splits, 0, SEARCH_PLACES * u->nodes * places);
	search_parallel(u->space.crew, u->nodes, sift_node, u);
	for (unsigned node = 0; node < u->nodes; node++)
		for (unsigned p = 0; p < SEARCH_PLACES; p++) {
			enum search_sample_place place = (enum search_sample_place)p;
			unsigned like = first_like(u, node);
			if (like != node)
				memcpy(splits_at(u, place, node, 0), splits_at(u, place, like, 0),
				       places);
		}
}

static uint64_t largest_activation_buffer(const struct hw_package *package)
{
	uint64_t largest = 0;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		largest = MAX(largest, hw_chiplet(package, c)->activation_buffer_bytes);
	return largest;
}

/* ---- counting ---- */

/* Numbers of splits per size: cheaper to read than bits. */
static void number_splits(const struct search_sample_counts *u, enum search_sample_place place,
                          unsigned node, unsigned m, double *number)
{
	const uint8_t *splits = splits_at(u, place, node, m);
	for (unsigned r = 1; r <= u->chiplets; r++)
		number[r] = (splits[r - 1] & 1) + (splits[r - 1] >> 1 & 1) + (splits[r - 1] >> 2);
}

static unsigned serpentines_of(const struct search_sample_counts *u, unsigned used)
{
	return (unsigned)__builtin_popcount(u->serpentines_at[used]);
}

static long double *open_at(const struct search_sample_counts *u, unsigned m, unsigned node)
{
	return u->open + ((size_t)m * (u->nodes + 1) + node) * (u->chiplets + 1);
}

static long double *ends_at(const struct search_sample_counts *u, unsigned node)
{
	return u->ends + (size_t)node * u->sample_count * u->chiplets;
}

static long double closed_at(const struct search_sample_counts *u, unsigned node)
{
	return node ? ends_at(u, node)[u->sample_count * u->chiplets - 1] : 1;
}

/* A typical number of ways to place the node, so that counts stay near 1. */
static double scale_of(const struct search_sample_counts *u, unsigned node)
{
	g_autofree double *number = g_new(double, u->chiplets + 1);
	double sum = 0;
	for (unsigned m = 0; m < u->sample_count; m++) {
		number_splits(u, SEARCH_AT_SEGMENT, node, m, number);
		for (unsigned r = 1; r <= u->chiplets; r++)
			sum += serpentines_of(u, r) * number[r];
	}
	return MAX(sum, 1);
}

/* last[s][r]: descriptions whose last cluster, still open, has r of the segment's s chiplets. */
struct counting {
	const struct search_sample_counts *u;
	unsigned m;
	long double *last;
	double *number[SEARCH_PLACES];
};

/* From nodes [0, node) to [0, node]. */
static void count_node(struct counting *c, unsigned node)
{
	const struct search_sample_counts *u = c->u;
	const long double *before = open_at(u, c->m, node), closed = closed_at(u, node);
	long double *after = open_at(u, c->m, node + 1);
	bool longer_segment = search_may_continue(u, node),
	     longer_cluster = longer_segment && u->freedom.longest_cluster > 1;
	for (unsigned p = 0; p < SEARCH_PLACES; p++)
		number_splits(u, (enum search_sample_place)p, node, c->m, c->number[p]);
	for (unsigned s = 1; s <= u->chiplets; s++) {
		long double *last = c->last + (size_t)s * (u->chiplets + 1), sum = 0;
		for (unsigned r = 1; r <= s; r++) {
			long double ways = longer_cluster ? last[r] * c->number[SEARCH_WITHIN][r]
			                                  : 0;
			if (longer_segment && r < s)
				ways += before[s - r] * c->number[SEARCH_AT_CLUSTER][r];
			if (r == s && search_may_start(u, node))
				ways += closed * c->number[SEARCH_AT_SEGMENT][r];
			last[r] = ways / u->scale[node];
			sum += last[r];
		}
		after[s] = sum;
	}
}

static void count_segments(const struct search_sample_counts *u, unsigned node)
{
	long double *ends = ends_at(u, node), sum = 0;
	for (unsigned m = 0; m < u->sample_count; m++) {
		const long double *open = open_at(u, m, node);
		for (unsigned s = 1; s <= u->chiplets; s++)
			ends[m * u->chiplets + s - 1] = sum += serpentines_of(u, s) * open[s];
	}
}

/* Returns the decimal logarithm of the number of descriptions. */
static double count(struct search_sample_counts *u)
{
	size_t side = u->chiplets + 1;
	g_autofree struct counting *counts = g_new(struct counting, u->sample_count);
	double log10_scale = 0;
	for (unsigned m = 0; m < u->sample_count; m++) {
		counts[m] = (struct counting){ .u = u, .m = m };
		counts[m].last = g_new0(long double, side *side);
		for (unsigned p = 0; p < SEARCH_PLACES; p++)
			counts[m].number[p] = g_new(double, side);
	}
	for (unsigned node = 0; node < u->nodes; node++) {
		u->scale[node] = scale_of(u, node);
		log10_scale += log10(u->scale[node]);
		for (unsigned m = 0; m < u->sample_count; m++)
			count_node(&counts[m], node);
		count_segments(u, node + 1);
	}
	for (unsigned m = 0; m < u->sample_count; m++) {
		g_free(counts[m].last);
		for (unsigned p = 0; p < SEARCH_PLACES; p++)
			g_free(counts[m].number[p]);
	}
	long double all = closed_at(u, u->nodes);
	g_assert(isfinite((double)log10l(all)) || all == 0); /* scaled */
	return all > 0 ? (double)log10l(all) + log10_scale : -INFINITY;
}

/* ---- tables ---- */

static void lay_serpentines(struct search_sample_counts *u)
{
	map_serpentines_init(u->serpentines, u->space.package);
	u->serpentines_at = g_new0(uint8_t, u->chiplets + 1);
	for (unsigned used = 1; used <= u->chiplets; used++)
		for (unsigned i = 0; i < MAP_SERPENTINES; i++) {
			bool known = false;
			for (unsigned before = 0; before < i; before++)
				known = known || memcmp(u->serpentines[before], u->serpentines[i],
				                        used * sizeof *u->serpentines[i]) == 0;
			u->serpentines_at[used] |= (uint8_t)(known ? 0 : 1u << i);
		}
}

static void allocate(struct search_sample_counts *u)
{
	size_t places = (size_t)u->nodes * u->sample_count * u->chiplets;
	size_t alone = (size_t)u->space.node_kinds * u->sample_count * MAP_SERPENTINES *
	               u->chiplets * SEARCH_SPLITS;
	u->splits = g_new0(uint8_t, SEARCH_PLACES * places);
	u->scale = g_new0(double, u->nodes);
	u->open = g_new0(long double, (size_t)u->sample_count *(u->nodes + 1) * (u->chiplets + 1));
	u->ends = g_new0(long double, (size_t)(u->nodes + 1) * u->sample_count * u->chiplets);
	u->alone_ns = g_new(_Atomic double, alone);
	for (size_t i = 0; i < alone; i++)
		u->alone_ns[i] = NAN;
}

/* A pipeline is one segment, whatever is asked for. */
static void choose_starts(struct search_sample_counts *u, const bool *starts)
{
	if (!starts && !u->freedom.one_segment)
		return;
	u->starts = g_new0(bool, u->nodes);
	for (unsigned node = 0; node < u->nodes; node++)
		u->starts[node] = node == 0 || (!u->freedom.one_segment && starts[node]);
}

bool search_sample_counts_init(struct search_sample_counts *uniform, struct cost_model *model,
                               enum search_strategy strategy, unsigned batch, unsigned tiles,
                               const bool *starts, unsigned jobs, GError **error)
{
	if (!search_check_strategy(strategy, model->workload, model->package, error))
		return false;
	*uniform = (struct search_sample_counts){ .strategy = strategy,
		                                  .freedom = search_freedom_of(strategy),
		                                  .batch = batch,
		                                  .tiles = tiles,
		                                  .nodes = model->workload->node_count,
		                                  .chiplets = hw_chiplet_count(model->package) };
	search_space_init(&uniform->space, model, jobs);
	uniform->sample_count = search_microbatches(batch, uniform->samples);
	lay_serpentines(uniform);
	allocate(uniform);
	choose_starts(uniform, starts);
	uniform->activation_limit = UINT64_MAX;
	sift_nodes(uniform);
	uniform->log10_all = count(uniform);
	uniform->activation_limit = largest_activation_buffer(model->package);
	sift_nodes(uniform);
	uniform->log10_drawn = count(uniform);
	if (isfinite(uniform->log10_drawn))
		return true;
	struct search_misfit misfit = search_find_misfit(uniform->space.model, uniform->space.sizes,
	                                                 uniform->space.size_count,
	                                                 &uniform->freedom);
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
	            "strategy %s: no mapping of '%s' fits the buffers of '%s'%s%s",
	            search_strategy_name(strategy), model->workload->name, model->package->name,
	            misfit.text ? "; " : "", misfit.text ? misfit.text : "");
	search_misfit_release(&misfit);
	search_sample_counts_release(uniform);
	return false;
}

void search_sample_counts_release(struct search_sample_counts *uniform)
{
	search_space_release(&uniform->space);
	map_serpentines_release(uniform->serpentines);
	g_free(uniform->serpentines_at);
	g_free(uniform->splits);
	g_free(uniform->starts);
	g_free(uniform->scale);
	g_free(uniform->open);
	g_free(uniform->ends);
	g_free((void *)uniform->alone_ns);
}

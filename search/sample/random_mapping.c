/*
 * Invariant: in a draw, segments before the current one fit already, and those after it are laid
 * out, so that every edge goes its final way when a segment is checked.
 */
#include "search/sample/random_mapping.h"

#include <math.h>
#include <string.h>

#define SEGMENT_DRAWS 8  /* of one segment's inside, before it is cut in two */
#define NETWORK_DRAWS 64 /* where it must not be cut */
#define MOST_TILES_LOG2 3
#define MOST_TILES 8

unsigned search_draw(GRand *rand, unsigned low, unsigned high)
{
	return low + (unsigned)(g_rand_double(rand) * ((double)high - low + 1));
}

static bool draw_bool(GRand *rand)
{
	return search_draw(rand, 0, 1) == 1;
}

/* From low to high, the logarithm uniform: as many short lengths as long ones. */
static unsigned draw_length(GRand *rand, unsigned low, unsigned high)
{
	double length = low * pow((high + 1.0) / low, g_rand_double(rand));
	return CLAMP((unsigned)length, low, high);
}

void search_draw_split(GRand *rand, const struct wl_node *node, unsigned room, unsigned samples,
                       unsigned split[MAP_DIMS])
{
	const unsigned extent[MAP_DIMS] = { samples, node->output.channels, node->output.rows,
		                            node->output.columns };
	for (int d = 0; d < MAP_DIMS; d++) {
		split[d] = draw_bool(rand) ? search_draw(rand, 1, MIN(room, extent[d])) : 1;
		room /= split[d];
	}
}

/* ---- the drawer ---- */

void search_drawer_init(struct search_drawer *drawer, struct cost_model *model,
                        enum search_strategy strategy, unsigned batch, unsigned tiles)
{
	bool any = strategy == SEARCH_ANY;
	*drawer = (struct search_drawer){
		.model = model,
		.chiplets = hw_chiplet_count(model->package),
		.freedom = search_freedom_of(any ? SEARCH_SCOPE : strategy),
		.strategy = strategy,
		.batch = batch,
		.tiles = tiles,
		.rand = g_rand_new_with_seed(0),
		.name = g_strdup(any ? "any" : search_strategy_name(strategy)),
	};
	map_serpentines_init(drawer->serpentines, model->package);
}

void search_drawer_release(struct search_drawer *drawer)
{
	map_serpentines_release(drawer->serpentines);
	g_rand_free(drawer->rand);
	g_free(drawer->name);
}

/* ---- the inside of a segment ---- */

struct drawing {
	struct search_drawer *drawer;
	struct map_mapping *mapping;
	struct search_draft draft;
	unsigned *order;  /* chiplets as they are dealt out */
	unsigned *firsts; /* first node of each segment, then the number of nodes */
	GError *misfit;   /* why the last segment that did not fit did not */
};

/* `total` in `parts` of at least 1 each, every way equally likely. */
static void draw_lengths(GRand *rand, unsigned total, unsigned parts,
                         struct search_draft_cluster *clusters)
{
	unsigned part = 0, length = 1;
	for (unsigned left = total - 1; left > 0; left--, length++) {
		unsigned needed = parts - 1 - part;
		if (g_rand_double(rand) * left >= needed)
			continue;
		clusters[part++].length = length;
		length = 0;
	}
	clusters[part].length = length;
}

static double cluster_macs(const struct wl_workload *workload,
                           const struct search_draft_cluster *cluster)
{
	double macs = 0;
	for (unsigned n = cluster->first; n < cluster->first + cluster->length; n++)
		macs += (double)workload->nodes[n].macs;
	return macs;
}

/* One chiplet per cluster and the rest by weight: MACs give or take a half, even, or random. */
static void draw_regions(struct drawing *d)
{
	GRand *rand = d->drawer->rand;
	struct search_draft *draft = &d->draft;
	unsigned chiplets = d->drawer->chiplets, count = draft->cluster_count;
	unsigned kind = search_draw(rand, 0, 3);
	g_autofree double *weight = g_new(double, count);
	double sum = 0, before = 0;
	for (unsigned c = 0; c < count; c++) {
		double noise = 0.5 + g_rand_double(rand);
		weight[c] = kind == 0   ? 1
		            : kind == 1 ? noise * noise * noise
		                        : noise * cluster_macs(d->drawer->model->workload,
		                                               &draft->clusters[c]);
		sum += weight[c];
	}
	bool all = d->drawer->freedom.whole_package || search_draw(rand, 0, 3) > 0;
	unsigned rest = (all ? chiplets : search_draw(rand, count, chiplets)) - count;
	for (unsigned c = 0; c < count; c++) {
		double after = before + weight[c];
		draft->clusters[c].chiplets = 1 + (unsigned)(lround(rest * (after / sum)) -
		                                             lround(rest * (before / sum)));
		before = after;
	}
}

static unsigned draw_samples(struct search_drawer *drawer)
{
	unsigned samples[SEARCH_MICROBATCHES];
	if (drawer->strategy == SEARCH_ANY && draw_bool(drawer->rand))
		return draw_length(drawer->rand, 1, drawer->batch);
	unsigned count = search_microbatches(drawer->batch, samples);
	return samples[search_draw(drawer->rand, 0, count - 1)];
}

static void shuffle(GRand *rand, unsigned *order, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned j = search_draw(rand, 0, i - 1), swapped = order[j];
		order[j] = order[i - 1];
		order[i - 1] = swapped;
	}
}

static void draw_order(struct drawing *d)
{
	struct search_drawer *drawer = d->drawer;
	d->draft.serpentine = search_draw(drawer->rand, 0, MAP_SERPENTINES - 1);
	memcpy(d->order, drawer->serpentines[d->draft.serpentine],
	       drawer->chiplets * sizeof *d->order);
	if (drawer->strategy == SEARCH_ANY && draw_bool(drawer->rand))
		shuffle(drawer->rand, d->order, drawer->chiplets);
}

/* Clusters, regions, splits and micro-batch of segment `index`. */
static void draw_inside(struct drawing *d, unsigned index)
{
	struct search_drawer *drawer = d->drawer;
	struct search_draft *draft = &d->draft;
	unsigned first = d->firsts[index], nodes = d->firsts[index + 1] - first;
	unsigned most = MIN(nodes, drawer->chiplets);
	draft->first = first;
	draft->end = first + nodes;
	draft->samples = draw_samples(drawer);
	draft->cluster_count = drawer->freedom.longest_cluster == 1
	                               ? nodes
	                               : draw_length(drawer->rand, 1, most);
	draw_lengths(drawer->rand, nodes, draft->cluster_count, draft->clusters);
	for (unsigned c = 0; c < draft->cluster_count; c++) {
		draft->clusters[c].first = first;
		first += draft->clusters[c].length;
	}
	draw_regions(d);
	draw_order(d);
	for (unsigned n = draft->first; n < draft->end; n++)
		draft->splits[n] = (enum search_split)search_draw(drawer->rand, 0,
		                                                  SEARCH_SPLITS - 1);
}

static unsigned draw_tiles(const struct search_drawer *drawer)
{
	if (drawer->tiles)
		return drawer->tiles;
	if (drawer->strategy == SEARCH_ANY)
		return search_draw(drawer->rand, 1, MOST_TILES);
	return 1u << search_draw(drawer->rand, 0, MOST_TILES_LOG2);
}

/* What only SEARCH_ANY may say. */
static void draw_anything(struct search_drawer *drawer, struct map_segment *segment)
{
	GRand *rand = drawer->rand;
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		struct map_cluster *cluster = &segment->clusters[c];
		for (unsigned i = 0; i < cluster->node_count; i++) {
			struct map_node *node = &cluster->nodes[i];
			node->tiles = draw_tiles(drawer);
			node->weights = (enum map_weights)search_draw(rand, 0, MAP_WEIGHTS - 1);
			if (draw_bool(rand))
				search_draw_split(rand, &drawer->model->workload->nodes[node->node],
				                  cluster->region_size, segment->microbatch,
				                  node->split);
		}
	}
}

static void lay_out(struct drawing *d, unsigned index)
{
	struct search_drawer *drawer = d->drawer;
	search_draft_outline(&d->draft, drawer->model, d->order, draw_tiles(drawer), d->mapping,
	                     index);
	if (drawer->strategy == SEARCH_ANY)
		draw_anything(drawer, &d->mapping->segments[index]);
}

/* The draft as it is, with micro-batches smaller and smaller. */
static bool fit_draft(struct drawing *d, unsigned index)
{
	for (;; d->draft.samples /= 2) {
		lay_out(d, index);
		g_clear_error(&d->misfit);
		if (search_fit_segment(d->drawer->model, d->mapping, index, &d->misfit))
			return true;
		if (d->draft.samples == 1)
			return false;
	}
}

/* A lone node in each way over the whole package: if that does not fit, nothing does. */
static bool fit_alone(struct drawing *d, unsigned index)
{
	draw_inside(d, index);
	d->draft.clusters[0].chiplets = d->drawer->chiplets;
	for (int split = 0; split < SEARCH_SPLITS; split++) {
		d->draft.splits[d->draft.first] = (enum search_split)split;
		if (fit_draft(d, index))
			return true;
	}
	return false;
}

static bool fit_segment(struct drawing *d, unsigned index)
{
	unsigned nodes = d->firsts[index + 1] - d->firsts[index];
	unsigned draws = d->drawer->freedom.one_segment ? NETWORK_DRAWS : SEGMENT_DRAWS;
	for (unsigned i = 0; i < draws; i++) {
		draw_inside(d, index);
		if (fit_draft(d, index))
			return true;
	}
	return nodes == 1 && fit_alone(d, index);
}

/* ---- segments ---- */

static void draw_cuts(struct drawing *d)
{
	const struct search_freedom *freedom = &d->drawer->freedom;
	unsigned nodes = d->drawer->model->workload->node_count, count = 0;
	unsigned longest = MIN(nodes, freedom->longest_segment);
	if (freedom->longest_cluster == 1 && !freedom->whole_package)
		longest = MIN(longest, d->drawer->chiplets);
	for (unsigned first = 0; first < nodes;) {
		d->firsts[count++] = first;
		first += freedom->one_segment
		                 ? nodes
		                 : draw_length(d->drawer->rand, 1, MIN(longest, nodes - first));
	}
	d->firsts[count] = nodes;
	d->mapping->segment_count = count;
	for (unsigned i = 0; i < count; i++) {
		draw_inside(d, i);
		lay_out(d, i);
	}
}

/* Cut segment `index` in two; both parts are laid out anew. */
static void cut_segment(struct drawing *d, unsigned index)
{
	unsigned count = d->mapping->segment_count++;
	unsigned cut = search_draw(d->drawer->rand, d->firsts[index] + 1, d->firsts[index + 1] - 1);
	struct map_segment *segments = d->mapping->segments;
	memmove(d->firsts + index + 2, d->firsts + index + 1, (count - index) * sizeof *d->firsts);
	d->firsts[index + 1] = cut;
	memmove(segments + index + 2, segments + index + 1, (count - index - 1) * sizeof *segments);
	segments[index + 1] = (struct map_segment){ 0 };
	for (unsigned i = index; i < index + 2; i++) {
		draw_inside(d, i);
		lay_out(d, i);
	}
}

static bool fit_segments(struct drawing *d)
{
	for (unsigned i = 0; i < d->mapping->segment_count;) {
		if (fit_segment(d, i))
			i++;
		else if (d->drawer->freedom.one_segment || d->firsts[i + 1] - d->firsts[i] == 1)
			return false;
		else
			cut_segment(d, i);
	}
	return true;
}

void search_seed_drawer(struct search_drawer *drawer, uint64_t seed)
{
	const guint32 halves[] = { (guint32)seed, (guint32)(seed >> 32) };
	g_rand_set_seed_array(drawer->rand, halves, G_N_ELEMENTS(halves));
}

struct map_mapping *search_random_mapping(struct search_drawer *drawer, uint64_t seed,
                                          GError **error)
{
	unsigned nodes = drawer->model->workload->node_count;
	if (!search_check_strategy(drawer->strategy, drawer->model->workload,
	                           drawer->model->package, error))
		return NULL;
	struct drawing d = { .drawer = drawer,
		             .order = g_new(unsigned, drawer->chiplets),
		             .firsts = g_new(unsigned, nodes + 1) };
	g_autofree enum search_split *splits = g_new(enum search_split, nodes);
	search_seed_drawer(drawer, seed);
	search_draft_init(&d.draft, drawer->model);
	d.draft.splits = splits;
	d.mapping = search_empty_mapping(drawer->model->workload, drawer->model->package,
	                                 drawer->batch, drawer->name, nodes);
	draw_cuts(&d);
	if (!fit_segments(&d)) {
		g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
		            "strategy %s: no random mapping of '%s' on '%s' fits its buffers; the "
		            "last one tried: %s",
		            drawer->name, drawer->model->workload->name,
		            drawer->model->package->name, d.misfit->message);
		g_clear_pointer(&d.mapping, map_free);
	}
	g_clear_error(&d.misfit);
	search_draft_release(&d.draft);
	g_free(d.order);
	g_free(d.firsts);
	return d.mapping;
}

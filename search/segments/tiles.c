/*
 * Invariant: a sum of tile uses that is at most the limit here passes map_check_cluster, which
 * adds up the same.
 */
#include "search/segments/tiles.h"

#include <string.h>

/* Tiles of single elements: in one dimension, for numbers of at least `low`. */
struct way {
	unsigned low, tiles;
	struct map_tile_use use;
};

struct tile_fit {
	const struct map_plan *plan;
	struct map_scratch *scratch;
	struct map_cluster *cluster;
	unsigned samples;
	uint64_t limit; /* of the region's smallest buffer */
	struct map_whole_inputs whole;
	struct way (*ways)[MAP_DIMS]; /* per node */
	unsigned *way_count, *chosen;
};

static void fitting_init(struct tile_fit *f, const struct map_plan *plan, unsigned segment,
                         unsigned c, struct map_scratch *scratch)
{
	struct map_segment *s = &plan->mapping->segments[segment];
	*f = (struct tile_fit){ .plan = plan,
		                .scratch = scratch,
		                .cluster = &s->clusters[c],
		                .samples = s->microbatch,
		                .limit = map_activation_limit(plan->package, s->clusters[c].region,
		                                              s->clusters[c].region_size) };
	f->whole.live_bytes = g_new(uint64_t, f->cluster->node_count);
	map_whole_inputs(plan, segment, c, scratch, &f->whole);
}

static void fitting_release(struct tile_fit *f)
{
	g_free(f->whole.live_bytes);
	g_free(f->ways);
	g_free(f->way_count);
	g_free(f->chosen);
}

static struct map_tile_use use_with(const struct tile_fit *f, unsigned i, unsigned tiles)
{
	struct map_placed placed = map_place(f->plan, f->cluster->nodes[i].node, f->samples);
	placed.tiles = tiles;
	return map_tile_use(f->plan, &placed, f->scratch);
}

/* With the nodes' tiles as they are. */
static bool fits(const struct tile_fit *f)
{
	struct map_activations sum = { f->whole.standing_bytes, 0 };
	for (unsigned i = 0; i < f->cluster->node_count; i++)
		map_add_activations(&sum, f->whole.live_bytes[i],
		                    use_with(f, i, f->cluster->nodes[i].tiles));
	return map_activation_bytes(sum) <= f->limit;
}

/* ---- what fits at all ---- */

static bool no_more(const struct map_tile_use *a, const struct map_tile_use *b)
{
	return a->input_bytes <= b->input_bytes && a->output_bytes <= b->output_bytes;
}

/* A node's ways; those that need no less than another one are left out. */
static void add_ways(struct tile_fit *f, unsigned i)
{
	unsigned tiles[MAP_DIMS], low = 1;
	struct map_placed placed = map_place(f->plan, f->cluster->nodes[i].node, f->samples);
	unsigned finest = map_finest_tiles(&placed, tiles), count = 0;
	for (unsigned w = 0; w < finest; low = tiles[w++] + 1) {
		struct way way = { low, tiles[w], use_with(f, i, tiles[w]) };
		bool superfluous = false;
		unsigned kept = 0;
		for (unsigned o = 0; o < count; o++)
			superfluous = superfluous || no_more(&f->ways[i][o].use, &way.use);
		if (superfluous)
			continue;
		for (unsigned o = 0; o < count; o++)
			if (!no_more(&way.use, &f->ways[i][o].use))
				f->ways[i][kept++] = f->ways[i][o];
		f->ways[i][kept++] = way;
		count = kept;
	}
	f->way_count[i] = count;
}

static void find_ways(struct tile_fit *f)
{
	unsigned nodes = f->cluster->node_count;
	f->ways = g_malloc_n(nodes, sizeof *f->ways);
	f->way_count = g_new(unsigned, nodes);
	f->chosen = g_new0(unsigned, nodes);
	for (unsigned i = 0; i < nodes; i++)
		add_ways(f, i);
}

/* The node's way with the least input that peaks at no more than this; none: its way_count. */
static unsigned best_way(const struct tile_fit *f, unsigned i, uint64_t peak)
{
	unsigned best = f->way_count[i];
	for (unsigned w = 0; w < f->way_count[i]; w++) {
		const struct map_tile_use *use = &f->ways[i][w].use;
		if (f->whole.live_bytes[i] + use->output_bytes <= peak &&
		    (best == f->way_count[i] ||
		     use->input_bytes < f->ways[i][best].use.input_bytes))
			best = w;
	}
	return best;
}

/* Bytes that are needed if no node peaks at more than this; UINT64_MAX if one must. */
static uint64_t need_below(const struct tile_fit *f, uint64_t peak)
{
	uint64_t bytes = f->whole.standing_bytes + peak;
	for (unsigned i = 0; i < f->cluster->node_count; i++) {
		unsigned way = best_way(f, i, peak);
		if (way == f->way_count[i])
			return UINT64_MAX;
		bytes += f->ways[i][way].use.input_bytes;
	}
	return bytes;
}

/* The nodes' ways that together need least. Whether that fits. */
static bool choose_ways(struct tile_fit *f)
{
	uint64_t least = UINT64_MAX, peak = 0;
	for (unsigned i = 0; i < f->cluster->node_count; i++)
		for (unsigned w = 0; w < f->way_count[i]; w++) {
			uint64_t at = f->whole.live_bytes[i] + f->ways[i][w].use.output_bytes;
			uint64_t need = need_below(f, at);
			if (need < least) {
				least = need;
				peak = at;
			}
		}
	for (unsigned i = 0; i < f->cluster->node_count; i++)
		f->chosen[i] = best_way(f, i, peak);
	return least <= f->limit;
}

/* ---- tiles that are no smaller than they must be ---- */

/* Every node cut its chosen way, in `tiles` tiles or its `own`, which are more, as far as the way
 * goes; those before node `first` stay as they are. */
static void cut(const struct tile_fit *f, unsigned first, unsigned tiles, const unsigned *own)
{
	for (unsigned i = first; i < f->cluster->node_count; i++) {
		const struct way *way = &f->ways[i][f->chosen[i]];
		f->cluster->nodes[i].tiles = CLAMP(MAX(tiles, own[i]), way->low, way->tiles);
	}
}

static unsigned most_tiles(const struct map_plan *plan, const struct map_cluster *cluster,
                           unsigned samples)
{
	unsigned most = 1;
	for (unsigned i = 0; i < cluster->node_count; i++) {
		struct map_placed placed = map_place(plan, cluster->nodes[i].node, samples);
		most = MAX(most, map_most_tiles(&placed));
	}
	return most;
}

/* The chosen ways fit: with the fewest tiles for all that do. */
static void relax(const struct tile_fit *f, unsigned first, const unsigned *own)
{
	unsigned low = 1, high = most_tiles(f->plan, f->cluster, f->samples);
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		cut(f, first, middle, own);
		if (fits(f))
			high = middle;
		else
			low = middle + 1;
	}
	cut(f, first, high, own);
}

static unsigned *tiles_of(const struct map_cluster *cluster)
{
	unsigned *tiles = g_new(unsigned, cluster->node_count);
	for (unsigned i = 0; i < cluster->node_count; i++)
		tiles[i] = cluster->nodes[i].tiles;
	return tiles;
}

static void set_tiles(struct map_cluster *cluster, const unsigned *tiles)
{
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i].tiles = tiles[i];
}

/* Twice as many for all, until that fits or nothing gets smaller any more. */
static bool double_tiles(const struct tile_fit *f)
{
	unsigned most = most_tiles(f->plan, f->cluster, f->samples);
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < f->cluster->node_count; i++) {
			more = more || f->cluster->nodes[i].tiles < most;
			f->cluster->nodes[i].tiles = MIN(f->cluster->nodes[i].tiles * 2,
			                                 UINT_MAX / 2);
		}
		if (fits(f))
			return true;
	}
	return false;
}

bool search_fit_tiles(const struct map_plan *plan, unsigned segment, unsigned c,
                      struct map_scratch *scratch)
{
	struct tile_fit f;
	fitting_init(&f, plan, segment, c, scratch);
	bool fit = fits(&f);
	if (!fit) {
		g_autofree unsigned *own = tiles_of(f.cluster);
		find_ways(&f);
		fit = choose_ways(&f);
		if (!fit) {
			cut(&f, 0, UINT_MAX, own);
		} else if (!double_tiles(&f)) {
			relax(&f, 0, own);
		}
	}
	fitting_release(&f);
	return fit;
}

unsigned search_most_tiles(const struct map_plan *plan, unsigned segment, unsigned c)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	return most_tiles(plan, &s->clusters[c], s->microbatch);
}

/* ---- the first tile ---- */

/* With the first node's tiles as they are: others keep theirs, or get the ones that fit. */
static bool fit_others(struct tile_fit *f, const unsigned *own)
{
	if (fits(f))
		return true;
	if (!f->ways)
		find_ways(f);
	unsigned tiles = f->cluster->nodes[0].tiles;
	f->way_count[0] = 1;
	f->ways[0][0] = (struct way){ tiles, tiles, use_with(f, 0, tiles) };
	if (!choose_ways(f))
		return false;
	relax(f, 1, own);
	return true;
}

/* What decides on the first fetch. Returns whether it is another one than before. */
static bool note_first_tile(const struct tile_fit *f, GArray *before)
{
	struct map_placed placed = map_place(f->plan, f->cluster->nodes[0].node, f->samples);
	struct map_grid grid;
	unsigned mark = f->scratch->used, at = 0;
	bool same = before->len > 0;
	map_tile_grid(&placed, 0, f->scratch, &grid);
	for (int d = 0; d < MAP_DIMS; d++)
		for (unsigned i = 0; i < grid.parts[d]; i++, at++) {
			struct map_interval part = grid.part[d][i];
			if (at == before->len)
				g_array_append_val(before, part);
			struct map_interval *last = &g_array_index(before, struct map_interval, at);
			same = same && last->lo == part.lo && last->hi == part.hi;
			*last = part;
		}
	f->scratch->used = mark;
	return !same;
}

double search_best_tiles(struct cost_model *model, const struct map_plan *plan, unsigned segment,
                         const struct cost_segment *cost, bool quickly)
{
	struct tile_fit f;
	double load_ns = cost->load_ns, least_ns = cost->load_chain_ns, with_ns = load_ns;
	if (load_ns <= least_ns)
		return load_ns;
	fitting_init(&f, plan, segment, 0, &model->network.scratch);
	g_autofree unsigned *own = tiles_of(f.cluster), *best = tiles_of(f.cluster);
	g_autoptr(GArray) first_tile = g_array_new(FALSE, FALSE, sizeof(struct map_interval));
	struct map_placed placed = map_place(plan, f.cluster->nodes[0].node, f.samples);
	unsigned finest[MAP_DIMS], ways = map_finest_tiles(&placed, finest);
	unsigned count = quickly ? ways : finest[ways - 1];
	for (unsigned i = 0; i < count && load_ns > least_ns; i++) {
		set_tiles(f.cluster, own);
		f.cluster->nodes[0].tiles = quickly ? finest[i] : i + 1;
		if (note_first_tile(&f, first_tile))
			with_ns = cost_evaluate_load(model, plan, segment);
		if (!(with_ns < load_ns * (1 - 1e-12)) || !fit_others(&f, own))
			continue;
		load_ns = with_ns;
		for (unsigned n = 0; n < f.cluster->node_count; n++)
			best[n] = f.cluster->nodes[n].tiles;
	}
	set_tiles(f.cluster, best);
	fitting_release(&f);
	return load_ns;
}

void search_choose_tiles(struct cost_model *model, struct map_mapping *mapping)
{
	g_autofree double *cluster_ns = g_new(double, model->workload->node_count);
	struct map_plan plan;
	map_plan_init(&plan, mapping, model->workload, model->package);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		struct cost_segment cost = cost_evaluate_segment(model, &plan, s, cluster_ns, NULL);
		search_best_tiles(model, &plan, s, &cost, false);
	}
	map_plan_release(&plan);
}

/*
 * Invariant: every byte of a segment is in exactly one phase (load, weights or
 * traffic of one node), so totals are sums over phases.
 */
#include "search/cost/cost.h"
#include "search/traffic/movement.h"

#include <string.h>

/* Only resources on which a cluster has at least this share of its largest load are met. */
#define BUSY 0.1F

#define MOST_TILES 4 /* of a node whose traffic is looked at one by one */

/* One segment being walked. */
struct segment_walk {
	struct cost_model *model;
	const struct map_plan *plan;
	const struct map_segment *segment;
	struct cost_features *features; /* NULL: only totals are of interest */
	bool detailed;
};

static struct segment_walk walk_of(struct cost_model *model, const struct map_plan *plan,
                                   const struct map_segment *segment,
                                   struct cost_features *features)
{
	if (model->recall)
		cost_cache_segment(model->recall, segment);
	return (struct segment_walk){ model, plan, segment, features,
		                      features && features->detailed };
}

static struct cost_work work_of(struct cost_model *model, const struct map_phase *phase)
{
	struct map_phase_time time = map_phase_time(&model->network, phase);
	return (struct cost_work){ time.nop_ns, time.dram_ns, time.latency_ns };
}

static void take_phase(struct cost_model *model, const struct map_phase *phase,
                       struct cost_totals *totals)
{
	map_phase_add(&model->shared, phase);
	if (totals)
		cost_phase_totals(&model->network, phase, totals);
}

/* Transfers to other clusters alone. */
static double between_ns(struct cost_model *model, const struct map_placed *placed)
{
	map_phase_clear(&model->part);
	map_add_movements(&model->network, placed, MAP_MOVES_BETWEEN, MAP_WHOLE, &model->part);
	return map_phase_ns(&model->network, &model->part);
}

/* What a phase puts on resources, for its cluster: as traffic (0) or weights (1). */
static void note_own(struct cost_model *model, unsigned cluster, const struct map_phase *phase,
                     unsigned weights)
{
	float *own = model->own + 2 * (size_t)cluster * hw_resource_count(model->package) + weights;
	const double *loads = map_phase_loads(&model->network, phase);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		own[2 * r] += (float)(loads[r] * model->network.ns_per_byte[r]);
	}
}

/*
 * What leaves tile by tile: the slowest link may be another one for each tile, so it takes longer
 * than all of it together. Of many tiles a few stand for all.
 */
static struct cost_work leaving_by_tiles(struct cost_model *model, const struct map_placed *placed,
                                         unsigned tiles)
{
	struct cost_work sum = { 0, 0, 0 };
	unsigned tried = MIN(tiles, MOST_TILES);
	for (unsigned i = 0; i < tried; i++) {
		map_phase_clear(&model->part);
		map_add_movements(&model->network, placed, MAP_MOVES_OUT,
		                  (unsigned)((uint64_t)i * tiles / tried), &model->part);
		struct cost_work work = work_of(model, &model->part);
		sum.nop_ns += work.nop_ns * tiles / tried;
		sum.dram_ns += work.dram_ns * tiles / tried;
		sum.latency_ns = MAX(sum.latency_ns, work.latency_ns);
	}
	return sum;
}

/* Both into model->node. */
static void node_traffic(const struct segment_walk *w, const struct map_placed *placed,
                         struct cost_node_features *f)
{
	struct cost_model *model = w->model;
	struct map_network *network = &model->network;
	map_phase_clear(&model->node);
	map_add_movements(network, placed, MAP_MOVES_OUT, MAP_WHOLE, &model->node);
	if (w->detailed) {
		f->leaving = work_of(model, &model->node);
		f->by_tiles = leaving_by_tiles(model, placed, f->tiles);
		map_phase_clear(&model->part);
		map_add_movements(network, placed, MAP_MOVES_FETCH, MAP_WHOLE, &model->part);
		f->fetches = work_of(model, &model->part);
	}
	map_add_movements(network, placed, MAP_MOVES_FETCH, MAP_WHOLE, &model->node);
	f->traffic = work_of(model, &model->node);
}

double cost_weights_ns(struct cost_model *model, const struct map_placed *placed)
{
	map_phase_clear(&model->part);
	map_add_movements(&model->network, placed, MAP_MOVES_WEIGHTS, MAP_WHOLE, &model->part);
	return map_phase_ns(&model->network, &model->part);
}

/* What a node computes and moves but its weights, into model->node. */
static void walk_traffic(const struct segment_walk *w, const struct map_placed *placed,
                         struct cost_node_features *f, struct cost_totals *compute)
{
	struct cost_model *model = w->model;
	struct cost_key key = { 0 };
	if (model->recall) {
		key = cost_cache_key(model->recall, w->plan, placed, COST_TRAFFIC, w->detailed);
		if (cost_cache_get(model->recall, key, &model->node, f, compute))
			return;
	}
	*f = (struct cost_node_features){ .tiles = 1 };
	*compute = (struct cost_totals){ 0 };
	map_tile_dim(placed, &f->tiles);
	f->compute_ns = map_shares(placed, model->package, &model->network.scratch,
	                           model->network.shares);
	cost_compute_totals(model->package, placed, model->network.shares, compute);
	node_traffic(w, placed, f);
	if (w->detailed)
		f->between_ns = between_ns(model, placed);
	if (model->recall)
		cost_cache_keep(model->recall, key, &model->node, f, compute);
}

/* Weights of every micro-batch (or those that are loaded) into model->part. */
static struct cost_work walk_weights(const struct segment_walk *w, const struct map_placed *placed,
                                     enum cost_kept what)
{
	struct cost_model *model = w->model;
	unsigned kinds = what == COST_LOAD ? MAP_MOVES_LOAD | MAP_MOVES_STREAM : MAP_MOVES_WEIGHTS;
	struct cost_node_features f = { 0 };
	struct cost_key key = { 0 };
	bool recall = model->recall && (what == COST_LOAD || placed->weights != MAP_RESIDENT);
	if (recall) {
		key = cost_cache_key(model->recall, w->plan, placed, what, false);
		if (cost_cache_get(model->recall, key, &model->part, &f, NULL))
			return f.weights;
	}
	map_phase_clear(&model->part);
	map_add_movements(&model->network, placed, kinds, MAP_WHOLE, &model->part);
	f.weights = work_of(model, &model->part);
	if (recall)
		cost_cache_keep(model->recall, key, &model->part, &f, NULL);
	return f.weights;
}

/* One node for one micro-batch; its phases are added to model->shared. */
static struct cost_node_features walk_node(const struct segment_walk *w,
                                           const struct map_placed *placed, unsigned cluster,
                                           struct cost_totals *totals)
{
	struct cost_model *model = w->model;
	struct cost_node_features f;
	struct cost_totals compute;
	walk_traffic(w, placed, &f, &compute);
	if (totals)
		cost_add(totals, &compute, 1);
	take_phase(model, &model->node, totals);
	if (w->detailed)
		note_own(model, cluster, &model->node, 0);
	f.weights = walk_weights(w, placed, COST_WEIGHTS);
	take_phase(model, &model->part, totals);
	if (w->detailed)
		note_own(model, cluster, &model->part, 1);
	return f;
}

/* All nodes for one micro-batch. */
static void walk_nodes(const struct segment_walk *w, unsigned samples, struct cost_totals *totals)
{
	struct cost_features *features = w->features;
	map_phase_clear(&w->model->shared);
	for (unsigned c = 0; c < w->segment->cluster_count; c++) {
		const struct map_cluster *of = &w->segment->clusters[c];
		struct cost_cluster_features cluster = {
			.first_node = features ? features->nodes->len : 0,
			.node_count = of->node_count
		};
		for (unsigned i = 0; i < of->node_count; i++) {
			struct map_placed placed = map_place(w->plan, of->nodes[i].node, samples);
			struct cost_node_features f = walk_node(w, &placed, c, totals);
			if (features)
				g_array_append_val(features->nodes, f);
		}
		if (features)
			g_array_append_val(features->clusters, cluster);
	}
}

void cost_walk_microbatch(struct cost_model *model, const struct map_plan *plan,
                          const struct map_segment *segment, unsigned samples,
                          struct cost_totals *totals)
{
	struct segment_walk w = walk_of(model, plan, segment, NULL);
	walk_nodes(&w, samples, totals);
}

/* ---- loading ---- */

static void add_to_chain(struct cost_work *chain, const struct cost_work *work)
{
	if (work->nop_ns >= work->dram_ns)
		chain->nop_ns += work->nop_ns;
	else
		chain->dram_ns += work->dram_ns;
	chain->latency_ns += work->latency_ns;
}

static double chain_ns(const struct cost_work *chain)
{
	return chain->nop_ns + chain->dram_ns + chain->latency_ns;
}

/* A cluster's weights that are loaded once, one node after another; into model->load, too. */
static struct cost_work walk_loads(const struct segment_walk *w, const struct map_cluster *cluster)
{
	struct cost_model *model = w->model;
	struct cost_work chain = { 0, 0, 0 };
	for (unsigned i = 0; i < cluster->node_count; i++) {
		struct map_placed placed = map_place(w->plan, cluster->nodes[i].node,
		                                     w->segment->microbatch);
		bool once = placed.weights != MAP_STREAMED;
		struct cost_work work = { 0, 0, 0 };
		map_phase_clear(&model->part);
		if (once || (i == 0 && w->detailed))
			work = walk_weights(w, &placed, COST_LOAD);
		g_array_append_val(w->features->loads, work);
		if (w->detailed)
			map_phase_add(&model->node, &model->part); /* free until nodes are walked */
		if (!once)
			continue;
		add_to_chain(&chain, &work);
		map_phase_add(&model->load, &model->part);
	}
	return chain;
}

/* Weights loaded once and the first input: the longest of all of it together, and of
 * each cluster's own loads one after another. */
static void walk_load(const struct segment_walk *w, struct cost_totals *totals)
{
	struct cost_model *model = w->model;
	const struct map_segment *segment = w->segment;
	struct cost_features *f = w->features;
	map_phase_clear(&model->load);
	map_phase_clear(&model->node);
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		struct cost_work chain = walk_loads(w, &segment->clusters[c]);
		if (chain_ns(&chain) > chain_ns(&f->load_chain))
			f->load_chain = chain;
	}
	f->first_loads = work_of(model, &model->node);
	if (totals)
		cost_phase_totals(&model->network, &model->load, totals);
	/* The first input is fetched like every other and is in the totals of its node. */
	unsigned first = segment->clusters[0].nodes[0].node;
	struct map_placed placed = map_place(w->plan, first, segment->microbatch);
	map_add_movements(&model->network, &placed, MAP_MOVES_FETCH, 0, &model->load);
	f->load = work_of(model, &model->load);
}

double cost_evaluate_load(struct cost_model *model, const struct map_plan *plan, unsigned segment)
{
	cost_features_clear(&model->features);
	model->features.detailed = false;
	struct segment_walk w = walk_of(model, plan, &plan->mapping->segments[segment],
	                                &model->features);
	walk_load(&w, NULL);
	return cost_load_ns(&model->features, &model->parameters);
}

/* ---- details ---- */

static void clear_own(struct cost_model *model, unsigned clusters)
{
	size_t count = 2 * (size_t)clusters * hw_resource_count(model->package);
	if (count > model->own_count) {
		g_free(model->own);
		model->own = g_new(float, count);
		model->own_count = count;
	}
	memset(model->own, 0, count * sizeof *model->own);
}

static void extract_meetings(const struct segment_walk *w, unsigned cluster)
{
	struct cost_model *model = w->model;
	const struct map_phase *shared = &model->shared;
	struct cost_cluster_features *f = &g_array_index(w->features->clusters,
	                                                 struct cost_cluster_features, cluster);
	const float *own = model->own + 2 * (size_t)cluster * hw_resource_count(model->package);
	const double *loads = map_phase_loads(&model->network, shared);
	float largest = 0;
	for (unsigned i = 0; i < shared->touched_count; i++)
		largest = MAX(largest,
		              own[2 * shared->touched[i]] + own[2 * shared->touched[i] + 1]);
	f->first_meeting = w->features->meetings->len;
	for (unsigned i = 0; i < shared->touched_count; i++) {
		unsigned r = shared->touched[i];
		struct cost_meeting m = { own[2 * r], own[2 * r + 1], 0 };
		float both = m.traffic_ns + m.weights_ns;
		if (both <= BUSY * largest)
			continue;
		float all = (float)(loads[r] * model->network.ns_per_byte[r]);
		m.others_ns = MAX(all - both, 0);
		g_array_append_val(w->features->meetings, m);
	}
	f->meeting_count = w->features->meetings->len - f->first_meeting;
}

/* Tiles of the producer that the reader's first tile waits for, and tiles of the reader that
 * wait for the producer's last one. */
static void find_overlap(const struct segment_walk *w, const struct wl_edge *edge,
                         struct cost_edge_features *f)
{
	struct map_network *network = &w->model->network;
	struct map_placed from = map_place(w->plan, (unsigned)edge->from, w->segment->microbatch);
	struct map_placed to = map_place(w->plan, edge->to, w->segment->microbatch);
	unsigned from_tiles, to_tiles, tail = 0;
	map_tile_dim(&from, &from_tiles);
	map_tile_dim(&to, &to_tiles);
	unsigned head = from_tiles;
	while (head > 1 && !map_tile_feeds(network, &from, head - 1, &to, 0, edge))
		head--;
	while (tail < to_tiles && !map_tile_feeds(network, &from, from_tiles - 1, &to, tail, edge))
		tail++;
	f->head = (float)head / (float)from_tiles;
	f->tail = (float)(to_tiles - tail) / (float)to_tiles;
}

/* The place of a workload's node among the features. */
static unsigned place_of(const struct segment_walk *w, unsigned node)
{
	const struct map_plan_node *at = &w->plan->nodes[node];
	unsigned first = g_array_index(w->features->clusters, struct cost_cluster_features,
	                               at->cluster)
	                         .first_node;
	return first + (unsigned)(at->how - at->where->nodes);
}

static void extract_edges(const struct segment_walk *w, unsigned cluster)
{
	const struct map_cluster *of = &w->segment->clusters[cluster];
	const struct wl_workload *workload = w->model->workload;
	for (unsigned i = 0; i < of->node_count; i++) {
		unsigned node = of->nodes[i].node;
		const struct wl_node *reader = &workload->nodes[node];
		for (unsigned e = 0; e < reader->edge_in_count; e++) {
			const struct wl_edge *edge = &workload->edges[reader->edges_in[e]];
			if (map_edge_way(w->plan, edge) != MAP_BETWEEN_CLUSTERS)
				continue;
			struct cost_edge_features f = {
				.from_cluster = w->plan->nodes[edge->from].cluster,
				.to_cluster = cluster,
				.from_node = place_of(w, (unsigned)edge->from),
				.to_node = place_of(w, node)
			};
			find_overlap(w, edge, &f);
			g_array_append_val(w->features->edges, f);
		}
	}
}

static void extract_prefetch(const struct segment_walk *w, unsigned cluster)
{
	const struct map_plan *plan = w->plan;
	const struct map_cluster *of = &w->segment->clusters[cluster];
	struct cost_node_features *f = &g_array_index(
		w->features->nodes, struct cost_node_features,
		g_array_index(w->features->clusters, struct cost_cluster_features, cluster)
			.first_node);
	struct map_buffer_use use;
	map_weight_use(plan, (unsigned)(w->segment - plan->mapping->segments), cluster, &use);
	for (unsigned i = 0; i < of->node_count; i++) {
		f[i].streamed = of->nodes[i].weights == MAP_STREAMED;
		f[i].prefetched = map_prefetches(plan, of->nodes[i].node, &use);
	}
}

void cost_features_extract(struct cost_model *model, const struct map_plan *plan,
                           const struct map_segment *segment, bool detailed,
                           struct cost_features *f, struct cost_totals *full,
                           struct cost_totals *totals)
{
	cost_features_clear(f);
	f->microbatches = map_microbatches(plan->mapping->batch, segment->microbatch);
	f->detailed = detailed;
	struct segment_walk w = walk_of(model, plan, segment, f);
	if (detailed)
		clear_own(model, segment->cluster_count);
	walk_load(&w, totals);
	walk_nodes(&w, segment->microbatch, totals ? full : NULL);
	f->shared = work_of(model, &model->shared);
	f->shared.latency_ns = 0;
	for (unsigned c = 0; detailed && c < segment->cluster_count; c++) {
		extract_meetings(&w, c);
		extract_edges(&w, c);
		extract_prefetch(&w, c);
	}
}

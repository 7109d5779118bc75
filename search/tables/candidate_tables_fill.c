/*
 * Invariant: rows are filled from the functions that cost a final mapping
 * (map_shares, map_transfer, ...); the search has no formula of its own. An
 * item of parallel work is one row, so threads never write the same.
 */
#include "hw/base/threads.h"
#include "search/tables/candidate_tables.h"
#include "search/traffic/movement.h"

#include <string.h>

static struct map_placed place_at(const struct search_space *space, unsigned node, unsigned size,
                                  const struct search_choice *choice, unsigned samples)
{
	struct map_placed placed = { .workload = space->workload,
		                     .node = &space->workload->nodes[node],
		                     .region = space->serpentine,
		                     .region_size = size,
		                     .weights = MAP_RESIDENT,
		                     .tiles = 1,
		                     .samples = samples,
		                     .by_speed = space->by_speed ? space->package : NULL };
	memcpy(placed.split, choice->split, sizeof placed.split);
	return placed;
}

static struct search_time take_time(struct search_worker *worker)
{
	struct map_phase *phase = &worker->phase;
	struct search_time time = { 0, 0 };
	if (!map_phase_empty(phase)) {
		struct map_phase_time alone = map_phase_time(&worker->network, phase);
		time.latency_ns = (float)alone.latency_ns;
		time.sample_ns = (float)alone.load_ns;
	}
	map_phase_clear(phase);
	return time;
}

/* Traffic is measured at the anchors (all sizes up to 16, then every third) and
 * interpolated between them; it is smooth in the size, and large regions are costly. */
static bool is_anchor(const struct search_space *space, unsigned r)
{
	return space->sizes[r] <= 16 || r + 1 == space->size_count || r % 3 == 0;
}

static void fill_splits(const struct search_space *space, unsigned node, unsigned size,
                        struct search_choice *choices)
{
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		choices[s].valid = true;
		search_choose_split(&space->workload->nodes[node], (enum search_split)s, size,
		                    choices[s].split);
		for (unsigned t = 0; t < s; t++)
			if (!memcmp(choices[s].split, choices[t].split, sizeof choices[s].split))
				choices[s].valid = false;
	}
}

static void fill_bytes(const struct search_space *space, struct search_worker *worker,
                       unsigned node, unsigned size, struct search_choice *choice)
{
	struct map_scratch *scratch = &worker->network.scratch;
	struct map_placed placed = place_at(space, node, size, choice, 1);
	struct map_grid grid;
	unsigned mark = scratch->used;
	choice->most_tiles = map_most_tiles(&placed);
	map_output_grid(&placed, scratch, &grid);
	choice->output_bytes = map_largest_box(&grid) * space->workload->activation_bytes;
	scratch->used = mark;
	choice->weight_bytes = map_share_weight_bytes(&placed);
	choice->shard_bytes = map_shard_bytes(&placed);
}

static void fill_times(const struct search_space *space, struct search_worker *worker,
                       unsigned node, unsigned size, struct search_choice *choice)
{
	struct map_network *network = &worker->network;
	struct map_placed placed = place_at(space, node, size, choice, 1);
	map_store(network, &placed, MAP_WHOLE, &worker->phase);
	choice->store = take_time(worker);
	map_halo(network, &placed, MAP_WHOLE, &worker->phase);
	choice->halo = take_time(worker);
	placed.weights = MAP_STREAMED;
	map_add_movements(network, &placed, MAP_MOVES_WEIGHTS, MAP_WHOLE, &worker->phase);
	choice->stream_ns = search_time_ns(take_time(worker), 1);
	placed.weights = MAP_DISTRIBUTED;
	map_add_movements(network, &placed, MAP_MOVES_WEIGHTS, MAP_WHOLE, &worker->phase);
	choice->gather_ns = search_time_ns(take_time(worker), 1);
}

/* Item: one node kind on one size, large sizes first. */
static void fill_node(void *data, unsigned thread, unsigned index)
{
	struct search_space *space = data;
	unsigned node = space->kind_node[index % space->node_kinds];
	unsigned r = space->size_count - 1 - index / space->node_kinds;
	struct search_choice *choices = &space->choices[search_row(space, node, r)];
	fill_splits(space, node, space->sizes[r], choices);
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		fill_bytes(space, &space->workers[thread], node, space->sizes[r], &choices[s]);
		if (is_anchor(space, r))
			fill_times(space, &space->workers[thread], node, space->sizes[r],
			           &choices[s]);
	}
}

static void fill_transfers(const struct search_space *space, struct search_worker *worker,
                           unsigned e, unsigned r, struct search_edge *costs)
{
	const struct wl_edge *edge = &space->workload->edges[e];
	unsigned size = space->sizes[r], next = MIN(size, space->chiplets - size);
	const struct search_choice *from = search_choices(space, (unsigned)edge->from, r);
	const struct search_choice *to = search_choices(space, edge->to, r);
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		struct map_placed a = place_at(space, (unsigned)edge->from, size, &from[s], 1);
		for (int t = 0; t < SEARCH_SPLITS; t++) {
			struct map_placed b = place_at(space, edge->to, size, &to[t], 1);
			map_transfer(&worker->network, &a, MAP_WHOLE, &b, edge, &worker->phase);
			costs->within[s][t] = take_time(worker);
			if (t != s && t != SEARCH_WSP_2D)
				continue; /* a reader elsewhere splits alike or at its best */
			b.region = space->serpentine + next;
			map_transfer(&worker->network, &a, MAP_WHOLE, &b, edge, &worker->phase);
			struct search_time leave = take_time(worker);
			if (t == s || search_time_ns(leave, 1) < search_time_ns(costs->leave[s], 1))
				costs->leave[s] = leave;
		}
	}
}

/* Item: one edge kind on one size, large sizes first. */
static void fill_edge(void *data, unsigned thread, unsigned index)
{
	struct search_space *space = data;
	struct search_worker *worker = &space->workers[thread];
	unsigned kind = index % space->edge_kinds, e = space->kind_edge[kind];
	unsigned r = space->size_count - 1 - index / space->edge_kinds;
	struct search_edge *costs = &space->edges[(size_t)kind * space->size_count + r];
	const struct wl_edge *edge = &space->workload->edges[e];
	const struct search_choice *to = search_choices(space, edge->to, r);
	for (int t = 0; t < SEARCH_SPLITS; t++) {
		struct map_placed b = place_at(space, edge->to, space->sizes[r], &to[t], 1);
		costs->need_bytes[t] = map_input_bytes(&b, edge, &worker->network.scratch);
		if (!is_anchor(space, r))
			continue;
		map_fetch(&worker->network, &b, MAP_WHOLE, edge, &worker->phase);
		costs->fetch[t] = take_time(worker);
	}
	if (edge->from >= 0 && is_anchor(space, r))
		fill_transfers(space, worker, e, r, costs);
}

/* The anchors around a size, and how far it is from the lower one towards the upper one. */
struct anchors {
	unsigned below, above;
	float part;
};

static struct anchors find_anchors(const struct search_space *space, unsigned r)
{
	struct anchors a = { r, r, 0 };
	while (!is_anchor(space, a.below))
		a.below--;
	while (!is_anchor(space, a.above))
		a.above++;
	a.part = (float)(space->sizes[r] - space->sizes[a.below]) /
	         (float)(space->sizes[a.above] - space->sizes[a.below]);
	return a;
}

static float number_between(float a, float b, float part)
{
	return a + part * (b - a);
}

static struct search_time time_between(struct search_time a, struct search_time b, float part)
{
	return (struct search_time){ number_between(a.latency_ns, b.latency_ns, part),
		                     number_between(a.sample_ns, b.sample_ns, part) };
}

static void interpolate_node(const struct search_space *space, unsigned node, unsigned r)
{
	struct anchors at = find_anchors(space, r);
	struct search_choice *to = &space->choices[search_row(space, node, r)];
	const struct search_choice *a = search_choices(space, node, at.below);
	const struct search_choice *b = search_choices(space, node, at.above);
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		to[s].store = time_between(a[s].store, b[s].store, at.part);
		to[s].halo = time_between(a[s].halo, b[s].halo, at.part);
		to[s].gather_ns = number_between(a[s].gather_ns, b[s].gather_ns, at.part);
		to[s].stream_ns = number_between(a[s].stream_ns, b[s].stream_ns, at.part);
	}
}

static void interpolate_edge(const struct search_space *space, struct search_edge *costs,
                             unsigned r)
{
	struct anchors at = find_anchors(space, r);
	const struct search_edge *a = &costs[at.below], *b = &costs[at.above];
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		costs[r].fetch[s] = time_between(a->fetch[s], b->fetch[s], at.part);
		costs[r].leave[s] = time_between(a->leave[s], b->leave[s], at.part);
		for (int t = 0; t < SEARCH_SPLITS; t++)
			costs[r].within[s][t] = time_between(a->within[s][t], b->within[s][t],
			                                     at.part);
	}
}

void search_space_fill(struct search_space *space)
{
	size_t rows = (size_t)space->node_kinds * space->size_count * SEARCH_SPLITS;
	space->choices = g_new0(struct search_choice, rows);
	space->computes = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	space->edges = g_new0(struct search_edge, (size_t)space->edge_kinds * space->size_count);
	search_parallel(space->crew, space->node_kinds * space->size_count, fill_node, space);
	search_parallel(space->crew, space->edge_kinds * space->size_count, fill_edge, space);
	for (unsigned r = 0; r < space->size_count; r++) {
		if (is_anchor(space, r))
			continue;
		for (unsigned n = 0; n < space->node_kinds; n++)
			interpolate_node(space, space->kind_node[n], r);
		for (unsigned e = 0; e < space->edge_kinds; e++)
			interpolate_edge(space, &space->edges[(size_t)e * space->size_count], r);
	}
}

static void fill_compute(void *data, unsigned thread, unsigned index)
{
	struct search_space *space = data;
	struct search_worker *worker = &space->workers[thread];
	unsigned node = space->kind_node[index % space->node_kinds];
	unsigned r = space->size_count - 1 - index / space->node_kinds;
	size_t row = search_row(space, node, r);
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		struct map_placed placed = place_at(space, node, space->sizes[r],
		                                    &space->choices[row + s], space->samples);
		if (space->choices[row + s].valid)
			space->compute_ns[row + s] = (float)map_shares(&placed, space->package,
			                                               &worker->network.scratch,
			                                               worker->network.shares);
	}
}

void search_space_samples(struct search_space *space, unsigned samples)
{
	gpointer key = GUINT_TO_POINTER(samples);
	space->samples = samples;
	space->compute_ns = g_hash_table_lookup(space->computes, key);
	if (space->compute_ns)
		return;
	space->compute_ns = g_new0(float,
	                           (size_t)space->node_kinds * space->size_count * SEARCH_SPLITS);
	g_hash_table_insert(space->computes, key, space->compute_ns);
	search_parallel(space->crew, space->node_kinds * space->size_count, fill_compute, space);
}

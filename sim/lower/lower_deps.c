/*
 * Invariant: every dependency points to an earlier micro-batch, or within the
 * same one to something earlier in the network's order, or to weights. So no
 * program that a valid mapping gives can wait for itself.
 */
#include "sim/lower/lower_private.h"

/* A member of a cyclic sequence and how many micro-batches back it is. */
struct place {
	uint32_t index, back;
};

/* The one `steps` before `index` in a sequence of `count` that repeats per micro-batch. */
static struct place before(uint32_t index, uint32_t count, uint32_t steps)
{
	struct place place = { index + count - steps % count, steps / count };
	if (place.index >= count)
		place.index -= count;
	else
		place.back++;
	return place;
}

static void add_dep(struct lowering *l, uint32_t on, uint32_t back, enum sim_cause cause)
{
	struct sim_dep dep = { .task = on, .back = back & SIM_MOST_BACK, .cause = cause };
	if (on != SIM_NONE)
		g_array_append_val(l->lowered->program->deps, dep);
}

static void begin_deps(struct lowering *l, uint32_t task)
{
	lower_task(l, task)->first_dep = l->lowered->program->deps->len;
}

static void end_deps(struct lowering *l, uint32_t task)
{
	struct sim_task *t = lower_task(l, task);
	t->dep_count = l->lowered->program->deps->len - t->first_dep;
}

static const struct map_cluster *cluster_of(const struct lowering *l, unsigned node)
{
	return l->plan->nodes[node].where;
}

static uint32_t last_tile(const struct lowering *l, unsigned node)
{
	return l->nodes[node].first_compute + l->nodes[node].tiles - 1;
}

/* ---- compute ---- */

static bool feeds(struct lowering *l, const struct wl_edge *edge, unsigned from_tile,
                  unsigned to_tile, unsigned samples)
{
	struct map_placed from = map_place(l->plan, (unsigned)edge->from, samples);
	struct map_placed to = map_place(l->plan, edge->to, samples);
	return map_tile_feeds(&l->network, &from, from_tile, &to, to_tile, edge);
}

/* Transfers that bring something that the tile reads. What needs no transfer is on the same
 * chiplets and was computed before. */
static void add_transfer_deps(struct lowering *l, uint32_t task, const struct wl_edge *edge)
{
	const uint32_t *transfers = l->edges[edge - l->plan->workload->edges];
	unsigned tile = lower_task(l, task)->tile;
	for (unsigned t = 0; t < l->nodes[edge->from].tiles; t++) {
		if (transfers[t] == SIM_NONE)
			continue;
		if (!feeds(l, edge, t, tile, l->microbatch) &&
		    !(l->tail && feeds(l, edge, t, tile, l->tail)))
			continue;
		add_dep(l, transfers[t], 0, SIM_FOR_DATA);
		uint32_t *first = &lower_info(l, transfers[t])->feeds;
		*first = MIN(*first, task);
	}
}

static void add_input_deps(struct lowering *l, uint32_t task)
{
	const struct sim_task *t = lower_task(l, task);
	const struct lower_node *at = &l->nodes[t->node];
	const struct wl_node *node = &l->plan->workload->nodes[t->node];
	if (at->gather != SIM_NONE)
		add_dep(l, at->gather, 0, SIM_FOR_DATA);
	else
		add_dep(l, at->load, 0, SIM_FOR_DRAM);
	for (unsigned i = 0; i < node->edge_in_count; i++) {
		const struct wl_edge *edge = &l->plan->workload->edges[node->edges_in[i]];
		if (map_edge_way(l->plan, edge) == MAP_THROUGH_DRAM)
			add_dep(l, l->edges[node->edges_in[i]][t->tile], 0, SIM_FOR_DRAM);
		else
			add_transfer_deps(l, task, edge);
	}
}

/* All that takes a compute task's output away. */
static void add_output_deps(struct lowering *l, uint32_t task, uint32_t back)
{
	const struct sim_task *t = lower_task(l, task);
	const struct lower_node *at = &l->nodes[t->node];
	const struct wl_node *node = &l->plan->workload->nodes[t->node];
	for (unsigned i = 0; i < node->edge_out_count; i++) {
		unsigned edge = node->edges_out[i];
		if (map_edge_way(l->plan, &l->plan->workload->edges[edge]) != MAP_THROUGH_DRAM)
			add_dep(l, l->edges[edge][t->tile], back, SIM_FOR_ROOM);
	}
	add_dep(l, at->halo[t->tile], back, SIM_FOR_ROOM);
	if (at->store)
		add_dep(l, at->store[t->tile], back, SIM_FOR_DRAM);
}

static void add_compute_deps(struct lowering *l, const struct sim_region *region, uint32_t index)
{
	uint32_t task = region->first_compute + index;
	struct place previous = before(index, region->compute_count, 1);
	struct place two_back = before(index, region->compute_count, MAP_TILE_BUFFERS);
	begin_deps(l, task);
	add_dep(l, region->first_compute + previous.index, previous.back, SIM_FOR_TURN);
	add_input_deps(l, task);
	add_output_deps(l, region->first_compute + two_back.index, two_back.back);
	end_deps(l, task);
}

/* ---- weights ---- */

/* When the region is done with the node `steps` places before in the cluster's cycle. */
static void add_node_done_dep(struct lowering *l, unsigned node, unsigned steps)
{
	const struct map_cluster *cluster = cluster_of(l, node);
	struct place place = before(l->nodes[node].position, cluster->node_count, steps);
	add_dep(l, last_tile(l, cluster->nodes[place.index].node), place.back, SIM_FOR_TURN);
}

/* Loads that happen once: one after another within the cluster, in node order. */
static uint32_t load_before(const struct lowering *l, unsigned node)
{
	const struct map_cluster *cluster = cluster_of(l, node);
	for (unsigned i = l->nodes[node].position; i-- > 0;) {
		uint32_t load = l->nodes[cluster->nodes[i].node].load;
		if (load != SIM_NONE && lower_task(l, load)->once)
			return load;
	}
	return SIM_NONE;
}

static void add_weight_deps(struct lowering *l, unsigned node)
{
	const struct lower_node *at = &l->nodes[node];
	if (at->load != SIM_NONE) {
		begin_deps(l, at->load);
		if (lower_task(l, at->load)->once)
			add_dep(l, load_before(l, node), 0, SIM_FOR_TURN);
		else
			add_node_done_dep(l, node, map_prefetches(l->plan, node, &l->use) ? 2 : 1);
		end_deps(l, at->load);
	}
	if (at->gather != SIM_NONE) {
		begin_deps(l, at->gather);
		add_node_done_dep(l, node, 1);
		add_dep(l, at->load, 0, SIM_FOR_DRAM);
		end_deps(l, at->gather);
	}
}

/* ---- activations ---- */

/* A fetch waits for one of the two tile buffers. */
static void add_fetch_deps(struct lowering *l, const struct wl_edge *edge)
{
	const struct lower_node *at = &l->nodes[edge->to];
	const uint32_t *fetches = l->edges[edge - l->plan->workload->edges];
	for (unsigned t = 0; t < at->tiles; t++) {
		if (fetches[t] == SIM_NONE)
			continue;
		struct place place = before(t, at->tiles, MAP_TILE_BUFFERS);
		begin_deps(l, fetches[t]);
		add_dep(l, at->first_compute + place.index, place.back, SIM_FOR_TURN);
		end_deps(l, fetches[t]);
	}
}

/* A transfer between clusters waits for one of the consumer's micro-batch buffers. */
static void add_transfer_own_deps(struct lowering *l, const struct wl_edge *edge)
{
	const struct lower_node *from = &l->nodes[edge->from];
	const uint32_t *transfers = l->edges[edge - l->plan->workload->edges];
	bool between = map_edge_way(l->plan, edge) == MAP_BETWEEN_CLUSTERS;
	uint32_t buffers = between ? map_edge_buffers(map_edge_distance(l->plan, edge)) : 0;
	for (unsigned t = 0; t < from->tiles; t++) {
		if (transfers[t] == SIM_NONE)
			continue;
		begin_deps(l, transfers[t]);
		add_dep(l, from->first_compute + t, 0, SIM_FOR_DATA);
		if (between)
			add_dep(l, last_tile(l, edge->to), buffers, SIM_FOR_ROOM);
		end_deps(l, transfers[t]);
	}
}

static void add_own_output_deps(struct lowering *l, unsigned node)
{
	const struct lower_node *at = &l->nodes[node];
	for (unsigned t = 0; t < at->tiles; t++) {
		const uint32_t tasks[] = { at->store ? at->store[t] : SIM_NONE, at->halo[t] };
		for (unsigned i = 0; i < G_N_ELEMENTS(tasks); i++) {
			if (tasks[i] == SIM_NONE)
				continue;
			begin_deps(l, tasks[i]);
			add_dep(l, at->first_compute + t, 0, SIM_FOR_DATA);
			end_deps(l, tasks[i]);
		}
	}
}

static void add_node_deps(struct lowering *l, unsigned node)
{
	const struct wl_node *n = &l->plan->workload->nodes[node];
	add_weight_deps(l, node);
	for (unsigned i = 0; i < n->edge_in_count; i++) {
		const struct wl_edge *edge = &l->plan->workload->edges[n->edges_in[i]];
		if (map_edge_way(l->plan, edge) == MAP_THROUGH_DRAM)
			add_fetch_deps(l, edge);
		else
			add_transfer_own_deps(l, edge);
	}
	add_own_output_deps(l, node);
}

void lower_deps(struct lowering *l)
{
	const struct map_segment *segment = lower_segment(l);
	unsigned first = l->lowered->regions->len - segment->cluster_count;
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		struct sim_region region = g_array_index(l->lowered->regions, struct sim_region,
		                                         first + c);
		map_weight_use(l->plan, l->segment, c, &l->use);
		for (uint32_t i = 0; i < region.compute_count; i++)
			add_compute_deps(l, &region, i);
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++)
			add_node_deps(l, segment->clusters[c].nodes[i].node);
	}
}

/*
 * Invariant: a task exists exactly if it computes, or if its phase moves bytes
 * for a full or for the tail micro-batch.
 */
#include "sim/lower/lower_private.h"

#include "search/traffic/movement.h"

/* ---- compute tiles ---- */

/* floor(whole * part / of) without overflow; parts of a whole add up to it. */
static uint64_t proportion(uint64_t whole, uint64_t part, uint64_t of)
{
	return whole / of * part + whole % of * part / of;
}

/* One chiplet's piece of its share: `volume` output elements after those done. */
static void cut_share(struct lowering *l, const struct map_placed *placed, unsigned box,
                      uint64_t volume, unsigned count, struct cost_totals *totals)
{
	const struct map_share *share = &l->shares[box];
	const struct hw_chiplet_type *type = hw_chiplet(l->plan->package, placed->region[box]);
	uint64_t end = l->done[box] + volume;
	double part = (double)volume / (double)share->output_elements;
	uint64_t macs = proportion(share->macs, end, share->output_elements) -
	                proportion(share->macs, l->done[box], share->output_elements);
	l->done[box] = end;
	l->chiplets[count] = placed->region[box];
	l->cycles[count] = share->cycles * part;
	l->macs[count] = macs;
	totals->macs += (double)macs;
	totals->mac_pJ += (double)macs * type->mac_pJ;
	totals->buffer_pJ += (double)share->buffer_bytes * part * type->buffer_byte_pJ;
}

/* Tile `tile` of what l->shares holds; tiles must be taken in order. */
static uint32_t tile_activity(struct lowering *l, const struct map_placed *placed, unsigned tile,
                              struct cost_totals *totals)
{
	struct map_scratch *scratch = &l->network.scratch;
	unsigned mark = scratch->used, index[MAP_DIMS], parts = map_parts(placed), count = 0;
	struct map_grid grid;
	map_tile_grid(placed, tile, scratch, &grid);
	for (unsigned i = 0; i < parts; i++) {
		map_unflatten(&grid, i, index);
		uint64_t volume = map_volume(&grid, index);
		if (volume)
			cut_share(l, placed, i, volume, count++, totals);
	}
	scratch->used = mark;
	uint32_t activity = sim_compute_activity(&l->activities, l->chiplets, l->cycles, count);
	g_array_append_vals(l->lowered->macs, l->macs, count);
	return activity;
}

static uint32_t append_task(struct lowering *l, const struct sim_task *task,
                            const struct sim_task_info *info)
{
	g_array_append_vals(l->lowered->program->tasks, task, 1);
	g_array_append_vals(l->lowered->info, info, 1);
	return l->lowered->program->tasks->len - 1;
}

/* Activities of a node's tiles for micro-batches of `samples`, into tasks that exist. */
static void set_tiles(struct lowering *l, unsigned node, unsigned samples, bool tail)
{
	struct map_placed placed = map_place(l->plan, node, samples);
	unsigned parts = map_parts(&placed);
	map_shares(&placed, l->plan->package, &l->network.scratch, l->shares);
	for (unsigned i = 0; i < parts; i++)
		l->done[i] = 0;
	for (unsigned t = 0; t < l->nodes[node].tiles; t++) {
		uint32_t task = l->nodes[node].first_compute + t;
		struct cost_totals *totals = tail ? &lower_info(l, task)->tail.totals
		                                  : &lower_info(l, task)->full.totals;
		uint32_t activity = tile_activity(l, &placed, t, totals);
		if (tail)
			lower_task(l, task)->tail = activity;
		else
			lower_task(l, task)->full = activity;
	}
}

static void add_tiles(struct lowering *l, unsigned cluster, unsigned position)
{
	unsigned node = lower_segment(l)->clusters[cluster].nodes[position].node;
	struct map_placed placed = map_place(l->plan, node, l->microbatch);
	struct lower_node *at = &l->nodes[node];
	unsigned tiles;
	map_tile_dim(&placed, &tiles);
	*at = (struct lower_node){ .first_compute = l->lowered->program->tasks->len,
		                   .tiles = tiles,
		                   .position = position,
		                   .load = SIM_NONE,
		                   .gather = SIM_NONE };
	struct sim_task_info info = { .feeds = SIM_NONE };
	for (unsigned t = 0; t < tiles; t++) {
		struct sim_task task = { .kind = SIM_COMPUTE,
			                 .full = SIM_NONE,
			                 .tail = SIM_NONE,
			                 .cluster = cluster,
			                 .node = node,
			                 .tile = t,
			                 .from_node = SIM_NONE,
			                 .from_cluster = SIM_NONE };
		append_task(l, &task, &info);
	}
	set_tiles(l, node, l->microbatch, false);
	if (l->tail)
		set_tiles(l, node, l->tail, true);
}

static void add_region(struct lowering *l, unsigned cluster)
{
	const struct map_cluster *where = &lower_segment(l)->clusters[cluster];
	struct sim_region region = { .segment = l->segment,
		                     .cluster = cluster,
		                     .where = where,
		                     .first_compute = l->lowered->program->tasks->len };
	for (unsigned i = 0; i < where->node_count; i++)
		add_tiles(l, cluster, i);
	region.compute_count = l->lowered->program->tasks->len - region.first_compute;
	g_array_append_val(l->lowered->regions, region);
}

/* ---- movements ---- */

static struct sim_work phase_work(struct lowering *l)
{
	GArray *bytes = l->lowered->bytes;
	const double *loads = map_phase_loads(&l->network, &l->phase);
	struct sim_work work = { .first_bytes = bytes->len, .bytes_count = l->phase.touched_count };
	for (unsigned i = 0; i < l->phase.touched_count; i++) {
		unsigned resource = l->phase.touched[i];
		struct sim_resource_bytes entry = {
			.resource = resource,
			.bytes = l->phase.bytes[resource],
			.load_bytes = loads[resource],
		};
		g_array_append_val(bytes, entry);
	}
	cost_phase_totals(&l->network, &l->phase, &work.totals);
	return work;
}

static const uint8_t task_kind[] = {
	[MAP_MOVES_LOAD] = SIM_LOAD,       [MAP_MOVES_STREAM] = SIM_LOAD,
	[MAP_MOVES_GATHER] = SIM_GATHER,   [MAP_MOVES_FETCH] = SIM_FETCH,
	[MAP_MOVES_WITHIN] = SIM_TRANSFER, [MAP_MOVES_BETWEEN] = SIM_TRANSFER,
	[MAP_MOVES_HALO] = SIM_TRANSFER,   [MAP_MOVES_STORE] = SIM_STORE,
};

/* A tile of a movement, for a micro-batch of `samples`. */
static uint32_t movement_activity(struct lowering *l, unsigned node,
                                  const struct map_movement *movement, unsigned tile,
                                  unsigned samples, struct sim_work *work)
{
	struct map_placed placed = map_place(l->plan, node, samples);
	map_phase_clear(&l->phase);
	map_add_movement(&l->network, &placed, movement, tile, &l->phase);
	*work = phase_work(l);
	return sim_phase_activity(&l->activities, &l->phase);
}

/* The task of a tile of what `node` moves; SIM_NONE if nothing moves. A transfer is its
 * reader's. */
static uint32_t add_movement_task(struct lowering *l, unsigned node,
                                  const struct map_movement *movement, unsigned tile)
{
	struct sim_task task = { .kind = task_kind[movement->kind],
		                 .once = movement->kind == MAP_MOVES_LOAD,
		                 .node = node,
		                 .tile = tile,
		                 .from_node = SIM_NONE,
		                 .from_cluster = SIM_NONE };
	struct sim_task_info info = { .feeds = SIM_NONE };
	if (task.kind == SIM_TRANSFER) {
		if (movement->edge)
			task.node = movement->edge->to;
		task.from_node = node;
		task.from_cluster = l->plan->nodes[node].cluster;
	}
	task.cluster = l->plan->nodes[task.node].cluster;
	task.full = task.tail = movement_activity(l, node, movement, tile, l->microbatch,
	                                          &info.full);
	info.tail = info.full;
	if (l->tail && !(movement->kind & MAP_MOVES_ANY_WEIGHTS)) /* they are the same */
		task.tail = movement_activity(l, node, movement, tile, l->tail, &info.tail);
	if (task.full == SIM_NONE && task.tail == SIM_NONE)
		return SIM_NONE;
	return append_task(l, &task, &info);
}

/* A task for each tile. */
static uint32_t *add_movement_tasks(struct lowering *l, unsigned node,
                                    const struct map_movement *movement)
{
	uint32_t tiles = l->nodes[node].tiles, *tasks = g_new(uint32_t, tiles);
	for (unsigned t = 0; t < tiles; t++)
		tasks[t] = add_movement_task(l, node, movement, t);
	return tasks;
}

static void add_movements(struct lowering *l, unsigned node)
{
	const unsigned all = MAP_MOVES_ANY_WEIGHTS | MAP_MOVES_TRAFFIC;
	struct map_placed placed = map_place(l->plan, node, l->microbatch);
	struct lower_node *at = &l->nodes[node];
	for (struct map_movement m = { 0 }; map_next_movement(&placed, all, &m);) {
		if (m.kind & MAP_MOVES_GATHER)
			at->gather = add_movement_task(l, node, &m, 0);
		else if (m.kind & MAP_MOVES_ANY_WEIGHTS)
			at->load = add_movement_task(l, node, &m, 0);
		else if (m.edge)
			l->edges[m.edge - l->plan->workload->edges] = add_movement_tasks(l, node,
			                                                                 &m);
		else
			*(m.kind == MAP_MOVES_HALO ? &at->halo
			                           : &at->store) = add_movement_tasks(l, node, &m);
	}
}

void lower_tasks(struct lowering *l)
{
	const struct map_segment *segment = lower_segment(l);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		add_region(l, c);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++)
			add_movements(l, segment->clusters[c].nodes[i].node);
}

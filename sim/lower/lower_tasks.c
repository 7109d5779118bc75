/*
 * Invariant: a task exists exactly if it computes, or if its phase moves bytes
 * for a full or for the tail micro-batch.
 */
#include "sim/lower/lower_private.h"

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

/* ---- traffic phases ---- */

/* A phase and the task that is to stand for it. */
struct job {
	enum sim_task_kind kind;
	bool once;
	unsigned node, tile; /* the task's; a transfer's tile is the producer's */
	const struct wl_edge
		*edge; /* of a transfer or fetch; NULL: what the node's chiplets owe each other */
};

static void build_phase(struct lowering *l, const struct job *job, unsigned samples)
{
	struct map_placed placed = map_place(l->plan, job->node, samples), from;
	map_phase_clear(&l->phase);
	switch (job->kind) {
	case SIM_LOAD:
		map_load(&l->network, &placed, &l->phase);
		return;
	case SIM_GATHER:
		map_gather(&l->network, &placed, &l->phase);
		return;
	case SIM_FETCH:
		map_fetch(&l->network, &placed, job->tile, job->edge, &l->phase);
		return;
	case SIM_STORE:
		map_store(&l->network, &placed, job->tile, &l->phase);
		return;
	case SIM_TRANSFER:
		if (!job->edge) {
			map_halo(&l->network, &placed, job->tile, &l->phase);
			return;
		}
		from = map_place(l->plan, (unsigned)job->edge->from, samples);
		map_transfer(&l->network, &from, job->tile, &placed, job->edge, &l->phase);
		return;
	case SIM_COMPUTE:
	case SIM_TASK_KINDS:
		break;
	}
	g_assert_not_reached();
}

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

/* The task of a job; SIM_NONE if nothing moves. Weights go where full micro-batches need them. */
static uint32_t add_phase_task(struct lowering *l, const struct job *job)
{
	const struct map_plan_node *at = &l->plan->nodes[job->node];
	bool weights = job->kind == SIM_LOAD || job->kind == SIM_GATHER;
	struct sim_task task = { .kind = (uint8_t)job->kind,
		                 .once = job->once,
		                 .cluster = at->cluster,
		                 .node = job->node,
		                 .tile = job->tile,
		                 .from_node = SIM_NONE,
		                 .from_cluster = SIM_NONE };
	struct sim_task_info info = { .feeds = SIM_NONE };
	if (job->kind == SIM_TRANSFER) {
		task.from_node = job->edge ? (uint32_t)job->edge->from : job->node;
		task.from_cluster = l->plan->nodes[task.from_node].cluster;
	}
	build_phase(l, job, l->microbatch);
	task.full = task.tail = sim_phase_activity(&l->activities, &l->phase);
	info.full = info.tail = phase_work(l);
	if (l->tail && !weights) {
		build_phase(l, job, l->tail);
		task.tail = sim_phase_activity(&l->activities, &l->phase);
		info.tail = phase_work(l);
	}
	if (task.full == SIM_NONE && task.tail == SIM_NONE)
		return SIM_NONE;
	return append_task(l, &task, &info);
}

static void add_weights(struct lowering *l, unsigned node)
{
	enum map_weights weights = l->plan->nodes[node].how->weights;
	struct job load = { .kind = SIM_LOAD, .once = weights != MAP_STREAMED, .node = node };
	struct job gather = { .kind = SIM_GATHER, .node = node };
	l->nodes[node].load = add_phase_task(l, &load);
	if (weights == MAP_DISTRIBUTED)
		l->nodes[node].gather = add_phase_task(l, &gather);
}

static void add_fetches(struct lowering *l, unsigned node, unsigned edge)
{
	uint32_t tiles = l->nodes[node].tiles;
	l->edges[edge] = g_new(uint32_t, tiles);
	for (unsigned t = 0; t < tiles; t++) {
		struct job job = { .kind = SIM_FETCH,
			           .node = node,
			           .tile = t,
			           .edge = &l->plan->workload->edges[edge] };
		l->edges[edge][t] = add_phase_task(l, &job);
	}
}

static void add_transfers(struct lowering *l, unsigned node, unsigned edge)
{
	const struct wl_edge *e = &l->plan->workload->edges[edge];
	uint32_t tiles = l->nodes[node].tiles;
	l->edges[edge] = g_new(uint32_t, tiles);
	for (unsigned t = 0; t < tiles; t++) {
		struct job job = { .kind = SIM_TRANSFER, .node = e->to, .tile = t, .edge = e };
		l->edges[edge][t] = add_phase_task(l, &job);
	}
}

static void add_own_outputs(struct lowering *l, unsigned node)
{
	struct lower_node *at = &l->nodes[node];
	bool stores = map_stores_output(l->plan, node);
	at->store = g_new(uint32_t, at->tiles);
	at->halo = g_new(uint32_t, at->tiles);
	for (unsigned t = 0; t < at->tiles; t++) {
		struct job store = { .kind = SIM_STORE, .node = node, .tile = t };
		struct job halo = { .kind = SIM_TRANSFER, .node = node, .tile = t };
		at->store[t] = stores ? add_phase_task(l, &store) : SIM_NONE;
		at->halo[t] = add_phase_task(l, &halo);
	}
}

static void add_phases(struct lowering *l, unsigned node)
{
	const struct wl_node *n = &l->plan->workload->nodes[node];
	const struct wl_edge *edges = l->plan->workload->edges;
	add_weights(l, node);
	for (unsigned i = 0; i < n->edge_in_count; i++)
		if (map_edge_way(l->plan, &edges[n->edges_in[i]]) == MAP_THROUGH_DRAM)
			add_fetches(l, node, n->edges_in[i]);
	for (unsigned i = 0; i < n->edge_out_count; i++)
		if (map_edge_way(l->plan, &edges[n->edges_out[i]]) != MAP_THROUGH_DRAM)
			add_transfers(l, node, n->edges_out[i]);
	add_own_outputs(l, node);
}

void lower_tasks(struct lowering *l)
{
	const struct map_segment *segment = lower_segment(l);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		add_region(l, c);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++)
			add_phases(l, segment->clusters[c].nodes[i].node);
}

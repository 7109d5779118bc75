/*
 * Invariant: every task's work is counted for one node, as often as in the run's totals, so that
 * sums over nodes are those.
 */
#include "sim/account/layers.h"

#include "search/mapping/buffers.h"

const char *sim_part_name(enum sim_work_part part)
{
	static const char *const names[SIM_PARTS] = { "mac", "lanes", "vector", "buffer" };
	return names[part];
}

/* ---- what moves and what it takes ---- */

static void count_segment(const struct sim_run *run, unsigned segment, struct sim_layer *layers)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	double full = sim_run_microbatches(run, segment) - (s->has_tail ? 1 : 0);
	for (uint32_t t = s->first_task; t < s->first_task + s->task_count; t++) {
		const struct sim_task *task = sim_run_task(run, t);
		const struct sim_task_info *info = sim_run_info(run, t);
		bool sent = task->kind == SIM_TRANSFER && task->from_node != SIM_NONE;
		struct sim_layer *layer = &layers[sent ? task->from_node : task->node];
		cost_add(&layer->totals, &info->full.totals, task->once ? 1 : full);
		if (s->has_tail && !task->once)
			cost_add(&layer->totals, &info->tail.totals, 1);
	}
}

/* ---- computing ---- */

/* A node's shares of `times` micro-batches of so many samples. */
static void count_shares(const struct map_plan *plan, unsigned node, unsigned samples, double times,
                         struct map_scratch *scratch, struct sim_layer *layer)
{
	struct map_placed placed = map_place(plan, node, samples);
	g_autofree struct map_share *shares = g_new(struct map_share, map_parts(&placed));
	map_shares(&placed, plan->package, scratch, shares);
	for (unsigned i = 0; i < map_parts(&placed); i++) {
		const struct hw_chiplet_type *type = hw_chiplet(plan->package, placed.region[i]);
		const struct hw_cycles *parts = &shares[i].parts;
		double ns = times / type->clock_GHz;
		double mac = (double)shares[i].macs / (double)hw_array_macs(&type->array);
		layer->parts_ns[SIM_PART_MAC] += ns * mac;
		layer->parts_ns[SIM_PART_LANES] += ns * (parts->array - mac);
		layer->parts_ns[SIM_PART_VECTOR] += ns * parts->vector;
		layer->parts_ns[SIM_PART_BUFFER] += ns * (shares[i].cycles - parts->array -
		                                          parts->vector);
	}
}

static void count_computing(const struct map_plan *plan, unsigned segment, unsigned cluster,
                            struct map_scratch *scratch, struct sim_layer *layers)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	const struct map_cluster *c = &s->clusters[cluster];
	unsigned tail = plan->mapping->batch % s->microbatch;
	unsigned full = plan->mapping->batch / s->microbatch;
	for (unsigned n = 0; n < c->node_count; n++) {
		struct sim_layer *layer = &layers[c->nodes[n].node];
		layer->segment = segment;
		layer->cluster = cluster;
		count_shares(plan, c->nodes[n].node, s->microbatch, full, scratch, layer);
		if (tail)
			count_shares(plan, c->nodes[n].node, tail, 1, scratch, layer);
	}
}

static void share_static(const struct map_plan *plan, struct sim_outcome *outcome)
{
	double sum_ns = 0;
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned n = 0; n < outcome->layer_count; n++) {
			struct sim_layer *layer = &outcome->layers[n];
			const struct map_segment *s = &plan->mapping->segments[layer->segment];
			double ns = layer->time_ns * s->clusters[layer->cluster].region_size;
			if (pass == 0)
				sum_ns += ns;
			else if (sum_ns > 0)
				layer->static_pJ = outcome->static_pJ * (ns / sum_ns);
		}
}

void sim_account_layers(const struct sim_run *run, const struct map_plan *plan,
                        struct sim_outcome *outcome)
{
	struct map_scratch scratch;
	map_scratch_init(&scratch, hw_chiplet_count(plan->package));
	for (unsigned s = 0; s < plan->mapping->segment_count; s++) {
		count_segment(run, s, outcome->layers);
		for (unsigned c = 0; c < plan->mapping->segments[s].cluster_count; c++)
			count_computing(plan, s, c, &scratch, outcome->layers);
	}
	map_scratch_release(&scratch);
	share_static(plan, outcome);
}

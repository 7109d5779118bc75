/*
 * Invariant: tasks of a segment are consecutive, and so are the compute tasks
 * of a cluster, in the order in which its region runs them.
 */
#include "sim/lower/lower_private.h"

static void lowering_init(struct lowering *l, const struct map_plan *plan)
{
	unsigned chiplets = hw_chiplet_count(plan->package);
	*l = (struct lowering){ .plan = plan, .lowered = g_new0(struct sim_lowered, 1) };
	l->lowered->program = sim_program_new();
	l->lowered->info = g_array_new(FALSE, FALSE, sizeof(struct sim_task_info));
	l->lowered->bytes = g_array_new(FALSE, FALSE, sizeof(struct sim_resource_bytes));
	l->lowered->macs = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	l->lowered->regions = g_array_new(FALSE, FALSE, sizeof(struct sim_region));
	map_network_init(&l->network, plan->package);
	map_phase_init(&l->phase, plan->package);
	sim_activities_init(&l->activities, l->lowered->program, &l->network);
	l->nodes = g_new0(struct lower_node, plan->workload->node_count);
	l->edges = g_new0(uint32_t *, plan->workload->edge_count);
	l->shares = g_new(struct map_share, chiplets);
	l->done = g_new(uint64_t, chiplets);
	l->chiplets = g_new(unsigned, chiplets);
	l->cycles = g_new(double, chiplets);
	l->macs = g_new(uint64_t, chiplets);
}

static void lowering_release(struct lowering *l)
{
	for (unsigned n = 0; n < l->plan->workload->node_count; n++) {
		g_free(l->nodes[n].store);
		g_free(l->nodes[n].halo);
	}
	for (unsigned e = 0; e < l->plan->workload->edge_count; e++)
		g_free(l->edges[e]);
	g_free(l->nodes);
	g_free(l->edges);
	g_free(l->shares);
	g_free(l->done);
	g_free(l->chiplets);
	g_free(l->cycles);
	g_free(l->macs);
	sim_activities_release(&l->activities);
	map_phase_release(&l->phase);
	map_network_release(&l->network);
}

static void lower_one_segment(struct lowering *l, unsigned s)
{
	struct sim_program *program = l->lowered->program;
	const struct map_mapping *mapping = l->plan->mapping;
	l->segment = s;
	l->microbatch = mapping->segments[s].microbatch;
	l->tail = mapping->batch % l->microbatch;
	struct sim_segment segment = {
		.first_task = program->tasks->len,
		.microbatches = map_microbatches(mapping->batch, l->microbatch),
		.has_tail = l->tail > 0,
		.cluster_count = mapping->segments[s].cluster_count,
	};
	lower_tasks(l);
	lower_deps(l);
	const struct sim_region *last = &g_array_index(l->lowered->regions, struct sim_region,
	                                               l->lowered->regions->len - 1);
	segment.task_count = program->tasks->len - segment.first_task;
	segment.marker = last->first_compute + last->compute_count - 1;
	g_array_append_val(program->segments, segment);
}

struct sim_lowered *sim_lower(const struct map_plan *plan)
{
	struct lowering l;
	lowering_init(&l, plan);
	for (unsigned s = 0; s < plan->mapping->segment_count; s++)
		lower_one_segment(&l, s);
	lowering_release(&l);
	return l.lowered;
}

void sim_lowered_free(struct sim_lowered *lowered)
{
	if (!lowered)
		return;
	sim_program_free(lowered->program);
	g_array_unref(lowered->info);
	g_array_unref(lowered->bytes);
	g_array_unref(lowered->macs);
	g_array_unref(lowered->regions);
	g_free(lowered);
}

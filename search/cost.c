/*
 * Invariant: every byte of a segment is in exactly one phase (load, weights or
 * traffic of one node), so totals are sums over phases.
 */
#include "search/cost.h"

#include <string.h>

void cost_model_init(struct cost_model *model, const struct wl_workload *workload,
                     const struct hw_package *package)
{
	*model = (struct cost_model){ .workload = workload, .package = package };
	map_network_init(&model->network, package);
	struct map_phase *phases[] = { &model->node, &model->part, &model->load, &model->shared };
	for (unsigned i = 0; i < G_N_ELEMENTS(phases); i++)
		map_phase_init(phases[i], package);
}

void cost_model_release(struct cost_model *model)
{
	struct map_phase *phases[] = { &model->node, &model->part, &model->load, &model->shared };
	for (unsigned i = 0; i < G_N_ELEMENTS(phases); i++)
		map_phase_release(phases[i]);
	map_network_release(&model->network);
}

void cost_report_release(struct cost_report *report)
{
	g_clear_pointer(&report->segments, g_free);
	g_clear_pointer(&report->cluster_ns, g_free);
	g_clear_pointer(&report->nodes, g_free);
}

/* Everything that leaves a node, and what it fetches from DRAM, into model->node. */
static void node_traffic(struct cost_model *model, const struct map_plan *plan,
                         const struct map_placed *placed)
{
	const struct wl_node *node = placed->node;
	struct map_phase *phase = &model->node;
	map_phase_clear(phase);
	for (unsigned i = 0; i < node->edge_out_count; i++) {
		const struct wl_edge *edge = &model->workload->edges[node->edges_out[i]];
		if (map_edge_way(plan, edge) == MAP_THROUGH_DRAM)
			continue;
		struct map_placed to = map_place(plan, edge->to, placed->samples);
		map_transfer(&model->network, placed, MAP_WHOLE, &to, edge, phase);
	}
	map_pool_halo(&model->network, placed, MAP_WHOLE, phase);
	if (map_stores_output(plan, (unsigned)(node - model->workload->nodes)))
		map_store(&model->network, placed, MAP_WHOLE, phase);
	for (unsigned i = 0; i < node->edge_in_count; i++) {
		const struct wl_edge *edge = &model->workload->edges[node->edges_in[i]];
		if (map_edge_way(plan, edge) == MAP_THROUGH_DRAM)
			map_fetch(&model->network, placed, MAP_WHOLE, edge, phase);
	}
}

/* Weights that come for every micro-batch, into model->part; a smaller last one needs them
 * where the full ones do. */
static void node_weights(struct cost_model *model, struct map_placed placed)
{
	placed.samples = MAX(placed.samples, placed.microbatch);
	map_phase_clear(&model->part);
	if (placed.weights == MAP_STREAMED)
		map_load(&model->network, &placed, &model->part);
	else if (placed.weights == MAP_DISTRIBUTED)
		map_gather(&model->network, &placed, &model->part);
}

static void take_phase(struct cost_model *model, const struct map_phase *phase,
                       struct cost_totals *totals)
{
	map_phase_add(&model->shared, phase);
	if (totals)
		cost_phase_totals(&model->network, phase, totals);
}

/* One node for one micro-batch; its phases are added to model->shared. */
static struct cost_node evaluate_node(struct cost_model *model, const struct map_plan *plan,
                                      const struct map_placed *placed, struct cost_totals *totals)
{
	struct cost_node cost;
	cost.compute_ns = map_shares(placed, model->package, &model->network.scratch,
	                             model->network.shares);
	if (totals)
		cost_compute_totals(model->package, placed, model->network.shares, totals);
	node_traffic(model, plan, placed);
	cost.traffic_ns = map_phase_ns(&model->network, &model->node);
	take_phase(model, &model->node, totals);
	node_weights(model, *placed);
	cost.weights_ns = map_phase_ns(&model->network, &model->part);
	take_phase(model, &model->part, totals);
	return cost;
}

/* Weights loaded once and the first input: the longest of all of it together, and of
 * each cluster's own loads one after another. */
static double evaluate_load(struct cost_model *model, const struct map_plan *plan,
                            const struct map_segment *segment, struct cost_totals *totals)
{
	double longest_chain_ns = 0;
	map_phase_clear(&model->load);
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		double chain_ns = 0;
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++) {
			struct map_placed placed = map_place(
				plan, segment->clusters[c].nodes[i].node, segment->microbatch);
			map_phase_clear(&model->part);
			if (placed.weights != MAP_STREAMED)
				map_load(&model->network, &placed, &model->part);
			chain_ns += map_phase_ns(&model->network, &model->part);
			map_phase_add(&model->load, &model->part);
		}
		longest_chain_ns = MAX(longest_chain_ns, chain_ns);
	}
	if (totals)
		cost_phase_totals(&model->network, &model->load, totals);
	/* The first input is fetched like every other and is in the totals of its node. */
	unsigned first = segment->clusters[0].nodes[0].node;
	struct map_placed placed = map_place(plan, first, segment->microbatch);
	for (unsigned i = 0; i < placed.node->edge_in_count; i++) {
		const struct wl_edge *edge = &model->workload->edges[placed.node->edges_in[i]];
		if (map_edge_way(plan, edge) == MAP_THROUGH_DRAM)
			map_fetch(&model->network, &placed, 0, edge, &model->load);
	}
	return MAX(longest_chain_ns, map_phase_ns(&model->network, &model->load));
}

/* All nodes for one micro-batch of `samples`; T_shared is left in model->shared. */
static void evaluate_microbatch(struct cost_model *model, const struct map_plan *plan,
                                const struct map_segment *segment, unsigned samples,
                                double *cluster_ns, struct cost_node *nodes,
                                struct cost_totals *totals)
{
	map_phase_clear(&model->shared);
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		cluster_ns[c] = 0;
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++) {
			unsigned node = segment->clusters[c].nodes[i].node;
			struct map_placed placed = map_place(plan, node, samples);
			struct cost_node cost = evaluate_node(model, plan, &placed, totals);
			cluster_ns[c] += cost_node_ns(&cost);
			if (nodes)
				nodes[node] = cost;
		}
	}
}

/* Totals of the whole batch: full micro-batches, and the smaller last one if there is one. */
static void segment_totals(struct cost_model *model, const struct map_plan *plan,
                           const struct map_segment *segment, const struct cost_totals *full,
                           struct cost_totals *totals)
{
	unsigned batch = plan->mapping->batch, tail = batch % segment->microbatch;
	unsigned full_microbatches = batch / segment->microbatch;
	cost_add(totals, full, full_microbatches);
	if (!tail)
		return;
	g_autofree double *ignored = g_new(double, segment->cluster_count);
	evaluate_microbatch(model, plan, segment, tail, ignored, NULL, totals);
}

struct cost_segment cost_evaluate_segment(struct cost_model *model, const struct map_plan *plan,
                                          unsigned segment, double *cluster_ns,
                                          struct cost_node *nodes, struct cost_totals *totals)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	struct cost_totals full = { 0 };
	struct cost_segment cost = {
		.cluster_count = s->cluster_count,
		.microbatches = map_microbatches(plan->mapping->batch, s->microbatch),
	};
	cost.load_ns = evaluate_load(model, plan, s, totals);
	evaluate_microbatch(model, plan, s, s->microbatch, cluster_ns, nodes,
	                    totals ? &full : NULL);
	model->shared.latency_ns = 0;
	cost.shared_ns = map_phase_ns(&model->network, &model->shared);
	cost.period_ns = cost.shared_ns;
	for (unsigned c = 0; c < s->cluster_count; c++)
		cost.period_ns = MAX(cost.period_ns, cluster_ns[c]);
	cost.latency_ns = cost.load_ns +
	                  (cost.microbatches + s->cluster_count - 1) * cost.period_ns;
	if (totals)
		segment_totals(model, plan, s, &full, totals);
	return cost;
}

void cost_evaluate(struct cost_model *model, const struct map_mapping *mapping,
                   struct cost_report *report)
{
	struct map_plan plan;
	map_plan_init(&plan, mapping, model->workload, model->package);
	*report = (struct cost_report){ 0 };
	report->segments = g_new(struct cost_segment, mapping->segment_count);
	report->cluster_ns = g_new(double, map_cluster_total(mapping));
	report->nodes = g_new(struct cost_node, model->workload->node_count);
	unsigned first = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		struct cost_segment *segment = &report->segments[s];
		*segment = cost_evaluate_segment(model, &plan, s, report->cluster_ns + first,
		                                 report->nodes, &report->totals);
		segment->first_cluster = first;
		first += segment->cluster_count;
		report->latency_ns += segment->latency_ns;
	}
	report->static_pJ = cost_static_pJ(model->package, report->latency_ns);
	report->bound_ns = cost_bound_ns(model->workload, model->package, mapping->batch);
	map_plan_release(&plan);
}

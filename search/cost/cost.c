/*
 * Invariant: the latency of a mapping is the sum of its segments', and so are its totals.
 */
#include "search/cost/cost.h"

#include "search/mapping/stored.h"

void cost_model_init(struct cost_model *model, const struct wl_workload *workload,
                     const struct hw_package *package)
{
	*model = (struct cost_model){ .workload = workload, .package = package };
	model->parameters = cost_neutral_parameters();
	map_network_init(&model->network, package);
	cost_features_init(&model->features);
	model->node_ns = g_new(double, (COST_SCRATCH + 1) * workload->node_count);
	struct map_phase *phases[] = { &model->node, &model->part, &model->load, &model->shared };
	for (unsigned i = 0; i < G_N_ELEMENTS(phases); i++)
		map_phase_init(phases[i], package);
}

void cost_model_remember(struct cost_model *model)
{
	if (!model->recall)
		model->recall = cost_cache_new(COST_RECALL_BYTES,
		                               model->network.tensors_have_places);
}

void cost_model_release(struct cost_model *model)
{
	cost_cache_free(g_steal_pointer(&model->recall));
	struct map_phase *phases[] = { &model->node, &model->part, &model->load, &model->shared };
	for (unsigned i = 0; i < G_N_ELEMENTS(phases); i++)
		map_phase_release(phases[i]);
	cost_features_release(&model->features);
	g_free(model->node_ns);
	g_clear_pointer(&model->own, g_free);
	map_network_release(&model->network);
}

void cost_report_release(struct cost_report *report)
{
	g_clear_pointer(&report->segments, g_free);
	g_clear_pointer(&report->cluster_ns, g_free);
	g_clear_pointer(&report->nodes, g_free);
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
	cost_walk_microbatch(model, plan, segment, tail, totals);
}

struct cost_segment cost_evaluate_segment(struct cost_model *model, const struct map_plan *plan,
                                          unsigned segment, double *cluster_ns,
                                          struct cost_totals *totals)
{
	const struct map_segment *s = &plan->mapping->segments[segment];
	struct cost_totals full = { 0 };
	cost_features_extract(model, plan, s, !cost_parameters_are_neutral(&model->parameters),
	                      &model->features, &full, totals);
	struct cost_times times = cost_features_time(&model->features, &model->parameters,
	                                             cluster_ns, model->node_ns);
	if (totals)
		segment_totals(model, plan, s, &full, totals);
	return (struct cost_segment){ .cluster_count = s->cluster_count,
		                      .microbatches = model->features.microbatches,
		                      .load_ns = times.load_ns,
		                      .period_ns = times.period_ns,
		                      .shared_ns = times.shared_ns,
		                      .load_chain_ns = cost_chain_ns(&model->features,
		                                                     &model->parameters),
		                      .latency_ns = times.latency_ns };
}

double cost_readers_ns(struct cost_model *model, const struct map_plan *plan, unsigned segment,
                       double *cluster_ns, struct cost_totals *totals)
{
	double sum_ns = 0;
	if (!model->network.tensors_have_places)
		return 0;
	for (unsigned s = segment + 1; s < plan->mapping->segment_count; s++)
		if (map_reads_stored(plan, s, segment))
			sum_ns += cost_evaluate_segment(model, plan, s, cluster_ns, totals)
			                  .latency_ns;
	return sum_ns;
}

/* What the report says of each node of the segment that was evaluated last. */
static void note_nodes(const struct cost_model *model, const struct map_segment *segment,
                       struct cost_node *nodes)
{
	unsigned next = 0;
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++) {
			const struct cost_node_features *f = &g_array_index(
				model->features.nodes, struct cost_node_features, next++);
			nodes[segment->clusters[c].nodes[i].node] = (struct cost_node){
				f->compute_ns, cost_work_ns(&f->traffic), cost_work_ns(&f->weights)
			};
		}
	}
}

/* The latency of the segment that was evaluated last with neutral parameters. */
static double neutral_ns(struct cost_model *model)
{
	const struct cost_parameters neutral = cost_neutral_parameters();
	double *cluster_ns = model->node_ns + COST_SCRATCH * model->workload->node_count;
	return cost_features_time(&model->features, &neutral, cluster_ns, model->node_ns)
	        .latency_ns;
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
		                                 &report->totals);
		note_nodes(model, &mapping->segments[s], report->nodes);
		segment->first_cluster = first;
		first += segment->cluster_count;
		report->latency_ns += segment->latency_ns;
		report->neutral_ns += cost_parameters_are_neutral(&model->parameters)
		                              ? segment->latency_ns
		                              : neutral_ns(model);
	}
	report->static_pJ = cost_static_pJ(model->package, report->latency_ns);
	report->bound_ns = cost_bound_ns(model->workload, model->package, mapping->batch);
	map_plan_release(&plan);
}

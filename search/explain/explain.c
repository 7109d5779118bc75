/* Invariant: a cluster's shares add up to 1. They are of times before parameters
 * (search/cost/cost.h). */
#include "search/explain/explain.h"

#include "hw/base/threads.h"
#include "search/traffic/movement.h"

const char *search_bound_name(enum search_bound bound)
{
	static const char *const names[SEARCH_BOUNDS] = { "compute", "traffic", "weights",
		                                          "shared resource", "another cluster" };
	return names[bound];
}

const char *search_change_name(enum search_change_kind kind)
{
	static const char *const names[SEARCH_CHANGES] = { "split",      "grow",      "shrink",
		                                           "merge",      "cut",       "hand_on",
		                                           "microbatch", "serpentine" };
	return names[kind];
}

/* ---- what bounds a cluster ---- */

/* Looks at one segment. */
struct looking {
	struct cost_model *model;
	const struct map_plan *plan;
	const struct map_segment *segment;
	const struct cost_node *nodes; /* per workload node */
	/* Scratch. */
	double *busy_ns; /* per resource */
	struct map_phase all, part;
};

static void add_loads(struct looking *l, const struct map_phase *phase)
{
	const struct map_network *network = &l->model->network;
	const double *loads = map_phase_loads(&l->model->network, phase);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		l->busy_ns[r] += loads[r] * network->ns_per_byte[r];
	}
}

/* The resource that is busiest in the traffic (weights) of a cluster's nodes that wait for it;
 * ties: the lowest index. */
static void add_waited_for(struct looking *l, const struct map_cluster *cluster,
                           enum search_bound inner)
{
	struct map_network *network = &l->model->network;
	for (unsigned i = 0; i < cluster->node_count; i++) {
		unsigned n = cluster->nodes[i].node;
		struct map_placed placed = map_place(l->plan, n, l->segment->microbatch);
		struct map_phase *phase = &l->part;
		map_phase_clear(phase);
		if (inner == SEARCH_BOUND_WEIGHTS)
			map_add_movements(network, &placed, MAP_MOVES_WEIGHTS, MAP_WHOLE, phase);
		else if (l->nodes[n].traffic_ns > l->nodes[n].compute_ns)
			map_add_movements(network, &placed, MAP_MOVES_TRAFFIC, MAP_WHOLE, phase);
		add_loads(l, phase);
	}
}

static void clear_loads(struct looking *l)
{
	for (unsigned r = 0; r < hw_resource_count(l->model->package); r++)
		l->busy_ns[r] = 0;
}

static unsigned busiest(const struct looking *l)
{
	unsigned found = SEARCH_NO_RESOURCE;
	double most_ns = 0;
	for (unsigned r = 0; r < hw_resource_count(l->model->package); r++)
		if (l->busy_ns[r] > most_ns) {
			most_ns = l->busy_ns[r];
			found = r;
		}
	return found;
}

static unsigned shared_resource(struct looking *l)
{
	struct map_phase *all = &l->all, *part = &l->part;
	map_phase_clear(all);
	for (unsigned c = 0; c < l->segment->cluster_count; c++)
		for (unsigned i = 0; i < l->segment->clusters[c].node_count; i++) {
			struct map_placed placed = map_place(l->plan,
			                                     l->segment->clusters[c].nodes[i].node,
			                                     l->segment->microbatch);
			map_phase_clear(part);
			map_add_movements(&l->model->network, &placed,
			                  MAP_MOVES_TRAFFIC | MAP_MOVES_WEIGHTS, MAP_WHOLE, part);
			map_phase_add(all, part);
		}
	clear_loads(l);
	add_loads(l, all);
	return busiest(l);
}

static void find_shares(const struct looking *l, const struct map_cluster *cluster,
                        struct search_reason *reason)
{
	double sum_ns = 0, ns[3] = { 0 };
	for (unsigned i = 0; i < cluster->node_count; i++) {
		const struct cost_node *n = &l->nodes[cluster->nodes[i].node];
		ns[n->traffic_ns > n->compute_ns ? SEARCH_BOUND_TRAFFIC : SEARCH_BOUND_COMPUTE] +=
			MAX(n->traffic_ns, n->compute_ns);
		ns[SEARCH_BOUND_WEIGHTS] += n->weights_ns;
	}
	for (int b = 0; b < 3; b++) {
		sum_ns += ns[b];
		if (ns[b] > ns[reason->inner])
			reason->inner = (enum search_bound)b;
	}
	for (int b = 0; b < 3; b++)
		reason->shares[b] = sum_ns > 0 ? ns[b] / sum_ns : b == 0;
}

static void find_reason(struct looking *l, const struct cost_segment *cost, double slowest_ns,
                        double time_ns, bool slowest, unsigned cluster,
                        struct search_reason *reason)
{
	bool shared = cost->shared_ns > slowest_ns;
	*reason = (struct search_reason){ .time_ns = time_ns,
		                          .slack = 1 - time_ns / cost->period_ns,
		                          .resource = SEARCH_NO_RESOURCE };
	find_shares(l, &l->segment->clusters[cluster], reason);
	if (reason->inner != SEARCH_BOUND_COMPUTE) {
		clear_loads(l);
		add_waited_for(l, &l->segment->clusters[cluster], reason->inner);
		reason->resource = busiest(l);
	}
	reason->bound = reason->inner;
	if (shared) {
		reason->bound = SEARCH_BOUND_SHARED;
		reason->resource = shared_resource(l);
	} else if (!slowest) {
		reason->bound = SEARCH_BOUND_PACE;
	}
}

/* ---- all of it ---- */

static void explain_segment(struct looking *l, const struct cost_report *cost, unsigned s,
                            struct search_explanation *e)
{
	const struct cost_segment *of = &cost->segments[s];
	const double *cluster_ns = cost->cluster_ns + of->first_cluster;
	struct search_explained_segment *segment = &e->segments[s];
	segment->first_cluster = of->first_cluster;
	for (unsigned c = 1; c < of->cluster_count; c++)
		if (cluster_ns[c] > cluster_ns[segment->pacer])
			segment->pacer = c;
	segment->load_share = of->load_ns / of->latency_ns;
	segment->fill_share = cost_fill_ns(of->cluster_count, of->period_ns) / of->latency_ns;
	for (unsigned c = 0; c < of->cluster_count; c++)
		find_reason(l, of, cluster_ns[segment->pacer], cluster_ns[c], c == segment->pacer,
		            c, &e->clusters[of->first_cluster + c].reason);
}

static void explain_bounds(struct cost_model *model, const struct map_mapping *mapping,
                           struct search_explanation *e)
{
	struct cost_report cost;
	struct map_plan plan;
	g_autofree double *busy_ns = g_new(double, hw_resource_count(model->package));
	cost_evaluate(model, mapping, &cost);
	map_plan_init(&plan, mapping, model->workload, model->package);
	struct looking l = {
		.model = model, .plan = &plan, .nodes = cost.nodes, .busy_ns = busy_ns
	};
	map_phase_init(&l.all, model->package);
	map_phase_init(&l.part, model->package);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		l.segment = &mapping->segments[s];
		explain_segment(&l, &cost, s, e);
	}
	map_phase_release(&l.all);
	map_phase_release(&l.part);
	map_plan_release(&plan);
	cost_report_release(&cost);
}

struct explaining {
	const struct map_mapping *mapping;
	struct search_explanation *explanation;
	struct search_changer **changers; /* per thread */
	struct cost_model *models;
};

/* Items: the clusters, then the segments. */
static void explain_item(void *data, unsigned thread, unsigned index)
{
	struct explaining *x = data;
	struct search_explanation *e = x->explanation;
	unsigned segment = index - e->cluster_count;
	if (index >= e->cluster_count) {
		search_find_changes(x->changers[thread], segment,
		                    x->mapping->segments[segment].cluster_count,
		                    e->segments[segment].changes);
		return;
	}
	for (segment = 0;
	     segment + 1 < e->segment_count && index >= e->segments[segment + 1].first_cluster;)
		segment++;
	search_find_changes(x->changers[thread], segment,
	                    index - e->segments[segment].first_cluster, e->clusters[index].changes);
}

void search_explain(const struct wl_workload *workload, const struct hw_package *package,
                    const struct map_mapping *mapping, const struct search_options *options,
                    struct search_explanation *explanation)
{
	struct search_crew *crew = search_crew_new(options->jobs);
	unsigned jobs = search_crew_size(crew);
	struct explaining x = { .mapping = mapping, .explanation = explanation };
	*explanation = (struct search_explanation){ .segment_count = mapping->segment_count,
		                                    .cluster_count = map_cluster_total(mapping) };
	explanation->segments = g_new0(struct search_explained_segment, mapping->segment_count);
	explanation->clusters = g_new0(struct search_explained_cluster, explanation->cluster_count);
	x.models = g_new(struct cost_model, jobs);
	x.changers = g_new(struct search_changer *, jobs);
	for (unsigned i = 0; i < jobs; i++) {
		cost_model_init(&x.models[i], workload, package);
		if (options->parameters)
			x.models[i].parameters = *options->parameters;
	}
	explain_bounds(&x.models[0], mapping, explanation);
	for (unsigned i = 0; i < jobs; i++)
		x.changers[i] = search_changer_new(&x.models[i], mapping, options);
	search_parallel(crew, explanation->cluster_count + mapping->segment_count, explain_item,
	                &x);
	for (unsigned i = 0; i < jobs; i++) {
		search_changer_free(x.changers[i]);
		cost_model_release(&x.models[i]);
	}
	search_crew_free(crew);
	g_free(x.changers);
	g_free(x.models);
}

const struct search_change *search_next_best(const struct search_explained_cluster *cluster)
{
	const struct search_change *best = NULL;
	for (int k = 0; k < SEARCH_CLUSTER_CHANGES; k++) {
		const struct search_change *change = &cluster->changes[k];
		if (change->text && (!best || change->percent < best->percent))
			best = change;
	}
	return best;
}

static void release_changes(struct search_change *changes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		g_free(changes[i].text);
}

void search_explanation_release(struct search_explanation *explanation)
{
	for (unsigned s = 0; s < explanation->segment_count; s++)
		release_changes(explanation->segments[s].changes,
		                SEARCH_CHANGES - SEARCH_CLUSTER_CHANGES);
	for (unsigned c = 0; c < explanation->cluster_count; c++)
		release_changes(explanation->clusters[c].changes, SEARCH_CLUSTER_CHANGES);
	g_free(explanation->segments);
	g_free(explanation->clusters);
}

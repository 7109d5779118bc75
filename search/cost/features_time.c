/*
 * From features to times. With neutral parameters this is the formula of search/cost/cost.h; each
 * parameter adds one effect to it. Everything here is arithmetic on a segment's features.
 *
 * Invariant: a time never falls when a load rises or an efficiency falls.
 */
#include "search/cost/features.h"

/* Rounds in which the period and the delays by contention, which depend on each other, settle. */
#define ROUNDS 3

struct composing {
	const struct cost_features *features;
	const double *value;          /* the parameters' */
	double *core_ns, *weights_ns; /* per node: computing with traffic; weights */
	double *cluster_ns;
	double *scratch;                     /* four per node */
	double traffic_delay, weights_delay; /* of the cluster at hand: factors on loads */
};

static const struct cost_node_features *node_at(const struct composing *c, unsigned node)
{
	return &g_array_index(c->features->nodes, struct cost_node_features, node);
}

static const struct cost_cluster_features *cluster_at(const struct composing *c, unsigned cluster)
{
	return &g_array_index(c->features->clusters, struct cost_cluster_features, cluster);
}

static double work_ns(const struct composing *c, const struct cost_work *work, double delay)
{
	double nop_ns = work->nop_ns * delay / c->value[COST_NOP_EFFICIENCY];
	double dram_ns = work->dram_ns * delay / c->value[COST_DRAM_EFFICIENCY];
	return MAX(nop_ns, dram_ns) + work->latency_ns;
}

static double node_compute_ns(const struct composing *c, const struct cost_node_features *f)
{
	return f->compute_ns / c->value[COST_COMPUTE_EFFICIENCY] +
	       f->tiles * c->value[COST_TILE_OVERHEAD];
}

static double node_traffic_ns(const struct composing *c, const struct cost_node_features *f)
{
	double tiles_ns = work_ns(c, &f->by_tiles, c->traffic_delay) -
	                  work_ns(c, &f->leaving, c->traffic_delay);
	return work_ns(c, &f->traffic, c->traffic_delay) +
	       c->value[COST_TILE_TRAFFIC] * MAX(tiles_ns, 0) +
	       c->value[COST_TILE_LATENCY] * (f->tiles - 1) * f->traffic.latency_ns;
}

static void compose_node(struct composing *c, unsigned node)
{
	const struct cost_node_features *f = node_at(c, node);
	double compute_ns = node_compute_ns(c, f);
	double traffic_ns = node_traffic_ns(c, f);
	c->core_ns[node] = MAX(compute_ns, traffic_ns) +
	                   c->value[COST_EXPOSED_TILE] * MIN(compute_ns, traffic_ns) / f->tiles;
	c->weights_ns[node] = work_ns(c, &f->weights, c->weights_delay);
}

/* Weights that are read while the node before runs are waited for as far as they take longer. */
static void hide_weights(struct composing *c, const struct cost_cluster_features *f)
{
	for (unsigned i = 0; i < f->node_count; i++) {
		unsigned n = f->first_node + i,
			 before = f->first_node + (i + f->node_count - 1) % f->node_count;
		double hidden_ns = MIN(c->weights_ns[n], c->core_ns[before]);
		if (node_at(c, n)->prefetched)
			c->weights_ns[n] -= c->value[COST_WEIGHT_PREFETCH] * hidden_ns;
	}
}

static double compose_cluster(struct composing *c, unsigned cluster)
{
	const struct cost_cluster_features *f = cluster_at(c, cluster);
	double sum_ns = 0;
	for (unsigned n = f->first_node; n < f->first_node + f->node_count; n++) {
		compose_node(c, n);
		sum_ns += c->core_ns[n];
	}
	if (c->value[COST_WEIGHT_PREFETCH] > 0)
		hide_weights(c, f);
	for (unsigned n = f->first_node; n < f->first_node + f->node_count; n++)
		sum_ns += c->weights_ns[n];
	return c->cluster_ns[cluster] = sum_ns;
}

/*
 * How much longer a cluster's traffic and weights take because others use its resources: on a
 * resource that the others keep busy for a share rho of the period, (1 + parameter x rho) times as
 * long, and the slowest resource counts.
 */
static void find_delays(struct composing *c, unsigned cluster, double period_ns)
{
	const struct cost_cluster_features *f = cluster_at(c, cluster);
	double traffic_ns = 0, weights_ns = 0, slow_traffic_ns = 0, slow_weights_ns = 0;
	for (unsigned i = f->first_meeting; i < f->first_meeting + f->meeting_count; i++) {
		const struct cost_meeting *m = &g_array_index(c->features->meetings,
		                                              struct cost_meeting, i);
		double rho = MIN(m->others_ns / period_ns, 1);
		double traffic = m->traffic_ns * (1 + c->value[COST_TRAFFIC_CONTENTION] * rho);
		double weights = m->weights_ns * (1 + c->value[COST_WEIGHT_CONTENTION] * rho);
		traffic_ns = MAX(traffic_ns, m->traffic_ns);
		weights_ns = MAX(weights_ns, m->weights_ns);
		slow_traffic_ns = MAX(slow_traffic_ns, traffic);
		slow_weights_ns = MAX(slow_weights_ns, weights);
	}
	c->traffic_delay = traffic_ns > 0 ? slow_traffic_ns / traffic_ns : 1;
	c->weights_delay = weights_ns > 0 ? slow_weights_ns / weights_ns : 1;
}

static double compose_clusters(struct composing *c, double least_ns, double period_ns)
{
	for (unsigned j = 0; j < c->features->clusters->len; j++) {
		c->traffic_delay = c->weights_delay = 1;
		if (period_ns > 0)
			find_delays(c, j, period_ns);
		least_ns = MAX(least_ns, compose_cluster(c, j));
	}
	return least_ns;
}

static double sum_of(const struct composing *c, unsigned cluster, bool between)
{
	const struct cost_cluster_features *f = cluster_at(c, cluster);
	double sum_ns = 0;
	for (unsigned n = f->first_node; n < f->first_node + f->node_count; n++)
		sum_ns += between ? node_at(c, n)->between_ns : c->core_ns[n];
	return sum_ns;
}

/* Two micro-batches of a reader's input are underway at a time: one comes in, is worked on, and
 * its results leave before the next but one may come. */
static double buffer_loop_ns(const struct composing *c)
{
	double longest_ns = 0;
	for (unsigned j = 1; j < c->features->clusters->len; j++)
		longest_ns = MAX(longest_ns,
		                 sum_of(c, j - 1, true) + sum_of(c, j, false) + sum_of(c, j, true));
	return longest_ns / 2;
}

static double period_ns(struct composing *c, double shared_ns)
{
	const double *value = c->value;
	double period = compose_clusters(c, shared_ns, 0);
	if (value[COST_TRAFFIC_CONTENTION] + value[COST_WEIGHT_CONTENTION] > 0 &&
	    c->features->clusters->len > 1)
		for (int round = 0; round < ROUNDS; round++)
			period = compose_clusters(c, shared_ns, period);
	if (value[COST_BUFFER_LOOP] > 0)
		period = MAX(period, value[COST_BUFFER_LOOP] * buffer_loop_ns(c));
	return period;
}

/* ---- filling the pipeline ---- */

static double load_at(const struct composing *c, unsigned node)
{
	const struct cost_work *load = &g_array_index(c->features->loads, struct cost_work, node);
	return work_ns(c, load, 1);
}

/*
 * What is loaded from the segment's start on: each cluster's weights that are loaded once, one
 * node after another, and beside them the streamed weights of its first node. They share channels
 * and links in equal parts, so when one of them has got own_ns, each other has got as much, or all
 * that it needs.
 */
struct loading {
	double *once_ns, *streamed_ns; /* per cluster */
	double sharing;                /* 0: all from different channels, 1: all from the same */
};

static double loaded_ns(const struct composing *c, const struct loading *loading, double own_ns)
{
	double all_ns = -own_ns; /* itself is among them */
	for (unsigned j = 0; j < c->features->clusters->len; j++)
		all_ns += MIN(loading->once_ns[j], own_ns) + MIN(loading->streamed_ns[j], own_ns);
	return own_ns + loading->sharing * all_ns;
}

static void add_loads(const struct composing *c, unsigned cluster, struct loading *loading)
{
	const struct cost_cluster_features *f = cluster_at(c, cluster);
	loading->once_ns[cluster] = loading->streamed_ns[cluster] = 0;
	for (unsigned n = f->first_node; n < f->first_node + f->node_count; n++)
		*(node_at(c, n)->streamed ? &loading->streamed_ns[cluster]
		                          : &loading->once_ns[cluster]) += load_at(c, n);
}

/* Such that all of it together takes what it takes as one phase. */
static void find_loading(const struct composing *c, struct loading *loading)
{
	double sum_ns = 0, longest_ns = 0;
	for (unsigned j = 0; j < c->features->clusters->len; j++) {
		add_loads(c, j, loading);
		sum_ns += loading->once_ns[j] + loading->streamed_ns[j];
		longest_ns = MAX(longest_ns, MAX(loading->once_ns[j], loading->streamed_ns[j]));
	}
	double all_ns = work_ns(c, &c->features->first_loads, 1);
	loading->sharing = sum_ns > longest_ns
	                           ? CLAMP((all_ns - longest_ns) / (sum_ns - longest_ns), 0, 1)
	                           : 0;
}

/* The first micro-batch. */
struct segment_fill {
	const struct composing *c;
	double *start_ns, *end_ns; /* per node, from the segment's start */
	struct loading loading;
	double load_ns, last_ns; /* last_ns: the end of all so far */
	unsigned next_edge;
};

/* What a reader may not do before the producer has done its part. */
static void follow_edge(struct segment_fill *f, const struct cost_edge_features *edge)
{
	double from_ns = f->start_ns[edge->from_node], to_ns = f->end_ns[edge->from_node];
	double streaming = f->c->value[COST_TILE_STREAMING];
	double head = 1 - streaming * (1 - edge->head), tail = 1 - streaming * (1 - edge->tail);
	double *start_ns = &f->start_ns[edge->to_node], *end_ns = &f->end_ns[edge->to_node];
	*start_ns = MAX(*start_ns, from_ns + head * (to_ns - from_ns));
	*end_ns = MAX(*end_ns, to_ns + tail * f->c->core_ns[edge->to_node]);
}

/* When a node has the weights that are loaded from the start on; loads_ns: the cluster's ones so
 * far. What of streamed ones is left to wait for becomes *weights_ns. */
static double weights_there_ns(const struct segment_fill *f, unsigned node, double *loads_ns,
                               double *weights_ns)
{
	const struct composing *c = f->c;
	double overlap = c->value[COST_LOAD_OVERLAP], load_ns = load_at(c, node), there_ns = 0;
	*weights_ns = c->weights_ns[node];
	if (node_at(c, node)->streamed) {
		if (load_ns > 0)
			*weights_ns *= 1 - overlap;
		there_ns = loaded_ns(c, &f->loading, load_ns);
	} else {
		*loads_ns += load_ns;
		there_ns = loaded_ns(c, &f->loading, *loads_ns);
	}
	return (1 - overlap) * f->load_ns + overlap * there_ns;
}

/*
 * Computing and traffic of a node's first micro-batch. Nothing is there before its first tiles, and
 * nothing follows its last ones: of fetching, computing and sending, what hides behind the longest
 * of them later on stands before or behind it. Other clusters' tiles stream (follow_edge).
 */
static double first_core_ns(const struct composing *c, unsigned node)
{
	const struct cost_node_features *f = node_at(c, node);
	double compute_ns = node_compute_ns(c, f), traffic_ns = work_ns(c, &f->traffic, 1);
	double hidden_ns = compute_ns + work_ns(c, &f->fetches, 1) + work_ns(c, &f->leaving, 1) -
	                   MAX(compute_ns, traffic_ns);
	if (!(f->traffic.dram_ns > 0))
		return c->core_ns[node];
	return c->core_ns[node] + c->value[COST_EXPOSED_FIRST] * MAX(hidden_ns, 0) / f->tiles;
}

/* A cluster's nodes one after another. */
static void pass_cluster(struct segment_fill *f, unsigned cluster)
{
	const struct composing *c = f->c;
	const struct cost_cluster_features *of = cluster_at(c, cluster);
	const GArray *edges = c->features->edges;
	double loads_ns = 0, before_ns = 0, weights_ns;
	for (unsigned n = of->first_node; n < of->first_node + of->node_count; n++) {
		double there_ns = weights_there_ns(f, n, &loads_ns, &weights_ns);
		f->start_ns[n] = MAX(before_ns, there_ns);
		f->end_ns[n] = 0;
		for (; f->next_edge < edges->len; f->next_edge++) {
			const struct cost_edge_features *edge = &g_array_index(
				edges, struct cost_edge_features, f->next_edge);
			if (edge->to_node != n)
				break;
			follow_edge(f, edge);
		}
		double own_ns = f->start_ns[n] + first_core_ns(c, n) + weights_ns;
		before_ns = f->end_ns[n] = MAX(f->end_ns[n], own_ns);
		f->last_ns = MAX(f->last_ns, before_ns);
	}
}

/* Until the first micro-batch has left the last cluster, loading included. */
static double chain_ns(const struct composing *c, double load_ns)
{
	unsigned clusters = c->features->clusters->len, nodes = c->features->nodes->len;
	struct segment_fill f = { .c = c,
		                  .start_ns = c->scratch,
		                  .end_ns = c->scratch + nodes,
		                  .loading = { c->scratch + 2 * nodes, c->scratch + 3 * nodes, 0 },
		                  .load_ns = load_ns };
	find_loading(c, &f.loading);
	for (unsigned j = 0; j < clusters; j++)
		pass_cluster(&f, j);
	return f.last_ns;
}

/* Loading, and filling the pipeline. */
static double first_ns(const struct composing *c, double load_ns, double period)
{
	double chained = c->value[COST_CHAINED_FILL];
	double whole_ns = cost_segment_ns(load_ns, 1, c->features->clusters->len, period);
	return chained > 0 ? (1 - chained) * whole_ns + chained * chain_ns(c, load_ns) : whole_ns;
}

/* ---- all of it ---- */

double cost_chain_ns(const struct cost_features *features, const struct cost_parameters *parameters)
{
	const struct cost_work *chain = &features->load_chain;
	return chain->nop_ns / parameters->value[COST_NOP_EFFICIENCY] +
	       chain->dram_ns / parameters->value[COST_DRAM_EFFICIENCY] + chain->latency_ns;
}

double cost_load_ns(const struct cost_features *features, const struct cost_parameters *parameters)
{
	const struct composing c = { .features = features, .value = parameters->value };
	return MAX(cost_chain_ns(features, parameters), work_ns(&c, &features->load, 1));
}

struct cost_times cost_features_time(const struct cost_features *features,
                                     const struct cost_parameters *parameters, double *cluster_ns,
                                     double *node_ns)
{
	struct composing c = { .features = features,
		               .value = parameters->value,
		               .core_ns = node_ns,
		               .weights_ns = node_ns + features->nodes->len,
		               .scratch = node_ns + 2 * features->nodes->len,
		               .cluster_ns = cluster_ns };
	struct cost_times times = { .load_ns = cost_load_ns(features, parameters),
		                    .shared_ns = work_ns(&c, &features->shared, 1) };
	times.period_ns = period_ns(&c, times.shared_ns);
	times.latency_ns = first_ns(&c, times.load_ns, times.period_ns) +
	                   (features->microbatches - 1) * times.period_ns;
	return times;
}

/*
 * From features to times. With neutral parameters this is the formula of search/cost.h; each
 * parameter adds one effect to it. Everything here is arithmetic on a segment's features.
 *
 * Invariant: a time never falls when a load rises or an efficiency falls.
 */
#include "search/features.h"

/* Rounds in which the period and the delays by contention, which depend on each other, settle. */
#define ROUNDS 3

struct composing {
	const struct cost_features *features;
	const double *value;          /* the parameters' */
	double *core_ns, *weights_ns; /* per node: computing with traffic; weights */
	double *cluster_ns;
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

static void compose_node(struct composing *c, unsigned node)
{
	const struct cost_node_features *f = node_at(c, node);
	double compute_ns = f->compute_ns / c->value[COST_COMPUTE_EFFICIENCY] +
	                    f->tiles * c->value[COST_TILE_OVERHEAD];
	double traffic_ns = work_ns(c, &f->traffic, c->traffic_delay);
	c->core_ns[node] = MAX(compute_ns, traffic_ns) +
	                   c->value[COST_EXPOSED_TILE] * MIN(compute_ns, traffic_ns) / f->tiles;
	c->weights_ns[node] = work_ns(c, &f->weights, c->weights_delay);
}

static double compose_cluster(struct composing *c, unsigned cluster)
{
	const struct cost_cluster_features *f = cluster_at(c, cluster);
	double sum_ns = 0;
	for (unsigned n = f->first_node; n < f->first_node + f->node_count; n++) {
		compose_node(c, n);
		sum_ns += c->weights_ns[n] + c->core_ns[n];
	}
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

/* A cluster's first micro-batch: when it starts and ends, and how far its nodes are in between. */
struct passage {
	double start_ns, end_ns;
};

static double first_ns(const struct composing *c, unsigned node)
{
	return c->core_ns[node] + (1 - c->value[COST_WEIGHT_PREFETCH]) * c->weights_ns[node];
}

/* Time of a cluster's nodes [from, to) for the first micro-batch. */
static double span_ns(const struct composing *c, unsigned from, unsigned to)
{
	double sum_ns = 0;
	for (unsigned n = from; n < to; n++)
		sum_ns += first_ns(c, n);
	return sum_ns;
}

/* What the reader's cluster may not do before the producer's has done its part. */
static void follow_edge(const struct composing *c, const struct cost_edge_features *edge,
                        const struct passage *passages, struct passage *reader)
{
	const struct cost_cluster_features *from = cluster_at(c, edge->from_cluster),
					   *to = cluster_at(c, edge->to_cluster);
	const struct passage *producer = &passages[edge->from_cluster];
	double streaming = c->value[COST_TILE_STREAMING];
	double head = 1 - streaming * (1 - edge->head), tail = 1 - streaming * (1 - edge->tail);
	double head_ns = producer->start_ns + span_ns(c, from->first_node, edge->from_node) +
	                 head * first_ns(c, edge->from_node);
	double last_ns = producer->end_ns -
	                 span_ns(c, edge->from_node + 1, from->first_node + from->node_count);
	double start_ns = head_ns - span_ns(c, to->first_node, edge->to_node);
	double end_ns = last_ns + tail * first_ns(c, edge->to_node) +
	                span_ns(c, edge->to_node + 1, to->first_node + to->node_count);
	reader->start_ns = MAX(reader->start_ns, start_ns);
	reader->end_ns = MAX(reader->end_ns, end_ns);
}

/* Until the first micro-batch has left the last cluster. */
static double chain_ns(const struct composing *c)
{
	const GArray *edges = c->features->edges;
	unsigned clusters = c->features->clusters->len, next = 0;
	double last_ns = 0;
	struct passage *passages = g_newa0(struct passage, clusters);
	for (unsigned j = 0; j < clusters; j++) {
		const struct cost_cluster_features *f = cluster_at(c, j);
		struct passage *p = &passages[j];
		for (; next < edges->len; next++) {
			const struct cost_edge_features *edge = &g_array_index(
				edges, struct cost_edge_features, next);
			if (edge->to_cluster != j)
				break;
			follow_edge(c, edge, passages, p);
		}
		p->end_ns = MAX(p->end_ns, p->start_ns + span_ns(c, f->first_node,
		                                                 f->first_node + f->node_count));
		last_ns = MAX(last_ns, p->end_ns);
	}
	return last_ns;
}

static double fill_ns(const struct composing *c, double period)
{
	double chained = c->value[COST_CHAINED_FILL];
	double whole_ns = c->features->clusters->len * period;
	return chained > 0 ? (1 - chained) * whole_ns + chained * chain_ns(c) : whole_ns;
}

/* ---- all of it ---- */

static double load_ns(const struct composing *c)
{
	const struct cost_work *chain = &c->features->load_chain;
	double chain_ns = chain->nop_ns / c->value[COST_NOP_EFFICIENCY] +
	                  chain->dram_ns / c->value[COST_DRAM_EFFICIENCY] + chain->latency_ns;
	return MAX(chain_ns, work_ns(c, &c->features->load, 1));
}

struct cost_times cost_compose(const struct cost_features *features,
                               const struct cost_parameters *parameters, double *cluster_ns,
                               double *node_ns)
{
	struct composing c = { .features = features,
		               .value = parameters->value,
		               .core_ns = node_ns,
		               .weights_ns = node_ns + features->nodes->len,
		               .cluster_ns = cluster_ns };
	struct cost_times times = { .load_ns = load_ns(&c),
		                    .shared_ns = work_ns(&c, &features->shared, 1) };
	times.period_ns = period_ns(&c, times.shared_ns);
	times.latency_ns = times.load_ns + fill_ns(&c, times.period_ns) +
	                   (features->microbatches - 1) * times.period_ns;
	return times;
}

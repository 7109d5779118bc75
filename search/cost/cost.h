/*
 * The analytical cost model (equations with symbols and units: search/cost/README.md).
 *
 *   T_node    = T_weights(not resident) + max(T_compute, T_traffic)
 *   T_cluster = sum of T_node over its nodes
 *   T_period  = max(max_j T_cluster_j, T_shared)
 *   T_segment = T_load + (U + C - 1) * T_period
 *   T_network = sum of T_segment
 *
 * with neutral parameters; others add what search/cost/parameters.h says of them
 * (search/cost/features_time.c). T_traffic is one phase with all that goes out of the node and what
 * it fetches from DRAM. T_shared is the time that the most loaded link, port or channel needs for
 * one micro-batch of the whole segment: no pipeline runs faster. Times in ns, energies in pJ.
 */
#ifndef SEARCH_COST_COST_H
#define SEARCH_COST_COST_H

#include "search/mapping/buffers.h"
#include "search/traffic/traffic.h"
#include "search/cost/features.h"
#include "search/cost/cost_cache.h"

/* What is paid for, whatever time it takes; analytical and simulated totals are built
 * from the same additions. */
struct cost_totals {
	double macs;
	double nop_bytes;      /* chiplet to chiplet, counted at each receiver */
	double nop_byte_hops;  /* all bytes over NoP links, DRAM traffic included */
	double nop_dram_bytes; /* to and from DRAM over at least one link, at each receiver */
	double dram_read_bytes, dram_write_bytes;
	double mac_pJ, buffer_pJ, nop_pJ, dram_pJ;
};

void cost_add(struct cost_totals *to, const struct cost_totals *from, double times);
void cost_phase_totals(const struct map_network *network, const struct map_phase *phase,
                       struct cost_totals *totals);
void cost_compute_totals(const struct hw_package *package, const struct map_placed *placed,
                         const struct map_share *shares, struct cost_totals *totals);
double cost_static_pJ(const struct hw_package *package, double time_ns);
double cost_total_pJ(const struct cost_totals *totals, double static_pJ);

/* Times of one node for one micro-batch, before parameters. */
struct cost_node {
	double compute_ns, traffic_ns, weights_ns;
};

static inline double cost_node_ns(const struct cost_node *node)
{
	return node->weights_ns + MAX(node->compute_ns, node->traffic_ns);
}

struct cost_segment {
	unsigned first_cluster, cluster_count; /* in report->cluster_ns */
	unsigned microbatches;
	double load_ns, period_ns, shared_ns, latency_ns;
	/* The part of load_ns in which clusters load their nodes' weights one after another: it is
	 * no less than that, whatever the first input is. */
	double load_chain_ns;
};

struct cost_report {
	double latency_ns;
	double neutral_ns; /* the same with neutral parameters */
	double bound_ns;   /* nothing may ever be faster */
	struct cost_totals totals;
	double static_pJ;
	struct cost_segment *segments; /* per segment */
	double *cluster_ns;            /* per cluster, segment after segment */
	struct cost_node *nodes;       /* per workload node */
};

void cost_report_release(struct cost_report *report);

/* Evaluates mappings of one workload on one package; one per thread. Set `parameters` to
 * evaluate with a calibration. */
struct cost_model {
	const struct wl_workload *workload;
	const struct hw_package *package;
	struct cost_parameters parameters; /* neutral after cost_model_init */
	struct cost_cache *recall;         /* NULL at first: every node is walked anew */
	struct map_network network;
	/* Scratch, which nobody but the model's own functions (search/cost/) uses. */
	struct map_phase node, part, load, shared;
	struct cost_features features;
	double *node_ns;
	float *own; /* [2 * (cluster * resources + resource)]: traffic, weights; NULL until used */
	size_t own_count;
};

void cost_model_init(struct cost_model *model, const struct wl_workload *workload,
                     const struct hw_package *package);
void cost_model_release(struct cost_model *model);

/* From now on what was walked is remembered (search/cost/cost_cache.h): where mappings that differ
 * little are evaluated one after another, that is several times faster. The package and the
 * workload must not change any more. */
void cost_model_remember(struct cost_model *model);

/* The mapping must be valid. Fills a report, which cost_report_release empties. */
void cost_evaluate(struct cost_model *model, const struct map_mapping *mapping,
                   struct cost_report *report);

/* One segment alone; cluster_ns has room for its clusters. totals may be NULL. */
struct cost_segment cost_evaluate_segment(struct cost_model *model, const struct map_plan *plan,
                                          unsigned segment, double *cluster_ns,
                                          struct cost_totals *totals);

/* Its T_load alone. */
double cost_evaluate_load(struct cost_model *model, const struct map_plan *plan, unsigned segment);

/* The latency of all segments whose cost changes with how this one is mapped, besides its own:
 * where tensors have places (search/mapping/stored.h), those that read what it stores. cluster_ns
 * is scratch. */
double cost_readers_ns(struct cost_model *model, const struct map_plan *plan, unsigned segment,
                       double *cluster_ns, struct cost_totals *totals);

/*
 * The walk over a segment's traffic (search/cost/features_extract.c). cost_features_extract fills
 * the caller's `features`, whatever the model's parameters are; those that are not neutral need
 * `detailed` ones. `full` receives the totals of a full micro-batch and `totals` those of loading
 * (both only if `totals` is not NULL). cost_walk_microbatch counts one micro-batch of another size.
 */
void cost_features_extract(struct cost_model *model, const struct map_plan *plan,
                           const struct map_segment *segment, bool detailed,
                           struct cost_features *features, struct cost_totals *full,
                           struct cost_totals *totals);
void cost_walk_microbatch(struct cost_model *model, const struct map_plan *plan,
                          const struct map_segment *segment, unsigned samples,
                          struct cost_totals *totals);

/* T_weights of a node as it is placed: of weights that come for every micro-batch. */
double cost_weights_ns(struct cost_model *model, const struct map_placed *placed);

/* max(all MACs / all MAC units, compulsory DRAM bytes / all DRAM bandwidth). Compulsory are
 * every weight, what is read of the network's inputs, and its outputs, once. */
double cost_bound_ns(const struct wl_workload *workload, const struct hw_package *package,
                     unsigned batch);

#endif

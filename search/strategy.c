#include "search/strategy.h"

#include <math.h>
#include <string.h>

#define SMALL 100           /* nodes x chiplets */
#define LONGEST_CLUSTER 256 /* nodes; bounds the tables */

const char *search_strategy_name(enum search_strategy strategy)
{
	static const char *const names[SEARCH_STRATEGIES] = { "sequential", "pipeline", "segmented",
		                                              "scope", "best" };
	return names[strategy];
}

const char *search_objective_name(enum search_objective objective)
{
	static const char *const names[SEARCH_OBJECTIVES] = { "latency", "energy", "edp" };
	return names[objective];
}

struct search_freedom search_freedom_of(enum search_strategy strategy)
{
	struct search_freedom freedom = { .longest_cluster = 1, .longest_segment = UINT_MAX };
	if (strategy == SEARCH_SEQUENTIAL) {
		freedom.longest_segment = 1;
		freedom.whole_package = true;
	}
	freedom.one_segment = strategy == SEARCH_PIPELINE;
	freedom.free_nodes = strategy == SEARCH_BEST;
	if (strategy >= SEARCH_SCOPE)
		freedom.longest_cluster = LONGEST_CLUSTER;
	return freedom;
}

bool search_contains(enum search_strategy whole, enum search_strategy part)
{
	return whole == part || whole >= SEARCH_SCOPE ||
	       (whole == SEARCH_SEGMENTED && part != SEARCH_SCOPE);
}

bool search_check_strategy(enum search_strategy strategy, const struct wl_workload *workload,
                           const struct hw_package *package, GError **error)
{
	if (strategy != SEARCH_PIPELINE || workload->node_count <= hw_chiplet_count(package))
		return true;
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_TOO_MANY_NODES,
	            "strategy pipeline: '%s' has %u nodes but '%s' has %u chiplets; it needs one "
	            "each",
	            workload->name, workload->node_count, package->name, hw_chiplet_count(package));
	return false;
}

double search_energy_exponent(const struct search_options *options)
{
	return options->energy_exponent > 0 ? options->energy_exponent : 1;
}

double search_value(const struct search_options *options, double latency_ns, double energy_pJ)
{
	return options->objective == SEARCH_LATENCY ? latency_ns
	       : options->objective == SEARCH_ENERGY
	               ? energy_pJ
	               : latency_ns * pow(energy_pJ, search_energy_exponent(options));
}

static bool beats(enum search_objective objective, const struct search_worth *one,
                  const struct search_worth *other)
{
	bool faster = one->latency_ns <= other->latency_ns;
	bool cheaper = one->energy_pJ <= other->energy_pJ;
	return objective == SEARCH_LATENCY  ? faster
	       : objective == SEARCH_ENERGY ? cheaper
	                                    : faster && cheaper;
}

static void *item_at(GArray *front, unsigned i)
{
	return front->data + (size_t)i * g_array_get_element_size(front);
}

bool search_front_beats(GArray *front, enum search_objective objective,
                        const struct search_worth *worth)
{
	for (unsigned i = 0; i < front->len; i++)
		if (beats(objective, item_at(front, i), worth))
			return true;
	return false;
}

void search_front_keep(GArray *front, enum search_objective objective, const void *item)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < front->len; i++)
		if (!beats(objective, item, item_at(front, i)))
			memmove(item_at(front, kept++), item_at(front, i),
			        g_array_get_element_size(front));
	g_array_set_size(front, kept);
	g_array_append_vals(front, item, 1);
}

bool search_is_small(const struct wl_workload *workload, const struct hw_package *package)
{
	return workload->node_count * hw_chiplet_count(package) <= SMALL;
}

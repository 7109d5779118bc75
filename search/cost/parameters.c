/*
 * Invariant: the neutral value of each parameter lies within its bounds.
 */
#include "search/cost/parameters.h"

const struct cost_parameter_info cost_parameter_infos[COST_PARAMETERS] = {
	[COST_COMPUTE_EFFICIENCY] = { "compute_efficiency", "",
	                              "share of the array's cycles that do work", 1, 0.2, 1 },
	[COST_NOP_EFFICIENCY] = { "nop_efficiency", "",
	                          "share of link and port bandwidth that traffic gets", 1, 0.2, 1 },
	[COST_DRAM_EFFICIENCY] = { "dram_efficiency", "",
	                           "share of the channels' sustained bandwidth that traffic gets",
	                           1, 0.2, 1 },
	[COST_TILE_OVERHEAD] = { "tile_overhead_ns", "ns",
	                         "control and start of transfers, per tile", 0, 0, 10000 },
	[COST_EXPOSED_TILE] = { "exposed_tile", "tiles",
	                        "of the lesser of computing and traffic, what is not overlapped", 0,
	                        0, 2 },
	[COST_EXPOSED_FIRST] = { "exposed_first", "tiles",
	                         "of what hides behind the rest later on, what does not in the "
	                         "first micro-batch",
	                         0, 0, 4 },
	[COST_TILE_TRAFFIC] = { "tile_traffic", "",
	                        "0: traffic takes what that of all tiles takes together; 1: tile "
	                        "by tile",
	                        0, 0, 1 },
	[COST_TILE_LATENCY] = { "tile_latency", "",
	                        "of the traffic's latency, what each tile but the first pays", 0, 0,
	                        1 },
	[COST_TRAFFIC_CONTENTION] = { "traffic_contention", "",
	                              "delay of traffic by other clusters' load on its slowest "
	                              "resource",
	                              0, 0, 4 },
	[COST_WEIGHT_CONTENTION] = { "weight_contention", "",
	                             "the same for weights that come for every micro-batch", 0, 0,
	                             4 },
	[COST_WEIGHT_PREFETCH] = { "weight_prefetch", "",
	                           "how far weights that are read while the node before runs hide "
	                           "behind it",
	                           0, 0, 1 },
	[COST_LOAD_OVERLAP] = { "load_overlap", "",
	                        "0: nothing starts before all weights are loaded; 1: when its own "
	                        "are",
	                        0, 0, 1 },
	[COST_BUFFER_LOOP] = { "buffer_loop", "",
	                       "how far two micro-batch buffers per edge limit the period", 0, 0,
	                       1.5 },
	[COST_CHAINED_FILL] = { "chained_fill", "",
	                        "0: filling takes C periods; 1: the clusters' times one after "
	                        "another",
	                        0, 0, 1 },
	[COST_TILE_STREAMING] = { "tile_streaming", "",
	                          "share of a chained fill that starts with the first tiles, not "
	                          "all",
	                          0, 0, 1 },
};

struct cost_parameters cost_neutral_parameters(void)
{
	struct cost_parameters parameters;
	for (int i = 0; i < COST_PARAMETERS; i++)
		parameters.value[i] = cost_parameter_infos[i].neutral;
	return parameters;
}

bool cost_parameters_are_neutral(const struct cost_parameters *parameters)
{
	for (int i = 0; i < COST_PARAMETERS; i++) {
		double away = parameters->value[i] - cost_parameter_infos[i].neutral;
		if (away < 0 || away > 0)
			return false;
	}
	return true;
}

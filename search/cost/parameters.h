/*
 * The parameters of the analytical cost model: what the formulas of search/cost/cost.h leave out,
 * each with a physical meaning, a neutral value at which the model is the uncalibrated one, and
 * bounds. Calibration fits them (search/calibration/calibration.h).
 */
#ifndef SEARCH_COST_PARAMETERS_H
#define SEARCH_COST_PARAMETERS_H

#include <stdbool.h>

enum cost_parameter {
	COST_COMPUTE_EFFICIENCY, /* share of the array's cycles that do work */
	COST_NOP_EFFICIENCY,     /* share of link and port bandwidth that traffic gets */
	COST_DRAM_EFFICIENCY,    /* share of the channels' sustained bandwidth that traffic gets */
	COST_TILE_OVERHEAD,      /* ns per tile: control, start of transfers */
	COST_EXPOSED_TILE,       /* of the lesser of computing and traffic, tiles not overlapped */
	COST_EXPOSED_FIRST, /* of what hides later on, tiles that do not in the first micro-batch */
	COST_TILE_TRAFFIC,  /* 0: traffic takes what all tiles' takes as one, 1: one by one */
	COST_TILE_LATENCY,  /* of the traffic's latency, what each tile but the first pays */
	COST_TRAFFIC_CONTENTION, /* how much other clusters' load on its slowest resource delays a
	                            cluster's traffic */
	COST_WEIGHT_CONTENTION,  /* the same for weights that come for every micro-batch */
	COST_WEIGHT_PREFETCH, /* how far streamed weights that fit beside others hide behind them */
	COST_LOAD_OVERLAP,    /* 0: nothing starts before all weights are loaded; 1: its own */
	COST_BUFFER_LOOP,     /* how far two micro-batch buffers per edge limit the period */
	COST_CHAINED_FILL,    /* 0: filling takes C periods; 1: the clusters' own times, in a row */
	COST_TILE_STREAMING, /* share of a chained fill that starts with the first tiles, not all */
	COST_PARAMETERS
};

struct cost_parameters {
	double value[COST_PARAMETERS];
};

struct cost_parameter_info {
	const char *name, *unit, *meaning;
	double neutral, low, high;
};

extern const struct cost_parameter_info cost_parameter_infos[COST_PARAMETERS];

/* The uncalibrated model. */
struct cost_parameters cost_neutral_parameters(void);

/* Whether times depend on more than the formulas of search/cost/cost.h. */
bool cost_parameters_are_neutral(const struct cost_parameters *parameters);

#endif

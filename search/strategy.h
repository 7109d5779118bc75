/*
 * What strategies and objectives are.
 *
 * All strategies are one code path with different freedom (enum order: each
 * contains the ones its table row allows, scope and best contain all before them):
 *
 *   sequential  segments of one node, on all chiplets
 *   pipeline    one segment, clusters of one node
 *   segmented   any segments, clusters of one node
 *   scope       any segments, any clusters
 *   best        all that a mapping can say: any split, weights and tiles per node, any regions.
 *               Starts from scope's result (search/annealing.h)
 */
#ifndef SEARCH_STRATEGY_H
#define SEARCH_STRATEGY_H

#include "search/cost/cost.h"

#define SEARCH_ERROR (g_quark_from_static_string("search-error"))
enum search_error {
	SEARCH_ERROR_TOO_MANY_NODES,
	SEARCH_ERROR_DOES_NOT_FIT,
	SEARCH_ERROR_TOO_LARGE,
	SEARCH_ERROR_NOT_INDEPENDENT
};

struct search_pool; /* search/candidate_pool.h */

enum search_strategy {
	SEARCH_SEQUENTIAL,
	SEARCH_PIPELINE,
	SEARCH_SEGMENTED,
	SEARCH_SCOPE,
	SEARCH_BEST,
	SEARCH_STRATEGIES
};
enum search_objective { SEARCH_LATENCY, SEARCH_ENERGY, SEARCH_EDP, SEARCH_OBJECTIVES };

const char *search_strategy_name(enum search_strategy strategy);
const char *search_objective_name(enum search_objective objective);

/* Whether the strategy can have a mapping at all: a pipeline needs a chiplet per node. */
bool search_check_strategy(enum search_strategy strategy, const struct wl_workload *workload,
                           const struct hw_package *package, GError **error);

struct search_options {
	enum search_strategy strategy;
	enum search_objective objective;
	double energy_exponent; /* of edp: latency * energy^this is minimised; 0: 1 */
	unsigned batch;         /* samples, at least 1 */
	unsigned tiles;         /* wished for per share, at least 1; more where buffers demand it */
	unsigned jobs;          /* threads; the result does not depend on it */
	bool heuristics_only;   /* never try everything, however small the problem */
	/* Of the cost model; NULL: neutral. The tables (README, 1 to 3) always are: they only
	 * propose. */
	const struct cost_parameters *parameters;
	void (*progress)(void *data, double fraction); /* NULL: none */
	void *progress_data;
	struct search_pool *pool; /* receives the best mappings seen; NULL: nobody wants them */
};

/* What a strategy may do. */
struct search_freedom {
	unsigned longest_cluster; /* nodes */
	unsigned longest_segment; /* nodes */
	bool one_segment;
	bool whole_package; /* every cluster has all chiplets */
	bool free_nodes;    /* any split, weights and tiles, beyond the search's own kinds */
};

struct search_freedom search_freedom_of(enum search_strategy strategy);

/* Whether all mappings of `part` are mappings of `whole`. */
bool search_contains(enum search_strategy whole, enum search_strategy part);

/*
 * Whether what the formula says is all that counts. On larger problems tiles are not chosen by a
 * model that is not calibrated: it hardly sees what they cost. (Fetching the first of many tiles
 * takes little, and with it DarkNet-19 on mcm-256 came out 0.1 % faster by the formula and twice as
 * slow simulated.)
 */
bool search_is_small(const struct wl_workload *workload, const struct hw_package *package);

/* Of edp; 1 where the options leave it open. */
double search_energy_exponent(const struct search_options *options);

/* What is minimised, from a mapping's latency and energy. */
double search_value(const struct search_options *options, double latency_ns, double energy_pJ);

/* What a mapping or a part of one takes. */
struct search_worth {
	double latency_ns, energy_pJ; /* energy: 0 if the objective is latency */
};

/*
 * A front: an array of structs that begin with their worth, none of which beats another. To beat is
 * to make superfluous, alone and as parts of the same whole; an edp is no sum of its parts: both
 * must be no worse. Whether one of the front beats `worth`; and an item that none beats, in place
 * of all that it beats.
 */
bool search_front_beats(GArray *front, enum search_objective objective,
                        const struct search_worth *worth);
void search_front_keep(GArray *front, enum search_objective objective, const void *item);

#endif

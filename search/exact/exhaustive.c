/* Invariant: a front holds nothing that another of its members beats. */
#include "search/exact/exhaustive.h"

#include <math.h>

#include "search/exact/branch_bound.h"
#include "search/segments/misfit.h"
#include "hw/base/threads.h"
#include "search/mapping/stored.h"

/* Nodes placed in the search within a search: about half a microsecond each. */
#define QUICK_STEPS 6e5
#define QUICK_CANDIDATES 2e4 /* costed there: where bounds do not help */

/* A way to run nodes [0, j): one to run [0, before), and a segment behind it. */
struct path {
	struct search_worth worth;
	unsigned before, path, found; /* node, index among its paths, among what the segment has */
};

struct exhaustion {
	const struct search_options *options;
	struct search_exact_space small;
	struct search_enumerator how;
	struct search_crew *crew;
	struct search_branch_bound **triers; /* per thread */
	struct search_result *results;       /* [first][end - 1] */
	double limit_ns;                     /* of the network */
	bool bounded;
	unsigned length;         /* nodes of the segments being enumerated */
	double steps;            /* nodes that may still be placed */
	double *limits_ns;       /* by first node */
	double candidates, done; /* of all segments */
	GMutex lock;             /* of `done` and the progress function */
};

static struct search_result *result_of(const struct exhaustion *e, unsigned first, unsigned end)
{
	return &e->results[(size_t)first * e->small.nodes + end - 1];
}

static void note_progress(void *data, double candidates)
{
	struct exhaustion *e = data;
	g_mutex_lock(&e->lock);
	e->done += candidates;
	e->options->progress(e->options->progress_data, MIN(e->done / e->candidates, 1));
	g_mutex_unlock(&e->lock);
}

static bool neutral(const struct search_options *options)
{
	return !options->parameters || cost_parameters_are_neutral(options->parameters);
}

/* What is too large, with all numbers. */
static void refuse(const struct exhaustion *e, double mappings, double most, GError **error)
{
	const struct search_exact_space *small = &e->small;
	g_autofree char *size = g_strdup_printf("%.4g mappings, made of %.4g different segments",
	                                        mappings, e->candidates);
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_TOO_LARGE,
	            "strategy exhaustive: the space %s of '%s' (%u nodes, batch %u) on '%s' (%u "
	            "chiplets) has %s; at most %.4g segments, of up to %d nodes on up to %d "
	            "chiplets, can be tried%s",
	            search_strategy_name(e->options->strategy), small->workload->name, small->nodes,
	            small->batch, small->package->name, small->chiplets,
	            isfinite(mappings) ? size : "too many mappings to count", most,
	            SEARCH_EXACT_NODES,
	            small->free_nodes ? SEARCH_EXACT_FREE : SEARCH_EXACT_CHIPLETS,
	            e->bounded          ? ""
	            : small->free_nodes ? " in this space"
	                                : " for this objective or with a calibration");
}

static bool exhaustion_init(struct exhaustion *e, const struct wl_workload *workload,
                            const struct hw_package *package, const struct search_options *options,
                            enum search_tiling tiling, GError **error)
{
	struct search_freedom freedom = search_freedom_of(options->strategy);
	double mappings;
	*e = (struct exhaustion){ .options = options, .limit_ns = INFINITY, .steps = INFINITY };
	search_exact_init(&e->small, workload, package, &freedom, options->batch, options->tiles,
	                  tiling);
	e->candidates = search_exact_size(&e->small, &mappings);
	e->bounded = options->objective == SEARCH_LATENCY && neutral(options) &&
	             !freedom.free_nodes;
	double most = e->bounded ? SEARCH_MOST_BOUNDED : SEARCH_MOST_COSTED;
	if (!search_exact_is_small(workload, package) || !(e->candidates <= most)) {
		refuse(e, mappings, most, error);
		search_exact_release(&e->small);
		return false;
	}
	if (freedom.free_nodes && search_exact_add_orders(&e->small, e->candidates, most))
		e->candidates = search_exact_size(&e->small, &mappings);
	e->how = (struct search_enumerator){ .small = &e->small,
		                             .objective = options->objective,
		                             .parameters = options->parameters,
		                             .prune = true,
		                             .progress = options->progress ? note_progress : NULL,
		                             .progress_data = e };
	e->crew = search_crew_new(options->jobs);
	e->triers = g_new0(struct search_branch_bound *, search_crew_size(e->crew));
	e->results = g_new(struct search_result, (size_t)e->small.nodes * e->small.nodes);
	for (unsigned i = 0; i < e->small.nodes * e->small.nodes; i++)
		search_result_init(&e->results[i]);
	e->limits_ns = g_new(double, e->small.nodes);
	g_mutex_init(&e->lock);
	return true;
}

static void exhaustion_release(struct exhaustion *e)
{
	for (unsigned i = 0; i < search_crew_size(e->crew); i++)
		if (e->triers[i])
			search_branch_bound_free(e->triers[i]);
	for (unsigned i = 0; i < e->small.nodes * e->small.nodes; i++)
		search_result_release(&e->results[i]);
	g_free(e->triers);
	g_free(e->results);
	g_free(e->limits_ns);
	g_mutex_clear(&e->lock);
	search_crew_free(e->crew);
	search_exact_release(&e->small);
}

/* ---- cuts ---- */

/* All ways of nodes [0, i) with all of a segment [i, j) behind them. */
static void extend_paths(const struct exhaustion *e, GArray *const *paths, unsigned i, unsigned j)
{
	const GArray *front = result_of(e, i, j)->front;
	enum search_objective objective = e->options->objective;
	for (unsigned p = 0; p < paths[i]->len; p++)
		for (unsigned f = 0; f < front->len; f++) {
			const struct path *before = &g_array_index(paths[i], struct path, p);
			const struct search_found *found = &g_array_index(front,
			                                                  struct search_found, f);
			struct path path = { { before->worth.latency_ns + found->worth.latency_ns,
				               before->worth.energy_pJ + found->worth.energy_pJ },
				             i,
				             p,
				             f };
			if (!search_front_beats(paths[j], objective, &path.worth))
				search_front_keep(paths[j], objective, &path);
		}
}

/* paths[j]: ways to run nodes [0, j) that nothing beats; paths[0] has the empty one. */
static GArray **find_paths(const struct exhaustion *e)
{
	static const struct path nothing = { 0 };
	GArray **paths = g_new(GArray *, e->small.nodes + 1);
	for (unsigned j = 0; j <= e->small.nodes; j++) {
		paths[j] = g_array_new(FALSE, FALSE, sizeof(struct path));
		for (unsigned i = 0; i < j; i++)
			extend_paths(e, paths, i, j);
		if (j == 0)
			g_array_append_val(paths[0], nothing);
	}
	return paths;
}

static void free_paths(const struct exhaustion *e, GArray **paths)
{
	for (unsigned j = 0; j <= e->small.nodes; j++)
		g_array_free(paths[j], TRUE);
	g_free(paths);
}

static double score_of(const struct exhaustion *e, const struct path *path)
{
	return search_value(e->options, path->worth.latency_ns, path->worth.energy_pJ);
}

static struct map_mapping *lay_out(const struct exhaustion *e, GArray *const *paths,
                                   const struct path *last, const char *strategy)
{
	unsigned nodes = e->small.nodes, segments = 0;
	for (const struct path *path = last; nodes > 0;
	     nodes = path->before, path = &g_array_index(paths[nodes], struct path, path->path))
		segments++;
	struct map_mapping *mapping = search_empty_mapping(e->small.workload, e->small.package,
	                                                   e->options->batch, strategy, segments);
	nodes = e->small.nodes;
	for (const struct path *path = last; nodes > 0;
	     nodes = path->before, path = &g_array_index(paths[nodes], struct path, path->path)) {
		const GArray *front = result_of(e, path->before, nodes)->front;
		search_exact_outline(
			&e->small,
			&g_array_index(front, struct search_found, path->found).candidate, mapping,
			--segments);
	}
	return mapping;
}

/* Weights and tiles, once all segments are there: an edge's way depends on both its ends. */
static void place_weights(const struct exhaustion *e, struct map_mapping *mapping)
{
	struct cost_model model;
	cost_model_init(&model, e->small.workload, e->small.package);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		bool fits = search_fit_segment(&model, mapping, s, NULL);
		g_assert(fits); /* as it did alone */
	}
	cost_model_release(&model);
}

/* The best of all, if its latency is below the limit. */
static struct map_mapping *best_mapping(const struct exhaustion *e, const char *strategy)
{
	GArray **paths = find_paths(e);
	const GArray *whole = paths[e->small.nodes];
	const struct path *best = NULL;
	struct map_mapping *mapping = NULL;
	for (unsigned i = 0; i < whole->len; i++) {
		const struct path *path = &g_array_index(whole, struct path, i);
		if (!best || score_of(e, path) < score_of(e, best))
			best = path;
	}
	if (best && best->worth.latency_ns < e->limit_ns) {
		mapping = lay_out(e, paths, best, strategy);
		place_weights(e, mapping);
	}
	free_paths(e, paths);
	return mapping;
}

/* ---- segments ---- */

/* What nodes [first, end) cost at least, in one segment or several: as cost_bound_ns has it. */
static double least_ns(const struct exhaustion *e, unsigned first, unsigned end)
{
	const struct hw_package *package = e->small.package;
	double macs = 0, bytes = 0;
	for (unsigned n = first; n < end; n++) {
		macs += (double)e->small.workload->nodes[n].macs * e->options->batch;
		bytes += (double)e->small.workload->nodes[n].weight_bytes;
	}
	return MAX(macs / hw_peak_macs_per_ns(package), bytes / hw_dram_total_GBps(package));
}

/*
 * A segment is of use only if it is faster than its nodes in shorter segments, and than what
 * the network may take less what the other nodes must.
 */
static double useful_ns(const struct exhaustion *e, unsigned first, unsigned end)
{
	g_autofree double *best_ns = g_new(double, end - first + 1);
	best_ns[0] = 0;
	for (unsigned j = 1; j <= end - first; j++) {
		best_ns[j] = INFINITY;
		for (unsigned i = 0; i < j; i++) {
			const GArray *front = result_of(e, first + i, first + j)->front;
			if (front->len)
				best_ns[j] = MIN(
					best_ns[j],
					best_ns[i] + g_array_index(front, struct search_found, 0)
							     .worth.latency_ns);
		}
	}
	double others_ns = least_ns(e, 0, first) + least_ns(e, end, e->small.nodes);
	return MIN(best_ns[end - first], e->limit_ns - others_ns);
}

static struct search_branch_bound *trier_of(struct exhaustion *e, unsigned thread)
{
	if (!e->triers[thread])
		e->triers[thread] = search_branch_bound_new(&e->how);
	return e->triers[thread];
}

static void enumerate_one(void *data, unsigned thread, unsigned first)
{
	struct exhaustion *e = data;
	search_enumerate(trier_of(e, thread), first, first + e->length, e->limits_ns[first],
	                 result_of(e, first, first + e->length));
}

static void enumerate_all(struct exhaustion *e)
{
	unsigned nodes = e->small.nodes;
	for (e->length = e->small.one_segment ? nodes : 1; e->length <= nodes; e->length++) {
		unsigned segments = nodes - e->length + 1;
		/* An equal part each, so that which thread does what changes nothing. */
		e->how.most_steps = e->steps / segments;
		for (unsigned i = 0; i < segments; i++)
			e->limits_ns[i] = e->bounded ? useful_ns(e, i, i + e->length) : INFINITY;
		search_parallel(e->crew, segments, enumerate_one, e);
		for (unsigned i = 0; i < segments; i++)
			e->steps -= result_of(e, i, i + e->length)->steps;
	}
}

static void explain(const struct exhaustion *e, GError **error)
{
	struct search_freedom freedom = search_freedom_of(e->options->strategy);
	struct cost_model model;
	cost_model_init(&model, e->small.workload, e->small.package);
	struct search_misfit misfit = search_find_misfit(&model, NULL, 0, &freedom);
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
	            "strategy exhaustive: no mapping of '%s' in the space %s fits the buffers of "
	            "'%s'; %s",
	            e->small.workload->name, search_strategy_name(e->options->strategy),
	            e->small.package->name,
	            misfit.text ? misfit.text
	                        : "each node fits alone, but not all of them at once");
	search_misfit_release(&misfit);
	cost_model_release(&model);
}

/* Whether a segment may read what another one stored, and where that lies matters: then they cannot
 * be chosen one by one. */
static bool are_dependent(const struct wl_workload *workload, const struct hw_package *package,
                          const struct search_options *options)
{
	return workload->node_count > 1 && map_tensors_have_places(package) &&
	       !search_freedom_of(options->strategy).one_segment;
}

static bool check_independent(const struct wl_workload *workload, const struct hw_package *package,
                              const struct search_options *options, GError **error)
{
	if (!are_dependent(workload, package, options))
		return true;
	g_set_error(
		error, SEARCH_ERROR, SEARCH_ERROR_NOT_INDEPENDENT,
		"strategy exhaustive: '%s' has dram.interleave \"nearest\", where a tensor lies in "
		"the channel of the chiplet that stored it, so that what a segment costs depends "
		"on those before it and the best mapping of the space %s need not consist of the "
		"best segments; allowed are space pipeline, which has one segment, and "
		"dram.interleave \"all\"",
		package->name, search_strategy_name(options->strategy));
	return false;
}

struct map_mapping *search_exhaustive(const struct wl_workload *workload,
                                      const struct hw_package *package,
                                      const struct search_options *options, GError **error)
{
	struct exhaustion e;
	enum search_tiling tiling = neutral(options) ? SEARCH_TILES_BEST : SEARCH_TILES_ALL;
	if (!search_check_strategy(options->strategy, workload, package, error) ||
	    !check_independent(workload, package, options, error) ||
	    !exhaustion_init(&e, workload, package, options, tiling, error))
		return NULL;
	enumerate_all(&e);
	struct map_mapping *mapping = best_mapping(&e, "exhaustive");
	if (!mapping)
		explain(&e, error);
	exhaustion_release(&e);
	return mapping;
}

/* Whether no segment ran out of steps. */
static bool all_complete(const struct exhaustion *e)
{
	for (unsigned i = 0; i < e->small.nodes; i++)
		for (unsigned j = i + 1; j <= e->small.nodes; j++)
			if (!e->small.one_segment || j - i == e->small.nodes)
				if (!result_of(e, i, j)->complete)
					return false;
	return true;
}

/* Whether every candidate can be costed within a search, for an objective without bounds. */
static bool quick_enough(const struct wl_workload *workload, const struct hw_package *package,
                         const struct search_options *options, enum search_tiling tiling)
{
	struct search_freedom freedom = search_freedom_of(options->strategy);
	struct search_exact_space small;
	double mappings;
	if (!search_exact_is_small(workload, package))
		return false;
	search_exact_init(&small, workload, package, &freedom, options->batch, options->tiles,
	                  tiling);
	bool quick = search_exact_size(&small, &mappings) <= QUICK_CANDIDATES;
	search_exact_release(&small);
	return quick;
}

struct map_mapping *search_exactly(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct search_options *options, double limit_ns,
                                   bool *complete)
{
	struct exhaustion e;
	struct search_options quick = *options;
	enum search_tiling tiling = neutral(options) ? SEARCH_TILES_BEST : SEARCH_TILES_ALL;
	quick.progress = NULL;
	*complete = false;
	if (tiling == SEARCH_TILES_BEST ? !search_is_small(workload, package)
	                                : !quick_enough(workload, package, &quick, tiling))
		tiling = SEARCH_TILES_FOLLOW;
	if (!quick_enough(workload, package, &quick, tiling)) {
		quick.objective = SEARCH_LATENCY;
		if (!neutral(options))
			return NULL;
	}
	if (!search_exact_is_small(workload, package) ||
	    !exhaustion_init(&e, workload, package, &quick, tiling, NULL))
		return NULL;
	if (e.bounded) {
		e.limit_ns = are_dependent(workload, package, options) ? INFINITY : limit_ns;
		e.steps = QUICK_STEPS;
	}
	enumerate_all(&e);
	struct map_mapping *mapping = best_mapping(&e, search_strategy_name(options->strategy));
	*complete = all_complete(&e) && !are_dependent(workload, package, options);
	exhaustion_release(&e);
	return mapping;
}

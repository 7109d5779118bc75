/*
 * Invariant: a strategy's result is the best, by full cost, of its own search and those of
 * all strategies it contains, so more freedom is never worse.
 */
#include "search/search.h"

#include "search/annealing.h"
#include "search/candidate_pool.h"
#include "search/exact/exhaustive.h"
#include "search/segments/misfit.h"
#include "search/segments/full_cost.h"
#include "search/segments/tiles.h"
#include "search/segments/window.h"

#include <math.h>

#define RETRIES 5       /* searches with less and less of the activation buffer, until one finds */
#define TIGHTER 0.8     /* how much less each time */
#define EVALUATIONS 400 /* of refinement, per segment, for a small network */
#define VARIATIONS 24   /* of the best mapping, per place in a pool */
#define MORE_TILES 4    /* times as many, where nothing is found */

struct searcher {
	const struct search_options *options;
	struct search_space *space;
	struct search_freedom freedom;
	enum search_strategy strategy; /* the one being searched */
	unsigned tiles;                /* with which the tables measure room for activations */
	uint64_t activation_limit;     /* that room */
	double limit_ns;               /* latency of the best mapping so far */
	double fastest_ns;             /* the least latency so far, whatever the objective */
	double done, share;            /* progress: where this search starts and how much it is */
	double furthest;               /* a repeated search does not go back */
};

static void forward_progress(void *data, double fraction)
{
	struct searcher *s = data;
	s->furthest = MAX(s->furthest, s->done + s->share * fraction);
	if (s->options->progress)
		s->options->progress(s->options->progress_data, s->furthest);
}

/* Linearised objective at a mapping's latency L and energy E: d(L E^x) ~ E dL + x L dE. */
static struct search_weights weights_at(const struct searcher *s, const struct map_mapping *mapping)
{
	struct cost_report report;
	if (s->options->objective == SEARCH_LATENCY)
		return (struct search_weights){ 1, 0 };
	if (s->options->objective == SEARCH_ENERGY)
		return (struct search_weights){ 0, 1 };
	cost_evaluate(s->space->model, mapping, &report);
	struct search_weights weights = { cost_total_pJ(&report.totals, report.static_pJ),
		                          search_energy_exponent(s->options) * report.latency_ns };
	cost_report_release(&report);
	return weights;
}

/* Notes the latency too: the tables, which know latency only (and no calibration), need not look
 * at slower ones. */
static double score_of(struct searcher *s, const struct map_mapping *mapping)
{
	struct cost_report report;
	cost_evaluate(s->space->model, mapping, &report);
	double energy_pJ = cost_total_pJ(&report.totals, report.static_pJ),
	       latency_ns = report.latency_ns;
	s->limit_ns = MIN(s->limit_ns, report.neutral_ns);
	cost_report_release(&report);
	return search_value(s->options, latency_ns, energy_pJ);
}

/* A segment of one node alone on the package costs the same wherever such a node stands, unless
 * tensors have places (search/mapping/stored.h): what was found for the first of its kind serves
 * them all. */
static bool repeats(const struct searcher *s, const struct search_draft *drafts, unsigned i,
                    unsigned *like)
{
	if (!s->freedom.whole_package || s->space->model->network.tensors_have_places)
		return false;
	for (*like = 0; *like < i; ++*like)
		if (s->space->node_kind[drafts[*like].first] ==
		    s->space->node_kind[drafts[i].first])
			return true;
	return false;
}

static void refine_one(const struct searcher *s, struct search_local_search *refiner,
                       struct search_draft *drafts, unsigned i)
{
	unsigned like;
	if (!repeats(s, drafts, i, &like)) {
		search_local_search_run(refiner, i, &drafts[i], EVALUATIONS, NULL);
		return;
	}
	drafts[i].samples = drafts[like].samples;
	drafts[i].serpentine = drafts[like].serpentine;
	drafts[i].splits[drafts[i].first] = drafts[like].splits[drafts[like].first];
	search_local_search_run(refiner, i, &drafts[i], 0, NULL);
}

static void note_latency(struct searcher *s, const struct map_mapping *mapping)
{
	struct cost_report report;
	cost_evaluate(s->space->model, mapping, &report);
	s->fastest_ns = MIN(s->fastest_ns, report.latency_ns);
	cost_report_release(&report);
}

/* Lay a solution out, first as found, then refined. NULL and `error` if a segment does not fit. */
static struct map_mapping *realise(struct searcher *s, const struct search_solution *solution,
                                   GError **error)
{
	unsigned nodes = s->space->workload->node_count;
	struct map_mapping *mapping = search_empty_mapping(
		s->space->workload, s->space->package, s->options->batch,
		search_strategy_name(s->options->strategy), solution->segment_count);
	g_autofree enum search_split *splits = g_new(enum search_split, nodes);
	g_autofree struct search_draft *drafts = g_new(struct search_draft,
	                                               solution->segment_count);
	struct search_local_search refiner;
	bool fits = true;
	search_local_search_init(&refiner, s->space->model, &s->freedom, s->options->tiles,
	                         mapping);
	for (unsigned i = 0; i < solution->segment_count; i++) {
		search_draft_init(&drafts[i], s->space->model);
		search_draft_from(&drafts[i], s->space, &solution->segments[i], splits);
	}
	/* All segments are laid out before any is costed: an edge's way depends on both ends. */
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		search_draft_outline(&drafts[i], s->space->model, refiner.serpentines[0],
		                     s->options->tiles, mapping, i);
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		fits = isfinite(search_local_search_run(&refiner, i, &drafts[i], 0, error));
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		refine_one(s, &refiner, drafts, i);
	if (fits)
		note_latency(s, mapping);
	/* Another objective starts from the fastest mapping, so that it is never worse than
	 * that. */
	if (fits && s->options->objective != SEARCH_LATENCY) {
		refiner.weights = weights_at(s, mapping);
		for (unsigned i = 0; i < solution->segment_count; i++)
			refine_one(s, &refiner, drafts, i);
	}
	for (unsigned i = 0; i < solution->segment_count; i++)
		search_draft_release(&drafts[i]);
	search_local_search_release(&refiner);
	if (!fits)
		g_clear_pointer(&mapping, map_free);
	return mapping;
}

static void set_misfit(const struct searcher *s, const char *start, const char *misfit,
                       GError **error)
{
	g_clear_error(error);
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
	            "strategy %s: no mapping of '%s' found that fits the buffers of '%s'%s%s",
	            search_strategy_name(s->options->strategy), s->space->workload->name,
	            s->space->package->name, start, misfit);
}

/* Keeps the better of two mappings; frees the other. */
static void keep_better(struct searcher *s, struct map_mapping *mapping, struct map_mapping **best,
                        double *best_score)
{
	double score = score_of(s, mapping);
	if (s->options->pool)
		search_pool_offer(s->options->pool, mapping, score, false);
	if (*best && score >= *best_score) {
		map_free(mapping);
		return;
	}
	map_free(*best);
	*best = mapping;
	*best_score = score;
}

/* Cuts within the window, laid out; the best is replaced by what is better. NULL: none found. */
static struct search_solution *search_within(struct searcher *s, struct search_freedom window,
                                             const struct search_judge *judge,
                                             struct map_mapping **best, double *best_score)
{
	struct search_clusters clusters;
	search_clusters_init(&clusters, s->space, window.longest_cluster, s->tiles,
	                     s->activation_limit);
	struct search_solution *solution = search_segments(s->space, &clusters, &window,
	                                                   s->options->batch, s->limit_ns, judge,
	                                                   forward_progress, s);
	struct map_mapping *mapping = solution ? realise(s, solution, NULL) : NULL;
	if (mapping)
		keep_better(s, mapping, best, best_score);
	else
		g_clear_pointer(&solution, search_solution_free);
	search_clusters_release(&clusters);
	return solution;
}

/* In windows that are widened while that helps. */
static void search_windows(struct searcher *s, const struct search_judge *judge,
                           struct map_mapping **best, double *best_score)
{
	struct search_freedom window = search_first_window(&s->freedom, s->space);
	struct search_solution *solution = search_within(s, window, judge, best, best_score);
	bool better = true;
	while (solution && better && search_widen(&window, solution, &s->freedom, s->space)) {
		double score = *best_score;
		search_solution_free(solution);
		solution = search_within(s, window, judge, best, best_score);
		better = *best_score < score;
	}
	search_solution_free(solution);
}

/*
 * One strategy without those it contains. The tables know less of the activation buffers than
 * the full check, so where nothing of what they propose fits, they are given less room and asked
 * again.
 */
static struct map_mapping *search_one(struct searcher *s, GError **error)
{
	struct map_mapping *best = NULL;
	double best_score = INFINITY;
	struct search_full_cost settler;
	struct search_judge judge = { search_full_cost_segment, &settler, false };
	search_full_cost_init(&settler, s->space, &s->freedom, s->options);
	s->activation_limit = s->space->activation_limit;
	for (int i = 0; !best && i < RETRIES; i++) {
		search_windows(s, &judge, &best, &best_score);
		s->activation_limit = (uint64_t)((double)s->activation_limit * TIGHTER);
	}
	s->activation_limit = s->space->activation_limit;
	judge.insist = true;
	if (!best)
		search_windows(s, &judge, &best, &best_score);
	if (!best)
		set_misfit(s, settler.misfit ? "; the last one tried: " : "",
		           settler.misfit ? settler.misfit->message : "", error);
	search_full_cost_release(&settler);
	return best;
}

static unsigned most_tiles(const struct searcher *s)
{
	unsigned most = s->options->batch;
	for (unsigned n = 0; n < s->space->workload->node_count; n++) {
		const struct wl_shape *output = &s->space->workload->nodes[n].output;
		most = MAX(most, MAX(output->channels, MAX(output->rows, output->columns)));
	}
	return most;
}

/* The same; where nothing is found, again with more tiles in the tables, as long as that may help,
 * and at last with every node alone. */
static struct map_mapping *search_with_tiles(struct searcher *s, GError **error)
{
	s->tiles = s->options->tiles;
	GError *failed = NULL;
	struct map_mapping *mapping = search_one(s, &failed);
	if (mapping)
		return mapping;
	struct search_misfit misfit = search_find_misfit(s->space->model, s->space->sizes,
	                                                 s->space->size_count, &s->freedom);
	unsigned most = misfit.hopeless ? 0 : most_tiles(s);
	while (!mapping && s->tiles < most) {
		s->tiles = MIN(MORE_TILES * s->tiles, most);
		g_clear_error(&failed);
		mapping = search_one(s, &failed);
	}
	if (!mapping && misfit.alone && !s->freedom.one_segment)
		mapping = realise(s, misfit.alone, NULL);
	if (!mapping && misfit.text)
		set_misfit(s, "; ", misfit.text, &failed);
	if (mapping)
		g_clear_error(&failed);
	else
		g_propagate_error(error, failed);
	search_misfit_release(&misfit);
	return mapping;
}

/* Whether the strategy is searched on the way to the one that is wanted. */
static bool takes_part(const struct searcher *s, enum search_strategy strategy)
{
	return search_contains(s->options->strategy, strategy) &&
	       (strategy != SEARCH_PIPELINE ||
	        s->space->workload->node_count <= s->space->chiplets);
}

/*
 * Where everything can be tried in a moment, the fastest of all is tried, too: of the strategy's
 * mappings, or at least of those that it contains.
 */
static void try_exactly(struct searcher *s, struct map_mapping **best, double *best_score)
{
	bool complete = s->options->heuristics_only;
	int first = MIN((int)s->options->strategy, SEARCH_SCOPE);
	for (int strategy = first; strategy >= 0 && !complete; strategy--) {
		struct search_options options = *s->options;
		options.strategy = (enum search_strategy)strategy;
		if (!takes_part(s, options.strategy) || strategy == SEARCH_SEQUENTIAL)
			continue;
		struct map_mapping *exact = search_exactly(s->space->workload, s->space->package,
		                                           &options, s->fastest_ns, &complete);
		if (!exact)
			continue;
		g_free(exact->strategy);
		exact->strategy = g_strdup(search_strategy_name(s->options->strategy));
		note_latency(s, exact);
		keep_better(s, exact, best, best_score);
	}
}

/* The best tiles by the formula, where that is all that counts. */
static void choose_tiles(const struct searcher *s, struct map_mapping *mapping)
{
	if (search_is_small(s->space->workload, s->space->package) &&
	    cost_parameters_are_neutral(&s->space->model->parameters))
		search_choose_tiles(s->space->model, mapping);
}

static struct map_mapping *search_all(struct searcher *s, GError **error)
{
	struct map_mapping *best = NULL;
	GError *failed = NULL;
	double best_score = INFINITY;
	int last = MIN((int)s->options->strategy, SEARCH_SCOPE);
	for (int strategy = 0; strategy <= last; strategy++) {
		s->strategy = (enum search_strategy)strategy;
		if (!takes_part(s, s->strategy))
			continue;
		s->freedom = search_freedom_of(s->strategy);
		g_clear_error(&failed);
		struct map_mapping *mapping = search_with_tiles(s, &failed);
		s->done += s->share;
		if (mapping)
			keep_better(s, mapping, &best, &best_score);
	}
	if (best) {
		choose_tiles(s, best);
		best_score = score_of(s, best);
		note_latency(s, best);
	}
	try_exactly(s, &best, &best_score);
	if (best)
		g_clear_error(&failed);
	else
		g_propagate_error(error, failed);
	return best;
}

/* The same search with shares by speed: with even ones the fast wait for the slow. */
static struct map_mapping *search_balanced(struct searcher *s, struct map_mapping *best)
{
	double best_score = score_of(s, best);
	search_space_balance(s->space);
	struct map_mapping *balanced = search_all(s, NULL);
	if (balanced)
		keep_better(s, balanced, &best, &best_score);
	return best;
}

/* Everything else that a mapping can say, from the best of the others. */
static struct map_mapping *anneal(struct searcher *s, struct map_mapping *start)
{
	const struct search_annealing annealing = { s->space->model, s->options, forward_progress,
		                                    s };
	struct map_mapping *mapping = search_anneal(&annealing, start);
	choose_tiles(s, mapping);
	if (score_of(s, start) < score_of(s, mapping)) { /* segment by segment they were alike */
		map_free(mapping);
		mapping = start;
	} else {
		map_free(start);
	}
	g_free(mapping->strategy);
	mapping->strategy = g_strdup(search_strategy_name(SEARCH_BEST));
	return mapping;
}

/* Fills the pool with mappings one change away from the best. */
static void offer_variations(struct searcher *s, const struct map_mapping *best)
{
	struct search_pool *pool = s->options->pool;
	struct search_drawer drawer;
	search_drawer_init(&drawer, s->space->model, s->options->strategy, s->options->batch, 0);
	for (unsigned i = 0; i < VARIATIONS * pool->room; i++) {
		struct map_mapping *variation = search_neighbour(&drawer, best, i + 1, NULL);
		if (variation)
			search_pool_offer(pool, variation, score_of(s, variation), false);
		map_free(variation);
	}
	search_drawer_release(&drawer);
}

/*
 * What the search finds without a calibration is often good with it, too: a calibrated search is
 * never worse than that. Returns the better of it and `best` (NULL: none found).
 */
static struct map_mapping *try_uncalibrated(struct searcher *s, struct map_mapping *best)
{
	struct search_options options = *s->options;
	options.parameters = NULL;
	options.pool = NULL;
	options.progress = NULL;
	struct map_mapping *mapping = search_mapping(s->space->workload, s->space->package,
	                                             &options, NULL);
	double best_score = best ? score_of(s, best) : INFINITY;
	if (mapping && s->options->pool)
		search_pool_offer(s->options->pool, mapping, score_of(s, mapping), true);
	if (mapping)
		keep_better(s, mapping, &best, &best_score);
	return best;
}

static void fill_pool(struct searcher *s, const struct map_mapping *best)
{
	search_pool_offer(s->options->pool, best, score_of(s, best), true);
	offer_variations(s, best);
}

struct map_mapping *search_mapping(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct search_options *options, GError **error)
{
	if (!search_check_strategy(options->strategy, workload, package, error))
		return NULL;
	struct cost_model model;
	struct search_space space;
	cost_model_init(&model, workload, package);
	cost_model_remember(&model);
	if (options->parameters)
		model.parameters = *options->parameters;
	search_space_init(&space, &model, options->jobs);
	struct searcher searcher = {
		.options = options, .space = &space, .limit_ns = INFINITY, .fastest_ns = INFINITY
	};
	unsigned searches = 0;
	for (int s = 0; s < SEARCH_STRATEGIES; s++)
		searches += search_contains(options->strategy, (enum search_strategy)s);
	searcher.share = 1.0 / searches;
	GError *failed = NULL;
	struct map_mapping *mapping = search_all(&searcher, &failed);
	if (!cost_parameters_are_neutral(&model.parameters))
		mapping = try_uncalibrated(&searcher, mapping);
	if (mapping)
		g_clear_error(&failed);
	else
		g_propagate_error(error, failed);
	if (mapping && options->strategy == SEARCH_BEST && package->type_count > 1)
		mapping = search_balanced(&searcher, mapping);
	if (mapping && options->strategy == SEARCH_BEST)
		mapping = anneal(&searcher, mapping);
	if (mapping && options->pool)
		fill_pool(&searcher, mapping);
	search_space_release(&space);
	cost_model_release(&model);
	return mapping;
}

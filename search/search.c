/*
 * Invariant: a strategy's result is the best, by full cost, of its own search and those of
 * all strategies it contains, so more freedom is never worse.
 */
#include "search/search.h"

#include "search/refine.h"

#include <math.h>

#define RETRIES 5           /* searches with less and less of the activation buffer */
#define TIGHTER 0.8         /* how much less each time */
#define EVALUATIONS 400     /* of refinement, per segment, for a small network */
#define LONGEST_CLUSTER 256 /* nodes; bounds the tables */

const char *search_strategy_name(enum search_strategy strategy)
{
	static const char *const names[SEARCH_STRATEGIES] = { "sequential", "pipeline", "segmented", "scope" };
	return names[strategy];
}

const char *search_objective_name(enum search_objective objective)
{
	static const char *const names[SEARCH_OBJECTIVES] = { "latency", "energy", "edp" };
	return names[objective];
}

static struct search_freedom freedom_of(enum search_strategy strategy)
{
	struct search_freedom freedom = { .longest_cluster = 1, .longest_segment = UINT_MAX };
	if (strategy == SEARCH_SEQUENTIAL) {
		freedom.longest_segment = 1;
		freedom.whole_package = true;
	}
	freedom.one_segment = strategy == SEARCH_PIPELINE;
	if (strategy == SEARCH_SCOPE)
		freedom.longest_cluster = LONGEST_CLUSTER;
	return freedom;
}

/* Whether all mappings of `part` are mappings of `whole`. */
static bool contains(enum search_strategy whole, enum search_strategy part)
{
	return whole == part || whole == SEARCH_SCOPE ||
	       (whole == SEARCH_SEGMENTED && part != SEARCH_SCOPE);
}

struct searcher {
	const struct search_options *options;
	struct search_space *space;
	struct search_freedom freedom;
	enum search_strategy strategy; /* the one being searched */
	double limit_ns; /* latency of the best mapping so far */
	double done, share; /* progress: where this search starts and how much it is */
};

static void forward_progress(void *data, double fraction)
{
	struct searcher *s = data;
	if (s->options->progress)
		s->options->progress(s->options->progress_data, s->done + s->share * fraction);
}

static struct map_mapping *empty_mapping(const struct searcher *s, unsigned segments)
{
	struct map_mapping *mapping = g_new0(struct map_mapping, 1);
	mapping->workload = g_strdup(s->space->workload->name);
	mapping->package = g_strdup(s->space->package->name);
	mapping->strategy = g_strdup(search_strategy_name(s->options->strategy));
	mapping->batch = s->options->batch;
	mapping->segments = g_new0(struct map_segment, segments);
	mapping->segment_count = segments;
	return mapping;
}

/* Settles segments: the rest of the network stands outside, on either side. */
struct settler {
	struct searcher *searcher;
	struct search_refiner refiner;
	struct map_mapping *mapping;  /* before, the segment, after */
	struct search_draft draft;
	enum search_split *splits;
};

/* Nodes [first, end) somewhere, so that edges to them go through DRAM. */
static void stand_in(struct map_segment *segment, unsigned first, unsigned end)
{
	struct map_cluster *cluster = &segment->clusters[0];
	cluster->node_count = end - first;
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i] = (struct map_node){ .node = first + i, .split = { 1, 1, 1, 1 }, .tiles = 1 };
}

static void settler_init(struct settler *settler, struct searcher *s)
{
	unsigned nodes = s->space->workload->node_count;
	settler->searcher = s;
	settler->mapping = empty_mapping(s, 3);
	for (unsigned i = 0; i < 3; i += 2) {
		struct map_segment *outside = &settler->mapping->segments[i];
		outside->cluster_count = 1;
		outside->clusters = g_new0(struct map_cluster, 1);
		outside->clusters[0].nodes = g_new0(struct map_node, nodes);
		outside->clusters[0].region = g_new0(unsigned, 1);
		outside->clusters[0].region_size = 1;
	}
	settler->splits = g_new(enum search_split, nodes);
	search_draft_init(&settler->draft, s->space);
	search_refiner_init(&settler->refiner, s->space, &s->freedom, s->options->tiles, settler->mapping);
}

static void settler_release(struct settler *settler)
{
	search_refiner_release(&settler->refiner);
	search_draft_release(&settler->draft);
	map_free(settler->mapping);
	g_free(settler->splits);
}

static double settle_segment(void *data, const struct search_segment *segment)
{
	struct settler *settler = data;
	stand_in(&settler->mapping->segments[0], 0, segment->first);
	stand_in(&settler->mapping->segments[2], segment->end, settler->searcher->space->workload->node_count);
	search_draft_from(&settler->draft, settler->searcher->space, segment, settler->splits);
	return search_refine(&settler->refiner, 1, &settler->draft, 0, NULL);
}

/* Linearised objective at a mapping's latency L and energy E: d(E L) = E dL + L dE. */
static struct search_weights weights_at(const struct searcher *s, const struct map_mapping *mapping)
{
	struct cost_report report;
	if (s->options->objective == SEARCH_LATENCY)
		return (struct search_weights){ 1, 0 };
	if (s->options->objective == SEARCH_ENERGY)
		return (struct search_weights){ 0, 1 };
	cost_evaluate(s->space->model, mapping, &report);
	struct search_weights weights = { cost_total_pJ(&report.totals, report.static_pJ), report.latency_ns };
	cost_report_release(&report);
	return weights;
}

/* Notes the latency too: slower mappings need not be looked at for a better one. */
static double score_of(struct searcher *s, const struct map_mapping *mapping)
{
	struct cost_report report;
	cost_evaluate(s->space->model, mapping, &report);
	double energy_pJ = cost_total_pJ(&report.totals, report.static_pJ), latency_ns = report.latency_ns;
	cost_report_release(&report);
	s->limit_ns = MIN(s->limit_ns, latency_ns);
	return s->options->objective == SEARCH_LATENCY ? latency_ns :
	       s->options->objective == SEARCH_ENERGY  ? energy_pJ :
	                                                 latency_ns * energy_pJ;
}

/* A segment of one node alone on the package costs the same wherever such a node stands: what
 * was found for the first of its kind serves them all. */
static bool repeats(const struct searcher *s, const struct search_draft *drafts, unsigned i, unsigned *like)
{
	if (!s->freedom.whole_package)
		return false;
	for (*like = 0; *like < i; ++*like)
		if (s->space->node_kind[drafts[*like].first] == s->space->node_kind[drafts[i].first])
			return true;
	return false;
}

static void refine_one(const struct searcher *s, struct search_refiner *refiner,
                       struct search_draft *drafts, unsigned i)
{
	unsigned like;
	if (!repeats(s, drafts, i, &like)) {
		search_refine(refiner, i, &drafts[i], EVALUATIONS, NULL);
		return;
	}
	drafts[i].samples = drafts[like].samples;
	drafts[i].snake = drafts[like].snake;
	drafts[i].splits[drafts[i].first] = drafts[like].splits[drafts[like].first];
	search_refine(refiner, i, &drafts[i], 0, NULL);
}

/* Lay a solution out, first as found, then refined. NULL and `error` if a segment does not fit. */
static struct map_mapping *realise(struct searcher *s, const struct search_solution *solution, GError **error)
{
	unsigned nodes = s->space->workload->node_count;
	struct map_mapping *mapping = empty_mapping(s, solution->segment_count);
	g_autofree enum search_split *splits = g_new(enum search_split, nodes);
	g_autofree struct search_draft *drafts = g_new(struct search_draft, solution->segment_count);
	struct search_refiner refiner;
	bool fits = true;
	search_refiner_init(&refiner, s->space, &s->freedom, s->options->tiles, mapping);
	for (unsigned i = 0; i < solution->segment_count; i++) {
		search_draft_init(&drafts[i], s->space);
		search_draft_from(&drafts[i], s->space, &solution->segments[i], splits);
	}
	/* All segments are laid out before any is costed: an edge's way depends on both ends. */
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		search_draft_outline(&drafts[i], s->space, refiner.snakes[0], s->options->tiles, mapping, i);
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		fits = isfinite(search_refine(&refiner, i, &drafts[i], 0, error));
	if (fits)
		refiner.weights = weights_at(s, mapping);
	for (unsigned i = 0; fits && i < solution->segment_count; i++)
		refine_one(s, &refiner, drafts, i);
	for (unsigned i = 0; i < solution->segment_count; i++)
		search_draft_release(&drafts[i]);
	search_refiner_release(&refiner);
	if (!fits)
		g_clear_pointer(&mapping, map_free);
	return mapping;
}

/* One strategy without those it contains. */
static struct map_mapping *search_one(struct searcher *s, GError **error)
{
	struct search_clusters clusters;
	struct map_mapping *mapping = NULL;
	uint64_t limit = s->space->activation_limit;
	struct settler settler;
	const struct search_judge judge = { settle_segment, &settler };
	settler_init(&settler, s);
	search_clusters_init(&clusters, s->space, s->freedom.longest_cluster, s->options->tiles);
	for (int i = 0; i < RETRIES && !mapping; i++) {
		struct search_solution *solution = search_segments(s->space, &clusters, &s->freedom,
		                                                   s->options->batch, s->limit_ns, &judge,
		                                                   forward_progress, s);
		if (solution) {
			g_clear_error(error);
			mapping = realise(s, solution, error);
		} else if (error && !*error) {
			g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
			            "strategy %s: no mapping of '%s' on '%s' fits the activation buffers",
			            search_strategy_name(s->strategy), s->space->workload->name,
			            s->space->package->name);
		}
		search_solution_free(solution);
		s->space->activation_limit = (uint64_t)((double)s->space->activation_limit * TIGHTER);
	}
	s->space->activation_limit = limit;
	search_clusters_release(&clusters);
	settler_release(&settler);
	return mapping;
}

static struct map_mapping *search_all(struct searcher *s, GError **error)
{
	struct map_mapping *best = NULL;
	double best_score = INFINITY;
	for (int strategy = 0; strategy <= (int)s->options->strategy; strategy++) {
		GError *failed = NULL;
		s->strategy = (enum search_strategy)strategy;
		if (!contains(s->options->strategy, s->strategy) ||
		    (strategy == SEARCH_PIPELINE && s->space->workload->node_count > s->space->chiplets))
			continue;
		s->freedom = freedom_of(s->strategy);
		struct map_mapping *mapping = search_one(s, &failed);
		s->done += s->share;
		if (!mapping) {
			if (s->strategy == s->options->strategy && !best)
				g_propagate_error(error, failed);
			else
				g_clear_error(&failed);
			continue;
		}
		double score = score_of(s, mapping);
		if (score < best_score) {
			best_score = score;
			map_free(best);
			best = mapping;
		} else {
			map_free(mapping);
		}
	}
	return best;
}

struct map_mapping *search_mapping(const struct wl_workload *workload, const struct hw_package *package,
                                   const struct search_options *options, GError **error)
{
	if (options->strategy == SEARCH_PIPELINE && workload->node_count > hw_chiplet_count(package)) {
		g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_TOO_MANY_NODES,
		            "strategy pipeline: '%s' has %u nodes but '%s' has %u chiplets; it needs one each",
		            workload->name, workload->node_count, package->name, hw_chiplet_count(package));
		return NULL;
	}
	struct cost_model model;
	struct search_space space;
	cost_model_init(&model, workload, package);
	search_space_init(&space, &model, options->jobs);
	struct searcher searcher = { .options = options, .space = &space, .limit_ns = INFINITY };
	unsigned searches = 0;
	for (int s = 0; s < SEARCH_STRATEGIES; s++)
		searches += contains(options->strategy, (enum search_strategy)s);
	searcher.share = 1.0 / searches;
	struct map_mapping *mapping = search_all(&searcher, error);
	search_space_release(&space);
	cost_model_release(&model);
	return mapping;
}

/* Invariant: a candidate is costed by the functions that cost any mapping; bounds only leave
 * out. */
#include "search/exact/branch_bound.h"

#include <math.h>

#include "search/segments/full_cost.h"
#include "search/segments/tiles.h"

/* Nothing that is better by less than this part is looked for. */
#define PRECISION 1e-9

struct search_branch_bound {
	const struct search_enumerator *how;
	struct cost_model model;
	struct map_mapping *mapping;
	double *cluster_ns;
	struct search_bounds *bounds; /* NULL: nothing is left out */
	/* The enumeration that is going on. */
	struct search_exact_segment candidate;
	struct search_result *result;
	double best_ns;
};

struct search_branch_bound *search_branch_bound_new(const struct search_enumerator *enumerator)
{
	const struct search_exact_space *small = enumerator->small;
	struct search_branch_bound *t = g_new0(struct search_branch_bound, 1);
	t->how = enumerator;
	cost_model_init(&t->model, small->workload, small->package);
	if (enumerator->parameters)
		t->model.parameters = *enumerator->parameters;
	t->mapping = search_lone_mapping(small->workload, small->package, small->batch);
	t->cluster_ns = g_new(double, small->nodes);
	if (enumerator->prune && enumerator->objective == SEARCH_LATENCY && !small->free_nodes &&
	    cost_parameters_are_neutral(&t->model.parameters))
		t->bounds = search_bounds_new(small, &t->model);
	return t;
}

void search_branch_bound_free(struct search_branch_bound *t)
{
	search_bounds_free(t->bounds);
	map_free(t->mapping);
	g_free(t->cluster_ns);
	cost_model_release(&t->model);
	g_free(t);
}

void search_result_init(struct search_result *result)
{
	*result = (struct search_result){ .front = g_array_new(FALSE, FALSE,
		                                               sizeof(struct search_found)) };
}

void search_result_release(struct search_result *result)
{
	g_array_free(result->front, TRUE);
}

/* Whether the candidate fits the buffers; its weights, unless nodes are free, and its tiles, unless
 * they are enumerated, are chosen for that. */
static bool fits(struct search_branch_bound *t, const struct map_plan *plan)
{
	const struct search_exact_space *small = t->how->small;
	const struct search_prices prices = { &t->model, NULL, NULL };
	struct map_scratch *scratch = &t->model.network.scratch;
	for (unsigned c = 0; c < t->mapping->segments[1].cluster_count; c++) {
		struct map_buffer_use use;
		map_weight_use(plan, 1, c, &use);
		bool fit = use.weight_bytes <= use.weight_limit;
		if (!fit && (small->free_nodes || !search_fit_weights(&prices, plan, 1, c)))
			return false;
		if (small->tiling == SEARCH_TILES_ALL
		            ? !map_check_cluster(plan, 1, c, scratch, NULL)
		            : !search_fit_tiles(plan, 1, c, scratch))
			return false;
	}
	return true;
}

/* The segment as it is in the mapping. */
static struct search_found evaluate(struct search_branch_bound *t, const struct map_plan *plan,
                                    struct cost_segment *cost)
{
	bool energy = t->how->objective != SEARCH_LATENCY;
	struct cost_totals totals = { 0 };
	*cost = cost_evaluate_segment(&t->model, plan, 1, t->cluster_ns, energy ? &totals : NULL);
	struct search_found found = { { cost->latency_ns, 0 }, t->candidate };
	if (energy)
		found.worth.energy_pJ = cost_total_pJ(
			&totals, cost_static_pJ(t->how->small->package, cost->latency_ns));
	return found;
}

/* Whether it would be kept; ties go to what came first. */
static bool is_better(const struct search_branch_bound *t, const struct search_found *found)
{
	return found->worth.latency_ns < t->best_ns &&
	       !search_front_beats(t->result->front, t->how->objective, &found->worth);
}

/* The tiles that are best; whether others than before. Nothing is changed if the segment would not
 * be kept if its first input came at once. */
static bool choose_tiles(struct search_branch_bound *t, const struct map_plan *plan,
                         const struct search_found *found, const struct cost_segment *cost)
{
	double spared_ns = cost->load_ns - cost->load_chain_ns;
	struct search_found least = *found;
	least.worth.latency_ns -= spared_ns;
	least.worth.energy_pJ -= cost_static_pJ(t->how->small->package, spared_ns);
	return spared_ns > 0 && is_better(t, &least) &&
	       search_best_tiles(&t->model, plan, 1, cost, false) < cost->load_ns;
}

static void note_tiles(const struct search_branch_bound *t, struct search_exact_segment *candidate)
{
	const struct map_segment *segment = &t->mapping->segments[1];
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++) {
			const struct map_node *node = &segment->clusters[c].nodes[i];
			candidate->spots[node->node].tiles = node->tiles;
		}
}

/* The candidate is complete. */
static void cost_candidate(struct search_branch_bound *t)
{
	struct map_plan plan;
	t->result->costed++;
	search_exact_outline(t->how->small, &t->candidate, t->mapping, 1);
	map_plan_init(&plan, t->mapping, t->how->small->workload, t->how->small->package);
	if (fits(t, &plan)) {
		struct cost_segment cost;
		struct search_found found = evaluate(t, &plan, &cost);
		if (t->how->small->tiling == SEARCH_TILES_BEST &&
		    choose_tiles(t, &plan, &found, &cost))
			found = evaluate(t, &plan, &cost);
		if (is_better(t, &found)) {
			note_tiles(t, &found.candidate);
			search_front_keep(t->result->front, t->how->objective, &found);
			if (t->how->objective == SEARCH_LATENCY)
				t->best_ns = found.worth.latency_ns;
		}
	}
	map_plan_release(&plan);
}

/* What cannot be below this is left out. */
static double limit_ns(const struct search_branch_bound *t)
{
	return t->best_ns * (1 - PRECISION);
}

static void visit(struct search_branch_bound *t, unsigned n);

/* Node n as spots[n] says, and all that can come before it. */
static void place_one(struct search_branch_bound *t, unsigned n)
{
	t->result->steps++;
	t->result->complete = t->result->steps < t->how->most_steps;
	if (!t->bounds || search_bounds_place(t->bounds, n, t->candidate.spots) <= limit_ns(t))
		visit(t, n);
}

/* Node n at (start, size) in every variant with every number of tiles. */
static void place(struct search_branch_bound *t, unsigned n, unsigned start, unsigned size)
{
	const struct search_exact_space *small = t->how->small;
	struct search_exact_place *spot = &t->candidate.spots[n];
	unsigned variants = small->variant_count[search_exact_row(small, n, size)];
	for (unsigned v = 0; v < variants && t->result->complete; v++) {
		*spot = (struct search_exact_place){ (uint8_t)start, (uint8_t)size, (uint16_t)v,
			                             0 };
		unsigned tiles = search_exact_tiles(small, n, search_exact_variant(small, n, spot),
		                                    t->candidate.samples);
		for (unsigned i = 1; i <= tiles && t->result->complete; i++) {
			spot->tiles = small->tiling == SEARCH_TILES_ALL ? i : 0;
			place_one(t, n);
		}
	}
}

/* Node n as the last of a cluster whose region ends at `end`. */
static void place_cluster(struct search_branch_bound *t, unsigned n, unsigned end)
{
	bool is_first = n == t->candidate.first;
	unsigned before = t->how->small->longest_cluster == 1 ? n - t->candidate.first : 0;
	for (unsigned size = is_first ? end : 1; size + before <= end; size++)
		place(t, n, end - size, size);
}

/* Nodes [n, end) are placed. */
static void visit(struct search_branch_bound *t, unsigned n)
{
	const struct search_exact_place *spot = &t->candidate.spots[n];
	unsigned first = t->candidate.first, length = 1;
	while (n + length < t->candidate.end && spot[length].start == spot->start)
		length++;
	if (n > first && length < t->how->small->longest_cluster &&
	    (spot->start == 0 || n - 1 > first))
		place(t, n - 1, spot->start, spot->size);
	if ((n > first) != (spot->start > 0))
		return; /* nothing is left for the nodes or chiplets before it */
	if (t->bounds &&
	    search_bounds_close(t->bounds, n, t->candidate.spots, limit_ns(t)) > limit_ns(t))
		return;
	if (n > first)
		place_cluster(t, n - 1, spot->start);
	else
		cost_candidate(t);
}

static void enumerate_on(struct search_branch_bound *t, unsigned samples, unsigned serpentine,
                         double *least_ns)
{
	t->candidate.samples = samples;
	t->candidate.serpentine = serpentine;
	if (t->bounds) {
		double bound_ns = search_bounds_begin(t->bounds, t->candidate.first,
		                                      t->candidate.end, samples, serpentine,
		                                      limit_ns(t));
		*least_ns = MIN(*least_ns, bound_ns);
		if (bound_ns > limit_ns(t))
			return;
	}
	for (unsigned end = 1; end <= t->how->small->chiplets; end++)
		place_cluster(t, t->candidate.end - 1, end);
}

void search_enumerate(struct search_branch_bound *t, unsigned first, unsigned end, double most_ns,
                      struct search_result *result)
{
	const struct search_exact_space *small = t->how->small;
	unsigned parts = small->sample_count * small->serpentine_count;
	double candidates = search_exact_candidates(small, first, end), least_ns = INFINITY;
	t->candidate.first = first;
	t->candidate.end = end;
	t->best_ns = most_ns;
	t->result = result;
	result->complete = true;
	search_stand_outside(t->mapping, first, end, small->nodes);
	for (unsigned i = 0; i < parts && result->complete; i++) {
		enumerate_on(t, small->samples[i / small->serpentine_count],
		             i % small->serpentine_count, &least_ns);
		if (t->how->progress)
			t->how->progress(t->how->progress_data, candidates / parts);
	}
	result->least_ns = t->bounds ? least_ns : 0;
}

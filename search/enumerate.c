/* Invariant: a candidate is costed by the functions that cost any mapping; bounds only leave out. */
#include "search/enumerate.h"

#include <math.h>

#include "search/settle.h"

/* Nothing that is better by less than this part is looked for. */
#define PRECISION 1e-9

struct search_trier {
	const struct search_enumerator *how;
	struct cost_model model;
	struct search_space bare; /* what search_fit_segment looks at */
	struct map_mapping *mapping;
	double *cluster_ns;
	struct search_bounds *bounds; /* NULL: nothing is left out */
	/* The enumeration that is going on. */
	struct search_candidate candidate;
	struct search_result *result;
	double best_ns;
};

struct search_trier *search_trier_new(const struct search_enumerator *enumerator)
{
	const struct search_small *small = enumerator->small;
	struct search_trier *t = g_new0(struct search_trier, 1);
	t->how = enumerator;
	cost_model_init(&t->model, small->workload, small->package);
	if (enumerator->parameters)
		t->model.parameters = *enumerator->parameters;
	t->bare = (struct search_space){ .workload = small->workload,
		                         .package = small->package,
		                         .model = &t->model,
		                         .chiplets = small->chiplets };
	t->mapping = search_lone_mapping(&t->bare, small->batch);
	t->cluster_ns = g_new(double, small->nodes);
	if (enumerator->prune && enumerator->objective == SEARCH_LATENCY && !small->free_nodes &&
	    cost_parameters_are_neutral(&t->model.parameters))
		t->bounds = search_bounds_new(small, &t->model);
	return t;
}

void search_trier_free(struct search_trier *t)
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

/* Whether `a` makes `b` superfluous for the objective; ties go to the one that came first. */
static bool beats(enum search_objective objective, const struct search_found *a,
                  const struct search_found *b)
{
	bool faster = a->latency_ns <= b->latency_ns, cheaper = a->energy_pJ <= b->energy_pJ;
	return objective == SEARCH_LATENCY  ? faster
	       : objective == SEARCH_ENERGY ? cheaper
	                                    : faster && cheaper;
}

static void keep(struct search_trier *t, const struct search_found *found)
{
	GArray *front = t->result->front;
	unsigned kept = 0;
	for (unsigned i = 0; i < front->len; i++)
		if (beats(t->how->objective, &g_array_index(front, struct search_found, i), found))
			return;
	for (unsigned i = 0; i < front->len; i++) {
		struct search_found *old = &g_array_index(front, struct search_found, i);
		if (!beats(t->how->objective, found, old))
			g_array_index(front, struct search_found, kept++) = *old;
	}
	g_array_set_size(front, kept);
	g_array_append_val(front, *found);
}

/* Whether the candidate fits the buffers: as it is if nodes are free, else if it can be made to. */
static bool fits(struct search_trier *t)
{
	struct map_plan plan;
	if (!t->how->small->free_nodes)
		return search_fit_segment(&t->bare, t->mapping, 1, NULL);
	map_plan_init(&plan, t->mapping, t->how->small->workload, t->how->small->package);
	bool fit = true;
	for (unsigned c = 0; fit && c < t->mapping->segments[1].cluster_count; c++)
		fit = map_check_cluster(&plan, 1, c, &t->model.network.scratch, NULL);
	map_plan_release(&plan);
	return fit;
}

/* The candidate is complete. */
static void cost_candidate(struct search_trier *t)
{
	struct map_plan plan;
	struct cost_totals totals = { 0 };
	bool energy = t->how->objective != SEARCH_LATENCY;
	t->result->costed++;
	search_small_outline(t->how->small, &t->candidate, t->mapping, 1);
	if (!fits(t))
		return;
	map_plan_init(&plan, t->mapping, t->how->small->workload, t->how->small->package);
	struct cost_segment cost = cost_evaluate_segment(&t->model, &plan, 1, t->cluster_ns,
	                                                 energy ? &totals : NULL);
	map_plan_release(&plan);
	struct search_found found = { t->candidate, cost.latency_ns, 0 };
	if (energy)
		found.energy_pJ = cost_total_pJ(
			&totals, cost_static_pJ(t->how->small->package, cost.latency_ns));
	if (!(found.latency_ns < t->best_ns))
		return;
	keep(t, &found);
	if (!energy)
		t->best_ns = found.latency_ns;
}

/* What cannot be below this is left out. */
static double limit_ns(const struct search_trier *t)
{
	return t->best_ns * (1 - PRECISION);
}

static void visit(struct search_trier *t, unsigned n);

/* Whether the variant of node n can be had here: with the tiles of the cluster that it joins. */
static bool is_allowed(const struct search_trier *t, unsigned n)
{
	const struct search_spot *spot = &t->candidate.spots[n];
	const struct search_variant *how = search_small_variant(t->how->small, n, spot);
	bool joins = n + 1 < t->candidate.end && spot[1].start == spot->start;
	unsigned tiles = joins ? search_small_variant(t->how->small, n + 1, spot + 1)->tiles
	                       : how->tiles;
	return search_small_allows(how, t->candidate.samples, tiles);
}

/* Node n at (start, size) in every variant, and all that can come before it. */
static void place(struct search_trier *t, unsigned n, unsigned start, unsigned size)
{
	const struct search_small *small = t->how->small;
	struct search_spot *spot = &t->candidate.spots[n];
	unsigned variants = small->variant_count[search_small_row(small, n, size)];
	for (unsigned v = 0; v < variants && t->result->complete; v++) {
		*spot = (struct search_spot){ (uint8_t)start, (uint8_t)size, (uint16_t)v };
		if (small->free_nodes && !is_allowed(t, n))
			continue;
		t->result->steps++;
		t->result->complete = t->result->steps < t->how->most_steps;
		if (t->bounds &&
		    search_bounds_place(t->bounds, n, t->candidate.spots) > limit_ns(t))
			continue;
		visit(t, n);
	}
}

/* Node n as the last of a cluster whose region ends at `end`. */
static void place_cluster(struct search_trier *t, unsigned n, unsigned end)
{
	bool is_first = n == t->candidate.first;
	unsigned before = t->how->small->longest_cluster == 1 ? n - t->candidate.first : 0;
	for (unsigned size = is_first ? end : 1; size + before <= end; size++)
		place(t, n, end - size, size);
}

/* Nodes [n, end) are placed. */
static void visit(struct search_trier *t, unsigned n)
{
	const struct search_spot *spot = &t->candidate.spots[n];
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

static void enumerate_on(struct search_trier *t, unsigned samples, unsigned snake, double *least_ns)
{
	t->candidate.samples = samples;
	t->candidate.snake = snake;
	if (t->bounds) {
		double bound_ns = search_bounds_begin(t->bounds, t->candidate.first,
		                                      t->candidate.end, samples, snake,
		                                      limit_ns(t));
		*least_ns = MIN(*least_ns, bound_ns);
		if (bound_ns > limit_ns(t))
			return;
	}
	for (unsigned end = 1; end <= t->how->small->chiplets; end++)
		place_cluster(t, t->candidate.end - 1, end);
}

void search_enumerate(struct search_trier *t, unsigned first, unsigned end, double most_ns,
                      struct search_result *result)
{
	const struct search_small *small = t->how->small;
	unsigned parts = small->sample_count * small->snake_count;
	double candidates = search_small_candidates(small, first, end), least_ns = INFINITY;
	t->candidate.first = first;
	t->candidate.end = end;
	t->best_ns = most_ns;
	t->result = result;
	result->complete = true;
	search_stand_outside(t->mapping, first, end, small->nodes);
	for (unsigned i = 0; i < parts && result->complete; i++) {
		enumerate_on(t, small->samples[i / small->snake_count], i % small->snake_count,
		             &least_ns);
		if (t->how->progress)
			t->how->progress(t->how->progress_data, candidates / parts);
	}
	result->least_ns = t->bounds ? least_ns : 0;
}

/*
 * Invariant: `draft` is always the best seen; a move is tried on a copy and
 * kept only if its full cost is lower. Moves come in a fixed order.
 */
#include "search/segments/local_search.h"

#include <math.h>
#include <string.h>

void search_local_search_init(struct search_local_search *refiner, struct cost_model *model,
                              const struct search_freedom *freedom, unsigned tiles,
                              struct map_mapping *mapping)
{
	*refiner = (struct search_local_search){ .model = model,
		                                 .freedom = freedom,
		                                 .tiles = tiles,
		                                 .mapping = mapping,
		                                 .weights = { 1, 0 } };
	refiner->cluster_ns = g_new(double, hw_chiplet_count(model->package));
	search_draft_init(&refiner->trial, model);
	map_serpentines_init(refiner->serpentines, model->package);
}

void search_local_search_release(struct search_local_search *refiner)
{
	g_free(refiner->cluster_ns);
	search_draft_release(&refiner->trial);
	map_serpentines_release(refiner->serpentines);
}

static double score(struct search_local_search *r, const struct search_draft *draft, GError **error)
{
	struct map_plan plan;
	struct cost_totals totals = { 0 };
	if (!search_draft_place(draft, r->model, r->serpentines[draft->serpentine], r->tiles,
	                        r->mapping, r->index, error))
		return INFINITY;
	bool energy = r->weights.per_pJ > 0;
	map_plan_init(&plan, r->mapping, r->model->workload, r->model->package);
	double readers_ns = cost_readers_ns(r->model, &plan, r->index, r->cluster_ns,
	                                    energy ? &totals : NULL);
	r->cost = cost_evaluate_segment(r->model, &plan, r->index, r->cluster_ns,
	                                energy ? &totals : NULL);
	map_plan_release(&plan);
	double latency_ns = r->cost.latency_ns + readers_ns;
	double result = r->weights.per_ns * latency_ns;
	if (energy)
		result += r->weights.per_pJ *
		          cost_total_pJ(&totals, cost_static_pJ(r->model->package, latency_ns));
	return result;
}

struct hunt {
	struct search_local_search *r;
	struct search_draft *draft;
	double best;
	unsigned slowest, fastest; /* clusters of the draft */
};

/* The slowest and the fastest cluster of what was scored last. */
static void note_extremes(struct hunt *h)
{
	h->slowest = h->fastest = 0;
	for (unsigned c = 1; c < h->draft->cluster_count; c++) {
		if (h->r->cluster_ns[c] > h->r->cluster_ns[h->slowest])
			h->slowest = c;
		if (h->r->cluster_ns[c] < h->r->cluster_ns[h->fastest])
			h->fastest = c;
	}
}

/* Score the trial; keep it if it is better. */
static bool try_trial(struct hunt *h)
{
	struct search_local_search *r = h->r;
	if (!r->evaluations)
		return false;
	r->evaluations--;
	double result = score(r, &r->trial, NULL);
	if (!(result < h->best * (1 - 1e-9)))
		return false;
	h->best = result;
	search_draft_copy(h->draft, &r->trial);
	note_extremes(h);
	return true;
}

static struct search_draft *fresh_trial(struct hunt *h)
{
	search_draft_copy(&h->r->trial, h->draft);
	return &h->r->trial;
}

static unsigned chiplets_used(const struct search_draft *draft)
{
	unsigned used = 0;
	for (unsigned c = 0; c < draft->cluster_count; c++)
		used += draft->clusters[c].chiplets;
	return used;
}

static bool move_chiplet(struct hunt *h, unsigned from, unsigned to)
{
	struct search_draft *trial = fresh_trial(h);
	if (from != to) {
		if (trial->clusters[from].chiplets < 2)
			return false;
		trial->clusters[from].chiplets--;
	}
	trial->clusters[to].chiplets++;
	return try_trial(h);
}

/* Give the slowest cluster a chiplet: an idle one, else from the fastest, else from a neighbour. */
static bool grow_slowest(struct hunt *h)
{
	unsigned slowest = h->slowest;
	if (h->r->freedom->whole_package)
		return false;
	if (chiplets_used(h->draft) < hw_chiplet_count(h->r->model->package))
		return move_chiplet(h, slowest, slowest);
	if (h->draft->cluster_count < 2)
		return false;
	if (h->fastest != slowest && move_chiplet(h, h->fastest, slowest))
		return true;
	if (slowest > 0 && move_chiplet(h, slowest - 1, slowest))
		return true;
	return slowest + 1 < h->draft->cluster_count && move_chiplet(h, slowest + 1, slowest);
}

/* Another split for each node of the slowest cluster in turn. */
static bool resplit_slowest(struct hunt *h)
{
	bool better = false;
	struct search_draft_cluster cluster = h->draft->clusters[h->slowest];
	for (unsigned i = 0; i < cluster.length; i++) {
		enum search_split *split = &h->draft->splits[cluster.first + i], old = *split;
		for (int s = 0; s < SEARCH_SPLITS; s++) {
			if (s == (int)old)
				continue;
			enum search_split before = *split;
			*split = (enum search_split)s;
			fresh_trial(h);
			if (try_trial(h))
				better = true;
			else
				*split = before;
		}
	}
	return better;
}

/* One kind of split for all nodes of the slowest cluster: between equal ones less moves. */
static bool unify_slowest(struct hunt *h)
{
	struct search_draft_cluster cluster = h->draft->clusters[h->slowest];
	enum search_split *splits = h->draft->splits + cluster.first;
	g_autofree enum search_split *before = g_memdup2(splits, cluster.length * sizeof *splits);
	for (int s = 0; s < SEARCH_SPLITS && cluster.length > 1; s++) {
		for (unsigned i = 0; i < cluster.length; i++)
			splits[i] = (enum search_split)s;
		fresh_trial(h);
		if (try_trial(h))
			return true;
		memcpy(splits, before, cluster.length * sizeof *splits);
	}
	return false;
}

/* Leave chiplets of the slowest cluster idle: it may spend its time on talking to them. */
static bool narrow_slowest(struct hunt *h)
{
	unsigned chiplets = h->draft->clusters[h->slowest].chiplets;
	const unsigned tries[] = { chiplets - 1, chiplets / 2 };
	if (h->r->freedom->whole_package)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(tries); i++) {
		if (tries[i] == 0)
			continue;
		fresh_trial(h)->clusters[h->slowest].chiplets = tries[i];
		if (try_trial(h))
			return true;
	}
	return false;
}

/* Hand a border node of the slowest cluster to its neighbour. */
static bool shrink_slowest(struct hunt *h)
{
	unsigned slowest = h->slowest;
	if (h->draft->clusters[slowest].length < 2)
		return false;
	if (slowest > 0 &&
	    h->draft->clusters[slowest - 1].length < h->r->freedom->longest_cluster) {
		struct search_draft *trial = fresh_trial(h);
		trial->clusters[slowest - 1].length++;
		trial->clusters[slowest].first++;
		trial->clusters[slowest].length--;
		if (try_trial(h))
			return true;
	}
	if (slowest + 1 < h->draft->cluster_count &&
	    h->draft->clusters[slowest + 1].length < h->r->freedom->longest_cluster) {
		struct search_draft *trial = fresh_trial(h);
		trial->clusters[slowest].length--;
		trial->clusters[slowest + 1].first--;
		trial->clusters[slowest + 1].length++;
		return try_trial(h);
	}
	return false;
}

static bool merge_at(struct hunt *h, unsigned c)
{
	struct search_draft *trial = fresh_trial(h);
	struct search_draft_cluster *clusters = trial->clusters;
	if (clusters[c].length + clusters[c + 1].length > h->r->freedom->longest_cluster)
		return false;
	clusters[c].length += clusters[c + 1].length;
	clusters[c].chiplets += clusters[c + 1].chiplets;
	trial->cluster_count--;
	for (unsigned i = c + 1; i < trial->cluster_count; i++)
		clusters[i] = clusters[i + 1];
	return try_trial(h);
}

static bool merge_any(struct hunt *h)
{
	for (unsigned c = 0; c + 1 < h->draft->cluster_count; c++)
		if (merge_at(h, c))
			return true;
	return false;
}

/* The micro-batch next to the draft's, either way. */
static bool resize_microbatch(struct hunt *h)
{
	unsigned sizes[SEARCH_MICROBATCHES], at = 0;
	unsigned count = search_microbatches(h->r->mapping->batch, sizes);
	while (sizes[at] < h->draft->samples)
		at++;
	const unsigned tries[] = { at > 0 ? sizes[at - 1] : 0, at + 1 < count ? sizes[at + 1] : 0 };
	for (unsigned i = 0; i < G_N_ELEMENTS(tries); i++) {
		if (tries[i] == 0)
			continue;
		fresh_trial(h)->samples = tries[i];
		if (try_trial(h))
			return true;
	}
	return false;
}

static bool change_serpentine(struct hunt *h)
{
	for (unsigned i = 0; i < MAP_SERPENTINES; i++) {
		if (i == h->draft->serpentine)
			continue;
		fresh_trial(h)->serpentine = i;
		if (try_trial(h))
			return true;
	}
	return false;
}

static bool improve(struct hunt *h)
{
	static bool (*const moves[])(struct hunt *) = { change_serpentine, grow_slowest,
		                                        resplit_slowest,   shrink_slowest,
		                                        merge_any,         resize_microbatch };
	bool better = false;
	for (unsigned m = 0; m < G_N_ELEMENTS(moves); m++)
		better = moves[m](h) || better;
	return better;
}

/* Larger steps, where no small one helps. */
static bool leap(struct hunt *h)
{
	return unify_slowest(h) || narrow_slowest(h);
}

double search_local_search_run(struct search_local_search *refiner, unsigned index,
                               struct search_draft *draft, unsigned evaluations, GError **error)
{
	refiner->index = index;
	refiner->evaluations = evaluations;
	refiner->trial.splits = draft->splits;
	struct hunt hunt = { .r = refiner, .draft = draft };
	hunt.best = score(refiner, draft, error);
	if (!isfinite(hunt.best))
		return hunt.best;
	note_extremes(&hunt);
	while (refiner->evaluations && (improve(&hunt) || leap(&hunt)))
		;
	return score(refiner, draft, error);
}

/*
 * Invariant: `draft` is always the best seen; a move is tried on a copy and
 * kept only if its full cost is lower. Moves come in a fixed order.
 */
#include "search/segments/local_search.h"

#include "search/segments/segment_moves.h"

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
	refiner->trial.splits = g_new(enum search_split, model->workload->node_count);
	map_serpentines_init(refiner->serpentines, model->package);
}

void search_local_search_release(struct search_local_search *refiner)
{
	g_free(refiner->cluster_ns);
	g_free(refiner->trial.splits);
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

static bool try_move(struct hunt *h, struct search_segment_move move)
{
	search_draft_copy(&h->r->trial, h->draft);
	return search_apply_move(&move, h->r->freedom, &h->r->trial) && try_trial(h);
}

/* The first of the slowest cluster's moves of a kind that helps. */
static bool try_slowest(struct hunt *h, enum search_move_kind kind)
{
	struct search_segment_move move = { .kind = kind, .cluster = h->slowest };
	while (search_next_move(h->draft, &move))
		if (try_move(h, move))
			return true;
	return false;
}

static bool take_chiplet(struct hunt *h, unsigned from)
{
	return try_move(h, (struct search_segment_move){ .kind = SEARCH_GIVE_CHIPLET,
	                                                 .cluster = from,
	                                                 .to = h->slowest });
}

/* Give the slowest cluster a chiplet: an idle one, else from the fastest, else from a neighbour. */
static bool grow_slowest(struct hunt *h)
{
	if (search_chiplets_used(h->draft) < h->draft->chiplets)
		return try_slowest(h, SEARCH_TAKE_IDLE);
	if (take_chiplet(h, h->fastest))
		return true;
	if (h->slowest > 0 && take_chiplet(h, h->slowest - 1))
		return true;
	return h->slowest + 1 < h->draft->cluster_count && take_chiplet(h, h->slowest + 1);
}

/* Another split for each node of the slowest cluster in turn. */
static bool resplit_slowest(struct hunt *h)
{
	struct search_draft_cluster cluster = h->draft->clusters[h->slowest];
	bool better = false;
	for (unsigned n = cluster.first; n < cluster.first + cluster.length; n++) {
		enum search_split old = h->draft->splits[n];
		for (unsigned s = 0; s < SEARCH_SPLITS; s++)
			if (s != old &&
			    try_move(h, (struct search_segment_move){
						.kind = SEARCH_SPLIT_NODE, .to = n, .value = s }))
				better = true;
	}
	return better;
}

/* One kind of split for all nodes of the slowest cluster: between equal ones less moves. */
static bool unify_slowest(struct hunt *h)
{
	return h->draft->clusters[h->slowest].length > 1 && try_slowest(h, SEARCH_SPLIT_CLUSTER);
}

/* Leave chiplets of the slowest cluster idle: it may spend its time on talking to them. */
static bool narrow_slowest(struct hunt *h)
{
	struct search_segment_move half = { .kind = SEARCH_LEAVE_IDLE, .cluster = h->slowest };
	half.value = h->draft->clusters[h->slowest].chiplets / 2;
	return try_slowest(h, SEARCH_LEAVE_IDLE) || try_move(h, half);
}

/* Hand a border node of the slowest cluster to its neighbour. */
static bool shrink_slowest(struct hunt *h)
{
	return try_slowest(h, SEARCH_GIVE_NODE);
}

static bool merge_any(struct hunt *h)
{
	for (unsigned c = 0; c + 1 < h->draft->cluster_count; c++)
		if (try_move(h, (struct search_segment_move){
					.kind = SEARCH_MERGE, .cluster = c, .to = c + 1 }))
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
	struct search_segment_move less = { .kind = SEARCH_SAMPLES }, more = less;
	less.value = at > 0 ? sizes[at - 1] : 0;
	more.value = at + 1 < count ? sizes[at + 1] : 0;
	return (less.value && try_move(h, less)) || (more.value && try_move(h, more));
}

static bool change_serpentine(struct hunt *h)
{
	return try_slowest(h, SEARCH_SERPENTINE);
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
	struct hunt hunt = { .r = refiner, .draft = draft };
	hunt.best = score(refiner, draft, error);
	if (!isfinite(hunt.best))
		return hunt.best;
	note_extremes(&hunt);
	while (refiner->evaluations && (improve(&hunt) || leap(&hunt)))
		;
	return score(refiner, draft, error);
}

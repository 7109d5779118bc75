/*
 * Invariant: `costs` always holds each segment's cost as it is in `mapping`. A chain's numbers come
 * from its seed alone, and a temperature from the number of changes tried.
 */
#include "search/annealing.h"

#include <math.h>
#include <string.h>

#include "search/moves/move.h"
#include "hw/base/threads.h"
#include "search/candidate_pool.h"
#include "search/mapping/stored.h"
#include "search/segments/tiles.h"

#define CHAINS 4
#define CHANGES 4000         /* tried per chain */
#define CHANGES_PER_NODE 100 /* and for each node more */
#define REHEATS 2            /* times that a chain starts anew from its best */
#define AGAIN 4              /* one change in this many has another of the same segment behind it */

/* A change that makes all worse by this share is taken by 1/e at first, and at the end. */
#define HOT 0.01
#define COLD 0.00003

/* Small problems (search_is_small) are hilly: more changes are shared out over them and every other
 * chain starts hotter. What the formula says is all that counts there. */
#define SMALL_CHANGES 2e5
#define VERY_HOT 0.3
/* What a share of energy counts on the way of a small one, against one of the objective. */
#define SMALL_TIDINESS 0.05

struct segment_cost {
	double latency_ns, energy_pJ;
};

struct chain {
	const struct search_annealing *annealing;
	struct cost_model model;
	struct search_drawer drawer;
	struct map_mapping *mapping, *best;
	struct segment_cost *costs; /* per segment of `mapping`; room for one per node */
	double score, way;          /* of the objective; what leads the chain */
	double start_score, best_score, best_worth;
	double *cluster_ns;
	double hot;
	unsigned tried, changes;
	bool small, keep_tiles, best_tiles;
};

struct annealer {
	const struct search_annealing *annealing;
	const struct map_mapping *start;
	struct chain chains[CHAINS];
};

/* Where tiles are chosen by the formula, the segment gets the best for what else the mapping
 * says. */
static struct segment_cost cost_of(struct chain *chain, struct map_mapping *mapping,
                                   unsigned segment)
{
	struct cost_totals totals = { 0 };
	struct map_plan plan;
	map_plan_init(&plan, mapping, chain->model.workload, chain->model.package);
	struct cost_segment cost = cost_evaluate_segment(&chain->model, &plan, segment,
	                                                 chain->cluster_ns, &totals);
	if (chain->best_tiles)
		cost.latency_ns += search_best_tiles(&chain->model, &plan, segment, &cost, true) -
		                   cost.load_ns;
	map_plan_release(&plan);
	return (struct segment_cost){ cost.latency_ns,
		                      cost_total_pJ(&totals, cost_static_pJ(chain->model.package,
		                                                            cost.latency_ns)) };
}

/* What the objective says, and what leads the chain: that times energy, for mappings that move
 * fewer bytes over fewer hops meet less on the links, which the formula's latency does not see. */
static double score_of(const struct chain *chain, const struct segment_cost *costs, unsigned count,
                       double *way)
{
	double latency_ns = 0, energy_pJ = 0;
	for (unsigned s = 0; s < count; s++) {
		latency_ns += costs[s].latency_ns;
		energy_pJ += costs[s].energy_pJ;
	}
	double score = search_value(chain->annealing->options, latency_ns, energy_pJ);
	*way = score * (chain->small ? pow(energy_pJ, SMALL_TIDINESS) : energy_pJ);
	return score;
}

/* Whether a segment that a change left alone reads what a changed one stores, where that
 * matters. */
static bool reads_changed(const struct chain *chain, const struct search_move *change,
                          unsigned segment)
{
	struct map_plan plan;
	if (!chain->model.network.tensors_have_places)
		return false;
	map_plan_init(&plan, change->mapping, chain->model.workload, chain->model.package);
	bool reads = map_reads_stored(&plan, segment, change->touched) ||
	             (change->next && map_reads_stored(&plan, segment, change->touched + 1));
	map_plan_release(&plan);
	return reads;
}

/* The costs after a change: those of segments that it left alone move along with them. */
static void follow_change(struct chain *chain, const struct search_move *change,
                          struct segment_cost *costs)
{
	unsigned before = chain->mapping->segment_count, after = change->mapping->segment_count;
	for (unsigned s = 0; s < after; s++)
		costs[s] = s == change->touched || (change->next && s == change->touched + 1) ||
		                           reads_changed(chain, change, s)
		                   ? cost_of(chain, change->mapping, s)
		                   : chain->costs[s < change->touched ? s : s + before - after];
}

static bool accepts(struct chain *chain, double way)
{
	double round = (double)chain->changes / REHEATS;
	double done = fmod(chain->tried, round) / round;
	double heat = chain->hot * pow(COLD / chain->hot, done);
	double worse = way / chain->way - 1;
	return worse < 0 || (worse > 0 && g_rand_double(chain->drawer.rand) < exp(-worse / heat));
}

/* What decides between mappings; the way, if it is no worse than the start by the objective. */
static double worth_of(const struct chain *chain, double score, double way)
{
	if (chain->small)
		return score;
	return score <= chain->start_score ? way : INFINITY;
}

static void take(struct chain *chain, struct map_mapping *mapping, struct segment_cost *costs,
                 double score, double way)
{
	map_free(chain->mapping);
	chain->mapping = mapping;
	memcpy(chain->costs, costs, mapping->segment_count * sizeof *costs);
	chain->score = score;
	chain->way = way;
	double worth = worth_of(chain, score, way);
	if (worth >= chain->best_worth * (1 - 1e-12))
		return;
	map_free(chain->best);
	chain->best = map_copy(mapping);
	chain->best_score = score;
	chain->best_worth = worth;
}

/* Back to the best, at the end of a round. */
static void restart(struct chain *chain)
{
	map_free(chain->mapping);
	chain->mapping = map_copy(chain->best);
	for (unsigned s = 0; s < chain->mapping->segment_count; s++)
		chain->costs[s] = cost_of(chain, chain->mapping, s);
	chain->score = score_of(chain, chain->costs, chain->mapping->segment_count, &chain->way);
}

static bool make_change(struct chain *chain, struct search_move *change)
{
	bool usual = search_draw(chain->drawer.rand, 0, 1) == 0;
	return (usual ? search_move_common : search_move_free)(change);
}

/* Another change of the segment just changed; those that touch two segments stay single. */
static bool change_again(struct chain *chain, struct search_move *change)
{
	unsigned segment = change->touched;
	if (change->next || search_draw(chain->drawer.rand, 1, AGAIN) > 1)
		return true;
	change->again = true;
	return make_change(chain, change) && change->touched == segment && !change->next;
}

static void try_one(struct chain *chain, struct segment_cost *costs)
{
	struct search_move change = { .drawer = &chain->drawer,
		                      .mapping = map_copy(chain->mapping),
		                      .keep_tiles = chain->keep_tiles };
	bool good = make_change(chain, &change) && change_again(chain, &change) &&
	            search_move_fits(&change);
	double score = INFINITY, way = INFINITY;
	if (good) {
		follow_change(chain, &change, costs);
		score = score_of(chain, costs, change.mapping->segment_count, &way);
	}
	if (good && accepts(chain, way))
		take(chain, change.mapping, costs, score, way);
	else
		map_free(change.mapping);
}

static void run_chain(void *data, unsigned thread, unsigned index)
{
	struct annealer *annealer = data;
	struct chain *chain = &annealer->chains[index];
	const struct search_annealing *annealing = annealer->annealing;
	unsigned nodes = annealing->model->workload->node_count;
	unsigned size = nodes * chain->drawer.chiplets;
	g_autofree struct segment_cost *costs = g_new(struct segment_cost, nodes);
	(void)thread;
	search_seed_drawer(&chain->drawer, index + 1);
	chain->best = map_copy(annealer->start);
	chain->mapping = map_copy(annealer->start);
	chain->small = search_is_small(chain->model.workload, chain->model.package);
	bool neutral = cost_parameters_are_neutral(&chain->model.parameters);
	chain->keep_tiles = !chain->small && neutral;
	chain->best_tiles = chain->small && neutral;
	restart(chain);
	chain->start_score = chain->best_score = chain->score;
	chain->best_worth = worth_of(chain, chain->score, chain->way);
	chain->changes = CHANGES + CHANGES_PER_NODE * nodes + (unsigned)(SMALL_CHANGES / size);
	chain->hot = chain->small && index % 2 ? VERY_HOT : HOT;
	for (chain->tried = 0; chain->tried < chain->changes; chain->tried++) {
		if (chain->tried && chain->tried % (chain->changes / REHEATS) == 0)
			restart(chain);
		try_one(chain, costs);
		if (index == 0 && annealing->progress && chain->tried % 64 == 0)
			annealing->progress(annealing->progress_data,
			                    (double)chain->tried / chain->changes);
	}
}

static void chain_init(struct chain *chain, const struct search_annealing *annealing,
                       const struct map_mapping *start)
{
	const struct cost_model *model = annealing->model;
	*chain = (struct chain){ .annealing = annealing };
	cost_model_init(&chain->model, model->workload, model->package);
	cost_model_remember(&chain->model);
	chain->model.parameters = model->parameters;
	search_drawer_init(&chain->drawer, &chain->model, SEARCH_ANY, start->batch,
	                   annealing->options->tiles);
	chain->costs = g_new(struct segment_cost, model->workload->node_count);
	chain->cluster_ns = g_new(double, model->workload->node_count);
}

static void chain_release(struct chain *chain)
{
	map_free(chain->mapping);
	map_free(chain->best);
	g_free(chain->costs);
	g_free(chain->cluster_ns);
	search_drawer_release(&chain->drawer);
	cost_model_release(&chain->model);
}

struct map_mapping *search_anneal(const struct search_annealing *annealing,
                                  const struct map_mapping *start)
{
	struct annealer annealer = { .annealing = annealing, .start = start };
	unsigned best = 0;
	for (unsigned i = 0; i < CHAINS; i++)
		chain_init(&annealer.chains[i], annealing, start);
	struct search_crew *crew = search_crew_new(annealing->options->jobs);
	search_parallel(crew, CHAINS, run_chain, &annealer);
	search_crew_free(crew);
	for (unsigned i = 0; i < CHAINS && annealing->options->pool; i++)
		search_pool_offer(annealing->options->pool, annealer.chains[i].best,
		                  annealer.chains[i].best_score, false);
	for (unsigned i = 1; i < CHAINS; i++)
		if (annealer.chains[i].best_worth < annealer.chains[best].best_worth)
			best = i;
	struct map_mapping *mapping = g_steal_pointer(&annealer.chains[best].best);
	for (unsigned i = 0; i < CHAINS; i++)
		chain_release(&annealer.chains[i]);
	return mapping;
}

/*
 * The exhaustive search against plain recursion over every mapping of its space, with every number
 * of tiles of every node, each costed whole: tiny problems of one to three nodes, with pools,
 * strides, groups and residuals, batches that micro-batches do not divide, and buffers that hold
 * everything or hardly anything.
 */
#include "hw/topology/topology.h"
#include "search/search.h"
#include "search/exact/exhaustive.h"

#include "search/exact/exact_space.h"
#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { NODES = 3, CHIPLETS = 3, PROBLEMS = UNLESS_SANITIZED(150, 8) };
#define PRECISION 1e-9 /* of what bounds may leave out, see search/exact/branch_bound.h */

/* ---- everything, one by one ---- */

struct everything {
	enum search_strategy strategy;
	unsigned batch;
	struct map_mapping all;
	struct map_segment segments[NODES];
	struct map_cluster clusters[NODES][NODES];
	struct map_node nodes[NODES][NODES][NODES];
	unsigned chiplets[NODES][CHIPLETS]; /* of a segment, in the order of its regions */
	double best[SEARCH_OBJECTIVES];
	double count;
};

static double score(enum search_objective objective, const struct cost_report *report)
{
	double energy_pJ = cost_total_pJ(&report->totals, report->static_pJ);
	return objective == SEARCH_LATENCY  ? report->latency_ns
	       : objective == SEARCH_ENERGY ? energy_pJ
	                                    : report->latency_ns * energy_pJ;
}

/* Where weights are not chosen they follow. */
static bool place_weights(const struct map_plan *its)
{
	const struct search_prices prices = { &model, NULL, NULL };
	for (unsigned s = 0; s < its->mapping->segment_count; s++)
		for (unsigned c = 0; c < its->mapping->segments[s].cluster_count; c++) {
			struct map_cluster *cluster = &its->mapping->segments[s].clusters[c];
			for (unsigned i = 0; i < cluster->node_count; i++)
				cluster->nodes[i].weights = MAP_RESIDENT;
			if (!search_fit_weights(&prices, its, s, c))
				return false;
		}
	return true;
}

static void cost_it(struct everything *e)
{
	struct map_plan its;
	struct cost_report report;
	e->count++;
	map_plan_init(&its, &e->all, workload, package);
	bool fits = (e->strategy == SEARCH_BEST || place_weights(&its)) &&
	            map_check_buffers(&its, &model.network.scratch, NULL);
	map_plan_release(&its);
	if (!fits)
		return;
	cost_evaluate(&model, &e->all, &report);
	for (int o = 0; o < SEARCH_OBJECTIVES; o++)
		e->best[o] = MIN(e->best[o], score((enum search_objective)o, &report));
	cost_report_release(&report);
}

static void place_node(struct everything *e, unsigned n);

/* The last node of the last cluster, in all tiles that any of its shares' extents has. */
static void choose_tiles(struct everything *e, struct map_node *node)
{
	const struct wl_shape *output = &workload->nodes[node->node].output;
	unsigned most = MAX(MAX(output->channels, output->rows), MAX(output->columns, e->batch));
	for (node->tiles = 1; node->tiles <= most; node->tiles++)
		place_node(e, node->node + 1);
}

static void choose_weights(struct everything *e, struct map_node *node)
{
	for (int w = 0; w < (e->strategy == SEARCH_BEST ? MAP_WEIGHTS : 1); w++) {
		node->weights = (enum map_weights)w;
		choose_tiles(e, node);
	}
}

static void choose_split(struct everything *e, struct map_node *node, unsigned size,
                         unsigned samples)
{
	const struct wl_node *of = &workload->nodes[node->node];
	if (e->strategy != SEARCH_BEST) {
		for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
			search_choose_split(of, (enum search_split)kind, size, node->split);
			choose_weights(e, node);
		}
		return;
	}
	unsigned *f = node->split;
	for (f[MAP_N] = 1; f[MAP_N] <= MIN(size, samples); f[MAP_N]++)
		for (f[MAP_K] = 1; f[MAP_K] <= MIN(size, of->output.channels); f[MAP_K]++)
			for (f[MAP_P] = 1; f[MAP_P] <= MIN(size, of->output.rows); f[MAP_P]++)
				for (f[MAP_Q] = 1; f[MAP_Q] <= MIN(size, of->output.columns);
				     f[MAP_Q]++)
					if (f[MAP_N] * f[MAP_K] * f[MAP_P] * f[MAP_Q] <= size)
						choose_weights(e, node);
}

/* Node n behind the others of the last cluster. */
static void join_cluster(struct everything *e, unsigned n)
{
	struct map_segment *segment = &e->segments[e->all.segment_count - 1];
	struct map_cluster *cluster = &segment->clusters[segment->cluster_count - 1];
	struct map_node *node = &cluster->nodes[cluster->node_count++];
	*node = (struct map_node){ .node = n };
	choose_split(e, node, cluster->region_size, segment->microbatch);
	cluster->node_count--;
}

/* In a cluster of its own, behind the others of the last segment. */
static void add_cluster(struct everything *e, unsigned n)
{
	struct map_segment *segment = &e->segments[e->all.segment_count - 1];
	unsigned c = segment->cluster_count, used = 0;
	for (unsigned i = 0; i < c; i++)
		used += segment->clusters[i].region_size;
	struct map_cluster *cluster = &segment->clusters[segment->cluster_count++];
	for (unsigned size = 1; used + size <= hw_chiplet_count(package); size++) {
		*cluster = (struct map_cluster){ e->chiplets[e->all.segment_count - 1] + used, size,
			                         e->nodes[e->all.segment_count - 1][c], 0 };
		join_cluster(e, n);
	}
	segment->cluster_count--;
}

/* From node n on, a segment with its chiplets from `fixed` on in this order; for `best` in every
 * order. */
static void order_segment(struct everything *e, unsigned n, unsigned fixed)
{
	unsigned *order = e->chiplets[e->all.segment_count - 1], count = hw_chiplet_count(package);
	if (fixed == count || e->strategy != SEARCH_BEST) {
		add_cluster(e, n);
		return;
	}
	for (unsigned i = fixed; i < count; i++) {
		unsigned was = order[fixed];
		order[fixed] = order[i];
		order[i] = was;
		order_segment(e, n, fixed + 1);
		order[i] = order[fixed];
		order[fixed] = was;
	}
}

static void add_segment(struct everything *e, unsigned n)
{
	unsigned samples[SEARCH_MICROBATCHES], s = e->all.segment_count++;
	unsigned count = search_microbatches(e->batch, samples);
	for (unsigned i = 0; i < CHIPLETS; i++)
		e->chiplets[s][i] = i;
	for (unsigned m = 0; m < count; m++) {
		e->segments[s] = (struct map_segment){ samples[m], e->clusters[s], 0 };
		order_segment(e, n, 0);
	}
	e->all.segment_count--;
}

static void place_node(struct everything *e, unsigned n)
{
	if (n == workload->node_count) {
		cost_it(e);
		return;
	}
	if (n == 0 || e->strategy != SEARCH_PIPELINE)
		add_segment(e, n);
	if (n > 0)
		add_cluster(e, n);
	if (n > 0 && e->strategy >= SEARCH_SCOPE)
		join_cluster(e, n);
}

static void try_everything(struct everything *e, enum search_strategy strategy, unsigned batch)
{
	*e = (struct everything){ .strategy = strategy,
		                  .batch = batch,
		                  .all = { .batch = batch, .segments = e->segments },
		                  .best = { INFINITY, INFINITY, INFINITY } };
	place_node(e, 0);
}

/* ---- problems ---- */

struct size {
	unsigned nodes, chiplets, extent, batch; /* at most */
	enum search_strategy last;               /* spaces up to this one */
};

static void add_node(GString *text, GRand *rand, unsigned i, struct wl_shape *now, unsigned extent)
{
	unsigned kernel = pick(rand, 1, MIN(3, MIN(now->rows, now->columns)));
	unsigned pad = pick(rand, 0, kernel / 2), stride = pick(rand, 0, 3) ? 1 : 2;
	unsigned channels = pick(rand, 1, extent);
	bool grouped = now->channels % 2 == 0 && channels % 2 == 0 && g_rand_boolean(rand);
	g_autofree char *from = i > 1 ? g_strdup_printf("n%u", i - 1) : g_strdup("in");
	random_layer(
		text,
		"{'name': 'c%u', 'op': 'conv', 'inputs': ['%s'], 'out_channels': %u, 'kernel': "
		"%u, 'pad': %u, 'stride': %u, 'groups': %u}",
		i, from, channels, kernel, pad, stride, grouped ? 2 : 1);
	struct wl_shape out = { channels, (now->rows + 2 * pad - kernel) / stride + 1,
		                (now->columns + 2 * pad - kernel) / stride + 1 };
	if (out.channels == now->channels && out.rows == now->rows && out.columns == now->columns)
		random_layer(text, "{'name': 'n%u', 'op': 'add', 'inputs': ['c%u', '%s']}", i, i,
		             from);
	else if (out.rows >= 2 && out.columns >= 2 && g_rand_boolean(rand)) {
		unsigned pool = pick(rand, 1, 2);
		random_layer(text,
		             "{'name': 'n%u', 'op': 'max_pool', 'inputs': ['c%u'], 'kernel': 2, "
		             "'stride': %u}",
		             i, i, pool);
		out.rows = (out.rows - 2) / pool + 1;
		out.columns = (out.columns - 2) / pool + 1;
	} else {
		random_layer(text, "{'name': 'n%u', 'op': 'relu', 'inputs': ['c%u']}", i, i);
	}
	*now = out;
}

static void draw_problem(GRand *rand, const struct size *size)
{
	static const unsigned activations[] = { 1 << 20, 300, 60, 20 },
			      weights[] = { 1 << 20, 100, 40 };
	struct wl_shape now = { pick(rand, 1, size->extent), pick(rand, 1, size->extent),
		                pick(rand, 1, size->extent) };
	const struct wl_shape input = now;
	g_autoptr(GString) layers = g_string_new(NULL);
	unsigned nodes = pick(rand, 1, size->nodes);
	for (unsigned i = 1; i <= nodes; i++)
		add_node(layers, rand, i, &now, size->extent);
	release();
	package = made_package((struct made_package){ .columns = pick(rand, 1, size->chiplets),
	                                              .rows = 1,
	                                              .unicast = g_rand_boolean(rand) });
	package->dram[0].at = pick(rand, 0, hw_chiplet_count(package) - 1);
	struct hw_chiplet_type *type = &package->types[0];
	type->static_W = g_rand_boolean(rand) ? 0.01 : 0;
	type->activation_buffer_bytes = activations[pick(rand, 0, G_N_ELEMENTS(activations) - 1)] +
	                                pick(rand, 0, 60);
	type->weight_buffer_bytes = weights[pick(rand, 0, G_N_ELEMENTS(weights) - 1)] +
	                            pick(rand, 0, 40);
	if (pick(rand, 0, 3) == 0)
		package->nop.router_conflict = 0.5;
	workload = made_workload((struct made_workload){ .channels = input.channels,
	                                                 .rows = input.rows,
	                                                 .columns = input.columns,
	                                                 .layers = layers->str });
	cost_model_init(&model, workload, package);
}

/* Every parameter that tiles have a part in, and some others. */
static void draw_parameters(GRand *rand)
{
	static const enum cost_parameter from_0_to_1[] = { COST_EXPOSED_TILE,   COST_EXPOSED_FIRST,
		                                           COST_TILE_TRAFFIC,   COST_TILE_LATENCY,
		                                           COST_TILE_STREAMING, COST_CHAINED_FILL,
		                                           COST_WEIGHT_PREFETCH };
	for (unsigned i = 0; i < G_N_ELEMENTS(from_0_to_1); i++)
		model.parameters.value[from_0_to_1[i]] = g_rand_double(rand);
	model.parameters.value[COST_TILE_OVERHEAD] = 5 * g_rand_double(rand);
	model.parameters.value[COST_DRAM_EFFICIENCY] = 0.5 + g_rand_double(rand) / 2;
}

static double exhaustive_score(enum search_strategy space, enum search_objective objective,
                               unsigned batch, unsigned tiles)
{
	GError *error = NULL;
	struct cost_report report;
	struct search_options options = { .strategy = space,
		                          .objective = objective,
		                          .batch = batch,
		                          .tiles = tiles,
		                          .parameters = &model.parameters,
		                          .jobs = 1 };
	struct map_mapping *made = search_exhaustive(workload, package, &options, &error);
	if (!made) {
		ck_assert_msg(g_error_matches(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT), "%s",
		              error->message);
		g_error_free(error);
		return INFINITY;
	}
	take_mapping(made);
	ck_assert(map_check_buffers(&plan, &model.network.scratch, NULL));
	cost_evaluate(&model, mapping, &report);
	double found = score(objective, &report);
	cost_report_release(&report);
	return found;
}

static void compare(GRand *rand, const struct size *size)
{
	unsigned batch = pick(rand, 1, size->batch), tiles = pick(rand, 1, 5);
	for (int space = SEARCH_PIPELINE; space <= (int)size->last; space++) {
		struct everything e;
		if (space == SEARCH_PIPELINE && workload->node_count > hw_chiplet_count(package))
			continue;
		try_everything(&e, (enum search_strategy)space, batch);
		for (int o = 0; o < SEARCH_OBJECTIVES; o++) {
			double found = exhaustive_score((enum search_strategy)space,
			                                (enum search_objective)o, batch, tiles);
			bool same = isfinite(found) ? fabs(found / e.best[o] - 1) <= PRECISION
			                            : !isfinite(e.best[o]);
			ck_assert_msg(same, "space %s, %s: %.12g, not %.12g, the best of %g",
			              search_strategy_name((enum search_strategy)space),
			              search_objective_name((enum search_objective)o), found,
			              e.best[o], e.count);
		}
	}
}

static const struct size sizes[] = { { 1, 3, 6, 5, SEARCH_BEST },
	                             { 2, 2, 3, 3, SEARCH_BEST },
	                             { 3, 2, 2, 2, SEARCH_SCOPE } };

START_TEST(best_of_everything)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	const struct size *size = &sizes[(unsigned)_i % G_N_ELEMENTS(sizes)];
	draw_problem(rand, size);
	compare(rand, size);
}
END_TEST

START_TEST(best_of_everything_calibrated)
{
	static const struct size small[] = { { 1, 2, 5, 3, SEARCH_BEST },
		                             { 2, 2, 2, 2, SEARCH_SCOPE } };
	g_autoptr(GRand) rand = g_rand_new_with_seed(1000 + (guint32)_i);
	draw_problem(rand, &small[_i % 2]);
	draw_parameters(rand);
	compare(rand, &small[_i % 2]);
}
END_TEST

/* A 2 x 2 tensor of 4 channels through a point-wise layer of 4 on one chiplet, batch 3, 1 GB/s:
 * weights take 16 ns, three micro-batches 32 each (16 in, 16 out), and the first input 16 unless it
 * comes in rows, of which there are two: with 3 tiles and more they are of channels. */
START_TEST(first_tile_of_two)
{
	for (int space = SEARCH_SEGMENTED; space <= SEARCH_BEST; space++)
		for (int search = 0; search < 2; search++) {
			struct cost_report report;
			release();
			package = made_package((struct made_package){ .columns = 1, .rows = 1 });
			package->dram[0].GBps = 1;
			package->dram[0].latency_ns = 0;
			package->nop.message_ns = 0;
			package->nop.hop_ns = 0;
			hw_lay_links(package);
			package->types[0].buffer_GBps = 1e9;
			workload = made_workload(
				(struct made_workload){ .channels = 4,
			                                .rows = 2,
			                                .columns = 2,
			                                .layers = POINT("a", "in", "4") });
			cost_model_init(&model, workload, package);
			struct search_options options = { .strategy = (enum search_strategy)space,
				                          .batch = 3,
				                          .tiles = 4,
				                          .jobs = 1 };
			take_mapping((search ? search_mapping : search_exhaustive)(
				workload, package, &options, NULL));
			cost_evaluate(&model, mapping, &report);
			ck_assert_double_eq_tol(report.latency_ns, 16 + 8 + 3 * 32, 1e-9);
			ck_assert_uint_eq(mapping->segments[0].clusters[0].nodes[0].tiles, 2);
			cost_report_release(&report);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("brute force");
	TCase *tcase = tcase_create("brute force");
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, NULL, release);
	tcase_add_test(tcase, first_tile_of_two);
	tcase_add_loop_test(tcase, best_of_everything, 0, PROBLEMS);
	tcase_add_loop_test(tcase, best_of_everything_calibrated, 0, PROBLEMS / 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}

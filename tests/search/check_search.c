/*
 * What the strategies promise, on every network of the zoo and every package of
 * hw/packages. How far they are from the best there is where that can be told:
 * check_exhaustive.c and bench_gap.
 */
#include "search/search.h"

#include "tests/search/mapping_fixture.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { BATCH = 4, JOBS = 2 };

static const char *const packages[] = { "simba-6x6", "mcm-16", "mcm-64", "mcm-256" };
static const char *const networks[] = { "alexnet",  "vgg16",     "darknet19", "resnet18",
	                                "resnet50", "resnet101", "resnet152" };
enum { PAIRS = G_N_ELEMENTS(packages) * G_N_ELEMENTS(networks) };

/* Large packages and deep networks take longest together. The deepest is searched on the smallest
 * and the largest package, the next on one in between; the largest searches two others. */
static bool left_out(const char *package_name, const char *network)
{
	if (SANITIZED)
		return strcmp(package_name, "simba-6x6") != 0 ||
		       (strcmp(network, "alexnet") != 0 && strcmp(network, "resnet18") != 0);
	if (!strcmp(network, "resnet152"))
		return strcmp(package_name, "mcm-16") != 0 && strcmp(package_name, "mcm-256") != 0;
	if (!strcmp(network, "resnet101"))
		return strcmp(package_name, "simba-6x6") != 0;
	return !strcmp(package_name, "mcm-256") && strcmp(network, "alexnet") != 0 &&
	       strcmp(network, "resnet18") != 0;
}

static void read_pair(const char *package_name, const char *network)
{
	GError *error = NULL;
	release();
	package = hw_package_read(package_name, "hw/packages", NULL, &error);
	ck_assert_msg(package != NULL, "%s", error ? error->message : "");
	workload = wl_workload_read(network, "workloads/zoo", NULL, &error);
	ck_assert_msg(workload != NULL, "%s", error ? error->message : "");
	cost_model_init(&model, workload, package);
}

static struct map_mapping *search(enum search_strategy strategy, enum search_objective objective,
                                  unsigned batch, GError **error)
{
	struct search_options options = { .strategy = strategy,
		                          .objective = objective,
		                          .batch = batch,
		                          .tiles = 4,
		                          .parameters = &model.parameters,
		                          .jobs = JOBS };
	return search_mapping(workload, package, &options, error);
}

struct found {
	double latency_ns, energy_pJ;
};

/* Takes the mapping after its trip through a file, checks that it fits, and costs it. */
static struct found take_found(struct map_mapping *made)
{
	struct cost_report report;
	GError *error = NULL;
	take_mapping(made);
	bool fits = map_check_buffers(&plan, &model.network.scratch, &error);
	ck_assert_msg(fits, "%s", error ? error->message : "");
	cost_evaluate(&model, mapping, &report);
	struct found found = { report.latency_ns, cost_total_pJ(&report.totals, report.static_pJ) };
	ck_assert_double_ge(report.latency_ns, report.bound_ns);
	cost_report_release(&report);
	return found;
}

static struct found find(enum search_strategy strategy, enum search_objective objective,
                         unsigned batch)
{
	GError *error = NULL;
	struct map_mapping *made = search(strategy, objective, batch, &error);
	ck_assert_msg(made != NULL, "%s", error ? error->message : "");
	ck_assert_str_eq(made->strategy, search_strategy_name(strategy));
	ck_assert_uint_eq(made->batch, batch);
	return take_found(made);
}

static void assert_shape(enum search_strategy strategy)
{
	if (strategy == SEARCH_PIPELINE)
		ck_assert_uint_eq(mapping->segment_count, 1);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		const struct map_segment *segment = &mapping->segments[s];
		if (strategy == SEARCH_SEQUENTIAL) {
			ck_assert_uint_eq(segment->cluster_count, 1);
			ck_assert_uint_eq(segment->clusters[0].region_size,
			                  hw_chiplet_count(package));
		}
		for (unsigned c = 0; c < segment->cluster_count && strategy != SEARCH_SCOPE; c++)
			ck_assert_uint_eq(segment->clusters[c].node_count, 1);
	}
}

/* The latency of a full pipeline, or the reason why there is none. */
static double pipeline_ns(void)
{
	GError *error = NULL;
	struct map_mapping *made = search(SEARCH_PIPELINE, SEARCH_LATENCY, BATCH, &error);
	if (made) {
		ck_assert_uint_le(workload->node_count, hw_chiplet_count(package));
		struct found found = take_found(made);
		assert_shape(SEARCH_PIPELINE);
		return found.latency_ns;
	}
	if (workload->node_count > hw_chiplet_count(package)) {
		g_autofree char *expected = g_strdup_printf(
			"strategy pipeline: '%s' has %u nodes but '%s' has %u chiplets; it needs "
			"one each",
			workload->name, workload->node_count, package->name,
			hw_chiplet_count(package));
		ck_assert_str_eq(error->message, expected);
		ck_assert(g_error_matches(error, SEARCH_ERROR, SEARCH_ERROR_TOO_MANY_NODES));
	} else {
		/* The one network that is known to fit as a full pipeline everywhere. */
		ck_assert_str_ne(workload->name, "alexnet");
		ck_assert_ptr_nonnull(strstr(error->message, "fit"));
	}
	g_error_free(error);
	return INFINITY;
}

/* One network on one package. */
START_TEST(strategies)
{
	const char *network = networks[_i % (int)G_N_ELEMENTS(networks)];
	const char *package_name = packages[_i / (int)G_N_ELEMENTS(networks)];
	double fastest_ns = INFINITY;
	if (left_out(package_name, network))
		return;
	read_pair(package_name, network);
	bool long_search = hw_chiplet_count(package) > 64 && workload->node_count > 64;
	for (int s = 0; s < SEARCH_SCOPE; s++) {
		if (long_search && s == SEARCH_SEGMENTED)
			continue; /* scope searches it again */
		double latency_ns = INFINITY;
		if (s == SEARCH_PIPELINE) {
			latency_ns = pipeline_ns();
		} else {
			latency_ns =
				find((enum search_strategy)s, SEARCH_LATENCY, BATCH).latency_ns;
			assert_shape((enum search_strategy)s);
		}
		fastest_ns = MIN(fastest_ns, latency_ns);
	}
	/* Scope may do all that the others do. */
	double scope_ns = find(SEARCH_SCOPE, SEARCH_LATENCY, BATCH).latency_ns;
	ck_assert_double_le(scope_ns, fastest_ns);
}
END_TEST

/* A calibrated search knows what it would have found without; with these values it finds less by
 * itself. */
START_TEST(calibrated_is_no_worse_than_plain)
{
	static const struct {
		enum cost_parameter parameter;
		double value;
	} values[] = { { COST_EXPOSED_TILE, 0.29 },      { COST_EXPOSED_FIRST, 0.67 },
		       { COST_TILE_TRAFFIC, 0.76 },      { COST_TILE_LATENCY, 0.79 },
		       { COST_TRAFFIC_CONTENTION, 2.4 }, { COST_WEIGHT_CONTENTION, 1.9 },
		       { COST_WEIGHT_PREFETCH, 0.65 },   { COST_LOAD_OVERLAP, 0.975 },
		       { COST_BUFFER_LOOP, 0.056 },      { COST_CHAINED_FILL, 1 },
		       { COST_TILE_STREAMING, 0.99 } };
	read_pair("mcm-16", "resnet18");
	struct map_mapping *plain = search(SEARCH_SCOPE, SEARCH_LATENCY, BATCH, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++)
		model.parameters.value[values[i].parameter] = values[i].value;
	double calibrated_ns = find(SEARCH_SCOPE, SEARCH_LATENCY, BATCH).latency_ns;
	ck_assert_double_le(calibrated_ns, take_found(plain).latency_ns);
}
END_TEST

static char *found_json(enum search_strategy strategy, unsigned batch, unsigned jobs)
{
	struct search_options options = {
		.strategy = strategy, .batch = batch, .tiles = 2, .jobs = jobs
	};
	GError *error = NULL;
	struct map_mapping *made = search_mapping(workload, package, &options, &error);
	ck_assert_msg(made != NULL, "%s", error ? error->message : "");
	char *text = map_to_json(made, workload, package);
	map_free(made);
	return text;
}

/* The same search again, and on other numbers of threads. (The exact search on its own:
 * check_exhaustive.) */
START_TEST(same_mapping_every_time)
{
	static const char *const names[][2] = { { "simba-6x6", "resnet18" },
		                                { "mcm-16", "resnet50" },
		                                { "mcm-64", "darknet19" } };
	for (unsigned i = 0; i < UNLESS_SANITIZED(G_N_ELEMENTS(names), 1); i++) {
		read_pair(names[i][0], names[i][1]);
		g_autofree char *expected = found_json(SEARCH_SCOPE, BATCH, 1);
		for (unsigned jobs = 3; jobs <= 5; jobs += 2) {
			g_autofree char *again = found_json(SEARCH_SCOPE, BATCH, jobs);
			ck_assert_str_eq(again, expected);
		}
	}
}
END_TEST

/* Guesses of long segments are up to eight times too good here. Ranking all that is not yet settled
 * by how wrong others were ends the search at 12.2 ms. */
START_TEST(wrong_guesses_do_not_end_the_search)
{
	read_pair("set-8x8", "resnet50-v1");
	struct found found = find(SEARCH_SEGMENTED, SEARCH_LATENCY, 64);
	ck_assert_double_lt(found.latency_ns, 9e6);
}
END_TEST

/* Every segment's micro-batch is at most the batch, whatever the batch. */
START_TEST(odd_batches)
{
	static const unsigned batches[] = { 1, 3, 7 };
	read_pair("mcm-16", "resnet18");
	for (unsigned i = 0; i < G_N_ELEMENTS(batches); i++)
		for (int s = SEARCH_SEQUENTIAL; s < SEARCH_BEST; s++)
			if (s != SEARCH_PIPELINE)
				find((enum search_strategy)s, SEARCH_LATENCY, batches[i]);
}
END_TEST

/*
 * A search for energy or their product starts where the search for latency ended, so it is never
 * worse at its own than that one. The other two may hit on something better by chance: by 0.6 % at
 * most on these networks.
 */
#define BY_CHANCE 1.02

START_TEST(objectives)
{
	static const char *const names[][2] = { { "simba-6x6", "alexnet" },
		                                { "mcm-16", "resnet18" },
		                                { "simba-6x6", "resnet18" },
		                                { "mcm-64", "darknet19" },
		                                { "simba-6x6", "resnet50" } };
	for (unsigned i = 0; i < UNLESS_SANITIZED(G_N_ELEMENTS(names), 1); i++) {
		struct found found[SEARCH_OBJECTIVES];
		read_pair(names[i][0], names[i][1]);
		for (int o = 0; o < SEARCH_OBJECTIVES; o++)
			found[o] = find(SEARCH_SCOPE, (enum search_objective)o, BATCH);
		const struct found *latency = &found[SEARCH_LATENCY];
		const struct found *energy = &found[SEARCH_ENERGY];
		const struct found *edp = &found[SEARCH_EDP];
		ck_assert_double_le(energy->energy_pJ, latency->energy_pJ);
		ck_assert_double_le(edp->latency_ns * edp->energy_pJ,
		                    latency->latency_ns * latency->energy_pJ);
		for (int o = 0; o < SEARCH_OBJECTIVES; o++) {
			ck_assert_double_le(latency->latency_ns, BY_CHANCE * found[o].latency_ns);
			ck_assert_double_le(energy->energy_pJ, BY_CHANCE * found[o].energy_pJ);
			ck_assert_double_le(edp->latency_ns * edp->energy_pJ,
			                    BY_CHANCE * found[o].latency_ns * found[o].energy_pJ);
		}
	}
}
END_TEST

/* What cannot be mapped. */

static void assert_no_mapping(enum search_strategy strategy, const char *expected)
{
	GError *error = NULL;
	ck_assert_ptr_null(search(strategy, SEARCH_LATENCY, 1, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(strstr(error->message, expected) != NULL, "%s", error->message);
	g_error_free(error);
}

START_TEST(nothing_fits)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 8, 8 },
	       CONV("a", "in", "8", "'kernel': 3, 'pad': 1"), POINT("b", "a", "4"),
	       POINT("c", "b", "4"), NULL);
	assert_no_mapping(SEARCH_PIPELINE, "strategy pipeline: 'net' has 3 nodes but 'grid' has 2 "
	                                   "chiplets; it needs one each");
	package->types[0].activation_buffer_bytes = 16;
	for (int s = SEARCH_SEQUENTIAL; s < SEARCH_STRATEGIES; s++)
		if (s != SEARCH_PIPELINE)
			assert_no_mapping((enum search_strategy)s, "fit");
}
END_TEST

START_TEST(names)
{
	static const char *const strategy_names[] = { "sequential", "pipeline", "segmented",
		                                      "scope", "best" };
	static const char *const objective_names[] = { "latency", "energy", "edp" };
	for (int s = 0; s < SEARCH_STRATEGIES; s++)
		ck_assert_str_eq(search_strategy_name((enum search_strategy)s), strategy_names[s]);
	for (int o = 0; o < SEARCH_OBJECTIVES; o++)
		ck_assert_str_eq(search_objective_name((enum search_objective)o),
		                 objective_names[o]);
}
END_TEST

/* ---- many tiles ---- */

/* A strip of 600 rows of 4 columns and 4 channels, on two chiplets. */
static void set_up_strip(uint64_t activation_bytes)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 600, 4 },
	       POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	package->types[0].activation_buffer_bytes = activation_bytes;
	renew_model();
}

/* Two tiles of one row are 2 * 16 bytes of input and as many of output: there is room for no more,
 * so a share of 300 rows needs 300 tiles. A K split leaves 2 channels of 600 rows. */
START_TEST(as_many_tiles_as_buffers_demand)
{
	for (int s = 0; s < SEARCH_STRATEGIES; s++) {
		if (s == SEARCH_PIPELINE) /* b's input would be there as a whole, twice */
			continue;
		GError *error = NULL;
		set_up_strip(64);
		struct map_mapping *made = search((enum search_strategy)s, SEARCH_LATENCY, 1,
		                                  &error);
		ck_assert_msg(made != NULL, "%s", error ? error->message : "");
		take_found(made);
		for (unsigned i = 0; i < mapping->segment_count; i++)
			ck_assert_uint_ge(mapping->segments[i].clusters[0].nodes[0].tiles, 300);
	}
}
END_TEST

/* Over K, two rows are 2 x 16 bytes of input and 2 x 8 of output; over P they are 2 x 16 and 2
 * x 16. */
START_TEST(says_what_does_not_fit)
{
	for (int s = 0; s < SEARCH_STRATEGIES; s++) {
		GError *error = NULL;
		set_up_strip(20);
		ck_assert_ptr_null(search((enum search_strategy)s, SEARCH_LATENCY, 1, &error));
		ck_assert_ptr_nonnull(error);
		g_autofree char *expected = g_strdup_printf(
			"strategy %s: no mapping of 'net' found that fits the buffers of 'grid'; "
			"node 'a' does not even fit alone, one sample at a time, on %s chiplets, "
			"split over K, P, or P and Q, with its weights resident, distributed or "
			"streamed, in up to 600 tiles; the nearest, split K 2 on 2 chiplets, "
			"weights "
			"resident, 600 tiles: node 'a': the activation buffer must hold 48 bytes "
			"per chiplet but has 20 (28 bytes do not fit)",
			search_strategy_name((enum search_strategy)s),
			s == SEARCH_SEQUENTIAL ? "2" : "1 to 2");
		ck_assert_str_eq(error->message, expected);
		g_error_free(error);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("search");
	TCase *zoo = tcase_create("zoo");
	tcase_set_timeout(zoo, 300);
	tcase_add_checked_fixture(zoo, NULL, release);
	tcase_add_loop_test(zoo, strategies, 0, PAIRS);
	tcase_add_test(zoo, same_mapping_every_time);
	tcase_add_test(zoo, calibrated_is_no_worse_than_plain);
	tcase_add_test(zoo, wrong_guesses_do_not_end_the_search);
	tcase_add_test(zoo, odd_batches);
	tcase_add_test(zoo, objectives);
	suite_add_tcase(suite, zoo);
	TCase *small = tcase_create("small networks");
	tcase_set_timeout(small, 300);
	tcase_add_checked_fixture(small, NULL, release);
	tcase_add_test(small, nothing_fits);
	tcase_add_test(small, names);
	tcase_add_test(small, as_many_tiles_as_buffers_demand);
	tcase_add_test(small, says_what_does_not_fit);
	suite_add_tcase(suite, small);
	return suite_run(suite);
}

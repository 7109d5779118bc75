/*
 * What the strategies promise, on every network of the zoo and every package of
 * hw/packages, and how far scope is from the best there is where that can be told:
 * on networks of a few nodes, by trying everything.
 */
#include "search/search.h"

#include <math.h>
#include "search/space.h"
#include "tests/search/random_mapping.h"

#include <string.h>

enum { BATCH = 4, JOBS = 2 };

/* Whole searches are slow under AddressSanitizer: the small ones reach the same code. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static const char *const packages[] = { "simba-6x6", "mcm-16", "mcm-64", "mcm-256" };
static const char *const networks[] = { "alexnet",  "vgg16",     "darknet19", "resnet18",
	                                "resnet50", "resnet101", "resnet152" };
enum { PAIRS = G_N_ELEMENTS(packages) * G_N_ELEMENTS(networks) };

/* Together the large package and the deep networks would take minutes: it searches the deepest
 * and two others. */
static bool left_out(const char *package_name, const char *network)
{
	if (SANITIZED)
		return (strcmp(package_name, "simba-6x6") != 0 &&
		        strcmp(package_name, "mcm-16") != 0) ||
		       (strcmp(network, "alexnet") != 0 && strcmp(network, "resnet18") != 0);
	return !strcmp(package_name, "mcm-256") && strcmp(network, "alexnet") != 0 &&
	       strcmp(network, "resnet18") != 0 && strcmp(network, "resnet152") != 0;
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
		                          .jobs = JOBS };
	return search_mapping(workload, package, &options, error);
}

/* Takes the mapping after its trip through a file, checks that it fits, and costs it. */
struct found {
	double latency_ns, energy_pJ;
};

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

int main(void)
{
	Suite *suite = suite_create("search");
	TCase *zoo = tcase_create("zoo");
	tcase_set_timeout(zoo, 300);
	tcase_add_checked_fixture(zoo, NULL, release);
	tcase_add_loop_test(zoo, strategies, 0, PAIRS);
	suite_add_tcase(suite, zoo);
	return fixture_run(suite);
}

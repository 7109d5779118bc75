/*
 * The largest case that should stay comfortable: ResNet-152 on 256 chiplets, batch 64.
 * Search time per strategy, then wall clock and memory of the simulation of its mapping, in the
 * steady state and exact, and the throughput of scope over segmented.
 *
 * usage: bench_resnet152 [batch]
 */
#include "search/search.h"
#include "sim/simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double now_s(void)
{
	return (double)g_get_monotonic_time() * 1e-6;
}

static void fail(const GError *error)
{
	fprintf(stderr, "bench_resnet152: %s\n", error->message);
	exit(1);
}

static struct map_mapping *search(const struct wl_workload *workload,
                                  const struct hw_package *package, enum search_strategy strategy,
                                  unsigned batch)
{
	GError *error = NULL;
	struct search_options options = {
		.strategy = strategy, .batch = batch, .tiles = 4, .jobs = g_get_num_processors()
	};
	double start_s = now_s();
	struct map_mapping *mapping = search_mapping(workload, package, &options, &error);
	if (!mapping)
		fail(error);
	printf("%-10s  search %6.2f s  %3u segments  %3u clusters\n",
	       search_strategy_name(strategy), now_s() - start_s, mapping->segment_count,
	       map_cluster_total(mapping));
	return mapping;
}

/* Returns the simulated latency. */
static double simulate(const struct wl_workload *workload, const struct hw_package *package,
                       const struct map_mapping *mapping, bool exact)
{
	GError *error = NULL;
	struct sim_settings settings = { .exact = exact, .trace_to_ns = INFINITY };
	double start_s = now_s();
	struct sim_outcome *outcome = sim_simulate(workload, package, mapping, &settings, &error);
	if (!outcome)
		fail(error);
	struct rusage parent, child;
	getrusage(RUSAGE_SELF, &parent);
	getrusage(RUSAGE_CHILDREN, &child);
	printf("%-10s  %s %6.2f s  %7" G_GUINT64_FORMAT " activities  %u of %u samples  "
	       "latency %.3f ms  at most %ld + %ld MB\n",
	       "", exact ? "exact " : "steady", now_s() - start_s, outcome->activities,
	       (unsigned)outcome->samples_simulated, mapping->batch, outcome->latency_ns * 1e-6,
	       parent.ru_maxrss / 1024, child.ru_maxrss / 1024);
	double latency_ns = outcome->latency_ns;
	sim_outcome_free(outcome);
	return latency_ns;
}

int main(int argc, char **argv)
{
	static const enum search_strategy strategies[] = { SEARCH_SEGMENTED, SEARCH_SCOPE };
	unsigned batch = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 64;
	double latency_ns[G_N_ELEMENTS(strategies)];
	GError *error = NULL;
	struct hw_package *package = hw_package_read("mcm-256", "hw/packages", NULL, &error);
	struct wl_workload *workload =
		package ? wl_workload_read("resnet152", "workloads/zoo", NULL, &error) : NULL;
	if (!workload || batch == 0)
		fail(error ? error : g_error_new(SEARCH_ERROR, 0, "batch: must be > 0"));
	for (unsigned i = 0; i < G_N_ELEMENTS(strategies); i++) {
		struct map_mapping *mapping = search(workload, package, strategies[i], batch);
		latency_ns[i] = simulate(workload, package, mapping, false);
		simulate(workload, package, mapping, true);
		map_free(mapping);
	}
	printf("simulated throughput, scope over segmented: %.2f\n", latency_ns[0] / latency_ns[1]);
	wl_workload_free(workload);
	hw_package_free(package);
	return 0;
}

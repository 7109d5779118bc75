/*
 * How the time of a search grows, batch 64: with the chiplets of the package (ResNet-50 on 16 to
 * 1,024 chiplets) and with the nodes of the network (four ResNets on 256 chiplets; networks of 100
 * to 2,000 nodes, made like transformers, on 64 and 256). And how that of reading a network grows,
 * up to 20,000 layers. CPU time of all threads and wall clock, the least of some runs, since other
 * work on the machine only adds to them; the deep networks once only. The exponents are slopes of
 * straight lines fitted through the logarithms (least squares).
 *
 * usage: bench_growth [runs per case]
 */
#include "search/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/support/deep.h"

#define RUNS 3
#define BATCH 64
#define MOST_CASES 5
#define FEATURES 512
#define TOKENS 128

struct growth_case {
	const char *workload, *package;
	const char *overrides[3]; /* NULL-terminated */
	unsigned deep;            /* nodes of a made network instead of `workload`; 0: none */
};

struct series {
	const char *against; /* what is counted */
	double goal;         /* for the exponents, at most */
	bool nodes;          /* else chiplets */
	enum search_strategy strategy;
	unsigned count;
	struct growth_case cases[MOST_CASES];
};

struct point {
	double size, cpu_s, wall_s;
};

static void fail(const GError *error)
{
	fprintf(stderr, "bench_growth: %s\n", error->message);
	exit(1);
}

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static double wall_s(void)
{
	return (double)g_get_monotonic_time() * 1e-6;
}

static void search_once(const struct wl_workload *workload, const struct hw_package *package,
                        enum search_strategy strategy, struct point *least)
{
	GError *error = NULL;
	const struct search_options options = {
		.strategy = strategy, .batch = BATCH, .tiles = 4, .jobs = g_get_num_processors()
	};
	double cpu_start_s = cpu_s(), wall_start_s = wall_s();
	struct map_mapping *mapping = search_mapping(workload, package, &options, &error);
	if (!mapping)
		fail(error);
	least->cpu_s = MIN(least->cpu_s, cpu_s() - cpu_start_s);
	least->wall_s = MIN(least->wall_s, wall_s() - wall_start_s);
	map_free(mapping);
}

static struct wl_workload *read_workload(const struct growth_case *of)
{
	GError *error = NULL;
	if (of->deep)
		return deep_network(of->deep, FEATURES, TOKENS);
	struct wl_workload *workload = wl_workload_read(of->workload, "workloads/zoo", NULL,
	                                                &error);
	if (!workload)
		fail(error);
	return workload;
}

static struct point measure(const struct series *series, const struct growth_case *of,
                            unsigned runs)
{
	GError *error = NULL;
	struct hw_package *package = hw_package_read(of->package, "hw/packages", of->overrides,
	                                             &error);
	if (!package)
		fail(error);
	struct wl_workload *workload = read_workload(of);
	unsigned chiplets = hw_chiplet_count(package);
	struct point point = { series->nodes ? workload->node_count : chiplets, INFINITY,
		               INFINITY };
	for (unsigned i = 0; i < (of->deep ? 1 : runs); i++)
		search_once(workload, package, series->strategy, &point);
	struct rusage usage; /* of the whole process: what the largest case so far took */
	getrusage(RUSAGE_SELF, &usage);
	printf("%-10s %4u nodes  %5u chiplets  CPU %7.2f s  wall %7.2f s  at most %ld MB so far\n",
	       workload->name, workload->node_count, chiplets, point.cpu_s, point.wall_s,
	       usage.ru_maxrss / 1024);
	fflush(stdout);
	wl_workload_free(workload);
	hw_package_free(package);
	return point;
}

static double slope(const struct point *points, unsigned count, bool cpu)
{
	double x_sum = 0, y_sum = 0, xx_sum = 0, xy_sum = 0;
	for (unsigned i = 0; i < count; i++) {
		double x = log(points[i].size);
		double y = log(cpu ? points[i].cpu_s : points[i].wall_s);
		x_sum += x;
		y_sum += y;
		xx_sum += x * x;
		xy_sum += x * y;
	}
	return (count * xy_sum - x_sum * y_sum) / (count * xx_sum - x_sum * x_sum);
}

static void run_series(const struct series *series, unsigned runs)
{
	struct point points[MOST_CASES];
	for (unsigned i = 0; i < series->count; i++)
		points[i] = measure(series, &series->cases[i], runs);
	printf("search time of %s ~ %s ^ %.2f (CPU), ^ %.2f (wall); goal: at most ^ %.1f\n",
	       search_strategy_name(series->strategy), series->against,
	       slope(points, series->count, true), slope(points, series->count, false),
	       series->goal);
}

/* Reading a network from its text. */
static void run_reading(unsigned runs)
{
	static const unsigned layers[MOST_CASES] = { 1000, 2000, 5000, 10000, 20000 };
	struct point points[MOST_CASES];
	for (unsigned i = 0; i < MOST_CASES; i++) {
		GError *error = NULL;
		/* Blocks of five nodes have seven layers. */
		g_autofree char *text = deep_text(layers[i] * 5 / 7, FEATURES, TOKENS);
		points[i] = (struct point){ 0, INFINITY, INFINITY };
		for (unsigned run = 0; run < runs; run++) {
			double cpu_start_s = cpu_s(), wall_start_s = wall_s();
			struct wl_workload *workload = wl_workload_parse(text, "deep", NULL,
			                                                 &error);
			if (!workload)
				fail(error);
			points[i].cpu_s = MIN(points[i].cpu_s, cpu_s() - cpu_start_s);
			points[i].wall_s = MIN(points[i].wall_s, wall_s() - wall_start_s);
			points[i].size = workload->layer_count;
			wl_workload_free(workload);
		}
		printf("%-10s %5.0f layers  CPU %8.4f s  wall %8.4f s\n", "reading", points[i].size,
		       points[i].cpu_s, points[i].wall_s);
	}
	printf("reading time ~ layers ^ %.2f (CPU), ^ %.2f (wall); goal: at most ^ 1.1\n",
	       slope(points, MOST_CASES, true), slope(points, MOST_CASES, false));
}

/* Made networks of 100 to 2,000 nodes. */
static struct series deep_series(const char *package, enum search_strategy strategy)
{
	static const unsigned nodes[MOST_CASES] = { 100, 200, 400, 1000, 2000 };
	struct series series = { "nodes", 1.2, true, strategy, MOST_CASES, { { NULL } } };
	for (unsigned i = 0; i < MOST_CASES; i++)
		series.cases[i] = (struct growth_case){ NULL, package, { NULL }, nodes[i] };
	return series;
}

int main(int argc, char **argv)
{
	const struct series all[] = {
		{ "chiplets",
		  1.3,
		  false,
		  SEARCH_SCOPE,
		  4,
		  { { "resnet50", "mcm-16", { NULL }, 0 },
		    { "resnet50", "mcm-64", { NULL }, 0 },
		    { "resnet50", "mcm-256", { NULL }, 0 },
		    { "resnet50", "mcm-256", { "grid.columns=32", "grid.rows=32", NULL }, 0 } } },
		{ "nodes",
		  1.5,
		  true,
		  SEARCH_SCOPE,
		  4,
		  { { "resnet18", "mcm-256", { NULL }, 0 },
		    { "resnet50", "mcm-256", { NULL }, 0 },
		    { "resnet101", "mcm-256", { NULL }, 0 },
		    { "resnet152", "mcm-256", { NULL }, 0 } } },
		deep_series("mcm-64", SEARCH_SEGMENTED),
		deep_series("mcm-64", SEARCH_SCOPE),
		deep_series("mcm-256", SEARCH_SEGMENTED),
		deep_series("mcm-256", SEARCH_SCOPE),
	};
	unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : RUNS;
	run_reading(MAX(runs, 1));
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		run_series(&all[i], MAX(runs, 1));
	return 0;
}

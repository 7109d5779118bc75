/*
 * How the time of a search grows: strategy scope, batch 64, with the chiplets of the package
 * (ResNet-50 on 16 to 1,024 chiplets) and with the nodes of the network (four ResNets on 256
 * chiplets). CPU time of all threads and wall clock, the least of some runs, since other work on
 * the machine only adds to them. The exponents are slopes of straight lines fitted through the
 * logarithms (least squares).
 *
 * usage: bench_growth [runs per case]
 */
#include "search/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define RUNS 3
#define BATCH 64
#define MOST_CASES 4

struct growth_case {
	const char *workload, *package;
	const char *overrides[3]; /* NULL-terminated */
};

struct series {
	const char *against; /* what is counted */
	double goal;         /* for the exponents, at most */
	bool nodes;          /* else chiplets */
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
                        struct point *least)
{
	GError *error = NULL;
	const struct search_options options = {
		.strategy = SEARCH_SCOPE, .batch = BATCH, .tiles = 4, .jobs = g_get_num_processors()
	};
	double cpu_start_s = cpu_s(), wall_start_s = wall_s();
	struct map_mapping *mapping = search_mapping(workload, package, &options, &error);
	if (!mapping)
		fail(error);
	least->cpu_s = MIN(least->cpu_s, cpu_s() - cpu_start_s);
	least->wall_s = MIN(least->wall_s, wall_s() - wall_start_s);
	map_free(mapping);
}

static struct point measure(const struct growth_case *of, bool nodes, unsigned runs)
{
	GError *error = NULL;
	struct hw_package *package = hw_package_read(of->package, "hw/packages", of->overrides,
	                                             &error);
	struct wl_workload *workload =
		package ? wl_workload_read(of->workload, "workloads/zoo", NULL, &error) : NULL;
	if (!workload)
		fail(error);
	unsigned chiplets = hw_chiplet_count(package);
	struct point point = { nodes ? workload->node_count : chiplets, INFINITY, INFINITY };
	for (unsigned i = 0; i < runs; i++)
		search_once(workload, package, &point);
	struct rusage usage; /* of the whole process: what the largest case so far took */
	getrusage(RUSAGE_SELF, &usage);
	printf("%-10s %4u nodes  %5u chiplets  CPU %7.2f s  wall %7.2f s  at most %ld MB so far\n",
	       of->workload, workload->node_count, chiplets, point.cpu_s, point.wall_s,
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
	for (unsigned i = 0; i < MOST_CASES; i++)
		points[i] = measure(&series->cases[i], series->nodes, runs);
	printf("search time ~ %s ^ %.2f (CPU), ^ %.2f (wall); goal: at most ^ %.1f\n",
	       series->against, slope(points, MOST_CASES, true), slope(points, MOST_CASES, false),
	       series->goal);
}

int main(int argc, char **argv)
{
	static const struct series all[] = {
		{ "chiplets",
		  1.3,
		  false,
		  { { "resnet50", "mcm-16", { NULL } },
		    { "resnet50", "mcm-64", { NULL } },
		    { "resnet50", "mcm-256", { NULL } },
		    { "resnet50", "mcm-256", { "grid.columns=32", "grid.rows=32", NULL } } } },
		{ "nodes",
		  1.5,
		  true,
		  { { "resnet18", "mcm-256", { NULL } },
		    { "resnet50", "mcm-256", { NULL } },
		    { "resnet101", "mcm-256", { NULL } },
		    { "resnet152", "mcm-256", { NULL } } } },
	};
	unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : RUNS;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		run_series(&all[i], MAX(runs, 1));
	return 0;
}

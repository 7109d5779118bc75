/*
 * How many mappings per second the cost model evaluates on one thread, and how often it asks the
 * heap for memory: whole mappings (cost_evaluate) and single segments of a plan that is kept
 * (cost_evaluate_segment), of mappings that strategy scope finds.
 *
 * malloc, calloc and realloc of this program count their calls and hand on to the C library's own,
 * so what GLib allocates is counted, too. The first evaluation is not measured: scratch grows then.
 *
 * usage: bench_cost [seconds per figure]
 */
#include "search/search.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS 1.0
#define BATCH 64

/* glibc's, under the names that a program which has its own malloc can still reach. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/* The only way to hand a number out of malloc. */
static atomic_ullong allocations;

void *malloc(size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_realloc(memory, size);
}

struct subject {
	const char *workload_name, *package_name;
	struct wl_workload *workload;
	struct hw_package *package;
	struct map_mapping *mapping;
	struct cost_model model;
	struct map_plan plan;
	double *cluster_ns;
	double sum_ns; /* of all latencies, so that none is left out */
};

typedef void evaluate_function(struct subject *s, unsigned turn);

static void fail(const GError *error)
{
	fprintf(stderr, "bench_cost: %s\n", error->message);
	exit(1);
}

static void subject_init(struct subject *s)
{
	GError *error = NULL;
	struct search_options options = {
		.strategy = SEARCH_SCOPE, .batch = BATCH, .tiles = 4, .jobs = g_get_num_processors()
	};
	s->package = hw_package_read(s->package_name, "hw/packages", NULL, &error);
	s->workload = s->package ? wl_workload_read(s->workload_name, "workloads/zoo", NULL, &error)
	                         : NULL;
	s->mapping = s->workload ? search_mapping(s->workload, s->package, &options, &error) : NULL;
	if (!s->mapping)
		fail(error);
	cost_model_init(&s->model, s->workload, s->package);
	map_plan_init(&s->plan, s->mapping, s->workload, s->package);
	s->cluster_ns = g_new(double, map_cluster_total(s->mapping));
}

static void subject_release(struct subject *s)
{
	g_free(s->cluster_ns);
	map_plan_release(&s->plan);
	cost_model_release(&s->model);
	map_free(s->mapping);
	wl_workload_free(s->workload);
	hw_package_free(s->package);
}

static void evaluate_whole(struct subject *s, unsigned turn)
{
	struct cost_report report;
	(void)turn;
	cost_evaluate(&s->model, s->mapping, &report);
	s->sum_ns += report.latency_ns;
	cost_report_release(&report);
}

static void evaluate_segment(struct subject *s, unsigned turn)
{
	struct cost_totals totals = { 0 };
	s->sum_ns += cost_evaluate_segment(&s->model, &s->plan, turn % s->mapping->segment_count,
	                                   s->cluster_ns, &totals)
	                     .latency_ns;
}

static void evaluate_latency(struct subject *s, unsigned turn)
{
	s->sum_ns += cost_evaluate_segment(&s->model, &s->plan, turn % s->mapping->segment_count,
	                                   s->cluster_ns, NULL)
	                     .latency_ns;
}

static void make_plan(struct subject *s, unsigned turn)
{
	struct map_plan plan;
	(void)turn;
	map_plan_init(&plan, s->mapping, s->workload, s->package);
	s->sum_ns += plan.nodes[0].how ? 0 : 1;
	map_plan_release(&plan);
}

static void measure(struct subject *s, const char *what, evaluate_function *evaluate,
                    double seconds)
{
	unsigned turns = 0, round = s->mapping->segment_count;
	for (unsigned i = 0; i < round; i++)
		evaluate(s, i);
	clock_t start = clock(), now = start;
	unsigned long long before = atomic_load(&allocations);
	while ((double)(now - start) < seconds * CLOCKS_PER_SEC) {
		for (unsigned i = 0; i < round; i++)
			evaluate(s, i);
		turns += round;
		now = clock();
	}
	double took_s = (double)(now - start) / CLOCKS_PER_SEC;
	double allocated = (double)(atomic_load(&allocations) - before);
	printf("  %-30s %11.0f per s, %8.2f us each, %.3g allocations each\n", what,
	       (double)turns / took_s, took_s * 1e6 / (double)turns, allocated / (double)turns);
}

static void measure_all(struct subject *s, double seconds)
{
	subject_init(s);
	printf("%s on %s, batch %d: %u nodes, %u segments, %u clusters\n", s->workload_name,
	       s->package_name, BATCH, s->workload->node_count, s->mapping->segment_count,
	       map_cluster_total(s->mapping));
	measure(s, "mappings", evaluate_whole, seconds);
	measure(s, "segments, latency and energy", evaluate_segment, seconds);
	measure(s, "segments, latency", evaluate_latency, seconds);
	s->model.parameters.value[COST_TILE_TRAFFIC] = 0.5; /* not neutral: in detail */
	measure(s, "segments, as for a calibration", evaluate_segment, seconds);
	measure(s, "plans of a mapping", make_plan, seconds);
	subject_release(s);
}

int main(int argc, char **argv)
{
	struct subject subjects[] = {
		{ .workload_name = "resnet50", .package_name = "mcm-16" },
		{ .workload_name = "resnet50", .package_name = "mcm-64" },
		{ .workload_name = "resnet152", .package_name = "mcm-256" },
	};
	double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : SECONDS;
	for (unsigned i = 0; i < G_N_ELEMENTS(subjects); i++)
		measure_all(&subjects[i], seconds);
	return 0;
}

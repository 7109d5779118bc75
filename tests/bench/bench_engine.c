/*
 * What does the engine take, and what would SimGrid alone? Runs a pipeline of 25
 * clusters on 256 chiplets through sim_execute, and again through a bare loop
 * (tests/support/bare.h) that starts the same activities at the same times as they
 * stand in the program and leaves the sharing to SimGrid's fair bottleneck solver.
 *
 * usage: bench_engine [micro-batches]
 */
#include "sim/engine/engine.h"
#include "tests/support/bare.h"
#include "tests/support/synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct synthetic_pipeline large_pipeline(uint32_t microbatches)
{
	struct synthetic_pipeline shape = {
		.columns = 16, .rows = 16, .clusters = 25, .tiles = 4, .microbatches = microbatches
	};
	for (unsigned j = 0; j < shape.clusters; j++) {
		shape.chiplets[j] = 8 + j * 7 % 5;
		shape.tile_ns[j] = 2000.0 + 37.0 * (double)(j * 11 % 25);
		shape.out_bytes[j] = 30000.0 + 1000.0 * (double)(j * 7 % 25);
		shape.stream_bytes[j] = j % 8 == 3 ? 20000.0 : 0.0;
	}
	return shape;
}

/* CPU time of the children so far: other load on the machine disturbs it less than wall-clock
 * time. */
static double children_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static struct sim_result *execute(const struct hw_package *package,
                                  const struct sim_program *program, bool exact,
                                  const char *platform)
{
	struct sim_options options = { .exact = exact, .platform_path = platform };
	fflush(stdout);
	GError *error = NULL;
	struct sim_result *result = sim_execute(package, program, &options, &error);
	if (!result)
		g_error("%s", error->message);
	printf("%s: %" G_GUINT64_FORMAT
	       " activities in %.2f s (platform %.3f s), %.0f activities/s\n",
	       exact ? "engine, exact" : "engine, steady state", result->activities, result->wall_s,
	       result->load_wall_s, (double)result->activities / result->wall_s);
	return result;
}

static void compare(const struct sim_program *program, const struct hw_package *package,
                    const char *platform, const struct sim_result *result, double engine_s)
{
	g_autoptr(GArray) steps = bare_steps(program, result);
	g_autofree double *end_ns = g_new(double, steps->len);
	fflush(stdout);
	double before_s = children_s();
	if (!bare_run(program, package, "fairbottleneck", platform, steps, end_ns))
		g_error("the bare loop failed");
	double bare_s = children_s() - before_s, worst = 0.0;
	for (guint k = 0; k < steps->len; k++) {
		const struct bare_step *step = &g_array_index(steps, struct bare_step, k);
		double time_ns = result->end_ns[step->instance] - step->start_ns;
		double bare_ns = end_ns[k] - step->start_ns;
		worst = fmax(worst, fabs(bare_ns / time_ns - 1.0));
	}
	printf("SimGrid alone: %.2f s CPU; engine / SimGrid alone %.2f; an activity's time is off "
	       "by %.1f %% at most\n",
	       bare_s, engine_s / bare_s, 100.0 * worst);
}

int main(int argc, char **argv)
{
	struct synthetic_pipeline shape = large_pipeline(argc > 1 ? (uint32_t)atoi(argv[1]) : 390);
	struct hw_package *package = synthetic_package(shape.columns, shape.rows);
	struct sim_program *program = synthetic_pipeline(&shape, package);
	g_autofree char *platform = g_strdup_printf("%s/bench-platform-%d.xml", g_get_tmp_dir(),
	                                            (int)getpid());
	struct sim_result *exact = execute(package, program, true, platform);
	double engine_s = children_s();
	printf("engine, exact: %.2f s CPU\n", engine_s);
	compare(program, package, platform, exact, engine_s);
	struct sim_result *steady = execute(package, program, false, platform);
	const struct sim_segment_result *s = &steady->segments[0];
	printf("steady state: %u of %u micro-batches simulated, total off by %.2g %%\n",
	       s->simulated, s->simulated + s->skipped,
	       100.0 * ((s->end_ns + s->period_ns * s->skipped) / exact->end_ns_clock - 1.0));
	unlink(platform);
	sim_result_free(steady);
	sim_result_free(exact);
	sim_program_free(program);
	hw_package_free(package);
	return 0;
}

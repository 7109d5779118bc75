/*
 * Does the engine run a program at the right times? Package throughout:
 * synthetic_package, 1 GHz, links 10 bytes/ns and 5 ns, ports 40 bytes/ns, DRAM
 * 20 bytes/ns and 100 ns. Tolerance 1e-6 ns: SimGrid's own is 1e-9 ns per event.
 */
#include "sim/engine/engine.h"

#include "hw/resources.h"
#include "tests/support/synthetic.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPUTE(...) ((struct sim_task){ .kind = SIM_COMPUTE, __VA_ARGS__ })
#define TRANSFER(...) ((struct sim_task){ .kind = SIM_TRANSFER, __VA_ARGS__ })
#define DEPS(...)                                \
	(const struct sim_dep[]){ __VA_ARGS__ }, \
		sizeof((const struct sim_dep[]){ __VA_ARGS__ }) / sizeof(struct sim_dep)
#define BOTH(activity) .full = (activity), .tail = (activity)
#define assert_ns(value, expected) ck_assert_double_eq_tol(value, expected, 1e-6)

static const struct sim_options exact = { .exact = true };

/* On 2 x 1 chiplets: hosts 0, 1 chiplets, 2, 3 their routers, 4, 5 DRAM. */
static struct sim_result *run_with(struct sim_program *program, const struct sim_options *options,
                                   GError **error)
{
	struct hw_package *package = synthetic_package(2, 1);
	struct sim_result *result = sim_execute(package, program, options, error);
	hw_package_free(package);
	return result;
}

static struct sim_result *run(struct sim_program *program)
{
	GError *error = NULL;
	struct sim_result *result = run_with(program, &exact, &error);
	ck_assert_msg(result != NULL, "%s", error ? error->message : "no error set");
	return result;
}

static double start_of(const struct sim_program *program, const struct sim_result *result,
                       uint32_t task, uint32_t u)
{
	uint32_t tasks = g_array_index(program->segments, struct sim_segment, 0).task_count;
	return result->start_ns[u * tasks + task];
}

static double end_of(const struct sim_program *program, const struct sim_result *result,
                     uint32_t task, uint32_t u)
{
	uint32_t tasks = g_array_index(program->segments, struct sim_segment, 0).task_count;
	return result->end_ns[u * tasks + task];
}

static uint32_t phase(struct sim_program *program, uint32_t from, uint32_t to, double bytes)
{
	struct hw_package *package = synthetic_package(2, 1);
	uint32_t activity = synthetic_phase1(program, package, from, to, bytes);
	hw_package_free(package);
	return activity;
}

/* Runs one task, once, and returns how long it took. */
static double lone_ns(struct sim_program *program, uint32_t activity)
{
	synthetic_task(program, COMPUTE(BOTH(activity)), NULL, 0);
	synthetic_segment(program, 1, false);
	struct sim_result *result = run(program);
	double time_ns = result->end_ns[0] - result->start_ns[0];
	ck_assert_uint_eq(result->activities, time_ns > 0);
	assert_ns(result->end_ns_clock, time_ns);
	sim_result_free(result);
	sim_program_free(program);
	return time_ns;
}

START_TEST(compute_takes_the_slowest_host)
{
	struct sim_program *program = sim_program_new();
	const uint32_t hosts[] = { 0, 1 };
	const double cycles[] = { 70, 100 };
	assert_ns(lone_ns(program, synthetic_compute(program, hosts, cycles, 2)), 100);
}
END_TEST

/* Bottleneck of the phase is the link: max(400 / 10, 400 / 40) + 5. */
START_TEST(phase_takes_bottleneck_plus_latency)
{
	struct sim_program *program = sim_program_new();
	assert_ns(lone_ns(program, phase(program, 0, 1, 400)), 45);
}
END_TEST

/* Inside the package's corner: port only, no hop, no latency. */
START_TEST(port_alone_has_no_latency)
{
	struct sim_program *program = sim_program_new();
	assert_ns(lone_ns(program, phase(program, 0, 2, 400)), 10);
}
END_TEST

/* DRAM 0 to chiplet 1: channel 600 / 20, link 600 / 10, eject 600 / 40; 100 + 5 ns. */
START_TEST(dram_route_adds_latencies)
{
	struct sim_program *program = sim_program_new();
	assert_ns(lone_ns(program, phase(program, 4, 1, 600)), 60 + 105);
}
END_TEST

/* Link 600 / 10 ns, port of chiplet 1 3,000 / 40 ns; latency 5. */
START_TEST(phase_takes_its_slowest_resource)
{
	struct sim_program *program = sim_program_new();
	struct hw_package *package = synthetic_package(2, 1);
	const struct fair_load loads[] = { { 0, 600 }, { hw_eject_id(package, 1), 3000 } };
	ck_assert_uint_eq(package->links[0].to, 1);
	assert_ns(lone_ns(program, synthetic_phase(program, package, 0, 1, loads, 2)), 75 + 5);
	hw_package_free(package);
}
END_TEST

START_TEST(zero_work_takes_no_time)
{
	struct sim_program *program = sim_program_new();
	assert_ns(lone_ns(program, synthetic_compute1(program, 0, 0)), 0);
}
END_TEST

/*
 * Producer A (chiplet 0, 10 ns) -> transfer X (100 bytes: 15 ns) -> consumer B
 * (chiplet 1, 20 ns); A may run 2 micro-batches ahead of B's ends.
 *
 *   u   A         X         B
 *   0   0 - 10    10 - 25   25 - 45
 *   1   10 - 20   25 - 40   45 - 65
 *   2   45 - 55   55 - 70   70 - 90     (A waits for B 0)
 *   3   65 - 75   75 - 90   90 - 110    (A waits for B 1)
 */
START_TEST(back_counts_microbatches)
{
	struct sim_program *program = sim_program_new();
	uint32_t a = synthetic_compute1(program, 0, 10), b = synthetic_compute1(program, 1, 20);
	uint32_t x = phase(program, 0, 1, 100);
	synthetic_task(program, COMPUTE(BOTH(a)),
	               DEPS({ 0, 1, SIM_FOR_TURN }, { 2, 2, SIM_FOR_TURN }));
	synthetic_task(program, TRANSFER(BOTH(x)),
	               DEPS({ 0, 0, SIM_FOR_TURN }, { 1, 1, SIM_FOR_TURN }));
	synthetic_task(program, COMPUTE(BOTH(b)),
	               DEPS({ 1, 0, SIM_FOR_TURN }, { 2, 1, SIM_FOR_TURN }));
	synthetic_segment(program, 4, false);
	struct sim_result *result = run(program);
	static const double start[4][3] = {
		{ 0, 10, 25 }, { 10, 25, 45 }, { 45, 55, 70 }, { 65, 75, 90 }
	};
	static const double end[4][3] = {
		{ 10, 25, 45 }, { 20, 40, 65 }, { 55, 70, 90 }, { 75, 90, 110 }
	};
	for (uint32_t u = 0; u < 4; u++) {
		for (uint32_t t = 0; t < 3; t++) {
			assert_ns(start_of(program, result, t, u), start[u][t]);
			assert_ns(end_of(program, result, t, u), end[u][t]);
		}
	}
	ck_assert_uint_eq(result->activities, 12);
	ck_assert_uint_eq(result->segments[0].simulated, 4);
	ck_assert_uint_eq(result->segments[0].skipped, 0);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

/* Load once (600 bytes: 30 + 100 ns), then every micro-batch computes; a once task can wait,
 * too. */
START_TEST(once_tasks_run_once)
{
	struct sim_program *program = sim_program_new();
	uint32_t load = phase(program, 4, 0, 600), compute = synthetic_compute1(program, 0, 10);
	synthetic_task(program, (struct sim_task){ .kind = SIM_LOAD, .once = true, BOTH(load) },
	               NULL, 0);
	synthetic_task(program, COMPUTE(BOTH(compute)),
	               DEPS({ 0, 7, SIM_FOR_TURN }, { 1, 1, SIM_FOR_TURN }));
	synthetic_task(program, (struct sim_task){ .kind = SIM_LOAD, .once = true, BOTH(load) },
	               DEPS({ 0, 0, SIM_FOR_TURN }));
	synthetic_segment(program, 3, false);
	struct sim_result *result = run(program);
	assert_ns(end_of(program, result, 0, 0), 130);
	for (uint32_t u = 0; u < 3; u++)
		assert_ns(start_of(program, result, 1, u), 130 + 10 * u);
	assert_ns(start_of(program, result, 2, 0), 130);
	assert_ns(end_of(program, result, 2, 0), 260);
	ck_assert(isnan(start_of(program, result, 0, 1)) && isnan(end_of(program, result, 0, 2)));
	ck_assert(isnan(start_of(program, result, 2, 1)));
	ck_assert_uint_eq(result->activities, 5);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

/*
 * 1,000 and 2,000 bytes over one link, together: 5 ns latency, then 5 bytes/ns
 * each until 205; the second's other 1,000 bytes alone: 305.
 */
START_TEST(phases_share_a_link_equally)
{
	struct sim_program *program = sim_program_new();
	uint32_t one = phase(program, 0, 1, 1000), two = phase(program, 2, 3, 2000);
	synthetic_task(program, TRANSFER(BOTH(one)), NULL, 0);
	synthetic_task(program, TRANSFER(BOTH(two)), NULL, 0);
	synthetic_segment(program, 1, false);
	struct sim_result *result = run(program);
	assert_ns(end_of(program, result, 0, 0), 205);
	assert_ns(end_of(program, result, 1, 0), 305);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

/*
 * A phase of 1e9 bytes (1e8 ns) beside 1,000 phases of 10 bytes, one after the
 * other on the same link: each of them takes 5 ns + 10 / 5, and all bytes together
 * need (1e9 + 1e4) / 10 + 5 ns. SimGrid subtracts from the long one's remaining
 * share (1.0 at first) 2,000 times: 2,000 x 1e-16 x 1e8 ns = 2e-5 ns of rounding.
 */
START_TEST(long_and_short_phases_share_exactly)
{
	struct sim_program *program = sim_program_new();
	uint32_t large = phase(program, 0, 1, 1e9), small = phase(program, 2, 3, 10);
	synthetic_task(program, (struct sim_task){ .kind = SIM_LOAD, .once = true, BOTH(large) },
	               NULL, 0);
	synthetic_task(program, TRANSFER(BOTH(small)), DEPS({ 1, 1, SIM_FOR_TURN }));
	synthetic_segment(program, 1000, false);
	struct sim_result *result = run(program);
	assert_ns(end_of(program, result, 1, 0), 7);
	assert_ns(end_of(program, result, 1, 999), 7000);
	ck_assert_double_eq_tol(end_of(program, result, 0, 0), 1e8 + 1000 + 5, 2e-5);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

START_TEST(last_microbatch_uses_the_tail)
{
	struct sim_program *program = sim_program_new();
	uint32_t full = synthetic_compute1(program, 0, 10),
		 tail = synthetic_compute1(program, 0, 4);
	synthetic_task(program, COMPUTE(.full = full, .tail = tail), DEPS({ 0, 1, SIM_FOR_TURN }));
	synthetic_task(program, COMPUTE(.full = SIM_NONE, .tail = SIM_NONE, .once = true), NULL, 0);
	synthetic_segment(program, 3, true);
	struct sim_result *result = run(program);
	assert_ns(end_of(program, result, 0, 1), 20);
	assert_ns(end_of(program, result, 0, 2), 24);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

START_TEST(tasks_without_activity_end_at_once)
{
	struct sim_program *program = sim_program_new();
	uint32_t compute = synthetic_compute1(program, 0, 10);
	synthetic_task(program, COMPUTE(BOTH(compute)), DEPS({ 0, 1, SIM_FOR_TURN }));
	synthetic_task(program, TRANSFER(BOTH(SIM_NONE)), DEPS({ 0, 0, SIM_FOR_TURN }));
	synthetic_task(program, TRANSFER(BOTH(SIM_NONE)), DEPS({ 1, 0, SIM_FOR_TURN }));
	synthetic_task(program, COMPUTE(BOTH(synthetic_compute1(program, 1, 3))),
	               DEPS({ 2, 0, SIM_FOR_TURN }));
	synthetic_segment(program, 2, false);
	struct sim_result *result = run(program);
	assert_ns(start_of(program, result, 1, 1), 20);
	assert_ns(end_of(program, result, 2, 1), 20);
	assert_ns(end_of(program, result, 3, 1), 23);
	ck_assert_uint_eq(result->activities, 4);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

START_TEST(segments_follow_each_other)
{
	struct sim_program *program = sim_program_new();
	uint32_t a = synthetic_compute1(program, 0, 10), b = synthetic_compute1(program, 1, 7);
	synthetic_task(program, COMPUTE(BOTH(a)), DEPS({ 0, 1, SIM_FOR_TURN }));
	synthetic_segment(program, 3, false);
	synthetic_task(program, COMPUTE(BOTH(b)), DEPS({ 1, 1, SIM_FOR_TURN }));
	synthetic_segment(program, 2, false);
	struct sim_result *result = run(program);
	ck_assert_uint_eq(result->segment_count, 2);
	ck_assert_uint_eq(result->instance_count, 5);
	assert_ns(result->segments[0].start_ns, 0);
	assert_ns(result->segments[0].end_ns, 30);
	ck_assert_uint_eq(result->segments[1].first_instance, 3);
	assert_ns(result->start_ns[3], 30);
	assert_ns(result->segments[1].end_ns, 44);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

/* ---- what goes wrong ---- */

static void assert_fails(struct sim_program *program, int code, const char *message)
{
	GError *error = NULL;
	struct sim_result *result = run_with(program, &exact, &error);
	ck_assert_ptr_null(result);
	ck_assert(g_error_matches(error, SIM_ERROR, code));
	ck_assert_msg(strstr(error->message, message) != NULL, "got: %s", error->message);
	g_error_free(error);
	sim_program_free(program);
}

START_TEST(deadlock_names_the_blocked_task)
{
	struct sim_program *program = sim_program_new();
	uint32_t compute = synthetic_compute1(program, 0, 10);
	synthetic_task(program, COMPUTE(BOTH(compute), .node = 4),
	               DEPS({ 0, 1, SIM_FOR_TURN }, { 1, 1, SIM_FOR_TURN }));
	synthetic_task(program, TRANSFER(BOTH(SIM_NONE), .node = 5, .cluster = 1, .tile = 2),
	               DEPS({ 0, 0, SIM_FOR_TURN }, { 2, 0, SIM_FOR_TURN }));
	synthetic_task(program, TRANSFER(BOTH(SIM_NONE), .node = 6, .cluster = 2),
	               DEPS({ 1, 0, SIM_FOR_TURN }));
	synthetic_segment(program, 2, false);
	assert_fails(program, SIM_ERROR_DEADLOCK,
	             "segment 0: deadlock with 5 instances left: "
	             "transfer of node 5 (cluster 1, tile 2, micro-batch 0) waits for "
	             "transfer of node 6 (cluster 2, tile 0, micro-batch 0)");
}
END_TEST

START_TEST(computes_must_not_overlap_on_a_chiplet)
{
	struct sim_program *program = sim_program_new();
	uint32_t compute = synthetic_compute1(program, 1, 10);
	synthetic_task(program, COMPUTE(BOTH(compute), .node = 4), NULL, 0);
	synthetic_task(program, COMPUTE(BOTH(compute), .node = 5), NULL, 0);
	synthetic_segment(program, 1, false);
	assert_fails(
		program, SIM_ERROR_OVERLAP,
		"compute of node 5 (cluster 0, tile 0, micro-batch 0) starts on chiplet 1 during "
		"compute of node 4");
}
END_TEST

START_TEST(simgrid_abort_becomes_an_error)
{
	struct sim_program *program = sim_program_new();
	g_setenv("MCMSIM_SIMGRID_CFG", "host/solver:nonsense", TRUE);
	synthetic_task(program, COMPUTE(BOTH(synthetic_compute1(program, 0, 10))), NULL, 0);
	synthetic_segment(program, 1, false);
	assert_fails(program, SIM_ERROR_CHILD,
	             "SimGrid ended by signal 6 (Aborted): Invalid system solver");
}
END_TEST

START_TEST(simgrid_words_are_in_the_error)
{
	struct sim_program *program = sim_program_new();
	g_setenv("MCMSIM_SIMGRID_CFG", "no/such/option:1", TRUE);
	synthetic_task(program, COMPUTE(BOTH(synthetic_compute1(program, 0, 10))), NULL, 0);
	synthetic_segment(program, 1, false);
	assert_fails(program, SIM_ERROR_CHILD, "no/such/option");
}
END_TEST

START_TEST(unwritable_platform_is_an_error)
{
	struct sim_program *program = sim_program_new();
	struct sim_options options = { .platform_path = "/nonexistent/platform.xml" };
	GError *error = NULL;
	synthetic_task(program, COMPUTE(BOTH(synthetic_compute1(program, 0, 10))), NULL, 0);
	synthetic_segment(program, 1, false);
	ck_assert_ptr_null(run_with(program, &options, &error));
	ck_assert(strstr(error->message, "/nonexistent/platform.xml") != NULL);
	g_error_free(error);
	sim_program_free(program);
}
END_TEST

/* ---- around the run ---- */

static unsigned entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;
	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static struct sim_program *small_pipeline(uint32_t microbatches)
{
	const struct synthetic_pipeline shape = { .columns = 2,
		                                  .rows = 1,
		                                  .clusters = 2,
		                                  .tiles = 2,
		                                  .chiplets = { 1, 1 },
		                                  .tile_ns = { 100, 130 },
		                                  .out_bytes = { 500, 300 },
		                                  .stream_bytes = { 0, 900 },
		                                  .microbatches = microbatches,
		                                  .has_tail = true };
	struct hw_package *package = synthetic_package(2, 1);
	struct sim_program *program = synthetic_pipeline(&shape, package);
	hw_package_free(package);
	return program;
}

START_TEST(nothing_is_left_behind)
{
	char directory[] = "/tmp/check-engine-XXXXXX";
	ck_assert_ptr_nonnull(g_mkdtemp(directory));
	g_setenv("TMPDIR", directory, TRUE);
	struct sim_program *program = small_pipeline(5);
	unsigned descriptors = entries("/proc/self/fd");
	sim_result_free(run(program));
	ck_assert_uint_eq(entries("/proc/self/fd"), descriptors);
	ck_assert_uint_eq(entries(directory), 2); /* . and .. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	rmdir(directory);
	sim_program_free(program);
}
END_TEST

static void count_temporary_files(void *data, double fraction, double time_ns)
{
	unsigned *most = data;
	(void)fraction;
	(void)time_ns;
	*most = MAX(*most, entries(g_getenv("TMPDIR")));
}

/* Not even while it runs, so that a run that is killed leaves nothing. */
START_TEST(no_file_while_it_runs)
{
	char directory[] = "/tmp/check-engine-XXXXXX";
	ck_assert_ptr_nonnull(g_mkdtemp(directory));
	g_setenv("TMPDIR", directory, TRUE);
	struct sim_program *program = small_pipeline(5);
	unsigned most = 0;
	struct sim_options options = { .progress = count_temporary_files, .progress_data = &most };
	struct sim_result *result = run_with(program, &options, NULL);
	ck_assert_ptr_nonnull(result);
	ck_assert_uint_eq(most, 2); /* . and .. */
	rmdir(directory);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

START_TEST(platform_stays_where_asked_for)
{
	struct sim_program *program = small_pipeline(5);
	g_autofree char *path = g_strdup_printf("/tmp/check-engine-%d.xml", (int)getpid());
	struct sim_options options = { .platform_path = path };
	GError *error = NULL;
	struct sim_result *result = run_with(program, &options, &error);
	ck_assert_ptr_nonnull(result);
	ck_assert_int_eq(unlink(path), 0);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

START_TEST(runs_are_identical)
{
	struct sim_program *program = small_pipeline(40);
	struct sim_result *first = run(program), *second = run(program);
	ck_assert_uint_eq(first->instance_count, second->instance_count);
	for (uint64_t i = 0; i < first->instance_count; i++) {
		ck_assert(first->start_ns[i] == second->start_ns[i]);
		ck_assert(first->end_ns[i] == second->end_ns[i]);
	}
	sim_result_free(first);
	sim_result_free(second);
	sim_program_free(program);
}
END_TEST

struct seen {
	unsigned calls;
	double fraction, time_ns;
};

static void see(void *data, double fraction, double time_ns)
{
	struct seen *seen = data;
	ck_assert(fraction >= seen->fraction && fraction <= 1.0 && time_ns >= seen->time_ns);
	*seen = (struct seen){ seen->calls + 1, fraction, time_ns };
}

START_TEST(progress_rises_to_one)
{
	struct seen seen = { 0 };
	struct sim_options options = { .exact = _i == 0, .progress = see, .progress_data = &seen };
	struct sim_program *program = small_pipeline(300);
	struct sim_result *result = run_with(program, &options, NULL);
	ck_assert_ptr_nonnull(result);
	ck_assert_uint_ge(seen.calls, 1);
	ck_assert_double_eq(seen.fraction, 1.0);
	assert_ns(seen.time_ns, result->end_ns_clock);
	sim_result_free(result);
	sim_program_free(program);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *times = tcase_create("times"), *errors = tcase_create("errors"),
	      *runs = tcase_create("runs");
	tcase_add_test(times, compute_takes_the_slowest_host);
	tcase_add_test(times, phase_takes_bottleneck_plus_latency);
	tcase_add_test(times, port_alone_has_no_latency);
	tcase_add_test(times, dram_route_adds_latencies);
	tcase_add_test(times, phase_takes_its_slowest_resource);
	tcase_add_test(times, zero_work_takes_no_time);
	tcase_add_test(times, back_counts_microbatches);
	tcase_add_test(times, once_tasks_run_once);
	tcase_add_test(times, phases_share_a_link_equally);
	tcase_add_test(times, long_and_short_phases_share_exactly);
	tcase_add_test(times, last_microbatch_uses_the_tail);
	tcase_add_test(times, tasks_without_activity_end_at_once);
	tcase_add_test(times, segments_follow_each_other);
	tcase_add_test(errors, deadlock_names_the_blocked_task);
	tcase_add_test(errors, computes_must_not_overlap_on_a_chiplet);
	tcase_add_test(errors, simgrid_abort_becomes_an_error);
	tcase_add_test(errors, simgrid_words_are_in_the_error);
	tcase_add_test(errors, unwritable_platform_is_an_error);
	tcase_add_test(runs, nothing_is_left_behind);
	tcase_add_test(runs, no_file_while_it_runs);
	tcase_add_test(runs, platform_stays_where_asked_for);
	tcase_add_test(runs, runs_are_identical);
	tcase_add_loop_test(runs, progress_rises_to_one, 0, 2);
	suite_add_tcase(suite, times);
	suite_add_tcase(suite, errors);
	suite_add_tcase(suite, runs);
	return suite_run_forked(suite);
}

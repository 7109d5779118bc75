/*
 * Are activities reduced to what matters, and to no less? The units count what
 * is left; the runs compare each activity's end with a bare SimGrid loop that
 * starts the whole activities at the same times (tests/support/bare.h).
 */
#include "sim/dispatch.h"
#include "tests/support/bare.h"
#include "tests/support/synthetic.h"

#include <check.h>
#include <unistd.h>

static const struct sim_activity *activity_of(const struct sim_program *program, uint32_t index)
{
	return &g_array_index(program->activities, struct sim_activity, index);
}

/* One task per activity, so that any of them may run at the same time. */
static struct sim_program *lean_of(struct sim_program *program)
{
	struct hw_package *package = synthetic_package(2, 1);
	for (uint32_t a = 0; a < program->activities->len; a++)
		synthetic_task(
			program,
			(struct sim_task){ .kind = SIM_TRANSFER, .full = a, .tail = SIM_NONE },
			NULL, 0);
	synthetic_segment(program, 1, false);
	struct sim_program *lean = sim_lean_activities(program, package);
	ck_assert_uint_eq(lean->activities->len, program->activities->len);
	hw_package_free(package);
	return lean;
}

START_TEST(compute_keeps_its_slowest_host)
{
	struct sim_program *program = sim_program_new();
	const uint32_t hosts[] = { 0, 1 };
	const double cycles[] = { 70, 100 };
	synthetic_compute(program, hosts, cycles, 2);
	struct sim_program *lean = lean_of(program);
	ck_assert_uint_eq(activity_of(lean, 0)->host_count, 1);
	ck_assert_uint_eq(g_array_index(lean->hosts, uint32_t, 0), 1);
	ck_assert_double_eq(g_array_index(lean->cycles, double, 0), 100);
	sim_program_free(lean);
	sim_program_free(program);
}
END_TEST

/* Link 100 / 10 and port (100 + 200) / 40 ns: the port never decides. With 600 bytes it does. */
START_TEST(slack_ports_are_dropped)
{
	struct sim_program *program = sim_program_new();
	const uint32_t hosts[] = { 0, 1, 2 };
	const struct sim_flow few[] = { { 0, 1, 100 }, { 0, 2, 200 } },
			      many[] = { { 0, 1, 100 }, { 0, 2, 600 } };
	synthetic_phase(program, hosts, 3, _i ? many : few, 2);
	struct sim_program *lean = lean_of(program);
	ck_assert_uint_eq(activity_of(lean, 0)->flow_count, _i ? 2 : 1);
	ck_assert_uint_eq(activity_of(lean, 0)->host_count, _i ? 3 : 2);
	ck_assert_uint_eq(program->flows->len, 2); /* the original is untouched */
	sim_program_free(lean);
	sim_program_free(program);
}
END_TEST

/* The same port is used by another phase, too, that does not use the link: it may decide,
 * however busy a third phase keeps the link. */
START_TEST(shared_ports_stay)
{
	struct sim_program *program = sim_program_new();
	const uint32_t hosts[] = { 0, 1, 2 };
	const struct sim_flow flows[] = { { 0, 1, 100 }, { 0, 2, 200 } };
	synthetic_phase(program, hosts, 3, flows, 2);
	synthetic_phase1(program, 0, 2, 10);
	synthetic_phase1(program, 2, 3, 1000);
	struct sim_program *lean = lean_of(program);
	ck_assert_uint_eq(activity_of(lean, 0)->flow_count, 2);
	ck_assert_uint_eq(activity_of(lean, 1)->flow_count, 1);
	sim_program_free(lean);
	sim_program_free(program);
}
END_TEST

/* The slow port decides alone, but the flow over the link brings the latency. */
START_TEST(longest_latency_stays)
{
	struct sim_program *program = sim_program_new();
	const uint32_t hosts[] = { 0, 2, 3 };
	const struct sim_flow flows[] = { { 0, 1, 8000 }, { 1, 2, 10 } };
	synthetic_phase(program, hosts, 3, flows, 2);
	struct sim_program *lean = lean_of(program);
	ck_assert_uint_eq(activity_of(lean, 0)->flow_count, 2);
	sim_program_free(lean);
	sim_program_free(program);
}
END_TEST

START_TEST(ends_are_those_of_whole_activities)
{
	struct synthetic_pipeline shape = synthetic_random((uint32_t)(1000 + _i), 0.3, 12);
	struct hw_package *package = synthetic_package(shape.columns, shape.rows);
	struct sim_program *program = synthetic_pipeline(&shape, package);
	g_autofree char *platform = g_strdup_printf("/tmp/check-lean-%d.xml", (int)getpid());
	struct sim_options options = { .exact = true, .platform_path = platform };
	struct sim_result *result = sim_execute(package, program, &options, NULL);
	ck_assert_ptr_nonnull(result);
	g_autoptr(GArray) steps = bare_steps(program, result);
	g_autofree double *end_ns = g_new(double, steps->len);
	ck_assert_uint_eq(steps->len, result->activities);
	bare_run(program, package, platform, steps, end_ns);
	for (guint k = 0; k < steps->len; k++) {
		uint64_t instance = g_array_index(steps, struct bare_step, k).instance;
		ck_assert_double_eq_tol(result->end_ns[instance], end_ns[k], 1e-6);
	}
	unlink(platform);
	sim_result_free(result);
	sim_program_free(program);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lean");
	TCase *cases = tcase_create("lean");
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, compute_keeps_its_slowest_host);
	tcase_add_loop_test(cases, slack_ports_are_dropped, 0, 2);
	tcase_add_test(cases, shared_ports_stay);
	tcase_add_test(cases, longest_latency_stays);
	tcase_add_loop_test(cases, ends_are_those_of_whole_activities, 0, 20);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/*
 * Questions: does leaving a part of reality out give the timeline that is worked
 * out by hand without it? With nothing left out, is it SimGrid's? Do the terms of
 * the model's error add up? Times in ns.
 */
#include "tests/sim/tiny.h"

#include <string.h>

#include "search/search.h"
#include "sim/what_if/what_if.h"
#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#define ONE_BY_ONE "'op': 'conv', 'kernel': 1"
#define A_THEN_B                                                             \
	"{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}," \
	"{'name': 'b', 'inputs': ['a'], 'out_channels': 1, " ONE_BY_ONE "}"
#define CLUSTER(region, node)                                \
	"{'region': [" region "], 'nodes': [{'name': '" node \
	"', 'split': {}, 'weights': 'resident', 'tiles': 1}]}"
#define SEGMENT(clusters) "{'microbatch': 1, 'clusters': [" clusters "]}"
#define PIPELINE SEGMENT(CLUSTER("[0, 0]", "a") "," CLUSTER("[1, 0]", "b"))

/* The parts of reality that are put in. */
enum { NOP = 1, DRAM = 2, BUFFERS = 4, ALL = 7, CHOICES = 8 };

static struct sim_what_if choice(int parts)
{
	return (struct sim_what_if){ .nop_contention = (parts & NOP) != 0,
		                     .dram_contention = (parts & DRAM) != 0,
		                     .back_pressure = (parts & BUFFERS) != 0 };
}

static struct sim_what_if_times run_parts(const struct map_plan *of, int parts)
{
	struct sim_what_if what = choice(parts);
	struct sim_what_if_times times;
	sim_what_if_run(of, &what, &times);
	return times;
}

static double latency_of(const struct map_plan *of, int parts)
{
	struct sim_what_if_times times = run_parts(of, parts);
	double latency_ns = times.latency_ns;
	sim_what_if_release(&times);
	return latency_ns;
}

static void split(const struct map_plan *of, double simulated_ns, struct cost_report *report,
                  double terms_ns[SIM_TERMS])
{
	struct cost_model cost;
	cost_model_init(&cost, of->workload, of->package);
	cost_evaluate(&cost, of->mapping, report);
	sim_split_error(of, report, simulated_ns, terms_ns);
	cost_model_release(&cost);
}

/* ---- by hand ---- */

/* A tiny system; its plan is `layout`. */
struct scene {
	struct tiny t;
	struct map_plan layout;
};

static struct scene *scene_new(struct tiny_package package_shape, struct wl_workload *net,
                               unsigned batch, const char *segments)
{
	struct scene *s = g_new0(struct scene, 1);
	s->t.package = tiny_package(package_shape);
	s->t.workload = net;
	s->t.mapping = tiny_mapping(net, s->t.package, batch, segments);
	s->t.outcome = simulate(&s->t, true, SIM_TRACE_NONE);
	map_plan_init(&s->layout, s->t.mapping, net, s->t.package);
	return s;
}

static void scene_free(struct scene *s)
{
	map_plan_release(&s->layout);
	tiny_free(&s->t);
	g_free(s);
}

/* Fast DRAM is off by up to 1e-7 ns per phase. */
static void assert_near(double ns, double expected_ns)
{
	ck_assert_double_eq_tol(ns, expected_ns, 1e-6);
}

static void assert_latencies(const struct scene *s, const double expected_ns[CHOICES])
{
	for (int parts = 0; parts < CHOICES; parts++) {
		double latency_ns = latency_of(&s->layout, parts);
		ck_assert_msg(fabs(latency_ns - expected_ns[parts]) <= 1e-6,
		              "nop %d, dram %d, buffers %d: %.9g, not %g", parts & NOP,
		              (parts & DRAM) / DRAM, (parts & BUFFERS) / BUFFERS, latency_ns,
		              expected_ns[parts]);
	}
	assert_near(s->t.outcome->latency_ns, expected_ns[ALL]);
}

static void assert_terms(const struct scene *s, double analytical_ns,
                         const double expected_ns[SIM_TERMS])
{
	double terms_ns[SIM_TERMS];
	struct cost_report report;
	split(&s->layout, s->t.outcome->latency_ns, &report, terms_ns);
	assert_near(report.latency_ns, analytical_ns);
	for (int t = 0; t < SIM_TERMS; t++)
		ck_assert_msg(fabs(terms_ns[t] - expected_ns[t]) <= 1e-6, "%s: %.9g, not %g",
		              sim_term_name((enum sim_term)t), terms_ns[t], expected_ns[t]);
	cost_report_release(&report);
}

/*
 * One chiplet beside the channel (5 ns, 2 bytes/ns). Alone: load of 4 bytes to 7,
 * fetch of 10 to 10, compute to 20, store 5 + 10 / 2 to 30. Sharing the channel,
 * the fetch ends at 12 (check_tiny.c): 32.
 *
 * Formula: T_load 5 + 14 / 2 = 12, T_a = max(10, 5 + 20 / 2) = 15: 27.
 */
START_TEST(channel_is_shared)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 1 },
		tiny_workload(1, 10, 4,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "}"),
		1, SEGMENT(CLUSTER("[0, 0]", "a")));
	assert_latencies(s, (double[]){ 30, 30, 32, 32, 30, 30, 32, 32 });
	assert_terms(s, 27, (double[]){ 0, 3, 0, 2, 0 });
	scene_free(s);
}
END_TEST

/*
 * a ends at 9 and sends 8 bytes (2 bytes/ns) to b, one hop of 3: alone to 16; and
 * to c, two hops: alone to 19. c computes to 27, stores to 28. Over the same first
 * link c's ends at 20 (check_tiny.c): 29.
 */
START_TEST(link_is_shared)
{
	struct scene *s = scene_new((struct tiny_package){ .columns = 3, .fast_dram = true },
	                            tiny_workload(1, 8, 1,
	                                          A_THEN_B ",{'name': 'c', 'inputs': ['a'], "
	                                                   "'out_channels': 1, " ONE_BY_ONE "}"),
	                            1,
	                            SEGMENT(CLUSTER("[0, 0]", "a") "," CLUSTER(
					    "[1, 0]", "b") "," CLUSTER("[2, 0]", "c")));
	assert_latencies(s, (double[]){ 28, 29, 28, 29, 28, 29, 28, 29 });
	scene_free(s);
}
END_TEST

/*
 * Ports of half the link's bandwidth limit a lone phase, and belong to the NoP when
 * they are shared. Fetch 1 + 8 / 1 to 9, compute to 17, transfer 3 + 8 / 1 to 28,
 * compute to 36, store to 45. The load's byte passes the same port: one later.
 */
START_TEST(port_is_shared)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 2, .fast_dram = true, .port_GBps = 1 },
		tiny_workload(1, 8, 1, A_THEN_B), 1, PIPELINE);
	assert_latencies(s, (double[]){ 45, 46, 45, 46, 45, 46, 45, 46 });
	scene_free(s);
}
END_TEST

/*
 * A transfer takes 18 + 4 / 2 = 20, a and b compute for 4. Unbounded: a ends at 5,
 * 9, 13, 17, the last transfer at 37, b at 41, store 42. With two output buffers:
 *
 *   a0 1-5, T0 5-25, b0 25-29    a1 5-9, T1 9-29, b1 29-33
 *   a2 25-29, T2 29-49, b2 49-53 a3 29-33, T3 33-53, b3 53-57, store 58
 *
 * Formula: T_load 1, T_a = 18 + 4 / 2 (the fetch is faster), T_b = 4: 1 + 5 x 20.
 * Its fill is 16 too long, since b is faster: 85.
 */
START_TEST(output_buffers_are_bounded)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 2, .fast_dram = true, .hop_ns = 18 },
		tiny_workload(1, 4, 1, A_THEN_B), 4, PIPELINE);
	assert_latencies(s, (double[]){ 42, 42, 42, 42, 58, 58, 58, 58 });
	assert_terms(s, 101, (double[]){ -16, -43, 16, 0, 0 });
	struct sim_what_if_times bounded = run_parts(&s->layout, ALL),
				 unbounded = run_parts(&s->layout, 0);
	assert_near(unbounded.cluster_period_ns[0], 4); /* ends 5, 9, 13, 17 */
	assert_near(unbounded.cluster_period_ns[1], 4);
	assert_near(bounded.cluster_period_ns[0], 28.0 / 3); /* 5, 9, 29, 33 */
	assert_near(bounded.cluster_period_ns[1], 28.0 / 3); /* 29, 33, 53, 57 */
	sim_what_if_release(&bounded);
	sim_what_if_release(&unbounded);
	scene_free(s);
}
END_TEST

/*
 * A slow b (20 against 4) has two input buffers: T2 waits for b0 until 30
 * (check_tiny.c). Without, a ends every 4 and b is as late as before: at 111.
 */
START_TEST(input_buffers_are_bounded)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 4, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "},"
	                      "{'name': 'b', 'inputs': ['a'], 'out_channels': 5, " ONE_BY_ONE "}"),
		5, PIPELINE);
	assert_latencies(s, (double[]){ 111, 111, 111, 111, 111, 111, 111, 111 });
	struct sim_what_if_times bounded = run_parts(&s->layout, BUFFERS),
				 unbounded = run_parts(&s->layout, 0);
	assert_near(bounded.cluster_period_ns[0], 34.0 / 4); /* 5, 9, 14, 18, 39 */
	assert_near(unbounded.cluster_period_ns[0], 4);
	sim_what_if_release(&bounded);
	sim_what_if_release(&unbounded);
	scene_free(s);
}
END_TEST

/*
 * A channel of 2 bytes/ns at chiplet 0, a link of 1/2 after 5. Load a (8 bytes) and fetch
 * (8) 5 + 4 to 9, load b (16) 10 + 32 to 42; a 9-17, transfer 5 + 16 to 38, b 42-58, store
 * 10 + 32: 100.
 *
 * Channel shared: from 5 load a and fetch get 1 each. From 10 load b takes the 1/2 that
 * its link has, the others get 3/4 for their last 3, to 14. Transfer to 43, b to 59: 101.
 *
 * Link shared, too: from 27 the transfer (8) and load b (7.5 left) get 1/4 each: load b
 * ends at 57, the transfer's last 1/2 at 58; b to 74: 116. Link alone: from 22 the
 * transfer (8) and load b (10 left); they end at 54 and, the last 2 at 1/2, at 58.
 *
 * Formula: T_load 10 + 16 / 0.5, T_a = 5 + 16, T_b = 10 + 32: 42 + 2 x 42, of which
 * 42 - 21 is fill that a does not take.
 */
START_TEST(each_part_alone_and_together)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 2, .link_GBps = 0.5, .hop_ns = 5 },
		tiny_workload(1, 8, 8,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 1, " ONE_BY_ONE "},"
	                      "{'name': 'b', 'inputs': ['a'], 'out_channels': 2, " ONE_BY_ONE "}"),
		1, PIPELINE);
	assert_latencies(s, (double[]){ 100, 116, 101, 116, 100, 116, 101, 116 });
	assert_terms(s, 126, (double[]){ -21, -5, 0, 1, 15 });
	scene_free(s);
}
END_TEST

/*
 * Waits for DRAM are no back pressure. Fetches (4 bytes, 7) to 7; a 7-15, 15-23; stores
 * (8 bytes, 9) 15-24, 23-32. a2 waits for its buffer until 24, a3 until 32; to 40, store
 * 49. (The fetches of 2 and 3 start at 15 and 23 and are in time.)
 */
START_TEST(stores_hold_up_in_any_case)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 1 },
		tiny_workload(1, 4, 1,
	                      "{'name': 'a', 'inputs': ['x'], 'out_channels': 2, " ONE_BY_ONE "}"),
		4, SEGMENT(CLUSTER("[0, 0]", "a")));
	assert_near(latency_of(&s->layout, 0), 49);
	assert_near(latency_of(&s->layout, BUFFERS), 49);
	scene_free(s);
}
END_TEST

/* Load 1 byte, fetch 8, compute 8, store 8; segments one after another, DRAM shared or not. */
START_TEST(segments_follow_each_other)
{
	struct scene *s = scene_new(
		(struct tiny_package){ .columns = 1 }, tiny_workload(1, 8, 1, A_THEN_B), 1,
		SEGMENT(CLUSTER("[0, 0]", "a")) "," SEGMENT(CLUSTER("[0, 0]", "b")));
	struct sim_what_if_times lone = run_parts(&s->layout, 0),
				 shared = run_parts(&s->layout, DRAM);
	for (int i = 0; i < 2; i++) {
		assert_near(lone.segment_ns[i], 26);     /* 9, 17, 26 */
		assert_near(shared.segment_ns[i], 26.5); /* check_tiny.c */
		assert_near(lone.cluster_period_ns[i], 8);
	}
	assert_near(lone.latency_ns, 52);
	assert_near(shared.latency_ns, 53);
	sim_what_if_release(&lone);
	sim_what_if_release(&shared);
	scene_free(s);
}
END_TEST

START_TEST(terms_have_names)
{
	const char *const names[] = { "pipeline_fill", "tiles", "back_pressure", "dram", "nop" };
	for (int t = 0; t < SIM_TERMS; t++)
		ck_assert_str_eq(sim_term_name((enum sim_term)t), names[t]);
}
END_TEST

/* ---- against the engine ---- */

/* Both solve the same sharing; what is left is rounding, above all of SimGrid's clock. */
#define TOLERANCE 1e-9

static void assert_same(double a, double b, const char *what, const char *label)
{
	ck_assert_msg(fabs(a - b) <= TOLERANCE * fabs(b), "%s: %s: %.17g, simulated %.17g", label,
	              what, a, b);
}

static void assert_as_simulated(const struct map_plan *of, const struct sim_outcome *outcome,
                                const char *label)
{
	struct sim_what_if_times times = run_parts(of, ALL);
	assert_same(times.latency_ns, outcome->latency_ns, "latency", label);
	for (unsigned i = 0; i < outcome->segment_count; i++)
		assert_same(times.segment_ns[i], outcome->segments[i].latency_ns, "segment", label);
	for (unsigned i = 0; i < outcome->cluster_count; i++)
		assert_same(times.cluster_period_ns[i], outcome->clusters[i].period_ns, "period",
		            label);
	sim_what_if_release(&times);
}

/* To rounding of the sum. */
static void assert_sum(const struct map_plan *of, double simulated_ns, const char *label)
{
	double terms_ns[SIM_TERMS], sum_ns = 0;
	struct cost_report report;
	split(of, simulated_ns, &report, terms_ns);
	for (int t = 0; t < SIM_TERMS; t++)
		sum_ns += terms_ns[t];
	double error_ns = simulated_ns - report.latency_ns;
	ck_assert_msg(fabs(sum_ns - error_ns) <= 1e-12 * simulated_ns,
	              "%s: terms add up to %.17g, the error is %.17g", label, sum_ns, error_ns);
	cost_report_release(&report);
}

/*
 * What must hold whatever the mapping is: tasks in their lone times are a graph
 * of fixed times, which more dependencies or slower tasks never make earlier. (With
 * sharing there is no such law: a task that starts later may let another pass.)
 */
static void assert_monotone(const struct map_plan *of, const char *label)
{
	double lone_ns = latency_of(of, 0), bounded_ns = latency_of(of, BUFFERS);
	ck_assert_msg(lone_ns <= bounded_ns, "%s: bounded buffers are faster", label);
	for (int parts = 1; parts < CHOICES; parts++) {
		double least_ns = parts & BUFFERS ? bounded_ns : lone_ns;
		ck_assert_msg(latency_of(of, parts) >= least_ns * (1 - 1e-12),
		              "%s: sharing (%d) is faster than none", label, parts);
	}
	double bound_ns = cost_bound_ns(of->workload, of->package, of->mapping->batch);
	ck_assert_msg(latency_of(of, DRAM) >= bound_ns * (1 - 1e-9), "%s: faster than possible",
	              label);
}

/* Batches with a smaller last micro-batch among them. */
static const struct {
	const char *workload, *package;
	unsigned batch;
} systems[] = {
	{ "alexnet", "mcm-64", 4 },      { "alexnet", "simba-6x6", 7 },
	{ "alexnet", "mcm-256", 4 },     { "resnet18", "mcm-16", 7 },
	{ "darknet19", "simba-6x6", 7 }, { "resnet50", "simba-6x6", 4 },
};
#define SYSTEMS UNLESS_SANITIZED((int)G_N_ELEMENTS(systems), 2)
#define RANDOM_CASES UNLESS_SANITIZED(100, 10)

static void check_mapping(const struct tiny *t, const char *label)
{
	struct map_plan of;
	map_plan_init(&of, t->mapping, t->workload, t->package);
	struct sim_outcome *outcome = simulate(t, true, SIM_TRACE_NONE);
	assert_as_simulated(&of, outcome, label);
	assert_sum(&of, outcome->latency_ns, label);
	assert_monotone(&of, label);
	sim_outcome_free(outcome);
	map_plan_release(&of);
}

START_TEST(zoo_mappings_run_as_on_simgrid)
{
	struct tiny t = {
		.package = hw_package_read(systems[_i].package, "hw/packages", NULL, NULL),
		.workload = wl_workload_read(systems[_i].workload, "workloads/zoo", NULL, NULL)
	};
	unsigned checked = 0;
	ck_assert(t.package && t.workload);
	for (int strategy = 0; strategy < SEARCH_BEST; strategy++) {
		const struct search_options options = { .strategy = (enum search_strategy)strategy,
			                                .batch = systems[_i].batch,
			                                .tiles = 4,
			                                .jobs = 1 };
		t.mapping = search_mapping(t.workload, t.package, &options, NULL);
		if (!t.mapping)
			continue; /* a pipeline may be impossible */
		check_mapping(&t, search_strategy_name(options.strategy));
		map_free(t.mapping);
		checked++;
	}
	ck_assert_uint_ge(checked, 3);
	t.mapping = NULL;
	tiny_free(&t);
}
END_TEST

/* Any split, weights, tiles, topology; unequal clusters; residuals between them. */
START_TEST(random_mappings_run_as_on_simgrid)
{
	g_autofree char *label = g_strdup_printf("seed %d", _i);
	GRand *rand = g_rand_new_with_seed((guint32)_i);
	random_scene(rand, pick(rand, 1, 6));
	random_map(rand);
	check_mapping(
		&(struct tiny){ .package = package, .workload = workload, .mapping = mapping },
		label);
	g_rand_free(rand);
	release();
}
END_TEST

START_TEST(runs_are_repeatable)
{
	GRand *rand = g_rand_new_with_seed(7);
	random_scene(rand, 6);
	random_map(rand);
	for (int parts = 0; parts < CHOICES; parts++) {
		double first_ns = latency_of(&plan, parts), second_ns = latency_of(&plan, parts);
		ck_assert(memcmp(&first_ns, &second_ns, sizeof(first_ns)) == 0);
	}
	g_rand_free(rand);
	release();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("what if");
	TCase *hand = tcase_create("by hand");
	tcase_add_test(hand, channel_is_shared);
	tcase_add_test(hand, link_is_shared);
	tcase_add_test(hand, port_is_shared);
	tcase_add_test(hand, output_buffers_are_bounded);
	tcase_add_test(hand, input_buffers_are_bounded);
	tcase_add_test(hand, each_part_alone_and_together);
	tcase_add_test(hand, segments_follow_each_other);
	tcase_add_test(hand, stores_hold_up_in_any_case);
	tcase_add_test(hand, terms_have_names);
	suite_add_tcase(suite, hand);
	TCase *engine = tcase_create("against the engine");
	tcase_set_timeout(engine, 120);
	tcase_add_loop_test(engine, zoo_mappings_run_as_on_simgrid, 0, SYSTEMS);
	tcase_add_loop_test(engine, random_mappings_run_as_on_simgrid, 0, RANDOM_CASES);
	tcase_add_test(engine, runs_are_repeatable);
	suite_add_tcase(suite, engine);
	return suite_run(suite);
}

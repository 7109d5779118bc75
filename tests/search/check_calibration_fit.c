/*
 * The fit: losses by hand, and parameters that are known because the targets were made with them.
 * Samples are random features (one segment of one-node clusters in a chain).
 */
#include <check.h>
#include <math.h>

#include "search/calibration/calibration_fit.h"
#include "tests/search/fixtures.h"
#include "tests/support/suite.h"

enum { MOST = 400, CLUSTERS = 6 };

static struct cal_sample samples[MOST];
static unsigned count;
static struct cal_fit fit;

static void add_node(GRand *rand, struct cost_features *f, unsigned i)
{
	struct cost_node_features n = { .tiles = 1u << g_rand_int_range(rand, 0, 3),
		                        .compute_ns = 100 * exp(2 * g_rand_double(rand)),
		                        .traffic = { 100 * exp(2 * g_rand_double(rand)),
		                                     g_rand_double(rand) * 100, 10 } };
	struct cost_work load = { 0, g_rand_double(rand) * 500, 20 };
	struct cost_cluster_features c = { .first_node = i, .node_count = 1 };
	struct cost_edge_features e = { i - 1, i, i - 1, i, 0.25F, 0.25F };
	g_array_append_val(f->nodes, n);
	g_array_append_val(f->loads, load);
	g_array_append_val(f->clusters, c);
	if (i)
		g_array_append_val(f->edges, e);
	f->load.dram_ns += load.dram_ns;
	f->first_loads.dram_ns += load.dram_ns;
}

static void add_sample(GRand *rand, unsigned workload, unsigned package)
{
	struct cal_sample *sample = &samples[count++];
	*sample = (struct cal_sample){ .segments = g_new0(struct cost_features, 1),
		                       .segment_count = 1,
		                       .weight = 1,
		                       .workload = workload,
		                       .package = package };
	cost_features_init(sample->segments);
	sample->segments->detailed = true;
	sample->segments->microbatches = (unsigned)g_rand_int_range(rand, 1, 20);
	unsigned clusters = (unsigned)g_rand_int_range(rand, 1, CLUSTERS + 1);
	for (unsigned i = 0; i < clusters; i++)
		add_node(rand, sample->segments, i);
}

static void tear_down(void)
{
	while (count)
		cal_sample_release(&samples[--count]);
	cal_fit_release(&fit);
}

static struct cost_parameters truth(void)
{
	struct cost_parameters parameters = cost_neutral_parameters();
	parameters.value[COST_COMPUTE_EFFICIENCY] = 0.8;
	parameters.value[COST_TILE_OVERHEAD] = 12;
	parameters.value[COST_EXPOSED_TILE] = 0.6;
	parameters.value[COST_CHAINED_FILL] = 1;
	return parameters;
}

/* Random samples of three workloads on two packages, whose targets the model has with `truth`. */
static struct cal_problem draw(unsigned number)
{
	GRand *rand = g_rand_new_with_seed(3);
	struct cost_parameters parameters = truth();
	tear_down();
	for (unsigned i = 0; i < number; i++) {
		add_sample(rand, i % 3, i % 2);
		samples[i].latency_ns = cal_latency_ns(&samples[i], &parameters);
	}
	g_rand_free(rand);
	return (struct cal_problem){ .samples = samples,
		                     .sample_count = number,
		                     .free = { [COST_COMPUTE_EFFICIENCY] = true,
		                               [COST_TILE_OVERHEAD] = true,
		                               [COST_EXPOSED_TILE] = true,
		                               [COST_CHAINED_FILL] = true },
		                     .start = cost_neutral_parameters(),
		                     .jobs = 2 };
}

static void run(const struct cal_problem *problem)
{
	GError *error = NULL;
	cal_fit_release(&fit);
	ck_assert_msg(cal_fit(problem, &fit, &error), "%s", error ? error->message : "");
}

/* Tolerances: of an optimizer that stops at 1e-5 of each range. */
static void assert_truth(double tolerance)
{
	struct cost_parameters parameters = truth();
	for (unsigned p = 0; p < COST_PARAMETERS; p++) {
		double scale = p == COST_TILE_OVERHEAD ? 20 : 1;
		ck_assert_msg(fabs(fit.parameters.value[p] - parameters.value[p]) <=
		                      tolerance * scale,
		              "%s: %g, not %g", cost_parameter_infos[p].name,
		              fit.parameters.value[p], parameters.value[p]);
	}
}

START_TEST(known_parameters_are_found)
{
	struct cal_problem problem = draw(120);
	run(&problem);
	assert_truth(0.01);
	ck_assert_double_gt(fit.loss_before, 0.1);
	ck_assert_double_lt(fit.loss, 1e-4);
	/* Every fold says the same, so nothing is uncertain. */
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		ck_assert_double_lt(fit.uncertainty[p], p == COST_TILE_OVERHEAD ? 0.5 : 0.02);
	ck_assert_double_eq(fit.uncertainty[COST_BUFFER_LOOP], 0);
}
END_TEST

START_TEST(outliers_do_not_lead_it_astray)
{
	struct cal_problem problem = draw(180);
	for (unsigned i = 0; i < 180; i += 10)
		samples[i].latency_ns *= 4;
	run(&problem);
	assert_truth(0.05);
}
END_TEST

START_TEST(same_numbers_whatever_the_jobs)
{
	struct cal_problem problem = draw(90);
	run(&problem);
	struct cost_parameters before = fit.parameters;
	double uncertainty = fit.uncertainty[COST_EXPOSED_TILE];
	problem.jobs = 1;
	run(&problem);
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		ck_assert_double_eq(fit.parameters.value[p], before.value[p]);
	ck_assert_double_eq(fit.uncertainty[COST_EXPOSED_TILE], uncertainty);
}
END_TEST

START_TEST(what_is_not_free_is_kept)
{
	struct cal_problem problem = draw(60);
	problem.start.value[COST_BUFFER_LOOP] = 0.3;
	problem.free[COST_TILE_OVERHEAD] = false;
	run(&problem);
	ck_assert_double_eq(fit.parameters.value[COST_BUFFER_LOOP], 0.3);
	ck_assert_double_eq(fit.parameters.value[COST_TILE_OVERHEAD], 0);
}
END_TEST

START_TEST(what_the_samples_do_not_speak_of_stays)
{
	/* No node has weights for every micro-batch, and none meets another. */
	struct cal_problem problem = draw(60);
	problem.free[COST_WEIGHT_PREFETCH] = problem.free[COST_TRAFFIC_CONTENTION] = true;
	problem.start.value[COST_WEIGHT_PREFETCH] = 0.4;
	run(&problem);
	ck_assert_double_eq_tol(fit.parameters.value[COST_WEIGHT_PREFETCH], 0.4, 0.01);
	ck_assert_double_eq_tol(fit.parameters.value[COST_TRAFFIC_CONTENTION], 0, 0.04);
}
END_TEST

static double loss_of_error(double e)
{
	return sqrt(e * e + 0.02 * 0.02) - 0.02;
}

START_TEST(groups_count_the_same_and_weights_within_them)
{
	/* Workload 0: model 10 % above and exact, weights 3 and 1; workload 1: 20 % below. */
	static const double errors[] = { 0.1, 0, -0.2 };
	struct cost_parameters neutral = cost_neutral_parameters();
	struct cal_problem problem = draw(3);
	for (unsigned i = 0; i < 3; i++) {
		samples[i].workload = i / 2;
		samples[i].package = 0;
		samples[i].weight = i ? 1 : 3;
		samples[i].latency_ns = cal_latency_ns(&samples[i], &neutral) / (1 + errors[i]);
	}
	double first = (3 * loss_of_error(0.1) + loss_of_error(0)) / 4;
	ck_assert_double_eq_tol(cal_loss(&problem, &neutral), (first + loss_of_error(0.2)) / 2,
	                        1e-12);
}
END_TEST

START_TEST(folds_are_what_there_are_several_of)
{
	struct cal_problem problem = draw(60);
	run(&problem);
	ck_assert_int_eq(fit.fold, CAL_FOLD_WORKLOADS);
	ck_assert_uint_eq(fit.fold_count, 3);
	ck_assert_uint_eq(fit.fold_of[4], 1);
	for (unsigned i = 0; i < 60; i++)
		samples[i].workload = 0;
	run(&problem);
	ck_assert_int_eq(fit.fold, CAL_FOLD_PACKAGES);
	ck_assert_uint_eq(fit.fold_count, 2);
	for (unsigned i = 0; i < 60; i++)
		samples[i].package = 0;
	run(&problem);
	ck_assert_int_eq(fit.fold, CAL_FOLD_TENTHS);
	ck_assert_uint_eq(fit.fold_count, 10);
	ck_assert_uint_eq(fit.fold_of[34], 4);
}
END_TEST

START_TEST(uncertainty_is_the_jackknifes)
{
	/* Two workloads made with exposed tiles of 0.4 and 0.8. Without the one, the other's is
	 * found: sqrt(1/2 (0.2^2 + 0.2^2)) = 0.2. */
	struct cal_problem problem = draw(60);
	for (unsigned i = 0; i < 60; i++) {
		struct cost_parameters parameters = truth();
		parameters.value[COST_EXPOSED_TILE] = i % 2 ? 0.4 : 0.8;
		samples[i].workload = i % 2;
		samples[i].latency_ns = cal_latency_ns(&samples[i], &parameters);
	}
	problem.start = truth();
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		problem.free[p] = p == COST_EXPOSED_TILE;
	run(&problem);
	ck_assert_double_eq_tol(fit.left_out[0].value[COST_EXPOSED_TILE], 0.4, 0.005);
	ck_assert_double_eq_tol(fit.left_out[1].value[COST_EXPOSED_TILE], 0.8, 0.005);
	ck_assert_double_eq_tol(fit.uncertainty[COST_EXPOSED_TILE], 0.2, 0.005);
}
END_TEST

START_TEST(too_few_samples_are_refused)
{
	GError *error = NULL;
	struct cal_problem problem = draw(11);
	ck_assert(!cal_fit(&problem, &fit, &error));
	ck_assert_str_eq(error->message, "4 parameters need at least 12 samples, got 11");
	g_clear_error(&error);
	problem = draw(12);
	run(&problem);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calibration fit");
	TCase *tests = tcase_create("fit");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_test(tests, known_parameters_are_found);
	tcase_add_test(tests, outliers_do_not_lead_it_astray);
	tcase_add_test(tests, same_numbers_whatever_the_jobs);
	tcase_add_test(tests, what_is_not_free_is_kept);
	tcase_add_test(tests, what_the_samples_do_not_speak_of_stays);
	tcase_add_test(tests, groups_count_the_same_and_weights_within_them);
	tcase_add_test(tests, folds_are_what_there_are_several_of);
	tcase_add_test(tests, uncertainty_is_the_jackknifes);
	tcase_add_test(tests, too_few_samples_are_refused);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

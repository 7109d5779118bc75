/*
 * Where tensors have places in DRAM (search/mapping/stored.h), the simulator moves what the cost
 * model counts: random networks, packages and mappings of many segments.
 */
#include "sim/simulate.h"

#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <math.h>

enum { ROUNDS = UNLESS_SANITIZED(120, 15) };

static void assert_same(double a, double b)
{
	ck_assert_double_eq_tol(a, b, 1e-9 * MAX(1, fabs(b)));
}

/* With multicast, tiles may share what whole outputs do not, or the other way round
 * (sim/README.md). */
static void assert_totals(const struct cost_totals *a, const struct cost_totals *b)
{
	assert_same(a->macs, b->macs);
	assert_same(a->nop_bytes, b->nop_bytes);
	assert_same(a->nop_dram_bytes, b->nop_dram_bytes);
	assert_same(a->dram_write_bytes, b->dram_write_bytes);
	if (package->nop.multicast)
		return;
	assert_same(a->nop_byte_hops, b->nop_byte_hops);
	assert_same(a->dram_read_bytes, b->dram_read_bytes);
	assert_same(a->nop_pJ, b->nop_pJ);
	assert_same(a->dram_pJ, b->dram_pJ);
}

START_TEST(model_and_simulator_count_the_same)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	const struct sim_settings settings = { .trace_to_ns = INFINITY };
	struct cost_report report;
	GError *error = NULL;
	do {
		random_scene(rand, pick(rand, 2, 6));
		random_map(rand);
	} while (!model.network.tensors_have_places || mapping->segment_count == 1);
	struct sim_outcome *outcome = sim_simulate(workload, package, mapping, &settings, &error);
	ck_assert_msg(outcome != NULL, "%s", error ? error->message : "");
	cost_evaluate(&model, mapping, &report);
	assert_totals(&outcome->totals, &report.totals);
	double channels = 0;
	for (unsigned i = 0; i < package->dram_count; i++)
		channels += outcome->resource_bytes[hw_dram_id(package, i)];
	assert_same(channels, outcome->totals.dram_read_bytes + outcome->totals.dram_write_bytes);
	cost_report_release(&report);
	sim_outcome_free(outcome);
}
END_TEST

/*
 * a on the first of four chiplets stores 16 bytes in the channel there; b, on the last one, reads
 * them over three links of 10 bytes/ns: 50 + 15 + 1.6 ns. Loading 4 x 4 weights takes 50.8.
 */
START_TEST(a_fetch_from_another_channel)
{
	const struct sim_settings settings = { .trace_to_ns = INFINITY };
	GError *error = NULL;
	set_up(
		(struct made_package){
			.columns = 4, .rows = 1, .nearest = true, .channels = "[0, 0]; [3, 0]" },
		(struct wl_shape){ 4, 1, 4 }, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	map(1, "1: 0 = a; 1: 3 = b");
	struct sim_outcome *outcome = sim_simulate(workload, package, mapping, &settings, &error);
	ck_assert_msg(outcome != NULL, "%s", error ? error->message : "");
	/* Weights and input meet on the channel: 32 bytes at 20; 4 cycles; 16 bytes back. */
	ck_assert_double_eq_tol(outcome->segments[0].latency_ns, 51.6 + 4 + 50.8, 1e-6);
	ck_assert_double_eq_tol(outcome->segments[1].latency_ns, 66.6 + 4 + 50.8, 1e-6);
	assert_same(outcome->totals.nop_byte_hops, 48);
	assert_same(outcome->totals.nop_dram_bytes, 16);
	sim_outcome_free(outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stored");
	TCase *tests = tcase_create("stored");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_loop_test(tests, model_and_simulator_count_the_same, 0, ROUNDS);
	tcase_add_test(tests, a_fetch_from_another_channel);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

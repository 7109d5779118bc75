/* report.json from made-up outcomes whose numbers can be checked by hand. */
#include <string.h>

#include <cjson/cJSON.h>

#include "hw/topology/grid.h"
#include "tests/tools/pair.h"
#include "tools/report/report.h"
#include "tests/support/suite.h"

static struct pair pair;

static char *report_text(const struct sim_outcome *simulated, enum report_clock clock)
{
	const struct report report = { .workload = pair.tiny.workload,
		                       .package = pair.tiny.package,
		                       .mapping = pair.tiny.mapping,
		                       .analytical = &pair.cost,
		                       .simulated = simulated,
		                       .bottleneck = "a sentence",
		                       .search_wall_s = 2 };
	return report_json(&report, clock);
}

static cJSON *parsed(const char *text)
{
	cJSON *root = cJSON_Parse(text);
	ck_assert_msg(root != NULL, "%s", text);
	return root;
}

/* 10 samples; the model says 80 ns, the simulator 100 ns for the same energy and bytes. */
static void setup(void)
{
	const struct cost_totals totals = { .macs = 80,
		                            .nop_bytes = 40,
		                            .nop_byte_hops = 60,
		                            .nop_dram_bytes = 20,
		                            .dram_read_bytes = 48,
		                            .dram_write_bytes = 40,
		                            .mac_pJ = 1,
		                            .buffer_pJ = 2,
		                            .nop_pJ = 3,
		                            .dram_pJ = 4 };
	pair_init(&pair, PAIR_TWO_CLUSTERS);
	pair.tiny.mapping->strategy = g_strdup("made up");
	pair.cost.latency_ns = 80;
	pair.cost.bound_ns = 44;
	pair.cost.totals = totals;
	pair.cost.static_pJ = 160;
	pair.cost_segments[0].load_ns = 6;
	pair.cost_segments[0].period_ns = 6.5;
	pair.cost_segments[0].latency_ns = 80;
	pair.cluster_ns[0] = 6.5;
	pair.cluster_ns[1] = 4;
	pair.sim.latency_ns = 100;
	pair.sim.totals = totals;
	pair.sim.static_pJ = 200;
	pair.sim.busy_ns = 80;
	pair.sim.bubbles_ns[SIM_FILL] = 120;
	pair.sim.samples_simulated = 8;
	pair.sim.activities = 77;
	pair.sim.wall_s = 3;
	pair.segments[0].load_ns = 8;
	pair.segments[0].period_ns = 8;
	pair.segments[0].latency_ns = 100;
	pair.clusters[0].period_ns = 8;
	pair.clusters[1].period_ns = 10;
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 0, HW_EAST)] = 40;
	pair.resource_bytes[hw_inject_id(pair.tiny.package, 0)] = 40;
	pair.resource_bytes[hw_dram_id(pair.tiny.package, 0)] = 88;
}

static void teardown(void)
{
	pair_release(&pair);
}

/* Utilization: 80 MACs / (2 MAC units x 100 ns). Errors: (80 - 100) / 100, (0.125 - 0.1) / 0.1,
 * (6.5 - 8) / 8 and (6.5 - 10) / 10: each cluster against the segment's period, (6 - 8) / 8. */
START_TEST(a_report_is_exactly_this)
{
	g_autofree char *text = report_text(&pair.sim, REPORT_WITHOUT_WALL);
	ck_assert_str_eq(
		text,
		"{\n"
		"  \"format\": \"mcmsim-report/1\",\n"
		"  \"workload\": \"net\",\n"
		"  \"package\": \"tiny\",\n"
		"  \"clock_GHz\": 1,\n"
		"  \"strategy\": \"made up\",\n"
		"  \"batch\": 10,\n"
		"  \"bound_ns\": 44,\n"
		"  \"analytical\": {\n"
		"    \"latency_ns\": 80,\n"
		"    \"throughput_per_s\": 125000000,\n"
		"    \"energy_pJ\": {\n"
		"      \"mac\": 1,\n      \"buffer\": 2,\n      \"nop\": 3,\n      \"dram\": 4,\n"
		"      \"static\": 160,\n      \"total\": 170\n"
		"    },\n"
		"    \"energy_per_sample_pJ\": 17,\n    \"edp_mJ_ms\": 1.36e-11,\n"
		"    \"macs\": 80,\n    \"nop_bytes\": 40,\n    \"nop_byte_hops\": 60,\n"
		"    \"nop_dram_bytes\": 20,\n"
		"    \"dram_read_bytes\": 48,\n    \"dram_write_bytes\": 40,\n"
		"    \"segments\": [\n"
		"      {\n"
		"        \"load_ns\": 6,\n        \"period_ns\": 6.5,\n"
		"        \"latency_ns\": 80,\n        \"microbatches\": 10,\n"
		"        \"clusters\": [\n"
		"          {\"nodes\": [\"a\"], \"chiplets\": 1, \"time_ns\": 6.5},\n"
		"          {\"nodes\": [\"b\"], \"chiplets\": 1, \"time_ns\": 4}\n"
		"        ]\n"
		"      }\n"
		"    ]\n"
		"  },\n"
		"  \"simulated\": {\n"
		"    \"latency_ns\": 100,\n"
		"    \"throughput_per_s\": 100000000,\n"
		"    \"energy_pJ\": {\n"
		"      \"mac\": 1,\n      \"buffer\": 2,\n      \"nop\": 3,\n      \"dram\": 4,\n"
		"      \"static\": 200,\n      \"total\": 210\n"
		"    },\n"
		"    \"energy_per_sample_pJ\": 21,\n    \"edp_mJ_ms\": 2.1e-11,\n"
		"    \"macs\": 80,\n    \"nop_bytes\": 40,\n    \"nop_byte_hops\": 60,\n"
		"    \"nop_dram_bytes\": 20,\n"
		"    \"dram_read_bytes\": 48,\n    \"dram_write_bytes\": 40,\n"
		"    \"utilization\": 0.4,\n"
		"    \"samples_simulated\": 8,\n"
		"    \"activities\": 77,\n    \"wall_s\": null,\n"
		"    \"bubbles_ns\": {\n"
		"      \"fill\": 120,\n      \"drain\": 0,\n      \"wait_input\": 0,\n"
		"      \"wait_dram\": 0,\n      \"back_pressure\": 0,\n      \"shard\": 0\n"
		"    },\n"
		"    \"busy_ns\": 80,\n"
		"    \"segments\": [\n"
		"      {\n"
		"        \"load_ns\": 8,\n        \"period_ns\": 8,\n"
		"        \"latency_ns\": 100,\n        \"microbatches\": 10,\n"
		"        \"clusters\": [\n"
		"          {\"nodes\": [\"a\"], \"chiplets\": 1, \"time_ns\": 8},\n"
		"          {\"nodes\": [\"b\"], \"chiplets\": 1, \"time_ns\": 10}\n"
		"        ]\n"
		"      }\n"
		"    ],\n"
		"    \"links\": [\n"
		"      {\"from\": \"0,0\", \"to\": \"1,0\", \"busy_ns\": 20, \"bytes\": 40}\n"
		"    ],\n"
		"    \"dram\": [\n"
		"      {\"channel\": 0, \"busy_ns\": 44, \"bytes\": 88}\n"
		"    ]\n"
		"  },\n"
		"  \"error_percent\": {\n"
		"    \"latency\": -20,\n"
		"    \"throughput\": 25,\n"
		"    \"segments\": [\n"
		"      {\"period\": -18.75, \"load\": -25, \"clusters\": [-18.75, -35]}\n"
		"    ]\n"
		"  },\n"
		"  \"bottleneck\": \"a sentence\"\n"
		"}\n");
}
END_TEST

START_TEST(parallel_links_are_told_apart)
{
	pair.tiny.package->nop.topology = &hw_torus;
	hw_lay_links(pair.tiny.package);
	memset(pair.resource_bytes, 0, sizeof pair.resource_bytes);
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 0, HW_EAST)] = 40;
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 0, HW_WEST)] = 20;
	g_autofree char *text = report_text(&pair.sim, REPORT_WITHOUT_WALL);
	ck_assert_ptr_nonnull(strstr(text, "{\"from\": \"0,0\", \"to\": \"1,0\", "));
	ck_assert_ptr_nonnull(strstr(text, ", \"bytes\": 40},"));
	ck_assert_ptr_nonnull(strstr(text, ", \"bytes\": 20, \"second\": true}"));
}
END_TEST

START_TEST(wall_clock_times_are_left_out_of_files)
{
	g_autofree char *file = report_text(&pair.sim, REPORT_WITHOUT_WALL);
	ck_assert_ptr_nonnull(strstr(file, "\"wall_s\": null"));
	ck_assert_ptr_null(strstr(file, "search_wall_s"));
	g_autofree char *printed = report_text(&pair.sim, REPORT_WITH_WALL);
	cJSON *root = parsed(printed);
	const cJSON *simulated = cJSON_GetObjectItem(root, "simulated");
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(simulated, "wall_s")), 3);
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(root, "search_wall_s")), 2);
	cJSON_Delete(root);
}
END_TEST

START_TEST(without_simulation_there_is_only_the_model)
{
	g_autofree char *text = report_text(NULL, REPORT_WITHOUT_WALL);
	cJSON *root = parsed(text);
	ck_assert(cJSON_HasObjectItem(root, "analytical"));
	ck_assert(!cJSON_HasObjectItem(root, "simulated"));
	ck_assert(!cJSON_HasObjectItem(root, "error_percent"));
	ck_assert(!cJSON_HasObjectItem(root, "bottleneck"));
	cJSON_Delete(root);
}
END_TEST

/* A segment without a load, or with one micro-batch, has nothing to compare with. */
START_TEST(an_error_against_nothing_is_null)
{
	pair.segments[0].load_ns = 0;
	g_autofree char *text = report_text(&pair.sim, REPORT_WITHOUT_WALL);
	ck_assert_ptr_nonnull(strstr(text, "\"load\": null"));
	ck_assert_double_nan(report_error_percent(5, 0));
}
END_TEST

START_TEST(errors_throughput_and_utilization_by_hand)
{
	ck_assert_double_eq_tol(report_error_percent(150, 100), 50, 1e-12);
	ck_assert_double_eq_tol(report_throughput_per_s(64, 32), 2e9, 1e-3);
	ck_assert_double_eq_tol(report_utilization(pair.tiny.package, 30, 20), 0.75, 1e-15);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tests = tcase_create("report");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_report_is_exactly_this);
	tcase_add_test(tests, wall_clock_times_are_left_out_of_files);
	tcase_add_test(tests, without_simulation_there_is_only_the_model);
	tcase_add_test(tests, parallel_links_are_told_apart);
	tcase_add_test(tests, an_error_against_nothing_is_null);
	tcase_add_test(tests, errors_throughput_and_utilization_by_hand);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

/*
 * Whole runs of the program on a small case: which files there are, that they
 * do not differ between runs, that the parts fit together.
 */
#include <cjson/cJSON.h>

#include "tests/tools/folder.h"
#include "tests/support/suite.h"

/* Four samples of AlexNet: the smallest network, well below a second. */
#define P "--package simba-6x6 --workload alexnet "
#define UNTRACED "run " P "--batch 4 --trace-level none "
#define RUN "run " P "--batch 4 --trace-level cluster "
#define FILES                                                                        \
	"layers.csv mapping.json platform.xml report.html report.json timeline.csv " \
	"timeline.json timeline.svg"

static void assert_names(const char *name, const char *expected)
{
	g_autofree char *names = names_in(folder, name);
	ck_assert_str_eq(names, expected);
}

static void assert_same_files(const char *a, const char *b)
{
	g_auto(GStrv) names = g_strsplit(FILES, " ", -1);
	for (unsigned i = 0; names[i]; i++) {
		g_autofree char *first = g_build_filename(a, names[i], NULL);
		g_autofree char *second = g_build_filename(b, names[i], NULL);
		g_autofree char *one = content_of(folder, first),
				*other = content_of(folder, second);
		ck_assert_msg(strcmp(one, other) == 0, "%s and %s differ", first, second);
	}
}

static cJSON *parsed(const char *text)
{
	cJSON *root = cJSON_Parse(text);
	ck_assert_msg(root != NULL, "no JSON: %s", text);
	return root;
}

/* Made by different commands of the same things: what holds the report names the command. */
static void assert_same_results(const char *a, const char *b)
{
	g_auto(GStrv) names = g_strsplit(FILES, " ", -1);
	for (unsigned i = 0; names[i]; i++) {
		g_autofree char *first = g_build_filename(a, names[i], NULL);
		g_autofree char *second = g_build_filename(b, names[i], NULL);
		g_autofree char *one = content_of(folder, first),
				*other = content_of(folder, second);
		if (g_str_has_prefix(names[i], "report.")) {
			char *here = without_command(one), *there = without_command(other);
			g_free(one);
			g_free(other);
			one = here;
			other = there;
		}
		ck_assert_msg(strcmp(one, other) == 0, "%s and %s differ", first, second);
	}
}

/* run */

START_TEST(run_prints_a_row_and_writes_a_folder_per_strategy)
{
	g_autofree char *text = output_of(folder, RUN "--strategy sequential,scope -o @/out");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	ck_assert_str_eq(lines[0], "alexnet on simba-6x6, batch 4, seed 1");
	ck_assert_str_eq(lines[1], "");
	ck_assert(g_str_has_prefix(lines[2],
	                           "strategy    segments  clusters  analytical  simulated"));
	ck_assert(g_str_has_prefix(lines[4], "sequential         8         8  "));
	ck_assert(g_str_has_prefix(lines[5], "scope  "));
	assert_has(text, "\nscope: segment ");
	assert_has(text, "; its only cluster ");
	assert_names("out", "report.html scope sequential");
	assert_names("out/scope", FILES);
	assert_names("out/sequential", FILES);
}
END_TEST

START_TEST(one_strategy_needs_no_folder_of_its_own)
{
	g_autofree char *text = output_of(folder, RUN "--quiet -o @/deep/out");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	/* Names, units and row of both blocks, a line between them, bubbles, and nothing more. */
	ck_assert_uint_eq(g_strv_length(lines), 3 + 1 + 4 + 1);
	assert_names("deep/out", FILES);
}
END_TEST

START_TEST(files_do_not_depend_on_jobs_or_on_the_run)
{
	g_autofree char *a = output_of(
		folder, RUN "--strategy sequential,segmented,scope --jobs 1 --quiet -o @/a");
	g_autofree char *b = output_of(
		folder, RUN "--strategy sequential,segmented,scope --jobs 3 --quiet -o @/b");
	ck_assert_str_eq(a, b);
	assert_same_files("a/sequential", "b/sequential");
	assert_same_files("a/segmented", "b/segmented");
	assert_same_files("a/scope", "b/scope");
}
END_TEST

/* 8 nodes on 6 chiplets. */
START_TEST(a_strategy_without_a_mapping_gets_its_reason)
{
	static const char reason[] =
		"'alexnet' has 8 nodes but 'simba-6x6' has 6 chiplets; it needs "
		"one each";
#define SMALL                                                                                  \
	RUN "--set grid.rows=1 --set dram.channels[1].at[1]=0 --set dram.channels[2].at[1]=0 " \
	    "--set dram.channels[3].at[1]=0 --set dram.channels[4].at[1]=0 --set "             \
	    "dram.channels[5].at[1]=0 "
	g_autofree char *text = output_of(folder, SMALL "--strategy pipeline,sequential -o @/out");
	g_autofree char *error = g_strdup_printf("pipeline: %s", reason);
	assert_has(text, ", with grid.rows=1,\n  dram.channels[1].at[1]=0,");
	assert_has(text, "\npipeline           -         -           -");
	assert_has(text,
	           "\npipeline: 'alexnet' has 8 nodes but 'simba-6x6' has 6 chiplets; it needs "
	           "one\n  each\n");
	assert_names("out", "sequential");
	assert_fails(folder, SMALL "--strategy pipeline", 1, error);
}
END_TEST

START_TEST(json_has_the_reports_in_the_order_asked_for)
{
	g_autofree char *text = output_of(folder,
	                                  RUN "--strategy scope,sequential --json -o @/out");
	cJSON *root = parsed(text);
	ck_assert_int_eq(cJSON_GetArraySize(root), 2);
	const cJSON *second = cJSON_GetArrayItem(root, 1);
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(second, "strategy")),
	                 "sequential");
	ck_assert_double_ge(number_at(second, "simulated.wall_s"), 0);
	g_autofree char *file = content_of(folder, "out/sequential/report.json");
	cJSON *report = parsed(file);
	ck_assert_double_eq(number_at(report, "simulated.latency_ns"),
	                    number_at(second, "simulated.latency_ns"));
	ck_assert_ptr_nonnull(strstr(file, "\"wall_s\": null"));
	cJSON_Delete(report);
	cJSON_Delete(root);
}
END_TEST

/* MACs are conserved, nothing beats the bound, and the simulator is charged what the model is. */
START_TEST(a_report_keeps_what_must_be_kept)
{
	g_autofree char *text = output_of(folder, RUN "--json");
	cJSON *root = parsed(text);
	const cJSON *report = cJSON_GetArrayItem(root, 0);
	static const char *const same[] = { "macs",           "nop_bytes",       "nop_byte_hops",
		                            "nop_dram_bytes", "dram_read_bytes", "dram_write_bytes",
		                            "energy_pJ.mac" };
	g_autofree char *workload = output_of(folder, "show workload alexnet --json");
	cJSON *network = parsed(workload);
	ck_assert_double_eq(number_at(report, "simulated.macs"),
	                    4 * number_at(network, "total.macs"));
	ck_assert_double_ge(number_at(report, "simulated.latency_ns"),
	                    number_at(report, "bound_ns"));
	for (unsigned i = 0; i < G_N_ELEMENTS(same); i++) {
		g_autofree char *one = g_strconcat("analytical.", same[i], NULL);
		g_autofree char *other = g_strconcat("simulated.", same[i], NULL);
		double expected = number_at(report, one);
		/* Sums of the same parts in another order; multicasts of tiles may join others than
		 * those of whole outputs (sim/README.md), so that links carry up to 2 % more or
		 * less. */
		double tolerance = g_str_equal(same[i], "nop_byte_hops") ? 0.02 : 1e-9;
		ck_assert_double_eq_tol(number_at(report, other), expected, tolerance * expected);
	}
	cJSON_Delete(network);
	cJSON_Delete(root);
}
END_TEST

START_TEST(a_timeline_of_before_does_not_stay)
{
	g_autofree char *first = output_of(folder, RUN "-o @/out");
	g_autofree char *second = output_of(folder, UNTRACED "-o @/out");
	assert_names("out", "layers.csv mapping.json platform.xml report.json");
}
END_TEST

/* search, simulate, show */

START_TEST(a_mapping_goes_from_search_to_simulate)
{
	g_autofree char *found = output_of(folder, "search " P "--batch 4 -o @/m.json");
	assert_has(found, "batch              4 samples\n");
	assert_has(found, " ms, nothing can be faster\n");
	g_autofree char *simulated = output_of(
		folder,
		"simulate " P "--mapping @/m.json --trace-level cluster --quiet -o @/simulated");
	g_autofree char *run = output_of(folder, RUN "--quiet -o @/run");
	ck_assert_str_eq(simulated, run);
	assert_same_results("simulated", "run");
}
END_TEST

START_TEST(search_prints_the_model_as_json)
{
	g_autofree char *text = output_of(folder, "search " P "--batch 4 --json");
	cJSON *root = parsed(text);
	ck_assert_double_gt(number_at(root, "analytical.latency_ns"), number_at(root, "bound_ns"));
	ck_assert(!cJSON_HasObjectItem(root, "simulated"));
	cJSON_Delete(root);
}
END_TEST

START_TEST(simulate_takes_another_batch)
{
	g_autofree char *found = output_of(folder, "search " P "--batch 4 -o @/m.json");
	g_autofree char *text = output_of(folder, "simulate " P
	                                          "--mapping @/m.json --batch 8 --exact --json");
	cJSON *root = parsed(text);
	ck_assert_double_eq(number_at(root, "batch"), 8);
	ck_assert_double_eq(number_at(root, "simulated.samples_simulated"), 8);
	cJSON_Delete(root);
}
END_TEST

/* The one micro-batch size of a sequential mapping of 4 samples fills some segment. */
START_TEST(simulate_refuses_what_does_not_fit)
{
	g_autofree char *found = output_of(folder, "search " P
	                                           "--batch 4 --strategy sequential -o @/m.json");
	struct finished f = run_program(folder,
	                                "simulate " P "--mapping @/m.json "
	                                "--set chiplet_types.simba.activation_buffer_KiB=1");
	g_autofree char *start = in_folder(
		"mcmsim: @/m.json: segment 0 cluster 0: node 'features.0': the activation "
		"buffer must hold ",
		folder);
	ck_assert_int_eq(f.status, 2);
	ck_assert_msg(g_str_has_prefix(f.error, start), "%s", f.error);
	assert_has(f.error, " bytes per chiplet but has 1024 (");
	finished_free(&f);
	assert_fails(
		folder, "simulate --package mcm-16 --workload alexnet --mapping @/m.json", 2,
		"@/m.json: $.package: must be the package at hand, \"mcm-16\", got \"simba-6x6\"");
}
END_TEST

START_TEST(show_mapping_draws_the_regions)
{
	g_autofree char *found = output_of(folder, "search " P "-o @/m.json");
	g_autofree char *text = output_of(folder, "show mapping @/m.json " P);
	assert_has(text, "mapping of alexnet on simba-6x6, batch 64, strategy scope: ");
	assert_has(text, "\nsegment 0: ");
	assert_has(text, "features.0");
	g_autofree char *json = output_of(folder, "show mapping @/m.json --json " P);
	cJSON *root = parsed(json);
	ck_assert_double_eq(number_at(root, "batch"), 64);
	cJSON_Delete(root);
}
END_TEST

/* Totals from the sources: Simba's 128 TOPS; AlexNet as in torchvision, 714 M MACs. */
START_TEST(show_knows_totals)
{
	g_autofree char *package = output_of(folder, "show package simba-6x6");
	assert_has(package, "127.8 TOPS peak (36864 MAC units)");
	g_autofree char *json = output_of(folder, "show package simba-6x6 --json");
	cJSON *root = parsed(json);
	ck_assert_double_eq(number_at(root, "total.mac_units"), 36864);
	cJSON_Delete(root);
	g_autofree char *workload = output_of(folder, "show workload alexnet");
	assert_has(workload, "total   0.714 GMAC per sample, 61.090 MB of weights");
	assert_has(workload, "classifier.6  matmul        1000 x 1 x 1");
}
END_TEST

START_TEST(a_full_disk_is_a_failure)
{
	struct finished f = run_program(folder, "search " P "--batch 4 -o /dev/full");
	ck_assert_str_eq(f.error, "mcmsim: /dev/full: cannot write: No space left on device\n");
	ck_assert_int_eq(f.status, 1);
	finished_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runs");
	TCase *tests = tcase_create("runs");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, run_prints_a_row_and_writes_a_folder_per_strategy);
	tcase_add_test(tests, one_strategy_needs_no_folder_of_its_own);
	tcase_add_test(tests, files_do_not_depend_on_jobs_or_on_the_run);
	tcase_add_test(tests, a_strategy_without_a_mapping_gets_its_reason);
	tcase_add_test(tests, json_has_the_reports_in_the_order_asked_for);
	tcase_add_test(tests, a_report_keeps_what_must_be_kept);
	tcase_add_test(tests, a_timeline_of_before_does_not_stay);
	tcase_add_test(tests, a_mapping_goes_from_search_to_simulate);
	tcase_add_test(tests, search_prints_the_model_as_json);
	tcase_add_test(tests, simulate_takes_another_batch);
	tcase_add_test(tests, simulate_refuses_what_does_not_fit);
	tcase_add_test(tests, show_mapping_draws_the_regions);
	tcase_add_test(tests, show_knows_totals);
	tcase_add_test(tests, a_full_disk_is_a_failure);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

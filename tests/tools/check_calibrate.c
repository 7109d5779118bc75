/*
 * mcmsim calibrate and --calibration from end to end, on a small network and package: what is
 * held out, what does not depend on --jobs, what is refused.
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "tests/tools/folder.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#define TRAINED "--package simba-6x6 --workload alexnet "
#define SMALL "calibrate " TRAINED "--batch 8 --samples 32 --hold-out-package none "
#define FEW SMALL "--hold-out-workload none "

static void run_quietly(const char *words)
{
	g_autofree char *out = output_of(folder, words);
	(void)out;
}

/* What most tests use: FEW, and SMALL with resnet18 held out. Made once. */
static char *few, *held_out, *held_out_text;

static void make_fits(void)
{
	setup();
	run_quietly(FEW "--quiet -o @/few.json");
	few = content_of(folder, "few.json");
	if (!SANITIZED) {
		held_out_text = output_of(folder, SMALL "--hold-out-workload resnet18 -o @/h.json");
		held_out = content_of(folder, "h.json");
	}
	teardown();
}

static void free_fits(void)
{
	g_free(few);
	g_free(held_out);
	g_free(held_out_text);
}

static cJSON *parsed(const char *name)
{
	g_autofree char *text = content_of(folder, name);
	cJSON *root = cJSON_Parse(text);
	ck_assert_ptr_nonnull(root);
	return root;
}

/* ---- simulated ---- */

START_TEST(a_fit_makes_the_error_small)
{
	assert_has(held_out_text, "alexnet on simba-6x6");
	assert_has(held_out_text, "exposed_tile");
	assert_has(held_out_text, "The worst held out is resnet18 on simba-6x6");
	assert_has(
		held_out_text,
		"\n  mcmsim validate --workload resnet18 --package simba-6x6 --batch 8 --tiles 4 "
		"--seed 1 --sample ");
	cJSON *c = cJSON_Parse(held_out);
	ck_assert_ptr_nonnull(c);
	/* Fitted to one network: half of the error is easy, on another one, too. */
	ck_assert_double_lt(number_at(c, "error_percent.training.after.mean"),
	                    0.5 * number_at(c, "error_percent.training.before.mean"));
	ck_assert_double_lt(number_at(c, "error_percent.training.after.mean"), 4);
	ck_assert_str_eq(at(c, "error_percent.held_out.0.workloads.0")->valuestring, "resnet18");
	ck_assert_double_lt(number_at(c, "error_percent.held_out.0.after.mean"),
	                    number_at(c, "error_percent.held_out.0.before.mean"));
	ck_assert_str_eq(at(c, "error_percent.training.workloads.0")->valuestring, "alexnet");
	ck_assert_int_eq(cJSON_GetArraySize(at(c, "error_percent.training.workloads")), 1);
	ck_assert_str_eq(at(c, "packages.0.name")->valuestring, "simba-6x6");
	ck_assert_str_eq(at(c, "data.source")->valuestring, "simulated");
	/* The simulator has the model's own efficiencies. */
	ck_assert(cJSON_IsFalse(at(c, "parameters.nop_efficiency.fitted")));
	ck_assert_double_eq(number_at(c, "parameters.nop_efficiency.value"), 1);
	ck_assert(cJSON_IsTrue(at(c, "parameters.exposed_tile.fitted")));
	cJSON_Delete(c);
}
END_TEST

START_TEST(the_same_bytes_whatever_the_jobs)
{
	g_autofree char *one = output_of(folder, FEW "--json --jobs 1");
	g_autofree char *three = output_of(folder, FEW "--json --jobs 3");
	ck_assert_str_eq(one, few);
	ck_assert_str_eq(three, few);
	g_autofree char *seed = output_of(folder, FEW "--json --seed 2");
	ck_assert_str_ne(seed, few);
}
END_TEST

START_TEST(what_is_held_out_does_not_change_the_fit)
{
	cJSON *a = cJSON_Parse(few), *b = cJSON_Parse(held_out);
	ck_assert(cJSON_Compare(at(a, "parameters"), at(b, "parameters"), true));
	ck_assert(cJSON_Compare(at(a, "error_percent.training"), at(b, "error_percent.training"),
	                        true));
	cJSON_Delete(a);
	cJSON_Delete(b);
}
END_TEST

START_TEST(a_list_of_batches)
{
	run_quietly("calibrate " TRAINED "--batch 2,8 --samples 16 --hold-out-package none "
	            "--hold-out-workload none --quiet -o @/c.json");
	cJSON *c = parsed("c.json");
	ck_assert_int_eq(cJSON_GetArraySize(at(c, "data.batches")), 2);
	ck_assert_double_eq(number_at(c, "error_percent.training.samples"), 2 * (4 + 16));
	cJSON_Delete(c);
}
END_TEST

START_TEST(it_is_used_and_named)
{
	write_text("c.json", few);
	run_quietly("run " TRAINED "--batch 8 --quiet --calibration @/c.json -o @/after");
	run_quietly("simulate " TRAINED "--mapping @/after/mapping.json --quiet -o @/before");
	cJSON *c = parsed("c.json"), *before = parsed("before/report.json"),
	      *after = parsed("after/report.json");
	ck_assert_ptr_null(cJSON_GetObjectItem(before, "calibration"));
	ck_assert_str_eq(at(after, "calibration.file")->valuestring, "c.json");
	ck_assert_str_eq(at(after, "calibration.checksum")->valuestring,
	                 at(c, "checksum")->valuestring);
	ck_assert_double_lt(fabs(number_at(after, "error_percent.latency")),
	                    fabs(number_at(before, "error_percent.latency")));
	g_autofree char *text = output_of(folder, "search " TRAINED "--batch 8 "
	                                          "--calibration @/c.json");
	assert_has(text, "(analytical model as calibrated by ");
	/* The mapping's own error, with the same package and mapping. */
	run_quietly("simulate " TRAINED "--mapping @/after/mapping.json --quiet "
	            "--calibration @/c.json -o @/again");
	g_autofree char *one = content_of(folder, "after/report.json"),
			*other = content_of(folder, "again/report.json");
	g_autofree char *first = without_command(one), *second = without_command(other);
	ck_assert_str_eq(first, second);
	cJSON_Delete(c);
	cJSON_Delete(before);
	cJSON_Delete(after);
}
END_TEST

START_TEST(validate_shows_what_it_is_worth)
{
	write_text("c.json", few);
	run_quietly("validate " TRAINED "--batch 8 --samples 6 --quiet --calibration @/c.json "
	            "-o @/v");
	cJSON *v = parsed("v/report.json");
	ck_assert_str_eq(at(v, "calibration.file")->valuestring, "c.json");
	ck_assert_double_lt(number_at(v, "rows.0.error_percent.latency.mean_abs"), 5);
	assert_has(at(v, "worst.command")->valuestring, " --calibration ");
	cJSON_Delete(v);
}
END_TEST

/* The first `from` of a file replaced. */
static void edit(const char *name, const char *from, const char *to, const char *edited)
{
	g_autofree char *text = content_of(folder, name);
	g_auto(GStrv) parts = g_strsplit(text, from, 2);
	g_autofree char *joined = g_strjoinv(to, parts);
	ck_assert_str_ne(text, joined);
	write_text(edited, joined);
}

START_TEST(the_choice_is_compared)
{
	write_text("c.json", few);
	g_autofree char *text = output_of(folder, "validate " TRAINED "--batch 8 --choice --quiet "
	                                          "--calibration @/c.json -o @/v");
	assert_has(text, "alexnet   simba-6x6  scope");
	assert_has(text, "4 mappings chosen with the calibration: ");
	g_autofree char *json = output_of(folder, "validate " TRAINED "--batch 8 --choice --jobs 1 "
	                                          "--calibration @/c.json --json");
	g_autofree char *file = content_of(folder, "v/choice.json");
	g_autofree char *one = without_command(json), *other = without_command(file);
	ck_assert_str_eq(one, other);
	/* As if each had been searched and simulated by itself. */
	run_quietly("run " TRAINED "--batch 8 --quiet --calibration @/c.json -o @/with");
	cJSON *choice = parsed("v/choice.json"), *with = parsed("with/report.json");
	ck_assert_str_eq(at(choice, "choices.3.strategy")->valuestring, "scope");
	ck_assert_double_eq(number_at(choice, "choices.3.with_ns"),
	                    number_at(with, "simulated.latency_ns"));
	cJSON_Delete(choice);
	cJSON_Delete(with);
	assert_fails(
		folder, "validate " TRAINED "--choice", 2,
		"--choice: compares mappings searched with --calibration or --refine and without; "
		"there is none");
}
END_TEST

START_TEST(wrong_packages_and_edited_files_are_refused)
{
	write_text("c.json", few);
	assert_fails(folder, "search --package mcm-64 --workload alexnet --calibration @/c.json", 2,
	             "@/c.json: fitted for package 'simba-6x6', not for 'mcm-64'");
	assert_fails(
		folder, "run " TRAINED "--set nop.hop_ns=7 --calibration @/c.json", 2,
		"@/c.json: package 'simba-6x6' is not the one that it was fitted for: a value was "
		"changed since, or by --set");
	edit("c.json", "\"value\": 0.", "\"value\": 0.0", "edited.json");
	assert_fails(folder, "validate " TRAINED "--calibration @/edited.json", 2,
	             "@/edited.json: $.checksum: does not belong to the rest of the file: it was "
	             "edited or cut; run mcmsim calibrate again");
	/* Energies take no time. */
	run_quietly("search " TRAINED "--set nop.energy_pJ_per_bit=9 --calibration @/c.json");
}
END_TEST

/* ---- measured ---- */

/* Samples of validate, as if measured where links have 0.8 of their bandwidth. */
static void make_measured(const char *name, const char *workloads[], unsigned count)
{
	g_autoptr(GString) csv = g_string_new("latency_ns, workload,package,mapping,weight\r\n");
	for (unsigned w = 0; w < count; w++) {
		g_autofree char *words = g_strdup_printf(
			"validate --package simba-6x6 --workload %s --batch 8 --samples 14 --quiet "
			"--keep-mappings --set nop.link_GBps=%s -o @/%s",
			workloads[w], "10", workloads[w]);
		run_quietly(words);
		g_autofree char *rows = g_build_filename(workloads[w], "samples.csv", NULL);
		g_autofree char *text = content_of(folder, rows);
		g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
		for (unsigned i = 1; lines[i] && *lines[i]; i++) {
			g_auto(GStrv) cells = g_strsplit(lines[i], ",", -1);
			if (*cells[11]) /* simulated_ns */
				g_string_append_printf(
					csv,
					"%s,%s,simba-6x6,%s/mappings/%s-simba-6x6-%03d.json,1\r\n",
					cells[11], workloads[w], workloads[w], workloads[w],
					atoi(cells[2]));
		}
	}
	write_text(name, csv->str);
}

START_TEST(a_measured_efficiency_is_found)
{
	const char *workloads[] = { "alexnet", "resnet18" };
	make_measured("m.csv", workloads, 2);
	run_quietly(
		"calibrate --package simba-6x6 --workload alexnet,resnet18 --batch 8 --samples 16 "
		"--hold-out-package none --hold-out-workload none --quiet -o @/base.json");
	g_autofree char *text = output_of(
		folder,
		"calibrate --measured @/m.csv --calibration @/base.json --fit nop_efficiency "
		"-o @/c.json");
	assert_has(text, "m.csv:");
	assert_has(text, "workloads, each left out of a fit of its own");
	cJSON *base = parsed("base.json"), *c = parsed("c.json");
	/* simba-6x6 has links of 12.5 GB/s; ports and channels are as they were, so not 0.8
	 * exactly. */
	ck_assert_double_eq_tol(number_at(c, "parameters.nop_efficiency.value"), 0.8, 0.06);
	ck_assert_double_gt(number_at(c, "parameters.nop_efficiency.uncertainty"), 0);
	/* What simulation taught is kept. */
	ck_assert(cJSON_Compare(at(c, "parameters.exposed_tile.value"),
	                        at(base, "parameters.exposed_tile.value"), true));
	ck_assert_str_eq(at(c, "data.source")->valuestring, "measured");
	ck_assert_str_eq(at(c, "data.files.0")->valuestring, "m.csv");
	ck_assert_str_eq(at(c, "error_percent.held_out.0.what")->valuestring,
	                 "workloads, each left out of a fit of its own");
	cJSON_Delete(base);
	cJSON_Delete(c);
}
END_TEST

START_TEST(one_measured_network_holds_nothing_out)
{
	const char *workloads[] = { "alexnet" };
	make_measured("m.csv", workloads, 1);
	g_autofree char *text = output_of(folder,
	                                  "calibrate --measured @/m.csv --fit nop_efficiency");
	assert_has(text, "No workload is held out: there is only one.");
}
END_TEST

static void assert_measured_fails(const char *csv, const char *message)
{
	write_text("bad.csv", csv);
	assert_fails(folder, "calibrate --measured @/bad.csv", 2, message);
}

START_TEST(bad_measured_files_are_named)
{
	run_quietly("search " TRAINED "--batch 8 --quiet -o @/m.json");
#define HEADER "mapping,workload,package,latency_ns\n"
	static const char columns[] =
		"@/bad.csv:1: must have the columns mapping, workload, package, "
		"latency_ns, perhaps weight, each once; ";
	g_autofree char *lacks = g_strconcat(columns, "lacks \"package\"", NULL);
	g_autofree char *unknown = g_strconcat(columns, "does not know \"ns\"", NULL);
	assert_measured_fails("mapping,workload,latency_ns\n", lacks);
	assert_measured_fails("mapping,workload,package,latency_ns,ns\n", unknown);
	assert_measured_fails(HEADER "m.json,alexnet,simba-6x6\n",
	                      "@/bad.csv:2: must have 4 values as the header has, got 3");
	assert_measured_fails(HEADER "m.json,alexnet,simba-6x6,-5\n",
	                      "@/bad.csv:2: latency_ns: must be a number > 0, got \"-5\"");
	assert_measured_fails(HEADER "\nm.json,alexnet,simba-6x6,1e9999\n",
	                      "@/bad.csv:3: latency_ns: must be a number > 0, got \"1e9999\"");
	assert_measured_fails(
		"mapping,workload,package,latency_ns,weight\nm.json,alexnet,simba-6x6,5,0",
		"@/bad.csv:2: weight: must be a number > 0, got \"0\"");
	assert_measured_fails(HEADER "m.json,resnet18,simba-6x6,5\n",
	                      "@/bad.csv:2: mapping: @/m.json: $.workload: must be the workload at "
	                      "hand, \"resnet18\", got "
	                      "\"alexnet\"");
	assert_measured_fails(HEADER "m.json,alexnet,simba-6x6,5\n",
	                      "4 parameters need at least 12 samples, got 1");
	assert_fails(folder, "calibrate --measured @/none.csv", 2,
	             "@/none.csv: cannot read: No such file or directory");
}
END_TEST

/* ---- usage ---- */

START_TEST(usage_errors_are_named)
{
	static const char *const cases[][2] = {
		{ "calibrate all", "calibrate: takes no argument, or nop" },
		{ "calibrate nop", "calibrate: nop needs measured runs (--truth RUNS.csv)" },
		{ "calibrate --truth runs.csv",
		  "calibrate: --truth, --router and --fit-mesh are for calibrate nop" },
		{ "calibrate --measured m.csv --workload alexnet",
		  "calibrate: --measured: workloads and packages stand in the file" },
		{ "calibrate nop --truth runs.csv --workload alexnet",
		  "calibrate: nop takes neither workloads nor a calibration" },
		{ "calibrate --workload alexnet,,vgg16",
		  "--workload: must be names or paths with commas between them, each once, got "
		  "\"alexnet,,vgg16\"" },
		{ "calibrate --workload alexnet --hold-out-workload vgg16,alexnet",
		  "--hold-out-workload: \"alexnet\" is among those to fit to (--workload)" },
		{ "calibrate --batch 4,four",
		  "--batch: must be a whole number from 1 to 1048576, got \"four\"" },
		{ "calibrate --batch 4,4", "--batch: must name each batch once, got 4 twice" },
		{ "calibrate --batch 1,2,3,4,5,6,7,8,9",
		  "--batch: must be 1 to 8 whole numbers with commas between them, got "
		  "\"1,2,3,4,5,6,7,8,9\"" },
		{ "calibrate --fit", "calibrate: missing argument for --fit" },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_fails(folder, cases[i][0], 2, cases[i][1]);
	assert_fails(folder, FEW "--fit speed", 2,
	             "--fit: must name parameters of compute_efficiency, nop_efficiency, "
	             "dram_efficiency, tile_overhead_ns, exposed_tile, exposed_first, "
	             "tile_traffic, tile_latency, traffic_contention, "
	             "weight_contention, weight_prefetch, load_overlap, buffer_loop, chained_fill, "
	             "tile_streaming; got \"speed\"");
	assert_fails(folder,
	             "calibrate " TRAINED "--batch 8 --samples 1 --hold-out-package none "
	             "--hold-out-workload none",
	             2, "11 parameters need at least 33 samples, got 5");
}
END_TEST

/* ---- nop ---- */

/* Random lists on two meshes, and as their measured runs what nop says with known keys. */
static void make_runs(void)
{
	g_autoptr(GString) runs = g_string_new(
		"router,pattern,columns,rows,message_bytes,completion_cycles\n");
	g_autofree char *traffic = g_build_filename(folder, "traffic", NULL);
	GRand *rand = g_rand_new_with_seed(4);
	ck_assert_int_eq(g_mkdir(traffic, 0777), 0);
	for (int i = 0; i < 14; i++) {
		int columns = i < 11 ? 4 : 5;
		g_autoptr(GString) list = g_string_new("src,dst,bytes\n");
		for (int m = 0; m < 4 * columns * 4; m++) {
			int src = g_rand_int_range(rand, 0, 4 * columns);
			int dst = (src + g_rand_int_range(rand, 1, 4 * columns)) % (4 * columns);
			g_string_append_printf(list, "%d,%d,%d\n", src, dst,
			                       32 * g_rand_int_range(rand, 100, 1000));
		}
		g_autofree char *name = g_strdup_printf("traffic/p%d_%dx4_mix.csv", i / 2, columns);
		g_autofree char *other = g_strdup_printf("traffic/p%d_%dx4_1.csv", i / 2, columns);
		g_autofree char *words = g_strdup_printf(
			"nop --package nop-base --set grid.columns=%d --set grid.rows=4 --set "
			"nop.router_conflict=0.1 --set nop.router_blocking=0.8 @/%s --json",
			columns, i % 2 ? other : name);
		write_text(i % 2 ? other : name, list->str);
		g_autofree char *json = output_of(folder, words);
		cJSON *nop = cJSON_Parse(json);
		g_string_append_printf(runs, "r,p%d,%d,4,%s,%d\n", i / 2, columns,
		                       i % 2 ? "1" : "mix",
		                       (int)(number_at(nop, "completion_ns") + 0.5));
		cJSON_Delete(nop);
	}
	g_rand_free(rand);
	write_text("runs.csv", runs->str);
}

START_TEST(router_keys_are_fitted)
{
	make_runs();
	g_autofree char *json = output_of(folder, "calibrate nop --fit-mesh 4x4 --router r "
	                                          "--truth @/runs.csv --set "
	                                          "nop.router_conflict=0.5 --set "
	                                          "nop.router_blocking=0.2 --json -o @/fit.json");
	g_autofree char *file = content_of(folder, "fit.json");
	ck_assert_str_eq(json, file);
	cJSON *fit = parsed("fit.json");
	ck_assert_double_eq(number_at(fit, "lists_fitted_to"), 11);
	/* Completions are whole cycles of about 2,000. */
	ck_assert_double_eq_tol(number_at(fit, "nop.router_conflict"), 0.1, 0.02);
	ck_assert_double_eq_tol(number_at(fit, "nop.router_blocking"), 0.8, 0.05);
	ck_assert_double_gt(number_at(fit, "error_percent.0.before.mean_abs"), 3);
	ck_assert_double_lt(number_at(fit, "error_percent.0.after.mean_abs"), 0.5);
	/* A mesh that it was not fitted to. */
	ck_assert_str_eq(at(fit, "error_percent.2.runs_of")->valuestring, "other meshes");
	ck_assert_double_eq(number_at(fit, "error_percent.2.after.runs"), 3);
	ck_assert_double_lt(number_at(fit, "error_percent.2.after.mean_abs"), 0.5);
	cJSON_Delete(fit);
	g_autofree char *text = output_of(folder, "calibrate nop --fit-mesh 4x4 --router r "
	                                          "--truth @/runs.csv");
	assert_has(text, "--set nop.router_conflict=");
}
END_TEST

START_TEST(bad_meshes_and_short_tables_are_named)
{
	make_runs();
	assert_fails(folder, "calibrate nop --router r --truth @/runs.csv --fit-mesh 4by4", 2,
	             "--fit-mesh: must be COLUMNSxROWS with commas between them, each once, got "
	             "\"4by4\"");
	assert_fails(folder, "calibrate nop --router r --truth @/runs.csv --fit-mesh 4x4,4x4", 2,
	             "--fit-mesh: must be COLUMNSxROWS with commas between them, each once, got "
	             "\"4x4\"");
	assert_fails(folder, "calibrate nop --router r --truth @/runs.csv --fit-mesh 5x4", 2,
	             "--truth: @/runs.csv: has 3 runs of 1000 ns and more on the meshes to fit to, "
	             "whose messages go all at once; 3 keys need at least 9");
}
END_TEST

/* About numbers; the other tests take the same paths. */
static void add_long_tests(TCase *tests)
{
	tcase_add_test(tests, a_fit_makes_the_error_small);
	tcase_add_test(tests, the_same_bytes_whatever_the_jobs);
	tcase_add_test(tests, what_is_held_out_does_not_change_the_fit);
	tcase_add_test(tests, validate_shows_what_it_is_worth);
	tcase_add_test(tests, the_choice_is_compared);
	tcase_add_test(tests, a_measured_efficiency_is_found);
}

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* check_terminal has lines that end for want of room */
	Suite *suite = suite_create("calibrate");
	TCase *tests = tcase_create("calibrate");
	tcase_set_timeout(tests, 240);
	tcase_add_unchecked_fixture(tests, make_fits, free_fits);
	tcase_add_checked_fixture(tests, setup, teardown);
	if (!SANITIZED)
		add_long_tests(tests);
	tcase_add_test(tests, a_list_of_batches);
	tcase_add_test(tests, it_is_used_and_named);
	tcase_add_test(tests, wrong_packages_and_edited_files_are_refused);
	tcase_add_test(tests, one_measured_network_holds_nothing_out);
	tcase_add_test(tests, bad_measured_files_are_named);
	tcase_add_test(tests, usage_errors_are_named);
	tcase_add_test(tests, router_keys_are_fitted);
	tcase_add_test(tests, bad_meshes_and_short_tables_are_named);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

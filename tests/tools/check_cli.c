/* What a user of the command line sees when something is wrong, and what --help says. */
#include "tests/tools/folder.h"
#include "hw/base/json.h"
#include "tools/input/options.h"
#include "tests/support/suite.h"

#define P "--package simba-6x6 --workload alexnet"

/* Usage */

static const struct usage_error {
	const char *words, *message;
} usage_errors[] = {
	{ "", "no command given; commands: run, search, simulate, validate, rank, calibrate, show, "
	      "nop, trace, explain (see mcmsim --help)" },
	{ "nap", "no command \"nap\"; commands: run, search, simulate, validate, rank, calibrate, "
	         "show, nop, trace, explain (see mcmsim --help); did you mean \"nop\"?" },
	{ "--versoin",
	  "no command \"--versoin\"; commands: run, search, simulate, validate, rank, calibrate, "
	  "show, nop, trace, explain (see mcmsim --help); did you mean \"--version\"?" },

	{ "--version 2", "--version stands alone, got \"2\"" },
	{ "--help run", "--help stands alone, got \"run\"" },
	{ "run " P " --batch 4 --batch 8", "run: --batch may be given once, got \"4\" and \"8\"" },
	{ "run " P " --jobs=2 --jobs 2 --jobs 3",
	  "run: --jobs may be given once, got \"2\" and \"2\"" },
	{ "search " P " -o a --out b", "search: --out may be given once, got \"a\" and \"b\"" },
	{ "search " P " -o a -o a", "search: --out may be given once, got \"a\" and \"a\"" },
	{ "run " P " --json=no", "run: --json takes no value, got \"no\"" },
	{ "run " P " --set nop.hop_ns=1 --set=$.nop.hop_ns=2",
	  "--set: must set each value once, got \"nop.hop_ns=1\" and \"$.nop.hop_ns=2\"" },
	{ "run " P " --trace-window 0:5",
	  "--trace-window: is of the timelines in the folder of --out; there are none" },
	{ "run " P " --trace-window 0:5 --trace-level none -o x",
	  "--trace-window: is of the timelines in the folder of --out; there are none" },
	{ "validate --choice --refine 2 --samples 3", "--samples: --choice makes no samples" },
	{ "validate --choice --refine 2 --keep-mappings -o x",
	  "--keep-mappings: --choice makes no samples" },
	{ "validate " P " --sample 3 --samples 4", "--samples: --sample makes one sample only" },
	{ "calibrate nop --truth x.csv --batch 4",
	  "calibrate: --batch is for simulated samples; nop has none" },
	{ "calibrate nop --truth x.csv --fit load_overlap",
	  "calibrate: --fit is for simulated samples; nop has none" },
	{ "calibrate --measured x.csv --samples 4",
	  "calibrate: --samples is for simulated samples; --measured has none" },
	{ "calibrate -o /none/c.json", "--out: must be a file that can be written, got "
	                               "\"/none/c.json\": No such file or directory" },
	{ "calibrate nop --truth x.csv -o /",
	  "--out: must be a file that can be written, got \"/\": Is a directory" },
	{ "run " P " --batch 0", "--batch: must be a whole number from 1 to 1048576, got \"0\"" },
	{ "run " P " --batch -3", "--batch: must be a whole number from 1 to 1048576, got \"-3\"" },
	{ "run " P " --batch=", "--batch: must be a whole number from 1 to 1048576, got \"\"" },
	{ "run " P " --batch 1e3",
	  "--batch: must be a whole number from 1 to 1048576, got \"1e3\"" },
	{ "run " P " --batch 1048577",
	  "--batch: must be a whole number from 1 to 1048576, got \"1048577\"" },
	{ "run " P " --tiles 0", "--tiles: must be a whole number from 1 to 1048576, got \"0\"" },
	{ "run " P " --jobs 0", "--jobs: must be a whole number from 1 to 1024, got \"0\"" },
	{ "rank " P " --draws 0", "--draws: must be a whole number from 1 to 1000000, got \"0\"" },
	{ "rank " P " --segments all", "--segments: must be one of any, searched, got \"all\"" },
	{ "rank " P " --strategy sequential,scope", "--strategy: rank takes one strategy, got 2" },
	{ "run " P " --seed x",
	  "--seed: must be a whole number from 0 to 18446744073709551615, got \"x\"" },
	{ "run " P " --batch", "run: missing argument for --batch" },

	{ "run " P " --strategy fast",
	  "--strategy: must be one of sequential, pipeline, segmented, scope, best, got \"fast\"" },
	{ "run " P " --strategy=",
	  "--strategy: must be one of sequential, pipeline, segmented, scope, best, got \"\"" },
	{ "run " P " --strategy scope,",
	  "--strategy: must be one of sequential, pipeline, segmented, scope, best, got \"\"" },
	{ "run " P " --strategy scope,pipeline,scope",
	  "--strategy: must name each strategy once, got \"scope\" twice" },
	{ "search " P " --strategy scope,pipeline",
	  "--strategy: search takes one strategy, got 2 (run takes several)" },
	{ "run " P " --strategy exhaustive",
	  "--strategy: must be one of sequential, pipeline, segmented, scope, best, got "
	  "\"exhaustive\"" },
	{ "search " P " --strategy all", "--strategy: must be one of sequential, pipeline, "
	                                 "segmented, scope, best, exhaustive, got "
	                                 "\"all\"" },
	{ "search " P " --strategy exhaustive",
	  "--strategy exhaustive: --space is missing (what to try all mappings of: one of "
	  "pipeline, segmented, scope, best)" },
	{ "search " P " --strategy exhaustive --space sequential",
	  "--space: must be one of pipeline, segmented, scope, best, got \"sequential\"" },
	{ "search " P " --space scope",
	  "--space: goes with --strategy exhaustive only, got \"scope\"" },
	{ "search " P " --strategy scope,exhaustive --space scope",
	  "--strategy: exhaustive must stand alone, got \"scope,exhaustive\"" },
	{ "run " P " --objective speed",
	  "--objective: must be one of latency, energy, edp, got \"speed\"" },
	{ "run " P " --trace-level all",
	  "--trace-level: must be one of none, cluster, chiplet, link, auto, got \"all\"" },
	{ "run " P " --trace-window 5", "--trace-window: must be FROM:TO with FROM < TO, in ns or "
	                                "with ns, us, ms or s, got \"5\"" },
	{ "run " P " --out=", "--out: must be a name or a path, got \"\"" },

	{ "run " P " again",
	  "run: extra argument \"again\"; usage: mcmsim run --package P --workload W "
	  "[--strategy S[,S...]] [-o DIR] [OPTION...]" },
	{ "search " P " --exact",
	  "search: unknown option --exact; it takes --package, --workload, --strategy, "
	  "--space, --objective, --pareto, --explain, "
	  "--batch, --tiles, --calibration, --refine, --out, --set, --seed, --jobs, --json, "
	  "--quiet" },
	{ "show package simba-6x6 -x",
	  "show: unknown option -x; it takes --package, --workload, --set, --json, --quiet" },
	{ "show package",
	  "show: takes 2 arguments, got 1; usage: mcmsim show package|workload|mapping "
	  "FILE-OR-PRESET [OPTION...]" },
	{ "show strategy scope",
	  "show: must be one of package, workload, mapping, got \"strategy\"" },
	{ "show package mcm-16 --workload alexnet",
	  "show package: does not take --workload, only show mapping does" },
	{ "simulate " P, "simulate: --mapping is missing (the mapping: a file)" },
};

START_TEST(usage_errors_name_what_is_allowed)
{
	assert_fails(folder, usage_errors[_i].words, 2, usage_errors[_i].message);
}
END_TEST

START_TEST(a_missing_name_lists_the_presets)
{
	g_autofree char *packages = hw_preset_names(PACKAGE_PRESETS);
	g_autofree char *workloads = hw_preset_names(WORKLOAD_PRESETS);
	g_autofree char *no_package = g_strdup_printf(
		"run: --package is missing (the package: a preset's name or a file); "
		"presets: %s",
		packages);
	g_autofree char *no_workload = g_strdup_printf(
		"search: --workload is missing (the network: a preset's name or a "
		"file); presets: %s",
		workloads);
	g_autofree char *for_mapping = g_strdup_printf(
		"show mapping: --workload is missing, the mapping is for one; presets: %s",
		workloads);
	g_autofree char *unknown = g_strdup_printf(
		"no package \"simba\": neither a file nor a preset in " PACKAGE_PRESETS
		"; presets: %s",
		packages);
	assert_fails(folder, "run", 2, no_package);
	assert_fails(folder, "search --package simba-6x6", 2, no_workload);
	assert_fails(folder, "show mapping m.json --package simba-6x6", 2, for_mapping);
	assert_fails(folder, "run --package simba --workload alexnet", 2, unknown);
}
END_TEST

/* Input and output files */

/* How a message about a mistyped word ends; NULL: nothing is suggested. */
static const struct {
	const char *words, *end;
} mistyped[] = {
	{ "serach", "; did you mean \"search\"?" },
	{ "--versoin", "; did you mean \"--version\"?" },
	{ "xyz", NULL },
	{ "run " P " --bacth 4", "; did you mean \"--batch\"?" },
	{ "run " P " --mapping m.json", NULL },
	{ "run " P " --strategy Scope", "; did you mean \"scope\"?" },
	{ "run " P " --objective speed", NULL },
	{ "run -p simba6x6 -w alexnet", "; did you mean \"simba-6x6\"?" },
	{ "run -p mcm-16 -w ResNet50", "; did you mean \"resnet50\"?" },
	{ "run -p mcm-16 -w transformer", NULL },
};

START_TEST(mistyped_words_are_guessed)
{
	struct finished f = run_program(folder, mistyped[_i].words);
	const char *end = mistyped[_i].end;
	ck_assert_int_eq(f.status, 2);
	ck_assert_msg((strstr(f.error, "did you mean") != NULL) == (end != NULL), "%s", f.error);
	g_autofree char *line = g_strconcat(end ? end : "", "\n", NULL);
	ck_assert_msg(g_str_has_suffix(f.error, line), "%s", f.error);
	finished_free(&f);
}
END_TEST

START_TEST(short_options_are_the_long_ones)
{
	g_autofree char *made = output_of(folder, "search " P " --quiet -o @/m.json");
	g_autofree char *brief = output_of(folder,
	                                   "simulate -p simba-6x6 -w alexnet -m @/m.json --quiet");
	g_autofree char *full = output_of(folder, "simulate " P " --mapping @/m.json --quiet");
	ck_assert_str_eq(brief, full);
	assert_fails(folder, "run -p a --package b -w alexnet", 2,
	             "run: --package may be given once, got \"a\" and \"b\"");
}
END_TEST

START_TEST(what_cannot_be_written_is_refused_before_work)
{
	g_autofree char *file = g_build_filename(folder, "file", NULL);
	ck_assert(g_file_set_contents(file, "", 0, NULL));
	assert_fails(
		folder, "run " P " -o @/file", 2,
		"--out: must be a folder that can be written, got \"@/file\": Not a directory");
	assert_fails(folder, "run " P " -o @/file/below", 2,
	             "--out: must be a folder that can be written, got \"@/file/below\": "
	             "Not a directory");
	assert_fails(folder, "search " P " -o @", 2,
	             "--out: must be a file that can be written, got \"@\": Is a directory");
	assert_fails(folder, "search " P " -o @/none/m.json", 2,
	             "--out: must be a file that can be written, got \"@/none/m.json\": "
	             "No such file or directory");
}
END_TEST

START_TEST(errors_in_files_name_file_and_path)
{
	g_autofree char *file = g_build_filename(folder, "p.json", NULL);
	static const char text[] = "{\"format\": \"mcmsim-package/2\"}";
	ck_assert(g_file_set_contents(file, text, -1, NULL));
	struct finished f = run_program(folder, "run --package @/p.json --workload alexnet");
	g_autofree char *start = in_folder("mcmsim: @/p.json: $.format: must be", folder);
	ck_assert_int_eq(f.status, 2);
	assert_has(f.error, start);
	ck_assert_ptr_eq(strchr(f.error, '\n'), f.error + strlen(f.error) - 1);
	finished_free(&f);
	assert_fails(folder, "simulate " P " --mapping @/none.json", 2,
	             "@/none.json: cannot read: No such file or directory");
}
END_TEST

/* --set */

START_TEST(set_changes_the_package_or_the_workload)
{
	g_autofree char *package = output_of(
		folder, "show package simba-6x6 --set grid.columns=7 --set $.nop.hop_ns=5");
	assert_has(package, "package simba-6x6: 7 x 6 chiplets\n");
	assert_has(package, ", 5 ns and");
	g_autofree char *lanes = output_of(
		folder, "show package simba-6x6 --set chiplet_types.simba.array.own_inputs=true");
	assert_has(lanes, "K 32 x C 32, own inputs");
	g_autofree char *workload = output_of(
		folder, "show workload alexnet --set weight_bytes=2 --set layers[0].stride=2");
	assert_has(workload, "(2 bytes per weight, 1 per activation)");
	assert_has(workload, "conv 11x11/2");
}
END_TEST

START_TEST(set_names_what_it_cannot_change)
{
	assert_fails(folder, "run " P " --set grid", 2,
	             "--set: must be KEY=VALUE like grid.columns=16, got \"grid\"");
	assert_fails(folder, "run " P " --set grid.colums=3", 2,
	             PACKAGE_PRESETS
	             "/simba-6x6.json: cannot set \"grid.colums=3\": no \"grid.colums\" "
	             "in the file; $.grid: it has \"columns\", \"rows\", \"chiplets\"");
	assert_fails(folder, "run " P " --set nap.hop_ns=3", 2,
	             "--set \"nap.hop_ns=3\": nothing has a key \"nap\"; "
	             "the package " PACKAGE_PRESETS "/simba-6x6.json has format, name, source, "
	             "chiplet_types, grid, nop, dram; the workload " WORKLOAD_PRESETS
	             "/alexnet.json "
	             "has format, name, source, activation_bytes, weight_bytes, inputs, layers");
	assert_fails(folder, "show package simba-6x6 --set layers=3", 2,
	             "--set \"layers=3\": nothing has a key \"layers\"; "
	             "the package " PACKAGE_PRESETS "/simba-6x6.json has format, name, source, "
	             "chiplet_types, grid, nop, dram");
	assert_fails(folder, "run " P " --set grid.columns=0", 2,
	             PACKAGE_PRESETS
	             "/simba-6x6.json: $.grid.columns: must be an integer from 1 to "
	             "256, got 0");
}
END_TEST

/* Help */

START_TEST(help_teaches)
{
	static const char *const commands[] = { "run",  "search", "simulate",  "validate",
		                                "show", "nop",    "calibrate", "rank" };
	g_autofree char *packages = preset_lines("  packages: ", PACKAGE_PRESETS);
	g_autofree char *help = output_of(folder, "--help");
	assert_has(help, "Usage: mcmsim COMMAND [OPTION...]\n");
	assert_has(help, packages);
	assert_has(help, "\nExamples:\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *words = g_strdup_printf("%s --help", commands[i]);
		g_autofree char *usage = g_strdup_printf("Usage: mcmsim %s ", commands[i]);
		g_autofree char *example = g_strdup_printf("\nExamples:\n  mcmsim %s ",
		                                           commands[i]);
		g_autofree char *text = output_of(folder, words);
		ck_assert(g_str_has_prefix(text, usage));
		assert_has(text, example);
		assert_has(text, "\n  -h, --help                   print this text\n");
		for (const char *line = text; line; line = strchr(line, '\n')) {
			line += *line == '\n' ? 1 : 0;
			ck_assert_msg(strcspn(line, "\n") <= 100, "too long: %.100s", line);
		}
	}
	g_autofree char *run = output_of(folder, "run --help");
	assert_has(run, "samples that go through the network\n");
	assert_has(run, "[64; simulate: the mapping's own]\n");
}
END_TEST

START_TEST(help_and_version_need_nothing_else)
{
	g_autofree char *version = output_of(folder, "--version");
	ck_assert(g_str_has_prefix(version, "mcmsim "));
	g_autofree char *word = output_of(folder, "help"), *option = output_of(folder, "-h");
	ck_assert_str_eq(word, option);
	g_autofree char *first = output_of(folder, "simulate -h --batch x");
	assert_has(first, "Usage: mcmsim simulate ");
}
END_TEST

/* Scripts: nothing is run, nothing is written. */
static const char *const script_lines[][2] = {
	{ "tools/dev/reproduce_scope @/out --fast", "reproduce_scope: no option \"--fast\"" },
	{ "tools/dev/reproduce_scope @/out --quick @/more",
	  "reproduce_scope: takes one folder, got \"@/more\"" },
	{ "tools/dev/run-tests --all", "run-tests: no option '--all'" },
	{ "tools/dev/check-layers hw", "check-layers: takes no words, got 'hw'" },
};

START_TEST(scripts_refuse_what_they_do_not_know)
{
	g_autofree char *line = in_folder(script_lines[_i][0], folder), *error = NULL;
	g_autofree char *message = in_folder(script_lines[_i][1], folder);
	int status = 0;
	ck_assert(g_spawn_command_line_sync(line, NULL, &error, &status, NULL));
	ck_assert_msg(g_str_has_prefix(error, message), "%s", error);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	g_autofree char *names = names_in(folder, "");
	ck_assert_str_eq(names, "");
}
END_TEST

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* check_terminal has lines that end for want of room */
	Suite *suite = suite_create("cli");
	TCase *tests = tcase_create("cli");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, usage_errors_name_what_is_allowed, 0,
	                    (int)G_N_ELEMENTS(usage_errors));
	tcase_add_test(tests, a_missing_name_lists_the_presets);
	tcase_add_loop_test(tests, mistyped_words_are_guessed, 0, (int)G_N_ELEMENTS(mistyped));
	tcase_add_test(tests, short_options_are_the_long_ones);
	tcase_add_test(tests, what_cannot_be_written_is_refused_before_work);
	tcase_add_test(tests, errors_in_files_name_file_and_path);
	tcase_add_test(tests, set_changes_the_package_or_the_workload);
	tcase_add_test(tests, set_names_what_it_cannot_change);
	tcase_add_loop_test(tests, scripts_refuse_what_they_do_not_know, 0,
	                    (int)G_N_ELEMENTS(script_lines));
	tcase_add_test(tests, help_teaches);
	tcase_add_test(tests, help_and_version_need_nothing_else);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

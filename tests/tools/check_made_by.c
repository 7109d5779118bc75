/* made_by: is it in every output, does it name what figures depend on, and nothing else? */
#include "tests/support/suite.h"
#include "tests/tools/folder.h"

#define P "--package mcm-16 --workload alexnet --batch 4 "

static cJSON *json_of(const char *command)
{
	g_autofree char *text = output_of(folder, command);
	cJSON *root = cJSON_Parse(text);
	ck_assert_msg(root != NULL, "no JSON: %s", text);
	return root;
}

static const char *text_at(const cJSON *root, const char *path)
{
	const cJSON *item = at(root, path);
	ck_assert_msg(cJSON_IsString(item), "%s is no text", path);
	return item->valuestring;
}

/* Command lines, and where made_by is in what they print. */
static const struct {
	const char *command, *path;
} outputs[] = {
	{ "run " P "--strategy sequential --json", "0.made_by" },
	{ "run " P "--strategy pipeline,sequential --json", "1.made_by" },
	{ "search " P "--json", "made_by" },
	{ "search " P "--explain --json", "made_by" },
	{ "search " P "--pareto --strategy sequential --json", "made_by" },
	{ "simulate " P "--mapping @/m.json --json", "made_by" },
	{ "explain " P "--mapping @/m.json --json", "made_by" },
	{ "rank " P "--draws 20 --json", "made_by" },
	{ "validate " P "--samples 2 --strategy sequential --json", "made_by" },
	{ "validate " P "--choice --refine 2 --strategy sequential --json", "made_by" },
	{ "nop --package mcm-16 @/list.csv --json", "made_by" },
	{ "nop --package nop-base --truth tests/data/nop/runs.csv --json", "made_by" },
};

START_TEST(every_output_says_what_made_it)
{
	static const char *const keys[] = { "version",      "command",         "overrides",
		                            "seed",         "engine",          "network",
		                            "model",        "package_hash",    "workload_hash",
		                            "mapping_hash", "calibration_hash" };
	write_text("list.csv", "src,dst,bytes\n0,1,100\n");
	g_autofree char *made = output_of(folder, "search " P "--quiet -o @/m.json");
	g_autofree char *command = in_folder(outputs[_i].command, folder);
	g_autofree char *line = g_strconcat("mcmsim ", command, NULL);
	cJSON *root = json_of(outputs[_i].command);
	const cJSON *made_by = at(root, outputs[_i].path);
	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		at(made_by, keys[i]);
	ck_assert_int_eq(cJSON_GetArraySize(made_by), G_N_ELEMENTS(keys));
	ck_assert_str_eq(text_at(made_by, "command"), line);
	cJSON_Delete(root);
}
END_TEST

START_TEST(the_command_has_what_changes_figures)
{
	cJSON *root = json_of("run --jobs 2 " P "--seed 7 --quiet --set nop.hop_ns=7 --out=@/x "
	                      "--strategy sequential --json");
	ck_assert_str_eq(text_at(root, "0.made_by.command"),
	                 "mcmsim run " P
	                 "--seed 7 --set nop.hop_ns=7 --strategy sequential --json");
	ck_assert_str_eq(text_at(root, "0.made_by.overrides.0"), "nop.hop_ns=7");
	ck_assert_double_eq(number_at(root, "0.made_by.seed"), 7);
	ck_assert_str_eq(text_at(root, "0.made_by.model"), "plain");
	ck_assert(g_str_has_prefix(text_at(root, "0.made_by.engine"), "simgrid "));
	cJSON_Delete(root);
}
END_TEST

/* Of two runs, which hashes are the same? */
static void assert_hashes(const char *a, const char *b, bool package, bool workload, bool mapping)
{
	cJSON *one = json_of(a), *other = json_of(b);
	const bool same[] = { package, workload, mapping };
	static const char *const keys[] = { "made_by.package_hash", "made_by.workload_hash",
		                            "made_by.mapping_hash" };
	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		ck_assert_msg((strcmp(text_at(one, keys[i]), text_at(other, keys[i])) == 0) ==
		                      same[i],
		              "%s of %s and %s", keys[i], a, b);
	cJSON_Delete(one);
	cJSON_Delete(other);
}

START_TEST(hashes_are_of_what_was_read)
{
	g_autofree char *made = output_of(folder, "search " P "--quiet -o @/m.json");
#define S "simulate " P "--mapping @/m.json --json "
	assert_hashes(S, S "--seed 2", true, true, true);
	assert_hashes(S, S "--set nop.hop_ns=7", false, true, true);
	assert_hashes(S, S "--set weight_bytes=2 --set chiplet_types.simba.weight_buffer_KiB=1024",
	              false, false, true);
	assert_hashes(S, "search " P "--strategy sequential --json", true, true, false);
}
END_TEST

START_TEST(files_say_the_same_wherever_they_are)
{
	g_autofree char *one = output_of(folder, "run " P "--jobs 1 --quiet -o @/a");
	g_autofree char *other = output_of(folder, "run --jobs 2 " P "--out @/b/c");
	g_autofree char *a = content_of(folder, "a/report.json");
	g_autofree char *b = content_of(folder, "b/c/report.json");
	ck_assert_str_eq(a, b);
	assert_has(a, "\"command\": \"mcmsim run --package mcm-16 --workload alexnet --batch 4\"");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("made_by");
	TCase *tests = tcase_create("made_by");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, every_output_says_what_made_it, 0, G_N_ELEMENTS(outputs));
	tcase_add_test(tests, the_command_has_what_changes_figures);
	tcase_add_test(tests, hashes_are_of_what_was_read);
	tcase_add_test(tests, files_say_the_same_wherever_they_are);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

/*
 * With ever more memory, from the least with which the program starts at all to more than it needs
 * (it has worked three times in a row): it works, or ends with status 1 and one line that says why.
 * No trap, no half a file.
 */
#include "tests/tools/folder.h"

#include "tests/support/deep.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#include <sys/resource.h>
#include <unistd.h>

#define MiB (UINT64_C(1) << 20)
#define MOST_MiB 4096

/* Above the least, about a third apart. */
static const unsigned steps_MiB[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,   10,
	                              12, 14, 16, 20, 24, 32, 48, 64, 128, 512 };

static const char *const commands[] = {
	"show workload @/deep.json",
	"search --package mcm-16 --workload resnet50 --batch 8 --strategy scope -o @/out/m.json",
	"search --package simba-6x6 --workload alexnet --batch 4 --strategy best --jobs 2",
	"simulate --package simba-6x6 --workload alexnet --mapping @/mapping.json -o @/out",
	"run --package simba-6x6 --workload alexnet --strategy sequential,scope --batch 4 --jobs 2 "
	"-o @/out",
	"nop --package nop-base --messages @/list.csv",
	"calibrate --package simba-6x6 --workload alexnet --hold-out-workload none "
	"--hold-out-package none --samples 3 --batch 64 --fit exposed_tile --jobs 2",
};

static void limit_memory(void *data)
{
	const uint64_t *bytes = data;
	const struct rlimit memory = { *bytes, *bytes }, core = { 0, 0 };
	if (setrlimit(RLIMIT_AS, &memory) != 0 || setrlimit(RLIMIT_CORE, &core) != 0)
		_exit(99);
}

/* The wait status. */
static int run_within(const char *words, uint64_t bytes, char **errors)
{
	const char *program = g_getenv("MCMSIM");
	g_autofree char *arguments = in_folder(words, folder);
	g_autofree char *line = g_strconcat(program ? program : "build/mcmsim", " ", arguments,
	                                    NULL);
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	GError *error = NULL;
	int status = 0;
	g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, limit_memory, &bytes, NULL,
	             errors, &status, &error);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	return status;
}

/* The least memory with which libraries are loaded: what fails before that is the loader's. */
static uint64_t least_bytes(void)
{
	uint64_t low = 1, high = MOST_MiB;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		g_autofree char *errors = NULL;
		int status = run_within("--version", middle * MiB, &errors);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			high = middle;
		else
			low = middle + 1;
	}
	ck_assert_uint_lt(high, MOST_MiB);
	return high * MiB;
}

/* What is there is whole: JSON that can be read, text up to the end of its last line. */
static void check_files(const char *words)
{
	g_autofree char *path = g_build_filename(folder, "out", NULL);
	GDir *dir = g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
		g_autofree char *file = g_build_filename(path, name, NULL), *text = NULL;
		size_t length = 0;
		ck_assert_msg(!strstr(name, "mcmsim~"), "%s left %s", words, name);
		if (g_file_test(file, G_FILE_TEST_IS_DIR))
			continue;
		ck_assert(g_file_get_contents(file, &text, &length, NULL));
		ck_assert_msg(length > 0 && text[length - 1] == '\n', "%s: %s ends in between",
		              words, name);
		cJSON *json = g_str_has_suffix(name, ".json") ? cJSON_Parse(text) : NULL;
		ck_assert_msg(json || !g_str_has_suffix(name, ".json"), "%s: %s", words, name);
		cJSON_Delete(json);
	}
	if (dir)
		g_dir_close(dir);
	remove_all(path);
}

/* Whether it worked. */
static bool check_run(const char *words, uint64_t bytes)
{
	g_autofree char *errors = NULL, *path = g_build_filename(folder, "out", NULL);
	ck_assert_int_eq(g_mkdir(path, 0777), 0);
	int status = run_within(words, bytes, &errors);
	ck_assert_msg(WIFEXITED(status), "%s within %" G_GUINT64_FORMAT ": signal %d: %s", words,
	              bytes, WTERMSIG(status), errors);
	bool works = WEXITSTATUS(status) == 0;
	if (!works) {
		const char *end = strchr(errors, '\n');
		ck_assert_msg(WEXITSTATUS(status) == 1, "%s within %" G_GUINT64_FORMAT ": %d: %s",
		              words, bytes, WEXITSTATUS(status), errors);
		ck_assert_msg(g_str_has_prefix(errors, "mcmsim: ") && end && !end[1] &&
		                      strstr(errors, "memory"),
		              "%s within %" G_GUINT64_FORMAT ": %s", words, bytes, errors);
	}
	check_files(words);
	return works;
}

/* Everybody of 4 x 4 to everybody else, again and again. */
static char *list_text(void)
{
	GString *text = g_string_new("src,dst,bytes\n");
	for (unsigned i = 0; i < 20000; i++)
		g_string_append_printf(text, "%u,%u,64\n", i % 16, (i + 1 + i / 16 % 15) % 16);
	return g_string_free(text, FALSE);
}

START_TEST(one_line_or_success)
{
	const char *words = commands[_i];
	if (SANITIZED)
		return; /* sanitizers need terabytes of addresses, and have an allocator of their
		           own */
	uint64_t least = least_bytes();
	g_free(output_of(folder, "search --package simba-6x6 --workload alexnet --batch 4 --quiet "
	                         "-o @/mapping.json"));
	g_autofree char *deep = deep_text(5000, 16, 4);
	g_autofree char *list = list_text();
	write_text("deep.json", deep);
	write_text("list.csv", list);
	unsigned failed = 0, worked = 0; /* of the last ones */
	for (unsigned i = 0; i < G_N_ELEMENTS(steps_MiB) && worked < 3; i++) {
		bool works = check_run(words, least + steps_MiB[i] * MiB);
		failed += !works;
		worked = works ? worked + 1 : 0;
	}
	ck_assert_uint_gt(failed, 0); /* else nothing was tested */
	ck_assert_uint_gt(worked, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tools/out_of_memory");
	TCase *tests = tcase_create("commands");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, one_line_or_success, 0, (int)G_N_ELEMENTS(commands));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

#include "hw/base/json.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_message(GError *error, const char *expected)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}

static char *scratch;

static void make_scratch(void)
{
	scratch = g_dir_make_tmp("check_json.XXXXXX", NULL);
	ck_assert_ptr_nonnull(scratch);
}

static void remove_scratch(void)
{
	const char *name;
	GDir *dir = g_dir_open(scratch, 0, NULL);

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(scratch, name, NULL);
		g_remove(path);
	}
	g_dir_close(dir);
	g_rmdir(scratch);
	g_free(scratch);
}

static unsigned entries(void)
{
	unsigned count = 0;
	GDir *dir = g_dir_open(scratch, 0, NULL);

	while (g_dir_read_name(dir) != NULL)
		count++;
	g_dir_close(dir);
	return count;
}

START_TEST(a_written_file_reads_back_and_leaves_nothing_behind)
{
	g_autofree char *path = g_build_filename(scratch, "a.json", NULL);
	g_autofree char *text = NULL;
	GError *error = NULL;

	ck_assert(hw_write_file(path, "[1, 2, 3]", 9, &error));
	ck_assert(hw_write_file(path, "[4]", 3, &error));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, "[4]");
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(writing_into_a_missing_folder_fails)
{
	g_autofree char *path = g_build_filename(scratch, "no", "a.json", NULL);
	g_autofree char *expected = g_strconcat(path, ": cannot write: No such file or directory",
	                                        NULL);
	GError *error = NULL;

	ck_assert(!hw_write_file(path, "x", 1, &error));
	assert_message(error, expected);
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(writing_over_a_folder_fails)
{
	g_autofree char *expected = g_strconcat(scratch, ": cannot write: Is a directory", NULL);
	GError *error = NULL;

	ck_assert(!hw_write_file(scratch, "x", 1, &error));
	assert_message(error, expected);
}
END_TEST

/* A pipe in the scratch folder, never a real device: a broken writer replaces its target. */
START_TEST(a_pipe_is_written_in_place)
{
	g_autofree char *path = g_build_filename(scratch, "pipe", NULL);
	struct stat status;
	char text[8] = "";
	GError *error = NULL;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	const int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(reader, 0);
	ck_assert(hw_write_file(path, "abc", 3, &error));
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert(S_ISFIFO(status.st_mode));
	ck_assert_int_eq(read(reader, text, sizeof(text)), 3);
	ck_assert_str_eq(text, "abc");
	close(reader);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	GError *error = NULL;

	ck_assert_ptr_null(hw_json_open("no/such.json", &error));
	assert_message(error, "no/such.json: cannot read: No such file or directory");
}
END_TEST

START_TEST(a_zero_byte_is_no_json)
{
	g_autofree char *path = g_build_filename(scratch, "a.json", NULL);
	g_autofree char *expected = g_strconcat(path, ": not JSON text: byte 3 is zero", NULL);
	GError *error = NULL;

	ck_assert(hw_write_file(path, "[1]\0[", 5, &error));
	ck_assert_ptr_null(hw_json_open(path, &error));
	assert_message(error, expected);
}
END_TEST

START_TEST(presets_and_paths_are_told_apart)
{
	g_autofree char *preset = g_build_filename(scratch, "b.json", NULL);
	GError *error = NULL;

	ck_assert(hw_write_file(preset, "1", 1, &error));
	g_autofree char *by_name = hw_json_locate("b", scratch, "package", &error);
	ck_assert_str_eq(by_name, preset);
	g_autofree char *by_path = hw_json_locate("some/b", scratch, "package", &error);
	ck_assert_str_eq(by_path, "some/b");
	g_autofree char *by_ending = hw_json_locate("c.json", scratch, "package", &error);
	ck_assert_str_eq(by_ending, "c.json");
	ck_assert_ptr_null(error);
}
END_TEST

/* Enough names that no folder hands them out sorted by chance. */
START_TEST(an_unknown_name_lists_the_presets)
{
	static const char *const files[] = { "k.json", "b.json", "z.json", "d.json",   "q.json",
		                             "a.json", "m.json", "x.json", "README.md" };
	g_autofree char *expected = g_strdup_printf(
		"no package \"c\": neither a file nor a preset in "
		"%s; presets: a, b, d, k, m, q, x, z",
		scratch);
	GError *error = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(scratch, files[i], NULL);
		ck_assert(hw_write_file(path, "1", 1, &error));
	}
	ck_assert_ptr_null(hw_json_locate("c", scratch, "package", &error));
	assert_message(error, expected);
}
END_TEST

START_TEST(an_empty_preset_folder_says_so)
{
	GError *error = NULL;

	ck_assert_ptr_null(hw_json_locate("c", "no/dir", "workload", &error));
	assert_message(error, "no workload \"c\": neither a file nor a preset in no/dir; "
	                      "presets: none");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/json_files");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, make_scratch, remove_scratch);
	tcase_add_test(files, a_written_file_reads_back_and_leaves_nothing_behind);
	tcase_add_test(files, writing_into_a_missing_folder_fails);
	tcase_add_test(files, writing_over_a_folder_fails);
	tcase_add_test(files, a_pipe_is_written_in_place);
	tcase_add_test(files, a_missing_file_is_named);
	tcase_add_test(files, a_zero_byte_is_no_json);
	tcase_add_test(files, presets_and_paths_are_told_apart);
	tcase_add_test(files, an_unknown_name_lists_the_presets);
	tcase_add_test(files, an_empty_preset_folder_says_so);
	suite_add_tcase(s, files);
	return s;
}

int main(void)
{
	return suite_run(suite());
}

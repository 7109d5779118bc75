/*
 * Is a large file compressed, a small one not, and is only one of both there afterwards? Does what
 * is compressed come back as it was?
 */
#include "traces/output.h"

#include "tests/support/suite.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LINE "a line of thirty-two characters\n"

static char *folder, *plain, *compressed;

static void set_up(void)
{
	folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	plain = g_build_filename(folder, "file.csv", NULL);
	compressed = g_build_filename(folder, "file.csv.gz", NULL);
}

static void tear_down(void)
{
	g_unlink(plain);
	g_unlink(compressed);
	ck_assert_int_eq(g_rmdir(folder), 0); /* nothing else was left in it */
	g_free(folder);
	g_free(plain);
	g_free(compressed);
}

static void write_lines(const char *path, bool gzip_large, size_t lines)
{
	const struct trace_options options = { .gzip_large = gzip_large };
	GError *error = NULL;
	struct trace_output *output = trace_open(path, &options);
	for (size_t i = 0; i < lines; i++)
		trace_put(output, LINE);
	ck_assert_msg(trace_close(output, &error), "%s", error ? error->message : "");
}

/* How many lines the file has; all of them must be LINE. Reads what is not compressed, too. */
static size_t lines_in(const char *path)
{
	gzFile file = gzopen(path, "rb");
	char line[64];
	size_t count = 0;
	ck_assert_ptr_nonnull(file);
	for (; gzgets(file, line, sizeof line); count++)
		ck_assert_str_eq(line, LINE);
	ck_assert_int_eq(gzclose(file), Z_OK);
	return count;
}

static bool is_there(const char *path)
{
	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Around the limit, then back again: the other name's file goes. */
START_TEST(size_decides)
{
	const size_t limit = TRACE_LARGE / strlen(LINE);
	const size_t lines[] = { 0, 1, limit, limit + 1, 3 * limit, 5 };
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
		bool large = lines[i] > limit;
		write_lines(plain, true, lines[i]);
		ck_assert_int_eq(is_there(plain), !large);
		ck_assert_int_eq(is_there(compressed), large);
		ck_assert_uint_eq(lines_in(large ? compressed : plain), lines[i]);
	}
}
END_TEST

/* A name is what it says, and leaves other files alone. */
START_TEST(names_decide_unless_told_otherwise)
{
	write_lines(plain, false, 1 + TRACE_LARGE / strlen(LINE));
	write_lines(compressed, false, 7);
	unsigned char magic[2] = { 0 };
	FILE *file = fopen(compressed, "rb");
	ck_assert_uint_eq(fread(magic, 1, 2, file), 2);
	fclose(file);
	ck_assert(magic[0] == 0x1f && magic[1] == 0x8b);
	ck_assert_uint_eq(lines_in(compressed), 7);
	ck_assert_uint_eq(lines_in(plain), 1 + TRACE_LARGE / strlen(LINE));
}
END_TEST

START_TEST(same_bytes_every_time)
{
	char *first, *second;
	gsize first_size, second_size;
	write_lines(compressed, false, 1000);
	ck_assert(g_file_get_contents(compressed, &first, &first_size, NULL));
	write_lines(compressed, false, 1000);
	ck_assert(g_file_get_contents(compressed, &second, &second_size, NULL));
	ck_assert_uint_eq(first_size, second_size);
	ck_assert_int_eq(memcmp(first, second, first_size), 0);
	g_free(first);
	g_free(second);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
	const struct trace_options options = { .gzip_large = _i > 0 };
	GError *error = NULL;
	struct trace_output *output = trace_open("no/such/folder/file.csv", &options);
	for (size_t i = 0; i < (_i > 1 ? 1 + TRACE_LARGE / strlen(LINE) : 1); i++)
		trace_put(output, LINE);
	ck_assert(!trace_close(output, &error));
	ck_assert_msg(g_str_has_prefix(error->message, "no/such/folder/file.csv"), "%s",
	              error->message);
	g_error_free(error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tests = tcase_create("output");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, size_decides);
	tcase_add_test(tests, names_decide_unless_told_otherwise);
	tcase_add_test(tests, same_bytes_every_time);
	tcase_add_loop_test(tests, a_folder_that_is_not_there_is_an_error, 0, 3);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

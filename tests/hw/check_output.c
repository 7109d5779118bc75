/*
 * Files appear whole or not at all: what killed writers leave is removed by the next one, what live
 * ones are writing is not, and nothing else is touched.
 */
#include "hw/base/output.h"

#include <check.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/base/json.h"
#include "tests/support/suite.h"

static char *folder, *target;

static void set_up(void)
{
	folder = g_dir_make_tmp("mcmsim-output-XXXXXX", NULL);
	target = g_build_filename(folder, "out.json", NULL);
}

static unsigned entries(bool clear)
{
	unsigned count = 0;
	GDir *dir = g_dir_open(folder, 0, NULL);
	for (const char *name; (name = g_dir_read_name(dir)) != NULL; count++) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (clear)
			ck_assert_int_eq(g_remove(path), 0);
	}
	g_dir_close(dir);
	return count;
}

static void tear_down(void)
{
	entries(true);
	ck_assert_int_eq(g_rmdir(folder), 0);
	g_clear_pointer(&folder, g_free);
	g_clear_pointer(&target, g_free);
}

static void put(const char *text)
{
	GError *error = NULL;
	bool written = hw_write_file(target, text, strlen(text), &error);
	ck_assert_msg(written, "%s", error != NULL ? error->message : "");
}

static void assert_holds(const char *path, const char *expected)
{
	g_autofree char *text = NULL;
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, expected);
}

/* A process in the middle of writing the target. It ends well when it is told to. */
struct writer {
	pid_t process;
	int pipe; /* to it */
};

static struct writer start_writer(const char *text)
{
	int to[2], from[2];
	char byte;
	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	struct writer writer = { fork(), to[1] };
	ck_assert_int_ge(writer.process, 0);
	if (writer.process == 0) {
		struct hw_output output;
		close(to[1]);
		close(from[0]);
		bool good = hw_output_open(&output, target) == 0 &&
		            write(output.descriptor, text, strlen(text)) == (ssize_t)strlen(text) &&
		            write(from[1], "x", 1) == 1 && read(to[0], &byte, 1) == 1 &&
		            hw_output_close(&output, 0) == 0;
		_exit(good ? 0 : 1);
	}
	close(to[0]);
	close(from[1]);
	ck_assert_int_eq(read(from[0], &byte, 1), 1);
	close(from[0]);
	return writer;
}

static void finish_writer(struct writer writer)
{
	int status;
	ck_assert_int_eq(write(writer.pipe, "x", 1), 1);
	close(writer.pipe);
	ck_assert_int_eq(waitpid(writer.process, &status, 0), writer.process);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void kill_writer(struct writer writer)
{
	ck_assert_int_eq(kill(writer.process, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer.process, NULL, 0), writer.process);
	close(writer.pipe);
}

START_TEST(nothing_appears_before_it_is_whole)
{
	put("old");
	struct writer writer = start_writer("new");
	assert_holds(target, "old");
	finish_writer(writer);
	assert_holds(target, "new");
	ck_assert_uint_eq(entries(false), 1);
}
END_TEST

START_TEST(what_a_killed_run_left_is_removed_by_the_next)
{
	put("old");
	kill_writer(start_writer("half"));
	assert_holds(target, "old");
	ck_assert_uint_eq(entries(false), 2); /* else there is nothing to remove */
	put("new");
	assert_holds(target, "new");
	ck_assert_uint_eq(entries(false), 1);
}
END_TEST

START_TEST(what_others_are_writing_is_left_alone)
{
	struct writer a = start_writer("a"), b = start_writer("b"), c = start_writer("c");
	kill_writer(b);
	put("mine");
	assert_holds(target, "mine");
	ck_assert_uint_eq(entries(false), 3);
	finish_writer(c);
	assert_holds(target, "c");
	finish_writer(a);
	assert_holds(target, "a");
	ck_assert_uint_eq(entries(false), 1);
}
END_TEST

/* Writers that start, end and are killed in any order. */
START_TEST(any_order)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	struct writer writers[8] = { { 0, 0 } };
	for (unsigned step = 0; step < 60; step++) {
		struct writer *writer = &writers[g_rand_int_range(rand, 0, 8)];
		if (writer->process == 0)
			*writer = start_writer("w");
		else {
			(g_rand_boolean(rand) ? kill_writer : finish_writer)(*writer);
			writer->process = 0;
		}
	}
	for (unsigned i = 0; i < 8; i++)
		if (writers[i].process != 0)
			kill_writer(writers[i]);
	put("last");
	assert_holds(target, "last");
	ck_assert_uint_eq(entries(false), 1);
}
END_TEST

/* Processes that write the same file all the time: each succeeds each time, what is there is
 * whole. */
START_TEST(side_by_side)
{
	enum { WRITERS = 6, TIMES = 150, LENGTH = 5000 };
	pid_t processes[WRITERS];
	for (unsigned i = 0; i < WRITERS; i++) {
		processes[i] = fork();
		ck_assert_int_ge(processes[i], 0);
		if (processes[i] != 0)
			continue;
		char text[LENGTH];
		memset(text, 'a' + (int)i, LENGTH);
		for (unsigned t = 0; t < TIMES; t++)
			if (!hw_write_file(target, text, LENGTH, NULL))
				_exit(1);
		_exit(0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		int status;
		ck_assert_int_eq(waitpid(processes[i], &status, 0), processes[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	g_autofree char *text = NULL;
	size_t length;
	ck_assert(g_file_get_contents(target, &text, &length, NULL));
	ck_assert_uint_eq(length, LENGTH);
	for (unsigned i = 1; i < LENGTH; i++)
		ck_assert_int_eq(text[i], text[0]);
	ck_assert_uint_eq(entries(false), 1);
}
END_TEST

START_TEST(other_files_are_not_touched)
{
	static const char *const endings[] = { ".bak",         ".tmp",        ".A1b2C3",
		                               ".mcmsim",      ".mcmsim~",    ".mcmsim~0",
		                               ".mcmsim~1.gz", ".mcmsim~999", ".part" };
	for (unsigned i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *name = g_strconcat(target, endings[i], NULL);
		ck_assert(g_file_set_contents(name, "mine", -1, NULL));
	}
	put("new");
	for (unsigned i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *name = g_strconcat(target, endings[i], NULL);
		assert_holds(name, "mine");
	}
	ck_assert_uint_eq(entries(false), 1 + G_N_ELEMENTS(endings));
}
END_TEST

/* A folder, a pipe, a link in the part's place: not followed, not removed, no obstacle. */
START_TEST(what_stands_in_the_way_is_gone_around)
{
	g_autofree char *first = g_strconcat(target, ".mcmsim~1", NULL),
			*second = g_strconcat(target, ".mcmsim~2", NULL),
			*third = g_strconcat(target, ".mcmsim~3", NULL),
			*other = g_build_filename(folder, "other", NULL);
	ck_assert(g_file_set_contents(other, "mine", -1, NULL));
	ck_assert_int_eq(g_mkdir(first, 0700), 0);
	ck_assert_int_eq(mkfifo(second, 0600), 0);
	ck_assert_int_eq(symlink(other, third), 0);
	put("new");
	assert_holds(target, "new");
	assert_holds(other, "mine");
	ck_assert_uint_eq(entries(false), 5);
}
END_TEST

START_TEST(links_stay_links)
{
	g_autofree char *link = g_build_filename(folder, "link", NULL);
	struct stat status;
	put("old");
	ck_assert_int_eq(symlink("out.json", link), 0);
	ck_assert(hw_write_file(link, "new", 3, NULL));
	assert_holds(target, "new");
	ck_assert_int_eq(g_remove(target), 0);
	ck_assert(hw_write_file(link, "led", 3, NULL));
	assert_holds(target, "led");
	ck_assert_int_eq(lstat(link, &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert_uint_eq(entries(false), 2);
}
END_TEST

START_TEST(a_failure_leaves_the_old_file)
{
	struct hw_output output;
	put("old");
	ck_assert_int_eq(hw_output_open(&output, target), 0);
	ck_assert_int_eq(write(output.descriptor, "half", 4), 4);
	ck_assert_int_eq(hw_output_close(&output, ENOSPC), ENOSPC);
	assert_holds(target, "old");
	ck_assert_uint_eq(entries(false), 1);
	g_autofree char *missing = g_build_filename(folder, "no", "a", NULL);
	ck_assert_int_eq(hw_output_open(&output, missing), ENOENT);
	ck_assert_int_eq(hw_output_close(&output, ENOENT), ENOENT);
}
END_TEST

/* What a process does that has to end at once: with all that it has open, and nothing else. */
START_TEST(what_is_being_written_may_be_abandoned)
{
	g_autofree char *other = g_build_filename(folder, "other.json", NULL),
			*alike = g_build_filename(folder, "x.mcmsim~", NULL);
	struct hw_output output, second;
	struct writer writer = start_writer("live");
	put("old");
	FILE *kept = fopen(alike, "w");
	ck_assert_ptr_nonnull(kept);
	ck_assert_int_eq(hw_output_open(&output, target), 0);
	ck_assert_int_eq(hw_output_open(&second, other), 0);
	ck_assert_uint_eq(entries(false), 5);
	hw_output_abandon();
	ck_assert_uint_eq(entries(false), 3);
	ck_assert_int_eq(hw_output_close(&output, 0), ENOENT);
	ck_assert_int_eq(hw_output_close(&second, 0), ENOENT);
	assert_holds(target, "old");
	finish_writer(writer);
	assert_holds(target, "live");
	(void)fclose(kept);
}
END_TEST

START_TEST(new_files_have_the_usual_permissions)
{
	struct stat status;
	mode_t before = umask(027);
	put("new");
	umask(before);
	ck_assert_int_eq(stat(target, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("output");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_appears_before_it_is_whole);
	tcase_add_test(tcase, what_a_killed_run_left_is_removed_by_the_next);
	tcase_add_test(tcase, what_others_are_writing_is_left_alone);
	tcase_add_loop_test(tcase, any_order, 0, 5);
	tcase_add_test(tcase, side_by_side);
	tcase_add_test(tcase, other_files_are_not_touched);
	tcase_add_test(tcase, what_stands_in_the_way_is_gone_around);
	tcase_add_test(tcase, links_stay_links);
	tcase_add_test(tcase, a_failure_leaves_the_old_file);
	tcase_add_test(tcase, what_is_being_written_may_be_abandoned);
	tcase_add_test(tcase, new_files_have_the_usual_permissions);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}

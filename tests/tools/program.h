/*
 * Runs the program itself: $MCMSIM, else build/mcmsim. Words of a command line
 * are separated by blanks; "@" in it stands for the test's own folder.
 */
#ifndef TESTS_TOOLS_PROGRAM_H
#define TESTS_TOOLS_PROGRAM_H

#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/suite.h"

struct finished {
	int status;
	char *out, *error;
};

/* `text` with every "@" replaced by the folder. Caller frees. */
static inline char *in_folder(const char *text, const char *folder)
{
	g_auto(GStrv) parts = g_strsplit(text, "@", -1);
	return g_strjoinv(folder, parts);
}

static inline struct finished run_program(const char *folder, const char *words)
{
	struct finished f = { -1, NULL, NULL };
	const char *program = g_getenv("MCMSIM");
	g_autofree char *arguments = in_folder(words, folder);
	g_autofree char *line = g_strconcat(program ? program : "build/mcmsim",
	                                    *arguments ? " " : "", arguments, NULL);
	g_auto(GStrv) argv = g_strsplit(g_strchomp(line), " ", -1);
	GError *error = NULL;
	int wait_status = 0;

	g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &f.out, &f.error, &wait_status,
	             &error);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	ck_assert_msg(WIFEXITED(wait_status), "%s: ended by signal %d\n%s", words,
	              WTERMSIG(wait_status), f.error);
	f.status = WEXITSTATUS(wait_status);
	return f;
}

static inline void finished_free(struct finished *f)
{
	g_free(f->out);
	g_free(f->error);
}

/* It must work and say nothing on stderr. Returns what it printed; caller frees. */
static inline char *output_of(const char *folder, const char *words)
{
	struct finished f = run_program(folder, words);
	ck_assert_msg(f.status == 0, "%s: status %d: %s", words, f.status, f.error);
	ck_assert_str_eq(f.error, "");
	g_free(f.error);
	return f.out;
}

/* It must fail with this status, print nothing, and say exactly this line. */
static inline void assert_fails(const char *folder, const char *words, int status,
                                const char *message)
{
	struct finished f = run_program(folder, words);
	g_autofree char *text = in_folder(message, folder);
	g_autofree char *expected = g_strdup_printf("mcmsim: %s\n", text);
	ck_assert_str_eq(f.error, expected);
	ck_assert_str_eq(f.out, "");
	ck_assert_msg(f.status == status, "%s: status %d, not %d", words, f.status, status);
	finished_free(&f);
}

/* If not, what is shown of the text is where it goes on like `part` for longest. */
static inline void assert_has(const char *text, const char *part)
{
	const char *at = NULL;
	for (size_t length = strlen(part); !at; length--) {
		g_autofree char *start = g_strndup(part, length);
		at = strstr(text, start);
	}
	ck_assert_msg(g_str_has_prefix(at, part), "\"%s\" is not in the text; near it:\n%.200s",
	              part, at - MIN(100, at - text));
}

/* A JSON output as any command that does the same would make it. Caller frees. */
static inline char *without_command(const char *text)
{
	g_autoptr(GRegex) line = g_regex_new("\n *\"command\": [^\n]*", 0, 0, NULL);
	ck_assert(g_regex_match(line, text, 0, NULL));
	return g_regex_replace_literal(line, text, -1, 0, "", 0, NULL);
}

/* A file's content; caller frees. */
static inline char *content_of(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *text = NULL;
	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read", path);
	return text;
}

static inline void remove_all(const char *path)
{
	GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		remove_all(child);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

/* Names in a folder, sorted: "a b c". Caller frees. */
static inline gint compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline char *names_in(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(path, 0, NULL);
	ck_assert_msg(dir != NULL, "%s is no folder", path);
	for (const char *entry; (entry = g_dir_read_name(dir)) != NULL;)
		g_ptr_array_add(names, g_strdup(entry));
	g_dir_close(dir);
	g_ptr_array_sort(names, compare_texts);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

#endif

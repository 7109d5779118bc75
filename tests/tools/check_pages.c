/*
 * Question: does what the pages tell to type work? Every block that is fenced as sh in a Markdown
 * file is run as it stands, by one shell per page, in a folder that looks like the top of the tree;
 * what takes long or has placeholders is fenced as text. `make` is not run there: its targets have
 * to exist.
 */
#include <check.h>
#include <glob.h>

#include "tests/support/sanitized.h"
#include "tests/support/suite.h"
#include "tests/tools/folder.h"

#define TREE MCMSIM_DATA_DIR

/* Copies, so that no command reaches the tree itself. %s: the tree, the program. */
static const char PRELUDE[] =
	"set -e\n"
	"for file in %s/*; do case $file in */build) ;; *) cp -R \"$file\" .;; esac; done\n"
	"mkdir build\n"
	"ln -s %s build/mcmsim\n"
	"mcmsim() { build/mcmsim \"$@\"; }\n"
	"make() { for word; do case $word in *=*) ;; *) grep \"^$word:\" Makefile || {\n"
	"\techo \"make has no target '$word'\" >&2; return 1; };; esac; done; }\n";

static glob_t pages;

static void find_pages(void)
{
	static const char *const patterns[] = { "*.md", "*/*.md", "*/*/*.md", "*/*/*/*.md" };
	for (unsigned i = 0; i < G_N_ELEMENTS(patterns); i++) {
		g_autofree char *pattern = g_build_filename(TREE, patterns[i], NULL);
		glob(pattern, i ? GLOB_APPEND : 0, NULL, &pages);
	}
}

/* What a reader would type; it is for a shell, so its fence must say so. */
static bool is_command(const char *line)
{
	static const char *const begins[] = { "mcmsim ", "build/mcmsim ", "make ", "tools/dev/" };
	for (unsigned i = 0; i < G_N_ELEMENTS(begins); i++)
		if (g_str_has_prefix(line, begins[i]))
			return true;
	return false;
}

/* All blocks for a shell, each announced by its place on stderr; NULL without one. Caller frees. */
static char *script_of(const char *page)
{
	g_autofree char *text = content_of("", page);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) script = g_string_new(NULL);
	const char *fence = NULL; /* what stands behind the block's first fence */
	for (unsigned i = 0; lines[i]; i++) {
		const char *line = g_strchomp(lines[i]), *start = line + strspn(line, " ");
		if (g_str_has_prefix(start, "```")) {
			fence = fence ? NULL : start + 3;
			if (fence && g_str_equal(fence, "sh"))
				g_string_append_printf(script, "echo '%s:%u:' >&2\n", page, i + 1);
		} else if (fence && g_str_equal(fence, "sh")) {
			g_string_append_printf(script, "%s\n", line);
		} else if (fence ? !*fence : start >= line + 4) {
			ck_assert_msg(!is_command(start),
			              "%s:%u: fence commands as sh, or as text if they are not to "
			              "be tried: %s",
			              page, i + 1, start);
		}
	}
	ck_assert_msg(fence == NULL, "%s: a block without an end", page);
	return script->len ? g_strdup(script->str) : NULL;
}

START_TEST(commands_of_a_page_work)
{
	const char *page = pages.gl_pathv[_i];
	if (g_str_has_prefix(page, TREE "/build/"))
		return;
	g_autofree char *script = script_of(page);
	if (SANITIZED || !script)
		return;
	const char *program = g_getenv("MCMSIM");
	g_autofree char *absolute = g_canonicalize_filename(program ? program : "build/mcmsim",
	                                                    NULL);
	g_autofree char *tree = g_shell_quote(TREE), *quoted = g_shell_quote(absolute);
	g_autofree char *prelude = g_strdup_printf(PRELUDE, tree, quoted);
	g_autofree char *whole = g_strconcat(prelude, script, NULL);
	char *const argv[] = { "/bin/sh", "-c", whole, NULL };
	g_autofree char *said = NULL;
	int status = -1;
	ck_assert(g_spawn_sync(folder, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
	                       NULL, &said, &status, NULL));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s",
	              g_strstrip(g_strdelimit(said, "\n", ' ')));
}
END_TEST

/* Nothing was tried if nothing is found. */
START_TEST(the_front_page_has_commands)
{
	g_autofree char *script = script_of(TREE "/README.md");
	ck_assert_ptr_nonnull(script);
	assert_has(script, "\nmake test");
	assert_has(script, "\nbuild/mcmsim search ");
}
END_TEST

START_TEST(every_suite_has_a_line)
{
	g_autofree char *text = content_of(TREE, "tests/README.md");
	glob_t suites;
	ck_assert_int_eq(glob(TREE "/tests/*/check_*.c", 0, NULL, &suites), 0);
	for (size_t i = 0; i < suites.gl_pathc; i++) {
		const char *name = suites.gl_pathv[i] + strlen(TREE "/tests/");
		g_autofree char *line = g_strdup_printf("| `%.*s` | ", (int)strlen(name) - 2, name);
		assert_has(text, line);
	}
	globfree(&suites);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages");
	TCase *tests = tcase_create("pages");
	find_pages();
	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, commands_of_a_page_work, 0, (int)pages.gl_pathc);
	tcase_add_test(tests, the_front_page_has_commands);
	tcase_add_test(tests, every_suite_has_a_line);
	suite_add_tcase(suite, tests);
	int status = suite_run(suite);
	globfree(&pages);
	return status;
}

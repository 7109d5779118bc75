/*
 * What is printed fits the terminal: no line is longer, and no word is cut. The program is told
 * the width by COLUMNS, and once by a terminal.
 */
#include <pty.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/tools/folder.h"

#define P "--package mcm-16 --workload alexnet --batch 4 "
#define M "--package mcm-16 --workload resnet18 "

static const unsigned widths[] = { 60, 80, 100, 140 };

/* How a word of a text that was cut nowhere is recognised: the blanks around it do not count. */
static GHashTable *words_of(const char *text)
{
	GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_auto(GStrv) parts = g_strsplit_set(text, " \n", -1);
	for (unsigned i = 0; parts[i]; i++)
		g_hash_table_add(words, g_strdup(parts[i]));
	return words;
}

static void assert_fits(const char *command, const char *text, unsigned width)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; lines[i]; i++)
		ck_assert_msg(g_utf8_strlen(lines[i], -1) <= width, "%s: more than %u: %s", command,
		              width, lines[i]);
}

/* Lines of dashes and bars grow with the width, a backslash stands where a command goes on. */
static void assert_no_word_is_cut(const char *command, const char *text, const char *uncut)
{
	g_autoptr(GHashTable) words = words_of(uncut);
	g_auto(GStrv) parts = g_strsplit_set(text, " \n", -1);
	for (unsigned i = 0; parts[i]; i++)
		ck_assert_msg(!parts[i][strspn(parts[i], "-#")] || strcmp(parts[i], "\\") == 0 ||
		                      g_hash_table_contains(words, parts[i]),
		              "%s: cut: %s", command, parts[i]);
}

static char *printed_in(unsigned columns, const char *command)
{
	g_autofree char *text = g_strdup_printf("%u", columns);
	g_setenv("COLUMNS", text, TRUE);
	return output_of(folder, command);
}

/* Wall clock times change from one run to the next. */
static char *without_times(const char *text)
{
	g_autoptr(GRegex) times = g_regex_new("[0-9]+\\.[0-9]+ s\\b", 0, 0, NULL);
	return g_regex_replace(times, text, -1, 0, "0 s", 0, NULL);
}

static const char *const commands[] = {
	"run " P "--strategy sequential,scope --set nop.link_GBps=50",
	"run " P "-o @/run",
	"simulate " M "--mapping @/m.json --set nop.hop_ns=7",
	"search " M "--strategy scope --batch 4 --explain",
	"explain " M "--mapping @/m.json",
	"simulate " M "--mapping @/m.json --layers --explain",
	"search " P "--refine 2",
	"search " P "--strategy scope,segmented --pareto",
	"show package mcm-16",
	"show package mcm-64",
	"show workload resnet18",
	"show mapping @/m.json " M,
	"validate " P "--samples 4 --strategy sequential,scope",
	"validate " P "--sample 3 -o @/one",
	"validate " P "--choice --refine 2 --strategy sequential,scope",
	"rank " P "--draws 40",
	"nop --package mcm-16 @/list.csv --messages",
	"nop --package nop-base --truth tests/data/nop/runs.csv",
	"calibrate --package mcm-16 --workload alexnet,darknet19 --batch 4 --samples 6 "
	"--fit load_overlap --hold-out-workload none --hold-out-package none -o @/c.json",
};

START_TEST(lines_fit_and_words_are_whole)
{
	g_autofree char *made = output_of(folder, "search " M "--batch 4 --quiet -o @/m.json");
	g_autofree char *list = g_build_filename(folder, "list.csv", NULL);
	ck_assert(g_file_set_contents(list, "src,dst,bytes,tag\n0,1,100,first\n1,5,7000,second\n",
	                              -1, NULL));
	g_autofree char *wide = printed_in(10000, commands[_i]), *uncut = without_times(wide);
	for (unsigned i = 0; i < G_N_ELEMENTS(widths); i++) {
		g_autofree char *now = printed_in(widths[i], commands[_i]);
		g_autofree char *text = without_times(now);
		assert_fits(commands[_i], text, widths[i]);
		assert_no_word_is_cut(commands[_i], text, uncut);
	}
}
END_TEST

START_TEST(a_pipe_has_80_columns)
{
	g_autofree char *as_80 = printed_in(80, "show workload resnet50");
	g_autofree char *as_100 = printed_in(100, "show workload resnet50");
	g_unsetenv("COLUMNS");
	g_autofree char *unset = output_of(folder, "show workload resnet50");
	g_setenv("COLUMNS", "wide", TRUE);
	g_autofree char *no_number = output_of(folder, "show workload resnet50");
	ck_assert_str_eq(unset, as_80);
	ck_assert_str_eq(no_number, as_80);
	ck_assert_str_ne(as_100, as_80);
}
END_TEST

/* The program's output on a terminal of so many columns. Caller frees. */
static char *on_a_terminal(unsigned short columns)
{
	struct winsize size = { .ws_row = 50, .ws_col = columns };
	const char *program = g_getenv("MCMSIM");
	GString *text = g_string_new(NULL);
	char part[4096];
	int terminal, status = 0;
	pid_t child = forkpty(&terminal, NULL, NULL, &size);
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		program = program ? program : "build/mcmsim";
		execl(program, program, "show", "workload", "resnet50", (char *)NULL);
		_exit(127);
	}
	for (ssize_t got; (got = read(terminal, part, sizeof part)) > 0;)
		g_string_append_len(text, part, got);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(terminal);
	g_string_replace(text, "\r\n", "\n", 0);
	return g_string_free(text, FALSE);
}

START_TEST(a_terminal_says_how_wide_it_is)
{
	g_autofree char *as_140 = printed_in(140, "show workload resnet50");
	g_autofree char *as_100 = printed_in(100, "show workload resnet50");
	g_unsetenv("COLUMNS");
	g_autofree char *wide = on_a_terminal(140), *usual = on_a_terminal(100);
	ck_assert_str_eq(wide, as_140);
	ck_assert_str_eq(usual, as_100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *tests = tcase_create("terminal");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, lines_fit_and_words_are_whole, 0, G_N_ELEMENTS(commands));
	tcase_add_test(tests, a_pipe_has_80_columns);
	tcase_add_test(tests, a_terminal_says_how_wide_it_is);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

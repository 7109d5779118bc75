/* Invariant: a value goes with its option, whatever it looks like. */
#include "tools/input/command_line.h"

#include <glib.h>
#include <string.h>

static void append_word(GString *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._/=,+:@-";
	g_autofree char *quoted = g_shell_quote(word);
	g_string_append_printf(line, " %s",
	                       *word && strspn(word, plain) == strlen(word) ? word : quoted);
}

/* How many words from this one on change no figure: 0, 1, or 2 with a value behind. */
static int words_left_out(const char *word)
{
	if (strcmp(word, "--quiet") == 0 || g_str_has_prefix(word, "--jobs=") ||
	    g_str_has_prefix(word, "--out=") || (g_str_has_prefix(word, "-o") && word[2]))
		return 1;
	return strcmp(word, "--jobs") == 0 || strcmp(word, "--out") == 0 || strcmp(word, "-o") == 0
	               ? 2
	               : 0;
}

char *command_line(const char *name, int argc, char **argv)
{
	GString *line = g_string_new("mcmsim");
	append_word(line, name);
	for (int i = 0; i < argc; i++) {
		const int out = words_left_out(argv[i]);
		if (!out)
			append_word(line, argv[i]);
		else
			i += out - 1;
		/* The value of --set=... stands in its word, that of "--set ..." is the next. */
		if (!out && strcmp(argv[i], "--set") == 0 && i + 1 < argc)
			append_word(line, argv[++i]);
	}
	return g_string_free(line, FALSE);
}

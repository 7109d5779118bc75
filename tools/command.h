/*
 * What a subcommand is to main.c: its words for --help, the options that it
 * takes, and a function. Subcommands append what they print to `out`, return an
 * exit status and, where it is not 0, set `error`; main.c prints both, the error as one line.
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <glib.h>
#include <stdbool.h>

#define TOOL_VERSION "1.0.0"

#define TOOL_ERROR (g_quark_from_static_string("tool-error"))

/* Exit statuses; also the codes of TOOL_ERROR. */
enum tool_status {
	TOOL_OK,
	TOOL_FAILED, /* the run failed */
	TOOL_USAGE   /* bad usage or input */
};

struct options;

struct command {
	const char *name;
	const char *summary;        /* one line */
	const char *usage;          /* what follows the name in "Usage:" */
	const char *about;          /* paragraphs for --help, ended with a newline */
	const char *examples;       /* lines, each ended with a newline */
	unsigned options, required; /* sets of enum option_bit */
	unsigned argument_count;    /* it takes exactly so many, named in `usage` */
	unsigned optional_count;    /* and up to so many more */
	enum tool_status (*run)(const struct options *options, GString *out, GError **error);
};

extern const struct command run_command, search_command, simulate_command, show_command,
	validate_command, nop_command, calibrate_command, rank_command, trace_command,
	explain_command;

#endif

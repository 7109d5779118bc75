/*
 * mcmsim: the command line. Invariant: what commands have to say is printed here and nowhere else,
 * an error as one line on stderr.
 */
#include <stdio.h>
#include <string.h>

#include "tools/input/options.h"
#include "tools/text/closest.h"
#include "tools/text/printable.h"
#include "tools/text/terminal.h"

static const struct command *const commands[] = {
	&run_command,       &search_command, &simulate_command, &validate_command, &rank_command,
	&calibrate_command, &show_command,   &nop_command,      &trace_command,    &explain_command
};

static const char about[] =
	"mcmsim simulates neural networks on multi-chip modules: a package of chiplets joined\n"
	"by a network-on-package (NoP), with DRAM channels at its routers. It searches for a\n"
	"mapping of the network's layers to chiplets with an analytical cost model, executes\n"
	"the mapping on a SimGrid model of the package, and shows what really happens, when,\n"
	"and why: a timeline, the bubbles in it with their causes, and the error of the\n"
	"analytical model.\n";

static const char examples[] =
	"  mcmsim run --package simba-6x6 --workload alexnet --strategy sequential,scope\n"
	"  mcmsim run --package mcm-64 --workload resnet50 --batch 16 -o results\n"
	"  mcmsim show package simba-6x6\n";

static void print_help(void)
{
	g_autofree char *packages = preset_lines("  packages: ", PACKAGE_PRESETS);
	g_autofree char *workloads = preset_lines("  workloads:", WORKLOAD_PRESETS);
	printf("Usage: mcmsim COMMAND [OPTION...]\n\n%s\nCommands:\n", about);
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		printf("  %-11s%s\n", commands[i]->name, commands[i]->summary);
	printf("\nmcmsim COMMAND --help explains a command and its options.\n");
	printf("\nExamples:\n%s", examples);
	printf("\nPresets, which need no file:\n%s%s", packages, workloads);
	printf("\nExit status: 0 it worked, 1 the run failed, 2 bad usage or input.\n");
}

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* Whatever a message holds, it is one line. */
static void print_error(const char *message)
{
	g_autofree char *text = g_strchomp(g_strdup(message));
	g_autofree char *line = printable(text);
	fflush(stdout);
	fprintf(stderr, "mcmsim: %s\n", line);
}

static enum tool_status usage_error(const char *word)
{
	const char *names[G_N_ELEMENTS(commands) + 3] = { NULL };
	GString *message = g_string_new(NULL);
	if (word)
		g_string_printf(message, "no command \"%s\"; commands: ", word);
	else
		g_string_assign(message, "no command given; commands: ");
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
		names[i] = commands[i]->name;
		g_string_append_printf(message, "%s%s", i ? ", " : "", names[i]);
	}
	g_string_append(message, " (see mcmsim --help)");
	names[G_N_ELEMENTS(commands)] = "--help";
	names[G_N_ELEMENTS(commands) + 1] = "--version";
	g_autofree char *meant = did_you_mean(word ? word : "", names);
	g_string_append(message, meant);
	print_error(message->str);
	g_string_free(message, TRUE);
	return TOOL_USAGE;
}

static enum tool_status run_command_line(const struct command *command, int argc, char **argv)
{
	struct options options;
	GError *error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	enum tool_status status = TOOL_USAGE;
	if (options_parse(command, argc, argv, &options, &error)) {
		if (options.help) {
			g_autofree char *text = options_help(command);
			g_string_append(out, text);
			status = TOOL_OK;
		} else {
			options.width = terminal_columns();
			status = command->run(&options, out, &error);
		}
		options_release(&options);
	}
	fwrite(out->str, 1, out->len, stdout);
	if (error)
		print_error(error->message);
	g_clear_error(&error);
	return status;
}

/* A full disk or a closed pipe must not look like success. */
static int finish(enum tool_status status)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == TOOL_OK) {
		print_error("cannot write to the standard output");
		status = TOOL_FAILED;
	}
	return (int)status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return finish(usage_error(NULL));
	bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	            strcmp(argv[1], "help") == 0;
	bool version = strcmp(argv[1], "--version") == 0;
	if ((help || version) && argc > 2) {
		g_autofree char *message = g_strdup_printf("%s stands alone, got \"%s\"", argv[1],
		                                           argv[2]);
		print_error(message);
		return finish(TOOL_USAGE);
	}
	if (help)
		print_help();
	if (version)
		printf("mcmsim %s\n", TOOL_VERSION);
	if (help || version)
		return finish(TOOL_OK);
	const struct command *command = find_command(argv[1]);
	if (!command)
		return finish(usage_error(argv[1]));
	return finish(run_command_line(command, argc - 2, argv + 2));
}

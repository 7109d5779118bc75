/*
 * Invariant: GOption only takes the command line apart; every value is checked
 * by options_check, so that all messages have one form.
 */
#include "tools/input/options.h"

#include <stddef.h>
#include <string.h>

#include "hw/base/json.h"
#include "tools/input/command_line.h"
#include "tools/input/options_text.h"
#include "tools/text/closest.h"

struct option_info {
	unsigned bit;
	const char *name;
	char letter;       /* or 0 */
	const char *value; /* how --help calls the value; NULL: a flag */
	const char *help;  /* lines after the first are continuation lines */
	enum { OPTION_TEXT, OPTION_NAME, OPTION_FLAG, OPTION_REPEATED } kind; /* a name: not "" */
	size_t offset;
};

#define TEXT(member) OPTION_TEXT, offsetof(struct options_text, member)
#define NAME(member) OPTION_NAME, offsetof(struct options, member)
#define FLAG(member) OPTION_FLAG, offsetof(struct options, member)
#define REPEATED(member) OPTION_REPEATED, offsetof(struct options_text, member)

static const struct option_info table[] = {
	{ OPTION_PACKAGE, "package", 'p', "P", "the package: a preset's name or a file",
	  NAME(package) },
	{ OPTION_WORKLOAD, "workload", 'w', "W", "the network: a preset's name or a file",
	  NAME(workload) },
	{ OPTION_PACKAGES, "package", 'p', "P[,P...]",
	  "the packages: presets' names or files [" OPTION_DEFAULT_PACKAGES "]", NAME(package) },
	{ OPTION_WORKLOADS, "workload", 'w', "W[,W...]",
	  "the networks: presets' names or files [" OPTION_DEFAULT_WORKLOADS ";\n"
	  "calibrate: " OPTION_DEFAULT_TRAINING "]",
	  NAME(workload) },
	{ OPTION_MAPPING, "mapping", 'm', "M", "the mapping: a file", NAME(mapping) },
	{ OPTION_STRATEGY, "strategy", 0, "S[,S...]",
	  "sequential, pipeline, segmented, scope or best (not rank);\n"
	  "search: also exhaustive\n[scope; validate, --pareto: all but best]",
	  TEXT(strategy) },
	{ OPTION_SPACE, "space", 0, "S",
	  "with --strategy exhaustive: try all mappings that the\nstrategy S chooses from: "
	  "pipeline, segmented, scope or best",
	  TEXT(space) },
	{ OPTION_OBJECTIVE, "objective", 0, "O",
	  "what the search makes small: latency, energy or edp [latency]", TEXT(objective) },
	{ OPTION_FRONT, "pareto", 0, NULL,
	  "mappings between the least latency and the least energy:\nseveral strategies and "
	  "objectives; -o names a folder",
	  FLAG(pareto) },
	{ OPTION_EXPLAIN, "explain", 0, NULL,
	  "say of every segment and cluster what bounds it and what the\nnext-best choice would "
	  "cost",
	  FLAG(explain) },
	{ OPTION_LAYERS, "layers", 0, NULL,
	  "tables of every node: time, what its chiplets do with it,\nbytes, energy",
	  FLAG(layers) },
	{ OPTION_BATCH, "batch", 0, "B",
	  "samples that go through the network\n[64; simulate: the mapping's own]", TEXT(batch) },
	{ OPTION_BATCHES, "batch", 0, "B[,B...]",
	  "samples that go through the network; every mapping is\nsimulated for each "
	  "[" OPTION_DEFAULT_BATCHES "]",
	  TEXT(batch) },
	{ OPTION_TILES, "tiles", 0, "T",
	  "pieces that a chiplet's share is computed and sent in; as\nmany more as buffers demand, "
	  "up to single elements [4]",
	  TEXT(tiles) },
	{ OPTION_SAMPLES, "samples", 0, "N",
	  "mappings drawn per network and package, besides the\nsearched ones [40]",
	  TEXT(samples) },
	{ OPTION_SAMPLES, "sample", 0, "I",
	  "make sample I only, of one network on one package; with -o\nits mapping is written",
	  TEXT(sample) },
	{ OPTION_SAMPLES, "keep-mappings", 0, NULL, "write every sample's mapping, too (needs -o)",
	  FLAG(keep_mappings) },
	{ OPTION_DRAWN, "samples", 0, "N",
	  "mappings drawn per network, package and batch, besides the\nsearched ones [20]",
	  TEXT(samples) },
	{ OPTION_DRAWN, "hold-out-workload", 0, "W[,W...]",
	  "networks to judge with, not to fit to; none: \"none\"\n"
	  "[" OPTION_DEFAULT_HELD_WORKLOADS ", as far as they are not in --workload]",
	  NAME(hold_out_workload) },
	{ OPTION_DRAWN, "hold-out-package", 0, "P[,P...]",
	  "packages to judge on, not to fit to; none: \"none\"\n"
	  "[" OPTION_DEFAULT_HELD_PACKAGES ", as far as they are not in --package]",
	  NAME(hold_out_package) },
	{ OPTION_DRAWN, "measured", 0, "FILE.csv",
	  "fit to measured latencies: columns mapping (a file, relative\nto this one), workload, "
	  "package, latency_ns and, if you like,\nweight",
	  NAME(measured) },
	{ OPTION_DRAWN, "fit", 0, "NAME[,NAME...]",
	  "the parameters to fit; the others keep their values\n[simulated: all of a pipeline; "
	  "measured: efficiencies, overhead]",
	  NAME(fit) },
	{ OPTION_DRAWN, "fit-mesh", 0, "CxR[,CxR...]",
	  "calibrate nop: meshes whose runs are fitted to; the others\nare judged with [4x4,6x6]",
	  NAME(fit_mesh) },
	{ OPTION_CALIBRATION, "calibration", 0, "FILE",
	  "parameters of the analytical model, from mcmsim calibrate;\nrefused if not made for "
	  "the package",
	  NAME(calibration) },
	{ OPTION_SAMPLES, "choice", 0, NULL,
	  "no samples: mappings searched with --calibration or --refine\nagainst those searched "
	  "without, simulated",
	  FLAG(choice) },
	{ OPTION_REFINE, "refine", 0, "K",
	  "simulate the K best mappings that the search has seen and\nkeep the one that the "
	  "simulation prefers",
	  TEXT(refine) },
	{ OPTION_DRAWS, "draws", 0, "N", "valid mappings drawn [100000]", TEXT(draws) },
	{ OPTION_DRAWS, "segments", 0, "S",
	  "any, or searched: draw only mappings cut into segments as\nthe searched one is [any]",
	  TEXT(segments) },
	{ OPTION_OUT, "out", 'o', "PATH", "where results go (search: a file, others: a folder)",
	  NAME(out) },
	{ OPTION_EXACT, "exact", 0, NULL,
	  "simulate every micro-batch instead of extrapolating\nthe steady state", FLAG(exact) },
	{ OPTION_TRACE, "trace-level", 0, "L",
	  "what timelines hold: cluster, chiplet (and DRAM), link,\nnone, or auto: the most that "
	  "stays "
	  "within 1000000 rows [auto]",
	  TEXT(trace_level) },
	{ OPTION_TRACE, "trace-window", 0, "FROM:TO",
	  "only what overlaps this time, in ns or with a suffix:\n0:50us, 1.5ms:",
	  TEXT(trace_window) },
	{ OPTION_CONVERT, "window", 0, "FROM:TO",
	  "only what overlaps this time, in ns or with a suffix:\n0:50us, 1.5ms:", TEXT(window) },
	{ OPTION_CONVERT, "level", 0, "L",
	  "nothing more detailed than segment, cluster, chiplet (and\nDRAM) or link [link]",
	  TEXT(level) },
	{ OPTION_CONVERT, "lanes", 0, NULL,
	  "a track for each of the transfers that share a link or\nchannel, instead of the "
	  "busiest (Chrome traces)",
	  FLAG(lanes) },
	{ OPTION_CONVERT, "time-unit", 0, "U",
	  "ns or cycle: of the chiplets' clock, which must be the same\nfor all (needs the run's "
	  "folder) [ns]",
	  TEXT(time_unit) },
	{ OPTION_CONVERT, "width", 0, "PX", "of a picture, 300 to 10000 [800]", TEXT(width) },
	{ OPTION_CONVERT, "font-size", 0, "PX", "of a picture, 6 to 40 [9]", TEXT(font_size) },
	{ OPTION_CONVERT, "no-legend", 0, NULL, "a picture without a legend", FLAG(no_legend) },
	{ OPTION_CONVERT, "check", 0, NULL,
	  "write nothing: verify a Chrome trace or a timeline.csv", FLAG(check) },
	{ OPTION_MESSAGES, "messages", 0, NULL, "print when each message starts and has arrived",
	  FLAG(messages) },
	{ OPTION_TRUTH, "truth", 0, "RUNS.csv",
	  "compare with measured runs instead: each row's list is\n"
	  "traffic/PATTERN_CxR_BYTES.csv next to the file",
	  NAME(truth) },
	{ OPTION_TRUTH, "router", 0, "R[,R...]",
	  "with --truth: the routers whose runs to compare with [base]", NAME(router) },
	{ OPTION_SET, "set", 0, "KEY=VALUE",
	  "change one value of the package or the workload by its path,\nlike grid.columns=16 "
	  "(may be repeated)",
	  REPEATED(set) },
	{ OPTION_SEED, "seed", 0, "N",
	  "number that random mappings are drawn from [1];\nnothing else is random", TEXT(seed) },
	{ OPTION_JOBS, "jobs", 0, "N",
	  "processors to use, at most [all]; results do not depend on it", TEXT(jobs) },
	{ OPTION_JSON, "json", 0, NULL, "print the result as JSON", FLAG(json) },
	{ OPTION_QUIET, "quiet", 0, NULL, "print the result only: no remarks, no progress",
	  FLAG(quiet) },
};

/* Where an option's value is. */
static void *value_of(const struct options *options, const struct option_info *info)
{
	bool as_given = info->kind == OPTION_NAME || info->kind == OPTION_FLAG;
	return (char *)(as_given ? (void *)options : (void *)options->text) + info->offset;
}

static bool takes(const struct command *command, const struct option_info *info)
{
	return (command->options & info->bit) != 0;
}

char *preset_lines(const char *head, const char *dir)
{
	enum { COLUMNS = 80 };
	g_autofree char *names = hw_preset_names(dir);
	g_auto(GStrv) words = g_strsplit(names, " ", -1);
	GString *out = g_string_new(head);
	size_t line = 0; /* where it begins */
	for (unsigned i = 0; words[i]; i++) {
		if (out->len - line + 1 + strlen(words[i]) > COLUMNS) {
			g_string_append_c(out, '\n');
			line = out->len;
			g_string_append_printf(out, "%*s", (int)strlen(head), "");
		}
		g_string_append_printf(out, " %s", words[i]);
	}
	g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

/* Help */

static void help_option(GString *out, const char *name, char letter, const char *value,
                        const char *help)
{
	enum { INDENT = 31 };
	g_autofree char *shorter = letter ? g_strdup_printf("-%c, ", letter) : g_strdup("    ");
	g_autofree char *head = g_strdup_printf("  %s--%s%s%s", shorter, name, value ? " " : "",
	                                        value ? value : "");
	g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
	bool fits = strlen(head) < INDENT;
	if (!fits)
		g_string_append_printf(out, "%s\n", head);
	for (unsigned i = 0; lines[i]; i++)
		g_string_append_printf(out, "%-*s%s\n", INDENT, fits && i == 0 ? head : "",
		                       lines[i]);
}

char *options_help(const struct command *command)
{
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "Usage: mcmsim %s %s\n\n%s\nOptions:\n", command->name,
	                       command->usage, command->about);
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		if (takes(command, &table[i]))
			help_option(out, table[i].name, table[i].letter, table[i].value,
			            table[i].help);
	help_option(out, "help", 'h', NULL, "print this text");
	g_string_append_printf(out, "\nExamples:\n%s", command->examples);
	if (command->options &
	    (OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_PACKAGES | OPTION_WORKLOADS)) {
		g_autofree char *packages = preset_lines("Packages: ", PACKAGE_PRESETS);
		g_autofree char *workloads = preset_lines("Workloads:", WORKLOAD_PRESETS);
		g_string_append_printf(out, "\n%s%s", packages, workloads);
	}
	return g_string_free(out, FALSE);
}

/* Parsing */

/* All values that each option of the table was given, in the order of the command line. */
struct given {
	char **values[G_N_ELEMENTS(table)];
};

/*
 * A GOptionContext for the options that the command takes. Values are read as file names: GLib
 * passes those on as they are, whatever the locale.
 */
static GOptionContext *new_context(const struct command *command, struct options *options,
                                   struct given *given)
{
	GOptionEntry entries[G_N_ELEMENTS(table) + 3] = { 0 };
	unsigned count = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (!takes(command, &table[i]))
			continue;
		bool flag = table[i].kind == OPTION_FLAG;
		entries[count++] = (GOptionEntry){
			.long_name = table[i].name,
			.short_name = table[i].letter,
			.arg = flag ? G_OPTION_ARG_NONE : G_OPTION_ARG_FILENAME_ARRAY,
			.arg_data = flag ? value_of(options, &table[i])
			                 : (gpointer)&given->values[i],
		};
	}
	entries[count++] = (GOptionEntry){ .long_name = "help",
		                           .short_name = 'h',
		                           .arg = G_OPTION_ARG_NONE,
		                           .arg_data = &options->help };
	entries[count] = (GOptionEntry){ .long_name = G_OPTION_REMAINING,
		                         .arg = G_OPTION_ARG_FILENAME_ARRAY,
		                         .arg_data = &options->text->arguments };
	GOptionContext *context = g_option_context_new(NULL);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

/* GLib would take "--json=no" for "--json". */
static bool check_flags(const struct command *command, char **words, GError **error)
{
	for (; *words && strcmp(*words, "--") != 0; words++)
		for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
			g_autofree char *start = g_strdup_printf("--%s", table[i].name);
			if (!takes(command, &table[i]) || !g_str_has_prefix(*words, start))
				continue;
			const char *rest = *words + strlen(start);
			bool flag = table[i].kind == OPTION_FLAG;
			if (flag && *rest == '=') {
				g_set_error(error, TOOL_ERROR, TOOL_USAGE,
				            "%s: %s takes no value, got \"%s\"", command->name,
				            start, rest + 1);
				return false;
			}
			if (!flag && !*rest && words[1]) {
				words++; /* its value, whatever that looks like */
				break;
			}
		}
	return true;
}

/* Moves the values to where they belong; of two that one option was given, which is meant? */
static bool take_given(const struct command *command, struct given *given, struct options *options,
                       GError **error)
{
	bool good = true;
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_auto(GStrv) values = g_steal_pointer(&given->values[i]);
		void *at = value_of(options, &table[i]);
		if (!values)
			continue;
		if (table[i].kind == OPTION_REPEATED)
			*(char ***)at = g_steal_pointer(&values);
		else
			*(char **)at = g_strdup(values[0]);
		if (!good || table[i].kind == OPTION_REPEATED)
			continue;
		if (values[1])
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "%s: --%s may be given once, got \"%s\" and \"%s\"",
			            command->name, table[i].name, values[0], values[1]);
		else if (table[i].kind == OPTION_NAME && !*values[0])
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "--%s: must be a name or a path, got \"\"", table[i].name);
		good = !values[1] && (table[i].kind != OPTION_NAME || *values[0]);
	}
	return good;
}

/* The option that is most like the one that ends GLib's message, as did_you_mean has it. */
static char *meant_option(const struct command *command, const char *message)
{
	const char *blank = strrchr(message, ' ');
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		if (takes(command, &table[i]))
			g_ptr_array_add(names, g_strconcat("--", table[i].name, NULL));
	g_ptr_array_add(names, g_strdup("--help"));
	g_ptr_array_add(names, NULL);
	return did_you_mean(blank ? blank + 1 : message, (const char *const *)names->pdata);
}

/* GLib's words, and for an unknown option the ones there are. */
static void explain(const struct command *command, GError *from, GError **error)
{
	GString *known = g_string_new(NULL);
	const char *before = NULL;
	if (g_error_matches(from, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
		for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
			if (takes(command, &table[i])) {
				g_string_append_printf(known, "%s --%s",
				                       before ? "," : "; it takes", table[i].name);
				before = table[i].name;
			}
	g_autofree char *meant = known->len ? meant_option(command, from->message) : g_strdup("");
	g_set_error(error, TOOL_ERROR, TOOL_USAGE, "%s: %c%s%s%s", command->name,
	            g_ascii_tolower(from->message[0]), from->message + 1, known->str, meant);
	g_string_free(known, TRUE);
	g_error_free(from);
}

static bool check_required(const struct command *command, const struct options *options,
                           GError **error)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (!(command->required & table[i].bit))
			continue;
		if (*(char *const *)value_of(options, &table[i]))
			continue;
		g_autofree char *presets = NULL;
		if (table[i].bit & (OPTION_PACKAGE | OPTION_WORKLOAD))
			presets = hw_preset_names(table[i].bit == OPTION_PACKAGE
			                                  ? PACKAGE_PRESETS
			                                  : WORKLOAD_PRESETS);
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "%s: --%s is missing (%s)%s%s",
		            command->name, table[i].name, table[i].help,
		            presets ? "; presets: " : "", presets ? presets : "");
		return false;
	}
	return true;
}

static bool check_arguments(const struct command *command, const struct options_text *text,
                            GError **error)
{
	unsigned count = text->arguments ? g_strv_length(text->arguments) : 0;
	unsigned most = command->argument_count + command->optional_count;
	if (count > most)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "%s: extra argument \"%s\"; usage: mcmsim %s %s", command->name,
		            text->arguments[most], command->name, command->usage);
	else if (count < command->argument_count)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "%s: takes %u arguments, got %u; usage: mcmsim %s %s", command->name,
		            command->argument_count, count, command->name, command->usage);
	return count >= command->argument_count && count <= most;
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *options,
                   GError **error)
{
	struct options_text *text = g_new0(struct options_text, 1);
	struct given given = { { NULL } };
	*options = (struct options){ .text = text };
	g_autoptr(GOptionContext) context = new_context(command, options, &given);
	g_auto(GStrv) copy = g_new0(char *, (size_t)argc + 2);
	GError *problem = NULL;

	/* GOption skips the program's name and takes away from the list what it has read. */
	copy[0] = g_strdup(command->name);
	for (int i = 0; i < argc; i++)
		copy[i + 1] = g_strdup(argv[i]);
	text->command = command_line(command->name, argc, argv);
	options->command = text->command;
	text->batch_list = (command->options & OPTION_BATCHES) != 0;
	text->takes_space = (command->options & OPTION_SPACE) != 0;
	if (!check_flags(command, copy, error)) {
		options_release(options);
		return false;
	}
	bool parsed = g_option_context_parse_strv(context, &copy, &problem);
	bool taken = take_given(command, &given, options, parsed ? error : NULL);
	if (!parsed) {
		explain(command, problem, error);
	} else if (options->help) {
		g_clear_error(error);
		return true;
	} else if (taken && check_arguments(command, text, error) &&
	           check_required(command, options, error) && options_check(text, options, error)) {
		return true;
	}
	options_release(options);
	return false;
}

const char *options_first_given(const struct options *options, const char *const *names)
{
	for (unsigned n = 0; names[n]; n++)
		for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
			const void *at = value_of(options, &table[i]);
			bool given = table[i].kind == OPTION_FLAG ? *(const gboolean *)at
			                                          : *(char *const *)at != NULL;
			if (given && strcmp(table[i].name, names[n]) == 0)
				return names[n];
		}
	return NULL;
}

void options_release(struct options *options)
{
	struct options_text *text = options->text;
	if (!text)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].kind <= OPTION_NAME) /* several may fill one member */
			g_clear_pointer((char **)value_of(options, &table[i]), g_free);
	g_strfreev(text->set);
	g_strfreev(text->arguments);
	g_free(text->command);
	g_free(text);
	options->text = NULL;
}

/* mcmsim nop: replay message lists on the package's NoP. */
#include "tools/calibrate/nop.h"
#include "tools/text/progress.h"
#include "tools/report/results.h"

/* ---- one list ---- */

static bool write_replay(const struct options *options, const struct hw_package *package,
                         const struct sim_messages *messages, const struct sim_replay *replay,
                         GError **error)
{
	const struct made_by made_by = { .options = options,
		                         .package = package,
		                         .simulated = true };
	if (!options->out)
		return true;
	return write_text(options->out, "nop.json",
	                  nop_json(package, messages, replay, true, &made_by), error);
}

static enum tool_status replay(const struct options *options, const struct hw_package *package,
                               const struct sim_messages *messages, GString *out, GError **error)
{
	g_autofree char *platform = options->out
	                                    ? g_build_filename(options->out, "platform.xml", NULL)
	                                    : NULL;
	const struct made_by made_by = { .options = options,
		                         .package = package,
		                         .simulated = true };
	struct progress progress;
	const struct sim_replay_options how = { .platform_path = platform,
		                                .progress = progress_simulated,
		                                .progress_data = &progress };
	progress_begin(&progress, options->quiet);
	progress.what = "replaying";
	struct sim_replay *done = sim_replay(package, messages, &how, error);
	progress_end(&progress);
	bool good = done && write_replay(options, package, messages, done, error);
	if (good) {
		g_autofree char *text = options->json ? nop_json(package, messages, done,
		                                                 options->messages, &made_by)
		                                      : nop_text(package, messages, done,
		                                                 options->messages, options->width);
		g_string_append(out, text);
	}
	sim_replay_free(done);
	return good ? TOOL_OK : TOOL_FAILED;
}

static enum tool_status replay_list(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	enum tool_status status = TOOL_USAGE;
	if (!subject_load(&subject, options->package, NULL, options->set, error))
		return status;
	struct sim_messages *messages = sim_messages_read(options->arguments[0], subject.package,
	                                                  error);
	if (messages && (!options->out || prepare_folder(options->out, error)))
		status = replay(options, subject.package, messages, out, error);
	sim_messages_free(messages);
	subject_release(&subject);
	return status;
}

/* ---- measured runs ---- */

static bool write_comparison(const struct options *options, const GPtrArray *runs, const char *json,
                             GError **error)
{
	if (!options->out)
		return true;
	return write_text(options->out, "nop.csv", nop_truth_csv(runs), error) &&
	       write_text(options->out, "nop.json", g_strdup(json), error);
}

static enum tool_status compare_runs(const struct options *options, GString *out, GError **error)
{
	enum tool_status status = TOOL_USAGE;
	g_auto(GStrv) routers = g_strsplit(options->router ? options->router : "base", ",", -1);
	const char *const *names = (const char *const *)routers;
	g_autoptr(GPtrArray) runs = nop_read_runs(options->truth, names, error);
	if (!runs || (options->out && !prepare_folder(options->out, error)) ||
	    !nop_replay_runs(runs, options, error))
		return status;
	const struct made_by made_by = { .options = options, .package = NULL, .simulated = true };
	g_autofree char *json = nop_truth_json(runs, names, &made_by);
	if (!write_comparison(options, runs, json, error))
		return TOOL_FAILED;
	g_autofree char *text = options->json ? NULL : nop_truth_text(runs, names, options->width);
	g_string_append(out, text ? text : json);
	return TOOL_OK;
}

static bool check_usage(const struct options *options, GError **error)
{
	const char *list = options->arguments[0];
	const char *problem = NULL;
	if (!list && !options->truth)
		problem = "needs a message list (TRAFFIC.csv) or --truth RUNS.csv";
	else if (list && options->truth)
		problem = "takes a message list or --truth, not both";
	else if (options->router && !options->truth)
		problem = "--router needs --truth";
	else if (options->messages && options->truth)
		problem = "--messages is for one list, not for --truth";
	if (problem)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "nop: %s; usage: mcmsim nop --package P TRAFFIC.csv", problem);
	return !problem;
}

static enum tool_status nop_main(const struct options *options, GString *out, GError **error)
{
	if (!check_usage(options, error))
		return TOOL_USAGE;
	return options->truth ? compare_runs(options, out, error)
	                      : replay_list(options, out, error);
}

const struct command nop_command = {
	.name = "nop",
	.summary = "replay a message list on the NoP",
	.usage = "--package P [TRAFFIC.csv | --truth RUNS.csv] [OPTION...]",
	.about = "Replays a message list on the package's network (NoP), as the same phases that\n"
		 "mappings are made of, and prints when all of it, each tag, and on request each\n"
		 "message has arrived.\n"
		 "\n"
		 "A list is a CSV file with the columns src,dst,bytes,start,dep,tag: nodes in\n"
		 "row-major order, bytes (0: a synchronisation), the earliest start in ns, the "
		 "rows\n"
		 "(from 0, joined by ';') that must have arrived 1 ns before, and a name that "
		 "groups\n"
		 "messages. The last three may be left out. Messages of one tag with the same "
		 "start\n"
		 "and dependencies are one phase: their bytes move together.\n"
		 "\n"
		 "With --truth, every run of a table of measured completions is replayed on the\n"
		 "package with the run's grid, and the error is printed by pattern, size and mesh; "
		 "a\n"
		 "cycle of the table is 1 ns. Routers other than base may need other keys of the\n"
		 "package, given with --set. -o writes nop.json, and nop.csv or platform.xml.\n",
	.examples = "  mcmsim nop --package nop-base traffic.csv --json\n"
		    "  mcmsim nop --package nop-base --set grid.columns=4 --set grid.rows=4 \\\n"
		    "         traffic.csv --messages\n"
		    "  mcmsim nop --package nop-base --truth runs.csv -o comparison\n"
		    "  mcmsim nop --package nop-base --truth runs.csv --router L20 \\\n"
		    "         --set nop.hop_ns=23\n",
	.options = OPTION_PACKAGE | OPTION_OUT | OPTION_MESSAGES | OPTION_TRUTH | OPTION_SET |
	           OPTION_JOBS | OPTION_JSON | OPTION_QUIET,
	.required = OPTION_PACKAGE,
	.optional_count = 1,
	.run = nop_main,
};

/* mcmsim run: search, simulate and compare strategies. */
#include "tools/report/run_folder.h"
#include "tools/study/strategies.h"
#include "tools/report/made_by.h"
#include "tools/text/json_writer.h"

/* An element of the JSON array for a strategy without a result. */
static char *failure_json(const struct subject *subject, const struct options *options,
                          const struct result *result)
{
	struct json_writer writer;
	json_start(&writer);
	json_begin_object(&writer, NULL, JSON_LINES);
	json_string(&writer, "format", "mcmsim-report/1");
	const struct made_by made_by = made_by_of(subject, options, NULL, false);
	made_by_write(&writer, &made_by);
	json_string(&writer, "workload", subject->workload->name);
	json_string(&writer, "package", subject->package->name);
	json_string(&writer, "strategy", result->name);
	json_integer(&writer, "batch", options->batch);
	json_string(&writer, "error", result->error);
	json_end_object(&writer);
	return json_finish(&writer);
}

static void print_json(const struct subject *subject, const struct options *options,
                       const struct result *results, GString *out)
{
	g_string_append(out, "[\n");
	for (unsigned i = 0; i < options->strategy_count; i++) {
		g_autofree char *text = results[i].error
		                                ? failure_json(subject, options, &results[i])
		                                : g_strdup(results[i].report);
		g_string_append_printf(out, "%s%s\n", g_strchomp(text),
		                       i + 1 < options->strategy_count ? "," : "");
	}
	g_string_append(out, "]\n");
}

static enum tool_status print_run(const struct subject *subject, const struct options *options,
                                  const struct result *results, GString *out, GError **error)
{
	unsigned count = options->strategy_count, good = 0;
	g_autoptr(GString) reasons = g_string_new(NULL);
	for (unsigned i = 0; i < count; i++) {
		good += results[i].error ? 0 : 1;
		if (results[i].error)
			g_string_append_printf(reasons, "%s%s: %s", reasons->len ? "; " : "",
			                       results[i].name, results[i].error);
	}
	if (options->json)
		print_json(subject, options, results, out);
	else if (good)
		results_print(results, count, subject, options, out);
	if (good)
		return TOOL_OK;
	g_set_error(error, TOOL_ERROR, TOOL_FAILED, "%s", reasons->str);
	return TOOL_FAILED;
}

static enum tool_status compare(const struct subject *subject, const struct options *options,
                                GString *out, GError **error)
{
	g_autofree struct result *results = g_new0(struct result, options->strategy_count);
	unsigned count = options->strategy_count;
	bool good = strategies_run(subject, options, results, error) &&
	            (!options->out || count < 2 ||
	             run_folder_compare(results, count, options->out, error));
	enum tool_status status = good ? print_run(subject, options, results, out, error)
	                               : TOOL_FAILED;
	for (unsigned i = 0; i < options->strategy_count; i++)
		result_release(&results[i]);
	return status;
}

static enum tool_status run_main(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	enum tool_status status = TOOL_USAGE;
	if (!subject_load(&subject, options->package, options->workload, options->set, error))
		return status;
	if (sim_check_size(subject.package, error) && subject_calibrate(&subject, options, error) &&
	    (!options->out || prepare_folder(options->out, error)))
		status = compare(&subject, options, out, error);
	subject_release(&subject);
	return status;
}

const struct command run_command = {
	.name = "run",
	.summary = "search mappings, simulate them, compare strategies and models",
	.usage = "--package P --workload W [--strategy S[,S...]] [-o DIR] [OPTION...]",
	.about = "Searches a mapping of the network for each strategy, evaluates it with the\n"
		 "analytical cost model, simulates it, and prints one row per strategy: how far "
		 "the\n"
		 "model is from the simulation, what the network costs, and what the chiplets do\n"
		 "while they do not compute (bubbles). Below the table: what to look at first.\n"
		 "\n"
		 "Strategies differ in what they may do:\n"
		 "  sequential  one node (MAC layer) at a time on all chiplets\n"
		 "  pipeline    all nodes at once, each on chiplets of its own\n"
		 "  segmented   groups of nodes one after another, each group such a pipeline\n"
		 "  scope       groups of nodes, pipelines whose stages may hold several nodes\n"
		 "  best        all that a mapping file can say, starting from scope's mapping\n"
		 "\n"
		 "With -o DIR each strategy gets a folder DIR/STRATEGY (DIR itself if there is "
		 "only\n"
		 "one) with report.html (a page to open in a browser), mapping.json, report.json,\n"
		 "layers.csv, timeline.csv, timeline.svg (a picture), timeline.json (for\n"
		 "https://ui.perfetto.dev or https://www.speedscope.app) and platform.xml (for\n"
		 "SimGrid). DIR/report.html compares several strategies. Timelines of more than\n"
		 "10 MB are compressed: timeline.json.gz opens in Perfetto as it is.\n",
	.examples =
		"  mcmsim run --package simba-6x6 --workload alexnet\n"
		"  mcmsim run --package simba-6x6 --workload resnet50 --batch 16 -o results \\\n"
		"         --strategy sequential,pipeline,segmented,scope\n"
		"  mcmsim run --package mcm-64 --workload resnet18 --set nop.link_GBps=100\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_STRATEGY | OPTION_OBJECTIVE |
	           OPTION_EXPLAIN | OPTION_LAYERS | OPTION_REFINE | OPTION_BATCH | OPTION_TILES |
	           OPTION_OUT | OPTION_EXACT | OPTION_TRACE | OPTION_CALIBRATION | OPTION_SET |
	           OPTION_SEED | OPTION_JOBS | OPTION_JSON | OPTION_QUIET,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD,
	.run = run_main,
};

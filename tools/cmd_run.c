/*
 * mcmsim run: search, simulate and compare strategies. Invariant: one process
 * per strategy does all of its work; what it finds and writes does not depend
 * on the others, so neither does the output on --jobs.
 */
#include <string.h>

#include "tools/text/json_writer.h"
#include "tools/text/progress.h"
#include "tools/report/refine.h"
#include "tools/report/results.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

/* How far a strategy is; in memory that parent and child share. */
struct run_state {
	_Atomic int phase;
	_Atomic double fraction;
};

enum { WAITING, SEARCHING, SIMULATING };

struct run {
	const struct options *options;
	struct subject subject;
	char **folders; /* per strategy; NULL: no files */
	struct run_state *states;
	struct progress progress;
};

static const char *strategy_of(const struct run *run, unsigned index)
{
	return search_strategy_name(run->options->strategies[index]);
}

/* As many strategies at a time as --jobs allows; what is left over goes to their searches. */
static unsigned processes(const struct options *options)
{
	return MIN(options->jobs, options->strategy_count);
}

/* In the worker */

static void set_fraction(void *state, double fraction)
{
	((struct run_state *)state)->fraction = fraction;
}

static void set_simulated(void *state, double fraction, double time_ns)
{
	(void)time_ns;
	set_fraction(state, fraction);
}

static bool work_on(struct run *run, unsigned index, struct result *result, GError **error)
{
	const struct options *options = run->options;
	struct run_state *state = &run->states[index];
	struct search_options search = subject_search_options(&run->subject, options);
	search.strategy = options->strategies[index];
	search.jobs = options->jobs / processes(options);
	search.progress = set_fraction;
	search.progress_data = state;
	gint64 start_us = g_get_monotonic_time();
	state->phase = SEARCHING;
	struct refinement refinement;
	struct map_mapping *mapping = refine_search(&refinement, options->refine, &run->subject,
	                                            &search, options->exact, error);
	refine_release(&refinement);
	if (!mapping)
		return false;
	const char *folder = run->folders ? run->folders[index] : NULL;
	const struct execution execution = {
		.subject = &run->subject,
		.options = options,
		.folder = folder,
		.search_wall_s = (double)(g_get_monotonic_time() - start_us) * 1e-6,
		.progress = set_simulated,
		.progress_data = state
	};
	state->fraction = 0;
	state->phase = SIMULATING;
	bool good = (!folder || prepare_folder(folder, error)) &&
	            execute_mapping(&execution, mapping, result, error);
	map_free(mapping);
	return good;
}

/* Why a strategy has no result; its name stands before it anyway. */
static const char *reason(const char *message, const char *strategy)
{
	g_autofree char *prefix = g_strdup_printf("strategy %s: ", strategy);
	return g_str_has_prefix(message, prefix) ? message + strlen(prefix) : message;
}

/* The answer: the row, then three texts: error, bottleneck, report. */
static void work(void *data, unsigned index, GString *answer)
{
	struct result result = { NULL };
	GError *error = NULL;
	if (!work_on(data, index, &result, &error))
		g_assert(error); /* a function that fails says why */
	wire_put(answer, &result.row, sizeof result.row);
	wire_put_text(answer, error ? reason(error->message, strategy_of(data, index)) : NULL);
	wire_put_text(answer, result.bottleneck);
	wire_put_text(answer, result.report);
	g_clear_error(&error);
	result_release(&result);
}

/* In the parent */

static void show_progress(void *data)
{
	struct run *run = data;
	static const char *const phases[] = { "waiting", "searching", "simulating" };
	g_autoptr(GString) line = g_string_new(NULL);
	for (unsigned i = 0; i < run->options->strategy_count; i++)
		g_string_append_printf(line, "%s%s: %s %.0f %%", i ? ", " : "", strategy_of(run, i),
		                       phases[run->states[i].phase], run->states[i].fraction * 100);
	progress_line(&run->progress, line->str);
}

static void read_answer(const struct run *run, unsigned index, const GString *answer,
                        struct result *result)
{
	struct wire wire = wire_open(answer);
	wire_take(&wire, &result->row, sizeof result->row);
	result->error = wire_take_text(&wire);
	result->bottleneck = wire_take_text(&wire);
	result->report = wire_take_text(&wire);
	if (run->folders && !result->error)
		result->folder = g_strdup(run->folders[index]);
}

/* An element of the JSON array for a strategy without a result. */
static char *failure_json(const struct run *run, const struct result *result)
{
	struct json_writer writer;
	json_start(&writer);
	json_begin_object(&writer, NULL, JSON_LINES);
	json_string(&writer, "format", "mcmsim-report/1");
	json_string(&writer, "workload", run->subject.workload->name);
	json_string(&writer, "package", run->subject.package->name);
	json_string(&writer, "strategy", result->name);
	json_integer(&writer, "batch", run->options->batch);
	json_string(&writer, "error", result->error);
	json_end_object(&writer);
	return json_finish(&writer);
}

static void print_json(const struct run *run, const struct result *results, GString *out)
{
	g_string_append(out, "[\n");
	for (unsigned i = 0; i < run->options->strategy_count; i++) {
		g_autofree char *text = results[i].error ? failure_json(run, &results[i])
		                                         : g_strdup(results[i].report);
		g_string_append_printf(out, "%s%s\n", g_strchomp(text),
		                       i + 1 < run->options->strategy_count ? "," : "");
	}
	g_string_append(out, "]\n");
}

static enum tool_status print_run(const struct run *run, const struct result *results, GString *out,
                                  GError **error)
{
	unsigned count = run->options->strategy_count, good = 0;
	g_autoptr(GString) reasons = g_string_new(NULL);
	for (unsigned i = 0; i < count; i++) {
		good += results[i].error ? 0 : 1;
		if (results[i].error)
			g_string_append_printf(reasons, "%s%s: %s", reasons->len ? "; " : "",
			                       results[i].name, results[i].error);
	}
	if (run->options->json)
		print_json(run, results, out);
	else if (good)
		results_print(results, count, run->options->quiet, out);
	if (good)
		return TOOL_OK;
	g_set_error(error, TOOL_ERROR, TOOL_FAILED, "%s", reasons->str);
	return TOOL_FAILED;
}

static enum tool_status work_and_print(struct run *run, GString *out, GError **error)
{
	unsigned count = run->options->strategy_count;
	g_autofree GString **answers = g_new(GString *, count);
	g_autofree char **errors = g_new(char *, count);
	g_autofree struct result *results = g_new0(struct result, count);
	const struct workers workers = { count, processes(run->options), work,
		                         run->progress.on ? show_progress : NULL, run };
	workers_run(&workers, answers, errors);
	progress_end(&run->progress);
	for (unsigned i = 0; i < count; i++) {
		results[i].name = strategy_of(run, i);
		results[i].error = errors[i];
		if (!answers[i])
			continue;
		read_answer(run, i, answers[i], &results[i]);
		g_string_free(answers[i], TRUE);
	}
	enum tool_status status = print_run(run, results, out, error);
	for (unsigned i = 0; i < count; i++)
		result_release(&results[i]);
	return status;
}

/* DIR itself for one strategy, else DIR/STRATEGY, made when there is something to put there. */
static bool name_folders(struct run *run, GError **error)
{
	const struct options *options = run->options;
	if (!options->out)
		return true;
	run->folders = g_new0(char *, options->strategy_count + 1);
	for (unsigned i = 0; i < options->strategy_count; i++)
		run->folders[i] = options->strategy_count == 1
		                          ? g_strdup(options->out)
		                          : g_build_filename(options->out, strategy_of(run, i),
		                                             NULL);
	return prepare_folder(options->out, error);
}

static enum tool_status run_main(const struct options *options, GString *out, GError **error)
{
	struct run run = { .options = options };
	enum tool_status status = TOOL_USAGE;
	size_t bytes = options->strategy_count * sizeof *run.states;
	if (!subject_load(&run.subject, options->package, options->workload, options->set, error))
		return status;
	if (!sim_check_size(run.subject.package, error) ||
	    !subject_calibrate(&run.subject, options, error)) {
		subject_release(&run.subject);
		return status;
	}
	status = TOOL_FAILED;
	run.states = workers_share(bytes, error);
	if (run.states) {
		progress_begin(&run.progress, options->quiet);
		status = name_folders(&run, error) ? work_and_print(&run, out, error) : TOOL_USAGE;
		workers_unshare(run.states, bytes);
	}
	g_strfreev(run.folders);
	subject_release(&run.subject);
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
		 "one) with mapping.json, report.json, timeline.csv, timeline.svg (a\n"
		 "picture), timeline.json (for https://ui.perfetto.dev) and platform.xml (for\n"
		 "SimGrid).\n",
	.examples =
		"  mcmsim run --package simba-6x6 --workload alexnet\n"
		"  mcmsim run --package simba-6x6 --workload resnet50 --batch 16 -o results \\\n"
		"         --strategy sequential,pipeline,segmented,scope\n"
		"  mcmsim run --package mcm-64 --workload resnet18 --set nop.link_GBps=100\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_STRATEGY | OPTION_OBJECTIVE |
	           OPTION_REFINE | OPTION_BATCH | OPTION_TILES | OPTION_OUT | OPTION_EXACT |
	           OPTION_TRACE | OPTION_CALIBRATION | OPTION_SET | OPTION_SEED | OPTION_JOBS |
	           OPTION_JSON | OPTION_QUIET,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD,
	.run = run_main,
};

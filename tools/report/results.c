/* Invariant: files of a folder belong to one execution; each appears complete or not at all. */
#include "tools/report/results.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/base/json.h"
#include "hw/base/threads.h"
#include "tools/report/bottleneck.h"
#include "tools/report/changes.h"
#include "tools/report/explain.h"
#include "tools/report/layers.h"
#include "tools/report/report.h"
#include "traces/format.h"
#include "traces/html.h"

void result_release(struct result *result)
{
	g_free(result->bottleneck);
	g_free(result->explanation);
	g_free(result->layers);
	g_free(result->report);
	g_free(result->error);
	g_free(result->folder);
}

bool prepare_folder(const char *folder, GError **error)
{
	if (g_mkdir_with_parents(folder, 0777) == 0 && g_access(folder, W_OK | X_OK) == 0 &&
	    g_file_test(folder, G_FILE_TEST_IS_DIR))
		return true;
	int code = errno;
	if (g_file_test(folder, G_FILE_TEST_EXISTS) && !g_file_test(folder, G_FILE_TEST_IS_DIR))
		code = ENOTDIR;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--out: must be a folder that can be written, got \"%s\": %s", folder,
	            g_strerror(code));
	return false;
}

bool check_out_file(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int code = 0;
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		code = EISDIR;
	else if (g_file_test(path, G_FILE_TEST_EXISTS) &&
	         !g_file_test(path, G_FILE_TEST_IS_REGULAR))
		code = g_access(path, W_OK) == 0 ? 0 : errno; /* a device or a pipe */
	else if (g_access(folder, W_OK | X_OK) != 0)
		code = errno;
	if (code)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--out: must be a file that can be written, got \"%s\": %s", path,
		            g_strerror(code));
	return code == 0;
}

bool write_text(const char *folder, const char *name, char *text, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	bool good = hw_write_file(path, text, strlen(text), error);
	g_free(text);
	return good;
}

/* A timeline of an earlier run must not stand beside the results of this one. */
static void remove_timeline(const char *path)
{
	g_autofree char *compressed = g_strconcat(path, ".gz", NULL);
	const char *const paths[] = { path, compressed };
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		if (g_unlink(paths[i]) != 0 && errno != ENOENT)
			g_debug("%s stays: %s", paths[i], g_strerror(errno));
}

/* The files of a timeline are written side by side. */
struct writing {
	const struct tl_timeline *timeline; /* NULL: none */
	const char *folder;
	GError **errors; /* per format */
};

static void write_timeline(void *data, unsigned thread, unsigned index)
{
	const struct writing *writing = data;
	const struct trace_format *format = &trace_formats[index];
	const struct trace_options options = { .gzip_large = true };
	g_autofree char *name = g_strconcat("timeline", format->suffix, NULL);
	g_autofree char *path = g_build_filename(writing->folder, name, NULL);
	(void)thread;
	if (writing->timeline && format->of_runs)
		format->write(writing->timeline, &options, path, &writing->errors[index]);
	else
		remove_timeline(path);
}

static bool write_timelines(const struct tl_timeline *timeline, const char *folder, GError **error)
{
	unsigned count = 0;
	GError *first = NULL;
	while (trace_formats[count].suffix)
		count++;
	g_autofree GError **errors = g_new0(GError *, count);
	struct writing writing = { timeline, folder, errors };
	struct search_crew *crew = search_crew_new(count);
	search_parallel(crew, count, write_timeline, &writing);
	search_crew_free(crew);
	for (unsigned i = 0; i < count; i++) {
		if (errors[i] && !first)
			first = g_steal_pointer(&errors[i]);
		g_clear_error(&errors[i]);
	}
	if (first)
		g_propagate_error(error, first);
	return !first;
}

/* One of an earlier run goes where there is no timeline. */
static bool write_page(const struct report *report, const char *folder, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "report.html", NULL);
	g_autofree char *json = report_json(report, REPORT_WITHOUT_WALL);
	const char *strategy = report->mapping->strategy;
	const struct trace_html_run run = { strategy ? strategy : "mapping",
		                            report->simulated->timeline, json };
	if (run.timeline)
		return trace_write_html(&run, 1, path, error);
	if (g_unlink(path) != 0 && errno != ENOENT)
		g_debug("%s stays: %s", path, g_strerror(errno));
	return true;
}

/* All but platform.xml, which the simulator writes. */
static bool write_files(const struct report *report, const char *folder, GError **error)
{
	return write_text(folder, "mapping.json",
	                  map_to_json(report->mapping, report->workload, report->package), error) &&
	       write_text(folder, "report.json", report_json(report, REPORT_WITHOUT_WALL), error) &&
	       write_text(folder, "layers.csv", layers_csv(report), error) &&
	       write_timelines(report->simulated->timeline, folder, error) &&
	       write_page(report, folder, error);
}

static struct sim_outcome *simulate(const struct execution *execution,
                                    const struct map_mapping *mapping, GError **error)
{
	const struct options *options = execution->options;
	g_autofree char *platform = execution->folder ? g_build_filename(execution->folder,
	                                                                 "platform.xml", NULL)
	                                              : NULL;
	const struct sim_settings settings = {
		.exact = options->exact,
		.exact_below = SIM_EXACT_BELOW,
		.platform_path = platform,
		.trace_level = execution->folder ? options->trace_level : SIM_TRACE_NONE,
		.trace_from_ns = options->trace_from_ns,
		.trace_to_ns = options->trace_to_ns,
		.progress = execution->progress,
		.progress_data = execution->progress_data,
	};
	return sim_simulate(execution->subject->workload, execution->subject->package, mapping,
	                    &settings, error);
}

static struct result_row make_row(const struct report *report)
{
	const struct sim_outcome *sim = report->simulated;
	struct result_row row = {
		.segments = report->mapping->segment_count,
		.clusters = map_cluster_total(report->mapping),
		.batch = report->mapping->batch,
		.analytical_ns = report->analytical->latency_ns,
		.simulated_ns = sim->latency_ns,
		.energy_pJ = cost_total_pJ(&sim->totals, sim->static_pJ),
		.totals = sim->totals,
		.static_pJ = sim->static_pJ,
		.utilization = report_utilization(report->package, sim->totals.macs,
		                                  sim->latency_ns),
		.search_wall_s = report->search_wall_s,
		.simulation_wall_s = sim->wall_s,
		.samples_simulated = sim->samples_simulated,
		.activities = sim->activities,
		.trace_level = sim->trace_level,
	};
	double regions_ns = sim->busy_ns;
	for (int b = 0; b < SIM_BUBBLES; b++)
		regions_ns += sim->bubbles_ns[b];
	for (int b = 0; b < SIM_BUBBLES; b++)
		row.bubbles[b] = regions_ns > 0 ? sim->bubbles_ns[b] / regions_ns : 0;
	return row;
}

/* With an explanation in the report, if there is to be one. */
static void explain(const struct execution *execution, struct report *report,
                    struct explained *explained, struct result *result)
{
	GString *text = g_string_new(NULL);
	struct options own = *execution->options;
	own.strategy_given = false; /* the mapping says of which it is */
	explained_init(explained, execution->subject, &own, report->mapping, report->simulated);
	report->explanation = &explained->explanation;
	report->changes = &explained->changes;
	explain_print(report, execution->options->width, text);
	result->explanation = g_string_free(text, FALSE);
}

static char *layers_text(const struct execution *execution, const struct report *report)
{
	GString *text = g_string_new("\n");
	layers_print(report, execution->options->width, text);
	return g_string_free(text, FALSE);
}

static void fill_result(struct report *report, struct result *result)
{
	struct bottleneck found = bottleneck_find(report->package, report->analytical,
	                                          report->simulated);
	result->bottleneck = bottleneck_sentence(&found, report->workload, report->package,
	                                         report->mapping);
	report->bottleneck = result->bottleneck;
	result->row = make_row(report);
	result->report = report_json(report, REPORT_WITH_WALL);
}

bool execute_mapping(const struct execution *execution, const struct map_mapping *mapping,
                     struct result *result, GError **error)
{
	const struct subject *subject = execution->subject;
	struct cost_report cost;
	subject_evaluate(subject, mapping, &cost);
	struct sim_outcome *outcome = simulate(execution, mapping, error);
	bool good = outcome != NULL;
	if (good) {
		struct report report = { .made_by = made_by_of(subject, execution->options, mapping,
			                                       true),
			                 .workload = subject->workload,
			                 .package = subject->package,
			                 .mapping = mapping,
			                 .analytical = &cost,
			                 .simulated = outcome,
			                 .calibration = subject->calibration,
			                 .calibration_file = execution->options->calibration,
			                 .search_wall_s = execution->search_wall_s };
		struct explained explained;
		if (execution->options->explain)
			explain(execution, &report, &explained, result);
		if (execution->options->layers)
			result->layers = layers_text(execution, &report);
		fill_result(&report, result);
		good = !execution->folder || write_files(&report, execution->folder, error);
		result->folder = g_strdup(execution->folder);
		if (execution->options->explain)
			explained_release(&explained);
	}
	sim_outcome_free(outcome);
	cost_report_release(&cost);
	return good;
}

/* mcmsim trace: timelines in other formats, parts of them, and whether they are right. */
#include <math.h>
#include <string.h>

#include "hw/base/json.h"
#include "tools/input/options.h"
#include "tools/report/run_folder.h"
#include "traces/check_trace.h"
#include "traces/csv.h"
#include "traces/format.h"

/* What a run's folder says of its timeline. */
struct source {
	char *timeline; /* the CSV file */
	char *title;
	double clock_GHz; /* NAN: not known */
};

static void source_release(struct source *source)
{
	g_free(source->timeline);
	g_free(source->title);
}

/* NULL: it has no such text. */
static const char *text_at(struct hw_json node, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node.item, key));
}

/* Title and clock, as far as report.json has them. */
static bool read_report(const char *folder, struct source *source, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "report.json", NULL);
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return true;
	struct hw_json_file *file = hw_json_open(path, error);
	if (!file)
		return false;
	struct hw_json root = hw_json_root(file);
	const cJSON *clock = cJSON_GetObjectItemCaseSensitive(file->root, "clock_GHz");
	const char *workload = text_at(root, "workload"), *package = text_at(root, "package");
	const char *strategy = text_at(root, "strategy");
	if (workload && package) {
		g_free(source->title);
		source->title = g_strdup_printf("%s on %s, %s", workload, package,
		                                strategy ? strategy : "mapping");
	}
	if (cJSON_IsNumber(clock) && clock->valuedouble > 0)
		source->clock_GHz = clock->valuedouble;
	hw_json_close(file);
	return true;
}

/* A run's folder, or a timeline.csv of one. */
static bool find_source(const char *path, struct source *source, GError **error)
{
	*source = (struct source){ .title = g_path_get_basename(path), .clock_GHz = NAN };
	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		source->timeline = g_strdup(path);
		g_autofree char *folder = g_path_get_dirname(path);
		return read_report(folder, source, error);
	}
	source->timeline = run_folder_timeline(path);
	if (source->timeline)
		return read_report(path, source, error);
	g_set_error(
		error, TOOL_ERROR, TOOL_USAGE,
		"trace: \"%s\" has no timeline.csv or timeline.csv.gz; mcmsim run -o and simulate "
		"-o leave one behind",
		path);
	return false;
}

static const struct trace_format *find_format(const char *path, GError **error)
{
	const struct trace_format *format = trace_format_of(path);
	g_autoptr(GString) known = g_string_new(NULL);
	if (format)
		return format;
	for (format = trace_formats; format->suffix; format++)
		g_string_append_printf(known, "%s%s (%s)", known->len ? ", " : "", format->suffix,
		                       format->about);
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--out: must be a file whose name ends in one of %s; each also with .gz, got "
	            "\"%s\"",
	            known->str, path);
	return NULL;
}

/* Cycles are no times of a timeline.csv, whose columns are in ns. */
static bool check_cycles(const struct options *options, const struct source *source, GError **error)
{
	const struct trace_format *csv = &trace_formats[0];
	if (!options->cycles)
		return true;
	if (trace_format_of(options->out) == csv)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--time-unit: cycle is not for timeline.csv, which is in ns");
	else if (isnan(source->clock_GHz))
		g_set_error(
			error, TOOL_ERROR, TOOL_USAGE,
			"--time-unit: cycle needs report.json beside the timeline, of a package "
			"whose chiplets have one clock");
	else
		return true;
	return false;
}

static enum tool_status convert(const struct options *options, const struct source *source,
                                GError **error)
{
	const struct trace_format *format = find_format(options->out, error);
	if (!format || !check_cycles(options, source, error))
		return TOOL_USAGE;
	struct tl_timeline *timeline = trace_read_csv(source->timeline, source->title, error);
	if (!timeline)
		return TOOL_USAGE;
	const struct trace_options how = { .lanes = options->lanes,
		                           .cycles = options->cycles,
		                           .width_px = options->width_px,
		                           .font_px = options->font_px,
		                           .no_legend = options->no_legend };
	trace_cut_window(timeline, options->trace_from_ns, options->trace_to_ns);
	trace_cut_level(timeline, options->level);
	if (options->cycles)
		trace_scale(timeline, source->clock_GHz);
	bool good = format->write(timeline, &how, options->out, error);
	tl_free(timeline);
	return good ? TOOL_OK : TOOL_FAILED;
}

static enum tool_status check(const char *path, GString *out, GError **error)
{
	struct trace_checked checked;
	if (!trace_check_file(path, &checked, error))
		return TOOL_FAILED;
	g_string_append_printf(out, "%s: good: %u slices on %u tracks, %u arrows\n", path,
	                       checked.slices, checked.tracks, checked.arrows);
	return TOOL_OK;
}

static enum tool_status trace_main(const struct options *options, GString *out, GError **error)
{
	struct source source;
	if (options->check)
		return check(options->arguments[0], out, error);
	if (!options->out) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "trace: --out is missing, or --check");
		return TOOL_USAGE;
	}
	if (!check_out_file(options->out, error))
		return TOOL_USAGE;
	enum tool_status status = TOOL_USAGE;
	if (find_source(options->arguments[0], &source, error))
		status = convert(options, &source, error);
	source_release(&source);
	return status;
}

const struct command trace_command = {
	.name = "trace",
	.summary = "convert, cut or check a timeline",
	.usage = "RUN-OR-TIMELINE -o OUT [OPTION...], or --check TIMELINE",
	.about = "Writes the timeline of a run (its folder, or the timeline.csv in it) in the "
		 "format\n"
		 "that OUT's name ends in:\n"
		 "  .json    Chrome trace, for https://ui.perfetto.dev or\n"
		 "           https://www.speedscope.app\n"
		 "  .trace   Paje trace, for ViTE or pj_dump\n"
		 "  .svg     a picture, for papers\n"
		 "  .csv     every row\n"
		 "each compressed if .gz follows.\n"
		 "\n"
		 "--check verifies a Chrome trace, whoever wrote it (tracks named, slices nested,\n"
		 "times finite, arrows with two ends), and of timelines of ours that no chiplet "
		 "does\n"
		 "two things at once and no time of a running segment is empty.\n",
	.examples = "  mcmsim trace results/scope -o scope.svg --level cluster --width 1200\n"
		    "  mcmsim trace results/scope -o start.json --window 0:50us --lanes\n"
		    "  mcmsim trace results/scope/timeline.csv.gz -o scope.trace\n"
		    "  mcmsim trace --check results/scope/timeline.json.gz\n",
	.options = OPTION_OUT | OPTION_CONVERT,
	.argument_count = 1,
	.run = trace_main,
};

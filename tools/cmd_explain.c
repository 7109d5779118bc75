/* mcmsim explain: what bounds a mapping, whoever made it, and what to change about it. */
#include <string.h>

#include "search/explain/make_fit.h"
#include "tools/report/bottleneck.h"
#include "tools/report/changes.h"
#include "tools/report/explain.h"
#include "tools/report/misfit.h"
#include "tools/report/results.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

static bool write_mapping(const struct map_mapping *mapping, const struct subject *subject,
                          const struct options *options, GError **error)
{
	return !options->out || !mapping ||
	       map_write(mapping, subject->workload, subject->package, options->out, error);
}

/* ---- what does not fit ---- */

static enum tool_status explain_misfit(const struct subject *subject, const struct options *options,
                                       const struct map_mapping *mapping, GString *out,
                                       GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(g_free);
	struct cost_model model;
	subject_model(subject, &model);
	struct map_mapping *fitted = search_make_fit(&model, mapping, changes);
	cost_model_release(&model);
	if (options->json)
		misfit_json(subject, mapping, fitted ? changes : NULL, out);
	else
		misfit_print(subject, mapping, fitted ? changes : NULL, out);
	bool written = write_mapping(fitted, subject, options, error);
	map_free(fitted);
	return written ? TOOL_OK : TOOL_FAILED;
}

/* ---- what does ---- */

static void print_text(const struct report *report, const struct options *options, GString *out)
{
	const struct sim_outcome *sim = report->simulated;
	g_autofree char *workload = printable(report->workload->name);
	g_autofree char *package = printable(report->package->name);
	g_autofree char *simulated = four_digits(sim->latency_ns * 1e-6);
	g_autofree char *analytical = four_digits(report->analytical->latency_ns * 1e-6);
	g_autofree char *text = printable(report->bottleneck);
	wrap_printf(out, options->width, 2,
	            "%s on %s, batch %u: simulated %s ms, by the model %s ms\n", workload, package,
	            report->mapping->batch, simulated, analytical);
	wrap_printf(out, options->width, 2, "%s\n", text);
	explain_print(report, options->width, out);
	if (!options->quiet && options->out)
		wrap_printf(out, options->width, 2,
		            "\nwritten to %s: the mapping with the change that gains "
		            "most, simulated\n",
		            options->out);
}

static enum tool_status explain_report(struct report *report, const struct subject *subject,
                                       const struct options *options, GString *out, GError **error)
{
	struct explained explained;
	explained_init(&explained, subject, options, report->mapping, report->simulated);
	struct map_mapping *best = changes_apply_best(&explained.changes, subject, report->mapping,
	                                              &explained.options);
	struct bottleneck found = bottleneck_find(subject->package, report->analytical,
	                                          report->simulated);
	g_autofree char *sentence = bottleneck_sentence(&found, subject->workload, subject->package,
	                                                report->mapping);
	report->explanation = &explained.explanation;
	report->changes = &explained.changes;
	report->bottleneck = sentence;
	bool written = write_mapping(best ? best : report->mapping, subject, options, error);
	g_autofree char *json = options->json ? report_json(report, REPORT_WITH_WALL) : NULL;
	if (written && json)
		g_string_append(out, json);
	else if (written)
		print_text(report, options, out);
	report->explanation = NULL;
	report->changes = NULL;
	report->bottleneck = NULL;
	map_free(best);
	explained_release(&explained);
	return written ? TOOL_OK : TOOL_FAILED;
}

static enum tool_status explain_fitting(const struct subject *subject,
                                        const struct options *options,
                                        const struct map_mapping *mapping, GString *out,
                                        GError **error)
{
	struct sim_outcome *simulated = subject_simulate(subject, mapping, options->exact, error);
	if (!simulated)
		return TOOL_FAILED;
	struct cost_report cost;
	subject_evaluate(subject, mapping, &cost);
	struct report report = { .made_by = made_by_of(subject, options, mapping, true),
		                 .workload = subject->workload,
		                 .package = subject->package,
		                 .mapping = mapping,
		                 .analytical = &cost,
		                 .simulated = simulated,
		                 .calibration = subject->calibration,
		                 .calibration_file = options->calibration,
		                 .search_wall_s = -1 };
	enum tool_status status = explain_report(&report, subject, options, out, error);
	cost_report_release(&cost);
	sim_outcome_free(simulated);
	return status;
}

static enum tool_status explain_main(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	enum tool_status status = TOOL_USAGE;
	if (!subject_load(&subject, options->package, options->workload, options->set, error))
		return status;
	struct map_mapping *mapping = NULL;
	if (sim_check_size(subject.package, error) && subject_calibrate(&subject, options, error) &&
	    (!options->out || check_out_file(options->out, error)))
		mapping = read_mapping_option(&subject, options, error);
	if (mapping)
		status = mapping_fits(&subject, mapping, options->mapping, NULL)
		                 ? explain_fitting(&subject, options, mapping, out, error)
		                 : explain_misfit(&subject, options, mapping, out, error);
	map_free(mapping);
	subject_release(&subject);
	return status;
}

const struct command explain_command = {
	.name = "explain",
	.summary = "say what bounds a mapping and what to change about it",
	.usage = "--package P --workload W --mapping M [-o OUT] [OPTION...]",
	.about =
		"Says of a mapping, whoever made it, what bounds each segment and cluster, and "
		"what\n"
		"the best single changes to it would bring: other splits, a chiplet more or less,\n"
		"clusters merged, cut or handed a node, another micro-batch or serpentine. The\n"
		"model finds them, and the best few are simulated.\n"
		"\n"
		"Of a mapping that does not fit it says which buffers overflow and the smallest\n"
		"change that fits.\n"
		"\n"
		"With -o the mapping with the change that gains most, simulated, is written, or "
		"the\n"
		"one that fits.\n",
	.examples = "  mcmsim explain --package simba-6x6 --workload alexnet --mapping m.json\n"
		    "  mcmsim explain --package simba-6x6 --workload alexnet --mapping m.json \\\n"
		    "         --objective energy --strategy best -o better.json\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_MAPPING | OPTION_STRATEGY |
	           OPTION_OBJECTIVE | OPTION_BATCH | OPTION_TILES | OPTION_OUT | OPTION_EXACT |
	           OPTION_CALIBRATION | OPTION_SET | OPTION_SEED | OPTION_JOBS | OPTION_JSON |
	           OPTION_QUIET,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_MAPPING,
	.run = explain_main,
};

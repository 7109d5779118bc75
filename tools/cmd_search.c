/* mcmsim search: find a mapping and say what the cost model expects of it. */

#include "search/exact/exhaustive.h"
#include "tools/report/explain.h"
#include "tools/study/pareto.h"
#include "tools/text/printable.h"
#include "tools/text/progress.h"
#include "tools/report/report.h"
#include "tools/report/results.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

enum { LABEL = 19 }; /* where what follows a label begins */

static void print_range(const char *label, unsigned low, unsigned high, const char *unit,
                        GString *out)
{
	if (low == high)
		g_string_append_printf(out, "%-18s %u %s\n", label, low, unit);
	else
		g_string_append_printf(out, "%-18s %u .. %u %s\n", label, low, high, unit);
}

static void print_microbatches(const struct map_mapping *mapping, GString *out)
{
	unsigned low = UINT32_MAX, high = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		low = MIN(low, mapping->segments[s].microbatch);
		high = MAX(high, mapping->segments[s].microbatch);
	}
	print_range("micro-batch", low, high, "samples", out);
}

static void print_summary(const struct report *report, const struct options *options, GString *out)
{
	const struct cost_report *cost = report->analytical;
	const struct map_mapping *mapping = report->mapping;
	const unsigned width = options->width;
	double bound_ns = cost->bound_ns, latency_ns = cost->latency_ns;
	g_autofree char *latency = four_digits(latency_ns * 1e-6);
	g_autofree char *bound = four_digits(bound_ns * 1e-6);
	g_autofree char *rate = four_digits(report_throughput_per_s(mapping->batch, latency_ns));
	g_autofree char *energy = four_digits(cost_total_pJ(&cost->totals, cost->static_pJ) * 1e-9);

	g_string_append_printf(out, "%-18s %s\n", "strategy", mapping->strategy);
	g_autofree char *workload = printable(report->workload->name);
	g_autofree char *package = printable(report->package->name);
	wrap_printf(out, width, LABEL, "%-18s %s on %s\n", "mapping of", workload, package);
	g_string_append_printf(out, "%-18s %u samples\n", "batch", mapping->batch);
	g_string_append_printf(out, "%-18s %u\n", "segments", mapping->segment_count);
	g_string_append_printf(out, "%-18s %u\n", "clusters", map_cluster_total(mapping));
	print_microbatches(mapping, out);
	g_string_append_printf(out, "%-18s %s ms\n", "latency", latency);
	g_string_append_printf(out, "%-18s %s ms, nothing can be faster\n", "bound", bound);
	g_string_append_printf(out, "%-18s %s samples/s\n", "throughput", rate);
	g_string_append_printf(out, "%-18s %s mJ\n", "energy", energy);
	if (report->refinement) {
		double gain_percent = refine_gain_percent(report->refinement);
		wrap_printf(
			out, width, LABEL,
			"%-18s %u mappings; the chosen one is %+.2f %% of the model's first\n\n",
			"simulated", report->refinement->pool.count, gain_percent);
		refine_print(report->refinement, width, out);
	}
	if (!options->quiet)
		g_string_append_printf(out, "%-18s %.2f s\n", "searched in", report->search_wall_s);
	g_autofree char *path = printable(options->out ? options->out : "");
	if (!options->quiet && options->out)
		wrap_printf(out, width, LABEL, "%-18s %s\n", "written to", path);
	g_autofree char *file = printable(report->calibration ? report->calibration_file : "");
	if (!options->quiet)
		wrap_printf(out, width, 1,
		            "(analytical model%s%s; mcmsim simulate shows what really happens)\n",
		            report->calibration ? " as calibrated by " : "", file);
}

static void print_text(const struct report *report, const struct options *options, GString *out)
{
	print_summary(report, options, out);
	if (report->explanation)
		explain_print(report, options->width, out);
}

/* With the mapping on the standard output, what else there is to say would spoil it. */
static void print_found(const struct subject *subject, const struct options *options,
                        const struct map_mapping *mapping, const struct refinement *refinement,
                        double search_wall_s, GString *out)
{
	struct cost_report cost;
	struct search_explanation explanation = { 0 };
	const struct search_options searched = subject_search_options(subject, options);
	subject_evaluate(subject, mapping, &cost);
	if (options->explain)
		search_explain(subject->workload, subject->package, mapping, &searched,
		               &explanation);
	const struct report report = { .made_by = made_by_of(subject, options, mapping,
		                                             options->refine > 0),
		                       .workload = subject->workload,
		                       .package = subject->package,
		                       .mapping = mapping,
		                       .analytical = &cost,
		                       .calibration = subject->calibration,
		                       .calibration_file = options->calibration,
		                       .refinement = options->refine ? refinement : NULL,
		                       .explanation = options->explain ? &explanation : NULL,
		                       .search_wall_s = search_wall_s };
	g_autofree char *json = options->json ? report_json(&report, REPORT_WITH_WALL) : NULL;
	if (json)
		g_string_append(out, json);
	else if (g_strcmp0(options->out, "/dev/stdout") != 0)
		print_text(&report, options, out);
	if (options->explain)
		search_explanation_release(&explanation);
	cost_report_release(&cost);
}

static enum tool_status search(const struct subject *subject, const struct options *options,
                               GString *out, GError **error)
{
	struct progress progress;
	struct search_options wanted = subject_search_options(subject, options);
	wanted.progress = progress_fraction;
	wanted.progress_data = &progress;
	struct refinement refinement = { .chosen = 0 };
	gint64 start_us = g_get_monotonic_time();
	progress_begin(&progress, options->quiet);
	progress.what = "searching";
	struct map_mapping *mapping = options->exhaustive
	                                      ? search_exhaustive(subject->workload,
	                                                          subject->package, &wanted, error)
	                                      : refine_search(&refinement, options->refine, subject,
	                                                      &wanted, false, error);
	progress_end(&progress);
	double search_wall_s = (double)(g_get_monotonic_time() - start_us) * 1e-6;
	bool written = mapping &&
	               (!options->out || map_write(mapping, subject->workload, subject->package,
	                                           options->out, error));
	if (written)
		print_found(subject, options, mapping, &refinement, search_wall_s, out);
	refine_release(&refinement);
	map_free(mapping);
	return written ? TOOL_OK : TOOL_FAILED;
}

/* --pareto finds many mappings; what is about one does not go with it. */
static bool check_front(const struct options *options, GError **error)
{
	const char *other = options->explain      ? "--explain"
	                    : options->refine     ? "--refine"
	                    : options->exhaustive ? "--strategy exhaustive"
	                                          : NULL;
	if (options->objective_given)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--pareto: goes through all objectives; --objective asks for one");
	else if (other)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--pareto: finds many mappings; %s is about one", other);
	return !options->objective_given && !other;
}

static bool print_front(const struct pareto *pareto, GString *out, GError **error)
{
	const struct options *options = pareto->options;
	if (options->out && !pareto_write(pareto, options->out, error))
		return false;
	if (options->json) {
		g_autofree char *text = pareto_report(pareto);
		g_string_append(out, text);
	} else {
		pareto_print(pareto, out);
	}
	return true;
}

static enum tool_status search_front(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	enum tool_status status = TOOL_USAGE;
	if (!check_front(options, error) ||
	    (options->out && !prepare_folder(options->out, error)) ||
	    !subject_load(&subject, options->package, options->workload, options->set, error))
		return status;
	struct pareto pareto = { .subject = &subject, .options = options };
	if (subject_calibrate(&subject, options, error))
		status = pareto_search(&pareto, error) && print_front(&pareto, out, error)
		                 ? TOOL_OK
		                 : TOOL_FAILED;
	pareto_release(&pareto);
	subject_release(&subject);
	return status;
}

static enum tool_status search_main(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	if (options->pareto)
		return search_front(options, out, error);
	if (options->strategy_count != 1) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--strategy: search takes one strategy, got %u (run takes several)",
		            options->strategy_count);
		return TOOL_USAGE;
	}
	if (options->exhaustive && options->refine) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--refine: exhaustive finds one mapping, the best; there is nothing to "
		            "choose from");
		return TOOL_USAGE;
	}
	if ((options->out && !check_out_file(options->out, error)) ||
	    !subject_load(&subject, options->package, options->workload, options->set, error))
		return TOOL_USAGE;
	enum tool_status status = TOOL_USAGE;
	if ((!options->refine || sim_check_size(subject.package, error)) &&
	    subject_calibrate(&subject, options, error))
		status = search(&subject, options, out, error);
	subject_release(&subject);
	return status;
}

const struct command search_command = {
	.name = "search",
	.summary = "find a mapping with the analytical cost model and write it",
	.usage = "--package P --workload W [--strategy S] [-o MAPPING.json] [OPTION...]",
	.about = "Searches the mapping with the least latency, energy, or product of both (edp) "
		 "that\n"
		 "a strategy allows, as the analytical cost model sees it, and prints what the "
		 "model\n"
		 "expects. With -o the mapping is written to a file: show it with mcmsim show "
		 "mapping,\n"
		 "change it by hand, execute it with mcmsim simulate.\n"
		 "--strategy exhaustive tries every mapping of a --space, of small problems: what "
		 "it finds\n"
		 "is the best there is in it. A space has all segments that its strategy may cut, "
		 "micro-\n"
		 "batches of powers of two and of the batch halved again and again, regions of "
		 "consecutive\n"
		 "chiplets along up to three serpentines, splits of K, P, or P and Q with weights\n"
		 "as the buffers demand (best: every split and placement of weights, and any\n"
		 "chiplets in any order where that is not too much), and any number of tiles.\n"
		 "\n"
		 "With --refine K the K best mappings seen are simulated (with their neighbours, "
		 "one\n"
		 "change away from the best), and the one that the simulation prefers is kept.\n"
		 "\n"
		 "With --explain it says, per segment and cluster, what bounds it and what the "
		 "best\n"
		 "single change would cost: another split of one node, a chiplet more or less,\n"
		 "merging, cutting, handing a node on, another micro-batch, another serpentine.\n"
		 "\n"
		 "With --pareto several strategies (all but best, unless --strategy names some)\n"
		 "are searched for latency, energy, and several products of their powers.\n"
		 "Mappings that no other one beats in both are printed and written to the folder\n"
		 "of -o, with pareto.csv, pareto.svg and report.json (mcmsim-pareto/1).\n",
	.examples =
		"  mcmsim search --package simba-6x6 --workload alexnet -o alexnet.mapping.json\n"
		"  mcmsim search --package mcm-64 --workload resnet50 --strategy segmented \\\n"
		"         --objective energy --batch 16\n"
		"  mcmsim search --package simba-6x6 --workload vgg16 --json\n"
		"  mcmsim search --package simba-6x6 --workload resnet18 --refine 16\n"
		"  mcmsim search --package simba-6x6 --workload alexnet --pareto -o front\n"
		"  mcmsim search --package mcm-16 --workload alexnet --strategy exhaustive \\\n"
		"         --space scope\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_STRATEGY | OPTION_OBJECTIVE |
	           OPTION_FRONT | OPTION_EXPLAIN | OPTION_REFINE | OPTION_BATCH | OPTION_TILES |
	           OPTION_OUT | OPTION_CALIBRATION | OPTION_SET | OPTION_SEED | OPTION_JOBS |
	           OPTION_JSON | OPTION_QUIET | OPTION_SPACE,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD,
	.run = search_main,
};

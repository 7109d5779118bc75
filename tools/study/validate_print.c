/* Invariant: what is printed stands in report.json, too. */
#include <math.h>

#include "tools/text/printable.h"
#include "tools/report/results.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"
#include "tools/study/validate.h"

/* ---- many samples ---- */

static void print_errors(const struct validation *v, GString *out)
{
	static const struct table_column columns[] = {
		{ "samples of", "", TABLE_LEFT }, { "samples", "", TABLE_RIGHT },
		{ "mean", "", TABLE_RIGHT },      { "worst", "", TABLE_RIGHT },
		{ "bias", "", TABLE_RIGHT },      { "mean", "", TABLE_RIGHT },
		{ "worst", "", TABLE_RIGHT },     { "bias", "", TABLE_RIGHT },
		{ "mean", "", TABLE_RIGHT },      { "worst", "", TABLE_RIGHT },
		{ "bias", "", TABLE_RIGHT },      { "mean", "", TABLE_RIGHT },
		{ "worst", "", TABLE_RIGHT },     { "bias", "", TABLE_RIGHT },
		{ "mean", "", TABLE_RIGHT },      { "worst", "", TABLE_RIGHT },
		{ "bias", "", TABLE_RIGHT },      { "tau", "", TABLE_RIGHT },
		{ "rho", "", TABLE_RIGHT },
	};
	static const struct table_group groups[] = {
		{ 1, "" },          { 2, "latency, %" }, { 5, "throughput, %" },
		{ 8, "period, %" }, { 11, "load, %" },   { 14, "bubbles, points" },
		{ 17, "rank" },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = v->options->width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned i = 0; i < v->row_count; i++) {
		const struct validate_row *row = &v->rows[i];
		table_add(&table, "%s", row->name);
		table_add(&table, "%u", row->samples);
		for (int q = 0; q < VALIDATE_QUANTITIES; q++) {
			table_add_number(&table, "%.1f", row->errors[q].mean_abs);
			table_add_number(&table, "%+.1f", row->errors[q].worst);
			table_add_number(&table, "%+.1f", row->errors[q].bias);
		}
		table_add_number(&table, "%.3f", row->tau);
		table_add_number(&table, "%.3f", row->rho);
	}
	table_finish(&table, out);
}

static void print_terms(const struct validation *v, GString *out)
{
	struct table_column columns[2 + 2 * SIM_TERMS] = { { "latency error of", "", TABLE_LEFT },
		                                           { "bias", "%", TABLE_RIGHT } };
	struct table_group groups[1 + SIM_TERMS] = { { 1, "" } };
	struct table table;
	for (unsigned t = 0; t < SIM_TERMS; t++) {
		groups[1 + t] = (struct table_group){ 2 + 2 * t, sim_term_name((enum sim_term)t) };
		columns[2 + 2 * t] = (struct table_column){ "bias", "%", TABLE_RIGHT };
		columns[3 + 2 * t] = (struct table_column){ "mean", "%", TABLE_RIGHT };
	}
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = v->options->width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned i = 0; i < v->row_count; i++) {
		const struct validate_row *row = &v->rows[i];
		table_add(&table, "%s", row->name);
		table_add_number(&table, "%+.1f", row->errors[VALIDATE_LATENCY].bias);
		for (int t = 0; t < SIM_TERMS; t++) {
			table_add_number(&table, "%+.2f", row->terms[t].bias);
			table_add_number(&table, "%.2f", row->terms[t].mean_abs);
		}
	}
	table_finish(&table, out);
}

static void explain(unsigned width, GString *out)
{
	wrap_text(
		out, width, 0,
		"\nErrors are (analytical - simulated) / simulated: mean of the absolute values, "
		"worst, and mean with sign. period: of each cluster in segments with four full "
		"micro-batches per cluster. bubbles: share of the regions' time without computing, "
		"difference in points. tau, rho: Kendall's and Spearman's rank correlation of the "
		"latencies within a pair. Below: what the formula misses, term by term; biases add "
		"up to the latency's.\n\n");
}

static void print_failures(const struct validation *v, GString *out)
{
	unsigned failed = 0;
	const struct sample *first = NULL;
	for (unsigned i = 0; i < v->set.count; i++)
		if (v->set.samples[i].error) {
			first = failed++ ? first : &v->set.samples[i];
		}
	if (failed) {
		g_autofree char *text = printable(first->error);
		wrap_printf(out, v->options->width, 2,
		            "\n%u of %u samples have no result; the first, %u: %s\n", failed,
		            v->set.count, first->figures.number, text);
	}
	for (unsigned p = 0; p < v->request.pair_count; p++) {
		const struct sample_pair *pair = &v->request.pairs[p];
		for (unsigned i = 0; i < v->options->strategy_count; i++) {
			g_autoptr(GError) error = NULL;
			if (search_check_strategy(v->options->strategies[i], pair->subject.workload,
			                          pair->subject.package, &error))
				continue;
			g_autofree char *text = printable(error->message);
			wrap_printf(out, v->options->width, 2, "left out: %s\n", text);
		}
	}
}

static void print_worst(const struct validation *v, GString *out)
{
	const struct sample *worst = validate_worst(v);
	if (!worst)
		return;
	const struct subject *subject = &v->request.pairs[worst->figures.pair].subject;
	g_autofree char *line = validate_command_line(v, worst), *command = printable(line);
	g_autofree char *workload = printable(subject->workload->name);
	g_autofree char *package = printable(subject->package->name);
	wrap_printf(out, v->options->width, 2,
	            "\nThe worst is sample %u of %s on %s (%s, %+.1f %%):\n", worst->figures.number,
	            workload, package, sample_kind_name(worst->figures.kind),
	            validate_error(worst, VALIDATE_LATENCY));
	wrap_command(out, v->options->width, 2, command);
}

static void print_many(const struct validation *v, GString *out)
{
	const struct options *options = v->options;
	print_errors(v, out);
	if (!options->quiet)
		explain(options->width, out);
	else
		g_string_append_c(out, '\n');
	print_terms(v, out);
	if (options->quiet)
		return;
	print_failures(v, out);
	print_worst(v, out);
	g_autofree char *folder = printable(options->out ? options->out : "");
	if (options->out)
		wrap_printf(out, options->width, 2,
		            "\nwritten to %s: samples.csv, scatter.svg, report.json%s\n", folder,
		            options->keep_mappings ? ", mappings/" : "");
}

/* ---- one sample ---- */

static void print_pair(GString *out, const char *name, const double values[2], double factor,
                       const char *unit)
{
	g_autofree char *a = four_digits(values[0] * factor), *b = four_digits(values[1] * factor);
	g_string_append_printf(out, "%-16s analytical %s %s, simulated %s %s\n", name, a, unit, b,
	                       unit);
}

static void print_one(const struct validation *v, GString *out)
{
	const struct sample *sample = &v->set.samples[0];
	const struct sample_figures *f = &sample->figures;
	const struct sample_pair *pair = &v->request.pairs[f->pair];
	g_autofree char *workload = printable(pair->subject.workload->name);
	g_autofree char *package = printable(pair->subject.package->name);
	wrap_printf(out, v->options->width, 2, "sample %u of %s on %s: %s, strategy %s\n",
	            f->number, workload, package, sample_kind_name(f->kind),
	            sample_strategy_name(f));
	g_string_append_printf(out, "%-16s %u segments, %u clusters, batch %u\n", "mapping",
	                       f->segment_count, f->cluster_count, f->batch);
	print_pair(out, "latency", f->latency_ns, 1e-6, "ms");
	print_pair(out, "idle", f->idle, 100, "%");
	for (int q = 0; q < VALIDATE_QUANTITIES; q++) {
		double error = validate_error(sample, (enum validate_quantity)q);
		if (!isnan(error))
			g_string_append_printf(out, "%-16s %+.2f %s\n",
			                       validate_quantity_name((enum validate_quantity)q),
			                       error, q == VALIDATE_BUBBLES ? "points" : "%");
	}
	for (int t = 0; t < SIM_TERMS; t++)
		g_string_append_printf(out, "  %-14s %+.2f %%\n", sim_term_name((enum sim_term)t),
		                       validate_term_percent(sample, (enum sim_term)t));
	if (!v->options->out || v->options->quiet)
		return;
	g_autofree char *command = g_strdup_printf(
		"mcmsim simulate --workload %s --package %s --mapping %s/mapping.json",
		pair->workload, pair->package, v->options->out);
	g_autofree char *folder = printable(v->options->out), *shown = printable(command);
	wrap_printf(out, v->options->width, 2, "written to %s: mapping.json\n", folder);
	wrap_command(out, v->options->width, 2, shown);
}

void validate_print(const struct validation *v, GString *out)
{
	if (v->request.only >= 0)
		print_one(v, out);
	else
		print_many(v, out);
}

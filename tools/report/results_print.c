/* Invariant: the table holds simulated results only; how long they took stands below. */
#include "tools/text/printable.h"
#include "tools/report/results.h"

#include "tools/report/report.h"
#include "tools/report/title.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

enum { LABEL = 11 }; /* where what follows a label begins */

static const struct table_column columns[] = {
	{ "strategy", "", TABLE_LEFT },      { "segments", "", TABLE_RIGHT },
	{ "clusters", "", TABLE_RIGHT },     { "analytical", "ms", TABLE_RIGHT },
	{ "simulated", "ms", TABLE_RIGHT },  { "error", "%", TABLE_RIGHT },
	{ "throughput", "/s", TABLE_RIGHT }, { "energy", "mJ", TABLE_RIGHT },
	{ "util.", "%", TABLE_RIGHT },       { "busy", "%", TABLE_RIGHT },
	{ "fill", "", TABLE_RIGHT },         { "drain", "", TABLE_RIGHT },
	{ "wait", "input", TABLE_RIGHT },    { "wait", "dram", TABLE_RIGHT },
	{ "back", "press.", TABLE_RIGHT },   { "uneven", "shares", TABLE_RIGHT },
};

/* util. and busy stand beside the bubbles; both with them where there is no room for all. */
static const struct table_group groups[] = { { 1, "" }, { 8, "" }, { 10, "bubbles, %" } };

static void add_row(struct table *table, const struct result *result)
{
	const struct result_row *row = &result->row;
	table_add(table, "%s", result->name);
	if (result->error) {
		for (unsigned c = 1; c < table->column_count; c++)
			table_add(table, "-");
		return;
	}
	table_add(table, "%u", row->segments);
	table_add(table, "%u", row->clusters);
	table_add_digits(table, row->analytical_ns * 1e-6);
	table_add_digits(table, row->simulated_ns * 1e-6);
	table_add(table, "%+.1f", report_error_percent(row->analytical_ns, row->simulated_ns));
	table_add_digits(table, report_throughput_per_s(row->batch, row->simulated_ns));
	table_add_digits(table, row->energy_pJ * 1e-9);
	table_add(table, "%.1f", row->utilization * 100);
	double busy = 1;
	for (int b = 0; b < SIM_BUBBLES; b++)
		busy -= row->bubbles[b];
	table_add(table, "%.1f", busy * 100);
	for (int b = 0; b < SIM_BUBBLES; b++)
		table_add(table, "%.1f", row->bubbles[b] * 100);
}

static void remark_files(const struct result *result, unsigned width, GString *out)
{
	static const char *const rows[] = {
		[SIM_TRACE_NONE] = "",
		[SIM_TRACE_CLUSTER] = " (clusters)",
		[SIM_TRACE_CHIPLET] = " (clusters, chiplets, DRAM)",
		[SIM_TRACE_LINK] = " (clusters, chiplets, DRAM, links)",
		[SIM_TRACE_AUTO] = "",
	};
	if (!result->folder)
		return;
	g_autofree char *folder = printable(result->folder);
	enum sim_trace_level level = result->row.trace_level;
	g_string_append(out, "  files    ");
	wrap_printf(out, width, LABEL,
	            "%s: mapping.json, report.json, layers.csv, platform.xml%s%s\n", folder,
	            level == SIM_TRACE_NONE
	                    ? ""
	                    : ", report.html, timeline.csv, timeline.svg, timeline.json",
	            rows[level]);
}

static void remark_energy(const struct result_row *row, unsigned width, GString *out)
{
	const struct cost_totals *t = &row->totals;
	g_autofree char *sample = four_digits(row->energy_pJ / row->batch * 1e-9);
	g_autofree char *edp = four_digits(row->energy_pJ * 1e-9 * row->simulated_ns * 1e-6);
	double percent = row->energy_pJ > 0 ? 100 / row->energy_pJ : 0;
	g_string_append(out, "  energy   ");
	wrap_printf(out, width, LABEL,
	            "%s mJ per sample: MACs %.0f %%, buffers %.0f %%, NoP %.0f %%, DRAM %.0f %%, "
	            "static "
	            "%.0f %%; EDP %s mJ ms\n",
	            sample, t->mac_pJ * percent, t->buffer_pJ * percent, t->nop_pJ * percent,
	            t->dram_pJ * percent, row->static_pJ * percent, edp);
}

static void remark(const struct result *result, unsigned width, GString *out)
{
	enum { INDENT = 2 };
	const struct result_row *row = &result->row;
	g_autofree char *text = printable(result->error ? result->error : result->bottleneck);
	wrap_printf(out, width, INDENT, "\n%s: %s\n", result->name, text);
	if (result->error)
		return;
	remark_energy(row, width, out);
	if (result->layers)
		g_string_append(out, result->layers);
	if (result->explanation)
		g_string_append(out, result->explanation);
	g_string_append(out, "  took     ");
	if (row->search_wall_s >= 0)
		wrap_printf(out, width, LABEL, "%.2f s to search, ", row->search_wall_s);
	wrap_printf(out, width, LABEL,
	            "%.2f s to simulate %" G_GUINT64_FORMAT " of %u samples in %" G_GUINT64_FORMAT
	            " activities\n",
	            row->simulation_wall_s, row->samples_simulated, row->batch, row->activities);
	remark_files(result, width, out);
}

/* Shares of what: the columns that are no times and energies. */
static void explain_shares(unsigned width, GString *out)
{
	wrap_text(out, width, 1,
	          "(util.: MACs / (all MAC units x latency); busy + bubbles: 100 % of regions' "
	          "time)\n");
}

void results_print(const struct result *results, unsigned count, const struct subject *subject,
                   const struct options *options, GString *out)
{
	unsigned good = 0;
	while (results[good].error)
		good++;
	if (!options->quiet)
		title_print(subject, options, results[good].row.batch, out);
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = options->width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned i = 0; i < count; i++)
		add_row(&table, &results[i]);
	table_finish(&table, out);
	if (options->quiet)
		return;
	explain_shares(options->width, out);
	for (unsigned i = 0; i < count; i++)
		remark(&results[i], options->width, out);
}

/* Invariant: what is printed of errors stands in the file, too. */
#include <math.h>
#include <string.h>

#include "tools/calibrate/calibrate.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

static void add_errors(struct table *table, const struct cal_errors *errors)
{
	table_add_number(table, "%.2f", errors->mean);
	table_add_number(table, "%+.1f", errors->worst);
	table_add_number(table, "%+.2f", errors->bias);
	table_add_number(table, "%.3f", errors->kendall_tau);
}

static void add_pair(const struct calibrate *c, struct table *table, unsigned pair)
{
	const struct calibrate_pair *of = &c->pairs[pair];
	g_autofree bool *in = g_new(bool, c->count);
	unsigned count;
	for (unsigned i = 0; i < c->count; i++)
		in[i] = c->notes[i].pair == pair;
	struct cal_errors before = calibrate_errors(c, in, CALIBRATE_BEFORE, &count);
	struct cal_errors after = calibrate_errors(c, in, CALIBRATE_AFTER, &count);
	table_add(table, "%s on %s", of->workload, of->package);
	table_add(table, "%s",
	          of->workload_held && of->package_held ? "both"
	          : of->workload_held                   ? "workload"
	          : of->package_held                    ? "package"
	                                                : "");
	table_add(table, "%u", count);
	add_errors(table, &before);
	add_errors(table, &after);
}

static void print_errors(const struct calibrate *c, GString *out)
{
	static const struct table_column columns[] = {
		{ "samples of", "", TABLE_LEFT }, { "held out", "", TABLE_LEFT },
		{ "samples", "", TABLE_RIGHT },   { "mean", "", TABLE_RIGHT },
		{ "worst", "", TABLE_RIGHT },     { "bias", "", TABLE_RIGHT },
		{ "tau", "", TABLE_RIGHT },       { "mean", "", TABLE_RIGHT },
		{ "worst", "", TABLE_RIGHT },     { "bias", "", TABLE_RIGHT },
		{ "tau", "", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 1, "" },
		                                     { 3, "error before, %" },
		                                     { 7, "error after, %" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = c->options->width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned i = 0; i < c->pair_count; i++)
		add_pair(c, &table, i);
	for (unsigned i = 0; i < c->result->set_count; i++) {
		const struct cal_error_set *set = &c->result->sets[i];
		table_add(&table, "%s", set->what);
		table_add(&table, "%s", "");
		table_add(&table, "%u", set->samples);
		add_errors(&table, &set->before);
		add_errors(&table, &set->after);
	}
	table_finish(&table, out);
}

static void print_parameters(const struct calibrate *c, GString *out)
{
	static const struct table_column columns[] = {
		{ "parameter", "", TABLE_LEFT }, { "value", "", TABLE_RIGHT },
		{ "+-", "", TABLE_RIGHT },       { "unit", "", TABLE_LEFT },
		{ "", "", TABLE_LEFT },          { "meaning", "", TABLE_TEXT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = c->options->width;
	for (unsigned p = 0; p < COST_PARAMETERS; p++) {
		const struct cost_parameter_info *info = &cost_parameter_infos[p];
		const struct cal_parameter *of = &c->result->parameters[p];
		bool low = of->value <= of->low, high = of->value >= of->high;
		table_add(&table, "%s", info->name);
		table_add_number(&table, "%.4g", of->value);
		table_add_number(&table, "%.2g", of->fitted ? of->uncertainty : (double)NAN);
		table_add(&table, "%s", info->unit);
		table_add(&table, "%s",
		          !of->fitted ? "not fitted"
		          : low       ? "at its lowest"
		          : high      ? "at its highest"
		                      : "");
		table_add(&table, "%s", info->meaning);
	}
	table_finish(&table, out);
}

/* ---- remarks ---- */

static void append_option(GString *line, const char *option, const char *value)
{
	g_autofree char *quoted = g_shell_quote(value);
	bool plain = *value && strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                     "0123456789._/=,+:@-") == strlen(value);
	g_string_append_printf(line, " --%s %s", option, plain ? value : quoted);
}

/* The command that remakes a simulated sample, or "FILE:LINE". */
static char *origin_of(const struct calibrate *c, unsigned sample)
{
	const struct calibrate_sample *note = &c->notes[sample];
	const struct options *options = c->options;
	if (options->measured)
		return g_strdup_printf("%s:%u", options->measured, note->line);
	const struct sample_pair *pair = &c->requests[0].pairs[note->pair];
	GString *line = g_string_new("mcmsim validate");
	append_option(line, "workload", pair->workload);
	append_option(line, "package", pair->package);
	g_string_append_printf(line, " --batch %u --tiles %u --seed %" G_GUINT64_FORMAT,
	                       note->batch, options->tiles, options->seed);
	for (unsigned i = 0; options->set && options->set[i]; i++)
		append_option(line, "set", options->set[i]);
	g_string_append_printf(line, " --sample %u", note->number);
	return g_string_free(line, FALSE);
}

static double after_percent(const struct calibrate *c, unsigned i)
{
	return (c->notes[i].model_ns[CALIBRATE_AFTER] / c->samples[i].latency_ns - 1) * 100;
}

static void print_worst(const struct calibrate *c, unsigned from, unsigned end, const char *of,
                        GString *out)
{
	unsigned worst = from;
	if (from == end)
		return;
	for (unsigned i = from; i < end; i++)
		if (fabs(after_percent(c, i)) > fabs(after_percent(c, worst)))
			worst = i;
	const struct calibrate_pair *pair = &c->pairs[c->notes[worst].pair];
	g_autofree char *text = origin_of(c, worst), *origin = printable(text);
	g_autofree char *workload = printable(pair->workload), *package = printable(pair->package);
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	wrap_printf(out, c->options->width, 2, "The worst %s is %s on %s (%s %%):\n", of, workload,
	            package,
	            g_ascii_formatd(digits, sizeof digits, "%+.1f", after_percent(c, worst)));
	wrap_command(out, c->options->width, 2, origin);
}

static void print_remarks(const struct calibrate *c, GString *out)
{
	bool held = c->training_count < c->count;
	wrap_printf(
		out, c->options->width, 0,
		"\nErrors are (model - %s) / %s latency; tau: Kendall's rank correlation within a "
		"workload, package and batch, the mean of them. +-: the jackknife's standard "
		"deviation over %s left out.\n",
		c->options->measured ? "measured" : "simulated",
		c->options->measured ? "measured" : "simulated", cal_fold_name(c->fit.fold));
	if (!held && c->fit.fold != CAL_FOLD_WORKLOADS)
		wrap_text(out, c->options->width, 2,
		          "No workload is held out: there is only one. What this is "
		          "worth for others is not known.\n");
	for (unsigned p = 0; p < COST_PARAMETERS; p++) {
		const struct cal_parameter *of = &c->result->parameters[p];
		if (of->fitted && (of->value <= of->low || of->value >= of->high))
			wrap_printf(out, c->options->width, 2, "%s is at the end of its range.\n",
			            cost_parameter_infos[p].name);
	}
	g_autofree char *failure = printable(c->failed ? c->first_failure : "");
	if (c->failed)
		wrap_printf(out, c->options->width, 2, "%u samples have no result; the first, %s\n",
		            c->failed, failure);
	print_worst(c, 0, c->training_count, "of training", out);
	print_worst(c, c->training_count, c->count, "held out", out);
	g_autofree char *file = printable(c->options->out ? c->options->out : "");
	if (c->options->out)
		wrap_printf(out, c->options->width, 2, "written to %s\n", file);
}

void calibrate_print(const struct calibrate *c, GString *out)
{
	print_errors(c, out);
	g_string_append_c(out, '\n');
	print_parameters(c, out);
	if (!c->options->quiet)
		print_remarks(c, out);
}

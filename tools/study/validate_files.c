/* Invariant: same options, same bytes; each file appears complete or not at all. */
#include <math.h>
#include <string.h>

#include "hw/base/csv.h"
#include "tools/report/made_by.h"
#include "tools/text/json_writer.h"
#include "tools/report/report.h"
#include "tools/report/results.h"
#include "tools/text/svg_scatter.h"
#include "tools/study/validate.h"

/* ---- names ---- */

static void append_quoted(GString *line, const char *option, const char *value)
{
	g_autofree char *quoted = g_shell_quote(value);
	bool plain = *value && strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                     "0123456789._/=,+:@-") == strlen(value);
	g_string_append_printf(line, " --%s %s", option, plain ? value : quoted);
}

char *validate_command_line(const struct validation *v, const struct sample *sample)
{
	const struct options *options = v->options;
	const struct sample_pair *pair = &v->request.pairs[sample->figures.pair];
	GString *line = g_string_new("mcmsim validate");
	append_quoted(line, "workload", pair->workload);
	append_quoted(line, "package", pair->package);
	g_string_append(line, " --strategy ");
	for (unsigned i = 0; i < options->strategy_count; i++)
		g_string_append_printf(line, "%s%s", i ? "," : "",
		                       search_strategy_name(options->strategies[i]));
	g_string_append_printf(line, " --batch %u --tiles %u --seed %" G_GUINT64_FORMAT,
	                       options->batch, options->tiles, options->seed);
	for (unsigned i = 0; options->set && options->set[i]; i++)
		append_quoted(line, "set", options->set[i]);
	if (options->calibration)
		append_quoted(line, "calibration", options->calibration);
	g_string_append_printf(line, "%s --sample %u", options->exact ? " --exact" : "",
	                       sample->figures.number);
	return g_string_free(line, FALSE);
}

/* ---- samples.csv ---- */

static void csv_text(GString *out, const char *text)
{
	hw_csv_append(out, text);
	g_string_append_c(out, ',');
}

static void csv_number(GString *out, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	if (isfinite(value))
		g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, "%.15g", value));
	g_string_append_c(out, ',');
}

static void csv_header(GString *out)
{
	g_string_append(out,
	                "workload,package,sample,kind,strategy,seed,changes,batch,segments,"
	                "clusters,analytical_ns,simulated_ns,latency_error_percent,"
	                "throughput_error_percent,period_error_percent,load_error_percent,"
	                "bubbles_error_points,analytical_idle_percent,simulated_idle_percent,");
	for (int t = 0; t < SIM_TERMS; t++)
		g_string_append_printf(out, "%s_percent,", sim_term_name((enum sim_term)t));
	g_string_append(out, "activities,failure\n");
}

static void csv_figures(GString *out, const struct sample *sample)
{
	const struct sample_figures *f = &sample->figures;
	g_string_append_printf(out, "%u,%u,%u,%u,", f->changes, f->batch, f->segment_count,
	                       f->cluster_count);
	csv_number(out, f->latency_ns[0]);
	csv_number(out, f->latency_ns[1]);
	for (int q = 0; q < VALIDATE_QUANTITIES; q++)
		csv_number(out, validate_error(sample, (enum validate_quantity)q));
	csv_number(out, f->idle[0] * 100);
	csv_number(out, f->idle[1] * 100);
	for (int t = 0; t < SIM_TERMS; t++)
		csv_number(out, validate_term_percent(sample, (enum sim_term)t));
	g_string_append_printf(out, "%" G_GUINT64_FORMAT ",", f->activities);
}

static char *validate_csv(const struct validation *v)
{
	GString *out = g_string_new(NULL);
	csv_header(out);
	for (unsigned i = 0; i < v->set.count; i++) {
		const struct sample *sample = &v->set.samples[i];
		const struct subject *subject = &v->request.pairs[sample->figures.pair].subject;
		csv_text(out, subject->workload->name);
		csv_text(out, subject->package->name);
		g_string_append_printf(out, "%u,%s,%s,%" G_GUINT64_FORMAT ",",
		                       sample->figures.number,
		                       sample_kind_name(sample->figures.kind),
		                       sample_strategy_name(&sample->figures), v->request.seed);
		if (sample->error)
			for (int c = 0; c < 7 + VALIDATE_QUANTITIES + 2 + SIM_TERMS; c++)
				g_string_append_c(out, ',');
		else
			csv_figures(out, sample);
		csv_text(out, sample->error ? sample->error : "");
		out->str[out->len - 1] = '\n'; /* not another column */
	}
	return g_string_free(out, FALSE);
}

/* ---- report.json ---- */

static void write_errors(struct json_writer *w, const char *key, const struct search_errors *errors)
{
	json_begin_object(w, key, JSON_ONE_LINE);
	json_number(w, "mean_abs", errors->mean_abs);
	json_number(w, "worst", errors->worst);
	json_number(w, "bias", errors->bias);
	json_integer(w, "count", errors->count);
	json_end_object(w);
}

static void write_row(struct json_writer *w, const struct validate_row *row)
{
	json_begin_object(w, NULL, JSON_LINES);
	json_string(w, "samples_of", row->name);
	json_integer(w, "samples", row->samples);
	json_integer(w, "failed", row->failed);
	json_begin_object(w, "error_percent", JSON_LINES);
	for (int q = 0; q < VALIDATE_QUANTITIES; q++)
		write_errors(w, validate_quantity_name((enum validate_quantity)q), &row->errors[q]);
	json_end_object(w);
	json_number(w, "kendall_tau", row->tau);
	json_number(w, "spearman_rho", row->rho);
	json_begin_object(w, "latency_error_terms_percent", JSON_LINES);
	for (int t = 0; t < SIM_TERMS; t++)
		write_errors(w, sim_term_name((enum sim_term)t), &row->terms[t]);
	json_end_object(w);
	json_end_object(w);
}

static void write_worst(struct json_writer *w, const struct validation *v)
{
	const struct sample *worst = validate_worst(v);
	if (!worst)
		return;
	const struct subject *subject = &v->request.pairs[worst->figures.pair].subject;
	g_autofree char *command = validate_command_line(v, worst);
	json_begin_object(w, "worst", JSON_LINES);
	json_string(w, "workload", subject->workload->name);
	json_string(w, "package", subject->package->name);
	json_integer(w, "sample", worst->figures.number);
	json_string(w, "kind", sample_kind_name(worst->figures.kind));
	json_string(w, "strategy", sample_strategy_name(&worst->figures));
	json_number(w, "error_percent", validate_error(worst, VALIDATE_LATENCY));
	json_string(w, "command", command);
	json_end_object(w);
}

char *validate_report(const struct validation *v)
{
	struct json_writer w;
	struct made_by made_by = made_by_of(&v->request.pairs[0].subject, v->options, NULL, true);
	if (v->request.pair_count > 1) {
		made_by.package = NULL; /* there are several */
		made_by.workload = NULL;
	}
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-validation/1");
	made_by_write(&w, &made_by);
	json_integer(&w, "batch", v->request.batch);
	json_integer(&w, "seed", v->request.seed);
	json_bool(&w, "exact", v->request.exact);
	report_write_calibration(&w, v->request.pairs[0].subject.calibration,
	                         v->options->calibration);
	json_begin_array(&w, "rows", JSON_LINES);
	for (unsigned i = 0; i < v->row_count; i++)
		write_row(&w, &v->rows[i]);
	json_end_array(&w);
	write_worst(&w, v);
	json_end_object(&w);
	return json_finish(&w);
}

/* ---- scatter.svg ---- */

static char *scatter(const struct validation *v)
{
	const char *classes[SAMPLE_KINDS];
	g_autofree struct svg_point *points = g_new(struct svg_point, v->set.count);
	unsigned count = 0;
	for (int kind = 0; kind < SAMPLE_KINDS; kind++)
		classes[kind] = sample_kind_name((enum sample_kind)kind);
	for (unsigned i = 0; i < v->set.count; i++) {
		const struct sample *sample = &v->set.samples[i];
		const struct subject *subject = &v->request.pairs[sample->figures.pair].subject;
		if (sample->error)
			continue;
		points[count++] = (struct svg_point){
			.x = sample->figures.latency_ns[1] * 1e-6,
			.y = sample->figures.latency_ns[0] * 1e-6,
			.group = sample->figures.kind,
			.title = g_strdup_printf("%s on %s, sample %u: %s, %s, %+.1f %%",
			                         subject->workload->name, subject->package->name,
			                         sample->figures.number,
			                         sample_kind_name(sample->figures.kind),
			                         sample_strategy_name(&sample->figures),
			                         validate_error(sample, VALIDATE_LATENCY))
		};
	}
	const struct svg_scatter plot = { .title = "Latency: analytical model against simulation",
		                          .x_label = "simulated latency (ms)",
		                          .y_label = "analytical latency (ms)",
		                          .groups = classes,
		                          .group_count = SAMPLE_KINDS,
		                          .points = points,
		                          .point_count = count };
	char *text = svg_scatter(&plot);
	for (unsigned i = 0; i < count; i++)
		g_free(points[i].title);
	return text;
}

/* ---- the folder ---- */

static char *mapping_name(const struct validation *v, const struct sample *sample)
{
	const struct subject *subject = &v->request.pairs[sample->figures.pair].subject;
	char *name = g_strdup_printf("%s-%s-%03u.json", subject->workload->name,
	                             subject->package->name, sample->figures.number);
	return g_strdelimit(name, "/\\", '_');
}

static bool write_mappings(const struct validation *v, const char *folder, GError **error)
{
	g_autofree char *below = g_build_filename(folder, "mappings", NULL);
	bool good = prepare_folder(below, error);
	for (unsigned i = 0; good && i < v->set.count; i++) {
		const struct sample *sample = &v->set.samples[i];
		g_autofree char *name = mapping_name(v, sample);
		good = !sample->mapping ||
		       write_text(below, name, g_strdup(sample->mapping), error);
	}
	return good;
}

bool validate_write(const struct validation *v, const char *folder, GError **error)
{
	if (v->request.only >= 0)
		return write_text(folder, "mapping.json", g_strdup(v->set.samples[0].mapping),
		                  error);
	return write_text(folder, "samples.csv", validate_csv(v), error) &&
	       write_text(folder, "scatter.svg", scatter(v), error) &&
	       write_text(folder, "report.json", validate_report(v), error) &&
	       (!v->options->keep_mappings || write_mappings(v, folder, error));
}

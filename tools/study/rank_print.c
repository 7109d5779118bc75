/* Invariant: what is printed stands in report.json, too. */
#include <math.h>

#include "tools/text/printable.h"
#include "tools/study/rank.h"
#include "tools/report/report.h"
#include "tools/report/results.h"
#include "tools/text/svg_histogram.h"
#include "tools/report/made_by.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

#define TEXT_BARS 30   /* two of the histogram's each */
#define LONGEST_BAR 50 /* characters */
#define LABEL 19       /* where what follows a label begins */

/* ---- text ---- */

static unsigned text_bar(const struct ranking *r, unsigned bar)
{
	return r->counts[2 * bar] + r->counts[2 * bar + 1];
}

/* The latency at which a bar of the text starts. */
static double text_edge_ns(const struct ranking *r, unsigned bar)
{
	return r->low_ns * pow(r->high_ns / r->low_ns, (double)bar / TEXT_BARS);
}

static void print_histogram(const struct ranking *r, GString *out)
{
	enum { AROUND = 33 }; /* characters before and behind a bar */
	const unsigned width = r->options->width;
	const unsigned longest = width ? MIN(LONGEST_BAR, width - AROUND) : LONGEST_BAR;
	unsigned most = 1;
	G_STATIC_ASSERT(2 * TEXT_BARS == RANK_BARS);
	for (unsigned bar = 0; bar < TEXT_BARS; bar++)
		most = MAX(most, text_bar(r, bar));
	g_string_append(out, "\nlatency from  draws\n");
	for (unsigned bar = 0; bar < TEXT_BARS; bar++) {
		double from_ns = text_edge_ns(r, bar), to_ns = text_edge_ns(r, bar + 1);
		unsigned count = text_bar(r, bar);
		int length = (int)(((uint64_t)count * longest + most - 1) / most);
		bool own = r->own.latency_ns >= from_ns &&
		           (r->own.latency_ns < to_ns || bar == TEXT_BARS - 1);
		g_autofree char *ms = four_digits(from_ns * 1e-6);
		g_autofree char *line = g_strdup_printf(
			"%9s ms  %6u %.*s%s", ms, count, length,
			"##################################################",
			own ? " <- searched" : "");
		g_string_append_printf(out, "%s\n", g_strchomp(line));
	}
}

static void print_factor(const struct ranking *r, const char *label, double latency_ns,
                         GString *out)
{
	g_autofree char *ms = four_digits(latency_ns * 1e-6);
	g_autofree char *factor = four_digits(latency_ns / r->own.latency_ns);
	g_string_append_printf(out, "%-18s %s ms, %s times the searched one\n", label, ms, factor);
}

/* "10^61.4", or the number itself where it is small. */
static char *size_text(double log10_size)
{
	return log10_size < 7 ? g_strdup_printf("%.0f", pow(10, log10_size))
	                      : g_strdup_printf("10^%.1f", log10_size);
}

static void print_space(const struct ranking *r, GString *out)
{
	g_autofree char *valid = size_text(r->log10_valid), *all = size_text(r->log10_all);
	const struct options *options = r->options;
	char percent[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(percent, sizeof percent, "%.3g", 100 * r->accepted);
	wrap_printf(out, options->width, LABEL, "%-18s %s mappings%s, of them %s fit the buffers\n",
	            "space", all,
	            r->options->rank_within ? " with the searched one's segments" : "", valid);
	wrap_printf(out, options->width, LABEL,
	            "%-18s %u of these, each as likely as any other; %s %% of draws fitted\n",
	            "drawn", r->draw_count, percent);
	wrap_printf(out, options->width, LABEL,
	            "%-18s %.1f segments and %.1f clusters on average\n", "", r->mean_segments,
	            r->mean_clusters);
}

void rank_print(const struct ranking *ranking, GString *out)
{
	const struct ranking *r = ranking;
	const struct options *options = r->options;
	g_autofree char *ms = four_digits(r->own.latency_ns * 1e-6);
	g_autofree char *bound = four_digits(100 * r->share_bound);
	g_autofree char *share = four_digits(100.0 * r->faster / r->draw_count);
	wrap_printf(out, options->width, LABEL, "%-18s %s\n", "strategy", r->searched->strategy);
	g_autofree char *workload = printable(r->subject->workload->name);
	g_autofree char *package = printable(r->subject->package->name);
	wrap_printf(out, options->width, LABEL, "%-18s %s on %s, batch %u\n", "mapping of",
	            workload, package, options->batch);
	wrap_printf(out, options->width, LABEL, "%-18s %s ms, %u segment%s and %u cluster%s\n",
	            "searched", ms, r->own.segments, r->own.segments == 1 ? "" : "s",
	            r->own.clusters, r->own.clusters == 1 ? "" : "s");
	print_space(r, out);
	wrap_printf(out, options->width, LABEL, "%-18s %u of %u: %s\n", "rank", r->faster + 1,
	            r->draw_count + 1, r->faster ? "see below" : "no draw is faster");
	wrap_printf(out, options->width, LABEL,
	            "%-18s %s %% of the draws; with 95 %% confidence below %s %% of the space\n",
	            "faster", r->faster ? share : "0", bound);
	print_factor(r, "best draw", r->percentiles_ns[0], out);
	print_factor(r, "median draw", r->percentiles_ns[2], out);
	print_factor(r, "worst draw", r->percentiles_ns[4], out);
	print_histogram(r, out);
	g_autofree char *folder = printable(options->out ? options->out : "");
	if (!options->quiet && options->out)
		wrap_printf(
			out, options->width, 2,
			"\nwritten to %s: report.json, draws.csv, histogram.svg, mapping.json\n",
			folder);
}

/* ---- files ---- */

static void write_draws(struct json_writer *w, const struct ranking *r)
{
	static const char *const names[] = { "best", "percentile_25", "median", "percentile_75",
		                             "worst" };
	json_integer(w, "draws", r->draw_count);
	json_string(w, "segments", r->options->rank_within ? "searched" : "any");
	json_integer(w, "seed", r->options->seed);
	json_number(w, "log10_mappings", r->log10_all);
	json_number(w, "log10_valid_mappings", r->log10_valid);
	json_number(w, "draws_accepted_percent", 100 * r->accepted);
	json_number(w, "mean_segments", r->mean_segments);
	json_number(w, "mean_clusters", r->mean_clusters);
	json_begin_object(w, "latency_ns", JSON_ONE_LINE);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		json_number(w, names[i], r->percentiles_ns[i]);
	json_end_object(w);
	json_integer(w, "rank", r->faster + 1);
	json_integer(w, "faster", r->faster);
	json_number(w, "faster_percent", 100.0 * r->faster / r->draw_count);
	json_number(w, "faster_below_percent_at_95", 100 * r->share_bound);
}

char *rank_report(const struct ranking *ranking)
{
	const struct ranking *r = ranking;
	struct json_writer w;
	const struct made_by made_by = made_by_of(r->subject, r->options, r->searched, false);
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-rank/1");
	made_by_write(&w, &made_by);
	json_string(&w, "workload", r->subject->workload->name);
	json_string(&w, "package", r->subject->package->name);
	json_string(&w, "strategy", r->searched->strategy);
	json_integer(&w, "batch", r->options->batch);
	report_write_calibration(&w, r->subject->calibration, r->options->calibration);
	json_begin_object(&w, "searched", JSON_ONE_LINE);
	json_number(&w, "latency_ns", r->own.latency_ns);
	json_integer(&w, "segments", r->own.segments);
	json_integer(&w, "clusters", r->own.clusters);
	json_end_object(&w);
	write_draws(&w, r);
	json_begin_object(&w, "histogram", JSON_LINES);
	json_number(&w, "from_ns", r->low_ns);
	json_number(&w, "to_ns", r->high_ns);
	json_string(&w, "scale", "logarithmic");
	json_begin_array(&w, "draws", JSON_ONE_LINE);
	for (unsigned i = 0; i < RANK_BARS; i++)
		json_integer(&w, NULL, r->counts[i]);
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
	return json_finish(&w);
}

static char *draws_csv(const struct ranking *r)
{
	GString *out = g_string_new("draw,latency_ns,segments,clusters,attempts\n");
	for (unsigned i = 0; i < r->draw_count; i++) {
		const struct search_sampled *draw = &r->draws[i];
		char ns[G_ASCII_DTOSTR_BUF_SIZE];
		g_string_append_printf(out, "%u,%s,%u,%u,%u\n", i,
		                       g_ascii_formatd(ns, sizeof ns, "%.12g", draw->latency_ns),
		                       draw->segments, draw->clusters, draw->attempts);
	}
	return g_string_free(out, FALSE);
}

static char *draw_histogram(const struct ranking *r)
{
	g_autofree char *title = g_strdup_printf(
		"%s on %s, batch %u: %u random mappings of %s", r->subject->workload->name,
		r->subject->package->name, r->options->batch, r->draw_count, r->searched->strategy);
	g_autofree char *ms = four_digits(r->own.latency_ns * 1e-6);
	g_autofree char *mark = g_strdup_printf("searched: %s ms, rank %u", ms, r->faster + 1);
	const struct svg_histogram plot = { .title = title,
		                            .x_label = "latency by the analytical model, ms",
		                            .y_label = "mappings",
		                            .mark_label = mark,
		                            .low = r->low_ns * 1e-6,
		                            .high = r->high_ns * 1e-6,
		                            .counts = r->counts,
		                            .bar_count = RANK_BARS,
		                            .mark = r->own.latency_ns * 1e-6 };
	return svg_histogram(&plot);
}

bool rank_write(const struct ranking *ranking, const char *folder, GError **error)
{
	const struct subject *subject = ranking->subject;
	return write_text(folder, "mapping.json",
	                  map_to_json(ranking->searched, subject->workload, subject->package),
	                  error) &&
	       write_text(folder, "report.json", rank_report(ranking), error) &&
	       write_text(folder, "draws.csv", draws_csv(ranking), error) &&
	       write_text(folder, "histogram.svg", draw_histogram(ranking), error);
}

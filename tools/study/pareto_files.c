/* Invariant: text, CSV, JSON and plot name points on the front by the same numbers. */
#include <glib/gstdio.h>

#include "tools/text/json_writer.h"
#include "tools/study/pareto.h"
#include "tools/text/printable.h"
#include "tools/report/report.h"
#include "tools/report/results.h"
#include "tools/text/svg_front.h"
#include "tools/report/made_by.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

static char *file_of(const struct pareto_point *point)
{
	return point->place ? g_strdup_printf("front-%u.json", point->place) : NULL;
}

/* ---- text ---- */

static void add_row(struct table *table, const struct pareto *pareto,
                    const struct pareto_point *point)
{
	const struct pareto_point *fastest = pareto->front[0];
	table_add(table, "%u", point->place);
	table_add(table, "%s", search_strategy_name(point->strategy));
	table_add(table, "%s", pareto_objective(point->step));
	table_add(table, "%u", point->segments);
	table_add(table, "%u", point->clusters);
	table_add_digits(table, point->latency_ns * 1e-6);
	table_add(table, "%+.1f", 100 * (point->latency_ns / fastest->latency_ns - 1));
	table_add_digits(table, point->energy_pJ * 1e-9);
	table_add(table, "%+.1f", 100 * (point->energy_pJ / fastest->energy_pJ - 1));
}

void pareto_print(const struct pareto *pareto, GString *out)
{
	static const struct table_column columns[] = {
		{ "front", "", TABLE_RIGHT },       { "strategy", "", TABLE_LEFT },
		{ "searched for", "", TABLE_LEFT }, { "segments", "", TABLE_RIGHT },
		{ "clusters", "", TABLE_RIGHT },    { "latency", "ms", TABLE_RIGHT },
		{ "", "%", TABLE_RIGHT },           { "energy", "mJ", TABLE_RIGHT },
		{ "", "%", TABLE_RIGHT },
	};
	const struct options *options = pareto->options;
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = options->width;
	for (unsigned i = 0; i < pareto->front_count; i++)
		add_row(&table, pareto, pareto->front[i]);
	table_finish(&table, out);
	if (options->quiet)
		return;
	wrap_printf(
		out, options->width, 1,
		"(%u different mappings from %u searches; the other %u are beaten in latency and "
		"energy)\n",
		pareto->mapping_count, pareto->point_count,
		pareto->mapping_count - pareto->front_count);
	g_autofree char *folder = printable(options->out ? options->out : "");
	if (options->out)
		wrap_printf(out, options->width, 2,
		            "written to %s: pareto.csv, pareto.svg, report.json, front-1.json%s\n",
		            folder, pareto->front_count > 1 ? " and so on" : "");
}

/* ---- files ---- */

char *pareto_report(const struct pareto *pareto)
{
	struct json_writer w;
	const struct made_by made_by = made_by_of(pareto->subject, pareto->options, NULL, false);
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-pareto/1");
	made_by_write(&w, &made_by);
	json_string(&w, "workload", pareto->subject->workload->name);
	json_string(&w, "package", pareto->subject->package->name);
	json_integer(&w, "batch", pareto->options->batch);
	report_write_calibration(&w, pareto->subject->calibration, pareto->options->calibration);
	json_begin_array(&w, "points", JSON_LINES);
	for (unsigned i = 0; i < pareto->point_count; i++) {
		const struct pareto_point *point = &pareto->points[i];
		if (!point->mapping && !point->error)
			continue;
		g_autofree char *file = file_of(point);
		json_begin_object(&w, NULL, JSON_ONE_LINE);
		json_string(&w, "strategy", search_strategy_name(point->strategy));
		json_string(&w, "searched_for", pareto_objective(point->step));
		if (point->error) {
			json_string(&w, "error", point->error);
		} else {
			json_integer(&w, "segments", point->segments);
			json_integer(&w, "clusters", point->clusters);
			json_number(&w, "latency_ns", point->latency_ns);
			json_number(&w, "energy_pJ", point->energy_pJ);
			json_bool(&w, "front", point->place > 0);
			json_string(&w, "file", file);
		}
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return json_finish(&w);
}

static char *csv_of(const struct pareto *pareto)
{
	GString *out = g_string_new(
		"front,strategy,searched_for,segments,clusters,latency_ns,energy_pJ,file\n");
	for (unsigned i = 0; i < pareto->point_count; i++) {
		const struct pareto_point *p = &pareto->points[i];
		char ns[G_ASCII_DTOSTR_BUF_SIZE], pJ[G_ASCII_DTOSTR_BUF_SIZE];
		if (!p->mapping)
			continue;
		g_autofree char *file = file_of(p);
		g_string_append_printf(
			out, "%u,%s,%s,%u,%u,%s,%s,%s\n", p->place,
			search_strategy_name(p->strategy), pareto_objective(p->step), p->segments,
			p->clusters, g_ascii_formatd(ns, sizeof ns, "%.12g", p->latency_ns),
			g_ascii_formatd(pJ, sizeof pJ, "%.12g", p->energy_pJ), file ? file : "");
	}
	return g_string_free(out, FALSE);
}

static struct svg_front_point dot_of(const struct pareto_point *p, GPtrArray *texts)
{
	char *title = g_strdup_printf("%s, searched for %s", search_strategy_name(p->strategy),
	                              pareto_objective(p->step));
	char *label = p->place ? g_strdup_printf("%u %s", p->place,
	                                         search_strategy_name(p->strategy))
	                       : NULL;
	g_ptr_array_add(texts, title);
	if (label)
		g_ptr_array_add(texts, label);
	return (struct svg_front_point){ p->latency_ns * 1e-6, p->energy_pJ * 1e-9, p->place > 0,
		                         label, title };
}

/* The front last: it must not be hidden, and its points come in order. */
static char *svg_of(const struct pareto *pareto)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autofree struct svg_front_point *dots = g_new(struct svg_front_point,
	                                                pareto->mapping_count);
	g_autofree char *title = g_strdup_printf(
		"%s on %s, batch %u: latency and energy", pareto->subject->workload->name,
		pareto->subject->package->name, pareto->options->batch);
	struct svg_front plot = { title, "latency by the analytical model, ms", "energy, mJ", dots,
		                  0 };
	for (unsigned i = 0; i < pareto->point_count; i++)
		if (pareto->points[i].mapping && !pareto->points[i].place)
			dots[plot.point_count++] = dot_of(&pareto->points[i], texts);
	for (unsigned i = 0; i < pareto->front_count; i++)
		dots[plot.point_count++] = dot_of(pareto->front[i], texts);
	return svg_front(&plot);
}

/* Mappings of an earlier, longer front must not stand beside this one's. */
static void remove_older(const char *folder, unsigned number)
{
	for (bool there = true; there; number++) {
		g_autofree char *name = g_strdup_printf("front-%u.json", number);
		g_autofree char *path = g_build_filename(folder, name, NULL);
		there = g_unlink(path) == 0;
	}
}

bool pareto_write(const struct pareto *pareto, const char *folder, GError **error)
{
	const struct subject *subject = pareto->subject;
	bool good = true;
	remove_older(folder, pareto->front_count + 1);
	for (unsigned i = 0; i < pareto->front_count; i++) {
		g_autofree char *name = file_of(pareto->front[i]);
		good = good && write_text(folder, name,
		                          map_to_json(pareto->front[i]->mapping, subject->workload,
		                                      subject->package),
		                          error);
	}
	return good && write_text(folder, "report.json", pareto_report(pareto), error) &&
	       write_text(folder, "pareto.csv", csv_of(pareto), error) &&
	       write_text(folder, "pareto.svg", svg_of(pareto), error);
}

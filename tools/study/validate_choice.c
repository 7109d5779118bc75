/*
 * mcmsim validate --choice: what a calibration is worth for the choice of mappings. Invariant: both
 * searches and both simulations of a pair and strategy happen in one process, one after another, so
 * that their times can be compared.
 */
#include <math.h>
#include <string.h>

#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/text/progress.h"
#include "tools/report/refine.h"
#include "tools/report/report.h"
#include "tools/report/results.h"
#include "tools/report/made_by.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"
#include "tools/study/validate.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

#define WORSE_PERCENT 1.0 /* counted as worse */

/* Without and with the calibration. Plain numbers: they travel between processes. */
struct figures {
	double latency_ns[2]; /* simulated */
	double error_percent[2];
	double search_s[2];
};

struct choice {
	unsigned pair;
	enum search_strategy strategy;
	struct figures figures;
	char *error; /* not NULL: no figures */
};

struct choosing {
	const struct validation *validation;
	struct choice *choices;
	unsigned count;
};

/* ---- in the worker ---- */

static bool judge(const struct sample_request *request, const struct subject *subject,
                  const struct map_mapping *mapping, struct figures *figures, unsigned with,
                  GError **error)
{
	struct cost_report cost;
	struct sim_outcome *sim = subject_simulate(subject, mapping, request->exact, error);
	if (!sim)
		return false;
	subject_evaluate(subject, mapping, &cost);
	figures->latency_ns[with] = sim->latency_ns;
	figures->error_percent[with] = report_error_percent(cost.latency_ns, sim->latency_ns);
	cost_report_release(&cost);
	sim_outcome_free(sim);
	return true;
}

static bool choose(const struct validation *validation, const struct choice *choice, unsigned with,
                   struct figures *figures, GError **error)
{
	const struct sample_request *request = &validation->request;
	struct subject subject = request->pairs[choice->pair].subject; /* borrowed */
	if (!with)
		subject.parameters = cost_neutral_parameters();
	struct search_options search = subject_search_options(&subject, validation->options);
	search.strategy = choice->strategy;
	search.jobs = 1;
	gint64 start_us = g_get_monotonic_time();
	struct refinement refinement;
	struct map_mapping *mapping = refine_search(&refinement,
	                                            with ? validation->options->refine : 0,
	                                            &subject, &search, request->exact, error);
	refine_release(&refinement);
	figures->search_s[with] = (double)(g_get_monotonic_time() - start_us) * 1e-6;
	bool good = mapping && judge(request, &subject, mapping, figures, with, error);
	map_free(mapping);
	return good;
}

/* The answer: figures, and an error's text if they are none. */
static void work(void *data, unsigned index, GString *answer)
{
	const struct choosing *choosing = data;
	const struct validation *validation = choosing->validation;
	struct figures figures = { { 0 }, { 0 }, { 0 } };
	g_autoptr(GError) error = NULL;
	if (choose(validation, &choosing->choices[index], 0, &figures, &error))
		choose(validation, &choosing->choices[index], 1, &figures, &error);
	wire_put(answer, &figures, sizeof figures);
	wire_put_text(answer, error ? error->message : NULL);
}

/* ---- output ---- */

static double change_percent(const struct figures *figures)
{
	return (figures->latency_ns[1] / figures->latency_ns[0] - 1) * 100;
}

struct summary {
	unsigned count, changed, worse, failed;
	double mean, worst, best, search_s[2];
};

static struct summary summarise(const struct choosing *choosing)
{
	struct summary s = { 0, 0, 0, 0, 0, -INFINITY, INFINITY, { 0, 0 } };
	for (unsigned i = 0; i < choosing->count; i++) {
		const struct choice *choice = &choosing->choices[i];
		double change = change_percent(&choice->figures);
		if (choice->error) {
			s.failed++;
			continue;
		}
		s.count++;
		s.changed += change != 0;
		s.worse += change > WORSE_PERCENT;
		s.mean += change;
		s.worst = MAX(s.worst, change);
		s.best = MIN(s.best, change);
		for (unsigned with = 0; with < 2; with++)
			s.search_s[with] += choice->figures.search_s[with];
	}
	s.mean /= MAX(s.count, 1);
	return s;
}

static void print_rows(const struct choosing *choosing, GString *out)
{
	static const struct table_column columns[] = {
		{ "workload", "", TABLE_LEFT },  { "package", "", TABLE_LEFT },
		{ "strategy", "", TABLE_LEFT },  { "without", "ms", TABLE_RIGHT },
		{ "with", "ms", TABLE_RIGHT },   { "change", "%", TABLE_RIGHT },
		{ "without", "%", TABLE_RIGHT }, { "with", "%", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 1, "" },
		                                     { 3, "simulated" },
		                                     { 6, "model's error" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = choosing->validation->options->width;
	table.key_count = 3;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned i = 0; i < choosing->count; i++) {
		const struct choice *choice = &choosing->choices[i];
		const struct figures *f = &choice->figures;
		const struct subject *subject =
			&choosing->validation->request.pairs[choice->pair].subject;
		if (choice->error)
			continue;
		table_add(&table, "%s", subject->workload->name);
		table_add(&table, "%s", subject->package->name);
		table_add(&table, "%s", search_strategy_name(choice->strategy));
		table_add_number(&table, "%.4g", f->latency_ns[0] * 1e-6);
		table_add_number(&table, "%.4g", f->latency_ns[1] * 1e-6);
		table_add_number(&table, "%+.2f", change_percent(f));
		table_add_number(&table, "%+.1f", f->error_percent[0]);
		table_add_number(&table, "%+.1f", f->error_percent[1]);
	}
	table_finish(&table, out);
}

static const char *with_what(const struct choosing *choosing)
{
	const struct options *options = choosing->validation->options;
	return !options->refine       ? "the calibration"
	       : options->calibration ? "the calibration and --refine"
	                              : "--refine";
}

static void print_text(const struct choosing *choosing, GString *out)
{
	struct summary s = summarise(choosing);
	print_rows(choosing, out);
	wrap_printf(out, choosing->validation->options->width, 0,
	            "\n%u mappings chosen with %s: %+.2f %% of simulated "
	            "latency on average, %+.2f to %+.2f %%; %u of them worse by more "
	            "than %.0f %%, %u not the same as without.\n",
	            s.count, with_what(choosing), s.mean, s.best, s.worst, s.worse, WORSE_PERCENT,
	            s.changed);
	if (!choosing->validation->options->quiet)
		g_string_append_printf(out, "Searches took %.2f s without it, %.2f s with it.\n",
		                       s.search_s[0], s.search_s[1]);
	for (unsigned i = 0; i < choosing->count; i++)
		if (choosing->choices[i].error) {
			g_autofree char *text = printable(choosing->choices[i].error);
			wrap_printf(out, choosing->validation->options->width, 2, "left out: %s\n",
			            text);
		}
}

static char *json_text(const struct choosing *choosing)
{
	struct summary s = summarise(choosing);
	struct json_writer w;
	struct made_by made_by = made_by_of(&choosing->validation->request.pairs[0].subject,
	                                    choosing->validation->options, NULL, true);
	if (choosing->validation->request.pair_count > 1) {
		made_by.package = NULL; /* there are several */
		made_by.workload = NULL;
	}
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-choice/1");
	made_by_write(&w, &made_by);
	json_integer(&w, "batch", choosing->validation->request.batch);
	json_integer(&w, "refine", choosing->validation->options->refine);
	report_write_calibration(&w, choosing->validation->request.pairs[0].subject.calibration,
	                         choosing->validation->options->calibration);
	json_begin_array(&w, "choices", JSON_LINES);
	for (unsigned i = 0; i < choosing->count; i++) {
		const struct choice *choice = &choosing->choices[i];
		const struct subject *subject =
			&choosing->validation->request.pairs[choice->pair].subject;
		json_begin_object(&w, NULL, JSON_ONE_LINE);
		json_string(&w, "workload", subject->workload->name);
		json_string(&w, "package", subject->package->name);
		json_string(&w, "strategy", search_strategy_name(choice->strategy));
		if (choice->error) {
			json_string(&w, "error", choice->error);
		} else {
			json_number(&w, "without_ns", choice->figures.latency_ns[0]);
			json_number(&w, "with_ns", choice->figures.latency_ns[1]);
			json_number(&w, "change_percent", change_percent(&choice->figures));
		}
		json_end_object(&w);
	}
	json_end_array(&w);
	json_integer(&w, "count", s.count);
	json_integer(&w, "changed", s.changed);
	json_integer(&w, "worse", s.worse);
	json_number(&w, "mean_percent", s.count ? s.mean : (double)NAN);
	json_number(&w, "worst_percent", s.worst);
	json_number(&w, "best_percent", s.best);
	json_end_object(&w);
	return json_finish(&w);
}

/* ---- the way in ---- */

static void list_choices(const struct validation *v, struct choosing *choosing)
{
	const struct sample_request *request = &v->request;
	*choosing = (struct choosing){ .validation = v };
	choosing->choices = g_new0(struct choice, request->pair_count * SEARCH_STRATEGIES);
	for (unsigned p = 0; p < request->pair_count; p++)
		for (unsigned s = 0; s < request->pairs[p].strategy_count; s++)
			choosing->choices[choosing->count++] = (struct choice){
				.pair = p, .strategy = request->pairs[p].strategies[s]
			};
}

static void run(struct choosing *choosing)
{
	g_autofree GString **answers = g_new0(GString *, choosing->count);
	g_autofree char **errors = g_new0(char *, choosing->count);
	const struct workers workers = { .count = choosing->count,
		                         .jobs = choosing->validation->request.jobs,
		                         .work = work,
		                         .data = choosing };
	workers_run(&workers, answers, errors);
	for (unsigned i = 0; i < choosing->count; i++) {
		struct choice *choice = &choosing->choices[i];
		choice->error = errors[i];
		if (!answers[i])
			continue;
		struct wire wire = wire_open(answers[i]);
		wire_take(&wire, &choice->figures, sizeof choice->figures);
		choice->error = wire_take_text(&wire);
		g_string_free(answers[i], TRUE);
	}
}

enum tool_status validate_choice(const struct validation *v, GString *out, GError **error)
{
	struct choosing choosing;
	enum tool_status status = TOOL_OK;
	list_choices(v, &choosing);
	run(&choosing);
	g_autofree char *json = json_text(&choosing);
	if (v->options->out && !write_text(v->options->out, "choice.json", g_strdup(json), error))
		status = TOOL_FAILED;
	if (status == TOOL_OK && v->options->json)
		g_string_append(out, json);
	else if (status == TOOL_OK)
		print_text(&choosing, out);
	for (unsigned i = 0; i < choosing.count; i++)
		g_free(choosing.choices[i].error);
	g_free(choosing.choices);
	return status;
}

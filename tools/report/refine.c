/* Invariant: ties go to the candidate that the model prefers. */
#include "tools/report/refine.h"

#include <math.h>
#include <string.h>

#include "sim/simulate.h"
#include "tools/text/table.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

struct refining {
	struct refinement *refinement;
	const struct subject *subject;
	bool exact;
};

/* ---- in the worker ---- */

static void judge(const struct refining *r, const struct map_mapping *mapping,
                  struct refine_figures *result, GError **error)
{
	struct cost_report model;
	subject_evaluate(r->subject, mapping, &model);
	result->model_ns = model.latency_ns;
	cost_report_release(&model);
	struct sim_outcome *sim = subject_simulate(r->subject, mapping, r->exact, error);
	if (!sim)
		return;
	result->simulated_ns = sim->latency_ns;
	result->simulated_pJ = cost_total_pJ(&sim->totals, sim->static_pJ);
	sim_outcome_free(sim);
}

/* The answer: figures, and an error's text behind them. */
static void work(void *data, unsigned index, GString *answer)
{
	const struct refining *r = data;
	const struct map_mapping *mapping = r->refinement->pool.candidates[index].mapping;
	struct refine_figures result = { .model_ns = 0 };
	g_autoptr(GError) error = NULL;
	judge(r, mapping, &result, &error);
	wire_put(answer, &result, sizeof result);
	wire_put_text(answer, error ? error->message : NULL);
}

/* ---- */

static void read_answers(struct refinement *refinement, GString **answers, char **errors)
{
	for (unsigned i = 0; i < refinement->pool.count; i++) {
		struct refine_candidate *candidate = &refinement->candidates[i];
		candidate->error = errors[i];
		if (!answers[i])
			continue;
		struct wire wire = wire_open(answers[i]);
		wire_take(&wire, &candidate->figures, sizeof candidate->figures);
		candidate->error = wire_take_text(&wire);
		g_string_free(answers[i], TRUE);
	}
}

static bool choose(struct refinement *refinement, const struct search_options *search,
                   GError **error)
{
	double least = INFINITY;
	for (unsigned i = 0; i < refinement->pool.count; i++) {
		const struct refine_candidate *candidate = &refinement->candidates[i];
		double value = candidate->error
		                       ? INFINITY
		                       : search_value(search, candidate->figures.simulated_ns,
		                                      candidate->figures.simulated_pJ);
		if (value < least) {
			least = value;
			refinement->chosen = i;
		}
	}
	if (!isfinite(least))
		g_set_error(error, TOOL_ERROR, TOOL_FAILED,
		            "--refine: none of %u mappings could be simulated; the first: %s",
		            refinement->pool.count, refinement->candidates[0].error);
	return isfinite(least);
}

static bool simulate_all(struct refinement *refinement, const struct subject *subject,
                         const struct search_options *search, bool exact, GError **error)
{
	struct refining refining = { refinement, subject, exact };
	unsigned count = refinement->pool.count;
	g_autofree GString **answers = g_new0(GString *, count);
	g_autofree char **errors = g_new0(char *, count);
	const struct workers workers = { count, search->jobs, work, NULL, &refining };
	refinement->candidates = g_new0(struct refine_candidate, count);
	workers_run(&workers, answers, errors);
	read_answers(refinement, answers, errors);
	return choose(refinement, search, error);
}

void refine_release(struct refinement *refinement)
{
	for (unsigned i = 0; refinement->candidates && i < refinement->pool.count; i++)
		g_free(refinement->candidates[i].error);
	g_clear_pointer(&refinement->candidates, g_free);
	search_pool_release(&refinement->pool);
}

struct map_mapping *refine_search(struct refinement *refinement, unsigned room,
                                  const struct subject *subject,
                                  const struct search_options *search, bool exact, GError **error)
{
	struct search_options options = *search;
	*refinement = (struct refinement){ .chosen = 0 };
	if (room > 0) {
		search_pool_init(&refinement->pool, room);
		options.pool = &refinement->pool;
	}
	struct map_mapping *mapping = search_mapping(subject->workload, subject->package, &options,
	                                             error);
	if (room == 0 || !mapping)
		return mapping;
	map_free(mapping);
	if (!simulate_all(refinement, subject, search, exact, error))
		return NULL;
	return map_copy(refinement->pool.candidates[refinement->chosen].mapping);
}

double refine_gain_percent(const struct refinement *refinement)
{
	const struct refine_candidate *first = &refinement->candidates[0];
	const struct refine_candidate *chosen = &refinement->candidates[refinement->chosen];
	return first->error
	               ? (double)NAN
	               : (chosen->figures.simulated_ns / first->figures.simulated_ns - 1) * 100;
}

void refine_print(const struct refinement *refinement, unsigned width, GString *out)
{
	static const struct table_column columns[] = { { "by the model", "", TABLE_RIGHT },
		                                       { "model", "ms", TABLE_RIGHT },
		                                       { "simulated", "ms", TABLE_RIGHT },
		                                       { "", "", TABLE_TEXT } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (unsigned i = 0; i < refinement->pool.count; i++) {
		const struct refine_candidate *candidate = &refinement->candidates[i];
		table_add(&table, "%u", i + 1);
		table_add(&table, "%.4f", candidate->figures.model_ns * 1e-6);
		if (candidate->error)
			table_add(&table, "-");
		else
			table_add(&table, "%.4f", candidate->figures.simulated_ns * 1e-6);
		table_add(&table, "%s",
		          candidate->error          ? candidate->error
		          : i == refinement->chosen ? "chosen"
		                                    : "");
	}
	table_finish(&table, out);
}

void refine_write(struct json_writer *writer, const struct refinement *refinement)
{
	json_begin_object(writer, "refined", JSON_LINES);
	json_integer(writer, "chosen", refinement->chosen);
	json_number(writer, "gain_percent", refine_gain_percent(refinement));
	json_begin_array(writer, "candidates", JSON_LINES);
	for (unsigned i = 0; i < refinement->pool.count; i++) {
		const struct refine_candidate *candidate = &refinement->candidates[i];
		json_begin_object(writer, NULL, JSON_ONE_LINE);
		json_number(writer, "analytical_ns", candidate->figures.model_ns);
		if (candidate->error)
			json_string(writer, "error", candidate->error);
		else
			json_number(writer, "simulated_ns", candidate->figures.simulated_ns);
		json_end_object(writer);
	}
	json_end_array(writer);
	json_end_object(writer);
}

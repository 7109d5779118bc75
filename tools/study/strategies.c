/*
 * Invariant: one process per strategy does all of its work; what it finds and writes does not
 * depend on the others, so neither does the output on --jobs.
 */
#include "tools/study/strategies.h"

#include <string.h>

#include "tools/report/refine.h"
#include "tools/text/progress.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

/* How far a strategy is; in memory that parent and child share. */
struct run_state {
	_Atomic int phase;
	_Atomic double fraction;
};

enum { WAITING, SEARCHING, SIMULATING };

struct run {
	const struct options *options;
	const struct subject *subject;
	struct run_state *states;
	struct progress progress;
};

static const char *strategy_of(const struct run *run, unsigned index)
{
	return search_strategy_name(run->options->strategies[index]);
}

/* DIR itself for one strategy, else DIR/STRATEGY; NULL without --out. Caller frees. */
static char *folder_of(const struct run *run, unsigned index)
{
	const struct options *options = run->options;
	return !options->out ? NULL
	       : options->strategy_count > 1
	               ? g_build_filename(options->out, strategy_of(run, index), NULL)
	               : g_strdup(options->out);
}

/* As many strategies at a time as --jobs allows; what is left over goes to their searches. */
static unsigned processes(const struct options *options)
{
	return MIN(options->jobs, options->strategy_count);
}

/* ---- in the worker ---- */

static void set_fraction(void *state, double fraction)
{
	((struct run_state *)state)->fraction = fraction;
}

static void set_simulated(void *state, double fraction, double time_ns)
{
	(void)time_ns;
	set_fraction(state, fraction);
}

static bool work_on(struct run *run, unsigned index, struct result *result, GError **error)
{
	const struct options *options = run->options;
	struct run_state *state = &run->states[index];
	struct search_options search = subject_search_options(run->subject, options);
	search.strategy = options->strategies[index];
	search.jobs = options->jobs / processes(options);
	search.progress = set_fraction;
	search.progress_data = state;
	gint64 start_us = g_get_monotonic_time();
	state->phase = SEARCHING;
	struct refinement refinement;
	struct map_mapping *mapping = refine_search(&refinement, options->refine, run->subject,
	                                            &search, options->exact, error);
	refine_release(&refinement);
	if (!mapping)
		return false;
	g_autofree char *folder = folder_of(run, index);
	const struct execution execution = {
		.subject = run->subject,
		.options = options,
		.folder = folder,
		.search_wall_s = (double)(g_get_monotonic_time() - start_us) * 1e-6,
		.progress = set_simulated,
		.progress_data = state
	};
	state->fraction = 0;
	state->phase = SIMULATING;
	bool good = (!folder || prepare_folder(folder, error)) &&
	            execute_mapping(&execution, mapping, result, error);
	map_free(mapping);
	return good;
}

/* Why a strategy has no result; its name stands before it anyway. */
static const char *reason(const char *message, const char *strategy)
{
	g_autofree char *prefix = g_strdup_printf("strategy %s: ", strategy);
	return g_str_has_prefix(message, prefix) ? message + strlen(prefix) : message;
}

/* The answer: the row, then texts: error, bottleneck, explanation, layers, report. */
static void work(void *data, unsigned index, GString *answer)
{
	struct result result = { NULL };
	GError *error = NULL;
	if (!work_on(data, index, &result, &error))
		g_assert(error); /* a function that fails says why */
	wire_put(answer, &result.row, sizeof result.row);
	wire_put_text(answer, error ? reason(error->message, strategy_of(data, index)) : NULL);
	wire_put_text(answer, result.bottleneck);
	wire_put_text(answer, result.explanation);
	wire_put_text(answer, result.layers);
	wire_put_text(answer, result.report);
	g_clear_error(&error);
	result_release(&result);
}

/* ---- in the parent ---- */

static void show_progress(void *data)
{
	struct run *run = data;
	static const char *const phases[] = { "waiting", "searching", "simulating" };
	g_autoptr(GString) line = g_string_new(NULL);
	for (unsigned i = 0; i < run->options->strategy_count; i++)
		g_string_append_printf(line, "%s%s: %s %.0f %%", i ? ", " : "", strategy_of(run, i),
		                       phases[run->states[i].phase], run->states[i].fraction * 100);
	progress_line(&run->progress, line->str);
}

static void read_answer(const struct run *run, unsigned index, const GString *answer,
                        struct result *result)
{
	struct wire wire = wire_open(answer);
	wire_take(&wire, &result->row, sizeof result->row);
	result->error = wire_take_text(&wire);
	result->bottleneck = wire_take_text(&wire);
	result->explanation = wire_take_text(&wire);
	result->layers = wire_take_text(&wire);
	result->report = wire_take_text(&wire);
	if (!result->error)
		result->folder = folder_of(run, index);
}

bool strategies_run(const struct subject *subject, const struct options *options,
                    struct result *results, GError **error)
{
	unsigned count = options->strategy_count;
	size_t bytes = count * sizeof(struct run_state);
	struct run run = { .options = options, .subject = subject };
	g_autofree GString **answers = g_new(GString *, count);
	g_autofree char **errors = g_new(char *, count);
	run.states = workers_share(bytes, error);
	if (!run.states)
		return false;
	progress_begin(&run.progress, options->quiet);
	const struct workers workers = { count, processes(options), work,
		                         run.progress.on ? show_progress : NULL, &run };
	workers_run(&workers, answers, errors);
	progress_end(&run.progress);
	workers_unshare(run.states, bytes);
	for (unsigned i = 0; i < count; i++) {
		results[i].name = strategy_of(&run, i);
		results[i].error = errors[i];
		if (!answers[i])
			continue;
		read_answer(&run, i, answers[i], &results[i]);
		g_string_free(answers[i], TRUE);
	}
	return true;
}

/* Invariant: samples stand in the order of their pairs and numbers, whoever made them. */
#include "tools/study/samples.h"

#include <string.h>

#include "tools/text/progress.h"
#include "tools/study/sample_work.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

const char *sample_kind_name(enum sample_kind kind)
{
	static const char *const names[SAMPLE_KINDS] = { "searched", "random", "neighbour" };
	return names[kind];
}

const char *sample_strategy_name(const struct sample_figures *figures)
{
	return figures->kind == SAMPLE_RANDOM && figures->strategy == SEARCH_ANY
	               ? "any"
	               : search_strategy_name(figures->strategy);
}

static unsigned samples_per_pair(const struct sample_request *request,
                                 const struct sample_pair *pair)
{
	return pair->strategy_count + request->drawn;
}

/* ---- pairs ---- */

static void choose_strategies(struct sample_pair *pair, const struct options *options)
{
	for (unsigned i = 0; i < options->strategy_count; i++)
		if (search_check_strategy(options->strategies[i], pair->subject.workload,
		                          pair->subject.package, NULL))
			pair->strategies[pair->strategy_count++] = options->strategies[i];
}

/* Two of one name could not be told apart in the results. */
static bool check_names(const struct sample_request *request, GError **error)
{
	const struct sample_pair *last = &request->pairs[request->pair_count - 1];
	for (unsigned i = 0; i + 1 < request->pair_count; i++) {
		const struct subject *a = &request->pairs[i].subject, *b = &last->subject;
		if (strcmp(a->workload->name, b->workload->name) != 0 ||
		    strcmp(a->package->name, b->package->name) != 0)
			continue;
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--package, --workload: must name each pair once, got workload '%s' on "
		            "package '%s' twice",
		            b->workload->name, b->package->name);
		return false;
	}
	return true;
}

static bool load_pair(struct sample_request *request, const struct options *options,
                      const char *workload, const char *package, GError **error)
{
	struct sample_pair *pair = &request->pairs[request->pair_count];
	pair->workload = workload;
	pair->package = package;
	if (!subject_load(&pair->subject, package, workload, options->set, error))
		return false;
	request->pair_count++;
	if (!sim_check_size(pair->subject.package, error) ||
	    !subject_calibrate(&pair->subject, options, error))
		return false;
	choose_strategies(pair, options);
	if (!pair->strategy_count)
		return search_check_strategy(options->strategies[0], pair->subject.workload,
		                             pair->subject.package, error);
	return check_names(request, error);
}

bool samples_load_pairs(struct sample_request *request, const struct options *options,
                        const char *const *workloads, const char *const *packages, GError **error)
{
	unsigned most = g_strv_length((char **)workloads) * g_strv_length((char **)packages);
	request->pairs = g_new0(struct sample_pair, most);
	request->pair_count = 0;
	for (unsigned w = 0; workloads[w]; w++)
		for (unsigned p = 0; packages[p]; p++)
			if (!load_pair(request, options, workloads[w], packages[p], error))
				return false;
	return true;
}

void samples_release_pairs(struct sample_request *request)
{
	for (unsigned i = 0; i < request->pair_count; i++) {
		struct sample_pair *pair = &request->pairs[i];
		for (unsigned s = 0; s < pair->strategy_count; s++) {
			g_free(pair->searched[s]);
			g_free(pair->errors[s]);
		}
		subject_release(&pair->subject);
	}
	g_clear_pointer(&request->pairs, g_free);
}

/* ---- work in processes ---- */

struct piece {
	unsigned pair, number; /* of a search: the strategy's place */
};

struct making {
	struct sample_request *request;
	struct piece *pieces;
	unsigned count;
	const char *what;
	_Atomic unsigned *done; /* shared with the workers */
	struct progress progress;
};

static void show_progress(void *data)
{
	struct making *making = data;
	g_autofree char *line = g_strdup_printf("%s: %u of %u", making->what, *making->done,
	                                        making->count);
	progress_line(&making->progress, line);
}

/* The answer: a mapping, or none and an error. */
static void work_search(void *data, unsigned index, GString *answer)
{
	struct making *making = data;
	const struct sample_request *request = making->request;
	const struct sample_pair *pair = &request->pairs[making->pieces[index].pair];
	const struct search_options search = {
		.strategy = pair->strategies[making->pieces[index].number],
		.objective = SEARCH_LATENCY,
		.batch = request->batch,
		.tiles = request->tiles,
		.jobs = MAX(request->jobs / making->count, 1),
		.parameters = &pair->subject.parameters,
	};
	GError *error = NULL;
	struct map_mapping *mapping = search_mapping(pair->subject.workload, pair->subject.package,
	                                             &search, &error);
	g_autofree char *text = mapping ? map_to_json(mapping, pair->subject.workload,
	                                              pair->subject.package)
	                                : NULL;
	wire_put_text(answer, text);
	wire_put_text(answer, mapping ? NULL : error->message);
	g_clear_error(&error);
	map_free(mapping);
	++*making->done;
}

static void work_sample(void *data, unsigned index, GString *answer)
{
	struct making *making = data;
	struct sample sample;
	sample_work(making->request, making->pieces[index].pair, making->pieces[index].number,
	            &sample);
	sample_pack(&sample, answer);
	sample_release(&sample);
	++*making->done;
}

static void run_pieces(struct making *making, void (*work)(void *, unsigned, GString *),
                       GString **answers, char **errors)
{
	const struct workers workers = { making->count, making->request->jobs, work,
		                         making->progress.on ? show_progress : NULL, making };
	*making->done = 0;
	workers_run(&workers, answers, errors);
}

/* Whether a search is needed: for all samples, or for the only one. */
static bool is_needed(const struct sample_request *request, const struct sample_pair *pair,
                      unsigned strategy)
{
	struct sample_figures figures;
	unsigned index;
	if (request->only < 0)
		return true;
	sample_identify(pair, (unsigned)request->only, &figures, &index);
	return figures.kind != SAMPLE_RANDOM && index == strategy;
}

static void make_searches(struct making *making)
{
	struct sample_request *request = making->request;
	making->pieces = g_new(struct piece, request->pair_count * SEARCH_STRATEGIES);
	making->count = 0;
	making->what = "searching";
	for (unsigned p = 0; p < request->pair_count; p++)
		for (unsigned s = 0; s < request->pairs[p].strategy_count; s++)
			if (is_needed(request, &request->pairs[p], s))
				making->pieces[making->count++] = (struct piece){ p, s };
	g_autofree GString **answers = g_new0(GString *, making->count);
	g_autofree char **errors = g_new0(char *, making->count);
	run_pieces(making, work_search, answers, errors);
	for (unsigned i = 0; i < making->count; i++) {
		struct sample_pair *pair = &request->pairs[making->pieces[i].pair];
		unsigned s = making->pieces[i].number;
		pair->errors[s] = errors[i];
		if (!answers[i])
			continue;
		struct wire wire = wire_open(answers[i]);
		pair->searched[s] = wire_take_text(&wire);
		pair->errors[s] = wire_take_text(&wire);
		g_string_free(answers[i], TRUE);
	}
	g_clear_pointer(&making->pieces, g_free);
}

/* A sample whose process died. */
static void note_death(const struct making *making, unsigned i, char *error, struct sample *sample)
{
	const struct piece *piece = &making->pieces[i];
	unsigned index;
	*sample = (struct sample){ .figures = { .pair = piece->pair }, .error = error };
	sample_identify(&making->request->pairs[piece->pair], piece->number, &sample->figures,
	                &index);
}

static void make_samples(struct making *making, struct sample_set *set)
{
	g_autofree GString **answers = g_new0(GString *, making->count);
	g_autofree char **errors = g_new0(char *, making->count);
	making->what = "simulating";
	run_pieces(making, work_sample, answers, errors);
	set->samples = g_new0(struct sample, making->count);
	set->count = making->count;
	for (unsigned i = 0; i < making->count; i++) {
		if (!answers[i]) {
			note_death(making, i, errors[i], &set->samples[i]);
			continue;
		}
		sample_unpack(answers[i], &set->samples[i]);
		g_string_free(answers[i], TRUE);
	}
}

static void list_samples(struct making *making)
{
	const struct sample_request *request = making->request;
	unsigned most = 0;
	for (unsigned p = 0; p < request->pair_count; p++)
		most += request->only < 0 ? samples_per_pair(request, &request->pairs[p]) : 1;
	making->pieces = g_new(struct piece, most);
	making->count = 0;
	for (unsigned p = 0; p < request->pair_count; p++) {
		unsigned first = (unsigned)MAX(request->only, 0), end = first + 1;
		if (request->only < 0)
			end = samples_per_pair(request, &request->pairs[p]);
		for (unsigned i = first; i < end; i++)
			making->pieces[making->count++] = (struct piece){ p, i };
	}
}

bool samples_make(struct sample_request *request, struct sample_set *set, GError **error)
{
	struct making making = { .request = request };
	making.done = workers_share(sizeof *making.done, error);
	if (!making.done)
		return false;
	progress_begin(&making.progress, request->quiet);
	make_searches(&making);
	list_samples(&making);
	make_samples(&making, set);
	progress_end(&making.progress);
	g_free(making.pieces);
	workers_unshare((void *)making.done, sizeof *making.done);
	return true;
}

void samples_release(struct sample_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		sample_release(&set->samples[i]);
	g_clear_pointer(&set->samples, g_free);
	set->count = 0;
}

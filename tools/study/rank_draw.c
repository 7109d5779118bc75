/* Invariant: draw i depends on the seed and i alone, so results do not depend on --jobs. */
#include <math.h>

#include "hw/base/threads.h"
#include "hw/base/statistics.h"
#include "tools/text/progress.h"
#include "tools/study/rank.h"

#define BLOCK 32         /* draws that a thread takes at a time */
#define ATTEMPTS 100000u /* for one valid mapping */
#define CONFIDENCE 0.95
#define MARGIN 1.02 /* of the histogram's ends */

struct ranking_draws {
	struct ranking *ranking;
	struct search_sampler *dealers; /* per thread */
	struct progress progress;
	_Atomic unsigned done, failed;
};

static void draw_block(void *data, unsigned thread, unsigned block)
{
	struct ranking_draws *d = data;
	struct ranking *r = d->ranking;
	unsigned end = MIN((block + 1) * BLOCK, r->draw_count);
	for (unsigned i = block * BLOCK; i < end && !d->failed; i++)
		if (!search_sampler_draw(&d->dealers[thread], r->options->seed, i, ATTEMPTS,
		                         &r->draws[i]))
			d->failed++;
	d->done += end - block * BLOCK;
	if (thread == 0) /* the caller's */
		progress_fraction(&d->progress, (double)d->done / r->draw_count);
}

/* Of all draws, as if each segment's were independent of the others', as they are where they are
 * given; else there is one number for all. */
static void note_accepted(struct ranking *r, const struct search_sampler *dealers)
{
	r->accepted = 1;
	for (unsigned node = 0; node < r->subject->workload->node_count; node++) {
		uint64_t tries = 0;
		for (unsigned i = 0; i < r->options->jobs; i++)
			tries += dealers[i].tries[node];
		if (tries)
			r->accepted *= r->draw_count / (double)tries;
	}
}

static bool draw_all(struct ranking *r, struct search_sample_counts *uniform, GError **error)
{
	const struct subject *subject = r->subject;
	unsigned jobs = r->options->jobs;
	struct ranking_draws d = { .ranking = r, .dealers = g_new(struct search_sampler, jobs) };
	g_autofree struct cost_model *models = g_new(struct cost_model, jobs);
	for (unsigned i = 0; i < jobs; i++) {
		subject_model(subject, &models[i]);
		search_sampler_init(&d.dealers[i], uniform, &models[i]);
	}
	progress_begin(&d.progress, r->options->quiet);
	d.progress.what = "drawing";
	struct search_crew *crew = search_crew_new(jobs);
	search_parallel(crew, (r->draw_count + BLOCK - 1) / BLOCK, draw_block, &d);
	search_crew_free(crew);
	progress_end(&d.progress);
	note_accepted(r, d.dealers);
	for (unsigned i = 0; i < jobs; i++) {
		search_sampler_release(&d.dealers[i]);
		cost_model_release(&models[i]);
	}
	g_free(d.dealers);
	if (d.failed)
		g_set_error(error, TOOL_ERROR, TOOL_FAILED,
		            "strategy %s: %u uniform draws in a row gave no mapping of '%s' that "
		            "fits the buffers of '%s'",
		            search_strategy_name(uniform->strategy), ATTEMPTS,
		            subject->workload->name, subject->package->name);
	return !d.failed;
}

/* Where the searched mapping's segments start. Caller frees. */
static bool *starts_of(const struct ranking *r)
{
	bool *starts = g_new0(bool, r->subject->workload->node_count);
	for (unsigned s = 0; s < r->searched->segment_count; s++)
		starts[r->searched->segments[s].clusters[0].nodes[0].node] = true;
	return starts;
}

bool rank_draw(struct ranking *ranking, GError **error)
{
	const struct options *options = ranking->options;
	struct cost_model model;
	struct search_sample_counts uniform;
	g_autofree bool *starts = options->rank_within ? starts_of(ranking) : NULL;
	cost_model_init(&model, ranking->subject->workload, ranking->subject->package);
	ranking->draw_count = options->draws;
	ranking->draws = g_new0(struct search_sampled, options->draws);
	bool good = search_sample_counts_init(&uniform, &model, options->strategies[0],
	                                      options->batch, options->tiles, starts, options->jobs,
	                                      error);
	if (good) {
		ranking->log10_all = uniform.log10_all;
		ranking->log10_drawn = uniform.log10_drawn;
		good = draw_all(ranking, &uniform, error);
		search_sample_counts_release(&uniform);
	}
	cost_model_release(&model);
	return good;
}

/* ---- what they say ---- */

static void fill_histogram(struct ranking *r)
{
	r->low_ns = MIN(r->own.latency_ns, r->percentiles_ns[0]) / MARGIN;
	r->high_ns = MAX(r->own.latency_ns, r->percentiles_ns[4]) * MARGIN;
	for (unsigned i = 0; i < r->draw_count; i++) {
		double share = log(r->draws[i].latency_ns / r->low_ns) /
		               log(r->high_ns / r->low_ns);
		r->counts[MIN((unsigned)(share * RANK_BARS), RANK_BARS - 1)]++;
	}
}

void rank_judge(struct ranking *ranking)
{
	static const double percents[] = { 0, 25, 50, 75, 100 };
	unsigned count = ranking->draw_count;
	g_autofree double *latency_ns = g_new(double, count);
	for (unsigned i = 0; i < count; i++) {
		const struct search_sampled *draw = &ranking->draws[i];
		latency_ns[i] = draw->latency_ns;
		ranking->faster += draw->latency_ns < ranking->own.latency_ns;
		ranking->mean_segments += (double)draw->segments / count;
		ranking->mean_clusters += (double)draw->clusters / count;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(percents); i++)
		ranking->percentiles_ns[i] = search_percentile(latency_ns, count, percents[i]);
	ranking->log10_valid = ranking->log10_drawn + log10(ranking->accepted);
	ranking->share_bound = search_share_bound(ranking->faster, count, CONFIDENCE);
	fill_histogram(ranking);
}

void rank_release(struct ranking *ranking)
{
	map_free(ranking->searched);
	g_free(ranking->draws);
}

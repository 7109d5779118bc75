/* Invariant: a sample without a result enters no statistic; rows count it as failed. */
#include "tools/study/validate.h"

#include <math.h>

#include "tools/report/report.h"

#define STEADY_MICROBATCHES 4 /* full ones per cluster of the segment */

const char *validate_quantity_name(enum validate_quantity quantity)
{
	static const char *const names[VALIDATE_QUANTITIES] = { "latency", "throughput", "period",
		                                                "load", "bubbles" };
	return names[quantity];
}

/* ---- one sample ---- */

static double load_error(const struct sample *sample)
{
	double load_ns[2] = { 0, 0 };
	for (unsigned s = 0; s < sample->figures.segment_count; s++)
		for (int i = 0; i < 2 && sample->segments[s].load_ns[1] > 0; i++)
			load_ns[i] += sample->segments[s].load_ns[i];
	return report_error_percent(load_ns[0], load_ns[1]);
}

/*
 * The periods' errors, one per cluster, where there is a steady state to measure: clusters run
 * ahead of the slowest one by two micro-batches a stage, so shorter runs only fill buffers.
 */
static void add_periods(const struct sample *sample, GArray *errors)
{
	for (unsigned s = 0; s < sample->figures.segment_count; s++) {
		const struct sample_segment *segment = &sample->segments[s];
		if (sample->figures.batch / segment->samples <
		    STEADY_MICROBATCHES * segment->cluster_count)
			continue;
		for (unsigned c = 0; c < segment->cluster_count; c++) {
			double error = report_error_percent(
				segment->period_ns[0],
				sample->cluster_period_ns[segment->first_cluster + c]);
			g_array_append_val(errors, error);
		}
	}
}

static double period_error(const struct sample *sample)
{
	g_autoptr(GArray) errors = g_array_new(FALSE, FALSE, sizeof(double));
	add_periods(sample, errors);
	return search_errors((const double *)(void *)errors->data, errors->len).bias;
}

double validate_error(const struct sample *sample, enum validate_quantity quantity)
{
	const struct sample_figures *f = &sample->figures;
	switch (quantity) {
	case VALIDATE_LATENCY:
		return report_error_percent(f->latency_ns[0], f->latency_ns[1]);
	case VALIDATE_THROUGHPUT:
		return report_error_percent(report_throughput_per_s(f->batch, f->latency_ns[0]),
		                            report_throughput_per_s(f->batch, f->latency_ns[1]));
	case VALIDATE_PERIOD:
		return period_error(sample);
	case VALIDATE_LOAD:
		return load_error(sample);
	case VALIDATE_BUBBLES:
		return (f->idle[0] - f->idle[1]) * 100;
	case VALIDATE_QUANTITIES:
		break;
	}
	return NAN;
}

double validate_term_percent(const struct sample *sample, enum sim_term term)
{
	return -sample->figures.terms_ns[term] / sample->figures.latency_ns[1] * 100;
}

/* ---- rows ---- */

/* Which samples a row speaks of; negative: all. */
struct error_choice {
	int pair, kind;
};

static bool is_chosen(const struct sample *sample, struct error_choice choice)
{
	return (choice.pair < 0 || (unsigned)choice.pair == sample->figures.pair) &&
	       (choice.kind < 0 || (unsigned)choice.kind == sample->figures.kind);
}

/* The chosen samples that have a result. Caller frees. */
static GPtrArray *choose(const struct sample_set *set, struct error_choice choice, unsigned *failed)
{
	GPtrArray *chosen = g_ptr_array_new();
	for (unsigned i = 0; i < set->count; i++) {
		if (!is_chosen(&set->samples[i], choice))
			continue;
		if (!set->samples[i].error)
			g_ptr_array_add(chosen, &set->samples[i]);
		else if (failed)
			++*failed;
	}
	return chosen;
}

static struct search_errors summarise(const GPtrArray *samples, enum validate_quantity quantity)
{
	g_autoptr(GArray) errors = g_array_new(FALSE, FALSE, sizeof(double));
	for (unsigned i = 0; i < samples->len; i++) {
		const struct sample *sample = samples->pdata[i];
		if (quantity == VALIDATE_PERIOD) {
			add_periods(sample, errors);
			continue;
		}
		double error = validate_error(sample, quantity);
		g_array_append_val(errors, error);
	}
	return search_errors((const double *)(void *)errors->data, errors->len);
}

static struct search_errors summarise_term(const GPtrArray *samples, enum sim_term term)
{
	g_autofree double *percents = g_new(double, samples->len);
	for (unsigned i = 0; i < samples->len; i++)
		percents[i] = validate_term_percent(samples->pdata[i], term);
	return search_errors(percents, samples->len);
}

/* How one pair's samples are ranked. */
static void rank(const GPtrArray *samples, double *tau, double *rho)
{
	g_autofree double *analytical = g_new(double, samples->len);
	g_autofree double *simulated = g_new(double, samples->len);
	for (unsigned i = 0; i < samples->len; i++) {
		const struct sample *sample = samples->pdata[i];
		analytical[i] = sample->figures.latency_ns[0];
		simulated[i] = sample->figures.latency_ns[1];
	}
	*tau = search_kendall_tau(analytical, simulated, samples->len);
	*rho = search_spearman_rho(analytical, simulated, samples->len);
}

/* Samples of different networks are easy to tell apart: ranks count within a pair only. */
static void rank_row(const struct validation *v, struct error_choice choice,
                     struct validate_row *row)
{
	unsigned pairs = v->request.pair_count;
	g_autofree double *taus = g_new(double, pairs), *rhos = g_new(double, pairs);
	for (unsigned p = 0; p < pairs; p++) {
		taus[p] = rhos[p] = NAN;
		if (choice.pair >= 0 && (unsigned)choice.pair != p)
			continue;
		struct error_choice part = { (int)p, choice.kind };
		g_autoptr(GPtrArray) samples = choose(&v->set, part, NULL);
		rank(samples, &taus[p], &rhos[p]);
	}
	row->tau = search_errors(taus, pairs).bias;
	row->rho = search_errors(rhos, pairs).bias;
}

static void add_row(struct validation *v, char *name, struct error_choice choice)
{
	struct validate_row *row = &v->rows[v->row_count++];
	*row = (struct validate_row){ .name = name };
	g_autoptr(GPtrArray) samples = choose(&v->set, choice, &row->failed);
	row->samples = samples->len;
	for (int q = 0; q < VALIDATE_QUANTITIES; q++)
		row->errors[q] = summarise(samples, (enum validate_quantity)q);
	for (int t = 0; t < SIM_TERMS; t++)
		row->terms[t] = summarise_term(samples, (enum sim_term)t);
	rank_row(v, choice, row);
}

void validate_fill_rows(struct validation *v)
{
	v->rows = g_new(struct validate_row, v->request.pair_count + SAMPLE_KINDS + 1);
	v->row_count = 0;
	for (unsigned p = 0; p < v->request.pair_count; p++) {
		const struct subject *subject = &v->request.pairs[p].subject;
		add_row(v,
		        g_strdup_printf("%s on %s", subject->workload->name,
		                        subject->package->name),
		        (struct error_choice){ (int)p, -1 });
	}
	for (int kind = 0; kind < SAMPLE_KINDS; kind++)
		add_row(v, g_strdup(sample_kind_name((enum sample_kind)kind)),
		        (struct error_choice){ -1, kind });
	add_row(v, g_strdup("all"), (struct error_choice){ -1, -1 });
}

void validate_release_rows(struct validation *v)
{
	for (unsigned i = 0; i < v->row_count; i++)
		g_free(v->rows[i].name);
	g_clear_pointer(&v->rows, g_free);
}

const struct sample *validate_worst(const struct validation *v)
{
	const struct sample *worst = NULL;
	double most = -1;
	for (unsigned i = 0; i < v->set.count; i++) {
		const struct sample *sample = &v->set.samples[i];
		double error = sample->error ? -1 : fabs(validate_error(sample, VALIDATE_LATENCY));
		if (error > most) {
			most = error;
			worst = sample;
		}
	}
	return worst;
}

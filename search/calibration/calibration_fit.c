/*
 * Invariant: the optimizer sees every free parameter on a scale from 0 to 1 from its lowest to its
 * highest value; sums over samples are taken in the samples' order.
 */
#include "search/calibration/calibration_fit.h"

#include "hw/base/statistics.h"
#include "hw/base/threads.h"

#include <math.h>
#include <nlopt.h>
#include <string.h>

#define DISTANCE 1e-4 /* weight of a parameter's squared distance from its start */
#define WIDE 10.0     /* ranges wider than this have a logarithmic scale */
#define TENTHS 10
#define FIRST_EVALUATIONS 120 /* from each start */
#define LAST_EVALUATIONS 300  /* from the best of them */
#define FOLD_EVALUATIONS 120
#define STEP 0.1       /* first step */
#define PRECISION 1e-5 /* of the scale */
#define CHUNK 16       /* samples that a thread takes at a time */

/* ---- samples ---- */

void cal_sample_init(struct cal_sample *sample, struct cost_model *model,
                     const struct map_mapping *mapping)
{
	struct map_plan plan;
	map_plan_init(&plan, mapping, model->workload, model->package);
	*sample = (struct cal_sample){ .segment_count = mapping->segment_count, .weight = 1 };
	sample->segments = g_new(struct cost_features, mapping->segment_count);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		cost_features_init(&sample->segments[s]);
		cost_features_extract(model, &plan, &mapping->segments[s], true,
		                      &sample->segments[s], NULL, NULL);
	}
	map_plan_release(&plan);
}

void cal_sample_release(struct cal_sample *sample)
{
	for (unsigned s = 0; s < sample->segment_count; s++)
		cost_features_release(&sample->segments[s]);
	g_clear_pointer(&sample->segments, g_free);
	g_clear_pointer(&sample->segment_ns, g_free);
	sample->segment_count = 0;
}

static double segment_ns(const struct cost_features *f, const struct cost_parameters *parameters)
{
	double few[512];
	size_t needed = f->clusters->len + COST_SCRATCH * (size_t)f->nodes->len;
	double *many = needed > G_N_ELEMENTS(few) ? g_new(double, needed) : NULL;
	double *room = many ? many : few;
	double latency_ns =
		cost_features_time(f, parameters, room, room + f->clusters->len).latency_ns;
	g_free(many);
	return latency_ns;
}

double cal_latency_ns(const struct cal_sample *sample, const struct cost_parameters *parameters)
{
	double sum_ns = 0;
	for (unsigned s = 0; s < sample->segment_count; s++)
		sum_ns += segment_ns(&sample->segments[s], parameters);
	return sum_ns;
}

/* ---- the loss ---- */

struct parameter_fit {
	const struct cal_problem *problem;
	unsigned places[COST_PARAMETERS]; /* of the free ones */
	unsigned free_count;
	double start[COST_PARAMETERS]; /* on the scale, of the free ones */
	double *share;                 /* per sample: its part of the mean of means; 0: left out */
	double *loss;                  /* per sample, scratch */
	struct search_crew *crew;
	unsigned evaluations;
	struct cost_parameters parameters; /* being tried */
};

static double to_scale(unsigned parameter, double value)
{
	const struct cost_parameter_info *info = &cost_parameter_infos[parameter];
	double range = info->high - info->low, part = (value - info->low) / range;
	return range > WIDE ? log1p(part * range) / log1p(range) : part;
}

static double from_scale(unsigned parameter, double x)
{
	const struct cost_parameter_info *info = &cost_parameter_infos[parameter];
	double range = info->high - info->low;
	double part = range > WIDE ? expm1(x * log1p(range)) / range : x;
	return CLAMP(info->low + part * range, info->low, info->high);
}

double cal_error_loss(double model_ns, double target_ns)
{
	double e = model_ns / target_ns - 1;
	return sqrt(e * e + CAL_SMALL_ERROR * CAL_SMALL_ERROR) - CAL_SMALL_ERROR;
}

static double sample_loss(const struct cal_sample *sample, const struct cost_parameters *parameters)
{
	double sum_ns = 0, parts = 0;
	for (unsigned s = 0; s < sample->segment_count; s++) {
		double model_ns = segment_ns(&sample->segments[s], parameters);
		sum_ns += model_ns;
		if (sample->segment_ns)
			parts += sample->segment_ns[s] / sample->latency_ns *
			         cal_error_loss(model_ns, sample->segment_ns[s]);
	}
	double whole = cal_error_loss(sum_ns, sample->latency_ns);
	return sample->segment_ns ? 0.5 * (whole + parts) : whole;
}

static void work(void *data, unsigned thread, unsigned index)
{
	struct parameter_fit *f = data;
	unsigned end = MIN((index + 1) * CHUNK, f->problem->sample_count);
	(void)thread;
	for (unsigned i = index * CHUNK; i < end; i++)
		f->loss[i] = f->share[i] > 0 ? sample_loss(&f->problem->samples[i], &f->parameters)
		                             : 0;
}

static double loss_of(struct parameter_fit *f)
{
	double sum = 0;
	f->evaluations++;
	search_parallel(f->crew, (f->problem->sample_count + CHUNK - 1) / CHUNK, work, f);
	for (unsigned i = 0; i < f->problem->sample_count; i++)
		sum += f->share[i] * f->loss[i];
	return sum;
}

static void take_point(struct parameter_fit *f, const double *x)
{
	for (unsigned i = 0; i < f->free_count; i++)
		f->parameters.value[f->places[i]] = from_scale(f->places[i], x[i]);
}

static double objective(void *data, const double *x)
{
	struct parameter_fit *f = data;
	double distance = 0;
	for (unsigned i = 0; i < f->free_count; i++)
		distance += (x[i] - f->start[i]) * (x[i] - f->start[i]);
	take_point(f, x);
	return loss_of(f) + DISTANCE * distance;
}

/* Every group the same, within a group by weight; samples of `left_out` do not count. */
static void set_shares(struct parameter_fit *f, const unsigned *fold_of, unsigned left_out)
{
	const struct cal_sample *samples = f->problem->samples;
	g_autoptr(GHashTable) sums = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                                   g_free);
	for (unsigned i = 0; i < f->problem->sample_count; i++) {
		gint64 group = ((gint64)samples[i].workload << 32) | samples[i].package;
		double *sum = g_hash_table_lookup(sums, &group);
		f->share[i] = fold_of && fold_of[i] == left_out ? 0 : samples[i].weight;
		if (f->share[i] <= 0)
			continue;
		if (!sum) {
			sum = g_new0(double, 1);
			g_hash_table_insert(sums, g_memdup2(&group, sizeof group), sum);
		}
		*sum += f->share[i];
	}
	for (unsigned i = 0; i < f->problem->sample_count; i++) {
		gint64 group = ((gint64)samples[i].workload << 32) | samples[i].package;
		const double *sum = g_hash_table_lookup(sums, &group);
		if (f->share[i] > 0)
			f->share[i] /= *sum * g_hash_table_size(sums);
	}
}

/* ---- the search ---- */

struct function {
	double (*call)(void *data, const double *x);
	void *data;
};

static double call(unsigned count, const double *x, double *gradient, void *data)
{
	const struct function *function = data;
	(void)count;
	(void)gradient; /* none of the methods asks for one */
	return function->call(function->data, x);
}

/* From x to the least that it finds near it; x becomes where that is. */
static double descend(unsigned count, struct function *function, nlopt_algorithm algorithm,
                      unsigned evaluations, double *x)
{
	nlopt_opt opt = nlopt_create(algorithm, count);
	double best[CAL_MOST], least = function->call(function->data, x), found = least;
	memcpy(best, x, count * sizeof *x);
	nlopt_set_lower_bounds1(opt, 0);
	nlopt_set_upper_bounds1(opt, 1);
	nlopt_set_initial_step1(opt, STEP);
	nlopt_set_xtol_abs1(opt, PRECISION);
	nlopt_set_maxeval(opt, (int)evaluations);
	nlopt_set_min_objective(opt, call, function);
	/* A step that rounding stops has still found something: what counts is the value. */
	if (nlopt_optimize(opt, best, &found) != NLOPT_INVALID_ARGS && found < least) {
		least = found;
		memcpy(x, best, count * sizeof *x);
	}
	nlopt_destroy(opt);
	return least;
}

double cal_descend(unsigned count, double (*function)(void *data, const double *x), void *data,
                   double *x)
{
	struct function f = { function, data };
	return descend(count, &f, NLOPT_LN_BOBYQA, FOLD_EVALUATIONS, x);
}

double cal_minimise(unsigned count, double (*function)(void *data, const double *x), void *data,
                    const double *start, double *best)
{
	static const double away[] = { 0, 0.25, 0.5 };
	struct function f = { function, data };
	double least = INFINITY;
	for (unsigned s = 0; s < G_N_ELEMENTS(away); s++) {
		double x[CAL_MOST];
		for (unsigned i = 0; i < count; i++)
			x[i] = start[i] + (start[i] < 0.5 ? away[s] : -away[s]);
		double found = descend(count, &f, NLOPT_LN_BOBYQA, FIRST_EVALUATIONS, x);
		if (found < least) {
			least = found;
			memcpy(best, x, count * sizeof *x);
		}
	}
	descend(count, &f, NLOPT_LN_SBPLX, LAST_EVALUATIONS, best);
	return descend(count, &f, NLOPT_LN_BOBYQA, FIRST_EVALUATIONS, best);
}

/* ---- leaving out ---- */

const char *cal_fold_name(enum cal_fold fold)
{
	static const char *const names[] = { "workloads", "packages", "tenths of the samples" };
	return names[fold];
}

static unsigned count_different(const struct cal_problem *problem, bool packages)
{
	unsigned count = 0;
	for (unsigned i = 0; i < problem->sample_count; i++) {
		const struct cal_sample *sample = &problem->samples[i];
		count = MAX(count, 1 + (packages ? sample->package : sample->workload));
	}
	return count;
}

static void choose_folds(const struct cal_problem *problem, struct cal_fit *fit)
{
	unsigned workloads = count_different(problem, false),
		 packages = count_different(problem, true);
	fit->fold = workloads > 1  ? CAL_FOLD_WORKLOADS
	            : packages > 1 ? CAL_FOLD_PACKAGES
	                           : CAL_FOLD_TENTHS;
	fit->fold_count = workloads > 1 ? workloads : packages > 1 ? packages : TENTHS;
	fit->fold_of = g_new(unsigned, problem->sample_count);
	for (unsigned i = 0; i < problem->sample_count; i++) {
		const struct cal_sample *sample = &problem->samples[i];
		fit->fold_of[i] = workloads > 1  ? sample->workload
		                  : packages > 1 ? sample->package
		                                 : i % TENTHS;
	}
}

static void set_uncertainty(const struct parameter_fit *f, struct cal_fit *fit)
{
	unsigned n = fit->fold_count;
	g_autofree double *values = g_new(double, n);
	for (unsigned i = 0; i < f->free_count; i++) {
		unsigned p = f->places[i];
		for (unsigned k = 0; k < n; k++)
			values[k] = fit->left_out[k].value[p];
		fit->uncertainty[p] = search_jackknife(values, n);
	}
}

/* Each fold's refit starts from the fit to all. */
static void refit(struct parameter_fit *f, const double *best, struct cal_fit *fit)
{
	fit->left_out = g_new(struct cost_parameters, fit->fold_count);
	for (unsigned k = 0; k < fit->fold_count; k++) {
		double x[COST_PARAMETERS];
		memcpy(x, best, sizeof x);
		set_shares(f, fit->fold_of, k);
		cal_descend(f->free_count, objective, f, x);
		take_point(f, x);
		fit->left_out[k] = f->parameters;
	}
	set_uncertainty(f, fit);
}

/* ---- the way in ---- */

static void fitting_init(struct parameter_fit *f, const struct cal_problem *problem)
{
	*f = (struct parameter_fit){ .problem = problem, .parameters = problem->start };
	f->share = g_new(double, problem->sample_count);
	f->loss = g_new(double, problem->sample_count);
	f->crew = search_crew_new(problem->jobs);
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		if (problem->free[p]) {
			f->places[f->free_count] = p;
			f->start[f->free_count++] = to_scale(p, problem->start.value[p]);
		}
	set_shares(f, NULL, 0);
}

static void fitting_release(struct parameter_fit *f)
{
	g_free(f->share);
	g_free(f->loss);
	search_crew_free(f->crew);
}

double cal_loss(const struct cal_problem *problem, const struct cost_parameters *parameters)
{
	struct parameter_fit f;
	fitting_init(&f, problem);
	f.parameters = *parameters;
	double loss = loss_of(&f);
	fitting_release(&f);
	return loss;
}

/* Six digits: what a file says of it is then exactly what was judged. */
static void round_parameters(struct cost_parameters *parameters)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		parameters->value[p] = g_ascii_strtod(
			g_ascii_formatd(text, sizeof text, "%.6g", parameters->value[p]), NULL);
}

bool cal_fit(const struct cal_problem *problem, struct cal_fit *fit, GError **error)
{
	struct parameter_fit f;
	double best[COST_PARAMETERS] = { 0 };
	fitting_init(&f, problem);
	*fit = (struct cal_fit){ .parameters = problem->start };
	bool enough = problem->sample_count >= CAL_SAMPLES_PER_PARAMETER * f.free_count;
	if (enough) {
		fit->loss_before = loss_of(&f);
		choose_folds(problem, fit);
		cal_minimise(f.free_count, objective, &f, f.start, best);
		take_point(&f, best);
		fit->parameters = f.parameters;
		round_parameters(&fit->parameters);
		fit->loss = cal_loss(problem, &fit->parameters);
		refit(&f, best, fit);
		fit->evaluations = f.evaluations;
	} else {
		g_set_error(error, CAL_ERROR, CAL_ERROR_FIT,
		            "%u parameters need at least %u samples, got %u", f.free_count,
		            CAL_SAMPLES_PER_PARAMETER * f.free_count, problem->sample_count);
	}
	fitting_release(&f);
	return enough;
}

void cal_fit_release(struct cal_fit *fit)
{
	g_clear_pointer(&fit->left_out, g_free);
	g_clear_pointer(&fit->fold_of, g_free);
}

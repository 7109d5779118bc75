/*
 * Fits the parameters of the cost model (search/cost/parameters.h) to latencies that mappings
 * really have, simulated or measured. Pure: no files, no clock; the same samples give the same
 * numbers, whatever the number of threads.
 *
 * What is made small is, with e = model / target - 1 per sample and d = CAL_SMALL_ERROR,
 *
 *   mean over groups of weighted mean over samples of ( sqrt(e^2 + d^2) - d )  +  small x distance
 *
 * (where the segments' times are known, half of it is theirs, weighted by time: errors that make up
 * for each other in one mapping do not in another), a group being a workload on a package:
 * quadratic in small errors, linear in large ones, so that an outlier weighs as much as its error
 * and not as its square (pseudo-Huber; Charbonnier et al., ICIP 1994). The distance (squared, from
 * the start, in parts of each parameter's range) decides only what the samples say nothing of.
 */
#ifndef SEARCH_CALIBRATION_CALIBRATION_FIT_H
#define SEARCH_CALIBRATION_CALIBRATION_FIT_H

#include "search/cost/cost.h"

#define CAL_ERROR (g_quark_from_static_string("cal-error"))
enum cal_error_code { CAL_ERROR_FILE, CAL_ERROR_PACKAGE, CAL_ERROR_FIT };

#define CAL_SMALL_ERROR 0.02
#define CAL_SAMPLES_PER_PARAMETER 3 /* fewer: refused */

/* A mapping as the model sees it, and how long it takes. */
struct cal_sample {
	struct cost_features *segments;
	unsigned segment_count;
	double latency_ns;          /* simulated or measured */
	double *segment_ns;         /* the same of each segment; NULL: not known */
	double weight;              /* within its group, > 0 */
	unsigned workload, package; /* numbers of the caller's */
};

/* Features of all segments. The mapping must be valid; model->parameters do not matter. */
void cal_sample_init(struct cal_sample *sample, struct cost_model *model,
                     const struct map_mapping *mapping);
void cal_sample_release(struct cal_sample *sample);

/* What the model says of a sample: the sum of its segments' latencies. */
double cal_latency_ns(const struct cal_sample *sample, const struct cost_parameters *parameters);

struct cal_problem {
	const struct cal_sample *samples;
	unsigned sample_count;
	bool free[COST_PARAMETERS];   /* which are fitted; at least one */
	struct cost_parameters start; /* of the others the value, of the free ones the start */
	unsigned jobs;                /* threads */
};

/*
 * What was left out, one after another, to see how much the parameters depend on it: workloads if
 * there are several, else packages, else tenths of the samples (every tenth).
 */
enum cal_fold { CAL_FOLD_WORKLOADS, CAL_FOLD_PACKAGES, CAL_FOLD_TENTHS };

const char *cal_fold_name(enum cal_fold fold); /* "workloads", ... */

/*
 * Uncertainty is the jackknife's standard deviation over those refits,
 *   sqrt((n - 1) / n x sum (p_i - mean p)^2)   (Efron, The Jackknife, SIAM 1982, chapter 3).
 */
struct cal_fit {
	struct cost_parameters parameters;
	double uncertainty[COST_PARAMETERS]; /* 0 of those that are not fitted */
	double loss_before, loss;
	unsigned evaluations; /* of all samples */
	enum cal_fold fold;
	unsigned fold_count;
	struct cost_parameters *left_out; /* [fold]: the fit to all others */
	unsigned *fold_of;                /* [sample] */
};

/* False and `error` (CAL_ERROR_FIT) if there are too few samples. */
bool cal_fit(const struct cal_problem *problem, struct cal_fit *fit, GError **error);
void cal_fit_release(struct cal_fit *fit);

/* What one sample's error adds: sqrt(e^2 + d^2) - d, as above. */
double cal_error_loss(double model_ns, double target_ns);

/*
 * The least of a function of `count` (at most CAL_MOST) numbers from 0 to 1 that need not be
 * smooth: from `start`, and from points a quarter and half of the range away from it (NLopt's
 * BOBYQA, then Subplex). Returns it, with the place in `best`.
 */
#define CAL_MOST COST_PARAMETERS
double cal_minimise(unsigned count, double (*function)(void *data, const double *x), void *data,
                    const double *start, double *best);

/* The same in few steps, from x, which becomes the place. */
double cal_descend(unsigned count, double (*function)(void *data, const double *x), void *data,
                   double *x);

/* The loss above, without the distance. */
double cal_loss(const struct cal_problem *problem, const struct cost_parameters *parameters);

#endif

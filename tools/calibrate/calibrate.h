/*
 * Private to cmd_calibrate.c and the files calibrate_*.c.
 *
 * Samples come from the simulator (calibrate_simulated.c) or from a file (calibrate_measured.c);
 * training ones stand before those that are held out. Errors are (model - target) / target x 100.
 */
#ifndef TOOLS_CALIBRATE_CALIBRATE_H
#define TOOLS_CALIBRATE_CALIBRATE_H

#include "search/calibration/calibration.h"
#include "search/calibration/calibration_fit.h"
#include "tools/study/samples.h"

/* A workload on a package. */
struct calibrate_pair {
	const char *workload, *package; /* names; borrowed */
	struct subject *subject;
	unsigned workload_index, package_index; /* of the lists of different ones */
	bool workload_held, package_held;
};

/* The model without what was fitted, with it, and with what was fitted to all other folds (training
 * samples only, else NaN). */
enum calibrate_model { CALIBRATE_BEFORE, CALIBRATE_AFTER, CALIBRATE_LEFT_OUT, CALIBRATE_MODELS };

struct calibrate_sample {
	unsigned pair;
	unsigned batch, number; /* simulated: the number within the pair */
	unsigned line;          /* measured: of the file */
	double model_ns[CALIBRATE_MODELS];
};

struct calibrate {
	const struct options *options;
	struct cost_parameters base;       /* --calibration, else neutral */
	struct cal_calibration *base_file; /* NULL: none */
	struct calibrate_pair *pairs;
	unsigned pair_count;
	struct cal_sample *samples;     /* features and targets */
	struct calibrate_sample *notes; /* the same samples */
	unsigned count, training_count;
	unsigned failed; /* simulated ones without a result */
	char *first_failure;
	GChecksum *data; /* of all that is fitted or judged */
	/* Owners of what pairs point to: one or the other. */
	char **workloads, **packages;    /* as given, those to train with first */
	struct sample_request *requests; /* per batch */
	unsigned request_count;
	struct calibrate_measured *measured;
	struct cal_fit fit;
	struct cal_calibration *result;
};

/* Fill pairs and samples; calibrate_release_* empty them, also after a failure. */
bool calibrate_simulate(struct calibrate *calibrate, GError **error);
void calibrate_release_simulated(struct calibrate *calibrate);
bool calibrate_read_measured(struct calibrate *calibrate, GError **error);
void calibrate_release_measured(struct calibrate *calibrate);

/* Names of a list with commas; NULL and `error` if one is empty or comes twice. */
char **calibrate_split(const char *option, const char *list, GError **error);

/* Fit, judge, and fill calibrate->result. */
bool calibrate_fit(struct calibrate *calibrate, GError **error);

/* What a list of samples says: those where in[i]. */
struct cal_errors calibrate_errors(const struct calibrate *calibrate, const bool *in,
                                   enum calibrate_model model, unsigned *count);

void calibrate_print(const struct calibrate *calibrate, GString *out);

/* mcmsim calibrate nop: appends what it prints. */
enum tool_status calibrate_nop(const struct options *options, GString *out, GError **error);

#endif

/*
 * Calibrations: fitted parameters of the cost model, with what they were fitted to, how far they
 * are off, and which packages they hold for (mcmsim-calibration/1).
 *
 *   {"format": "mcmsim-calibration/1",
 *    "parameters": {"exposed_tile": {"value": 0.9, "uncertainty": 0.02, "low": 0, "high": 2,
 *                                    "fitted": true}, ...},             every one of them
 *    "packages": [{"name": "mcm-16", "hash": "..."}],                    hw_package_hash
 *    "data": {"source": "simulated", "files": [], "seed": 1, "samples_per_pair": 40,
 *             "batches": [16, 64], "uncertainty_over": "workloads", "hash": "..."},
 *    "error_percent": {"training": SET, "held_out": [SET, ...]},
 *    "checksum": "..."}
 *
 *   SET: {"what": "training", "workloads": [...], "packages": [...], "samples": 100,
 *         "before": {"mean": 5.1, "worst": 80, "bias": 2, "kendall_tau": 0.9}, "after": ...}
 *
 * The checksum is the SHA-256 of the file without it, as cal_to_json prints it: a file in which a
 * value was changed by hand is refused, white space apart.
 */
#ifndef SEARCH_CALIBRATION_CALIBRATION_H
#define SEARCH_CALIBRATION_CALIBRATION_H

#include "hw/package.h"
#include "search/calibration/calibration_fit.h"

struct cal_parameter {
	double value, uncertainty;
	double low, high; /* within which it was sought */
	bool fitted;
};

struct cal_package {
	char *name, *hash;
};

/* Errors of the latency in percent; NaN (null in the file) where there are none. */
struct cal_errors {
	double mean, worst, bias;
	double kendall_tau; /* mean over pairs of workload and package */
};

/* How far the model is off on some workloads on some packages. */
struct cal_error_set {
	char *what; /* "training", or what is held out */
	char **workloads, **packages;
	unsigned samples;
	struct cal_errors before, after;
};

struct cal_data {
	char *source;              /* "simulated" or "measured" */
	char **files;              /* measured */
	uint64_t seed;             /* of simulated samples */
	unsigned samples_per_pair; /* drawn, besides the searched ones */
	unsigned *batches, batch_count;
	char *uncertainty_over; /* cal_fold_name */
	char *hash;             /* SHA-256 of mappings and latencies */
};

struct cal_calibration {
	struct cal_parameter parameters[COST_PARAMETERS];
	struct cal_package *packages;
	unsigned package_count;
	struct cal_data data;
	struct cal_error_set *sets; /* training first */
	unsigned set_count;
	char *checksum; /* set by cal_read and cal_write */
};

void cal_free(struct cal_calibration *calibration); /* NULL is allowed */

/* Its values, for struct cost_model. */
struct cost_parameters cal_parameters(const struct cal_calibration *calibration);

/* What its checksum ought to be. Caller frees. */
char *cal_checksum(const struct cal_calibration *calibration);

/* The file's text; sets the checksum. Caller frees. */
char *cal_to_json(struct cal_calibration *calibration);

/* Read and check all of it. NULL and `error` ("FILE: $.path: ..."). */
struct cal_calibration *cal_read(const char *path, GError **error);
bool cal_write(struct cal_calibration *calibration, const char *path, GError **error);

/*
 * Whether it was fitted for this package: its hash is listed. The error names `origin` and the
 * packages that it holds for.
 */
bool cal_applies(const struct cal_calibration *calibration, const char *origin,
                 const struct hw_package *package, GError **error);

#endif

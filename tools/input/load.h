/* Reads what --package, --workload, --mapping and --set name. */
#ifndef TOOLS_INPUT_LOAD_H
#define TOOLS_INPUT_LOAD_H

#include "search/calibration/calibration.h"
#include "tools/input/options.h"

struct subject {
	struct hw_package *package;
	struct wl_workload *workload;
	struct cal_calibration *calibration; /* NULL: none */
	struct cost_parameters parameters;   /* its, else neutral */
};

/*
 * Read the package and the workload; one that is NULL is left out. Each --set
 * goes to the file that has its first key, the package's before the workload's.
 * On failure nothing is left to release.
 */
bool subject_load(struct subject *subject, const char *package, const char *workload,
                  const char *const *set, GError **error);
void subject_release(struct subject *subject);

/* Read --calibration, if there is one, and see that it was made for the package. */
bool subject_calibrate(struct subject *subject, const struct options *options, GError **error);

/* A model with the subject's parameters; cost_model_release. And what such a one says of a
 * mapping; cost_report_release. */
void subject_model(const struct subject *subject, struct cost_model *model);
void subject_evaluate(const struct subject *subject, const struct map_mapping *mapping,
                      struct cost_report *report);

/* The mapping executed, without trace or files. NULL and `error` on failure. */
struct sim_outcome *subject_simulate(const struct subject *subject,
                                     const struct map_mapping *mapping, bool exact, GError **error);

/* What the options ask of a search of the subject, the first strategy if there are several. Borrows
 * the subject's parameters. */
struct search_options subject_search_options(const struct subject *subject,
                                             const struct options *options);

/* --mapping with --batch, checked in all respects but buffers; and those. */
struct map_mapping *read_mapping_option(const struct subject *subject,
                                        const struct options *options, GError **error);
bool mapping_fits(const struct subject *subject, const struct map_mapping *mapping,
                  const char *path, GError **error);

/* A mapping, checked in all respects, buffers too: --mapping with --batch, or a file as it is. */
struct map_mapping *load_mapping_at(const struct subject *subject, const char *path,
                                    GError **error);
struct map_mapping *load_mapping(const struct subject *subject, const struct options *options,
                                 GError **error);

#endif

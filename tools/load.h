/* Reads what --package, --workload, --mapping and --set name. */
#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

#include "tools/options.h"

struct subject {
	struct hw_package *package;
	struct wl_workload *workload;
};

/*
 * Read the package and the workload; one that is NULL is left out. Each --set
 * goes to the file that has its first key, the package's before the workload's.
 * On failure nothing is left to release.
 */
bool subject_load(struct subject *subject, const char *package, const char *workload,
                  const char *const *set, GError **error);
void subject_release(struct subject *subject);

/* A mapping, checked in all respects, buffers too. */
struct map_mapping *load_mapping(const struct subject *subject, const struct options *options,
                                 GError **error);

#endif

/* The three things that mcmsim show draws, each as text for people or as JSON. */
#ifndef TOOLS_REPORT_SHOW_H
#define TOOLS_REPORT_SHOW_H

#include "tools/input/load.h"

/* All return text that ends with a newline, in lines of up to `width` characters (0: no limit) but
 * for drawings; caller frees. */
char *show_package(const struct hw_package *package, unsigned width);
char *show_package_json(const struct hw_package *package);
char *show_workload(const struct wl_workload *workload, unsigned width);
char *show_workload_json(const struct wl_workload *workload);
char *show_mapping(const struct subject *subject, const struct map_mapping *mapping,
                   unsigned width);
char *show_mapping_json(const struct subject *subject, const struct map_mapping *mapping);

/* "A" .. "Z", "AA" .. : what stands for type or cluster `index` in a drawing. Caller frees. */
char *show_letters(unsigned index);

/*
 * Append a drawing of the grid: coordinates around, one cell per chiplet
 * (`cells`, row after row), lines where neighbours are linked, "~" at the rim
 * of a torus.
 */
void show_grid(const struct hw_package *package, const char *const *cells, GString *out);

#endif

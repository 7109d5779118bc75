/* A mapping whose buffers overflow: where, and what would make it fit. */
#ifndef TOOLS_REPORT_MISFIT_H
#define TOOLS_REPORT_MISFIT_H

#include "tools/input/load.h"

/* Appends the clusters that overflow, with what they need and have, and the changes (char *) that
 * make it fit, as text or as one JSON object. `changes` NULL: nothing makes it fit. */
void misfit_print(const struct subject *subject, const struct map_mapping *mapping,
                  const GPtrArray *changes, GString *out);
void misfit_json(const struct subject *subject, const struct map_mapping *mapping,
                 const GPtrArray *changes, GString *out);

#endif

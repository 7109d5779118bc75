/* The line above the tables of a run: what was run. */
#ifndef TOOLS_REPORT_TITLE_H
#define TOOLS_REPORT_TITLE_H

#include "tools/input/load.h"

/* Append "NETWORK on PACKAGE, batch B, seed S", what --calibration and --set changed, and an empty
 * line. */
void title_print(const struct subject *subject, const struct options *options, unsigned batch,
                 GString *out);

#endif

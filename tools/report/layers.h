/*
 * Figures per node of the network: layers.csv, --layers, "layers" in report.json. tools/README.md
 * has the columns.
 */
#ifndef TOOLS_REPORT_LAYERS_H
#define TOOLS_REPORT_LAYERS_H

#include "tools/report/report.h"

/* layers.csv. Caller frees. */
char *layers_csv(const struct report *report);

/* "layers": [...], a member of the report. */
void layers_write(struct json_writer *writer, const struct report *report);

/* The same as tables of so many columns. */
void layers_print(const struct report *report, unsigned width, GString *out);

#endif

/* What mcmsim search --explain says: search/explain/explain.h as text and as JSON. */
#ifndef TOOLS_REPORT_EXPLAIN_H
#define TOOLS_REPORT_EXPLAIN_H

#include "search/explain/explain.h"
#include "tools/report/report.h"

/* Append two tables: segments, clusters. */
void explain_print(const struct report *report, unsigned width, GString *out);

/* "explanation": {...}, a member of the report. */
void explain_write(struct json_writer *writer, const struct report *report);

#endif

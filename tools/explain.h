/* What mcmsim search --explain says: search/explain.h as text and as JSON. */
#ifndef TOOLS_EXPLAIN_H
#define TOOLS_EXPLAIN_H

#include "search/explain.h"
#include "tools/report.h"

/* Two tables: segments, clusters. */
void explain_print(const struct report *report);

/* "explanation": {...}, a member of the report. */
void explain_write(struct json_writer *writer, const struct report *report);

#endif

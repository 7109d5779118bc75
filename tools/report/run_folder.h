/* What a run left in its folder (tools/report/results.h). */
#ifndef TOOLS_REPORT_RUN_FOLDER_H
#define TOOLS_REPORT_RUN_FOLDER_H

#include "tools/report/results.h"

/* The path of its timeline.csv or timeline.csv.gz; NULL: it has none. Caller frees. */
char *run_folder_timeline(const char *folder);

/* FOLDER/report.html: the timelines of all results that have one above each other, from the
 * files in their folders. Nothing for fewer than two. */
bool run_folder_compare(const struct result *results, unsigned count, const char *folder,
                        GError **error);

#endif

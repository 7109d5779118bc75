/*
 * Timelines -> report.html: one file that needs no server and no network. Runs stand above each
 * other on one time axis. Sources of the page are in traces/html/ and part of the program; the
 * page's data are the timelines, packed (traces/pack.h), and what the caller says of each run in
 * JSON, which only the page reads.
 */
#ifndef TRACES_HTML_H
#define TRACES_HTML_H

#include "sim/account/timeline.h"

struct trace_html_run {
	const char *name; /* of the strategy */
	const struct tl_timeline *timeline;
	const char *report; /* JSON: report.json; NULL: none */
};

/* "PATH: cannot write: reason" on failure; then nothing appears. */
bool trace_write_html(const struct trace_html_run *runs, unsigned count, const char *path,
                      GError **error);

#endif

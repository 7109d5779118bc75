/* One line on stderr that says how far long work is; nothing where stderr is no terminal. */
#ifndef TOOLS_TEXT_PROGRESS_H
#define TOOLS_TEXT_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct progress {
	const char *what; /* "searching", ...; set by whoever reports */
	bool on;
	gint64 shown_us;
};

void progress_begin(struct progress *progress, bool quiet);
void progress_end(struct progress *progress);

/* Replace the line; at most ten times a second. */
void progress_line(struct progress *progress, const char *line);

/* "WHAT: 43 %"; both have the forms that search_mapping and sim_simulate call. */
void progress_fraction(void *progress, double fraction);
void progress_simulated(void *progress, double fraction, double time_ns);

#endif

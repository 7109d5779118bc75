/*
 * The formats that a timeline is written in, a table by the name of the file that they go to.
 */
#ifndef TRACES_FORMAT_H
#define TRACES_FORMAT_H

#include "sim/account/timeline.h"

/* All 0: the defaults. Those that a format has no use for do not matter. */
struct trace_options {
	bool gzip_large; /* more than TRACE_LARGE bytes become NAME.gz, and NAME goes, or the other
	                    way round */
	bool lanes;      /* a track for each of the transfers that share a link or channel */
	bool cycles;     /* times are cycles, not ns: for what is written about them */
	unsigned width_px, font_px; /* of a picture; 0: TRACE_SVG_WIDTH, TRACE_SVG_FONT */
	bool no_legend;
};

/* "PATH: cannot write: reason" on failure; then nothing appears. `options` NULL: the defaults. */
typedef bool trace_writer(const struct tl_timeline *timeline, const struct trace_options *options,
                          const char *path, GError **error);

struct trace_format {
	const char *suffix; /* ".json" */
	bool of_runs;       /* every run leaves one behind; others are made by mcmsim trace */
	const char *about;  /* what it is and what reads it, for people */
	trace_writer *write;
};

/* The last has no suffix. */
extern const struct trace_format trace_formats[];

/* By the end of a file's name, which may be compressed (".json.gz"); NULL if there is none. */
const struct trace_format *trace_format_of(const char *path);

#endif

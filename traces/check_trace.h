/*
 * Is a file what viewers and readers of traces rely on? Of any Chrome trace: every track that has
 * slices is named, times are finite and not negative, slices of a track lie within each other or
 * apart, and every arrow has two ends, in order, at slices. Of timelines of ours, Chrome traces or
 * CSV, also: on a track of a cluster or chiplet nothing overlaps, and from its first row in a
 * segment to its last nothing is empty.
 */
#ifndef TRACES_CHECK_TRACE_H
#define TRACES_CHECK_TRACE_H

#include <glib.h>
#include <stdbool.h>

struct trace_checked {
	guint slices, tracks, arrows;
};

/* By the end of the file's name: .json or .csv, also with .gz. On failure `error` names the file
 * and the first event or row that is wrong. */
bool trace_check_file(const char *path, struct trace_checked *checked, GError **error);

#endif

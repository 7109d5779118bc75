/*
 * Timeline -> Chrome trace JSON (chrome://tracing, https://ui.perfetto.dev).
 *
 * Processes, in this order: clusters, chiplets, links, DRAM; one thread per
 * resource, named and ordered. Slices are X events and never overlap on a track:
 * concurrent transfers of a link or channel go to further tracks of it.
 * Flow arrows lead from producer tile to consumer tile; counters carry their
 * unit in their name. Timestamps are in microseconds, as the format demands,
 * with displayTimeUnit ns.
 */
#ifndef TRACES_CHROME_H
#define TRACES_CHROME_H

#include "sim/account/timeline.h"

bool trace_write_chrome(const struct tl_timeline *timeline, const char *path, GError **error);

#endif

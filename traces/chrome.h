/*
 * Timeline -> Chrome trace JSON, as https://ui.perfetto.dev and https://www.speedscope.app show it.
 *
 * Processes, in this order: segments (one track), clusters, chiplets, links, DRAM; a track for each
 * resource, named and ordered. Slices are X events and never overlap on a track: that of a link or
 * channel has what it is busiest with, with the bytes of all that it moves (traces/busiest.h), and
 * a counter; options->lanes gives it as many tracks as transfers share it instead. Work has the
 * name of its node (traces/node_names.h), for names are what viewers colour by; micro-batch, tile
 * and amount are in args. Flow arrows lead from producer tile to consumer tile. Timestamps are in
 * microseconds, as the format demands, with displayTimeUnit ns.
 */
#ifndef TRACES_CHROME_H
#define TRACES_CHROME_H

#include "traces/format.h"

trace_writer trace_write_chrome;

#endif

/*
 * Timeline -> Paje trace, as pj_dump (PajeNG) and ViTE read it. One container for the run, in it
 * one for each segment row, cluster, chiplet, link and channel; states have the name of the node
 * that is computed, of the kind and node of a transfer, or of a bubble's cause, and their colours.
 * Links and channels show what they are busiest with (traces/busiest.h). Arrows lead from producer
 * tile to consumer tile; variables are those of traces/counters.h. Events are in order of time, in
 * ns.
 */
#ifndef TRACES_PAJE_H
#define TRACES_PAJE_H

#include "traces/format.h"

trace_writer trace_write_paje;

#endif

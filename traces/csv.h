/*
 * Timeline -> timeline.csv:
 * resource,kind,segment,cluster,node,microbatch,tile,start_ns,end_ns,amount,unit,extrapolated
 * The last is how many micro-batches that were not simulated the row stands for (tl_row).
 * Rows of TL_CLUSTER are left out (they repeat the chiplets') unless there are no
 * others. Columns that do not apply are empty. Numbers are written with '.', whatever the locale.
 */
#ifndef TRACES_CSV_H
#define TRACES_CSV_H

#include "traces/format.h"

trace_writer trace_write_csv;

#endif

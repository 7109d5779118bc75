/*
 * Timeline <-> timeline.csv, which is all of it, to a ps and 1e-6 bytes:
 * resource,kind,segment,cluster,node,microbatch,tile,start_ns,end_ns,amount,unit,extrapolated,
 * inputs
 *
 * Rows of TL_CLUSTER are left out (they repeat the chiplets') unless there are no others. Columns
 * that do not apply are empty. `extrapolated` is how many micro-batches that were not simulated the
 * row stands for (tl_row). `inputs` lists the tiles whose outputs the row's tile read, by a row of
 * each, counted from 0 below the header; it stands at a tile's first row. Numbers are written with
 * '.', whatever the locale.
 */
#ifndef TRACES_CSV_H
#define TRACES_CSV_H

#include "traces/format.h"

trace_writer trace_write_csv;

/*
 * From such a file, also compressed, or one without `extrapolated` and `inputs`. Clusters have
 * their rows and arrows again; what no row names is not known (chiplets that were never used, the
 * title: `title` stands for it). TL_ERROR, HW_CSV_ERROR or a G_FILE_ERROR that names file, line and
 * column.
 */
struct tl_timeline *trace_read_csv(const char *path, const char *title, GError **error);

#endif

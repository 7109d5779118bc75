/*
 * Tiles by what they are: the place that is known for (segment, cluster, node, micro-batch, tile).
 */
#ifndef TRACES_TILE_INDEX_H
#define TRACES_TILE_INDEX_H

#include "sim/account/timeline.h"

struct trace_tile_index;

struct trace_tile_index *trace_tile_index_new(void);
void trace_tile_index_free(struct trace_tile_index *index);

/* The place of the row's tile; sets it to `place` if there is none yet. */
uint32_t trace_tile_index_add(struct trace_tile_index *index, const struct tl_row *row,
                              uint32_t place);
/* UINT32_MAX: none. */
uint32_t trace_tile_index_find(const struct trace_tile_index *index, const struct tl_row *row);

#endif

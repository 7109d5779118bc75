/*
 * Colours that pictures of all formats share: one per kind of row, and one per node, apart from its
 * neighbours'. Chosen so that kinds differ in brightness, too, where they stand side by side.
 */
#ifndef TRACES_PALETTE_H
#define TRACES_PALETTE_H

#include "sim/account/timeline.h"

/* 0xRRGGBB. */
uint32_t trace_kind_colour(enum tl_kind kind);
uint32_t trace_node_colour(uint32_t node);

#endif

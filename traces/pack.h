/*
 * A timeline in few bytes, for a page that unpacks it (traces/html/unpack.js): gzip of
 *
 *   the length of a JSON text, 4 bytes, least first; the text; columns, one after another
 *
 * The text has "title", "end_ns", "nodes", "kinds", "first_bubble", "tracks" ([kind, name, label,
 * rows], in the order of the rows) and "columns", the bytes of each: kind, node, microbatch, tile,
 * segment, cluster, extrapolated, start, length, amount, arrow from, arrow to. Every number is a
 * varint (7 bits a byte, least first); nodes to extrapolated and arrows are differences to the one
 * before, a start that to the end of the row before on its track, all of these zigzag (2n, or -2n
 * - 1 where negative). Times are ps, amounts thousandths; a bubble's amount is 0.
 */
#ifndef TRACES_PACK_H
#define TRACES_PACK_H

#include "sim/account/timeline.h"

/* Caller unrefs. */
GByteArray *trace_pack(const struct tl_timeline *timeline);

#endif

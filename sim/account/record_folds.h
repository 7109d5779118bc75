/*
 * Rows that would come again, added up by track and kind: what stands in a timeline for more
 * micro-batches than it has room for.
 */
#ifndef SIM_ACCOUNT_RECORD_FOLDS_H
#define SIM_ACCOUNT_RECORD_FOLDS_H

#include "sim/account/timeline.h"

struct record_folds;

struct record_folds *record_folds_new(void);
void record_folds_free(struct record_folds *folds);

void record_folds_add(struct record_folds *folds, const struct tl_row *row);

/*
 * struct tl_row: per track and kind one that stands for all added ones `repeats` times, without
 * node and tile, its micro-batch the one behind the last added. On chiplets and clusters they share
 * length_ns from start_ns on, one after another; elsewhere each takes all of it. The caller unrefs.
 */
GArray *record_folds_rows(const struct record_folds *folds, double start_ns, double length_ns,
                          uint32_t repeats);

#endif

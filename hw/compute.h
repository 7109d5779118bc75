/*
 * The compute model: cycles that one chiplet needs for its share of a node.
 *
 * Unrolled arrays: product over the loop dimensions of ceil(extent / unroll).
 * Systolic arrays: SCALE-Sim's closed forms (Samajdar et al., "A systematic
 * methodology for characterizing scalability of DNN accelerators using
 * SCALE-Sim", ISPASS 2020, eq. 3-4): (2 * rows + columns + T - 2) cycles per
 * fold, ceil(Sr / rows) * ceil(Sc / columns) folds.
 */
#ifndef HW_COMPUTE_H
#define HW_COMPUTE_H

#include "hw/package.h"

struct hw_work {
	uint64_t extent[HW_DIMS]; /* C = input channels per group; all 0 if the share is empty */
	uint64_t vector_elements; /* element-wise operations of the fused layers */
	uint64_t buffer_bytes;    /* input box + weights + output box */
};

/* MAC array cycles alone. */
uint64_t hw_array_cycles(const struct hw_array *array, const uint64_t extent[HW_DIMS]);

/* max(array cycles + ceil(vector_elements / lanes), buffer_bytes / buffer_GBps in cycles). */
double hw_compute_cycles(const struct hw_chiplet_type *type, const struct hw_work *work);

/* The same in ns: cycles / clock_GHz. */
double hw_compute_ns(const struct hw_chiplet_type *type, const struct hw_work *work);

#endif

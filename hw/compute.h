/*
 * The compute model: cycles that one chiplet needs for its share of a node.
 *
 * A share is one product for each group that its output channels belong to: groups read
 * different inputs. A product of R x C x ... loops takes
 *
 *   unrolled arrays   the product over the loops of ceil(extent / unroll)
 *   systolic arrays   ceil(Sr / rows) * ceil(Sc / columns) folds, each of
 *                     2 * rows + columns + T - 2 cycles with weights or inputs stationary,
 *                     rows + columns + T - 2 with outputs stationary, and rows more if these
 *                     leave through the array
 *
 * hw/README.md, "Arrays", says what the forms were held against.
 */
#ifndef HW_COMPUTE_H
#define HW_COMPUTE_H

#include "hw/package.h"

struct hw_work {
	/* K: output channels of the share, in all groups; C: input channels per group. All 0 if
	 * the share is empty. */
	uint64_t extent[HW_PRODUCT_DIMS];
	uint64_t first_channel;   /* of the K output channels, in the node's numbering */
	uint64_t group_channels;  /* output channels per group; 0: all of them */
	uint64_t vector_elements; /* element-wise operations of the fused layers */
	uint64_t buffer_bytes;    /* input box + weights + output box */
};

/* MAC array cycles of one group's product. */
uint64_t hw_product_cycles(const struct hw_array *array, const uint64_t extent[HW_PRODUCT_DIMS]);

/*
 * MAC array cycles of a share: the sum of its groups' products. Where the array unrolls G by g,
 * g groups that follow one another, from the share's first on, take as long as the largest of
 * them. Where K lanes have inputs of their own all groups are one product.
 */
uint64_t hw_array_cycles(const struct hw_array *array, const struct hw_work *work);

/* What a share takes: on the array, then on the vector lanes (ceil(vector_elements / lanes)), and
 * buffer_bytes / buffer_GBps beside them. */
struct hw_cycles {
	double array, vector, buffer;
};

static inline double hw_cycles_in_all(struct hw_cycles parts)
{
	double busy = parts.array + parts.vector;
	return busy > parts.buffer ? busy : parts.buffer;
}

struct hw_cycles hw_compute_parts(const struct hw_chiplet_type *type, const struct hw_work *work);

/* All of it: max(array + vector, buffer). */
double hw_compute_cycles(const struct hw_chiplet_type *type, const struct hw_work *work);

/* The same in ns: cycles / clock_GHz. */
double hw_compute_ns(const struct hw_chiplet_type *type, const struct hw_work *work);

#endif

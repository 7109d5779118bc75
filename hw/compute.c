/*
 * Invariant: nothing here knows shapes, only extents. An empty share (every
 * extent 0) takes no cycle on any array.
 */
#include "hw/compute.h"

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t unrolled_cycles(const struct hw_array *array,
                                const uint64_t extent[HW_PRODUCT_DIMS])
{
	uint64_t cycles = 1;

	for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
		cycles *= array->unroll[d] == 1 ? extent[d]
		                                : divide_up(extent[d], array->unroll[d]);
	return cycles;
}

/*
 * A fold multiplies a rows x T by a T x columns matrix (SCALE-Sim, table 1):
 *
 *   dataflow             Sr (rows)       Sc (columns)    T (time)
 *   output stationary    output pixels   filters         filter size
 *   weight stationary    filter size     filters         output pixels
 *   input stationary     filter size     output pixels   filters
 *
 * Its last element meets its last pair after rows + columns + T - 2 cycles. Stationary operands
 * walk in before, a row a cycle; stationary sums walk out behind (`drain`), or over links of
 * their own as each is done.
 */
static uint64_t systolic_cycles(const struct hw_array *array,
                                const uint64_t extent[HW_PRODUCT_DIMS])
{
	const uint64_t pixels = extent[HW_N] * extent[HW_P] * extent[HW_Q];
	const uint64_t filter = extent[HW_C] * extent[HW_R] * extent[HW_S];
	const uint64_t filters = extent[HW_K];
	uint64_t sr = filter, sc = filters, t = pixels, walk = array->rows;

	if (pixels == 0 || filter == 0 || filters == 0)
		return 0;
	if (array->dataflow == HW_OUTPUT_STATIONARY) {
		sr = pixels;
		t = filter;
		walk = array->drain ? array->rows : 0;
	} else if (array->dataflow == HW_INPUT_STATIONARY) {
		sc = pixels;
		t = filters;
	}
	return (walk + array->rows + array->columns + t - 2) * divide_up(sr, array->rows) *
	       divide_up(sc, array->columns);
}

uint64_t hw_product_cycles(const struct hw_array *array, const uint64_t extent[HW_PRODUCT_DIMS])
{
	return array->kind == HW_ARRAY_UNROLL ? unrolled_cycles(array, extent)
	                                      : systolic_cycles(array, extent);
}

/* One group's product, of which the share has some of the output channels. */
static uint64_t group_cycles(const struct hw_array *array, const struct hw_work *work,
                             uint64_t channels)
{
	uint64_t extent[HW_PRODUCT_DIMS];

	for (unsigned d = 0; d < HW_PRODUCT_DIMS; d++)
		extent[d] = work->extent[d];
	extent[HW_K] = channels;
	return hw_product_cycles(array, extent);
}

/* The groups between the first and the last are whole and alike, however many they are; so are
 * the steps between the first and the last one. */
uint64_t hw_array_cycles(const struct hw_array *array, const struct hw_work *work)
{
	const uint64_t size = work->group_channels, abreast = array->unroll[HW_G];
	const uint64_t first = work->first_channel, end = first + work->extent[HW_K];

	if (size == 0 || end == first || array->own_inputs)
		return hw_product_cycles(array, work->extent);
	const uint64_t first_group = first / size, last_group = (end - 1) / size;
	const uint64_t groups = last_group - first_group + 1;
	const uint64_t steps = divide_up(groups, abreast);
	if (groups == 1)
		return hw_product_cycles(array, work->extent);

	const uint64_t head = (first_group + 1) * size - first, tail = end - last_group * size;
	const uint64_t widest = abreast == 1 ? head : groups > 2 ? size : head > tail ? head : tail;
	uint64_t cycles = group_cycles(array, work, widest);
	if (steps > 1)
		cycles += group_cycles(array, work, (groups - 1) % abreast == 0 ? tail : size);
	if (steps > 2)
		cycles += (steps - 2) * group_cycles(array, work, size);
	return cycles;
}

struct hw_cycles hw_compute_parts(const struct hw_chiplet_type *type, const struct hw_work *work)
{
	return (struct hw_cycles){
		(double)hw_array_cycles(&type->array, work),
		(double)divide_up(work->vector_elements, type->vector_lanes),
		(double)work->buffer_bytes * type->clock_GHz / type->buffer_GBps,
	};
}

double hw_compute_cycles(const struct hw_chiplet_type *type, const struct hw_work *work)
{
	return hw_cycles_in_all(hw_compute_parts(type, work));
}

double hw_compute_ns(const struct hw_chiplet_type *type, const struct hw_work *work)
{
	return hw_compute_cycles(type, work) / type->clock_GHz;
}

uint64_t hw_array_macs(const struct hw_array *array)
{
	uint64_t macs = 1;

	if (array->kind == HW_ARRAY_SYSTOLIC)
		return array->rows * array->columns;
	for (unsigned d = 0; d < HW_DIMS; d++)
		macs *= array->unroll[d];
	return macs;
}

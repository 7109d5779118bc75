/*
 * Private to workloads/: the steps that turn a JSON tree into a struct
 * wl_workload. read.c fills in what the file says, layer by layer, shapes.c adds
 * what follows from it, nodes.c groups the layers into nodes. Every step takes
 * the JSON element that it speaks about, so that errors name it.
 */
#ifndef WL_BUILD_H
#define WL_BUILD_H

#include <inttypes.h>

#include "hw/base/json.h"
#include "workloads/workload.h"

enum {
	WL_MAX_EXTENT = 1 << 20, /* channels, rows, columns; number of layers */
	WL_MAX_WINDOW = 1 << 16  /* kernel, stride, pad, dilation */
};

/* Limits that keep every sum over a network exact in 64 bits and in a double. */
#define WL_MAX_ELEMENTS (UINT64_C(1) << 40) /* of one tensor, of one layer's weights */
#define WL_MAX_MACS (UINT64_C(1) << 53) /* of a network, per sample; also element-wise operations */

/* Sets output, macs and weight_count (and kernel, stride where the op implies
 * them) of a layer whose other fields are set and whose inputs have shapes. */
bool wl_layer_infer(const struct wl_workload *w, struct wl_layer *layer, struct hw_json at,
                    GError **error);

/* Shape of a layer's operand: a layer's output or a network input. */
struct wl_shape wl_operand_shape(const struct wl_workload *w, unsigned operand);

/* Element-wise operations per sample; 0 for MAC layers and concat. */
uint64_t wl_layer_operations(const struct wl_workload *w, const struct wl_layer *layer);

/*
 * From a layer's output to its (first) input along rows (0) or columns (1), and on
 * from there as `next` says, which w owns already. A layer that needs the same rows adds no step.
 */
const struct wl_reach *wl_layer_reach(struct wl_workload *w, const struct wl_layer *layer,
                                      unsigned dimension, const struct wl_reach *next);

/* Forms nodes and edges from complete layers; `layers` is their JSON array. */
bool wl_nodes_build(struct wl_workload *w, struct hw_json layers, GError **error);

static inline bool wl_is_mac(enum wl_op op)
{
	return op == WL_CONV || op == WL_TRANSPOSED_CONV || op == WL_MATMUL;
}

/* Whether an element of its output is made of several channels, though it is no MAC layer. */
static inline bool wl_is_across(enum wl_op op)
{
	return op == WL_LRN || op == WL_NORM || op == WL_SOFTMAX;
}

static inline bool wl_is_pool(enum wl_op op)
{
	return op == WL_MAX_POOL || op == WL_AVERAGE_POOL || op == WL_GLOBAL_POOL;
}

#endif

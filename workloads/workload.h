/*
 * Workloads: a network as a DAG of layers, read from mcmsim-workload/1 files,
 * and as the DAG of nodes that mappings speak of.
 *
 * A layer is what the file lists. A node is one MAC layer (conv, transposed
 * conv, matmul) with the element-wise layers fused behind it. Shapes are per
 * sample, inferred and checked. Nodes and layers are in topological order.
 * Everything is owned by struct wl_workload and immutable once read.
 *
 * An element-wise layer that has no node to go behind (its operand is a concat,
 * a network input, or a tensor that it would reshape although others read it) is
 * computed by the nodes that read it, each for itself: their edges reach through
 * it to what it is made from and their vector_elements contain it.
 */
#ifndef WL_WORKLOAD_H
#define WL_WORKLOAD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct wl_shape {
	uint32_t channels, rows, columns;
};

enum wl_op {
	WL_CONV,            /* out_channels, kernel, stride, pad, dilation, groups */
	WL_TRANSPOSED_CONV, /* out_channels, kernel, stride, pad, groups */
	WL_MATMUL,          /* out_channels: a fully connected layer over its whole input */
	WL_MAX_POOL,        /* kernel, stride, pad, ceil */
	WL_AVERAGE_POOL,    /* kernel, stride, pad, ceil */
	WL_GLOBAL_POOL,     /* whole rows and columns */
	WL_ADD,             /* two or more inputs of one shape */
	WL_CONCAT,          /* along the channels; a view, moves nothing by itself */
	WL_ACTIVATION,      /* relu, leaky_relu, sigmoid, ... one operation per element */
	WL_BATCH_NORM,      /* at inference a scale and shift per channel */
	WL_LRN,             /* local response norm over `size` channels around each */
	WL_NORM,            /* mean and variance over all channels, per row and column */
	WL_SOFTMAX,         /* over all channels, per row and column */
	WL_OPS
};

struct wl_layer {
	char *name;
	enum wl_op op;
	unsigned *inputs; /* layer index, or layer_count + i for network input i */
	unsigned input_count;
	uint32_t out_channels, groups;
	uint32_t kernel[2], stride[2], pad[2], dilation[2]; /* rows, columns */
	bool ceil_mode; /* pooling rounds its output extent up */
	uint32_t size;  /* channels that a local response norm looks at */
	struct wl_shape output;
	uint64_t macs;         /* per sample, padding included; 0 for element-wise layers */
	uint64_t weight_count; /* elements; biases and norms are folded and not counted */
	unsigned node;         /* the node it belongs to (computed by readers: the first one) */
};

struct wl_input {
	char *name;
	struct wl_shape shape;
};

/*
 * Which rows (or columns) of a tensor a consumer's output rows need: one step per
 * layer in between that has a window, the consumer's first. NULL: the same rows.
 * Output row o of a step needs, for every tap t in [0, taps), row
 *
 *   (o * down - pad + t * dilation) / up
 *
 * of the step's input, if that is a whole number in [0, extent). Convolution and
 * pool: down = stride, up = 1, taps = kernel. Transposed convolution: down = 1,
 * up = stride, taps = kernel, pad = kernel - 1 - pad, dilation = 1.
 */
struct wl_reach {
	int64_t down, up, pad, taps, dilation;
	uint32_t extent;             /* of the step's input */
	const struct wl_reach *next; /* from that on; NULL: it is the tensor */
};

enum wl_channels {
	WL_CHANNELS_ALL,     /* every channel of the producer (dense conv, matmul) */
	WL_CHANNELS_GROUPED, /* channels of the groups that the output channels belong to */
	WL_CHANNELS_SAME     /* the same channels (residual add) */
};

/* One tensor that a node reads. */
struct wl_edge {
	int from; /* node index, or -1 - i for network input i */
	unsigned to;
	enum wl_channels channels;
	/* Of the producer's channels in what the consumer reads; not 0 only behind a concat. */
	uint32_t channel_offset;
	const struct wl_reach *rows, *columns; /* from the consumer's output to the producer's */
};

/*
 * A fused layer that looks across the channels of one row and column. Where a split cuts the
 * channels, its chiplets exchange statistics of what they hold (softmax: largest element and sum of
 * exponentials; norm: sum and sum of squares; each merges from parts), or, for a local response
 * norm, channels themselves: of channel k those from k - below to k + above.
 */
struct wl_across {
	uint32_t statistics; /* values per row, column and chiplet, of WL_STATISTIC_BYTES; 0: lrn */
	uint32_t below, above;
	uint32_t row_count, column_count;      /* of the layer's output */
	const struct wl_reach *rows, *columns; /* from the node's output to the layer's */
};

#define WL_STATISTIC_BYTES 4 /* sums and exponentials are kept in 32 bits, whatever elements are */

struct wl_node {
	char *name;     /* the MAC layer's name */
	unsigned layer; /* the MAC layer */
	/*
	 * The MAC loops per sample: C is per group, P and Q are the MAC layer's output
	 * before fused pooling; macs is their product. R and S are the taps of one
	 * output element: the kernel, matmul: its input's rows and columns, transposed
	 * conv: ceil(kernel / stride).
	 */
	uint32_t K, C, P, Q, R, S, groups;
	struct wl_shape output; /* after the fused layers: what a split cuts */
	struct wl_shape input;  /* of the MAC layer */
	/* From the output to the MAC layer's output; NULL without fused pooling. */
	const struct wl_reach *mac_rows, *mac_columns;
	uint64_t macs;         /* per sample */
	uint64_t weight_bytes; /* all of the node's weights */
	/* Element-wise operations per sample of the fused layers: one per output element
	 * of an activation, norm or softmax, inputs - 1 of an add, window size of a pool. */
	uint64_t vector_elements;
	struct wl_across *across; /* in the order of the layers */
	unsigned across_count;
	unsigned *edges_in; /* indices into workload->edges, the MAC layer's first */
	unsigned edge_in_count;
	unsigned *edges_out;
	unsigned edge_out_count;
	bool is_output; /* its output leaves the network (no layer reads one of its layers) */
};

struct wl_workload {
	char *name, *source;
	unsigned activation_bytes, weight_bytes; /* per element */
	struct wl_input *inputs;
	unsigned input_count;
	struct wl_layer *layers;
	unsigned layer_count;
	struct wl_node *nodes;
	unsigned node_count;
	struct wl_edge *edges;
	unsigned edge_count;
	GPtrArray *reaches; /* struct wl_reach *: owns the steps of all edges and nodes */
};

/* Same conventions as hw_package_read; presets are in `zoo_dir`. */
struct wl_workload *wl_workload_read(const char *path_or_preset, const char *zoo_dir,
                                     const char *const *overrides, GError **error);
struct wl_workload *wl_workload_parse(const char *text, const char *origin,
                                      const char *const *overrides, GError **error);
void wl_workload_free(struct wl_workload *workload); /* NULL is allowed */

/* SHA-256, in hexadecimal, of all that times and energies depend on. Caller frees.
 * (workloads/workload_hash.c) */
char *wl_workload_hash(const struct wl_workload *workload);

const char *wl_op_name(enum wl_op op);
uint64_t wl_macs(const struct wl_workload *w);         /* per sample */
uint64_t wl_weight_bytes(const struct wl_workload *w); /* all nodes */
uint64_t wl_shape_elements(struct wl_shape shape);
/* Shape of what an edge reads from: the producer node's output or the network input. */
struct wl_shape wl_edge_shape(const struct wl_workload *w, const struct wl_edge *edge);

/*
 * [*lo, *hi) becomes the smallest interval around what it reaches, or lo == hi.
 * False: it may be too large, and windows may leave rows of it out, by their
 * stride or their dilation; wl_reach_rows says which.
 */
bool wl_reach_interval(const struct wl_reach *reach, uint32_t *lo, uint32_t *hi);

/*
 * Exactly what outputs [*lo, *hi), at least one, reach: bit b of rows[w] is row
 * (*lo / 64 + w) * 64 + b of the *lo and *hi that wl_reach_interval gives.
 * `rows` has room for wl_reach_words: the result and what is in between.
 */
void wl_reach_rows(const struct wl_reach *reach, uint32_t *lo, uint32_t *hi, uint64_t *rows);
size_t wl_reach_words(const struct wl_reach *reach, uint32_t lo, uint32_t hi);

enum { WL_ROW_BITS = 64 };

/* Rows [lo, hi) as bits of word `word`, which begins at row word * 64. */
static inline uint64_t wl_row_bits(uint32_t word, uint32_t lo, uint32_t hi)
{
	uint64_t start = (uint64_t)word * WL_ROW_BITS;
	uint64_t first = lo > start ? lo - start : 0, end = hi > start ? hi - start : 0;
	if (first >= WL_ROW_BITS)
		return 0;
	uint64_t below_end = end >= WL_ROW_BITS ? UINT64_MAX : (UINT64_C(1) << end) - 1;
	return UINT64_MAX << first & below_end;
}

#endif

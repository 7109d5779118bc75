/*
 * The timeline record: what happened on every resource, and when. The simulator
 * fills it, traces/ turns it into files; it depends on nothing else.
 *
 * Rows are sorted by resource (kind, index), then start, then end. On a chiplet
 * and on a cluster rows never overlap and, with the bubbles, leave no gap
 * between the start and the end of a segment. On a link or a DRAM channel rows
 * of concurrent transfers may overlap. Times in ns.
 *
 * Micro-batches that a run in its steady state left out have rows, too. So what rows of a resource
 * and kind add up to is what the run's report says, whatever was simulated.
 */
#ifndef SIM_ACCOUNT_TIMELINE_H
#define SIM_ACCOUNT_TIMELINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define TL_ERROR (g_quark_from_static_string("tl-error"))
enum tl_error { TL_ERROR_BROKEN };

enum tl_resource_kind { TL_CLUSTER, TL_CHIPLET, TL_LINK, TL_DRAM, TL_RESOURCE_KINDS };

/* What a row is: work first, then the causes of bubbles. */
enum tl_kind {
	TL_COMPUTE,
	TL_LOAD,     /* weights from DRAM */
	TL_GATHER,   /* distributed weights over the NoP */
	TL_TRANSFER, /* activations over the NoP */
	TL_FETCH,    /* activations from DRAM */
	TL_STORE,    /* activations to DRAM */
	TL_FILL,
	TL_DRAIN,
	TL_WAIT_INPUT,
	TL_WAIT_DRAM,
	TL_BACK_PRESSURE,
	TL_SHARD,
	TL_KINDS
};
#define TL_FIRST_BUBBLE TL_FILL

/* Unit of a row's amount: work is counted in MACs, movement in bytes, waiting in ns. */
enum tl_unit { TL_MACS, TL_BYTES, TL_NS };

struct tl_row {
	uint8_t resource_kind, kind, unit;                /* the enums above */
	uint32_t resource;                                /* index into the names of its kind */
	int32_t segment, cluster, node, microbatch, tile; /* -1 where it does not apply */
	/* Micro-batches that were not simulated and that the row stands for: 0, a simulated row;
	 * 1, a copy of what an earlier one did; more, all of a kind that as many from `microbatch`
	 * on did, one after another. */
	uint32_t extrapolated;
	double start_ns, end_ns;
	double amount;
};

/* The tile of row `from` produced what the tile of row `to` was waiting for or read. */
struct tl_flow {
	uint32_t from, to; /* rows; both on TL_CLUSTER tracks */
};

struct tl_timeline {
	char *title;                         /* workload, package, strategy */
	GPtrArray *names[TL_RESOURCE_KINDS]; /* char *: "chiplet 0,1", "link 0,0->1,0", "dram 2",
	                                           "segment 0 cluster 1" */
	GPtrArray *labels;                   /* char *: of each TL_CLUSTER, "conv1 .. conv5, 14
	                                           chiplets" */
	GPtrArray *nodes;                    /* char *: node names */
	GArray *rows;                        /* struct tl_row */
	GArray *flows;                       /* struct tl_flow */
	double end_ns;
};

struct tl_timeline *tl_new(const char *title);
void tl_free(struct tl_timeline *timeline); /* NULL is allowed */

const char *tl_kind_name(enum tl_kind kind); /* "compute", ..., "wait_input", ... */
const char *tl_unit_name(enum tl_unit unit); /* "MAC", "byte", "ns" */

/* Sort the rows as promised above and renumber the flows accordingly. */
void tl_sort(struct tl_timeline *timeline);

/*
 * Check the promises: sorted, end >= start, no overlap on chiplets and clusters,
 * flows point at existing rows and never back in time (consumer's end before
 * producer's end). TL_ERROR_BROKEN names the first offending row.
 */
bool tl_check(const struct tl_timeline *timeline, GError **error);

#endif

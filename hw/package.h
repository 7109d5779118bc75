/*
 * The hardware: a package (MCM) is a grid of chiplets, the network-on-package
 * (NoP) that joins them and the DRAM channels at its routers.
 *
 * Units: ns, bytes, GB/s (= bytes/ns), pJ, mm2. Chiplet index = y * columns + x.
 * A package is immutable once read and owned by the caller (hw_package_free).
 */
#ifndef HW_PACKAGE_H
#define HW_PACKAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Loop dimensions of a MAC layer, in the order used for every array over them. The groups come
 * last: the dimensions before are those of one group's product, C and K within it. */
enum hw_dim { HW_N, HW_K, HW_C, HW_P, HW_Q, HW_R, HW_S, HW_G, HW_DIMS };
enum { HW_PRODUCT_DIMS = HW_G };

enum hw_array_kind { HW_ARRAY_UNROLL, HW_ARRAY_SYSTOLIC };
enum hw_dataflow { HW_OUTPUT_STATIONARY, HW_WEIGHT_STATIONARY, HW_INPUT_STATIONARY };

struct hw_array {
	enum hw_array_kind kind;
	uint64_t unroll[HW_DIMS];  /* unrolled loops; 1 where the array does not unroll */
	bool own_inputs;           /* unrolled only: K lanes may serve different groups at once */
	uint64_t rows, columns;    /* systolic only */
	enum hw_dataflow dataflow; /* systolic only */
	bool drain; /* output stationary only: results leave through the array, after the fold */
};

struct hw_chiplet_type {
	char *name;
	double clock_GHz; /* cycles per ns */
	struct hw_array array;
	uint64_t vector_lanes; /* element-wise operations per cycle */
	uint64_t weight_buffer_bytes;
	uint64_t activation_buffer_bytes;
	double buffer_GBps;
	double mac_pJ;         /* per multiply-accumulate */
	double buffer_byte_pJ; /* per byte read from or written to a buffer */
	double static_W;
	double area_mm2;
};

struct hw_topology; /* hw/topology/topology.h */

/* Links that cross a die's rim: dies are rectangles of the grid. */
struct hw_borders {
	unsigned every[2]; /* columns and rows of a die; 0: there are no borders */
	double link_GBps, hop_ns, energy_pJ_per_bit;
};

struct hw_nop {
	const struct hw_topology *topology;
	/* What a topology makes its links of. */
	double link_GBps;  /* each directed link */
	double port_GBps;  /* each chiplet's injection port, and its ejection port */
	double hop_ns;     /* per link traversed */
	double message_ns; /* per message besides its hops: half at either chiplet; 0 by default */
	double energy_pJ_per_bit; /* per link traversed */
	struct hw_borders borders;
	bool multicast;
	/* What routers lose (search/traffic/router_loss.h). Shares >= 0 and <= 1; the latter two
	 * are 0 by default and count only if router_conflict > 0: else routers are ideal. */
	double router_conflict; /* of an output's slots given to inputs that send elsewhere */
	double router_blocking; /* of a slow output's delay that packets pass on to those behind */
	double injection_blocking; /* of the waits of an injection port that add up */
};

/* A directed link of the network. Its index in the table is its resource id. */
struct hw_link {
	unsigned from, to; /* the chiplets whose routers it joins */
	unsigned input;    /* which of the links into that router it is, from 0 */
	unsigned rank;     /* routes pass links in ascending order of it, as far as rings allow */
	bool second;       /* of two from one router to another: not the direct one */
	double GBps, latency_ns, pJ_per_bit;
	char *name; /* within the package: "0-0-east" */
};

/*
 * Reads take bytes / (GBps * efficiency); writes the same and, as they come while
 * reads go on, turnaround_ns for every write_batch_bytes of them. Latency is besides.
 */
struct hw_dram_channel {
	unsigned at;  /* chiplet whose router the channel hangs on */
	char *device; /* the preset that it names, NULL if none */
	double GBps;  /* peak, reads and writes together */
	double latency_ns;
	double energy_pJ_per_bit;
	double efficiency;    /* share of GBps that a long stream of reads gets; 1 by default */
	double turnaround_ns; /* lost for a switch from reads to writes and back; 0 by default */
	double write_batch_bytes; /* written between two switches; 0 if turnaround_ns is 0 */
};

/* all: every tensor is spread evenly over all channels; nearest: a chiplet uses
 * the channel with the fewest hops to it (ties: the lowest index). */
enum hw_interleave { HW_INTERLEAVE_ALL, HW_INTERLEAVE_NEAREST };

struct hw_package {
	char *name;
	unsigned columns, rows;
	struct hw_chiplet_type *types;
	unsigned type_count;
	unsigned *type_of; /* [columns * rows], index into types */
	struct hw_nop nop;
	enum hw_interleave interleave;
	struct hw_dram_channel *dram;
	unsigned dram_count;
	/* Made of the grid and nop (hw_lay_links, hw/topology/topology.h). */
	struct hw_link *links; /* sorted by `from`: those out of chiplet c begin at first_link[c] */
	unsigned link_count;
	unsigned *first_link;   /* [chiplets + 1] */
	unsigned router_links;  /* the most into or out of one router */
	unsigned longest_route; /* no route has more links */
	unsigned *routing;      /* the topology's own */
};

/*
 * Read a package from a file or, if `path_or_preset` has no '/' and no ".json"
 * ending, from `preset_dir`/NAME.json; DRAM devices that it names are found the
 * same way in the folder dram/ beside `preset_dir`. `overrides` is a NULL-terminated list of
 * "key.path=value" (NULL: none), applied before anything is checked. Returns
 * NULL and sets `error` ("FILE: $.path: what, got value") on any failure.
 */
struct hw_package *hw_package_read(const char *path_or_preset, const char *preset_dir,
                                   const char *const *overrides, GError **error);
/* The same from JSON text; `origin` names it in messages. Its devices can be paths only. */
struct hw_package *hw_package_parse(const char *text, const char *origin,
                                    const char *const *overrides, GError **error);
void hw_package_free(struct hw_package *package); /* NULL is allowed */

static inline unsigned hw_chiplet_count(const struct hw_package *p)
{
	return p->columns * p->rows;
}

static inline const struct hw_chiplet_type *hw_chiplet(const struct hw_package *p, unsigned chiplet)
{
	return &p->types[p->type_of[chiplet]];
}

/* What a channel sustains, switches apart. */
static inline double hw_dram_GBps(const struct hw_dram_channel *channel)
{
	return channel->GBps * channel->efficiency;
}

/* Bytes that the channel could have moved while it switches, per byte written. */
static inline double hw_dram_switch_load(const struct hw_dram_channel *channel)
{
	return channel->turnaround_ns > 0
	               ? channel->turnaround_ns * hw_dram_GBps(channel) / channel->write_batch_bytes
	               : 0;
}

/*
 * SHA-256 in hex of everything that a time on the package depends on: not of names, sources,
 * energies and areas. Caller frees. (hw/package_hash.c)
 */
char *hw_package_hash(const struct hw_package *package);

/* MAC units of one chiplet type: product of the unrolling, or rows * columns. */
uint64_t hw_array_macs(const struct hw_array *array);

/* MACs per ns of one chiplet at its peak. */
static inline double hw_chiplet_speed(const struct hw_package *p, unsigned chiplet)
{
	const struct hw_chiplet_type *type = hw_chiplet(p, chiplet);
	return (double)hw_array_macs(&type->array) * type->clock_GHz;
}

/* The same of all chiplets together. */
static inline double hw_peak_macs_per_ns(const struct hw_package *p)
{
	double macs_per_ns = 0;
	for (unsigned c = 0; c < hw_chiplet_count(p); c++)
		macs_per_ns += hw_chiplet_speed(p, c);
	return macs_per_ns;
}

/* What all DRAM channels together sustain. */
static inline double hw_dram_total_GBps(const struct hw_package *p)
{
	double GBps = 0;
	for (unsigned i = 0; i < p->dram_count; i++)
		GBps += hw_dram_GBps(&p->dram[i]);
	return GBps;
}

#endif

/*
 * Traffic phases: bytes over the package's resources (hw/resources.h) that move
 * together, plus the longest route among them. Alone a phase takes
 *
 *   max over resources of (load / bandwidth + latency at that resource)
 *
 * where a resource's load is the bytes that it must find time for: those that pass
 * it, and what it could have moved while it cannot (map_phase_loads); and its latency
 * is that of the shortest way to it and of the longest way on from it: it begins when
 * the first byte can be there and the phase ends when its last byte has arrived.
 *
 * A multicast charges the sender's injection port and each link of its tree
 * once, and the ejection port of each receiver. Memory: a phase's arrays belong
 * to it (map_phase_init / map_phase_release); clearing keeps them.
 */
#ifndef SEARCH_TRAFFIC_PHASE_H
#define SEARCH_TRAFFIC_PHASE_H

#include "hw/topology/topology.h"
#include "search/traffic/router_loss.h"
#include "search/mapping/partition.h"

/* What is at the two ends of a phase's longest route. */
enum map_ends { MAP_CHIPLET_TO_CHIPLET, MAP_DRAM_TO_CHIPLET, MAP_CHIPLET_TO_DRAM };

struct map_phase {
	double *bytes;   /* per resource */
	double *turns;   /* [resource * inputs + input]: of the bytes of a link or an ejection
	                    port, those that came into its router there; NULL if routers lose
	                    nothing */
	unsigned inputs; /* hw_router_ways */
	float *before_ns, *after_ns; /* per resource: shortest way to it, longest on from it */
	unsigned *touched;           /* resources with bytes, in order of first use */
	unsigned touched_count;
	/* The longest route in time (links and, with DRAM, the channel's latency), and what it
	 * carries each way; far_bytes is 0 while the phase is empty. A DRAM end is a channel
	 * number. */
	double latency_ns;
	enum map_ends far_ends;
	unsigned far_from, far_to;
	double far_bytes;
	uint64_t delivered_bytes; /* chiplet to chiplet, counted at each receiver */
	double dram_read_bytes, dram_write_bytes;
	double dram_link_bytes; /* to and from DRAM over at least one link, at each receiver */
	double *written_bytes;  /* per DRAM channel: of its bytes, those that are written */
	unsigned dram_count;
};

/* Consumer parts [first, end) that overlap one producer part, in one dimension, in the same
 * interval of this length. */
struct map_meet {
	uint32_t length;
	unsigned first, end;
};

/* Where one byte between DRAM and a chiplet goes: the share of it on each resource, and the channel
 * that is farthest in time. */
struct map_dram_route {
	struct map_dram_route_part {
		unsigned resource;
		float before_ns, after_ns;
		double share;
	} * parts;
	unsigned count;
	struct map_dram_route_turn {
		unsigned turn; /* index into the turns of a phase */
		double share;
	} * turns;
	unsigned turn_count;
	unsigned far_channel;
	double far_share, latency_ns;
	double link_share; /* of its bytes, those that cross a link */
};

/* A receiver of a multicast tree: what its way from the root takes, and where its links end. */
struct map_branch {
	double ns;
	unsigned links_end;
};

/* What building phases takes besides the phase: the package, its reciprocal
 * bandwidths, and scratch. One per thread. */
struct map_network {
	const struct hw_package *package;
	double *ns_per_byte; /* per resource: 1 / bandwidth */
	double *pJ_per_byte; /* per link */
	float *link_ns;      /* per link: its latency */
	double *switch_load; /* per DRAM channel: bytes lost per byte written */
	double *loads;       /* per resource, of the phase looked at last */
	struct map_routers routers;
	struct hw_tree tree;
	unsigned *links;     /* of a route or tree under construction */
	unsigned *receivers; /* room for those of one message, for map_transfer and its like */
	struct map_branch *branches; /* of a tree under construction, as receivers */
	unsigned *nearest;           /* DRAM channel by chiplet (search/mapping/stored.h) */
	bool tensors_have_places;    /* likewise */
	bool may_sweep;              /* map_all_to_all_pays on this package */
	struct map_dram_route
		*spreads[2]; /* [read][chiplet]: those that map_dram_route_of has made */
	struct map_dram_route *spreads_from; /* [channel][chiplet], likewise; NULL: no places */
	struct map_mix *mix;                 /* its scratch */
	struct map_meet *meets[MAP_DIMS];    /* of an exchange under construction */
	/* Of product traffic under construction (search/traffic/all_to_all.h): by chiplet, by
	 * column, by row; amounts by sender and by receiver. */
	struct map_cell *cells;
	struct map_station *stations;
	struct map_span *columns;
	double *row_sent;
	double *sent, *got;
	unsigned *dram_at; /* each channel's router, and its part of what is interleaved */
	double *dram_part;
	struct map_scratch scratch;
	struct map_share *shares; /* room for one per chiplet */
};

void map_network_init(struct map_network *network, const struct hw_package *package);
void map_network_release(struct map_network *network);

/* Its spreads (search/traffic/dram_routes.c) and what loads take (search/traffic/phase_load.c);
 * map_network_init and _release call them. */
void map_loads_init(struct map_network *network);
void map_loads_release(struct map_network *network);
void map_dram_routes_init(struct map_network *network);
void map_dram_routes_release(struct map_network *network);
/* A chiplet's reads from DRAM, or writes to it. */
const struct map_dram_route *map_dram_route_of(struct map_network *network, unsigned chiplet,
                                               bool read);
/* From one channel, where tensors have places. */
const struct map_dram_route *map_dram_route_from(struct map_network *network, unsigned channel,
                                                 unsigned chiplet);

void map_phase_init(struct map_phase *phase, const struct hw_package *package);
/* Counts turns from now on, on a package whose routers lose nothing, too; while it is empty. */
void map_phase_count_turns(struct map_phase *phase, const struct hw_package *package);
void map_phase_release(struct map_phase *phase);
void map_phase_clear(struct map_phase *phase);
bool map_phase_empty(const struct map_phase *phase);

/* Add what `from` carries to `to` (latencies: the larger). */
void map_phase_add(struct map_phase *to, const struct map_phase *from);

/*
 * Bytes that resources must find time for (search/traffic/phase_load.c), by resource: set where the
 * phase has bytes, valid until the next call for this network. This is the only place that knows
 * what a resource loses; bytes, energies and reports keep the bytes that move.
 *
 *   DRAM channel:   bytes + written bytes x turnaround_ns x GBps x efficiency / write_batch_bytes
 *   link or port:   bytes x the phase's slowdown by routers (search/traffic/router_loss.h)
 */
double map_phase_slowdown(struct map_network *network, const struct map_phase *phase);
/* The slowdown of `part`, whose bytes `phase` holds besides others: that of its links and ports,
 * which carry all of them. What shares nothing with it changes nothing. */
double map_part_slowdown(struct map_network *network, const struct map_phase *phase,
                         const struct map_phase *part);
const double *map_phase_loads(struct map_network *network, const struct map_phase *phase);
/* The load of one of them before routers: no phase that holds this one's bytes loads it with
 * less. */
double map_resource_load(const struct map_network *network, const struct map_phase *phase,
                         unsigned resource);

/*
 * The largest load of a resource (also by kind), and the latency beyond it: what the resource with
 * the largest sum of load, way to it and way on from it takes longer, rounded up to the longest
 * route's less whole links at its chiplet's end (at its receiver's, between chiplets). Both 0 for
 * an empty phase.
 */
struct map_phase_time {
	double load_ns, latency_ns;
	double nop_ns, dram_ns; /* the larger of them is load_ns */
	unsigned spared;        /* those links */
};
struct map_phase_time map_phase_time(struct map_network *network, const struct map_phase *phase);

/* Time of the phase alone, 0 if it is empty. */
static inline double map_phase_ns(struct map_network *network, const struct map_phase *phase)
{
	struct map_phase_time time = map_phase_time(network, phase);
	return time.load_ns + time.latency_ns;
}

/* Sums over NoP links: of bytes, and of the energy that these take. */
struct map_link_sums {
	double byte_hops, pJ;
};
struct map_link_sums map_phase_links(const struct map_network *network,
                                     const struct map_phase *phase);

/* What a message between two chiplets takes besides its bytes. */
double map_message_ns(struct map_network *network, unsigned from, unsigned to);

/*
 * Messages to `count` chiplets `to` (map_read_dram may reorder them). Bytes are per receiver.
 */
void map_send(struct map_network *network, struct map_phase *phase, unsigned from,
              const unsigned *to, unsigned count, double bytes);
void map_read_dram(struct map_network *network, struct map_phase *phase, unsigned *to,
                   unsigned count, double bytes);
/* From one channel to all of them. */
void map_read_channel(struct map_network *network, struct map_phase *phase, unsigned channel,
                      const unsigned *to, unsigned count, double bytes);
void map_write_dram(struct map_network *network, struct map_phase *phase, unsigned from,
                    double bytes);

#endif

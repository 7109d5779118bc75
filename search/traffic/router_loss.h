/*
 * What routers lose: a law that tells from a phase's bytes on links and ports, and from the turns
 * that they take in routers, how much longer it takes than its slowest link or port
 * (search/traffic/README.md, "Routers"). Only proportions count, not how many bytes there are.
 *
 * Keys of the package's NoP: router_conflict (0: routers lose nothing and none of this is used),
 * router_blocking, injection_blocking. Equations and their fit are our own; the routers behind it
 * are those of BookSim 2 (Jiang et al., ISPASS 2013).
 */
#ifndef SEARCH_TRAFFIC_ROUTER_LOSS_H
#define SEARCH_TRAFFIC_ROUTER_LOSS_H

#include "hw/resources.h"

/* An input that is not counted: DRAM channels have ports of their own. */
#define MAP_FROM_DRAM UINT_MAX

/* The law's three numbers (struct hw_nop). */
struct map_router_law {
	double conflict, blocking, injection_blocking;
};

struct map_sent;

/* The package's routers, and scratch. */
struct map_routers {
	const struct hw_package *package;
	struct map_router_law law; /* the package's at first; whoever fits one sets others */
	unsigned ways;             /* hw_router_ways: its chiplet is the last way into a router */
	unsigned *place, place_count; /* per link or port: where in the order of working them out */
	unsigned *order, *first; /* a phase's links and ports in that order; where places start */
	unsigned *inputs;        /* [router * ways + input]: resources */
	double *slowness, *gaps; /* per resource */
	struct map_sent *sent;   /* of one resource, to each way out */
	double *rivals, *cuts;
};

void map_routers_init(struct map_routers *routers, const struct hw_package *package);
void map_routers_release(struct map_routers *routers);

/* A phase's bytes; arrays by resource, and borrowed. */
struct map_loaded {
	const double *bytes, *ns_per_byte;
	/* [resource * ways + input]: of the bytes of a link or an ejection port, those that
	 * came into its router there */
	const double *turns;
	const unsigned *touched; /* resources with bytes */
	unsigned touched_count;
};

/*
 * How many times as long as the slowest of `part_count` of the phase's resources the slowest of
 * them takes for what all of the phase puts on it: >= 1. The phase's own slowdown: that of all.
 */
double map_router_slowdown(struct map_routers *routers, const struct map_loaded *phase,
                           const unsigned *part, unsigned part_count);

#endif

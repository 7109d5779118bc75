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

#include "hw/routes.h"

/* The ways into a router: the four directions of travel (enum hw_direction), its chiplet. As many
 * ways lead out. */
#define MAP_INPUTS (HW_DIRECTIONS + 1)
#define MAP_FROM_CHIPLET HW_DIRECTIONS
#define MAP_FROM_DRAM (HW_DIRECTIONS + 1) /* not counted: channels have ports of their own */

/* The package's routers, and scratch. */
struct map_routers {
	const struct hw_package *package;
	unsigned *place, place_count; /* per link or port: where in the order of working them out */
	unsigned *order, *first; /* a phase's links and ports in that order; where places start */
	unsigned *inputs, *outputs; /* [router * MAP_INPUTS + way]: resources */
	unsigned *ends_at;          /* router at the end of a link or an injection port */
	double *slowness, *gaps;    /* per resource */
};

void map_routers_init(struct map_routers *routers, const struct hw_package *package);
void map_routers_release(struct map_routers *routers);

/* A phase's bytes; arrays by resource, and borrowed. */
struct map_loaded {
	const double *bytes, *ns_per_byte;
	/* [resource * MAP_INPUTS + input]: of the bytes of a link or an ejection port, those that
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

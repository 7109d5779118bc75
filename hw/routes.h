/*
 * The package's network as numbered resources, and the routes over them.
 *
 * A resource is something bytes pass through: a directed NoP link, a chiplet's
 * injection or ejection port, a DRAM channel. A traffic phase is an array of
 * bytes over resource ids. Ids are dense and fixed by the grid:
 *
 *   [0, 4n)        link leaving chiplet c in direction d:  4c + d
 *   [4n, 5n)       injection port of chiplet c
 *   [5n, 6n)       ejection port of chiplet c
 *   [6n, 6n + m)   DRAM channel
 *
 * with n chiplets and m channels. Links that the topology lacks (the rim of a
 * mesh, a torus dimension of extent 1) keep their id and are never on a route.
 * A torus dimension of extent 2 has both directed links of each pair twice.
 *
 * Routes are dimension order, x first, then y; on a torus the shorter way
 * round, a tie going east (x) or south (y). East is x + 1, south is y + 1.
 */
#ifndef HW_ROUTES_H
#define HW_ROUTES_H

#include "hw/package.h"

enum hw_direction { HW_EAST, HW_WEST, HW_SOUTH, HW_NORTH, HW_DIRECTIONS };

enum hw_resource_kind { HW_LINK, HW_INJECT, HW_EJECT, HW_DRAM };

static inline unsigned hw_link_id(unsigned chiplet, enum hw_direction direction)
{
	return chiplet * HW_DIRECTIONS + (unsigned)direction;
}

static inline unsigned hw_inject_id(const struct hw_package *p, unsigned chiplet)
{
	return 4 * hw_chiplet_count(p) + chiplet;
}

static inline unsigned hw_eject_id(const struct hw_package *p, unsigned chiplet)
{
	return 5 * hw_chiplet_count(p) + chiplet;
}

static inline unsigned hw_dram_id(const struct hw_package *p, unsigned channel)
{
	return 6 * hw_chiplet_count(p) + channel;
}

static inline unsigned hw_resource_count(const struct hw_package *p)
{
	return 6 * hw_chiplet_count(p) + p->dram_count;
}

enum hw_resource_kind hw_resource_kind(const struct hw_package *p, unsigned resource);
/* Of a DRAM channel: what it sustains (hw_dram_GBps). */
double hw_resource_GBps(const struct hw_package *p, unsigned resource);

/* Whether the topology has that link; if so, *to is the chiplet it leads to. */
bool hw_link_exists(const struct hw_package *p, unsigned link, unsigned *to);

/* Links on the route from one chiplet's router to another's: 0 if they are the same. */
unsigned hw_hops(const struct hw_package *p, unsigned from, unsigned to);

/*
 * Write the ids of the route's links, in order, to `links` (room for
 * columns + rows entries) and return their number.
 */
unsigned hw_route(const struct hw_package *p, unsigned from, unsigned to, unsigned *links);

/* The direction of the last link of that route; the two differ. */
enum hw_direction hw_last_direction(const struct hw_package *p, unsigned from, unsigned to);

/*
 * Multicast tree: the union of the routes from one router, each link once.
 * hw_tree_start begins a new tree; hw_tree_add adds the route from the tree's
 * root to `to`, appends the links that are new to `links` (room for
 * columns * rows entries per tree suffices), advances *count, and returns the
 * route's hop count. Costs are proportional to the new links: it walks back
 * from the destination until it meets the tree, so one call's new links stand
 * in the order from the destination to the tree. hw_tree_init makes room for
 * the package's grid; hw_tree_release frees it.
 */
struct hw_tree {
	uint32_t *seen; /* generation in which a router was reached, by chiplet */
	uint32_t generation;
	unsigned root;
};

void hw_tree_init(struct hw_tree *tree, const struct hw_package *p);
void hw_tree_release(struct hw_tree *tree);
void hw_tree_start(struct hw_tree *tree, const struct hw_package *p, unsigned root);
unsigned hw_tree_add(struct hw_tree *tree, const struct hw_package *p, unsigned to, unsigned *links,
                     unsigned *count);

#endif

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
 * A torus dimension of extent 2 has both directed links of each pair twice: one
 * of the two goes round the end.
 *
 * Routes are dimension order, x first, then y; on a torus the shorter way
 * round. East is x + 1, south is y + 1. Half way round an even extent both ways
 * round are equally short, a tie (with extent 2: over the two parallel links),
 * and a route has two ways there; four, if both dimensions tie.
 *
 *   A message to one router sends an equal part of its bytes each way.
 *   A multicast tree takes one way, way 0: its root decides for all its ties,
 *   east and south if the root's x + y is even, west and north if it is odd.
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

/* Of two parallel links: the one that goes round the end. */
bool hw_link_is_second(const struct hw_package *p, unsigned link);

/* For people: "link 0,0->1,0", with " (second)" behind it where it is. Free with g_free. */
char *hw_link_name(const struct hw_package *p, unsigned link);

/* Links on the route from one chiplet's router to another's: 0 if they are the same. */
unsigned hw_hops(const struct hw_package *p, unsigned from, unsigned to);

/* Ways of the route: 1, 2 or 4. A message sends 1 / ways of its bytes over the links of each. */
static inline unsigned hw_ways(const struct hw_package *p, unsigned from, unsigned to)
{
	if (p->nop.topology != HW_TORUS)
		return 1;
	unsigned x = from % p->columns, to_x = to % p->columns;
	unsigned y = from / p->columns, to_y = to / p->columns;
	return (2 * (x > to_x ? x - to_x : to_x - x) == p->columns ? 2U : 1U) *
	       (2 * (y > to_y ? y - to_y : to_y - y) == p->rows ? 2U : 1U);
}

/*
 * Write the ids of the links of one of the route's ways, in order, to `links` (room for
 * columns + rows entries) and return their number, the same for all ways. Ways share links:
 * their parts of a message add up.
 */
unsigned hw_route(const struct hw_package *p, unsigned from, unsigned to, unsigned way,
                  unsigned *links);

/* The direction of the last link of way 0; the two differ. */
enum hw_direction hw_last_direction(const struct hw_package *p, unsigned from, unsigned to);

/*
 * Multicast tree: the union of the ways 0 from one router, each link once.
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

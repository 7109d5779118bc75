/*
 * What topologies of grids share: routers in columns and rows, links between neighbours, routes in
 * dimension order, x first, then y; and `borders`, the links that cross a die's rim. East is x + 1,
 * south is y + 1. For the files of this room, and tests that name a link by its place.
 */
#ifndef HW_TOPOLOGY_GRID_H
#define HW_TOPOLOGY_GRID_H

#include "hw/topology/topology.h"

enum hw_direction { HW_EAST, HW_WEST, HW_SOUTH, HW_NORTH, HW_DIRECTIONS };

#define HW_NO_LINK UINT_MAX

/* One dimension of a route, and all of it. */
struct hw_leg {
	unsigned steps;
	enum hw_direction direction;
};

struct hw_legs {
	struct hw_leg x, y;
};

/* A grid's routing, per chiplet: its links by direction, then its place, x + 65536 y. */
enum { HW_GRID_PLACE = HW_DIRECTIONS, HW_GRID_WORDS };

/* The link that leaves a chiplet's router there; HW_NO_LINK if it has none. */
static inline unsigned hw_grid_link(const struct hw_package *p, unsigned chiplet,
                                    enum hw_direction direction)
{
	return p->routing[chiplet * HW_GRID_WORDS + (unsigned)direction];
}

struct hw_place {
	unsigned x, y;
};

static inline struct hw_place hw_grid_place(const struct hw_package *p, unsigned chiplet)
{
	unsigned place = p->routing[chiplet * HW_GRID_WORDS + HW_GRID_PLACE];
	return (struct hw_place){ place & 0xffff, place >> 16 };
}

/*
 * hw_topology.lay: links chiplet by chiplet, east, west, south, north; named "0-0-east". Where rows
 * and columns are closed, a dimension of extent 1 has no links, and one of extent 2 both directed
 * links of each pair twice: one of the two goes round the end, the second.
 */
void hw_grid_lay(struct hw_package *package);

/* "borders": {"every": [columns, rows], "link_GBps", "hop_ns", "energy_pJ_per_bit"} */
extern const char *const hw_grid_keys[];
void hw_grid_read(struct hw_json nop, struct hw_package *package, GError **error);

/* The next coordinate upwards or downwards, round the end if need be. */
static inline unsigned hw_grid_next(unsigned at, unsigned extent, bool upward)
{
	if (upward)
		return at + 1 == extent ? 0 : at + 1;
	return at == 0 ? extent - 1 : at - 1;
}

/* hw_topology.route for these legs. In the header, as what follows: it is in the cost model's inner
 * loop. */
static inline unsigned hw_grid_route(const struct hw_package *p, unsigned from, struct hw_legs legs,
                                     unsigned *links)
{
	struct hw_place at = hw_grid_place(p, from);
	unsigned count = 0;

	for (; count < legs.x.steps;
	     at.x = hw_grid_next(at.x, p->columns, legs.x.direction == HW_EAST))
		links[count++] = hw_grid_link(p, at.y * p->columns + at.x, legs.x.direction);
	for (; count < legs.x.steps + legs.y.steps;
	     at.y = hw_grid_next(at.y, p->rows, legs.y.direction == HW_SOUTH))
		links[count++] = hw_grid_link(p, at.y * p->columns + at.x, legs.y.direction);
	return count;
}

/* Rims that a leg from this coordinate crosses; `every` divides the extent. */
static inline unsigned hw_grid_rims(struct hw_leg leg, unsigned from, unsigned extent,
                                    unsigned every)
{
	bool upward = leg.direction == HW_EAST || leg.direction == HW_SOUTH;
	if (every == extent)
		return 0; /* there is one die: a ring's end is not its rim */
	return upward ? (from + leg.steps) / every - from / every
	              : (from + extent) / every - (from + extent - leg.steps) / every;
}

/* What a route of these legs takes: the sum over its links. */
static inline double hw_grid_ns(const struct hw_package *p, unsigned from, struct hw_legs legs)
{
	const struct hw_borders *borders = &p->nop.borders;
	double ns = (legs.x.steps + legs.y.steps) * p->nop.hop_ns;
	if (!borders->every[0])
		return ns;
	struct hw_place at = hw_grid_place(p, from);
	unsigned rims = hw_grid_rims(legs.x, at.x, p->columns, borders->every[0]) +
	                hw_grid_rims(legs.y, at.y, p->rows, borders->every[1]);
	return ns + rims * (borders->hop_ns - p->nop.hop_ns);
}

/*
 * hw_topology.branch for these legs, of kinds whose ways 0 are prefix-closed: that to a router on
 * the way is the first part of that to the end. So those from one root form a tree in which every
 * router has one incoming link, and whoever walks back may stop at the first router that is in the
 * tree.
 */
static inline double hw_grid_branch(const struct hw_package *p, struct hw_tree *tree, unsigned to,
                                    struct hw_legs legs, unsigned *links, unsigned *count)
{
	struct hw_place at = hw_grid_place(p, to);
	unsigned added = *count, y_end = added + legs.y.steps;

	for (; tree->seen[to] != tree->generation && added < y_end; added++) {
		tree->seen[to] = tree->generation;
		at.y = hw_grid_next(at.y, p->rows, legs.y.direction != HW_SOUTH);
		to = at.y * p->columns + at.x;
		links[added] = hw_grid_link(p, to, legs.y.direction);
	}
	for (; tree->seen[to] != tree->generation; added++) {
		tree->seen[to] = tree->generation;
		at.x = hw_grid_next(at.x, p->columns, legs.x.direction != HW_EAST);
		to = at.y * p->columns + at.x;
		links[added] = hw_grid_link(p, to, legs.x.direction);
	}
	*count = added;
	return hw_grid_ns(p, tree->root, legs);
}

#endif

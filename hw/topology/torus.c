/*
 * A torus: a mesh whose rows and columns are rings. Routes take the shorter way round in links;
 * half way round an even extent, the one that is shorter in time. If both are equal there (with
 * extent 2: the two parallel links), that is a tie, and a route has two ways; four, if both
 * dimensions tie. A tree takes one way: its root decides for all its ties, east and south if the
 * root's x + y is even, west and north if it is odd.
 *
 * Ways 0 are prefix-closed: the direction round depends on the root and the distance, and a choice
 * half way round is for the last router of a ring only.
 */
#include "hw/topology/grid.h"

struct ring_leg {
	struct hw_leg leg;
	bool tie;
};

struct ring_legs {
	struct ring_leg x, y;
};

/* Half way round from a coordinate: whether upwards is quicker (> 0), downwards (< 0) or
 * neither. */
static int quicker(const struct hw_nop *nop, unsigned from, unsigned extent, unsigned every)
{
	if (every == 0 || every == extent)
		return 0;
	int rims = (int)(extent / every), up = (int)((from + extent / 2) / every - from / every);
	double down_ns = (rims - 2 * up) * (nop->borders.hop_ns - nop->hop_ns);

	return (down_ns > 0) - (down_ns < 0);
}

static inline struct ring_leg leg_between(const struct hw_nop *nop, unsigned from, unsigned to,
                                          unsigned extent, bool along_x, bool tie_up)
{
	enum hw_direction up = along_x ? HW_EAST : HW_SOUTH, down = along_x ? HW_WEST : HW_NORTH;
	unsigned upward = to >= from ? to - from : to + extent - from, downward = extent - upward;
	int choice = upward < downward ? 1 : -1;

	if (upward == downward)
		choice = quicker(nop, from, extent, nop->borders.every[along_x ? 0 : 1]);
	if (choice > 0 || (choice == 0 && tie_up))
		return (struct ring_leg){ { upward, up }, choice == 0 };
	return (struct ring_leg){ { downward, down }, choice == 0 };
}

/* Of way 0. */
static inline struct ring_legs legs_between(const struct hw_package *p, unsigned from, unsigned to)
{
	struct hw_place a = hw_grid_place(p, from), b = hw_grid_place(p, to);
	bool even = (a.x + a.y) % 2 == 0;

	return (struct ring_legs){ leg_between(&p->nop, a.x, b.x, p->columns, true, even),
		                   leg_between(&p->nop, a.y, b.y, p->rows, false, even) };
}

static unsigned torus_ways(const struct hw_package *p, unsigned from, unsigned to)
{
	struct ring_legs legs = legs_between(p, from, to);
	return (legs.x.tie ? 2U : 1U) * (legs.y.tie ? 2U : 1U);
}

static unsigned torus_hops(const struct hw_package *p, unsigned from, unsigned to)
{
	struct ring_legs legs = legs_between(p, from, to);
	return legs.x.leg.steps + legs.y.leg.steps;
}

static enum hw_direction opposite(enum hw_direction direction)
{
	static const enum hw_direction opposites[] = { HW_WEST, HW_EAST, HW_NORTH, HW_SOUTH };
	return opposites[direction];
}

static unsigned torus_route(const struct hw_package *p, unsigned from, unsigned to, unsigned way,
                            unsigned *links)
{
	struct ring_legs legs = legs_between(p, from, to);

	if (legs.x.tie && way % 2 == 1)
		legs.x.leg.direction = opposite(legs.x.leg.direction);
	if (legs.y.tie && (legs.x.tie ? way / 2 : way) == 1)
		legs.y.leg.direction = opposite(legs.y.leg.direction);
	return hw_grid_route(p, from, (struct hw_legs){ legs.x.leg, legs.y.leg }, links);
}

static double torus_branch(const struct hw_package *p, struct hw_tree *tree, unsigned to,
                           unsigned *links, unsigned *count)
{
	struct ring_legs legs = legs_between(p, tree->root, to);
	return hw_grid_branch(p, tree, to, (struct hw_legs){ legs.x.leg, legs.y.leg }, links,
	                      count);
}

const struct hw_topology hw_torus = { .name = "torus",
	                              .keys = hw_grid_keys,
	                              .rings = true,
	                              .read = hw_grid_read,
	                              .lay = hw_grid_lay,
	                              .ways = torus_ways,
	                              .hops = torus_hops,
	                              .route = torus_route,
	                              .branch = torus_branch };

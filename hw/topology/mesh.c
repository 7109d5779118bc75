/* A mesh: links between neighbours, and one way from each router to each. */
#include "hw/topology/grid.h"

static inline struct hw_leg leg_between(unsigned from, unsigned to, enum hw_direction up,
                                        enum hw_direction down)
{
	return to >= from ? (struct hw_leg){ to - from, up } : (struct hw_leg){ from - to, down };
}

static inline struct hw_legs legs_between(const struct hw_package *p, unsigned from, unsigned to)
{
	struct hw_place a = hw_grid_place(p, from), b = hw_grid_place(p, to);

	return (struct hw_legs){ leg_between(a.x, b.x, HW_EAST, HW_WEST),
		                 leg_between(a.y, b.y, HW_SOUTH, HW_NORTH) };
}

static unsigned mesh_hops(const struct hw_package *p, unsigned from, unsigned to)
{
	struct hw_legs legs = legs_between(p, from, to);
	return legs.x.steps + legs.y.steps;
}

static unsigned mesh_route(const struct hw_package *p, unsigned from, unsigned to, unsigned way,
                           unsigned *links)
{
	g_assert(way == 0);
	return hw_grid_route(p, from, legs_between(p, from, to), links);
}

static double mesh_branch(const struct hw_package *p, struct hw_tree *tree, unsigned to,
                          unsigned *links, unsigned *count)
{
	return hw_grid_branch(p, tree, to, legs_between(p, tree->root, to), links, count);
}

const struct hw_topology hw_mesh = { .name = "mesh",
	                             .keys = hw_grid_keys,
	                             .lines = true,
	                             .read = hw_grid_read,
	                             .lay = hw_grid_lay,
	                             .hops = mesh_hops,
	                             .route = mesh_route,
	                             .branch = mesh_branch };

/*
 * Invariant: routes are prefix-closed, the route to a router on the way is the
 * first part of the route to the end. So the routes from one root form a tree
 * in which every router has one incoming link, and whoever walks back from a
 * destination may stop at the first router that is in the tree.
 */
#include "hw/routes.h"

#include <string.h>

/* One dimension of a route: `steps` links in `direction`. */
struct leg {
	unsigned steps;
	enum hw_direction direction;
};

static inline struct leg leg_between(unsigned from, unsigned to, unsigned extent, bool torus,
                                     enum hw_direction up, enum hw_direction down)
{
	const unsigned distance = to >= from ? to - from : from - to;
	struct leg leg = { distance, to >= from ? up : down };

	if (torus) {
		const unsigned upward = to >= from ? distance : extent - distance;
		const unsigned downward = distance == 0 ? 0 : extent - upward;
		leg.steps = upward <= downward ? upward : downward;
		leg.direction = upward <= downward ? up : down;
	}
	return leg;
}

static inline struct leg x_leg(const struct hw_package *p, unsigned from_x, unsigned to_x)
{
	return leg_between(from_x, to_x, p->columns, p->nop.topology == HW_TORUS, HW_EAST, HW_WEST);
}

static inline struct leg y_leg(const struct hw_package *p, unsigned from_y, unsigned to_y)
{
	return leg_between(from_y, to_y, p->rows, p->nop.topology == HW_TORUS, HW_SOUTH, HW_NORTH);
}

/* The next coordinate upwards or downwards, round the end if need be. */
static inline unsigned next(unsigned at, unsigned extent, bool upward)
{
	if (upward)
		return at + 1 == extent ? 0 : at + 1;
	return at == 0 ? extent - 1 : at - 1;
}

enum hw_resource_kind hw_resource_kind(const struct hw_package *p, unsigned resource)
{
	g_assert(resource < hw_resource_count(p));
	if (resource < hw_inject_id(p, 0))
		return HW_LINK;
	if (resource < hw_eject_id(p, 0))
		return HW_INJECT;
	return resource < hw_dram_id(p, 0) ? HW_EJECT : HW_DRAM;
}

double hw_resource_GBps(const struct hw_package *p, unsigned resource)
{
	switch (hw_resource_kind(p, resource)) {
	case HW_LINK:
		return p->nop.link_GBps;
	case HW_INJECT:
	case HW_EJECT:
		return p->nop.port_GBps;
	case HW_DRAM:
		return hw_dram_GBps(&p->dram[resource - hw_dram_id(p, 0)]);
	}
	g_assert_not_reached();
}

bool hw_link_exists(const struct hw_package *p, unsigned link, unsigned *to)
{
	const unsigned chiplet = link / HW_DIRECTIONS;
	const enum hw_direction direction = (enum hw_direction)(link % HW_DIRECTIONS);
	const bool horizontal = direction == HW_EAST || direction == HW_WEST;
	const bool upward = direction == HW_EAST || direction == HW_SOUTH;
	const unsigned extent = horizontal ? p->columns : p->rows;
	const unsigned x = chiplet % p->columns;
	const unsigned y = chiplet / p->columns;
	const unsigned at = horizontal ? x : y;

	g_assert(chiplet < hw_chiplet_count(p));
	if (extent == 1 || (p->nop.topology == HW_MESH && at == (upward ? extent - 1 : 0)))
		return false;
	const unsigned there = next(at, extent, upward);
	*to = horizontal ? y * p->columns + there : there * p->columns + x;
	return true;
}

unsigned hw_hops(const struct hw_package *p, unsigned from, unsigned to)
{
	const unsigned columns = p->columns;

	return x_leg(p, from % columns, to % columns).steps +
	       y_leg(p, from / columns, to / columns).steps;
}

unsigned hw_route(const struct hw_package *p, unsigned from, unsigned to, unsigned *links)
{
	const unsigned columns = p->columns;
	unsigned x = from % columns;
	unsigned y = from / columns;
	const struct leg along_x = x_leg(p, x, to % columns);
	const struct leg along_y = y_leg(p, y, to / columns);
	unsigned count = 0;

	while (count < along_x.steps) {
		links[count++] = hw_link_id(y * columns + x, along_x.direction);
		x = next(x, columns, along_x.direction == HW_EAST);
	}
	while (count < along_x.steps + along_y.steps) {
		links[count++] = hw_link_id(y * columns + x, along_y.direction);
		y = next(y, p->rows, along_y.direction == HW_SOUTH);
	}
	return count;
}

enum hw_direction hw_last_direction(const struct hw_package *p, unsigned from, unsigned to)
{
	const unsigned columns = p->columns;
	g_assert(from != to);
	return from / columns != to / columns ? y_leg(p, from / columns, to / columns).direction
	                                      : x_leg(p, from % columns, to % columns).direction;
}

void hw_tree_init(struct hw_tree *tree, const struct hw_package *p)
{
	*tree = (struct hw_tree){ .seen = g_new0(uint32_t, hw_chiplet_count(p)) };
}

void hw_tree_release(struct hw_tree *tree)
{
	g_free(tree->seen);
	tree->seen = NULL;
}

void hw_tree_start(struct hw_tree *tree, const struct hw_package *p, unsigned root)
{
	if (++tree->generation == 0) { /* the counter went round: old marks would look new */
		memset(tree->seen, 0, hw_chiplet_count(p) * sizeof(*tree->seen));
		tree->generation = 1;
	}
	tree->root = root;
	tree->seen[root] = tree->generation;
}

unsigned hw_tree_add(struct hw_tree *tree, const struct hw_package *p, unsigned to, unsigned *links,
                     unsigned *count)
{
	const unsigned columns = p->columns;
	const unsigned root_y = tree->root / columns;
	unsigned x = to % columns;
	unsigned y = to / columns;
	const struct leg along_x = x_leg(p, tree->root % columns, x);
	const struct leg along_y = y_leg(p, root_y, y);
	unsigned added = *count;

	for (unsigned at = to; tree->seen[at] != tree->generation;) {
		const bool in_y = y != root_y;
		tree->seen[at] = tree->generation;
		if (in_y)
			y = next(y, p->rows, along_y.direction != HW_SOUTH);
		else
			x = next(x, columns, along_x.direction != HW_EAST);
		at = y * columns + x;
		links[added++] = hw_link_id(at, in_y ? along_y.direction : along_x.direction);
	}
	*count = added;
	return along_x.steps + along_y.steps;
}

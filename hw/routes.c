/*
 * Invariant: ways 0 are prefix-closed, that to a router on the way is the first part
 * of that to the end: the direction round depends on the root and the distance only.
 * So those from one root form a tree in which every router has one incoming link, and
 * whoever walks back from a destination may stop at the first router that is in the tree.
 */
#include "hw/routes.h"

#include <string.h>

/* One dimension of a route: `steps` links in `direction`; a tie: or in the other one. */
struct leg {
	unsigned steps;
	enum hw_direction direction;
	bool tie;
};

struct legs {
	struct leg x, y;
};

static inline struct leg leg_between(unsigned from, unsigned to, unsigned extent, bool torus,
                                     enum hw_direction up, enum hw_direction down, bool tie_up)
{
	const unsigned distance = to >= from ? to - from : from - to;
	struct leg leg = { distance, to >= from ? up : down, false };

	if (torus) {
		const unsigned upward = to >= from ? distance : extent - distance;
		const unsigned downward = distance == 0 ? 0 : extent - upward;
		leg.tie = distance > 0 && upward == downward;
		leg.steps = upward <= downward ? upward : downward;
		leg.direction = upward < downward || (leg.tie && tie_up) ? up : down;
	}
	return leg;
}

/* Of way 0. */
static inline struct legs legs_between(const struct hw_package *p, unsigned from, unsigned to)
{
	const unsigned columns = p->columns, x = from % columns, y = from / columns;
	const bool torus = p->nop.topology == HW_TORUS, even = (x + y) % 2 == 0;

	return (struct legs){ leg_between(x, to % columns, columns, torus, HW_EAST, HW_WEST, even),
		              leg_between(y, to / columns, p->rows, torus, HW_SOUTH, HW_NORTH,
		                          even) };
}

static enum hw_direction opposite(enum hw_direction direction)
{
	static const enum hw_direction opposites[] = { HW_WEST, HW_EAST, HW_NORTH, HW_SOUTH };
	return opposites[direction];
}

/* The next coordinate upwards or downwards, round the end if need be. */
static inline unsigned next(unsigned at, unsigned extent, bool upward)
{
	if (upward)
		return at + 1 == extent ? 0 : at + 1;
	return at == 0 ? extent - 1 : at - 1;
}

/* What a link is a step of. */
struct route_step {
	unsigned at, extent;
	bool horizontal, upward, ends; /* ends: where a mesh ends and a torus goes round */
};

static struct route_step step_of(const struct hw_package *p, unsigned link)
{
	const unsigned chiplet = link / HW_DIRECTIONS;
	const enum hw_direction direction = (enum hw_direction)(link % HW_DIRECTIONS);
	struct route_step step = { .horizontal = direction == HW_EAST || direction == HW_WEST,
		                   .upward = direction == HW_EAST || direction == HW_SOUTH };

	step.at = step.horizontal ? chiplet % p->columns : chiplet / p->columns;
	step.extent = step.horizontal ? p->columns : p->rows;
	step.ends = step.at == (step.upward ? step.extent - 1 : 0);
	return step;
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
	const unsigned chiplet = link / HW_DIRECTIONS, columns = p->columns;
	const struct route_step step = step_of(p, link);

	g_assert(chiplet < hw_chiplet_count(p));
	if (step.extent == 1 || (p->nop.topology == HW_MESH && step.ends))
		return false;
	const unsigned there = next(step.at, step.extent, step.upward);
	*to = step.horizontal ? chiplet - step.at + there : chiplet % columns + there * columns;
	return true;
}

bool hw_link_is_second(const struct hw_package *p, unsigned link)
{
	const struct route_step step = step_of(p, link);

	return p->nop.topology == HW_TORUS && step.extent == 2 && step.ends;
}

char *hw_link_name(const struct hw_package *p, unsigned link)
{
	const unsigned columns = p->columns, from = link / HW_DIRECTIONS;
	unsigned to = from;

	hw_link_exists(p, link, &to);
	return g_strdup_printf("link %u,%u->%u,%u%s", from % columns, from / columns, to % columns,
	                       to / columns, hw_link_is_second(p, link) ? " (second)" : "");
}

unsigned hw_hops(const struct hw_package *p, unsigned from, unsigned to)
{
	const struct legs legs = legs_between(p, from, to);

	return legs.x.steps + legs.y.steps;
}

unsigned hw_route(const struct hw_package *p, unsigned from, unsigned to, unsigned way,
                  unsigned *links)
{
	const unsigned columns = p->columns;
	unsigned x = from % columns;
	unsigned y = from / columns;
	struct legs legs = legs_between(p, from, to);
	unsigned count = 0;

	if (legs.x.tie && way % 2 == 1)
		legs.x.direction = opposite(legs.x.direction);
	if (legs.y.tie && (legs.x.tie ? way / 2 : way) == 1)
		legs.y.direction = opposite(legs.y.direction);
	while (count < legs.x.steps) {
		links[count++] = hw_link_id(y * columns + x, legs.x.direction);
		x = next(x, columns, legs.x.direction == HW_EAST);
	}
	while (count < legs.x.steps + legs.y.steps) {
		links[count++] = hw_link_id(y * columns + x, legs.y.direction);
		y = next(y, p->rows, legs.y.direction == HW_SOUTH);
	}
	return count;
}

enum hw_direction hw_last_direction(const struct hw_package *p, unsigned from, unsigned to)
{
	const struct legs legs = legs_between(p, from, to);
	g_assert(from != to);
	return legs.y.steps > 0 ? legs.y.direction : legs.x.direction;
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
	const struct legs legs = legs_between(p, tree->root, to);
	unsigned added = *count;

	for (unsigned at = to; tree->seen[at] != tree->generation;) {
		const bool in_y = y != root_y;
		tree->seen[at] = tree->generation;
		if (in_y)
			y = next(y, p->rows, legs.y.direction != HW_SOUTH);
		else
			x = next(x, columns, legs.x.direction != HW_EAST);
		at = y * columns + x;
		links[added++] = hw_link_id(at, in_y ? legs.y.direction : legs.x.direction);
	}
	*count = added;
	return legs.x.steps + legs.y.steps;
}

/* Invariant: a grid's link is where package->routing says, in both directions of the search. */
#include "hw/topology/grid.h"

/* ---- links ---- */

static const char *const direction_names[] = { "east", "west", "south", "north" };

static bool crosses_a_rim(const struct hw_nop *nop, unsigned columns, unsigned from, unsigned to)
{
	unsigned wide = nop->borders.every[0], high = nop->borders.every[1];
	return wide && (from % columns / wide != to % columns / wide ||
	                from / columns / high != to / columns / high);
}

/* A link's place in dimension order: x before y, in each dimension by coordinate. */
static unsigned rank_of(const struct hw_package *p, unsigned x, unsigned y,
                        enum hw_direction direction)
{
	switch (direction) {
	case HW_EAST:
		return x;
	case HW_WEST:
		return p->columns - 1 - x;
	case HW_SOUTH:
		return p->columns + y;
	default:
		return p->columns + p->rows - 1 - y;
	}
}

static void lay_link(struct hw_package *p, unsigned x, unsigned y, enum hw_direction direction)
{
	const struct hw_nop *nop = &p->nop;
	bool along_x = direction == HW_EAST || direction == HW_WEST;
	bool upward = direction == HW_EAST || direction == HW_SOUTH;
	unsigned extent = along_x ? p->columns : p->rows, at = along_x ? x : y;
	unsigned there = hw_grid_next(at, extent, upward), from = y * p->columns + x;
	bool round = at == (upward ? extent - 1 : 0);

	p->routing[from * HW_GRID_WORDS + (unsigned)direction] = HW_NO_LINK;
	if (extent == 1 || (round && !nop->topology->rings))
		return;
	p->routing[from * HW_GRID_WORDS + (unsigned)direction] = p->link_count;
	unsigned to = along_x ? y * p->columns + there : there * p->columns + x;
	bool rim = crosses_a_rim(nop, p->columns, from, to);
	struct hw_link link = { .from = from,
		                .to = to,
		                .rank = rank_of(p, x, y, direction),
		                .second = extent == 2 && round,
		                .GBps = rim ? nop->borders.link_GBps : nop->link_GBps,
		                .latency_ns = rim ? nop->borders.hop_ns : nop->hop_ns,
		                .pJ_per_bit = rim ? nop->borders.energy_pJ_per_bit
		                                  : nop->energy_pJ_per_bit };
	g_autofree char *name = g_strdup_printf("%u-%u-%s", x, y, direction_names[direction]);
	hw_add_link(p, &link, name);
}

void hw_grid_lay(struct hw_package *package)
{
	package->routing = g_new(unsigned, HW_GRID_WORDS *hw_chiplet_count(package));
	package->longest_route = package->columns + package->rows;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++) {
		unsigned x = c % package->columns, y = c / package->columns;
		package->routing[c * HW_GRID_WORDS + HW_GRID_PLACE] = x + 65536 * y;
		for (unsigned d = 0; d < HW_DIRECTIONS; d++)
			lay_link(package, x, y, (enum hw_direction)d);
	}
}

/* ---- borders ---- */

const char *const hw_grid_keys[] = { "borders", NULL };

static unsigned read_every(struct hw_json node, unsigned extent, const char *what, GError **error)
{
	unsigned every = (unsigned)hw_json_integer(node, 1, extent, error);
	if (every && extent % every)
		hw_json_fail(node, error, "must divide the grid's %u %s, got %u", extent, what,
		             every);
	return every;
}

void hw_grid_read(struct hw_json nop, struct hw_package *package, GError **error)
{
	static const char *const keys[] = { "every",  "link_GBps", "hop_ns", "energy_pJ_per_bit",
		                            "source", NULL };
	struct hw_borders *borders = &package->nop.borders;
	if (!hw_json_has(nop, "borders"))
		return;
	struct hw_json node = hw_json_get(nop, "borders", error);
	hw_json_keys(node, keys, error);
	struct hw_json every = hw_json_get(node, "every", error);
	if (!hw_json_is_array(every, error))
		return;
	if (hw_json_size(every) != 2) {
		hw_json_fail(every, error, "must be [columns, rows] of a die, got %u numbers",
		             hw_json_size(every));
		return;
	}
	borders->every[0] = read_every(hw_json_at(every, 0), package->columns, "columns", error);
	borders->every[1] = read_every(hw_json_at(every, 1), package->rows, "rows", error);
	borders->link_GBps = hw_json_positive(hw_json_get(node, "link_GBps", error), error);
	borders->hop_ns = hw_json_non_negative(hw_json_get(node, "hop_ns", error), error);
	borders->energy_pJ_per_bit = hw_json_non_negative(
		hw_json_get(node, "energy_pJ_per_bit", error), error);
}

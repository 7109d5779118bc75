#include "hw/topology/grid.h"
#include "hw/resources.h"
#include "hw/topology/topology.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHIPLETS 64

static struct hw_dram_channel channels[] = { { .at = 0, .GBps = 25, .efficiency = 1 },
	                                     { .at = 3, .GBps = 50, .efficiency = 1 } };

/* Those that a test has made, for their link tables to be released. */
static GArray *made;

static void set_up(void)
{
	made = g_array_new(FALSE, FALSE, sizeof(struct hw_package));
}

static void tear_down(void)
{
	for (guint i = 0; i < made->len; i++)
		hw_clear_links(&g_array_index(made, struct hw_package, i));
	g_array_unref(made);
}

static struct hw_package grid(unsigned columns, unsigned rows, const struct hw_topology *topology)
{
	struct hw_package package = {
		.columns = columns,
		.rows = rows,
		.nop = { .topology = topology, .link_GBps = 10, .port_GBps = 20, .hop_ns = 3 },
		.dram = channels,
		.dram_count = 2
	};
	hw_lay_links(&package);
	g_array_append_val(made, package);
	return package;
}

static unsigned at(const struct hw_package *p, unsigned x, unsigned y)
{
	return y * p->columns + x;
}

/* Follow the links of a route; ck_abort unless each leaves where the last arrived. */
static unsigned follow(const struct hw_package *p, unsigned from, const unsigned *links,
                       unsigned count)
{
	unsigned here = from;

	for (unsigned i = 0; i < count; i++) {
		ck_assert_uint_eq(p->links[links[i]].from, here);
		here = p->links[links[i]].to;
	}
	return here;
}

static unsigned distance(unsigned a, unsigned b, unsigned extent, bool torus)
{
	const unsigned d = a > b ? a - b : b - a;

	return torus && extent - d < d ? extent - d : d;
}

/* Resources */

START_TEST(ids_are_dense_and_typed)
{
	const struct hw_package p = grid(3, 2, &hw_mesh);

	ck_assert_uint_eq(hw_resource_count(&p), 14 + 6 + 6 + 2);
	for (unsigned id = 0; id < hw_resource_count(&p); id++) {
		const enum hw_resource_kind kind = id < 14   ? HW_LINK
		                                   : id < 20 ? HW_INJECT
		                                   : id < 26 ? HW_EJECT
		                                             : HW_DRAM;
		ck_assert_uint_eq(hw_resource_kind(&p, id), kind);
	}
	ck_assert_uint_eq(hw_grid_link(&p, 5, HW_NORTH), 13);
	ck_assert_uint_eq(hw_inject_id(&p, 0), 14);
	ck_assert_uint_eq(hw_eject_id(&p, 5), 25);
	ck_assert_uint_eq(hw_dram_id(&p, 1), 27);
}
END_TEST

START_TEST(each_resource_has_its_bandwidth)
{
	const struct hw_package p = grid(3, 2, &hw_mesh);

	ck_assert_double_eq(hw_resource_GBps(&p, hw_grid_link(&p, 1, HW_EAST)), 10);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_inject_id(&p, 2)), 20);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_eject_id(&p, 2)), 20);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_dram_id(&p, 0)), 25);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_dram_id(&p, 1)), 50);
}
END_TEST

/* Where the link leads; 99 if there is none. */
static unsigned leads(const struct hw_package *p, unsigned chiplet, enum hw_direction direction)
{
	const unsigned link = hw_grid_link(p, chiplet, direction);

	return link == HW_NO_LINK ? 99 : p->links[link].to;
}

START_TEST(a_mesh_ends_at_its_rim)
{
	const struct hw_package p = grid(3, 2, &hw_mesh);

	ck_assert_uint_eq(leads(&p, at(&p, 2, 0), HW_EAST), 99);
	ck_assert_uint_eq(leads(&p, at(&p, 0, 1), HW_WEST), 99);
	ck_assert_uint_eq(leads(&p, at(&p, 1, 1), HW_SOUTH), 99);
	ck_assert_uint_eq(leads(&p, at(&p, 1, 0), HW_NORTH), 99);
	ck_assert_uint_eq(leads(&p, at(&p, 1, 0), HW_EAST), at(&p, 2, 0));
	ck_assert_uint_eq(leads(&p, at(&p, 1, 0), HW_SOUTH), at(&p, 1, 1));
}
END_TEST

START_TEST(a_torus_goes_round)
{
	const struct hw_package p = grid(3, 1, &hw_torus);

	ck_assert_uint_eq(leads(&p, 2, HW_EAST), 0);
	ck_assert_uint_eq(leads(&p, 0, HW_WEST), 2);
	/* A dimension of extent 1 has no links. */
	ck_assert_uint_eq(leads(&p, 0, HW_SOUTH), 99);
	ck_assert_uint_eq(leads(&p, 0, HW_NORTH), 99);
}
END_TEST

/* A mesh of c x r has 2 ((c - 1) r + c (r - 1)) links, a torus 4 c r. */
START_TEST(link_counts)
{
	ck_assert_uint_eq(grid(4, 3, &hw_mesh).link_count, 34);
	ck_assert_uint_eq(grid(4, 3, &hw_torus).link_count, 48);
}
END_TEST

/* Routes */

START_TEST(a_mesh_route_goes_x_then_y)
{
	const struct hw_package p = grid(4, 4, &hw_mesh);
	unsigned links[8];

	ck_assert_uint_eq(hw_route(&p, at(&p, 1, 3), at(&p, 3, 1), 0, links), 4);
	ck_assert_uint_eq(links[0], hw_grid_link(&p, at(&p, 1, 3), HW_EAST));
	ck_assert_uint_eq(links[1], hw_grid_link(&p, at(&p, 2, 3), HW_EAST));
	ck_assert_uint_eq(links[2], hw_grid_link(&p, at(&p, 3, 3), HW_NORTH));
	ck_assert_uint_eq(links[3], hw_grid_link(&p, at(&p, 3, 2), HW_NORTH));
	ck_assert_uint_eq(hw_route(&p, at(&p, 3, 1), at(&p, 2, 2), 0, links), 2);
	ck_assert_uint_eq(links[0], hw_grid_link(&p, at(&p, 3, 1), HW_WEST));
	ck_assert_uint_eq(links[1], hw_grid_link(&p, at(&p, 2, 1), HW_SOUTH));
}
END_TEST

START_TEST(a_route_to_itself_is_empty)
{
	const struct hw_package p = grid(4, 4, &hw_torus);
	unsigned links[8];

	ck_assert_uint_eq(hw_route(&p, 5, 5, 0, links), 0);
	ck_assert_uint_eq(hw_hops(&p, 5, 5), 0);
}
END_TEST

START_TEST(a_torus_route_takes_the_shorter_way)
{
	const struct hw_package p = grid(5, 5, &hw_torus);
	unsigned links[10];

	/* x 0 -> 4: one west round the end; y 4 -> 0: one south round the end */
	ck_assert_uint_eq(hw_route(&p, at(&p, 0, 4), at(&p, 4, 0), 0, links), 2);
	ck_assert_uint_eq(links[0], hw_grid_link(&p, at(&p, 0, 4), HW_WEST));
	ck_assert_uint_eq(links[1], hw_grid_link(&p, at(&p, 4, 4), HW_SOUTH));
	/* x 3 -> 0: two east; y 1 -> 4: two north */
	ck_assert_uint_eq(hw_route(&p, at(&p, 3, 1), at(&p, 0, 4), 0, links), 4);
	ck_assert_uint_eq(links[0], hw_grid_link(&p, at(&p, 3, 1), HW_EAST));
	ck_assert_uint_eq(links[1], hw_grid_link(&p, at(&p, 4, 1), HW_EAST));
	ck_assert_uint_eq(links[2], hw_grid_link(&p, at(&p, 0, 1), HW_NORTH));
	ck_assert_uint_eq(links[3], hw_grid_link(&p, at(&p, 0, 0), HW_NORTH));
}
END_TEST

/* Half way round in both dimensions, from a chiplet with even x + y, and from an odd one. */
START_TEST(two_ties_have_four_ways)
{
	static const struct {
		unsigned x;
		enum hw_direction along_x[4], along_y[4];
	} cases[] = {
		{ 0,
		  { HW_EAST, HW_WEST, HW_EAST, HW_WEST },
		  { HW_SOUTH, HW_SOUTH, HW_NORTH, HW_NORTH } },
		{ 1,
		  { HW_WEST, HW_EAST, HW_WEST, HW_EAST },
		  { HW_NORTH, HW_NORTH, HW_SOUTH, HW_SOUTH } },
	};
	const struct hw_package p = grid(4, 4, &hw_torus);
	unsigned links[8];

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		const unsigned from = at(&p, cases[i].x, 0), to = at(&p, cases[i].x + 2, 2);
		ck_assert_uint_eq(hw_ways(&p, from, to), 4);
		for (unsigned way = 0; way < 4; way++) {
			ck_assert_uint_eq(hw_route(&p, from, to, way, links), 4);
			ck_assert_uint_eq(links[0], hw_grid_link(&p, from, cases[i].along_x[way]));
			ck_assert_uint_eq(links[2], hw_grid_link(&p, at(&p, cases[i].x + 2, 0),
			                                         cases[i].along_y[way]));
			ck_assert_uint_eq(follow(&p, from, links, 4), to);
		}
	}
}
END_TEST

START_TEST(two_chiplets_have_two_links_each_way)
{
	const struct hw_package p = grid(2, 1, &hw_torus), mesh = grid(2, 1, &hw_mesh);
	unsigned link = 99;

	ck_assert_uint_eq(hw_ways(&p, 0, 1), 2);
	ck_assert_uint_eq(hw_route(&p, 0, 1, 0, &link), 1);
	ck_assert_uint_eq(link, hw_grid_link(&p, 0, HW_EAST));
	ck_assert_uint_eq(hw_route(&p, 0, 1, 1, &link), 1);
	ck_assert_uint_eq(link, hw_grid_link(&p, 0, HW_WEST));
	g_autofree char *direct = hw_resource_name(&p, hw_grid_link(&p, 0, HW_EAST));
	g_autofree char *round = hw_resource_name(&p, hw_grid_link(&p, 0, HW_WEST));
	g_autofree char *back = hw_resource_name(&p, hw_grid_link(&p, 1, HW_EAST));
	ck_assert_str_eq(direct, "link 0,0->1,0");
	ck_assert_str_eq(round, "link 0,0->1,0 (second)");
	ck_assert_str_eq(back, "link 1,0->0,0 (second)");
	ck_assert_uint_eq(hw_ways(&mesh, 0, 1), 1);
	ck_assert(!mesh.links[hw_grid_link(&mesh, 0, HW_EAST)].second);
}
END_TEST

/* Tori of all shapes to 7 x 7, by their number. */
enum { LONGEST = 7, TORI = LONGEST * LONGEST };

static struct hw_package torus(int number)
{
	return grid(1 + (unsigned)number % LONGEST, 1 + (unsigned)number / LONGEST, &hw_torus);
}

START_TEST(links_of_a_torus_have_names_of_their_own)
{
	const struct hw_package p = torus(_i);
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned link = 0; link < p.link_count; link++) {
		ck_assert(g_hash_table_add(names, hw_resource_name(&p, link)));
		ck_assert(g_hash_table_add(names, g_strdup(p.links[link].name)));
	}
}
END_TEST

/* One step of a walk, counted by hand. */
static unsigned step(const struct hw_package *p, unsigned at, enum hw_direction direction)
{
	const int dx[] = { 1, -1, 0, 0 }, dy[] = { 0, 0, 1, -1 };
	const int c = (int)p->columns, r = (int)p->rows;
	const int x = ((int)(at % p->columns) + dx[direction] + c) % c;
	const int y = ((int)(at / p->columns) + dy[direction] + r) % r;

	return (unsigned)(y * c + x);
}

/* Walks along x in one direction until the column is right, then along y; returns the length. */
static unsigned walk(const struct hw_package *p, unsigned from, unsigned to, unsigned directions,
                     unsigned *links)
{
	const enum hw_direction along_x = directions % 2 ? HW_WEST : HW_EAST;
	const enum hw_direction along_y = directions / 2 ? HW_NORTH : HW_SOUTH;
	unsigned here = from, count = 0;

	for (; here % p->columns != to % p->columns; here = step(p, here, along_x))
		links[count++] = hw_grid_link(p, here, along_x);
	for (; here != to; here = step(p, here, along_y))
		links[count++] = hw_grid_link(p, here, along_y);
	return count;
}

/* The shortest of the four walks, each once. Returns their number. */
static unsigned shortest_walks(const struct hw_package *p, unsigned from, unsigned to,
                               unsigned walks[4][2 * LONGEST], unsigned *length)
{
	unsigned count = 0, shortest = UINT_MAX;

	for (unsigned directions = 0; directions < 4; directions++) {
		unsigned links[2 * LONGEST];
		const unsigned steps = walk(p, from, to, directions, links);
		bool known = false;
		if (steps < shortest)
			count = 0;
		shortest = MIN(shortest, steps);
		for (unsigned i = 0; i < count; i++)
			known = known || memcmp(walks[i], links, steps * sizeof *links) == 0;
		if (steps == shortest && !known)
			memcpy(walks[count++], links, steps * sizeof *links);
	}
	*length = shortest;
	return count;
}

START_TEST(ways_are_all_shortest_walks)
{
	const struct hw_package p = torus(_i);
	const unsigned n = hw_chiplet_count(&p);
	unsigned walks[4][2 * LONGEST], links[2 * LONGEST], length;

	for (unsigned from = 0; from < n; from++) {
		for (unsigned to = 0; to < n; to++) {
			const unsigned ways = shortest_walks(&p, from, to, walks, &length);
			ck_assert_uint_eq(hw_ways(&p, from, to), ways);
			unsigned found = 0;
			for (unsigned way = 0; way < ways; way++) {
				ck_assert_uint_eq(hw_route(&p, from, to, way, links), length);
				for (unsigned i = 0; i < ways; i++)
					if (memcmp(walks[i], links, length * sizeof *links) == 0)
						found |= 1U << i;
			}
			ck_assert_uint_eq(found, (1U << ways) - 1);
		}
	}
}
END_TEST

/* What trees rest on: the way to a router on the way is the first part of the way. */
START_TEST(ways_of_trees_are_prefix_closed)
{
	const struct hw_package p = torus(_i);
	const unsigned n = hw_chiplet_count(&p);
	unsigned links[2 * LONGEST], first[2 * LONGEST];

	for (unsigned root = 0; root < n; root++) {
		for (unsigned to = 0; to < n; to++) {
			const unsigned length = hw_route(&p, root, to, 0, links);
			for (unsigned part = 0; part < length; part++) {
				const unsigned there = p.links[links[part]].from;
				ck_assert_uint_eq(hw_route(&p, root, there, 0, first), part);
				if (part > 0)
					ck_assert_mem_eq(first, links, part * sizeof *links);
			}
		}
	}
}
END_TEST

static bool along_x(const struct hw_package *p, unsigned link)
{
	return p->links[link].from / p->columns == p->links[link].to / p->columns;
}

/* Each link of a dimension: as much as hops of all messages there, over its links. */
START_TEST(everybody_to_everybody_loads_all_links_alike)
{
	const struct hw_package p = torus(_i);
	const unsigned n = hw_chiplet_count(&p);
	double load[4 * TORI] = { 0 }, hops[2] = { 0 };
	unsigned links[2 * LONGEST];

	for (unsigned from = 0; from < n; from++) {
		for (unsigned dst = 0; dst < n; dst++) {
			const unsigned ways = hw_ways(&p, from, dst);
			for (unsigned way = 0; way < ways; way++) {
				const unsigned length = hw_route(&p, from, dst, way, links);
				for (unsigned i = 0; i < length; i++)
					load[links[i]] += 1.0 / ways;
			}
			hops[0] += distance(from % p.columns, dst % p.columns, p.columns, true);
			hops[1] += distance(from / p.columns, dst / p.columns, p.rows, true);
		}
	}
	for (unsigned link = 0; link < p.link_count; link++)
		ck_assert_double_eq(load[link], hops[along_x(&p, link) ? 0 : 1] / (2.0 * n));
}
END_TEST

static const struct {
	unsigned columns, rows;
} shapes[] = { { 1, 1 }, { 2, 1 }, { 1, 4 }, { 2, 2 }, { 3, 3 },
	       { 4, 3 }, { 5, 4 }, { 6, 6 }, { 8, 2 } };

START_TEST(every_route_is_a_shortest_walk_to_its_end)
{
	for (unsigned torus = 0; torus < 2; torus++) {
		const struct hw_package p = grid(shapes[_i].columns, shapes[_i].rows,
		                                 torus ? &hw_torus : &hw_mesh);
		unsigned links[2 * MAX_CHIPLETS];
		for (unsigned from = 0; from < hw_chiplet_count(&p); from++) {
			for (unsigned to = 0; to < hw_chiplet_count(&p); to++) {
				const unsigned count = hw_route(&p, from, to, 0, links);
				const unsigned shortest = distance(from % p.columns, to % p.columns,
				                                   p.columns, torus) +
				                          distance(from / p.columns, to / p.columns,
				                                   p.rows, torus);
				ck_assert_uint_eq(count, shortest);
				ck_assert_uint_eq(hw_hops(&p, from, to), shortest);
				ck_assert_uint_eq(follow(&p, from, links, count), to);
			}
		}
	}
}
END_TEST

/* Trees */

/* The tree over the destinations in `set`, against the union of their routes. */
static void compare_tree(const struct hw_package *p, struct hw_tree *tree, unsigned root,
                         unsigned set, bool backwards)
{
	const unsigned n = hw_chiplet_count(p);
	unsigned char in_union[4 * MAX_CHIPLETS] = { 0 }, in_tree[4 * MAX_CHIPLETS] = { 0 };
	unsigned links[MAX_CHIPLETS], route[2 * MAX_CHIPLETS], count = 0;

	hw_tree_start(tree, p, root);
	for (unsigned i = 0; i < n; i++) {
		const unsigned to = backwards ? n - 1 - i : i;
		if (!(set >> to & 1))
			continue;
		double reached_ns = hw_tree_add(tree, p, to, links, &count);
		const unsigned length = hw_route(p, root, to, 0, route);
		ck_assert_double_eq(reached_ns, hw_links_ns(p, route, length));
		for (unsigned k = 0; k < length; k++)
			in_union[route[k]] = 1;
	}
	ck_assert_uint_lt(count, n);
	for (unsigned k = 0; k < count; k++) {
		ck_assert_uint_eq(in_tree[links[k]], 0);
		in_tree[links[k]] = 1;
	}
	ck_assert_mem_eq(in_tree, in_union, sizeof(in_tree));
}

START_TEST(a_tree_is_the_union_of_its_routes)
{
	static const struct {
		unsigned columns, rows;
	} small[] = { { 3, 3 }, { 4, 2 }, { 2, 4 }, { 1, 5 }, { 2, 2 } };

	for (unsigned torus = 0; torus < 2; torus++) {
		const struct hw_package p = grid(small[_i].columns, small[_i].rows,
		                                 torus ? &hw_torus : &hw_mesh);
		const unsigned n = hw_chiplet_count(&p);
		struct hw_tree tree;
		hw_tree_init(&tree, &p);
		for (unsigned root = 0; root < n; root++) {
			for (unsigned set = 0; set < 1U << n; set++)
				compare_tree(&p, &tree, root, set, set % 3 == 0);
		}
		hw_tree_release(&tree);
	}
}
END_TEST

/* From (0,0) to (2,0), (2,1) and (2,0) again on a mesh: three links in all. */
START_TEST(new_links_are_appended_once)
{
	const struct hw_package p = grid(3, 2, &hw_mesh);
	struct hw_tree tree;
	unsigned links[6], count = 0;

	hw_tree_init(&tree, &p);
	hw_tree_start(&tree, &p, 0);
	ck_assert_double_eq(hw_tree_add(&tree, &p, at(&p, 2, 0), links, &count), 6);
	ck_assert_uint_eq(count, 2);
	ck_assert_double_eq(hw_tree_add(&tree, &p, at(&p, 2, 1), links, &count), 9);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(links[2], hw_grid_link(&p, at(&p, 2, 0), HW_SOUTH));
	ck_assert_double_eq(hw_tree_add(&tree, &p, at(&p, 2, 0), links, &count), 6);
	ck_assert_double_eq(hw_tree_add(&tree, &p, 0, links, &count), 0);
	ck_assert_uint_eq(count, 3);
	hw_tree_release(&tree);
}
END_TEST

START_TEST(broadcast_reaches_every_other_chiplet_once)
{
	const struct hw_package p = grid(8, 8, &hw_torus);
	struct hw_tree tree;
	unsigned links[64], count = 0;

	hw_tree_init(&tree, &p);
	hw_tree_start(&tree, &p, 27);
	for (unsigned to = 0; to < 64; to++)
		hw_tree_add(&tree, &p, to, links, &count);
	ck_assert_uint_eq(count, 63);
	hw_tree_release(&tree);
}
END_TEST

/*
 * A broadcast of each chiplet: along x every tree has columns - 1 links, along y rows - 1 in each
 * column. A message is whole, so a link carries the mean, or the whole number above or below.
 */
START_TEST(broadcasts_of_everybody_load_links_alike)
{
	const struct hw_package p = torus(_i);
	const unsigned n = hw_chiplet_count(&p);
	double load[4 * TORI] = { 0 };
	unsigned links[TORI];
	struct hw_tree tree;

	hw_tree_init(&tree, &p);
	for (unsigned root = 0; root < n; root++) {
		unsigned count = 0;
		hw_tree_start(&tree, &p, root);
		for (unsigned to = 0; to < n; to++)
			hw_tree_add(&tree, &p, to, links, &count);
		for (unsigned i = 0; i < count; i++)
			load[links[i]]++;
	}
	hw_tree_release(&tree);
	for (unsigned link = 0; link < p.link_count; link++) {
		const double mean = along_x(&p, link) ? (p.columns - 1) / 2.0
		                                      : p.columns * (p.rows - 1) / 2.0;
		ck_assert_double_le(fabs(load[link] - mean), 0.5);
	}
}
END_TEST

/* Chiplet 1 keeps a mark of generation 1, chiplet 2 was never marked (0). */
START_TEST(old_trees_are_forgotten_when_the_counter_wraps)
{
	const struct hw_package p = grid(3, 1, &hw_mesh);
	struct hw_tree tree;
	unsigned links[3], count = 0;

	hw_tree_init(&tree, &p);
	hw_tree_start(&tree, &p, 0);
	hw_tree_add(&tree, &p, 1, links, &count);
	tree.generation = UINT32_MAX;
	hw_tree_start(&tree, &p, 0);
	count = 0;
	ck_assert_double_eq(hw_tree_add(&tree, &p, 2, links, &count), 6);
	ck_assert_uint_eq(count, 2);
	hw_tree_release(&tree);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/topology");
	TCase *resources = tcase_create("resources");
	TCase *routes = tcase_create("routes");
	TCase *trees = tcase_create("trees");

	tcase_add_checked_fixture(resources, set_up, tear_down);
	tcase_add_checked_fixture(routes, set_up, tear_down);
	tcase_add_checked_fixture(trees, set_up, tear_down);
	tcase_add_test(resources, ids_are_dense_and_typed);
	tcase_add_test(resources, each_resource_has_its_bandwidth);
	tcase_add_test(resources, a_mesh_ends_at_its_rim);
	tcase_add_test(resources, a_torus_goes_round);
	tcase_add_test(resources, link_counts);
	tcase_add_test(routes, a_mesh_route_goes_x_then_y);
	tcase_add_test(routes, a_route_to_itself_is_empty);
	tcase_add_test(routes, a_torus_route_takes_the_shorter_way);
	tcase_add_test(routes, two_ties_have_four_ways);
	tcase_add_test(routes, two_chiplets_have_two_links_each_way);
	tcase_add_loop_test(resources, links_of_a_torus_have_names_of_their_own, 0, TORI);
	tcase_add_loop_test(routes, ways_are_all_shortest_walks, 0, TORI);
	tcase_add_loop_test(routes, ways_of_trees_are_prefix_closed, 0, TORI);
	tcase_add_loop_test(routes, everybody_to_everybody_loads_all_links_alike, 0, TORI);
	tcase_add_loop_test(trees, broadcasts_of_everybody_load_links_alike, 0, TORI);
	tcase_add_loop_test(routes, every_route_is_a_shortest_walk_to_its_end, 0,
	                    (int)G_N_ELEMENTS(shapes));
	tcase_add_loop_test(trees, a_tree_is_the_union_of_its_routes, 0, 5);
	tcase_add_test(trees, new_links_are_appended_once);
	tcase_add_test(trees, broadcast_reaches_every_other_chiplet_once);
	tcase_add_test(trees, old_trees_are_forgotten_when_the_counter_wraps);
	suite_add_tcase(s, resources);
	suite_add_tcase(s, routes);
	suite_add_tcase(s, trees);
	return s;
}

int main(void)
{
	return suite_run(suite());
}

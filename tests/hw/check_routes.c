#include "hw/routes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHIPLETS 64

static struct hw_dram_channel channels[] = { { .at = 0, .GBps = 25, .efficiency = 1 },
	                                     { .at = 3, .GBps = 50, .efficiency = 1 } };

static struct hw_package grid(unsigned columns, unsigned rows, enum hw_topology topology)
{
	return (struct hw_package){
		.columns = columns,
		.rows = rows,
		.nop = { .topology = topology, .link_GBps = 10, .port_GBps = 20 },
		.dram = channels,
		.dram_count = 2
	};
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
		ck_assert_uint_eq(links[i] / HW_DIRECTIONS, here);
		ck_assert(hw_link_exists(p, links[i], &here));
	}
	return here;
}

/* Resources */

START_TEST(ids_are_dense_and_typed)
{
	const struct hw_package p = grid(3, 2, HW_MESH);

	ck_assert_uint_eq(hw_resource_count(&p), 6 * 6 + 2);
	for (unsigned id = 0; id < hw_resource_count(&p); id++) {
		const enum hw_resource_kind kind = id < 24   ? HW_LINK
		                                   : id < 30 ? HW_INJECT
		                                   : id < 36 ? HW_EJECT
		                                             : HW_DRAM;
		ck_assert_uint_eq(hw_resource_kind(&p, id), kind);
	}
	ck_assert_uint_eq(hw_link_id(5, HW_NORTH), 23);
	ck_assert_uint_eq(hw_inject_id(&p, 0), 24);
	ck_assert_uint_eq(hw_eject_id(&p, 5), 35);
	ck_assert_uint_eq(hw_dram_id(&p, 1), 37);
}
END_TEST

START_TEST(each_resource_has_its_bandwidth)
{
	const struct hw_package p = grid(3, 2, HW_MESH);

	ck_assert_double_eq(hw_resource_GBps(&p, hw_link_id(1, HW_EAST)), 10);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_inject_id(&p, 2)), 20);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_eject_id(&p, 2)), 20);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_dram_id(&p, 0)), 25);
	ck_assert_double_eq(hw_resource_GBps(&p, hw_dram_id(&p, 1)), 50);
}
END_TEST

START_TEST(a_mesh_ends_at_its_rim)
{
	const struct hw_package p = grid(3, 2, HW_MESH);
	unsigned to = 99;

	ck_assert(!hw_link_exists(&p, hw_link_id(at(&p, 2, 0), HW_EAST), &to));
	ck_assert(!hw_link_exists(&p, hw_link_id(at(&p, 0, 1), HW_WEST), &to));
	ck_assert(!hw_link_exists(&p, hw_link_id(at(&p, 1, 1), HW_SOUTH), &to));
	ck_assert(!hw_link_exists(&p, hw_link_id(at(&p, 1, 0), HW_NORTH), &to));
	ck_assert_uint_eq(to, 99);
	ck_assert(hw_link_exists(&p, hw_link_id(at(&p, 1, 0), HW_EAST), &to));
	ck_assert_uint_eq(to, at(&p, 2, 0));
	ck_assert(hw_link_exists(&p, hw_link_id(at(&p, 1, 0), HW_SOUTH), &to));
	ck_assert_uint_eq(to, at(&p, 1, 1));
}
END_TEST

START_TEST(a_torus_goes_round)
{
	const struct hw_package p = grid(3, 1, HW_TORUS);
	unsigned to = 99;

	ck_assert(hw_link_exists(&p, hw_link_id(2, HW_EAST), &to));
	ck_assert_uint_eq(to, 0);
	ck_assert(hw_link_exists(&p, hw_link_id(0, HW_WEST), &to));
	ck_assert_uint_eq(to, 2);
	/* A dimension of extent 1 has no links. */
	ck_assert(!hw_link_exists(&p, hw_link_id(0, HW_SOUTH), &to));
	ck_assert(!hw_link_exists(&p, hw_link_id(0, HW_NORTH), &to));
}
END_TEST

/* A mesh of c x r has 2 ((c - 1) r + c (r - 1)) links, a torus 4 c r. */
START_TEST(link_counts)
{
	for (unsigned torus = 0; torus < 2; torus++) {
		const struct hw_package p = grid(4, 3, torus ? HW_TORUS : HW_MESH);
		unsigned count = 0, to;
		for (unsigned link = 0; link < hw_inject_id(&p, 0); link++)
			count += hw_link_exists(&p, link, &to);
		ck_assert_uint_eq(count, torus ? 48 : 34);
	}
}
END_TEST

/* Routes */

START_TEST(a_mesh_route_goes_x_then_y)
{
	const struct hw_package p = grid(4, 4, HW_MESH);
	unsigned links[8];

	ck_assert_uint_eq(hw_route(&p, at(&p, 1, 3), at(&p, 3, 1), links), 4);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 1, 3), HW_EAST));
	ck_assert_uint_eq(links[1], hw_link_id(at(&p, 2, 3), HW_EAST));
	ck_assert_uint_eq(links[2], hw_link_id(at(&p, 3, 3), HW_NORTH));
	ck_assert_uint_eq(links[3], hw_link_id(at(&p, 3, 2), HW_NORTH));
	ck_assert_uint_eq(hw_route(&p, at(&p, 3, 1), at(&p, 2, 2), links), 2);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 3, 1), HW_WEST));
	ck_assert_uint_eq(links[1], hw_link_id(at(&p, 2, 1), HW_SOUTH));
}
END_TEST

START_TEST(a_route_to_itself_is_empty)
{
	const struct hw_package p = grid(4, 4, HW_TORUS);
	unsigned links[8];

	ck_assert_uint_eq(hw_route(&p, 5, 5, links), 0);
	ck_assert_uint_eq(hw_hops(&p, 5, 5), 0);
}
END_TEST

START_TEST(a_torus_route_takes_the_shorter_way)
{
	const struct hw_package p = grid(5, 5, HW_TORUS);
	unsigned links[10];

	/* x 0 -> 4: one west round the end; y 4 -> 0: one south round the end */
	ck_assert_uint_eq(hw_route(&p, at(&p, 0, 4), at(&p, 4, 0), links), 2);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 0, 4), HW_WEST));
	ck_assert_uint_eq(links[1], hw_link_id(at(&p, 4, 4), HW_SOUTH));
	/* x 3 -> 0: two east; y 1 -> 4: two north */
	ck_assert_uint_eq(hw_route(&p, at(&p, 3, 1), at(&p, 0, 4), links), 4);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 3, 1), HW_EAST));
	ck_assert_uint_eq(links[1], hw_link_id(at(&p, 4, 1), HW_EAST));
	ck_assert_uint_eq(links[2], hw_link_id(at(&p, 0, 1), HW_NORTH));
	ck_assert_uint_eq(links[3], hw_link_id(at(&p, 0, 0), HW_NORTH));
}
END_TEST

START_TEST(a_tie_goes_east_and_south)
{
	const struct hw_package p = grid(4, 4, HW_TORUS);
	unsigned links[8];

	/* Half way round in both dimensions, from either side. */
	ck_assert_uint_eq(hw_route(&p, at(&p, 0, 0), at(&p, 2, 2), links), 4);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 0, 0), HW_EAST));
	ck_assert_uint_eq(links[2], hw_link_id(at(&p, 2, 0), HW_SOUTH));
	ck_assert_uint_eq(hw_route(&p, at(&p, 2, 2), at(&p, 0, 0), links), 4);
	ck_assert_uint_eq(links[0], hw_link_id(at(&p, 2, 2), HW_EAST));
	ck_assert_uint_eq(links[1], hw_link_id(at(&p, 3, 2), HW_EAST));
	ck_assert_uint_eq(links[2], hw_link_id(at(&p, 0, 2), HW_SOUTH));
}
END_TEST

static const struct {
	unsigned columns, rows;
} shapes[] = { { 1, 1 }, { 2, 1 }, { 1, 4 }, { 2, 2 }, { 3, 3 },
	       { 4, 3 }, { 5, 4 }, { 6, 6 }, { 8, 2 } };

static unsigned distance(unsigned a, unsigned b, unsigned extent, bool torus)
{
	const unsigned d = a > b ? a - b : b - a;

	return torus && extent - d < d ? extent - d : d;
}

START_TEST(every_route_is_a_shortest_walk_to_its_end)
{
	for (unsigned torus = 0; torus < 2; torus++) {
		const struct hw_package p = grid(shapes[_i].columns, shapes[_i].rows,
		                                 torus ? HW_TORUS : HW_MESH);
		unsigned links[2 * MAX_CHIPLETS];
		for (unsigned from = 0; from < hw_chiplet_count(&p); from++) {
			for (unsigned to = 0; to < hw_chiplet_count(&p); to++) {
				const unsigned count = hw_route(&p, from, to, links);
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
		const unsigned hops = hw_tree_add(tree, p, to, links, &count);
		ck_assert_uint_eq(hops, hw_hops(p, root, to));
		const unsigned length = hw_route(p, root, to, route);
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
		                                 torus ? HW_TORUS : HW_MESH);
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
	const struct hw_package p = grid(3, 2, HW_MESH);
	struct hw_tree tree;
	unsigned links[6], count = 0;

	hw_tree_init(&tree, &p);
	hw_tree_start(&tree, &p, 0);
	ck_assert_uint_eq(hw_tree_add(&tree, &p, at(&p, 2, 0), links, &count), 2);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(hw_tree_add(&tree, &p, at(&p, 2, 1), links, &count), 3);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(links[2], hw_link_id(at(&p, 2, 0), HW_SOUTH));
	ck_assert_uint_eq(hw_tree_add(&tree, &p, at(&p, 2, 0), links, &count), 2);
	ck_assert_uint_eq(hw_tree_add(&tree, &p, 0, links, &count), 0);
	ck_assert_uint_eq(count, 3);
	hw_tree_release(&tree);
}
END_TEST

START_TEST(broadcast_reaches_every_other_chiplet_once)
{
	const struct hw_package p = grid(8, 8, HW_TORUS);
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

/* Chiplet 1 keeps a mark of generation 1, chiplet 2 was never marked (0). */
START_TEST(old_trees_are_forgotten_when_the_counter_wraps)
{
	const struct hw_package p = grid(3, 1, HW_MESH);
	struct hw_tree tree;
	unsigned links[3], count = 0;

	hw_tree_init(&tree, &p);
	hw_tree_start(&tree, &p, 0);
	hw_tree_add(&tree, &p, 1, links, &count);
	tree.generation = UINT32_MAX;
	hw_tree_start(&tree, &p, 0);
	count = 0;
	ck_assert_uint_eq(hw_tree_add(&tree, &p, 2, links, &count), 2);
	ck_assert_uint_eq(count, 2);
	hw_tree_release(&tree);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/routes");
	TCase *resources = tcase_create("resources");
	TCase *routes = tcase_create("routes");
	TCase *trees = tcase_create("trees");

	tcase_add_test(resources, ids_are_dense_and_typed);
	tcase_add_test(resources, each_resource_has_its_bandwidth);
	tcase_add_test(resources, a_mesh_ends_at_its_rim);
	tcase_add_test(resources, a_torus_goes_round);
	tcase_add_test(resources, link_counts);
	tcase_add_test(routes, a_mesh_route_goes_x_then_y);
	tcase_add_test(routes, a_route_to_itself_is_empty);
	tcase_add_test(routes, a_torus_route_takes_the_shorter_way);
	tcase_add_test(routes, a_tie_goes_east_and_south);
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
	SRunner *runner = srunner_create(suite());

	srunner_run_all(runner, CK_NORMAL);
	const int failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

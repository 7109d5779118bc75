/* Links that cross a die's rim: the table, ties of a torus, and what a phase takes, by hand and by
 * brute force over grids, dies and values drawn at random. */
#include "hw/resources.h"
#include "hw/topology/topology.h"
#include "search/traffic/phase.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static unsigned divisor(GRand *rand, unsigned extent)
{
	unsigned d;
	do
		d = (unsigned)g_rand_int_range(rand, 1, (gint32)extent + 1);
	while (extent % d);
	return d;
}

/* Up to 6 x 6, mesh or torus, borders slower or faster than the rest. */
static struct made_package drawn(int seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)seed);
	struct made_package options = { .torus = seed % 2 };
	options.columns = (unsigned)g_rand_int_range(rand, 1, 7);
	options.rows = (unsigned)g_rand_int_range(rand, 1, 7);
	options.die[0] = divisor(rand, options.columns);
	options.die[1] = divisor(rand, options.rows);
	options.border_GBps = g_rand_int_range(rand, 1, 20);
	options.border_ns = g_rand_int_range(rand, 1, 20);
	options.hop_ns = g_rand_int_range(rand, 1, 9);
	options.unicast = seed / 2 % 2;
	return options;
}

static unsigned die_of(const struct made_package *o, unsigned chiplet)
{
	unsigned x = chiplet % o->columns, y = chiplet / o->columns;
	return y / o->die[1] * o->columns + x / o->die[0];
}

START_TEST(links_between_dies_have_their_own_values)
{
	struct made_package options = drawn(_i);
	struct hw_package *package = made_package(options);
	for (unsigned i = 0; i < package->link_count; i++) {
		const struct hw_link *link = &package->links[i];
		bool rim = die_of(&options, link->from) != die_of(&options, link->to);
		ck_assert_double_eq(link->GBps, rim ? options.border_GBps : 10);
		ck_assert_double_eq(link->latency_ns, rim ? options.border_ns : options.hop_ns);
		ck_assert_double_eq(link->pJ_per_bit, rim ? 3 : 1);
		ck_assert_double_eq(hw_resource_GBps(package, i), link->GBps);
		ck_assert_double_eq(hw_resource_latency_ns(package, i), link->latency_ns);
	}
	hw_package_free(package);
}
END_TEST

/* A walk: along x one way round, then along y one way round. */
struct walk {
	unsigned links[32], count;
	double ns;
};

/* The link to the neighbour there; the direct one before that round the end, or after it. */
static unsigned step(const struct hw_package *p, unsigned from, bool along_x, bool up, unsigned *to)
{
	unsigned x = from % p->columns, y = from / p->columns;
	unsigned *at = along_x ? &x : &y, extent = along_x ? p->columns : p->rows;
	bool round = up ? *at == extent - 1 : *at == 0;
	*at = (*at + (up ? 1 : extent - 1)) % extent;
	*to = y * p->columns + x;
	unsigned link = hw_link_to(p, from, *to);
	while (p->links[link].to != *to || p->links[link].second != (round && extent == 2))
		link++;
	return link;
}

static struct walk walk(const struct hw_package *p, unsigned from, unsigned to, bool east,
                        bool south)
{
	struct walk w = { .count = 0 };
	while (from % p->columns != to % p->columns)
		w.links[w.count++] = step(p, from, true, east, &from);
	while (from != to)
		w.links[w.count++] = step(p, from, false, south, &from);
	for (unsigned i = 0; i < w.count; i++)
		w.ns += p->links[w.links[i]].latency_ns;
	return w;
}

static bool same(const struct walk *a, const struct walk *b)
{
	return a->count == b->count && memcmp(a->links, b->links, a->count * sizeof *a->links) == 0;
}

/* The fewest links, then the least time; each once. */
static unsigned best_walks(const struct hw_package *p, unsigned from, unsigned to,
                           struct walk best[4])
{
	unsigned count = 0;
	for (unsigned d = 0; d < 4; d++) {
		struct walk w = walk(p, from, to, d % 2, d / 2);
		bool known = false;
		if (count && (w.count > best->count || (w.count == best->count && w.ns > best->ns)))
			continue;
		if (count && (w.count < best->count || w.ns < best->ns))
			count = 0;
		for (unsigned i = 0; i < count; i++)
			known = known || same(&best[i], &w);
		if (!known)
			best[count++] = w;
	}
	return count;
}

START_TEST(ways_are_the_shortest_then_the_quickest_walks)
{
	struct made_package options = drawn(2 * _i + 1);
	struct hw_package *p = made_package(options);
	for (unsigned from = 0; from < hw_chiplet_count(p); from++) {
		for (unsigned to = 0; to < hw_chiplet_count(p); to++) {
			struct walk best[4], way = { .count = 0 };
			unsigned ways = best_walks(p, from, to, best), found = 0;
			ck_assert_uint_eq(hw_ways(p, from, to), ways);
			for (unsigned w = 0; w < ways; w++) {
				way.count = hw_route(p, from, to, w, way.links);
				for (unsigned i = 0; i < ways; i++)
					found |= same(&way, &best[i]) ? 1U << i : 0;
			}
			ck_assert_uint_eq(found, (1U << ways) - 1);
		}
	}
	hw_package_free(p);
}
END_TEST

START_TEST(trees_are_unions_of_routes)
{
	struct hw_package *p = made_package(drawn(_i));
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	unsigned chiplets = hw_chiplet_count(p), links[36], route[16];
	struct hw_tree tree;
	hw_tree_init(&tree, p);
	for (unsigned root = 0; root < chiplets; root++) {
		g_autofree bool *in_union = g_new0(bool, p->link_count + 1);
		unsigned count = 0, wanted = 0;
		hw_tree_start(&tree, p, root);
		for (unsigned i = 0; i < 8; i++) {
			unsigned to = (unsigned)g_rand_int_range(rand, 0, (gint32)chiplets);
			double reached_ns = hw_tree_add(&tree, p, to, links, &count);
			unsigned length = hw_route(p, root, to, 0, route);
			ck_assert_double_eq_tol(reached_ns, hw_links_ns(p, route, length), 1e-9);
			for (unsigned l = 0; l < length; l++) {
				wanted += !in_union[route[l]];
				in_union[route[l]] = true;
			}
		}
		ck_assert_uint_eq(count, wanted);
		for (unsigned l = 0; l < count; l++)
			ck_assert(in_union[links[l]]);
	}
	hw_tree_release(&tree);
	hw_package_free(p);
}
END_TEST

/* Three in a row, a die's rim before the last: 5 + 9 ns and 80 bytes at 4 bytes/ns. */
START_TEST(a_message_takes_what_its_links_take)
{
	struct hw_package *p = made_package(
		(struct made_package){ .columns = 4, .die = { 2, 1 }, .unicast = true });
	struct map_network network;
	struct map_phase phase;
	unsigned to = 2;
	map_network_init(&network, p);
	map_phase_init(&phase, p);
	map_send(&network, &phase, 0, &to, 1, 80);
	ck_assert_double_eq(map_phase_ns(&network, &phase), 5 + 9 + 80.0 / 4);
	ck_assert_double_eq(map_phase_links(&network, &phase).byte_hops, 160);
	ck_assert_double_eq(map_phase_links(&network, &phase).pJ, 80 * 8 * (1 + 3));
	map_phase_release(&phase);
	map_network_release(&network);
	hw_package_free(p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/borders");
	TCase *tests = tcase_create("borders");
	tcase_add_loop_test(tests, links_between_dies_have_their_own_values, 0, 100);
	tcase_add_loop_test(tests, ways_are_the_shortest_then_the_quickest_walks, 0, 60);
	tcase_add_loop_test(tests, trees_are_unions_of_routes, 0, 60);
	tcase_add_test(tests, a_message_takes_what_its_links_take);
	suite_add_tcase(s, tests);
	return s;
}

int main(void)
{
	return suite_run(suite());
}

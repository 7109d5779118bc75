/*
 * Traffic between clusters, element by element (tests/search/traffic_scene.h): what phases charge
 * against a count of what each chiplet needs.
 */
#include "hw/topology/topology.h"
#include "tests/search/traffic_scene.h"

/* One message per pair of chiplets, in equal parts each way: what a NoP without multicast
 * carries. */
static void expect_unicast(const struct scene *s, const struct count *c, double *bytes)
{
	unsigned links[2 * CHIPLETS], chiplets = hw_chiplet_count(s->package);
	for (unsigned a = 0; a < chiplets; a++)
		for (unsigned b = 0; b < chiplets; b++) {
			if (a == b)
				continue;
			unsigned ways = hw_ways(s->package, a, b);
			bytes[hw_inject_id(s->package, a)] += c->moved[a][b];
			bytes[hw_eject_id(s->package, b)] += c->moved[a][b];
			for (unsigned way = 0; way < ways; way++) {
				unsigned hops = hw_route(s->package, a, b, way, links);
				for (unsigned i = 0; i < hops; i++)
					bytes[links[i]] += (double)c->moved[a][b] / ways;
			}
		}
}

/* With multicast, receivers get the same and nothing else carries more; but where a torus has two
 * ways, a tree takes one of them with all its bytes. */
static void assert_transfer(const struct scene *s, const double *expected,
                            const struct map_phase *phase)
{
	uint64_t delivered = 0;
	double links = 0, link_limit = 0;
	for (unsigned i = 0; i < hw_resource_count(s->package); i++) {
		enum hw_resource_kind kind = hw_resource_kind(s->package, i);
		bool two_ways = kind == HW_LINK && s->package->nop.topology == &hw_torus;
		if (kind == HW_EJECT || !s->package->nop.multicast)
			ck_assert_double_eq(phase->bytes[i], expected[i]);
		else
			ck_assert_double_le(phase->bytes[i], expected[i] * (two_ways ? 2 : 1));
		ck_assert((phase->bytes[i] > 0) == (expected[i] > 0) || s->package->nop.multicast);
		delivered += kind == HW_EJECT ? (uint64_t)expected[i] : 0;
		links += kind == HW_LINK ? phase->bytes[i] : 0;
		link_limit += kind == HW_LINK ? expected[i] : 0;
	}
	ck_assert_double_le(links, link_limit);
	ck_assert_uint_eq(phase->delivered_bytes, delivered);
}

/* Smaller pieces share more; where a torus has two ways, on another link perhaps. */
static void assert_tiles_share(const struct scene *s, const struct map_phase *tiles,
                               const struct map_phase *whole)
{
	double more = 0;
	for (unsigned i = 0; i < hw_resource_count(s->package); i++) {
		if (hw_resource_kind(s->package, i) == HW_LINK &&
		    s->package->nop.topology == &hw_torus)
			more += tiles->bytes[i] - whole->bytes[i];
		else
			ck_assert_double_le(tiles->bytes[i], whole->bytes[i]);
	}
	ck_assert_double_le(more, 0);
}

START_TEST(transfers)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	struct map_phase whole, tiles;
	unsigned tile_count;
	scene_init(&s, rand);
	count_elements(&s, count);
	g_autofree double *expected = g_new0(double, hw_resource_count(s.package));
	expect_unicast(&s, count, expected);
	map_phase_init(&whole, s.package);
	map_phase_init(&tiles, s.package);
	map_transfer(&s.network, &s.from, MAP_WHOLE, &s.to, s.edge, &whole);
	assert_transfer(&s, expected, &whole);
	map_tile_dim(&s.from, &tile_count);
	for (unsigned t = 0; t < tile_count; t++)
		map_transfer(&s.network, &s.from, t, &s.to, s.edge, &tiles);
	assert_transfer(&s, expected, &tiles);
	assert_tiles_share(&s, &tiles, &whole);
	map_phase_release(&whole);
	map_phase_release(&tiles);
	scene_release(&s);
	g_free(count);
}
END_TEST

START_TEST(tiles_feed_tiles)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 1000);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	unsigned from_tiles, to_tiles;
	scene_init(&s, rand);
	count_elements(&s, count);
	map_tile_dim(&s.from, &from_tiles);
	map_tile_dim(&s.to, &to_tiles);
	for (unsigned a = 0; a < from_tiles; a++)
		for (unsigned b = 0; b < to_tiles; b++)
			ck_assert(map_tile_feeds(&s.network, &s.from, a, &s.to, b, s.edge) ==
			          count->feeds[a][b]);
	scene_release(&s);
	g_free(count);
}
END_TEST

/* Where pooling windows overlap: whole, and tile by tile of those who own. */
START_TEST(pool_halos)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 4000);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	struct map_phase whole, tiles;
	unsigned tile_count;
	scene_init(&s, rand);
	count_halo(&s, count);
	g_autofree double *expected = g_new0(double, hw_resource_count(s.package));
	expect_unicast(&s, count, expected);
	map_phase_init(&whole, s.package);
	map_phase_init(&tiles, s.package);
	map_halo(&s.network, &s.to, MAP_WHOLE, &whole);
	assert_transfer(&s, expected, &whole);
	map_tile_dim(&s.to, &tile_count);
	for (unsigned t = 0; t < tile_count; t++)
		map_halo(&s.network, &s.to, t, &tiles);
	assert_transfer(&s, expected, &tiles);
	map_phase_release(&whole);
	map_phase_release(&tiles);
	scene_release(&s);
	g_free(count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conservation");
	TCase *tests = tcase_create("conservation");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, transfers, 0, ROUNDS);
	tcase_add_loop_test(tests, tiles_feed_tiles, 0, ROUNDS);
	tcase_add_loop_test(tests, pool_halos, 0, ROUNDS);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

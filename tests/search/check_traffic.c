/*
 * Traffic from chiplet to chiplet by hand: bytes on every link and port of small
 * grids. traffic_fixture.h says how they are written.
 */
#include "tests/search/traffic_fixture.h"
#include "tests/support/suite.h"

static void transfer(const struct map_placed *from, unsigned tile, const struct map_placed *to,
                     unsigned input)
{
	map_phase_clear(&phase);
	map_transfer(&network, from, tile, to,
	             edge_in((unsigned)(to->node - workload->nodes), input), &phase);
	ck_assert_uint_eq(network.scratch.used, 0);
}

/* a: 8 channels of 2 x 2, two of them (8 bytes) on each chiplet; b needs all of them everywhere. */
START_TEST(all_gather_multicast)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, 4, 2, 2,
	       POINT("a", "in", "8") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 4, 1), b = place(1, identity, 4, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	/* Trees: 0>1 0>2 1>3, 1>0 1>3 0>2, 2>3 2>0 3>1, 3>2 3>1 2>0: each vertical link twice. */
	assert_bytes("0>1=8 0>2=16 1>0=8 1>3=16 2>3=8 2>0=16 3>2=8 3>1=16 "
	             "i0=8 i1=8 i2=8 i3=8 e0=24 e1=24 e2=24 e3=24");
	ck_assert_uint_eq(phase.delivered_bytes, 4 * 3 * 8);
	ck_assert_double_eq(map_phase_links(&network, &phase).byte_hops, 4 * 8 + 4 * 16);
	/* Two hops of 5 ns; links 16 / 10, ports 24 / 40. The first message's far corner counts. */
	assert_far(MAP_CHIPLET_TO_CHIPLET, 0, 3, 8, 10);
	assert_ns(10 + 1.6);
	map_phase_clear(&phase);
	assert_bytes("");
	assert_ns(0);
	ck_assert_uint_eq(phase.delivered_bytes, 0);
}
END_TEST

START_TEST(all_gather_unicast)
{
	set_up((struct made_package){ .columns = 2, .rows = 2, .unicast = true }, 4, 2, 2,
	       POINT("a", "in", "8") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 4, 1), b = place(1, identity, 4, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	/* 0>1 carries 0 to 1 and 0 to 3, 0>2 carries 0 to 2 and 1 to 2, and so on. */
	assert_bytes("0>1=16 0>2=16 1>0=16 1>3=16 2>3=16 2>0=16 3>2=16 3>1=16 "
	             "i0=24 i1=24 i2=24 i3=24 e0=24 e1=24 e2=24 e3=24");
	ck_assert_uint_eq(phase.delivered_bytes, 4 * 3 * 8);
	assert_ns(10 + 1.6);
}
END_TEST

START_TEST(ports_can_be_the_bottleneck)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2,
	       POINT("a", "in", "8") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 2, 1), b = place(1, identity, 2, 1);
	package->nop.port_GBps = 2;
	map_network_release(&network);
	map_network_init(&network, package);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=16 1>0=16 i0=16 i1=16 e0=16 e1=16");
	assert_ns(5 + 16 / 2.0);
}
END_TEST

/* Rows 0-2 2-4 4-6 of 4 channels and 5 columns; a row is 20 bytes. */
START_TEST(halo)
{
	set_up((struct made_package){ .columns = 3, .rows = 1 }, 4, 6, 5,
	       POINT("a", "in", "4") "," CONV("b", "a", "4", "'kernel': 3, 'pad': 1"));
	struct map_placed a = place(0, identity, 1, 3), b = place(1, identity, 1, 3);
	transfer(&a, MAP_WHOLE, &b, 0);
	/* Chiplet 0 needs row 2, chiplet 1 rows 1 and 4, chiplet 2 row 3. */
	assert_bytes("0>1=20 1>2=20 1>0=20 2>1=20 i0=20 i1=40 i2=20 e0=20 e1=40 e2=20");
	assert_ns(5 + 2);

	/* In two tiles: rows 0, 2, 4 first, then 1, 3, 5. */
	a.tiles = 2;
	transfer(&a, 0, &b, 0);
	assert_bytes("1>0=20 2>1=20 i1=20 i2=20 e0=20 e1=20");
	transfer(&a, 1, &b, 0);
	assert_bytes("0>1=20 1>2=20 i0=20 i1=20 e1=20 e2=20");
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=20 1>2=20 1>0=20 2>1=20 i0=20 i1=40 i2=20 e0=20 e1=40 e2=20");
}
END_TEST

/* Blocks of rows and columns: edges and corners. */
START_TEST(halo_in_two_dimensions)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, 1, 4, 6,
	       POINT("a", "in", "1") "," CONV("b", "a", "1", "'kernel': 3, 'pad': 1"));
	struct map_placed a = fixture_place(workload, 0, identity, 1, 1, 1, 2, 2);
	struct map_placed b = fixture_place(workload, 1, identity, 1, 1, 1, 2, 2);
	transfer(&a, MAP_WHOLE, &b, 0);
	/* Each has 2 x 3: a column of 2 to the side, a row of 3 up or down, the corner across. */
	assert_bytes("0>1=3 0>2=4 1>0=3 1>3=4 2>3=3 2>0=4 3>2=3 3>1=4 "
	             "i0=6 i1=6 i2=6 i3=6 e0=6 e1=6 e2=6 e3=6");
}
END_TEST

START_TEST(resharding)
{
	/* a: 4 channels of 4 x 3; b: 6 channels of 4 x 3; c reads b. */
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 4, 3,
	       POINT("a", "in", "4") "," POINT("b", "a", "6") "," POINT("c", "b", "4"));
	struct map_placed a = place(0, identity, 2, 1), b = place(1, identity, 1, 2),
			  c = place(2, identity, 2, 1);
	/* K to P: two channels of the other's two rows: 2 * 2 * 3. */
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=12 1>0=12 i0=12 i1=12 e0=12 e1=12");
	/* P to K: all six channels of the other's two rows: 6 * 2 * 3. */
	transfer(&b, MAP_WHOLE, &c, 0);
	assert_bytes("0>1=36 1>0=36 i0=36 i1=36 e0=36 e1=36");
	/* P to P, pointwise: everything is where it is needed. */
	struct map_placed same = place(2, identity, 1, 2);
	transfer(&b, MAP_WHOLE, &same, 0);
	assert_bytes("");
	assert_ns(0);
}
END_TEST

START_TEST(samples_stay_apart)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	static const unsigned swapped[2] = { 1, 0 };
	struct map_placed a = fixture_place(workload, 0, identity, 3, 2, 1, 1, 1);
	struct map_placed b = fixture_place(workload, 1, identity, 3, 2, 1, 1, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("");
	/* Sample 0 goes from 0 to 1, samples 1 and 2 from 1 to 0; 16 bytes each. */
	b.region = swapped;
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=16 1>0=32 i0=16 i1=32 e0=32 e1=16");
}
END_TEST

START_TEST(region_to_region)
{
	static const unsigned upper[2] = { 0, 1 }, lower[2] = { 2, 3 };
	set_up((struct made_package){ .columns = 2, .rows = 2 }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, upper, 2, 1), b = place(1, lower, 2, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	/* 8 bytes each, trees 0>2 0>1 1>3 and 1>3 1>0 0>2. */
	assert_bytes("0>1=8 0>2=16 1>0=8 1>3=16 i0=8 i1=8 e2=16 e3=16");
	/* Pointwise rows to rows: 0 to 2 and 1 to 3. */
	a = place(0, upper, 1, 2);
	b = place(1, lower, 1, 2);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>2=8 1>3=8 i0=8 i1=8 e2=8 e3=8");
	assert_far(MAP_CHIPLET_TO_CHIPLET, 0, 2, 8, 5);
}
END_TEST

START_TEST(far_corners)
{
	static const unsigned corner[1] = { 8 }, last[1] = { 15 };
	set_up((struct made_package){ .columns = 3, .rows = 3 }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 1, 1), b = place(1, corner, 1, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=16 1>2=16 2>5=16 5>8=16 i0=16 e8=16");
	assert_far(MAP_CHIPLET_TO_CHIPLET, 0, 8, 16, 20);
	assert_ns(20 + 1.6);

	/* A torus goes round the back: 0 to 15 is one link west, one north. */
	set_up((struct made_package){ .columns = 4, .rows = 4, .torus = true }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	a = place(0, identity, 1, 1);
	b = place(1, last, 1, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>3=16 3>15=16 i0=16 e15=16");
	assert_ns(10 + 1.6);
}
END_TEST

START_TEST(residual)
{
	static const unsigned swapped[2] = { 1, 0 };
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2,
	       POINT("a", "in", "4") "," CONV(
		       "b", "a", "4", "'kernel': 3, 'pad': 1") ","
	                                                       "{'name': 'sum', 'op': 'add', "
	                                                       "'inputs': ['b', 'a']}");
	struct map_placed a = place(0, identity, 2, 1), b = place(1, identity, 2, 1);
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=8 1>0=8 i0=8 i1=8 e0=8 e1=8");
	transfer(&a, MAP_WHOLE, &b, 1); /* the same channels of the same chiplet */
	assert_bytes("");
	b.region = swapped;
	transfer(&a, MAP_WHOLE, &b, 1);
	assert_bytes("0>1=8 1>0=8 i0=8 i1=8 e0=8 e1=8");
}
END_TEST

START_TEST(elements_have_a_width)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 2, 1), b = place(1, identity, 2, 1);
	workload->activation_bytes = 2;
	transfer(&a, MAP_WHOLE, &b, 0);
	assert_bytes("0>1=16 1>0=16 i0=16 i1=16 e0=16 e1=16");
}
END_TEST

START_TEST(pool_halo)
{
	/* Windows -1-2 1-4 3-6 5-8: boxes own rows 0-3 and 3-8, and the first needs row 3. */
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 8, 8,
	       POINT("a", "in", "4") ","
	                             "{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], "
	                             "'kernel': 3, 'stride': 2, "
	                             "'pad': 1}");
	struct map_placed a = place(0, identity, 1, 2);
	map_halo(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("1>0=32 i1=32 e0=32");

	/* In two tiles, the second box's first one owns rows 3-5. */
	a.tiles = 2;
	map_phase_clear(&phase);
	map_halo(&network, &a, 0, &phase);
	assert_bytes("1>0=32 i1=32 e0=32");
	map_phase_clear(&phase);
	map_halo(&network, &a, 1, &phase);
	assert_bytes("");

	/* Channels have no halo. */
	a = place(0, identity, 2, 1);
	map_halo(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("");
	ck_assert_uint_eq(network.scratch.used, 0);
}
END_TEST

START_TEST(phases_add_up)
{
	struct map_phase sum;
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2,
	       POINT("a", "in", "4") "," POINT("b", "a", "4"));
	struct map_placed a = place(0, identity, 2, 1), b = place(1, identity, 2, 1);
	map_phase_init(&sum, package);
	transfer(&a, MAP_WHOLE, &b, 0);
	map_phase_add(&sum, &phase);
	map_phase_clear(&phase);
	map_store(&network, &b, MAP_WHOLE, &phase);
	map_phase_add(&sum, &phase);
	map_phase_clear(&phase);
	map_phase_add(&sum, &phase); /* nothing */
	struct map_phase kept = phase;
	phase = sum;
	assert_bytes("0>1=8 1>0=16 i0=16 i1=16 e0=8 e1=8 d0=16");
	assert_far(MAP_CHIPLET_TO_DRAM, 1, 0, 8, 55);
	assert_ns(55 + 1.6);
	ck_assert_uint_eq(sum.delivered_bytes, 16);
	ck_assert_double_eq(sum.dram_write_bytes, 16);
	phase = kept;
	map_phase_release(&sum);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("traffic");
	TCase *tests = tcase_create("traffic");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, all_gather_multicast);
	tcase_add_test(tests, all_gather_unicast);
	tcase_add_test(tests, ports_can_be_the_bottleneck);
	tcase_add_test(tests, halo);
	tcase_add_test(tests, halo_in_two_dimensions);
	tcase_add_test(tests, resharding);
	tcase_add_test(tests, samples_stay_apart);
	tcase_add_test(tests, region_to_region);
	tcase_add_test(tests, far_corners);
	tcase_add_test(tests, residual);
	tcase_add_test(tests, elements_have_a_width);
	tcase_add_test(tests, pool_halo);
	tcase_add_test(tests, phases_add_up);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

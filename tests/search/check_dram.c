/*
 * Traffic from and to DRAM, and of weights, by hand: bytes on every link, port and
 * channel of small grids. traffic_fixture.h says how they are written.
 */
#include "hw/topology/grid.h"
#include "tests/search/traffic_fixture.h"
#include "tests/support/suite.h"

static void fetch(const struct map_placed *to, unsigned tile)
{
	map_phase_clear(&phase);
	map_fetch(&network, to, tile, edge_in(0, 0), &phase);
	ck_assert_uint_eq(network.scratch.used, 0);
}

/* Four chiplets need all 16 bytes of the input. */
static void fetch_everywhere(struct made_package grid)
{
	grid.columns = grid.rows = 2;
	set_up(grid, 4, 2, 2, POINT("a", "in", "4"));
	struct map_placed a = place(0, identity, 4, 1);
	fetch(&a, MAP_WHOLE);
}

START_TEST(fetch_one_channel)
{
	fetch_everywhere((struct made_package){ 0 });
	assert_bytes("0>1=16 0>2=16 1>3=16 e0=16 e1=16 e2=16 e3=16 d0=16");
	ck_assert_double_eq(phase.dram_read_bytes, 16);
	ck_assert_uint_eq(phase.delivered_bytes, 0);
	/* The channel's 50 ns and two hops; 16 bytes on links of 10 and a channel of 20. */
	assert_far(MAP_DRAM_TO_CHIPLET, 0, 3, 16, 60);
	assert_ns(60 + 1.6);

	fetch_everywhere((struct made_package){ .unicast = true });
	assert_bytes("0>1=32 0>2=16 1>3=16 e0=16 e1=16 e2=16 e3=16 d0=64");
	ck_assert_double_eq(phase.dram_read_bytes, 64);
	assert_ns(60 + 3.2);
}
END_TEST

START_TEST(fetch_interleaved)
{
	/* Half from each corner: trees 0>1 0>2 1>3 and 3>2 3>1 2>0. */
	fetch_everywhere((struct made_package){ .channels = "[0, 0]; [1, 1]" });
	assert_bytes("0>1=8 0>2=8 1>3=8 2>0=8 3>2=8 3>1=8 e0=16 e1=16 e2=16 e3=16 d0=8 d1=8");
	ck_assert_double_eq(phase.dram_read_bytes, 16);
	assert_ns(60 + 0.8);
}
END_TEST

START_TEST(fetch_nearest)
{
	/* 1 and 2 are as far from both: the first channel serves them, the second only chiplet
	 * 3. */
	fetch_everywhere((struct made_package){ .nearest = true, .channels = "[0, 0]; [1, 1]" });
	assert_bytes("0>1=16 0>2=16 e0=16 e1=16 e2=16 e3=16 d0=16 d1=16");
	ck_assert_double_eq(phase.dram_read_bytes, 32);
	assert_far(MAP_DRAM_TO_CHIPLET, 0, 1, 16, 55);

	fetch_everywhere((struct made_package){
		.nearest = true, .unicast = true, .channels = "[0, 0]; [1, 1]" });
	assert_bytes("0>1=16 0>2=16 e0=16 e1=16 e2=16 e3=16 d0=48 d1=16");
}
END_TEST

/* 2 channels of 4 x 3: a row is 6 bytes. Chiplet 0 needs rows 0-3, chiplet 1 rows 1-4. */
START_TEST(fetch_with_halo)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 2, 4, 3,
	       CONV("a", "in", "2", "'kernel': 3, 'pad': 1"));
	struct map_placed a = place(0, identity, 1, 2);
	fetch(&a, MAP_WHOLE);
	assert_bytes("0>1=18 e0=18 e1=18 d0=36");

	/* Row by row. Output row 0 needs rows 0-2, row 1 adds row 2; output row 2 needs rows
	 * 1-4, row 3 adds nothing. */
	a.tiles = 2;
	fetch(&a, 0);
	assert_bytes("0>1=18 e0=12 e1=18 d0=30");
	fetch(&a, 1);
	assert_bytes("e0=6 d0=6");
	assert_far(MAP_DRAM_TO_CHIPLET, 0, 0, 6, 50);
}
END_TEST

/* Shares of 1, 2, 1, 2 channels in two tiles: the smaller ones have nothing in the first, and
 * chiplets 1 and 3 still share one read of the 4 bytes; so do 0 and 2 in the second. */
START_TEST(fetch_shared_across_empty_tiles)
{
	set_up((struct made_package){ .columns = 4, .rows = 1 }, 4, 1, 1, POINT("a", "in", "6"));
	struct map_placed a = place(0, identity, 4, 1);
	a.tiles = 2;
	fetch(&a, 0);
	assert_bytes("0>1=4 1>2=4 2>3=4 e1=4 e3=4 d0=4");
	fetch(&a, 1);
	assert_bytes("0>1=4 1>2=4 e0=4 e2=4 d0=4");
	ck_assert_double_eq(phase.dram_read_bytes, 4);
}
END_TEST

static unsigned mappings(void)
{
	g_autofree char *text = NULL;
	unsigned lines = 0;
	ck_assert(g_file_get_contents("/proc/self/maps", &text, NULL, NULL));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return lines;
}

/* A process may have 65,530 mappings: not one per chiplet, or there are none left for threads. */
START_TEST(large_packages_take_few_mappings)
{
	unsigned before = mappings();
	set_up((struct made_package){ .columns = 128, .rows = 64 }, 1, 1, 1, POINT("a", "in", "1"));
	ck_assert_uint_lt(mappings(), before + 1000);
}
END_TEST

/* Equal boxes in one dimension of two: K shares the rows. */
START_TEST(fetch_shared_boxes)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, 4, 4, 1, POINT("a", "in", "2"));
	struct map_placed a = place(0, identity, 2, 2);
	/* Boxes (k, p) on chiplets 2k + p: chiplets 0 and 2 need rows 0-2, 1 and 3 rows 2-4. */
	fetch(&a, MAP_WHOLE);
	assert_bytes("0>1=8 0>2=8 1>3=8 e0=8 e1=8 e2=8 e3=8 d0=16");
}
END_TEST

START_TEST(store)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2, POINT("a", "in", "4"));
	struct map_placed a = place(0, identity, 2, 1);
	map_store(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("1>0=8 i0=8 i1=8 d0=16");
	ck_assert_double_eq(phase.dram_write_bytes, 16);
	assert_far(MAP_CHIPLET_TO_DRAM, 1, 0, 8, 55);
	assert_ns(55 + 0.8);

	a.tiles = 2; /* two rows a share */
	map_phase_clear(&phase);
	map_store(&network, &a, 1, &phase);
	assert_bytes("1>0=4 i0=4 i1=4 d0=8");

	set_up((struct made_package){ .columns = 2, .rows = 1, .channels = "[0, 0]; [1, 0]" }, 4, 2,
	       2, POINT("a", "in", "4"));
	a = place(0, identity, 2, 1);
	map_store(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("0>1=4 1>0=4 i0=8 i1=8 d0=8 d1=8");

	set_up(
		(struct made_package){
			.columns = 2, .rows = 1, .nearest = true, .channels = "[0, 0]; [1, 0]" },
		4, 2, 2, POINT("a", "in", "4"));
	a = place(0, identity, 2, 1);
	map_store(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("i0=8 i1=8 d0=8 d1=8");
}
END_TEST

/* The channels get these rates; the network is made anew, as it keeps what follows from them. */
static void lose_time(double efficiency, double turnaround_ns, double write_batch_bytes)
{
	for (unsigned i = 0; i < package->dram_count; i++) {
		package->dram[i].efficiency = efficiency;
		package->dram[i].turnaround_ns = turnaround_ns;
		package->dram[i].write_batch_bytes = write_batch_bytes;
	}
	map_network_release(&network);
	map_network_init(&network, package);
}

static double load(unsigned resource)
{
	return map_phase_loads(&network, &phase)[resource];
}

/* 20 GB/s at 80 %: 16. Writes: 3 ns for every 8 bytes, in which 48 could have gone, 6 per byte. */
START_TEST(channels_lose_time)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2, POINT("a", "in", "4"));
	lose_time(0.8, 3, 8);
	struct map_placed a = place(0, identity, 2, 1);
	unsigned channel = hw_dram_id(package, 0);
	map_fetch(&network, &a, MAP_WHOLE, edge_in(0, 0), &phase);
	assert_bytes("0>1=16 e0=16 e1=16 d0=16");
	ck_assert_double_eq(load(channel), 16);
	assert_ns(55 + 1.6); /* the link of 10 is still slower than 1 ns of the channel */

	map_phase_clear(&phase);
	map_store(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("1>0=8 i0=8 i1=8 d0=16");
	ck_assert_double_eq(phase.written_bytes[0], 16);
	ck_assert_double_eq_tol(load(channel), 16 + 6 * 16, 1e-12);
	ck_assert_double_eq(load(hw_inject_id(package, 0)), 8);
	ck_assert_double_eq(load(hw_grid_link(package, 1, HW_WEST)), 8);
	/* 1 ns to write 16 bytes, two switches of 3. The channel's first byte comes from chiplet 0,
	 * without a hop. */
	ck_assert_double_eq_tol(map_phase_time(&network, &phase).load_ns, 7, 1e-12);
}
END_TEST

/* Reads and writes add up, whichever comes first, and clearing forgets both. */
START_TEST(loads_add_up)
{
	struct map_phase sum;
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2, POINT("a", "in", "4"));
	lose_time(1, 4, 16); /* 5 per byte written */
	struct map_placed a = place(0, identity, 2, 1);
	map_phase_init(&sum, package);
	map_store(&network, &a, MAP_WHOLE, &phase);
	map_phase_add(&sum, &phase);
	fetch(&a, MAP_WHOLE);
	map_phase_add(&sum, &phase);
	ck_assert_double_eq(sum.written_bytes[0], 16);
	ck_assert_double_eq(map_phase_loads(&network, &sum)[hw_dram_id(package, 0)], 32 + 5 * 16);
	map_phase_clear(&sum);
	map_phase_add(&sum, &phase);
	ck_assert_double_eq(sum.written_bytes[0], 0);
	ck_assert_double_eq(map_phase_loads(&network, &sum)[hw_dram_id(package, 0)], 16);
	map_phase_release(&sum);
}
END_TEST

/* Each channel switches for what is written to it: halves of all, or what is nearest. */
START_TEST(every_channel_switches_for_itself)
{
	for (int nearest = 0; nearest < 2; nearest++) {
		set_up((struct made_package){ .columns = 3,
		                              .rows = 1,
		                              .nearest = nearest,
		                              .channels = "[0, 0]; [2, 0]" },
		       6, 1, 1, POINT("a", "in", "6"));
		lose_time(1, 4, 16);
		struct map_placed a = place(0, identity, 3, 1);
		map_store(&network, &a, MAP_WHOLE, &phase);
		ck_assert_double_eq_tol(phase.written_bytes[0], nearest ? 4 : 3, 1e-12);
		ck_assert_double_eq_tol(phase.written_bytes[1], nearest ? 2 : 3, 1e-12);
		ck_assert_double_eq_tol(load(hw_dram_id(package, 1)), (nearest ? 2 : 3) * 6, 1e-12);
	}
}
END_TEST

/* 8 ns per message: half at the chiplet that it comes from, half at the one it goes to. */
START_TEST(messages_have_a_fixed_time)
{
	set_up((struct made_package){ .columns = 3, .rows = 1 }, 4, 2, 2, POINT("a", "in", "4"));
	package->nop.message_ns = 8;
	lose_time(1, 0, 0);
	network.receivers[0] = 1;
	map_send(&network, &phase, 0, network.receivers, 1, 10);
	assert_far(MAP_CHIPLET_TO_CHIPLET, 0, 1, 10, 5 + 8);
	assert_ns(13 + 1);

	map_phase_clear(&phase);
	network.receivers[0] = 1;
	network.receivers[1] = 2;
	map_send(&network, &phase, 0, network.receivers, 2, 10); /* a multicast is one message */
	assert_far(MAP_CHIPLET_TO_CHIPLET, 0, 2, 10, 10 + 8);
	assert_ns(18 + 1);

	map_phase_clear(&phase);
	network.receivers[0] = 0;
	network.receivers[1] = 1;
	map_read_dram(&network, &phase, network.receivers, 2, 10); /* as a tree */
	assert_far(MAP_DRAM_TO_CHIPLET, 0, 1, 10, 50 + 5 + 4);
	assert_ns(59 + 1);

	map_phase_clear(&phase);
	network.receivers[0] = 1;
	map_read_dram(&network, &phase, network.receivers, 1, 10); /* as a spread */
	assert_far(MAP_DRAM_TO_CHIPLET, 0, 1, 10, 50 + 5 + 4);
	assert_ns(59 + 1);

	map_phase_clear(&phase);
	map_write_dram(&network, &phase, 1, 10);
	assert_far(MAP_CHIPLET_TO_DRAM, 1, 0, 10, 4 + 5 + 50);
	assert_ns(59 + 1);
}
END_TEST

/* Weights: 4 x 4 bytes. Boxes (k, p) on chiplets 2k + p: 0 and 1 need the first 8, 2 and 3 the
 * rest. */
START_TEST(load_and_gather)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, 4, 2, 2, POINT("a", "in", "4"));
	struct map_placed a = place(0, identity, 2, 2);
	for (int i = 0; i < 2; i++) {
		a.weights = i ? MAP_STREAMED : MAP_RESIDENT;
		map_phase_clear(&phase);
		map_load(&network, &a, &phase);
		assert_bytes("0>1=16 0>2=8 1>3=8 e0=8 e1=8 e2=8 e3=8 d0=16");
		map_phase_clear(&phase);
		map_gather(&network, &a, &phase);
		assert_bytes("");
	}

	a.weights = MAP_DISTRIBUTED; /* half of it each, then the other half from the partner */
	map_phase_clear(&phase);
	map_load(&network, &a, &phase);
	assert_bytes("0>1=8 0>2=4 1>3=4 e0=4 e1=4 e2=4 e3=4 d0=16");
	map_phase_clear(&phase);
	map_gather(&network, &a, &phase);
	assert_bytes("0>1=4 1>0=4 2>3=4 3>2=4 i0=4 i1=4 i2=4 i3=4 e0=4 e1=4 e2=4 e3=4");
	ck_assert_uint_eq(network.scratch.used, 0);
}
END_TEST

/* 16 bytes on three chiplets: shards of 5, 5 and 6. */
START_TEST(uneven_shards)
{
	for (int unicast = 0; unicast < 2; unicast++) {
		set_up((struct made_package){ .columns = 3, .rows = 1, .unicast = unicast }, 4, 3,
		       2, POINT("a", "in", "4"));
		struct map_placed a = place(0, identity, 1, 3);
		a.weights = MAP_DISTRIBUTED;
		map_load(&network, &a, &phase);
		assert_bytes("0>1=11 1>2=6 e0=5 e1=5 e2=6 d0=16");
		map_phase_clear(&phase);
		map_gather(&network, &a, &phase);
		assert_bytes(
			unicast ? "0>1=10 1>2=10 1>0=11 2>1=12 i0=10 i1=10 i2=12 e0=11 e1=11 e2=10"
				: "0>1=5 1>2=10 1>0=11 2>1=6 i0=5 i1=5 i2=6 e0=11 e1=11 e2=10");
	}
}
END_TEST

START_TEST(idle_chiplets_load_nothing)
{
	/* One sample on two chiplets: box 0 is empty, chiplet 1 works alone. */
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 4, 2, 2, POINT("a", "in", "4"));
	struct map_placed a = fixture_place(workload, 0, identity, 1, 2, 1, 1, 1);
	map_load(&network, &a, &phase);
	assert_bytes("0>1=16 e1=16 d0=16");
	map_phase_clear(&phase);
	fetch(&a, MAP_WHOLE);
	assert_bytes("0>1=16 e1=16 d0=16");
	map_phase_clear(&phase);
	map_store(&network, &a, MAP_WHOLE, &phase);
	assert_bytes("1>0=16 i1=16 d0=16");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dram");
	TCase *tests = tcase_create("dram");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, fetch_one_channel);
	tcase_add_test(tests, fetch_interleaved);
	tcase_add_test(tests, fetch_nearest);
	tcase_add_test(tests, fetch_with_halo);
	tcase_add_test(tests, fetch_shared_across_empty_tiles);
	tcase_add_test(tests, fetch_shared_boxes);
	tcase_add_test(tests, large_packages_take_few_mappings);
	tcase_add_test(tests, store);
	tcase_add_test(tests, channels_lose_time);
	tcase_add_test(tests, loads_add_up);
	tcase_add_test(tests, every_channel_switches_for_itself);
	tcase_add_test(tests, messages_have_a_fixed_time);
	tcase_add_test(tests, load_and_gather);
	tcase_add_test(tests, uneven_shards);
	tcase_add_test(tests, idle_chiplets_load_nothing);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

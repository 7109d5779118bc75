/*
 * What a phase waits for: the way to its slowest resource and on from it, and what routers lose.
 *
 * The mesh: hops of 4 ns, links and ports of 32 bytes a ns, 5 ns a message, half at either end.
 * Chiplets of 4 x 1: 0 1 2 3, of 3 x 3: 0 1 2 / 3 4 5 / 6 7 8.
 */
#include "hw/topology/grid.h"
#include "tests/search/fixtures.h"
#include "tests/support/suite.h"

static struct hw_package *package;
static struct map_network network;
static struct map_phase phase;

static void set_up(unsigned columns, unsigned rows, double conflict)
{
	package = made_package((struct made_package){ .columns = columns, .rows = rows });
	package->nop.link_GBps = package->nop.port_GBps = 32;
	package->nop.hop_ns = 4;
	package->nop.message_ns = 5;
	package->nop.router_conflict = conflict;
	hw_lay_links(package);
	map_network_init(&network, package);
	map_phase_init(&phase, package);
}

static void tear_down(void)
{
	map_phase_release(&phase);
	map_network_release(&network);
	hw_package_free(package);
}

static void send(unsigned from, unsigned to, double bytes)
{
	network.receivers[0] = to;
	map_send(&network, &phase, from, network.receivers, 1, bytes);
}

static void assert_time(double load_ns, double latency_ns)
{
	struct map_phase_time time = map_phase_time(&network, &phase);
	ck_assert_double_eq_tol(time.load_ns, load_ns, 1e-9);
	ck_assert_double_eq_tol(time.latency_ns, latency_ns, 1e-9);
}

/* Alone: 5 + 3 x 4, then 10 ns for the bytes. */
START_TEST(one_message)
{
	set_up(4, 1, 0);
	send(0, 3, 320);
	assert_time(10, 17);
	tear_down();
}
END_TEST

/*
 * All to chiplet 0. Its ejection port takes 3 x 100 ns and is busy from 2.5 + 4 on, when the
 * neighbour's first byte is there; 2.5 after its last byte the phase ends. The longest route has
 * 17 ns, two hops more.
 */
START_TEST(gather_begins_with_the_neighbour)
{
	set_up(4, 1, 0);
	for (unsigned from = 1; from < 4; from++)
		send(from, 0, 3200);
	assert_time(300, 9);
	tear_down();
}
END_TEST

/* As above with 4 ns each: the ports take 12 + 9 ns, but the farthest message 4 + 17 by itself,
 * as long; with 3 ns each 18 and 20: a latency of 11 is needed, 13 are the next whole hops. */
START_TEST(no_message_is_faster_than_alone)
{
	set_up(4, 1, 0);
	for (unsigned from = 1; from < 4; from++)
		send(from, 0, 128);
	assert_time(12, 9);
	map_phase_clear(&phase);
	for (unsigned from = 1; from < 4; from++)
		send(from, 0, 96);
	assert_time(9, 13);
	tear_down();
}
END_TEST

/* From chiplet 0 to all: the last message may be the farthest. */
START_TEST(scatter_ends_with_the_farthest)
{
	set_up(4, 1, 0);
	for (unsigned to = 1; to < 4; to++)
		send(0, to, 3200);
	assert_time(300, 17);
	tear_down();
}
END_TEST

/* One multicast: each link once. */
START_TEST(a_multicast_goes_as_far_as_its_farthest_receiver)
{
	set_up(4, 1, 0);
	for (unsigned i = 0; i < 3; i++)
		network.receivers[i] = i + 1;
	map_send(&network, &phase, 0, network.receivers, 3, 3200);
	assert_time(100, 17);
	tear_down();
}
END_TEST

/* Sums keep the shortest way to and the longest way from. Two messages 0 > 1 of 50 ns, one 3 > 1
 * of 50 ns: the port of 1 is busy for 150 ns from 6.5 on. */
START_TEST(a_sum_of_phases_is_the_phase_of_all)
{
	struct map_phase sum;
	set_up(4, 1, 0.5);
	map_phase_init(&sum, package);
	send(0, 1, 1600);
	map_phase_add(&sum, &phase);
	map_phase_add(&sum, &phase);
	map_phase_clear(&phase);
	send(3, 1, 1600);
	map_phase_add(&sum, &phase);
	send(0, 1, 3200);
	assert_time(150, 9);
	struct map_phase_time time = map_phase_time(&network, &sum);
	ck_assert_double_eq_tol(time.load_ns, 150, 1e-9);
	ck_assert_double_eq_tol(time.latency_ns, 9, 1e-9);
	for (unsigned i = 0; i < phase.inputs * hw_resource_count(package); i++)
		ck_assert_double_eq(sum.turns[i], phase.turns[i]);
	map_phase_release(&sum);
	tear_down();
}
END_TEST

/* Of the bytes of a link or ejection port, those that came by `from`, a link or injection port. */
static double turned(unsigned from, unsigned output)
{
	unsigned input = from < package->link_count ? package->links[from].input : phase.inputs - 1;
	return phase.turns[output * phase.inputs + input];
}

/* Where turns are kept, a multicast's are those of the messages along its tree. */
START_TEST(a_tree_turns_as_messages_do)
{
	set_up(3, 3, 0.5);
	network.receivers[0] = 8;
	network.receivers[1] = 5;
	network.receivers[2] = 4;
	map_send(&network, &phase, 3, network.receivers, 3, 32); /* 3 > 4 > 5 > 8 */
	unsigned first = hw_grid_link(package, 3, HW_EAST);
	unsigned east = hw_grid_link(package, 4, HW_EAST),
		 south = hw_grid_link(package, 5, HW_SOUTH);
	ck_assert_double_eq(turned(hw_inject_id(package, 3), first), 32);
	ck_assert_double_eq(turned(first, east), 32);
	ck_assert_double_eq(turned(east, south), 32);
	ck_assert_double_eq(turned(first, hw_eject_id(package, 4)), 32);
	ck_assert_double_eq(turned(east, hw_eject_id(package, 5)), 32);
	ck_assert_double_eq(turned(south, hw_eject_id(package, 8)), 32);
	double sum = 0;
	for (unsigned i = 0; i < phase.inputs * hw_resource_count(package); i++)
		sum += phase.turns[i];
	ck_assert_double_eq(sum, 6 * 32);
	tear_down();
}
END_TEST

/* Enough for routers to lose something, too little to be seen. */
#define SLIGHT 1e-12

static void set_routers(double conflict, double blocking, double injection)
{
	set_up(3, 3, conflict);
	network.routers.law.blocking = blocking;
	network.routers.law.injection_blocking = injection;
}

/* A message that takes `ns` on a link. */
static void send_for(unsigned from, unsigned to, double ns)
{
	send(from, to, 32 * ns);
}

static void assert_slowdown(double expected)
{
	ck_assert_double_eq_tol(map_phase_slowdown(&network, &phase), expected, 1e-9);
	tear_down();
}

static const struct {
	unsigned from[8], to[8], count;
} lossless[] = {
	{ { 1, 2, 3, 4, 5, 6, 7, 8 }, { 0 }, 8 },                      /* gather */
	{ { 0 }, { 1, 2, 3, 4, 5, 6, 7, 8 }, 8 },                      /* scatter */
	{ { 0, 1, 2, 5, 8, 7, 6, 3 }, { 1, 2, 5, 8, 7, 6, 3, 0 }, 8 }, /* ring */
	{ { 0, 3, 6, 0, 3, 6 }, { 1, 4, 7, 1, 4, 7 }, 6 },             /* column to column */
};

START_TEST(what_meets_nothing_loses_nothing)
{
	set_routers(0.5, 1, 1);
	for (unsigned i = 0; i < lossless[_i].count; i++)
		send_for(lossless[_i].from[i], lossless[_i].to[i], 10);
	assert_slowdown(1);
}
END_TEST

/*
 * 0 > 2 and 1 > 2 for 100 ns each meet on the link 1 > 2, which so needs 200. The first came over
 * the link 0 > 1, which carries 0 > 1 for 100 ns, too: while it serves that, half of the output's
 * turns for it are lost, a quarter of all. 0.88 of these gaps arrive at the ejection port of 2,
 * which takes 200 ns, too. If packets pass on half of a slow output's delay, the port's delays the
 * link besides its own gaps.
 */
START_TEST(an_output_loses_the_turns_of_busy_inputs)
{
	for (unsigned i = 0; i < 2; i++) {
		set_routers(0.4, i ? 0.5 : 0, 0);
		send_for(0, 2, 100);
		send_for(0, 1, 100);
		send_for(1, 2, 100);
		assert_slowdown(1 + 0.4 * 0.25 + (i ? 0.5 * 0.4 * 0.88 * 0.25 : 0));
	}
}
END_TEST

/*
 * Link 3 > 4 brings 50 ns each for the links 4 > 5 and 4 > 7; no link needs more than 100. 4 > 7 is
 * shared with two others of 25 ns: until they are done, when half of the 50 are, it takes three
 * times as long, at the pace of 150 for all; then 4 > 5, shared with another 50, is slower: 100.
 * Packets come in a mix, so each half goes at its slower pace: 75 + 50.
 */
START_TEST(packets_behind_wait_for_the_slower_output)
{
	set_routers(SLIGHT, 0, 0);
	send_for(3, 5, 50);
	send_for(3, 7, 50);
	send_for(4, 7, 25);
	send_for(1, 7, 25);
	send_for(4, 5, 50);
	assert_slowdown(1.25);
}
END_TEST

/* Chiplet 1 sends 100 ns each way, and each way as much comes by: 200 for every link and for its
 * port. A port that held up one packet at a time would need 400. */
START_TEST(a_port_sends_one_packet_at_a_time)
{
	set_routers(SLIGHT, 0, 0.25);
	send_for(1, 0, 100);
	send_for(1, 2, 100);
	send_for(2, 0, 100);
	send_for(0, 2, 100);
	assert_slowdown(1 + 0.25);
}
END_TEST

/* Proportions count, not bytes; and with router_conflict 0 nothing does. */
START_TEST(loads_scale)
{
	double times[2];
	for (unsigned i = 0; i < 2; i++) {
		set_routers(0.1, 0.6, 0.2);
		for (unsigned from = 0; from < 9; from++)
			for (unsigned to = 0; to < 9; to++)
				if (from != to)
					send_for(from, to, i ? 30 : 10);
		times[i] = map_phase_time(&network, &phase).load_ns;
		tear_down();
	}
	ck_assert_double_eq_tol(times[1], 3 * times[0], 1e-9 * times[1]);
	set_routers(0, 0.6, 0.2);
	send_for(0, 2, 100);
	send_for(0, 1, 100);
	send_for(1, 2, 100);
	assert_slowdown(1);
}
END_TEST

/* ---- tori ---- */

static void set_up_torus(unsigned columns, unsigned rows, bool unicast)
{
	package = made_package((struct made_package){ .columns = columns,
	                                              .rows = rows,
	                                              .unicast = unicast,
	                                              .torus = true,
	                                              .channels = "[0, 0]; [0, 0]" });
	package->dram[1].at = hw_chiplet_count(package) - 1;
	package->nop.hop_ns = 4;
	package->nop.message_ns = 5;
	package->nop.router_conflict = 0.5;
	hw_lay_links(package);
	map_network_init(&network, package);
	map_phase_init(&phase, package);
}

/* On a ring of 4, half way round: 400 bytes each way, links at 10 and ports at 40 bytes a ns. */
START_TEST(a_tie_halves_a_message)
{
	set_up_torus(4, 1, false);
	network.routers.law.conflict = 0;
	send(1, 3, 800);
	assert_time(40, 5 + 2 * 4);
	ck_assert_double_eq(phase.bytes[hw_inject_id(package, 1)], 800);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 1, HW_EAST)], 400);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 2, HW_EAST)], 400);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 1, HW_WEST)], 400);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_WEST)], 400);
	ck_assert_double_eq(phase.bytes[hw_eject_id(package, 3)], 800);
	ck_assert_uint_eq(phase.touched_count, 6);
	ck_assert_double_eq(phase.far_bytes, 400);
	tear_down();
}
END_TEST

/* On 2 x 2, to the other corner: half each way along x, and of these half each way along y. */
START_TEST(two_ties_turn_in_quarters)
{
	set_up_torus(2, 2, false);
	send(0, 3, 800);
	const unsigned south = hw_grid_link(package, 1, HW_SOUTH);
	const unsigned north = hw_grid_link(package, 1, HW_NORTH);
	const unsigned east = hw_grid_link(package, 0, HW_EAST);
	const unsigned west = hw_grid_link(package, 0, HW_WEST);
	ck_assert_double_eq(phase.bytes[east], 400);
	ck_assert_double_eq(phase.bytes[west], 400);
	ck_assert_double_eq(turned(east, south), 200);
	ck_assert_double_eq(turned(west, south), 200);
	ck_assert_double_eq(turned(east, north), 200);
	ck_assert_double_eq(turned(west, north), 200);
	tear_down();
}
END_TEST

/* Chiplet 0 sends east and 1 west; both to the chiplets half way round and one before. */
START_TEST(multicasts_alternate_by_their_roots)
{
	set_up_torus(4, 1, false);
	for (unsigned from = 0; from < 2; from++) {
		network.receivers[0] = (from + 2) % 4;
		network.receivers[1] = from == 0 ? 1 : 0;
		map_send(&network, &phase, from, network.receivers, 2, 100);
	}
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_EAST)], 100);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 1, HW_EAST)], 100);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 1, HW_WEST)], 100);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_WEST)], 100);
	ck_assert_uint_eq(phase.touched_count, 4 + 2 + 4);
	tear_down();
}
END_TEST

/* What comes into the routers at the ends of links and by injection ports, and what of it leaves
 * them for `output`'s router: turns of a link or ejection port are its bytes, but for what came
 * from a channel, and turns from a link are what the link brought. */
static void assert_turns(bool dram)
{
	for (unsigned r = 0; r < hw_dram_id(package, 0); r++) {
		double sum = 0;
		if (hw_resource_kind(package, r) == HW_INJECT)
			continue;
		for (unsigned i = 0; i < phase.inputs; i++)
			sum += phase.turns[r * phase.inputs + i];
		if (dram)
			ck_assert_double_le(sum, phase.bytes[r] * (1 + 1e-12));
		else
			ck_assert_double_eq(sum, phase.bytes[r]);
		if (hw_resource_kind(package, r) != HW_LINK || sum == 0)
			continue;
		double onwards = turned(r, hw_eject_id(package, package->links[r].to));
		for (unsigned out = 0; out < package->link_count; out++)
			if (package->links[out].from == package->links[r].to)
				onwards += turned(r, out);
		/* A tree copies what a link brings; a write leaves for its channel. */
		if (!dram && !package->nop.multicast)
			ck_assert_double_eq(onwards, phase.bytes[r]);
	}
}

/* Messages of every kind on tori of all shapes to 5 x 5: turns follow bytes, hops are as many as
 * the ways have, and routers lose something finite. */
START_TEST(turns_of_tori_follow_their_bytes)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	bool dram = _i % 2, unicast = _i / 2 % 2;
	unsigned columns = (unsigned)g_rand_int_range(rand, 2, 6);
	unsigned rows = (unsigned)g_rand_int_range(rand, 1, 6);
	set_up_torus(columns, rows, unicast);
	unsigned chiplets = columns * rows;
	double hop_bytes = 0;
	for (int m = 0; m < 30; m++) {
		unsigned from = (unsigned)g_rand_int_range(rand, 0, (int)chiplets), count = 0;
		unsigned wanted = (unsigned)g_rand_int_range(rand, 1, 4);
		double bytes = g_rand_int_range(rand, 1, 1000);
		for (unsigned c = 0; c < chiplets && count < wanted; c++)
			if (c != from && g_rand_boolean(rand))
				network.receivers[count++] = c;
		for (unsigned i = 0; i < count; i++)
			hop_bytes += bytes * hw_hops(package, from, network.receivers[i]);
		map_send(&network, &phase, from, network.receivers, count, bytes);
		if (dram && count > 0)
			map_read_dram(&network, &phase, network.receivers, count, bytes);
		if (dram)
			map_write_dram(&network, &phase, from, bytes);
	}
	assert_turns(dram);
	if (!dram && unicast)
		ck_assert_double_eq(map_phase_links(&network, &phase).byte_hops, hop_bytes);
	if (!dram && !unicast)
		ck_assert_double_le(map_phase_links(&network, &phase).byte_hops, hop_bytes);
	double slowdown = map_phase_slowdown(&network, &phase);
	ck_assert_double_ge(slowdown, 1);
	ck_assert_double_le(slowdown, phase.inputs);
	tear_down();
}
END_TEST

/* With DRAM in the corners of 4 x 4, all chiplets read and write: half of what crosses a tie goes
 * each way, so that links seen from a channel are loaded symmetrically. */
START_TEST(dram_traffic_takes_both_ways)
{
	set_up_torus(4, 4, true);
	package->interleave = HW_INTERLEAVE_NEAREST;
	map_network_release(&network);
	package->dram_count = 1;
	map_network_init(&network, package);
	for (unsigned c = 0; c < 16; c++) {
		network.receivers[0] = c;
		map_read_dram(&network, &phase, network.receivers, 1, 80);
		map_write_dram(&network, &phase, c, 80);
	}
	/* Of its row: 1 and 3 whole, 2 half, each with four chiplets in its column; a column:
	 * so. */
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_EAST)], 4 * (80 + 40));
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_WEST)], 4 * (80 + 40));
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_SOUTH)], 80 + 40);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 0, HW_NORTH)], 80 + 40);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 1, HW_WEST)], 80 + 40);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 3, HW_EAST)], 80 + 40);
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 4, HW_NORTH)], 4 * (80 + 40));
	ck_assert_double_eq(phase.bytes[hw_grid_link(package, 12, HW_SOUTH)], 4 * (80 + 40));
	package->dram_count = 2;
	tear_down();
}
END_TEST

/*
 * Parts of a phase load its resources with no less than they have before routers, all together.
 * What routers lose in each part alone may add up to more: a bound that took that would be none.
 */
START_TEST(parts_are_bounded_before_routers)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);
	unsigned more_alone = 0;
	set_up(3, 3, 1);
	struct map_phase part;
	g_autofree double *before = g_new(double, hw_resource_count(package));
	g_autofree double *alone = g_new(double, hw_resource_count(package));
	map_phase_init(&part, package);
	for (unsigned trial = 0; trial < 200; trial++) {
		memset(before, 0, hw_resource_count(package) * sizeof *before);
		memset(alone, 0, hw_resource_count(package) * sizeof *alone);
		map_phase_clear(&phase);
		for (unsigned p = 0; p < 3; p++) {
			map_phase_clear(&part);
			for (unsigned m = 0; m < 4; m++) {
				unsigned from = (unsigned)g_rand_int_range(rand, 0, 9);
				unsigned to = (from + (unsigned)g_rand_int_range(rand, 1, 9)) % 9;
				double bytes = g_rand_int_range(rand, 1, p ? 100 : 1000);
				map_send(&network, &part, from, &to, 1, bytes);
				map_write_dram(&network, &part, to, bytes);
			}
			const double *loads = map_phase_loads(&network, &part);
			for (unsigned i = 0; i < part.touched_count; i++) {
				unsigned r = part.touched[i];
				before[r] += map_resource_load(&network, &part, r);
				alone[r] += loads[r];
			}
			map_phase_add(&phase, &part);
		}
		const double *loads = map_phase_loads(&network, &phase);
		for (unsigned i = 0; i < phase.touched_count; i++) {
			unsigned r = phase.touched[i];
			ck_assert_double_le(before[r], loads[r] * (1 + 1e-12));
			more_alone += alone[r] > loads[r] * (1 + 1e-9);
		}
	}
	ck_assert_uint_gt(more_alone, 0);
	map_phase_release(&part);
	tear_down();
}
END_TEST

/* On a ring of a torus nothing is last; the law ends all the same and never gains. */
START_TEST(a_torus_has_no_last_link)
{
	package = made_package((struct made_package){ .columns = 4, .rows = 4, .torus = true });
	package->nop.router_conflict = 0.1;
	package->nop.router_blocking = 0.6;
	map_network_init(&network, package);
	map_phase_init(&phase, package);
	for (unsigned from = 0; from < 16; from++)
		for (unsigned to = 0; to < 16; to++)
			if (from != to)
				send(from, to, 1000);
	double slowdown = map_phase_slowdown(&network, &phase);
	ck_assert_double_ge(slowdown, 1);
	ck_assert_double_le(slowdown, 2);
	ck_assert_double_eq(map_phase_slowdown(&network, &phase), slowdown);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *latency = tcase_create("latency");
	tcase_add_test(latency, one_message);
	tcase_add_test(latency, gather_begins_with_the_neighbour);
	tcase_add_test(latency, no_message_is_faster_than_alone);
	tcase_add_test(latency, scatter_ends_with_the_farthest);
	tcase_add_test(latency, a_multicast_goes_as_far_as_its_farthest_receiver);
	tcase_add_test(latency, a_sum_of_phases_is_the_phase_of_all);
	suite_add_tcase(suite, latency);
	TCase *routers = tcase_create("routers");
	tcase_add_test(routers, a_tree_turns_as_messages_do);
	tcase_add_loop_test(routers, what_meets_nothing_loses_nothing, 0, G_N_ELEMENTS(lossless));
	tcase_add_test(routers, an_output_loses_the_turns_of_busy_inputs);
	tcase_add_test(routers, packets_behind_wait_for_the_slower_output);
	tcase_add_test(routers, a_port_sends_one_packet_at_a_time);
	tcase_add_test(routers, loads_scale);
	tcase_add_test(routers, parts_are_bounded_before_routers);
	tcase_add_test(routers, a_torus_has_no_last_link);
	suite_add_tcase(suite, routers);
	TCase *tori = tcase_create("tori");
	tcase_add_test(tori, a_tie_halves_a_message);
	tcase_add_test(tori, two_ties_turn_in_quarters);
	tcase_add_test(tori, multicasts_alternate_by_their_roots);
	tcase_add_loop_test(tori, turns_of_tori_follow_their_bytes, 0, 80);
	tcase_add_test(tori, dram_traffic_takes_both_ways);
	suite_add_tcase(suite, tori);
	return suite_run(suite);
}

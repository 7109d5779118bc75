/*
 * Are message lists replayed at the right times? On a row or grid of the
 * reference mesh's kind: links and ports of 32 bytes/ns, 4 ns per hop, 5 ns per
 * message, so that a lone message of 256 bytes takes 5 + 4 hops + 8. Tolerance
 * 1e-6 ns: SimGrid's own is 1e-9 ns per event.
 */
#include "hw/topology/topology.h"
#include "sim/messages/replay.h"

#include "search/traffic/phase.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define assert_ns(value, expected) ck_assert_double_eq_tol(value, expected, 1e-6)

static struct hw_package *mesh(unsigned columns, unsigned rows)
{
	return made_package((struct made_package){ .columns = columns,
	                                           .rows = rows,
	                                           .link_GBps = 32,
	                                           .port_GBps = 32,
	                                           .hop_ns = 4,
	                                           .nop = "'message_ns': 5" });
}

struct run {
	struct hw_package *package;
	struct sim_messages *messages;
	struct sim_replay *replay;
};

static struct run run_on(struct hw_package *package, const char *text)
{
	const struct sim_replay_options options = { .simgrid = false };
	struct run run = { .package = package };
	GError *error = NULL;
	run.messages = sim_messages_parse(text, "list.csv", package, &error);
	ck_assert_msg(run.messages != NULL, "%s", error ? error->message : "");
	run.replay = sim_replay(package, run.messages, &options, &error);
	ck_assert_msg(run.replay != NULL, "%s", error ? error->message : "");
	return run;
}

static void run_free(struct run *run)
{
	sim_replay_free(run->replay);
	sim_messages_free(run->messages);
	hw_package_free(run->package);
}

/* On a row of 8. */
static struct run run_row(const char *text)
{
	return run_on(mesh(8, 1), text);
}

static void assert_times(const struct run *run, uint32_t message, double start_ns, double end_ns)
{
	assert_ns(run->replay->start_ns[message], start_ns);
	assert_ns(run->replay->end_ns[message], end_ns);
}

/* 5 + 4 x hops + 256 / 32. */
START_TEST(lone_message)
{
	g_autofree char *text = g_strdup_printf("src,dst,bytes\n0,%d,256\n", _i);
	struct run run = run_row(text);
	assert_times(&run, 0, 0, 5 + 4 * _i + 8);
	assert_ns(run.replay->all.completion_ns, 13 + 4 * _i);
	assert_ns(run.replay->all.latency_ns, 5 + 4 * _i);
	assert_ns(run.replay->all.bound_ns, 8);
	ck_assert_uint_eq(run.replay->phases, 1);
	run_free(&run);
}
END_TEST

/*
 * Three senders to node 3: link 2 -> 3 and the port take 3 x 8 ns. The first byte is
 * there after message_ns / 2, the last one needs a hop and the other half: 9 + 24.
 */
START_TEST(gather_takes_the_busiest_port)
{
	struct run run = run_row("src,dst,bytes\n0,3,256\n1,3,256\n2,3,256\n");
	for (uint32_t m = 0; m < 3; m++)
		assert_times(&run, m, 0, 33);
	ck_assert_uint_eq(run.replay->phases, 1);
	ck_assert_uint_eq(run.replay->all.messages, 3);
	assert_ns(run.replay->all.bytes, 768);
	assert_ns(run.replay->all.bound_ns, 24);
	assert_ns(run.replay->all.latency_ns, 17);
	/* link 2 -> 3 and the ejection port of 3 are equal */
	ck_assert_uint_eq(run.replay->all.busiest, hw_link_to(run.package, 2, 3));
	run_free(&run);
}
END_TEST

/*
 * One sender: its port takes 3 x 8 ns, and the byte that leaves last may go
 * farthest: 17 + 24. The near ones arrive with their own latencies, 9 and 13.
 * Then the same with messages that wait for the near and the far one.
 */
START_TEST(near_messages_of_a_phase_arrive_earlier)
{
	struct run run = run_row("src,dst,bytes\n0,1,256\n0,2,256\n0,3,256\n");
	assert_times(&run, 0, 0, 33);
	assert_times(&run, 1, 0, 37);
	assert_times(&run, 2, 0, 41);
	run_free(&run);
	run = run_row("src,dst,bytes,dep\n0,1,256,\n0,2,256,\n0,3,256,\n1,0,256,0\n3,4,256,2\n");
	assert_times(&run, 0, 0, 33);
	assert_times(&run, 1, 0, 37);
	assert_times(&run, 2, 0, 41);
	assert_times(&run, 3, 34, 51);
	assert_times(&run, 4, 42, 59);
	run_free(&run);
}
END_TEST

/* Each waits for the one before and is ready 1 ns later: 17, then 18 more each. */
START_TEST(chain_follows_the_lone_message_formula)
{
	struct run run = run_row("src,dst,bytes,dep\n0,1,256,\n1,2,256,0\n2,3,256,1\n");
	assert_times(&run, 0, 0, 17);
	assert_times(&run, 1, 18, 35);
	assert_times(&run, 2, 36, 53);
	ck_assert_uint_eq(run.replay->phases, 3);
	run_free(&run);
}
END_TEST

/* Rows may stand in any order: the same chain, backwards. */
START_TEST(rows_may_wait_for_later_rows)
{
	struct run run = run_row("src,dst,bytes,dep\n2,3,256,1\n1,2,256,2\n0,1,256,\n");
	assert_times(&run, 2, 0, 17);
	assert_times(&run, 1, 18, 35);
	assert_times(&run, 0, 36, 53);
	run_free(&run);
}
END_TEST

/*
 * One phase of a near (1 hop) and a far message (7 - 2 = 5 hops) that share
 * nothing: bytes take 8, so they arrive at 9 + 8 = 17 and 25 + 8 = 33, and who
 * waits for the near one does not wait for the far one.
 */
START_TEST(who_waits_for_a_near_message_does_not_wait_for_the_phase)
{
	struct run run = run_row("src,dst,bytes,dep\n0,1,256,\n2,7,256,\n1,0,256,0\n"
	                         "7,6,256,1\n6,5,256,0;1\n");
	ck_assert_uint_eq(run.replay->phases, 4);
	assert_times(&run, 0, 0, 17);
	assert_times(&run, 1, 0, 33);
	assert_times(&run, 2, 18, 35);
	assert_times(&run, 3, 34, 51);
	assert_times(&run, 4, 34, 51);
	run_free(&run);
}
END_TEST

/* Both arrive 8 ns apart, at 17 and 25; the last counts. */
START_TEST(the_last_of_several_counts)
{
	struct run run = run_row("src,dst,bytes,dep,tag\n0,1,256,,a\n2,5,256,,b\n5,6,256,0;1,a\n");
	assert_times(&run, 0, 0, 17);
	assert_times(&run, 1, 0, 25);
	assert_times(&run, 2, 26, 43);
	assert_ns(run.replay->tags[0].completion_ns, 43);
	assert_ns(run.replay->tags[1].completion_ns, 25);
	ck_assert_uint_eq(run.replay->tags[0].messages, 2);
	run_free(&run);
}
END_TEST

START_TEST(starts_are_kept)
{
	struct run run = run_row("src,dst,bytes,start,dep\n0,1,256,0.5,\n2,3,256,100,\n"
	                         "4,5,256,1000000,\n1,0,256,10,0\n3,2,256,300,1\n6,7,256,0,\n"
	                         "5,4,256,100,\n");
	assert_times(&run, 0, 0.5, 17.5);
	assert_times(&run, 1, 100, 117);
	assert_times(&run, 2, 1000000, 1000017);
	assert_times(&run, 3, 18.5, 35.5); /* its dependency is later than its start */
	assert_times(&run, 4, 300, 317);   /* and here it is earlier */
	assert_times(&run, 5, 0, 17);
	assert_times(&run, 6, 100, 117);
	ck_assert_uint_eq(run.replay->phases, 6); /* rows 1 and 6 are one */
	run_free(&run);
}
END_TEST

/*
 * Two tags over the link 1 -> 2, equally long (2 hops, 12,800 bytes = 400 ns
 * alone): SimGrid halves it between them. 13 + 800 for both; alone it would be 413.
 */
START_TEST(tags_share_links)
{
	struct run run = run_row("src,dst,bytes,tag\n0,2,12800,x\n1,3,12800,y\n");
	ck_assert_uint_eq(run.replay->phases, 2);
	assert_ns(run.replay->tags[0].completion_ns, 813);
	assert_ns(run.replay->tags[1].completion_ns, 813);
	assert_ns(run.replay->tags[0].bound_ns, 400);
	assert_ns(run.replay->all.bound_ns, 800);
	ck_assert_uint_eq(run.replay->all.busiest, hw_link_to(run.package, 1, 2));
	run_free(&run);
}
END_TEST

/* Delays use nothing: 200 waits of 1 ns at the same time each take 1 ns. */
START_TEST(waits_do_not_hinder_each_other)
{
	GString *text = g_string_new("src,dst,bytes,dep,tag\n");
	struct run run;
	for (int i = 0; i < 200; i++)
		g_string_append_printf(text, "%d,%d,32,,%d\n", i, i + 200, i);
	for (int i = 0; i < 200; i++)
		g_string_append_printf(text, "%d,%d,32,%d,%d\n", i + 200, i, i, i);
	run = run_on(mesh(200, 2), text->str);
	for (uint32_t i = 0; i < 200; i++) {
		assert_times(&run, i, 0, 5 + 4 + 1);
		assert_times(&run, 200 + i, 11, 21);
	}
	g_string_free(text, TRUE);
	run_free(&run);
}
END_TEST

/*
 * Router 1 sends what comes from the west to its chiplet and on to 2, and what its
 * chiplet sends to 2 as well. Link 1 -> 2 carries 256 bytes from each input, 16 ns, in
 * which the west is busy with the chiplet for 8: lost are router_conflict x 256 x 8 / 16
 * bytes, an eighth of the load. The ejection ports have one input each and lose nothing.
 */
START_TEST(concurrent_messages_lose_in_routers_what_their_sum_does)
{
	const char *const lists[] = {
		/* one after the other: nothing is lost */
		"src,dst,bytes,start\n0,1,256,0\n0,2,256,100\n1,2,256,200\n",
		/* at the same time, and each an activity of its own */
		"src,dst,bytes,start\n0,1,256,0\n0,2,256,0.125\n1,2,256,0.25\n",
	};
	double took_ns[2];
	for (unsigned i = 0; i < 2; i++) {
		struct hw_package *package = mesh(8, 1);
		package->nop.router_conflict = 0.5;
		struct run run = run_on(package, lists[i]);
		ck_assert_uint_eq(run.replay->phases, 3);
		took_ns[i] = run.replay->end_ns[2] - run.replay->start_ns[2];
		if (i == 0)
			assert_ns(took_ns[0], 5 + 4 + 8);
		run_free(&run);
	}
	/* At most the whole of the 16 ns is stretched; they are not quite at the same time. */
	struct run ideal = run_row(lists[1]);
	double ideal_ns = ideal.replay->end_ns[2] - ideal.replay->start_ns[2];
	ck_assert_double_gt(took_ns[1], ideal_ns + 1);
	ck_assert_double_le(took_ns[1], ideal_ns + 2.0 + 1e-6);
	run_free(&ideal);
}
END_TEST

/* A long message at the other end of the row, at the same time: 0 > 2 waits for its turns as alone.
 * What is slowest of all that runs must not hide what a phase's own links lose. */
START_TEST(traffic_elsewhere_changes_nothing)
{
	static const char conflict[] = "0,1,2560,0\n0,2,2560,0\n1,2,2560,0\n";
	double alone_ns = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct hw_package *package = mesh(8, 1);
		package->nop.router_conflict = 0.5;
		g_autofree char *text = g_strdup_printf("src,dst,bytes,tag\n%s%s", conflict,
		                                        i ? "6,7,2560000,1\n" : "");
		struct run run = run_on(package, text);
		double took_ns = run.replay->tags[0].completion_ns;
		if (i == 0) {
			alone_ns = took_ns;
			ck_assert_double_gt(alone_ns, run.replay->all.bound_ns + 13 + 1);
		}
		assert_ns(took_ns, alone_ns);
		run_free(&run);
	}
}
END_TEST

/* Beside a load of 3e13 ns a hop of 1e-12 ns is less than rounding: still, there is one. */
START_TEST(a_hop_may_be_less_than_rounding)
{
	struct hw_package *package = mesh(8, 1);
	package->nop.hop_ns = 1e-12;
	hw_lay_links(package);
	struct run run = run_on(package, "src,dst,bytes\n0,5,1000\n1,0,1000000000000000\n");
	ck_assert_double_eq_tol(run.replay->all.completion_ns, 1e15 / 32 + 5, 1);
	run_free(&run);
}
END_TEST

/* All to all on 4 x 3, one phase: what the phase's own formula says, as for a mapping. */
START_TEST(a_phase_takes_what_the_cost_model_says)
{
	struct hw_package *package = mesh(4, 3);
	struct map_network network;
	struct map_phase phase;
	GString *text = g_string_new("src,dst,bytes\n");
	map_network_init(&network, package);
	map_phase_init(&phase, package);
	for (unsigned from = 0; from < 12; from++)
		for (unsigned step = 1; step < 12; step++) {
			unsigned to = (from + step) % 12, bytes = 100 * from + 7 * to + 1;
			g_string_append_printf(text, "%u,%u,%u\n", from, to, bytes);
			network.receivers[0] = to;
			map_send(&network, &phase, from, network.receivers, 1, bytes);
		}
	struct run run = run_on(package, text->str);
	ck_assert_uint_eq(run.replay->phases, 1);
	assert_ns(run.replay->all.completion_ns, map_phase_ns(&network, &phase));
	ck_assert_double_ge(run.replay->all.completion_ns, run.replay->all.bound_ns);
	map_phase_release(&phase);
	map_network_release(&network);
	g_string_free(text, TRUE);
	run_free(&run);
}
END_TEST

/* ---- tori ---- */

static struct hw_package *torus(unsigned columns, unsigned rows)
{
	struct hw_package *package = mesh(columns, rows);
	package->nop.topology = &hw_torus;
	hw_lay_links(package);
	return package;
}

static struct run all_to_all(struct hw_package *package, unsigned bytes)
{
	GString *text = g_string_new("src,dst,bytes\n");
	unsigned chiplets = hw_chiplet_count(package);
	for (unsigned from = 0; from < chiplets; from++)
		for (unsigned to = 0; to < chiplets; to++)
			if (to != from)
				g_string_append_printf(text, "%u,%u,%u\n", from, to, bytes);
	struct run run = run_on(package, text->str);
	g_string_free(text, TRUE);
	return run;
}

/* Links are balanced: hops of all messages / links, of 32 bytes at 32 bytes/ns with wide ports. */
static const struct {
	unsigned columns, rows;
	double messages; /* over each link of the longer dimension */
} balanced[] = {
	{ 2, 1, 0.5 }, /* 2 x 1 / 4: two links each way */
	{ 3, 1, 1 },   /* 3 x (1 + 1) / 6 */
	{ 4, 1, 2 },   /* 4 x (1 + 1 + 2) / 8 */
	{ 1, 5, 3 },   /* 5 x (1 + 1 + 2 + 2) / 10 */
	{ 6, 1, 4.5 }, /* 6 x (1 + 1 + 2 + 2 + 3) / 12 */
	{ 2, 2, 1 },   /* 4 x (1 + 1) / 8 in each dimension */
	{ 4, 2, 4 },   /* 8 x 2 x (1 + 1 + 2) / 16 */
	{ 4, 4, 8 },   /* 16 x 4 x (1 + 1 + 2) / 32 */
};

START_TEST(all_to_all_on_a_torus_is_balanced)
{
	struct hw_package *package = torus(balanced[_i].columns, balanced[_i].rows);
	package->nop.port_GBps = 1e6;
	package->nop.hop_ns = package->nop.message_ns = 0;
	hw_lay_links(package);
	struct run run = all_to_all(package, 32);
	assert_ns(run.replay->all.completion_ns, balanced[_i].messages);
	assert_ns(run.replay->all.bound_ns, balanced[_i].messages);
	run_free(&run);
}
END_TEST

/* Ports of 640 bytes in 10 ns; half of them over each of two links, as fast. */
START_TEST(a_lone_message_takes_both_ways)
{
	struct hw_package *two = torus(2, 1), *six = torus(6, 1);
	two->nop.port_GBps = six->nop.port_GBps = 64;
	struct run run = run_on(two, "src,dst,bytes\n0,1,640\n");
	assert_ns(run.replay->all.completion_ns, 5 + 4 + 10);
	run_free(&run);
	run = run_on(six, "src,dst,bytes\n0,3,640\n");
	assert_ns(run.replay->all.completion_ns, 5 + 3 * 4 + 10);
	run_free(&run);
}
END_TEST

/*
 * On a ring of 6, message 0 goes both ways from 0 to 3, and message 1 from 5 to 4 shares one of the
 * links: 320 bytes of either, 20 ns. It is busy 2.5 ns after the start, and message 0 has two hops
 * and 2.5 ns from there on. Message 2 waits for 1, which is there 5 + 4 ns after the load.
 */
START_TEST(messages_meet_on_the_other_way)
{
	struct hw_package *package = torus(6, 1);
	package->nop.port_GBps = 64;
	struct run run = run_on(package, "src,dst,bytes,dep\n0,3,640,\n5,4,320,\n4,5,32,1\n");
	assert_ns(run.replay->end_ns[0], 20 + 5 + 2 * 4);
	assert_times(&run, 2, 20 + 9 + 1, 20 + 9 + 1 + 5 + 4 + 1);
	run_free(&run);
}
END_TEST

/*
 * On 2 x 4, message 0 goes a hop over both links from 0 to 1, and message 1, one hop farther, over
 * both, too: 320 + 16 bytes each, 10.5 ns. Message 2 waits for 0, whose latency is less than the
 * phase's.
 */
START_TEST(who_is_near_by_two_links_is_not_waited_for_twice)
{
	struct hw_package *package = torus(2, 4);
	package->nop.port_GBps = 1e3;
	struct run run = run_on(package, "src,dst,bytes,dep\n0,1,640,\n0,7,32,\n1,0,32,0\n");
	assert_ns(run.replay->end_ns[1], 10.5 + 5 + 2 * 4);
	assert_times(&run, 2, 10.5 + 9 + 1, 10.5 + 9 + 1 + 9 + 0.5);
	run_free(&run);
}
END_TEST

/*
 * A ring of 8 in a row, all steps: seven messages of 1 hop (17 ns) and one of 7
 * hops (41 ns) per step. A path of 7 steps has the long one at most once: 6 x 18 + 41.
 */
START_TEST(ring_ends_with_its_critical_path)
{
	GString *text = g_string_new("src,dst,bytes,dep\n");
	for (int step = 0; step < 7; step++)
		for (int i = 0; i < 8; i++) {
			g_string_append_printf(text, "%d,%d,256,", i, (i + 1) % 8);
			if (step > 0)
				g_string_append_printf(text, "%d", 8 * (step - 1) + (i + 7) % 8);
			g_string_append_c(text, '\n');
		}
	struct run run = run_row(text->str);
	assert_ns(run.replay->all.completion_ns, 6 * 18 + 41);
	g_string_free(text, TRUE);
	run_free(&run);
}
END_TEST

START_TEST(runs_are_identical)
{
	const char *text =
		"src,dst,bytes,start,dep,tag\n0,7,1000,0,,b\n7,0,3000,3,,a\n3,1,99,0,0,a\n"
		"2,6,5000,0,0,b\n1,5,777,0.1,2;3,a\n5,2,123,0,,a\n";
	struct run first = run_row(text), second = run_row(text);
	for (uint32_t m = 0; m < first.messages->count; m++) {
		ck_assert_double_eq(first.replay->start_ns[m], second.replay->start_ns[m]);
		ck_assert_double_eq(first.replay->end_ns[m], second.replay->end_ns[m]);
	}
	run_free(&first);
	run_free(&second);
}
END_TEST

/* Nothing is faster than its lone time, and nothing starts before it is ready. */
START_TEST(no_message_is_too_early)
{
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	GString *text = g_string_new("src,dst,bytes,start,dep,tag\n");
	for (int m = 0; m < 60; m++) {
		int from = g_rand_int_range(random, 0, 20), by = g_rand_int_range(random, 1, 20);
		g_string_append_printf(text, "%d,%d,%d,%d,", from, (from + by) % 20,
		                       g_rand_int_range(random, 1, 5000),
		                       g_rand_boolean(random) ? 0
		                                              : g_rand_int_range(random, 0, 500));
		if (m > 10 && g_rand_boolean(random))
			g_string_append_printf(text, "%d;%d", g_rand_int_range(random, 0, m),
			                       g_rand_int_range(random, 0, m));
		g_string_append_printf(text, ",%d\n", g_rand_int_range(random, 0, 3));
	}
	struct run run = run_on(mesh(5, 4), text->str);
	for (uint32_t m = 0; m < 60; m++) {
		const struct sim_message *message = &run.messages->at[m];
		double lone_ns = 5 + 4 * hw_hops(run.package, message->src, message->dst) +
		                 message->bytes / 32;
		double ready_ns = message->start_ns;
		for (uint32_t d = 0; d < message->dep_count; d++)
			ready_ns = MAX(
				ready_ns,
				run.replay->end_ns[run.messages->deps[message->first_dep + d]] + 1);
		assert_ns(run.replay->start_ns[m], ready_ns);
		ck_assert_double_ge(run.replay->end_ns[m] - ready_ns, lone_ns - 1e-6);
	}
	g_string_free(text, TRUE);
	run_free(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *times = tcase_create("times"), *lists = tcase_create("lists");
	tcase_add_loop_test(times, lone_message, 1, 8);
	tcase_add_test(times, gather_takes_the_busiest_port);
	tcase_add_test(times, near_messages_of_a_phase_arrive_earlier);
	tcase_add_test(times, chain_follows_the_lone_message_formula);
	tcase_add_test(times, rows_may_wait_for_later_rows);
	tcase_add_test(times, who_waits_for_a_near_message_does_not_wait_for_the_phase);
	tcase_add_test(times, the_last_of_several_counts);
	tcase_add_test(times, starts_are_kept);
	tcase_add_test(times, tags_share_links);
	tcase_add_test(times, waits_do_not_hinder_each_other);
	tcase_add_test(times, concurrent_messages_lose_in_routers_what_their_sum_does);
	tcase_add_test(times, traffic_elsewhere_changes_nothing);
	tcase_add_test(times, a_hop_may_be_less_than_rounding);
	tcase_add_test(lists, a_phase_takes_what_the_cost_model_says);
	tcase_add_loop_test(lists, all_to_all_on_a_torus_is_balanced, 0,
	                    (int)G_N_ELEMENTS(balanced));
	tcase_add_test(lists, a_lone_message_takes_both_ways);
	tcase_add_test(lists, messages_meet_on_the_other_way);
	tcase_add_test(lists, who_is_near_by_two_links_is_not_waited_for_twice);
	tcase_add_test(lists, ring_ends_with_its_critical_path);
	tcase_add_test(lists, runs_are_identical);
	tcase_add_loop_test(lists, no_message_is_too_early, 0, 20);
	suite_add_tcase(suite, times);
	suite_add_tcase(suite, lists);
	return suite_run(suite);
}

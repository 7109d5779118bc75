/* Which cluster, which cause, which resource the sentence names, and ties. */
#include "hw/topology/grid.h"
#include "tests/tools/pair.h"
#include "tools/report/bottleneck.h"
#include "tests/support/suite.h"

static struct pair pair;

static void release(void)
{
	pair_release(&pair);
}

static void assert_sentence(const char *expected)
{
	struct bottleneck found = bottleneck_find(pair.tiny.package, &pair.cost, &pair.sim);
	g_autofree char *text = bottleneck_sentence(&found, pair.tiny.workload, pair.tiny.package,
	                                            pair.tiny.mapping);
	ck_assert_str_eq(text, expected);
}

/* One segment of 100 ns; cluster 1 takes 15 ns per micro-batch against 12 ns. */
static void two_clusters(void)
{
	pair_init(&pair, PAIR_TWO_CLUSTERS);
	pair.cluster_ns[0] = 12;
	pair.cluster_ns[1] = 15;
	pair.sim.latency_ns = 100;
	pair.segments[0].latency_ns = 100;
}

START_TEST(the_slowest_cluster_and_its_lead_are_named)
{
	pair.clusters[1].busy_ns = 70;
	pair.clusters[1].bubbles_ns[SIM_FILL] = 20;
	pair.clusters[1].bubbles_ns[SIM_SHARD] = 10;
	assert_sentence(
		"segment 0 of 1 takes 100 % of the latency; its cluster 1 (b, 1 chiplet) sets "
		"the pace, 25 % slower than the next (cluster 0), and is bound by compute: "
		"70 % of its time, against 20 % for the filling of the pipeline");
}
END_TEST

START_TEST(compute_alone_has_nothing_against_it)
{
	pair.clusters[1].busy_ns = 100;
	assert_sentence(
		"segment 0 of 1 takes 100 % of the latency; its cluster 1 (b, 1 chiplet) sets "
		"the pace, 25 % slower than the next (cluster 0), and is bound by compute: "
		"100 % of its time");
}
END_TEST

/* 120 bytes over 2 bytes/ns are 60 of 100 ns; the DRAM channel is busier but not waited for. */
START_TEST(waiting_for_input_names_the_busiest_link)
{
	pair.clusters[1].busy_ns = 30;
	pair.clusters[1].bubbles_ns[SIM_WAIT_INPUT] = 50;
	pair.clusters[1].bubbles_ns[SIM_WAIT_DRAM] = 20;
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 0, HW_EAST)] = 120;
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 1, HW_WEST)] = 20;
	pair.resource_bytes[hw_eject_id(pair.tiny.package, 1)] = 120;
	pair.resource_bytes[hw_dram_id(pair.tiny.package, 0)] = 180;
	assert_sentence(
		"segment 0 of 1 takes 100 % of the latency; its cluster 1 (b, 1 chiplet) sets "
		"the pace, 25 % slower than the next (cluster 0), and is bound by NoP "
		"transfers: 50 % of its time, against 30 % for compute; link 0,0->1,0, the "
		"busiest, is in use 60 % of the run");
}
END_TEST

START_TEST(waiting_for_dram_names_the_busiest_channel)
{
	pair.clusters[1].busy_ns = 30;
	pair.clusters[1].bubbles_ns[SIM_WAIT_DRAM] = 70;
	pair.resource_bytes[hw_grid_link(pair.tiny.package, 0, HW_EAST)] = 190;
	pair.resource_bytes[hw_dram_id(pair.tiny.package, 0)] = 180;
	assert_sentence(
		"segment 0 of 1 takes 100 % of the latency; its cluster 1 (b, 1 chiplet) sets "
		"the pace, 25 % slower than the next (cluster 0), and is bound by DRAM: 70 % "
		"of its time, against 30 % for compute; DRAM channel 0, the busiest, is in "
		"use 90 % of the run");
}
END_TEST

START_TEST(ties_go_to_the_first_cluster)
{
	pair.cluster_ns[0] = pair.cluster_ns[1];
	pair.clusters[0].busy_ns = 10;
	pair.clusters[0].bubbles_ns[SIM_DRAIN] = 90;
	assert_sentence(
		"segment 0 of 1 takes 100 % of the latency; its cluster 0 (a, 1 chiplet) sets "
		"the pace, as does cluster 1, and is bound by the draining of the pipeline: 90 % "
		"of its time, against 10 % for compute");
}
END_TEST

START_TEST(one_cluster_is_the_only_one)
{
	pair_init(&pair, PAIR_ONE_CLUSTER);
	pair.cluster_ns[0] = 10;
	pair.sim.latency_ns = pair.segments[0].latency_ns = 100;
	pair.clusters[0].busy_ns = 50;
	pair.clusters[0].bubbles_ns[SIM_SHARD] = 150;
	assert_sentence("segment 0 of 1 takes 100 % of the latency; its only cluster (a .. b, 2 "
	                "chiplets) is bound by uneven shares: 75 % of its time, against 25 % for "
	                "compute");
}
END_TEST

/* Model and simulator may disagree on which segment is the longest: the simulator is asked. */
START_TEST(the_longest_segment_is_the_simulated_one)
{
	pair_init(&pair, PAIR_TWO_SEGMENTS);
	pair.cost_segments[0].latency_ns = 90;
	pair.cost_segments[1].latency_ns = 10;
	pair.sim.latency_ns = 100;
	pair.segments[0].latency_ns = 40;
	pair.segments[1].latency_ns = 60;
	pair.clusters[1].busy_ns = 60;
	assert_sentence(
		"segment 1 of 2 takes 60 % of the latency; its only cluster (b, 1 chiplet) is "
		"bound by compute: 100 % of its time");
}
END_TEST

/* The longest segment computes, but the network as a whole waits: 300 of 400 chiplet-ns. */
START_TEST(what_holds_up_the_whole_run_is_said_too)
{
	pair_init(&pair, PAIR_TWO_SEGMENTS);
	pair.sim.latency_ns = 100;
	pair.segments[0].latency_ns = 60;
	pair.segments[1].latency_ns = 40;
	pair.clusters[0].busy_ns = 60;
	pair.sim.busy_ns = 100;
	pair.sim.bubbles_ns[SIM_WAIT_DRAM] = 300;
	pair.resource_bytes[hw_dram_id(pair.tiny.package, 0)] = 180;
	assert_sentence("segment 0 of 2 takes 60 % of the latency; its only cluster (a, 1 chiplet) "
	                "is bound by compute: 100 % of its time; over the whole run DRAM takes "
	                "75 %, against 25 % for compute; DRAM channel 0, the busiest, is in use "
	                "90 % of the run");
}
END_TEST

/* Cluster 1 computes and waits for its slowest chiplet 80 of 100 ns; a channel is in use 83, or as
 * long as that. */
START_TEST(a_resource_that_is_busier_than_any_cluster_bounds_the_segment)
{
	pair.clusters[1].busy_ns = 73;
	pair.clusters[1].bubbles_ns[SIM_SHARD] = 7;
	pair.clusters[1].bubbles_ns[SIM_WAIT_DRAM] = 20;
	pair.segments[0].busiest = hw_dram_id(pair.tiny.package, 0);
	pair.segments[0].busiest_ns = _i ? 80 : 83;
	assert_sentence(
		_i ? "segment 0 of 1 takes 100 % of the latency; its cluster 1 (b, 1 "
		     "chiplet) sets the pace, 25 % slower than the next (cluster 0), and is "
		     "bound by compute: 73 % of its time, against 20 % for DRAM"
		   : "segment 0 of 1 takes 100 % of the latency and is bound by DRAM "
		     "channel 0, in use for 83 % of it; its cluster 1 (b, 1 chiplet) sets "
		     "the pace, 25 % slower than the next (cluster 0), and computes for 73 "
		     "% of its time, against 20 % for DRAM");
}
END_TEST

START_TEST(resources_have_names)
{
	const struct hw_package *package = pair.tiny.package;
	const struct {
		unsigned resource;
		const char *name;
	} cases[] = { { hw_grid_link(pair.tiny.package, 1, HW_WEST), "link 1,0->0,0" },
		      { hw_inject_id(package, 1), "injection port of 1,0" },
		      { hw_eject_id(package, 0), "ejection port of 0,0" },
		      { hw_dram_id(package, 0), "DRAM channel 0" } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = hw_resource_name(package, cases[i].resource);
		ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bottleneck");
	TCase *two = tcase_create("two clusters"), *other = tcase_create("other mappings");
	tcase_add_checked_fixture(two, two_clusters, release);
	tcase_add_loop_test(two, a_resource_that_is_busier_than_any_cluster_bounds_the_segment, 0,
	                    2);
	tcase_add_test(two, the_slowest_cluster_and_its_lead_are_named);
	tcase_add_test(two, compute_alone_has_nothing_against_it);
	tcase_add_test(two, waiting_for_input_names_the_busiest_link);
	tcase_add_test(two, waiting_for_dram_names_the_busiest_channel);
	tcase_add_test(two, ties_go_to_the_first_cluster);
	tcase_add_test(two, resources_have_names);
	tcase_add_checked_fixture(other, NULL, release);
	tcase_add_test(other, one_cluster_is_the_only_one);
	tcase_add_test(other, the_longest_segment_is_the_simulated_one);
	tcase_add_test(other, what_holds_up_the_whole_run_is_said_too);
	suite_add_tcase(suite, two);
	suite_add_tcase(suite, other);
	return suite_run(suite);
}

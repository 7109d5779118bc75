/*
 * Question: does each gap go to the dependency that ended it, and does the time
 * of skipped micro-batches go where it belongs? Times are set by hand, no engine
 * runs.
 */
#include "tests/sim/tiny.h"

#include "sim/account/bubbles.h"
#include "tests/support/suite.h"

/* a on chiplet 0 sends to b on chiplet 1, 10 MACs each; one tile, three micro-batches. */
struct scene {
	struct tiny tiny;
	struct map_plan plan;
	struct sim_lowered *lowered;
	struct sim_result result;
	struct sim_segment_result segment;
	struct sim_run run;
};

static void set_up(struct scene *c)
{
	*c = (struct scene){ .tiny = { .package = tiny_package(
					       (struct tiny_package){ .columns = 2 }) } };
	c->tiny.workload = tiny_workload(
		1, 10, 1,
		"{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 1, 'kernel': 1},"
		"{'name': 'b', 'op': 'conv', 'inputs': ['a'], 'out_channels': 1, 'kernel': 1}");
	c->tiny.mapping = tiny_mapping(c->tiny.workload, c->tiny.package, 3,
	                               "{'microbatch': 1, 'clusters': ["
	                               "{'region': [[0, 0]], 'nodes': [{'name': 'a', 'split': {}, "
	                               "'weights': 'resident', 'tiles': 1}]},"
	                               "{'region': [[1, 0]], 'nodes': [{'name': 'b', 'split': {}, "
	                               "'weights': 'resident', 'tiles': 1}]}]}");
	map_plan_init(&c->plan, c->tiny.mapping, c->tiny.workload, c->tiny.package);
	c->lowered = sim_lower(&c->plan);
	c->segment = (struct sim_segment_result){ .end_ns = 100, .simulated = 3 };
	c->result.instance_count = 3 * c->lowered->program->tasks->len;
	c->result.start_ns = g_new0(double, c->result.instance_count);
	c->result.end_ns = g_new0(double, c->result.instance_count);
	c->result.segments = &c->segment;
	c->result.segment_count = 1;
	c->run = (struct sim_run){ c->tiny.package, c->lowered, &c->result };
}

static void tear_down(struct scene *c)
{
	g_free(c->result.start_ns);
	g_free(c->result.end_ns);
	sim_lowered_free(c->lowered);
	map_plan_release(&c->plan);
	tiny_free(&c->tiny);
}

/* Micro-batch u of the task of that kind and node. */
static void set_times(struct scene *c, enum sim_task_kind kind, unsigned node, uint32_t u,
                      double start_ns, double end_ns)
{
	const GArray *tasks = c->lowered->program->tasks;
	for (uint32_t t = 0; t < tasks->len; t++) {
		const struct sim_task *task = &g_array_index(tasks, struct sim_task, t);
		if (task->kind != kind || task->node != node)
			continue;
		c->result.start_ns[u * tasks->len + t] = start_ns;
		c->result.end_ns[u * tasks->len + t] = end_ns;
		return;
	}
	ck_abort_msg("no such task");
}

static void compute_at(struct scene *c, unsigned node, double first_ns, double second_ns,
                       double third_ns)
{
	set_times(c, SIM_COMPUTE, node, 0, first_ns, first_ns + 10);
	set_times(c, SIM_COMPUTE, node, 1, second_ns, second_ns + 10);
	set_times(c, SIM_COMPUTE, node, 2, third_ns, third_ns + 10);
}

static struct sim_cluster_outcome count(const struct scene *c, unsigned cluster)
{
	struct sim_cluster_outcome outcome = { 0 };
	sim_count_bubbles(&c->run, &g_array_index(c->lowered->regions, struct sim_region, cluster),
	                  &outcome);
	return outcome;
}

static void assert_counts(const struct sim_cluster_outcome *o, double busy, double fill,
                          double drain, double input, double dram, double pressure, double shard)
{
	assert_ns(o->busy_ns, busy);
	assert_ns(o->bubbles_ns[SIM_FILL], fill);
	assert_ns(o->bubbles_ns[SIM_DRAIN], drain);
	assert_ns(o->bubbles_ns[SIM_WAIT_INPUT], input);
	assert_ns(o->bubbles_ns[SIM_WAIT_DRAM], dram);
	assert_ns(o->bubbles_ns[SIM_BACK_PRESSURE], pressure);
	assert_ns(o->bubbles_ns[SIM_SHARD], shard);
}

/* b: weights at 5, first input at 7: fill. Second input at 30: wait_input. Third input at
 * 41, but the store of the first at 45: wait_dram. Drain from 55. */
START_TEST(the_last_dependency_decides)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_LOAD, 1, 0, 0, 5);
	set_times(&c, SIM_TRANSFER, 1, 0, 3, 7);
	set_times(&c, SIM_TRANSFER, 1, 1, 20, 30);
	set_times(&c, SIM_TRANSFER, 1, 2, 31, 41);
	set_times(&c, SIM_STORE, 1, 0, 17, 45);
	compute_at(&c, 1, 7, 30, 45);
	struct sim_cluster_outcome o = count(&c, 1);
	assert_counts(&o, 30, 7, 45, 13, 5, 0, 0);
	tear_down(&c);
}
END_TEST

/* Weights and first input at the same time: weights come first, it is not fill. */
START_TEST(weights_win_a_tie)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_LOAD, 1, 0, 0, 7);
	set_times(&c, SIM_TRANSFER, 1, 0, 3, 7);
	compute_at(&c, 1, 7, 17, 27);
	struct sim_cluster_outcome o = count(&c, 1);
	assert_counts(&o, 30, 0, 63, 0, 7, 0, 0);
	tear_down(&c);
}
END_TEST

/* a: input at 4, then back pressure from its own transfer of two micro-batches back; on a tie
 * with the fetch it is the fetch's. */
START_TEST(own_transfer_is_back_pressure)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_FETCH, 0, 0, 0, 4);
	set_times(&c, SIM_FETCH, 0, 2, 14, 16);
	set_times(&c, SIM_TRANSFER, 1, 0, 14, 40);
	compute_at(&c, 0, 4, 14, 40);
	struct sim_cluster_outcome o = count(&c, 0);
	assert_counts(&o, 30, 0, 50, 0, 4, 16, 0);
	set_times(&c, SIM_FETCH, 0, 2, 14, 40);
	o = count(&c, 0);
	assert_counts(&o, 30, 0, 50, 0, 20, 0, 0);
	tear_down(&c);
}
END_TEST

/* The rest of a tile that a chiplet does not compute is shard. */
START_TEST(time_beyond_the_own_cycles_is_shard)
{
	struct scene c;
	set_up(&c);
	compute_at(&c, 0, 0, 10, 20);
	set_times(&c, SIM_COMPUTE, 0, 2, 20, 32);
	struct sim_cluster_outcome o = count(&c, 0);
	assert_counts(&o, 30, 0, 68, 0, 0, 0, 2);
	tear_down(&c);
}
END_TEST

/* Five skipped after the second, 16 each: 10 busy and 6 like the gap from 8 to 24, 4 of input
 * before the second; the gap of the third is later and counts for itself. */
START_TEST(skipped_time_follows_the_window)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_TRANSFER, 1, 1, 10, 14);
	set_times(&c, SIM_STORE, 1, 0, 10, 30);
	compute_at(&c, 1, 0, 14, 30);
	c.segment.skipped = 5;
	c.segment.cut = 2;
	c.segment.repeats_from_ns = 8;
	c.segment.repeats_to_ns = 24;
	c.segment.period_ns = 16;
	struct sim_cluster_outcome o = count(&c, 1);
	assert_counts(&o, 30 + 50, 0, 60, 4 + 30, 6, 0, 0);
	tear_down(&c);
}
END_TEST

/* The second micro-batch repeats, 14 each, 4 of them for input; the 20 for weights at first do
 * not, although they lie before the cut too. */
START_TEST(the_way_into_the_steady_state_does_not_repeat)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_LOAD, 1, 0, 0, 20);
	set_times(&c, SIM_TRANSFER, 1, 1, 20, 34);
	set_times(&c, SIM_TRANSFER, 1, 2, 34, 48);
	compute_at(&c, 1, 20, 34, 48);
	c.segment.skipped = 5;
	c.segment.cut = 2;
	c.segment.repeats_from_ns = 30;
	c.segment.repeats_to_ns = 44;
	c.segment.period_ns = 14;
	struct sim_cluster_outcome o = count(&c, 1);
	assert_counts(&o, 30 + 50, 0, 42, 8 + 20, 20, 0, 0);
	tear_down(&c);
}
END_TEST

/* No gap to go by. b is the last: it waits for input. a is before b, which is slower only if
 * it has more to compute: here both have the same, so a waits for input too. */
START_TEST(skipped_time_without_a_window)
{
	struct scene c;
	set_up(&c);
	compute_at(&c, 0, 0, 10, 20);
	compute_at(&c, 1, 0, 10, 20);
	c.segment.skipped = 5;
	c.segment.cut = 2;
	c.segment.repeats_from_ns = 4;
	c.segment.repeats_to_ns = 20;
	c.segment.period_ns = 16;
	struct sim_cluster_outcome o = count(&c, 0);
	assert_counts(&o, 80, 0, 70, 30, 0, 0, 0);
	const struct sim_region *b = &g_array_index(c.lowered->regions, struct sim_region, 1);
	const struct sim_activity *activity = sim_run_activity(&c.run, 0, b->first_compute, 0);
	g_array_index(c.lowered->program->cycles, double, activity->first_share) = 16;
	o = count(&c, 0);
	assert_counts(&o, 80, 0, 70, 0, 0, 30, 0);
	tear_down(&c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bubbles");
	TCase *cases = tcase_create("bubbles");
	tcase_add_test(cases, the_last_dependency_decides);
	tcase_add_test(cases, weights_win_a_tie);
	tcase_add_test(cases, own_transfer_is_back_pressure);
	tcase_add_test(cases, time_beyond_the_own_cycles_is_shard);
	tcase_add_test(cases, skipped_time_follows_the_window);
	tcase_add_test(cases, the_way_into_the_steady_state_does_not_repeat);
	tcase_add_test(cases, skipped_time_without_a_window);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}

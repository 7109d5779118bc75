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
	struct sim_run run;
	sim_run_init(&run, c->tiny.package, c->lowered, &c->result);
	sim_count_bubbles(&run, &g_array_index(c->lowered->regions, struct sim_region, cluster),
	                  &outcome, NULL);
	sim_run_release(&run);
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

/* A pattern of one micro-batch, seen at cut_ns. */
static void skip(struct scene *c, uint32_t skipped, double period_ns, double cut_ns)
{
	c->segment.skipped = skipped;
	c->segment.pattern = 1;
	c->segment.period_ns = period_ns;
	c->segment.cut_ns = cut_ns;
}

/*
 * The second micro-batch, with its wait of 4 for input, comes 5 times again, 14 each. The 20 for
 * weights at first do not, nor does the wait of the third for DRAM, from 48 + 70 on.
 */
START_TEST(skipped_time_is_that_of_the_last_pattern)
{
	struct scene c;
	set_up(&c);
	set_times(&c, SIM_LOAD, 1, 0, 0, 20);
	set_times(&c, SIM_TRANSFER, 1, 1, 20, 34);
	set_times(&c, SIM_TRANSFER, 1, 2, 34, 45);
	set_times(&c, SIM_STORE, 1, 0, 30, 50);
	compute_at(&c, 1, 20, 34, 50);
	skip(&c, 5, 14, 48);
	struct sim_cluster_outcome o = count(&c, 1);
	assert_counts(&o, 30 + 50, 0, 40, 4 + 20, 20 + 6, 0, 0);
	tear_down(&c);
}
END_TEST

/* The walk itself: copies have their own numbers, and with two left out the copy before says that
 * it would have come twice more. */
START_TEST(copies_stand_at_their_times)
{
	static const double starts[] = { 0, 20, 40, 60, 80, 100, 120, 145 };
	struct scene c;
	struct sim_run run;
	struct sim_region_timeline walk;
	struct sim_interval interval;
	set_up(&c);
	set_times(&c, SIM_TRANSFER, 1, 1, 10, 20);
	set_times(&c, SIM_TRANSFER, 1, 2, 20, 45);
	compute_at(&c, 1, 0, 20, 45);
	skip(&c, 5, 20, 31);
	sim_run_init(&run, c.tiny.package, c.lowered, &c.result);
	const struct sim_region *b = &g_array_index(c.lowered->regions, struct sim_region, 1);
	for (uint32_t folded = 0; folded <= 5; folded++) {
		uint32_t u = 0;
		sim_region_timeline_begin(&walk, &run, b, folded);
		while (sim_region_timeline_next(&walk, &interval) && interval.task != SIM_NONE) {
			if (!interval.computes)
				continue;
			uint32_t last = 6 - folded; /* before what is left out */
			ck_assert_uint_eq(interval.microbatch, u);
			assert_ns(interval.start_ns, starts[u]);
			assert_ns(interval.end_ns, starts[u] + 10);
			ck_assert_uint_eq(interval.repeats, folded && u == last ? folded : 0);
			ck_assert_int_eq(sim_run_is_skipped(&run, 0, interval.task, u),
			                 u >= 2 && u < 7);
			u += folded && u == last ? folded + 1 : 1;
		}
		ck_assert_uint_eq(u, 8);
		assert_ns(interval.start_ns, 155);
		assert_ns(interval.end_ns, 200);
	}
	sim_run_release(&run);
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
	tcase_add_test(cases, skipped_time_is_that_of_the_last_pattern);
	tcase_add_test(cases, copies_stand_at_their_times);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}

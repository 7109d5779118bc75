/* A list's program is one segment of one micro-batch. */
#include "sim/what_if/executor.h"
#include "sim/messages/flow_classes.h"
#include "sim/messages/replay_private.h"

static void add(void *flows, struct sim_ready instance, uint32_t activity)
{
	flow_classes_add(flows, instance, activity);
}

static double next_end_ns(void *flows)
{
	return flow_classes_next_end_ns(flows);
}

static void advance(void *flows, double now_ns)
{
	flow_classes_advance(flows, now_ns);
}

static bool take_ended(void *flows, struct sim_ready *ended)
{
	return flow_classes_take_ended(flows, ended);
}

void sim_replay_run(const struct hw_package *package, const struct sim_program *program,
                    const struct sim_replay_options *options, double *start_ns, double *end_ns)
{
	static const struct sim_sharing_kind in_classes = { add, next_end_ns, advance, take_ended };
	const struct sim_what_if everything = { .nop_contention = true, .dram_contention = true };
	struct sim_segment_result result = { 0 };
	struct sim_shared shared = { .segments = &result, .start_ns = start_ns, .end_ns = end_ns };
	struct sim_lone_times lone;
	struct flow_classes flows;
	sim_lone_init(&lone, program, package, &everything);
	flow_classes_init(&flows, &lone, program->activities->len, package);
	const struct sim_execution execution = { .program = program,
		                                 .lone = &lone,
		                                 .kind = &in_classes,
		                                 .sharing = &flows,
		                                 .progress = options->progress,
		                                 .progress_data = options->progress_data };
	sim_executor_run(&execution, &shared);
	flow_classes_release(&flows);
	sim_lone_release(&lone);
}

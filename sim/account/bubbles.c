/*
 * Invariant: every interval of the walk is counted once for each chiplet of the region, and those
 * of the pattern that skipped micro-batches repeat as often as they do.
 */
#include "sim/account/bubbles.h"

const char *sim_bubble_name(enum sim_bubble bubble)
{
	static const char *const names[SIM_BUBBLES] = { "fill",      "drain",         "wait_input",
		                                        "wait_dram", "back_pressure", "shard" };
	return names[bubble];
}

/* A chiplet computes its own part of the tile, the rest of the tile is shard. Returns that. */
static double count_tile(const struct sim_run *run, const struct sim_region *region,
                         const struct sim_interval *interval, struct sim_cluster_outcome *outcome)
{
	const struct sim_activity *activity = sim_run_activity(run, region->segment, interval->task,
	                                                       interval->microbatch);
	double length_ns = interval->end_ns - interval->start_ns, busy_ns = 0;
	for (uint32_t i = 0; activity && i < activity->share_count; i++)
		busy_ns += MIN(sim_run_busy_ns(run, activity, i), length_ns);
	double shard_ns = MAX(length_ns * region->where->region_size - busy_ns, 0);
	outcome->busy_ns += busy_ns * (1 + interval->repeats);
	return shard_ns * (1 + interval->repeats);
}

void sim_count_bubbles(const struct sim_run *run, const struct sim_region *region,
                       struct sim_cluster_outcome *outcome, struct sim_layer *layers)
{
	struct sim_region_timeline walk;
	struct sim_interval interval;
	*outcome = (struct sim_cluster_outcome){ .chiplets = region->where->region_size };
	sim_region_timeline_begin(&walk, run, region,
	                          run->result->segments[region->segment].skipped);
	while (sim_region_timeline_next(&walk, &interval)) {
		double length_ns = (interval.end_ns - interval.start_ns) * (1 + interval.repeats);
		enum sim_bubble bubble = interval.computes ? SIM_SHARD : interval.cause;
		double bubble_ns = interval.computes ? count_tile(run, region, &interval, outcome)
		                                     : length_ns * region->where->region_size;
		outcome->bubbles_ns[bubble] += bubble_ns;
		if (!layers || interval.task == SIM_NONE)
			continue;
		struct sim_layer *layer = &layers[sim_run_task(run, interval.task)->node];
		layer->time_ns += length_ns;
		layer->bubbles_ns[bubble] += bubble_ns;
	}
}

/*
 * Invariant: every interval of the walk is counted once for each chiplet of the
 * region, and inserted micro-batches as often as they were skipped.
 */
#include "sim/account/bubbles.h"

struct tally {
	double busy_ns, bubbles_ns[SIM_BUBBLES];
};

const char *sim_bubble_name(enum sim_bubble bubble)
{
	static const char *const names[SIM_BUBBLES] = { "fill",      "drain",         "wait_input",
		                                        "wait_dram", "back_pressure", "shard" };
	return names[bubble];
}

/* A chiplet computes its own part of the tile, the rest of the tile is shard. */
static void count_tile(const struct sim_run *run, const struct sim_region *region,
                       const struct sim_interval *interval, struct tally *tally)
{
	const struct sim_activity *activity = sim_run_activity(run, region->segment, interval->task,
	                                                       interval->microbatch);
	double length_ns = interval->end_ns - interval->start_ns, busy_ns = 0;
	for (uint32_t i = 0; activity && i < activity->share_count; i++)
		busy_ns += MIN(sim_run_busy_ns(run, activity, i), length_ns);
	tally->busy_ns += busy_ns;
	tally->bubbles_ns[SIM_SHARD] += MAX(length_ns * region->where->region_size - busy_ns, 0);
}

static void count_interval(const struct sim_run *run, const struct sim_region *region,
                           const struct sim_interval *interval, struct tally *tally)
{
	if (interval->computes)
		count_tile(run, region, interval, tally);
	else
		tally->bubbles_ns[interval->cause] += (interval->end_ns - interval->start_ns) *
		                                      region->where->region_size;
}

/* ---- skipped micro-batches ---- */

static double slowest_ns(const struct sim_run *run, const struct sim_activity *activity)
{
	double slowest = 0;
	for (uint32_t i = 0; i < activity->share_count; i++)
		slowest = MAX(slowest, sim_run_busy_ns(run, activity, i));
	return slowest;
}

/* Busy chiplet-ns of a full micro-batch; *length_ns: of its tiles one after another. */
static double full_busy_ns(const struct sim_run *run, const struct sim_region *region,
                           double *length_ns)
{
	double busy_ns = 0;
	*length_ns = 0;
	for (uint32_t i = 0; i < region->compute_count; i++) {
		const struct sim_activity *activity = sim_run_activity(
			run, region->segment, region->first_compute + i, 0);
		for (uint32_t h = 0; activity && h < activity->share_count; h++)
			busy_ns += sim_run_busy_ns(run, activity, h);
		if (activity)
			*length_ns += slowest_ns(run, activity);
	}
	return busy_ns;
}

/* Whether a later cluster of the segment computes longer than this one. */
static bool is_before_bottleneck(const struct sim_run *run, const struct sim_region *region)
{
	const GArray *regions = run->lowered->regions;
	double own_ns, other_ns;
	full_busy_ns(run, region, &own_ns);
	for (guint i = 0; i < regions->len; i++) {
		const struct sim_region *other = &g_array_index(regions, struct sim_region, i);
		if (other->segment != region->segment || other->cluster <= region->cluster)
			continue;
		full_busy_ns(run, other, &other_ns);
		if (other_ns > own_ns)
			return true;
	}
	return false;
}

/* How much of an interval lies in the time that the skipped micro-batches repeat. */
static double repeated_ns(const struct sim_segment_result *result,
                          const struct sim_interval *interval)
{
	return MAX(0, MIN(interval->end_ns, result->repeats_to_ns) -
	                      MAX(interval->start_ns, result->repeats_from_ns));
}

/* Busy and shard time of what was skipped are known; the rest of its time are gaps, of the
 * same causes as those that it repeats. */
static void add_skipped(const struct sim_run *run, const struct sim_region *region,
                        const double repeated[SIM_BUBBLES], struct tally *tally)
{
	const struct sim_segment_result *result = &run->result->segments[region->segment];
	double size = region->where->region_size, times = result->skipped, length_ns, gaps_ns = 0;
	double total_ns = times * result->period_ns * size;
	double full_ns = times * full_busy_ns(run, region, &length_ns);
	double busy_ns = MIN(full_ns, total_ns);
	double shard_ns = CLAMP(times * length_ns * size - full_ns, 0, total_ns - busy_ns);
	double idle_ns = total_ns - busy_ns - shard_ns;
	tally->busy_ns += busy_ns;
	tally->bubbles_ns[SIM_SHARD] += shard_ns;
	for (int b = 0; b < SIM_SHARD; b++)
		gaps_ns += repeated[b];
	for (int b = 0; gaps_ns > 0 && b < SIM_SHARD; b++)
		tally->bubbles_ns[b] += idle_ns * (repeated[b] / gaps_ns);
	if (gaps_ns > 0)
		return;
	enum sim_bubble cause = is_before_bottleneck(run, region) ? SIM_BACK_PRESSURE
	                                                          : SIM_WAIT_INPUT;
	tally->bubbles_ns[cause] += idle_ns;
}

void sim_count_bubbles(const struct sim_run *run, const struct sim_region *region,
                       struct sim_cluster_outcome *outcome)
{
	const struct sim_segment_result *result = &run->result->segments[region->segment];
	struct tally tally = { 0 };
	double repeated[SIM_BUBBLES] = { 0 };
	struct sim_region_timeline walk;
	struct sim_interval interval;
	sim_region_timeline_begin(&walk, run, region);
	while (sim_region_timeline_next(&walk, &interval)) {
		count_interval(run, region, &interval, &tally);
		if (!interval.computes)
			repeated[interval.cause] += repeated_ns(result, &interval);
	}
	if (result->skipped)
		add_skipped(run, region, repeated, &tally);
	outcome->chiplets = region->where->region_size;
	outcome->busy_ns = tally.busy_ns;
	for (int b = 0; b < SIM_BUBBLES; b++)
		outcome->bubbles_ns[b] = tally.bubbles_ns[b];
}

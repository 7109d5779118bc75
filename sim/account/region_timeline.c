/*
 * Invariant: intervals follow each other without a hole, from the segment's
 * start to its end.
 */
#include "sim/account/region_timeline.h"

/* ---- access ---- */

const struct sim_segment *sim_run_segment(const struct sim_run *run, unsigned segment)
{
	return &g_array_index(run->lowered->program->segments, struct sim_segment, segment);
}

const struct sim_task *sim_run_task(const struct sim_run *run, uint32_t task)
{
	return &g_array_index(run->lowered->program->tasks, struct sim_task, task);
}

const struct sim_task_info *sim_run_info(const struct sim_run *run, uint32_t task)
{
	return &g_array_index(run->lowered->info, struct sim_task_info, task);
}

/* ---- micro-batches ---- */

static bool ended_before(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	const struct sim_segment_result *result = &run->result->segments[segment];
	return run->result->end_ns[result->first_instance + (uint64_t)u * s->task_count + task -
	                           s->first_task] < result->cut_ns;
}

static void count_before(struct sim_run *run, unsigned segment)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	const struct sim_segment_result *result = &run->result->segments[segment];
	for (uint32_t t = s->first_task; t < s->first_task + s->task_count; t++)
		while (result->skipped > 0 && !sim_run_task(run, t)->once &&
		       run->before[t] < result->simulated &&
		       ended_before(run, segment, t, run->before[t]))
			run->before[t]++;
}

void sim_run_init(struct sim_run *run, const struct hw_package *package,
                  const struct sim_lowered *lowered, const struct sim_result *result)
{
	*run = (struct sim_run){ package, lowered, result,
		                 g_new0(uint32_t, lowered->program->tasks->len) };
	for (unsigned s = 0; s < result->segment_count; s++)
		count_before(run, s);
}

void sim_run_release(struct sim_run *run)
{
	g_free(run->before);
}

uint32_t sim_run_microbatches(const struct sim_run *run, unsigned segment)
{
	const struct sim_segment_result *result = &run->result->segments[segment];
	return result->simulated + result->skipped;
}

bool sim_run_is_skipped(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u)
{
	return u >= run->before[task] &&
	       u - run->before[task] < run->result->segments[segment].skipped &&
	       !sim_run_task(run, task)->once;
}

/* The time of micro-batch u, among those of executed ones. */
static double time_ns(const struct sim_run *run, const double *times_ns, unsigned segment,
                      uint32_t task, uint32_t u)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	const struct sim_segment_result *result = &run->result->segments[segment];
	uint32_t later = 0; /* micro-batches that u comes after the executed one */
	if (sim_run_task(run, task)->once)
		u = 0;
	else if (sim_run_is_skipped(run, segment, task, u))
		later = ((u - run->before[task]) / result->pattern + 1) * result->pattern;
	else if (u >= run->before[task])
		later = result->skipped;
	return times_ns[result->first_instance + (uint64_t)(u - later) * s->task_count + task -
	                s->first_task] +
	       later * result->period_ns;
}

double sim_run_start_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u)
{
	return time_ns(run, run->result->start_ns, segment, task, u);
}

double sim_run_end_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u)
{
	return time_ns(run, run->result->end_ns, segment, task, u);
}

/* Whether micro-batch u is the segment's smaller last one. */
static bool is_tail(const struct sim_run *run, unsigned segment, uint32_t u)
{
	return sim_run_segment(run, segment)->has_tail &&
	       u + 1 == sim_run_microbatches(run, segment);
}

const struct sim_activity *sim_run_activity(const struct sim_run *run, unsigned segment,
                                            uint32_t task, uint32_t u)
{
	const struct sim_task *t = sim_run_task(run, task);
	uint32_t activity = !t->once && is_tail(run, segment, u) ? t->tail : t->full;
	if (activity == SIM_NONE)
		return NULL;
	return &g_array_index(run->lowered->program->activities, struct sim_activity, activity);
}

const struct sim_work *sim_run_work(const struct sim_run *run, unsigned segment, uint32_t task,
                                    uint32_t u)
{
	const struct sim_task_info *info = sim_run_info(run, task);
	bool once = sim_run_task(run, task)->once;
	return !once && is_tail(run, segment, u) ? &info->tail : &info->full;
}

double sim_run_busy_ns(const struct sim_run *run, const struct sim_activity *activity, uint32_t i)
{
	const struct sim_program *program = run->lowered->program;
	uint32_t chiplet = g_array_index(program->chiplets, uint32_t, activity->first_share + i);
	return g_array_index(program->cycles, double, activity->first_share + i) /
	       hw_chiplet(run->package, chiplet)->clock_GHz;
}

/* ---- causes ---- */

/* What it means that a compute tile of this cluster waited for a dependency. */
static enum sim_bubble bubble_of(const struct sim_dep *dep, const struct sim_task *on,
                                 uint32_t cluster, bool first)
{
	bool from_before = on->kind == SIM_TRANSFER && on->from_cluster != cluster;
	switch ((enum sim_cause)dep->cause) {
	case SIM_FOR_DRAM:
		return SIM_WAIT_DRAM;
	case SIM_FOR_ROOM:
		return SIM_BACK_PRESSURE;
	default:
		return first && from_before ? SIM_FILL : SIM_WAIT_INPUT;
	}
}

/* The cause is the dependency that ended last; of equals the first, in the order weights,
 * inputs, own outputs. The tile before is none: it ended when the gap began. */
static enum sim_bubble find_cause(const struct sim_region_timeline *walk, uint32_t task)
{
	const struct sim_run *run = walk->run;
	const struct sim_task *waiting = sim_run_task(run, task);
	bool first = walk->microbatch == 0 && walk->index == 0;
	enum sim_bubble cause = SIM_WAIT_INPUT;
	double latest_ns = -1;
	for (uint32_t d = 0; d < waiting->dep_count; d++) {
		const struct sim_dep *dep = &g_array_index(run->lowered->program->deps,
		                                           struct sim_dep, waiting->first_dep + d);
		const struct sim_task *on = sim_run_task(run, dep->task);
		if (dep->cause == SIM_FOR_TURN || (!on->once && walk->microbatch < dep->back))
			continue;
		double end_ns = sim_run_end_ns(run, walk->region->segment, dep->task,
		                               on->once ? 0 : walk->microbatch - dep->back);
		if (end_ns > latest_ns) {
			latest_ns = end_ns;
			cause = bubble_of(dep, on, waiting->cluster, first);
		}
	}
	return cause;
}

/* ---- walking ---- */

void sim_region_timeline_begin(struct sim_region_timeline *walk, const struct sim_run *run,
                               const struct sim_region *region, uint32_t folded)
{
	const struct sim_segment_result *result = &run->result->segments[region->segment];
	*walk = (struct sim_region_timeline){ .run = run,
		                              .region = region,
		                              .folded = folded,
		                              .repeats = folded ? folded / result->pattern : 0,
		                              .now_ns = result->start_ns };
}

static bool drain(struct sim_region_timeline *walk, struct sim_interval *interval)
{
	const struct sim_segment_result *result =
		&walk->run->result->segments[walk->region->segment];
	*interval = (struct sim_interval){
		.cause = SIM_DRAIN,
		.task = SIM_NONE,
		.microbatch = sim_run_microbatches(walk->run, walk->region->segment) - 1,
		.start_ns = walk->now_ns,
		.end_ns = result->end_ns + result->skipped * result->period_ns
	};
	walk->ended = true;
	return interval->end_ns > interval->start_ns;
}

/* Over what is left out, if it begins with the next tile; returns how often that would come in it.
 * Tiles of a region end one after another, so the first tile met is where it begins for all. */
static uint32_t fold(struct sim_region_timeline *walk)
{
	const struct sim_segment_result *result =
		&walk->run->result->segments[walk->region->segment];
	uint32_t task = walk->region->first_compute + walk->index;
	uint32_t first = walk->run->before[task] + result->skipped - walk->folded;
	if (walk->folded == 0)
		return 0;
	if (walk->microbatch < first)
		return walk->microbatch + result->pattern >= first ? walk->repeats : 0;
	walk->microbatch += walk->folded;
	walk->now_ns += walk->folded * result->period_ns;
	walk->folded = 0;
	return 0;
}

bool sim_region_timeline_next(struct sim_region_timeline *walk, struct sim_interval *interval)
{
	unsigned segment = walk->region->segment;
	uint32_t microbatches = sim_run_microbatches(walk->run, segment);
	while (!walk->ended && walk->microbatch < microbatches) {
		uint32_t task = walk->region->first_compute + walk->index, repeats = fold(walk);
		double start_ns = sim_run_start_ns(walk->run, segment, task, walk->microbatch);
		*interval = (struct sim_interval){ .task = task,
			                           .microbatch = walk->microbatch,
			                           .repeats = repeats,
			                           .start_ns = walk->now_ns };
		if (start_ns > walk->now_ns) {
			interval->cause = find_cause(walk, task);
			interval->end_ns = walk->now_ns = start_ns;
			return true;
		}
		interval->computes = true;
		interval->end_ns = sim_run_end_ns(walk->run, segment, task, walk->microbatch);
		walk->now_ns = interval->end_ns;
		if (++walk->index == walk->region->compute_count) {
			walk->index = 0;
			walk->microbatch++;
		}
		if (interval->end_ns > interval->start_ns)
			return true;
	}
	return !walk->ended && drain(walk, interval);
}

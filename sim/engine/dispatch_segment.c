/*
 * Invariant: count[i] is the number of instance i's dependencies that have
 * ended, until it starts; an instance enters the ready heap exactly once, when
 * the last of them ends (or at the segment's start, if it has none).
 */
#include "sim/engine/dispatch.h"

#include <math.h>

/* Number of dependencies that instance (task, u) waits for. */
static uint32_t needed(const struct sim_segment_run *run, uint32_t task, uint32_t u)
{
	const struct sim_task *waiting = &run->tasks[task];
	if (u >= run->max_back[task])
		return waiting->dep_count;
	uint32_t count = 0;
	for (uint32_t d = 0; d < waiting->dep_count; d++) {
		const struct sim_dep *dep = &run->deps[waiting->first_dep + d];
		if (u >= dep->back || run->tasks[dep->task - run->segment->first_task].once)
			count++;
	}
	return count;
}

/* ---- set-up ---- */

static void build_successors(struct sim_segment_run *run)
{
	uint32_t first = run->segment->first_task, tasks = run->segment->task_count;
	run->first_successor = g_new0(uint32_t, tasks + 1);
	run->max_back = g_new0(uint32_t, tasks);
	for (uint32_t t = 0; t < tasks; t++) {
		for (uint32_t d = 0; d < run->tasks[t].dep_count; d++) {
			const struct sim_dep *dep = &run->deps[run->tasks[t].first_dep + d];
			g_assert(dep->task >= first &&
			         dep->task - first < tasks); /* same segment */
			run->first_successor[dep->task - first + 1]++;
			if (!run->tasks[dep->task - first].once)
				run->max_back[t] = MAX(run->max_back[t], dep->back);
		}
	}
	for (uint32_t t = 0; t < tasks; t++)
		run->first_successor[t + 1] += run->first_successor[t];
	run->successors = g_new(struct sim_successor, run->first_successor[tasks]);
	g_autofree uint32_t *next = g_memdup2(run->first_successor, tasks * sizeof(*next));
	for (uint32_t t = 0; t < tasks; t++) {
		for (uint32_t d = 0; d < run->tasks[t].dep_count; d++) {
			const struct sim_dep *dep = &run->deps[run->tasks[t].first_dep + d];
			run->successors[next[dep->task - first]++] =
				(struct sim_successor){ t, dep->back };
		}
	}
}

static void push_initial(struct sim_segment_run *run)
{
	for (uint32_t t = 0; t < run->segment->task_count; t++) {
		uint32_t instances = run->tasks[t].once ? 1 : run->limit;
		uint32_t candidates = run->tasks[t].dep_count ? MIN(run->max_back[t], instances)
		                                              : instances;
		for (uint32_t u = 0; u < candidates; u++) {
			if (needed(run, t, u) == 0)
				sim_ready_heap_push(&run->ready, (struct sim_ready){ u, t });
		}
	}
}

static uint64_t instances_within(const struct sim_segment_run *run, uint32_t limit)
{
	uint64_t count = 0;
	for (uint32_t t = 0; t < run->segment->task_count; t++)
		count += run->tasks[t].once ? 1 : limit;
	return count;
}

void sim_segment_begin(struct sim_segment_run *run, const struct sim_program *program,
                       unsigned index, bool exact, struct sim_shared *shared)
{
	const struct sim_segment *segment = &g_array_index(program->segments, struct sim_segment,
	                                                   index);
	struct sim_segment_result *result = &shared->segments[index];
	*run = (struct sim_segment_run){ .segment = segment,
		                         .tasks = &g_array_index(program->tasks, struct sim_task,
		                                                 segment->first_task),
		                         .deps = &g_array_index(program->deps, struct sim_dep, 0),
		                         .result = result,
		                         .start_ns = shared->start_ns + result->first_instance,
		                         .end_ns = shared->end_ns + result->first_instance,
		                         .limit = segment->microbatches };
	run->count = g_new0(uint32_t, (gsize)segment->microbatches * segment->task_count);
	run->left = instances_within(run, run->limit);
	build_successors(run);
	uint32_t marker = segment->marker - segment->first_task;
	run->watching = !exact && marker < segment->task_count && !run->tasks[marker].once;
	if (run->watching)
		sim_steady_init(&run->steady, run->tasks, segment->task_count, marker,
		                run->start_ns, run->end_ns);
	push_initial(run);
}

void sim_segment_end(struct sim_segment_run *run)
{
	uint32_t tasks = run->segment->task_count;
	run->result->simulated = run->limit;
	for (uint32_t t = 0; t < tasks; t++) {
		for (uint32_t u = 1; run->tasks[t].once && u < run->limit; u++)
			run->start_ns[(uint64_t)u * tasks + t] =
				run->end_ns[(uint64_t)u * tasks + t] = NAN;
	}
	g_free(run->count);
	g_free(run->first_successor);
	g_free(run->successors);
	g_free(run->max_back);
	g_free(run->ready.items);
	sim_steady_release(&run->steady);
}

/* ---- running ---- */

static uint64_t index_of(const struct sim_segment_run *run, uint32_t task, uint32_t u)
{
	return (uint64_t)u * run->segment->task_count + task;
}

bool sim_segment_start_next(struct sim_segment_run *run, double now_ns, struct sim_ready *next)
{
	while (run->ready.count > 0) {
		*next = sim_ready_heap_pop(&run->ready);
		if (next->microbatch >= run->limit)
			continue;
		uint64_t i = index_of(run, next->task, next->microbatch);
		run->count[i] = SIM_STARTED;
		run->start_ns[i] = now_ns;
		run->highest_started = MAX(run->highest_started, next->microbatch);
		return true;
	}
	return false;
}

uint32_t sim_segment_activity(const struct sim_segment_run *run, struct sim_ready instance)
{
	const struct sim_task *task = &run->tasks[instance.task];
	bool tail = run->segment->has_tail && !task->once && instance.microbatch == run->limit - 1;
	return tail ? task->tail : task->full;
}

static void release_one(struct sim_segment_run *run, uint32_t task, uint32_t u)
{
	if (++run->count[index_of(run, task, u)] == needed(run, task, u))
		sim_ready_heap_push(&run->ready, (struct sim_ready){ u, task });
}

static void release(struct sim_segment_run *run, struct sim_ready ended,
                    struct sim_successor successor)
{
	bool once = run->tasks[successor.task].once;
	uint32_t instances = once ? 1 : run->limit;
	if (run->tasks[ended.task].once) {
		for (uint32_t u = 0; u < instances; u++)
			release_one(run, successor.task, u);
	} else if (ended.microbatch < instances && successor.back < instances - ended.microbatch) {
		release_one(run, successor.task, ended.microbatch + successor.back);
	}
}

static double marker_end_ns(const struct sim_segment_run *run, uint32_t u)
{
	return run->end_ns[index_of(run, run->steady.marker, u)];
}

/* Leaves out what lies between the micro-batches that have started and the last ones. */
static uint64_t stop_early(struct sim_segment_run *run, uint32_t period)
{
	uint32_t total = run->segment->microbatches;
	uint32_t limit = run->highest_started + 2;
	if (limit >= total)
		return 0;
	uint32_t skipped = (total - limit) / period * period;
	if (skipped == 0)
		return 0;
	uint32_t last = run->steady.ended[run->steady.marker] - 1;
	run->limit = total - skipped;
	run->left -= instances_within(run, total) - instances_within(run, run->limit);
	run->watching = false;
	run->result->cut_ns = marker_end_ns(run, last);
	run->result->skipped = skipped;
	run->result->period_ns = (marker_end_ns(run, last) - marker_end_ns(run, last - period)) /
	                         period;
	run->result->pattern = period;
	return instances_within(run, total) - instances_within(run, run->limit);
}

static uint64_t watch(struct sim_segment_run *run, struct sim_ready instance)
{
	struct sim_steady *steady = &run->steady;
	uint32_t instances = run->tasks[instance.task].once ? 1 : run->limit;
	uint32_t *ended = &steady->ended[instance.task];
	uint32_t previous = steady->ended[steady->marker];
	while (*ended < instances && run->count[index_of(run, instance.task, *ended)] == SIM_ENDED)
		++*ended;
	if (steady->ended[steady->marker] != previous + 1)
		return 0;
	uint32_t period = sim_steady_marker_ended(steady);
	return period ? stop_early(run, period) : 0;
}

uint64_t sim_segment_ended(struct sim_segment_run *run, struct sim_ready instance, double now_ns)
{
	uint64_t i = index_of(run, instance.task, instance.microbatch);
	run->count[i] = SIM_ENDED;
	run->end_ns[i] = now_ns;
	run->left--;
	uint64_t skipped = run->watching ? watch(run, instance) : 0;
	for (uint32_t s = run->first_successor[instance.task];
	     s < run->first_successor[instance.task + 1]; s++)
		release(run, instance, run->successors[s]);
	return skipped;
}

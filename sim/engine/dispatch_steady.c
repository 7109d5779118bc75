/*
 * Invariant: once every task of the segment has started and ended its last
 * instances exactly one period after those p micro-batches earlier, the state
 * of the segment repeats (which activities are in flight, and how far they
 * are), and SimGrid is deterministic: the period goes on until the input ends.
 *
 * The marker alone is not enough. Its completions are periodic as soon as the
 * slowest cluster limits it, while faster clusters upstream still run ahead
 * until their buffers are full and load the links in another rhythm.
 */
#include "sim/engine/dispatch.h"

#include <float.h>
#include <math.h>

void sim_steady_init(struct sim_steady *steady, const struct sim_task *tasks, uint32_t task_count,
                     uint32_t marker, const double *start_ns, const double *end_ns)
{
	*steady = (struct sim_steady){ .tasks = tasks,
		                       .task_count = task_count,
		                       .marker = marker,
		                       .start_ns = start_ns,
		                       .end_ns = end_ns,
		                       .ended = g_new0(uint32_t, task_count) };
}

void sim_steady_release(struct sim_steady *steady)
{
	g_free(steady->ended);
	steady->ended = NULL;
}

/* Equal to 1e-9, and to what rounding of the clock and SimGrid's 1e-9 ns leave of it. */
static bool same(double a_ns, double b_ns, double clock_ns)
{
	double slack_ns = 1e-9 * fabs(b_ns) + 1e-8 + 32.0 * DBL_EPSILON * clock_ns;
	return fabs(a_ns - b_ns) <= slack_ns;
}

static double at(const struct sim_steady *steady, const double *times_ns, uint32_t task, uint32_t u)
{
	return times_ns[(uint64_t)u * steady->task_count + task];
}

/* The marker's intervals: does the newest equal the one p before, for each p? */
static void update_runs(struct sim_steady *steady, uint32_t last)
{
	const double *end_ns = steady->end_ns;
	uint32_t marker = steady->marker;
	double clock_ns = at(steady, end_ns, marker, last);
	double newest_ns = clock_ns - at(steady, end_ns, marker, last - 1);
	for (uint32_t p = 1; p <= SIM_MAX_PERIOD && last > p; p++) {
		double before_ns = at(steady, end_ns, marker, last - p) -
		                   at(steady, end_ns, marker, last - p - 1);
		steady->run[p] = same(newest_ns, before_ns, clock_ns) ? steady->run[p] + 1 : 0;
	}
}

/* Did the last 2p instances of a task start and end `shift_ns` after those p before? */
static bool task_repeats(const struct sim_steady *steady, uint32_t task, uint32_t p,
                         double shift_ns)
{
	uint32_t ended = steady->ended[task];
	double clock_ns = at(steady, steady->end_ns, task, ended - 1);
	for (uint32_t u = ended - MAX(2 * p, 4); u < ended; u++) {
		double end_ns = at(steady, steady->end_ns, task, u) -
		                at(steady, steady->end_ns, task, u - p);
		double start_ns = at(steady, steady->start_ns, task, u) -
		                  at(steady, steady->start_ns, task, u - p);
		if (!same(end_ns, shift_ns, clock_ns) || !same(start_ns, shift_ns, clock_ns))
			return false;
	}
	return true;
}

static bool all_tasks_repeat(const struct sim_steady *steady, uint32_t p, double shift_ns)
{
	for (uint32_t t = 0; t < steady->task_count; t++) {
		uint32_t ended = steady->ended[t];
		if (steady->tasks[t].once ? ended == 0 : ended < MAX(2 * p, 4) + p)
			return false;
		if (!steady->tasks[t].once && !task_repeats(steady, t, p, shift_ns))
			return false;
	}
	return true;
}

uint32_t sim_steady_marker_ended(struct sim_steady *steady)
{
	uint32_t marker = steady->marker;
	if (steady->ended[marker] < 2)
		return 0;
	uint32_t last = steady->ended[marker] - 1;
	update_runs(steady, last);
	for (uint32_t p = 1; p <= SIM_MAX_PERIOD; p++) {
		if (steady->run[p] < MAX(3 * p, 4))
			continue;
		double shift_ns = at(steady, steady->end_ns, marker, last) -
		                  at(steady, steady->end_ns, marker, last - p);
		if (all_tasks_repeat(steady, p, shift_ns))
			return p;
	}
	return 0;
}

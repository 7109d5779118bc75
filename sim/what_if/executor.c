/*
 * Invariant: an instance starts when the last of its dependencies ends, as in the engine; only how
 * long it takes differs. It is in a timer (its end is known, or its latency runs) or
 * shares resources (its end depends on the others).
 */
#include "sim/what_if/executor.h"

#include "hw/base/heap.h"

#include <math.h>

#define PROGRESS_US 30000
#define PROGRESS_EVENTS 256

/* ---- timers ---- */

struct timer {
	double at_ns;
	uint64_t order; /* of equal times, the first set is the first to go off */
	struct sim_ready instance;
	uint32_t shares; /* the activity that begins to share then; SIM_NONE: the instance ends */
};

static bool is_before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

HW_HEAP(timer_heap, struct timer, is_before)

struct executor {
	const struct sim_execution *what;
	struct sim_segment_run segment;
	double now_ns;
	struct timer_heap timers; /* the earliest on top */
	uint64_t timers_set;
	uint32_t events;
	gint64 told_us; /* when progress was */
};

static void set_timer(struct executor *e, double at_ns, struct sim_ready instance, uint32_t shares)
{
	timer_heap_push(&e->timers, (struct timer){ at_ns, e->timers_set++, instance, shares });
}

static double next_timer_ns(const struct executor *e)
{
	return e->timers.count ? e->timers.items[0].at_ns : INFINITY;
}

/* ---- running ---- */

static void start_activity(struct executor *e, struct sim_ready instance, uint32_t activity)
{
	const struct sim_lone *lone = &e->what->lone->activities[activity];
	if (lone->load_count == 0)
		set_timer(e, e->now_ns + lone->latency_ns + lone->work_ns, instance, SIM_NONE);
	else if (lone->latency_ns > 0)
		set_timer(e, e->now_ns + lone->latency_ns, instance, activity);
	else
		e->what->kind->add(e->what->sharing, instance, activity);
}

static void start_all_ready(struct executor *e)
{
	struct sim_ready instance;
	while (sim_segment_start_next(&e->segment, e->now_ns, &instance)) {
		uint32_t activity = sim_segment_activity(&e->segment, instance);
		if (activity == SIM_NONE)
			sim_segment_ended(&e->segment, instance, e->now_ns);
		else
			start_activity(e, instance, activity);
	}
}

/* Everything that happens at this instant, but for what starts. */
static void end_all(struct executor *e)
{
	struct sim_ready instance;
	e->what->kind->advance(e->what->sharing, e->now_ns);
	while (e->what->kind->take_ended(e->what->sharing, &instance))
		sim_segment_ended(&e->segment, instance, e->now_ns);
	while (next_timer_ns(e) <= e->now_ns) {
		struct timer timer = timer_heap_pop(&e->timers);
		if (timer.shares == SIM_NONE)
			sim_segment_ended(&e->segment, timer.instance, e->now_ns);
		else
			e->what->kind->add(e->what->sharing, timer.instance, timer.shares);
	}
}

static void tell_progress(struct executor *e)
{
	gint64 now_us;
	if (!e->what->progress || ++e->events % PROGRESS_EVENTS ||
	    (now_us = g_get_monotonic_time()) < e->told_us + PROGRESS_US)
		return;
	double total = e->segment.segment->task_count * (double)e->segment.segment->microbatches;
	e->what->progress(e->what->progress_data, 1 - (double)e->segment.left / total, e->now_ns);
	e->told_us = now_us;
}

static void run_segment(struct executor *e, unsigned index, struct sim_shared *shared)
{
	shared->segments[index].start_ns = e->now_ns;
	sim_segment_begin(&e->segment, e->what->program, index, true, shared);
	e->what->kind->advance(e->what->sharing, e->now_ns);
	start_all_ready(e);
	for (;;) {
		double next_ns = MIN(next_timer_ns(e),
		                     e->what->kind->next_end_ns(e->what->sharing));
		if (isinf(next_ns))
			break;
		e->now_ns = next_ns;
		end_all(e);
		start_all_ready(e);
		tell_progress(e);
	}
	g_assert(e->segment.left == 0); /* no program that is made here can wait for itself */
	sim_segment_end(&e->segment);
	shared->segments[index].end_ns = e->now_ns;
}

void sim_executor_run(const struct sim_execution *execution, struct sim_shared *shared)
{
	struct executor e = { .what = execution };
	for (guint s = 0; s < execution->program->segments->len; s++)
		run_segment(&e, s, shared);
	g_free(e.timers.items);
}

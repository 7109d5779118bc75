/*
 * Invariant: a task starts when the last of its dependencies ends. From then on it is in a timer (a
 * delay, or its latency runs) or, once its latency is over, among the flows.
 */
#include "sim/replay_private.h"

#include "sim/flow_classes.h"

#include <math.h>

#define PROGRESS_US 30000
#define PROGRESS_EVENTS 256

/* ---- timers ---- */

struct timer {
	double at_ns;
	struct sim_ready instance;
	uint32_t flow; /* the activity that begins to move then; SIM_NONE: the instance ends */
};

struct runner {
	const struct sim_program *program;
	const struct sim_replay_options *options;
	struct sim_lone_times lone;
	struct flow_classes flows;
	struct sim_segment_run segment;
	double now_ns;
	GArray *timers; /* struct timer, a heap, the earliest on top; ties: the lower task */
	uint32_t events;
	gint64 told_us;
};

static bool is_before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->instance.task < b->instance.task;
}

static void set_timer(struct runner *r, double at_ns, struct sim_ready instance, uint32_t flow)
{
	struct timer timer = { at_ns, instance, flow };
	guint hole = r->timers->len;
	g_array_append_val(r->timers, timer);
	struct timer *heap = &g_array_index(r->timers, struct timer, 0);
	for (; hole > 0 && is_before(&timer, &heap[(hole - 1) / 2]); hole = (hole - 1) / 2)
		heap[hole] = heap[(hole - 1) / 2];
	heap[hole] = timer;
}

static double next_timer_ns(const struct runner *r)
{
	return r->timers->len ? g_array_index(r->timers, struct timer, 0).at_ns : INFINITY;
}

static struct timer take_timer(struct runner *r)
{
	struct timer *heap = &g_array_index(r->timers, struct timer, 0);
	guint left = r->timers->len - 1, hole = 0, child;
	struct timer top = heap[0], last = heap[left];
	while ((child = 2 * hole + 1) < left) {
		if (child + 1 < left && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &last))
			break;
		heap[hole] = heap[child];
		hole = child;
	}
	heap[hole] = last;
	g_array_set_size(r->timers, left);
	return top;
}

/* ---- running ---- */

static void start_all_ready(struct runner *r)
{
	struct sim_ready instance;
	while (sim_segment_start_next(&r->segment, r->now_ns, &instance)) {
		uint32_t activity = sim_segment_activity(&r->segment, instance);
		if (activity == SIM_NONE) {
			sim_segment_ended(&r->segment, instance, r->now_ns);
			continue;
		}
		const struct sim_lone *lone = &r->lone.activities[activity];
		if (lone->load_count == 0)
			set_timer(r, r->now_ns + lone->latency_ns + lone->work_ns, instance,
			          SIM_NONE);
		else if (lone->latency_ns > 0)
			set_timer(r, r->now_ns + lone->latency_ns, instance, activity);
		else
			flow_classes_add(&r->flows, instance, activity);
	}
}

/* Everything that happens at this instant, but for what starts. */
static void end_all(struct runner *r)
{
	struct sim_ready instance;
	flow_classes_advance(&r->flows, r->now_ns);
	while (flow_classes_take_ended(&r->flows, &instance))
		sim_segment_ended(&r->segment, instance, r->now_ns);
	while (next_timer_ns(r) <= r->now_ns) {
		struct timer timer = take_timer(r);
		if (timer.flow == SIM_NONE)
			sim_segment_ended(&r->segment, timer.instance, r->now_ns);
		else
			flow_classes_add(&r->flows, timer.instance, timer.flow);
	}
}

static void tell_progress(struct runner *r)
{
	gint64 now_us;
	if (!r->options->progress || ++r->events % PROGRESS_EVENTS ||
	    (now_us = g_get_monotonic_time()) < r->told_us + PROGRESS_US)
		return;
	double total = r->segment.segment->task_count;
	r->options->progress(r->options->progress_data, 1 - (double)r->segment.left / total,
	                     r->now_ns);
	r->told_us = now_us;
}

static void run_segment(struct runner *r, struct sim_shared *shared)
{
	sim_segment_begin(&r->segment, r->program, 0, true, shared);
	start_all_ready(r);
	while (r->timers->len > 0 || r->flows.in_flight > 0) {
		r->now_ns = MIN(next_timer_ns(r), flow_classes_next_end_ns(&r->flows));
		end_all(r);
		start_all_ready(r);
		tell_progress(r);
	}
	g_assert(r->segment.left == 0); /* lists have no cycles */
	sim_segment_end(&r->segment);
}

void sim_replay_run(const struct hw_package *package, const struct sim_program *program,
                    const struct sim_replay_options *options, double *start_ns, double *end_ns)
{
	const struct sim_what_if everything = { .nop_contention = true, .dram_contention = true };
	struct sim_segment_result result = { 0 };
	struct sim_shared shared = { .segments = &result, .start_ns = start_ns, .end_ns = end_ns };
	struct runner r = { .program = program,
		            .options = options,
		            .timers = g_array_new(FALSE, FALSE, sizeof(struct timer)) };
	sim_lone_init(&r.lone, program, package, &everything);
	flow_classes_init(&r.flows, &r.lone, program->activities->len, package);
	run_segment(&r, &shared);
	flow_classes_release(&r.flows);
	sim_lone_release(&r.lone);
	g_array_unref(r.timers);
}

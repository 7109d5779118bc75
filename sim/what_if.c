/*
 * Invariant: an instance starts when the last of its dependencies ends, as in the
 * engine; only how long it takes differs. It is in a timer (its end is known, or
 * its latency runs) or among the sharers (its end depends on the others).
 */
#include "sim/sharing.h"

#include "sim/account.h"
#include "sim/lower.h"

#include <math.h>

/* ---- timers ---- */

struct timer {
	double at_ns;
	uint64_t order; /* of equal times, the first set is the first to go off */
	struct sim_ready instance;
	uint32_t shares; /* the activity that begins to share then; SIM_NONE: the instance ends */
};

struct executor {
	const struct sim_program *program;
	struct sim_lone_times lone;
	struct sim_sharing sharing;
	struct sim_segment_run segment;
	double now_ns;
	GArray *timers; /* struct timer, a heap, the earliest on top */
	uint64_t timers_set;
};

static bool is_before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void set_timer(struct executor *e, double at_ns, struct sim_ready instance, uint32_t shares)
{
	struct timer timer = { at_ns, e->timers_set++, instance, shares };
	guint hole = e->timers->len;
	g_array_append_val(e->timers, timer);
	struct timer *heap = &g_array_index(e->timers, struct timer, 0);
	while (hole > 0 && is_before(&timer, &heap[(hole - 1) / 2])) {
		heap[hole] = heap[(hole - 1) / 2];
		hole = (hole - 1) / 2;
	}
	heap[hole] = timer;
}

static double next_timer_ns(const struct executor *e)
{
	return e->timers->len ? g_array_index(e->timers, struct timer, 0).at_ns : INFINITY;
}

static struct timer take_timer(struct executor *e)
{
	struct timer *heap = &g_array_index(e->timers, struct timer, 0);
	guint left = e->timers->len - 1, hole = 0, child;
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
	g_array_set_size(e->timers, left);
	return top;
}

/* ---- running ---- */

static void start_activity(struct executor *e, struct sim_ready instance, uint32_t activity)
{
	const struct sim_lone *lone = &e->lone.activities[activity];
	if (lone->load_count == 0)
		set_timer(e, e->now_ns + lone->latency_ns + lone->work_ns, instance, SIM_NONE);
	else if (lone->latency_ns > 0)
		set_timer(e, e->now_ns + lone->latency_ns, instance, activity);
	else
		sim_sharing_add(&e->sharing, instance, activity);
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
	sim_sharing_advance(&e->sharing, e->now_ns);
	while (sim_sharing_take_ended(&e->sharing, &instance))
		sim_segment_ended(&e->segment, instance, e->now_ns);
	while (next_timer_ns(e) <= e->now_ns) {
		struct timer timer = take_timer(e);
		if (timer.shares == SIM_NONE)
			sim_segment_ended(&e->segment, timer.instance, e->now_ns);
		else
			sim_sharing_add(&e->sharing, timer.instance, timer.shares);
	}
}

static void run_segment(struct executor *e, unsigned index, struct sim_shared *shared)
{
	shared->segments[index].start_ns = e->now_ns;
	sim_segment_begin(&e->segment, e->program, index, true, shared);
	sim_sharing_advance(&e->sharing, e->now_ns);
	start_all_ready(e);
	for (;;) {
		double next_ns = MIN(next_timer_ns(e), sim_sharing_next_end_ns(&e->sharing));
		if (isinf(next_ns))
			break;
		e->now_ns = next_ns;
		end_all(e);
		start_all_ready(e);
	}
	g_assert(e->segment.left == 0); /* a valid mapping's program cannot wait for itself */
	sim_segment_end(&e->segment);
	shared->segments[index].end_ns = e->now_ns;
}

static void run_program(const struct sim_program *program, const struct hw_package *package,
                        const struct sim_what_if *what, struct sim_shared *shared)
{
	struct executor e = { .program = program,
		              .timers = g_array_new(FALSE, FALSE, sizeof(struct timer)) };
	sim_lone_init(&e.lone, program, package, what);
	sim_sharing_init(&e.sharing, &e.lone, package);
	for (guint s = 0; s < program->segments->len; s++)
		run_segment(&e, s, shared);
	sim_sharing_release(&e.sharing);
	sim_lone_release(&e.lone);
	g_array_unref(e.timers);
}

/* ---- what is run ---- */

/* The program's tasks without the dependencies of bounded buffers; the rest is borrowed. */
static struct sim_program unbounded(const struct sim_lowered *lowered)
{
	struct sim_program program = *lowered->program;
	program.tasks = g_array_copy(lowered->program->tasks);
	program.deps = g_array_new(FALSE, FALSE, sizeof(struct sim_dep));
	for (uint32_t t = 0; t < program.tasks->len; t++) {
		struct sim_task *task = &g_array_index(program.tasks, struct sim_task, t);
		uint32_t first = task->first_dep, count = task->dep_count;
		task->first_dep = program.deps->len;
		for (uint32_t d = 0; d < count; d++) {
			if (!sim_is_back_pressure(lowered, t, d))
				g_array_append_val(program.deps,
				                   g_array_index(lowered->program->deps,
				                                 struct sim_dep, first + d));
		}
		task->dep_count = program.deps->len - task->first_dep;
	}
	return program;
}

/* Empty, with room for all instances; what is never touched takes no memory. */
static struct sim_result new_result(const struct sim_program *program)
{
	struct sim_result result = { .segment_count = program->segments->len };
	result.segments = g_new0(struct sim_segment_result, result.segment_count);
	for (unsigned s = 0; s < result.segment_count; s++) {
		const struct sim_segment *segment = &g_array_index(program->segments,
		                                                   struct sim_segment, s);
		result.segments[s].first_instance = result.instance_count;
		result.instance_count += (uint64_t)segment->microbatches * segment->task_count;
	}
	result.start_ns = g_new(double, result.instance_count);
	result.end_ns = g_new(double, result.instance_count);
	return result;
}

static void execute(const struct sim_lowered *lowered, const struct hw_package *package,
                    const struct sim_what_if *what, struct sim_result *result)
{
	*result = new_result(lowered->program);
	struct sim_shared shared = { .segments = result->segments,
		                     .start_ns = result->start_ns,
		                     .end_ns = result->end_ns };
	if (what->back_pressure) {
		run_program(lowered->program, package, what, &shared);
		return;
	}
	struct sim_program program = unbounded(lowered);
	run_program(&program, package, what, &shared);
	g_array_unref(program.tasks);
	g_array_unref(program.deps);
}

static void result_release(struct sim_result *result)
{
	g_free(result->segments);
	g_free(result->start_ns);
	g_free(result->end_ns);
}

void sim_what_if_run(const struct map_plan *plan, const struct sim_what_if *what,
                     struct sim_what_if_times *times)
{
	struct sim_lowered *lowered = sim_lower(plan);
	struct sim_result result;
	execute(lowered, plan->package, what, &result);
	struct sim_run run = { plan->package, lowered, &result };
	times->latency_ns = result.segments[result.segment_count - 1].end_ns;
	times->segment_ns = g_new(double, result.segment_count);
	for (unsigned s = 0; s < result.segment_count; s++)
		times->segment_ns[s] = result.segments[s].end_ns - result.segments[s].start_ns;
	times->cluster_period_ns = g_new(double, lowered->regions->len);
	for (guint c = 0; c < lowered->regions->len; c++)
		times->cluster_period_ns[c] = sim_cluster_period_ns(
			&run, &g_array_index(lowered->regions, struct sim_region, c));
	result_release(&result);
	sim_lowered_free(lowered);
}

void sim_what_if_release(struct sim_what_if_times *times)
{
	g_clear_pointer(&times->segment_ns, g_free);
	g_clear_pointer(&times->cluster_period_ns, g_free);
}

/* ---- terms ---- */

const char *sim_term_name(enum sim_term term)
{
	static const char *const names[SIM_TERMS] = { "pipeline_fill", "tiles", "back_pressure",
		                                      "dram", "nop" };
	return names[term];
}

static double latency_ns(const struct sim_lowered *lowered, const struct hw_package *package,
                         struct sim_what_if what)
{
	struct sim_result result;
	execute(lowered, package, &what, &result);
	double end_ns = result.segments[result.segment_count - 1].end_ns;
	result_release(&result);
	return end_ns;
}

/* Each cluster is filled and drained in its own time, not in the period. */
static double fill_ns(const struct cost_report *analytical, const struct map_mapping *mapping)
{
	double sum_ns = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		const struct cost_segment *segment = &analytical->segments[s];
		for (unsigned c = 0; c < segment->cluster_count; c++)
			sum_ns += analytical->cluster_ns[segment->first_cluster + c] -
			          segment->period_ns;
	}
	return sum_ns;
}

void sim_split_error(const struct map_plan *plan, const struct cost_report *analytical,
                     double simulated_ns, double terms_ns[SIM_TERMS])
{
	struct sim_lowered *lowered = sim_lower(plan);
	/* The latency with one more part of reality each: that of term t is after[t]. */
	double after_ns[SIM_TERMS] = {
		[SIM_TERM_FILL] = analytical->latency_ns + fill_ns(analytical, plan->mapping),
		[SIM_TERM_TILES] = latency_ns(lowered, plan->package, (struct sim_what_if){ 0 }),
		[SIM_TERM_BACK_PRESSURE] = latency_ns(
			lowered, plan->package, (struct sim_what_if){ .back_pressure = true }),
		[SIM_TERM_DRAM] = latency_ns(
			lowered, plan->package,
			(struct sim_what_if){ .back_pressure = true, .dram_contention = true }),
		[SIM_TERM_NOP] = simulated_ns,
	};
	double before_ns = analytical->latency_ns;
	for (int t = 0; t < SIM_TERMS; t++) {
		terms_ns[t] = after_ns[t] - before_ns;
		before_ns = after_ns[t];
	}
	sim_lowered_free(lowered);
}

#include "sim/what_if/what_if.h"

#include "sim/account/account.h"
#include "sim/what_if/executor.h"
#include "sim/lower/lower.h"

/* ---- running ---- */

static void add(void *sharing, struct sim_ready instance, uint32_t activity)
{
	sim_sharing_add(sharing, instance, activity);
}

static double next_end_ns(void *sharing)
{
	return sim_sharing_next_end_ns(sharing);
}

static void advance(void *sharing, double now_ns)
{
	sim_sharing_advance(sharing, now_ns);
}

static bool take_ended(void *sharing, struct sim_ready *ended)
{
	return sim_sharing_take_ended(sharing, ended);
}

static void run_program(const struct sim_program *program, const struct hw_package *package,
                        const struct sim_what_if *what, struct sim_shared *shared)
{
	static const struct sim_sharing_kind one_by_one = { add, next_end_ns, advance, take_ended };
	struct sim_lone_times lone;
	struct sim_sharing sharing;
	sim_lone_init(&lone, program, package, what);
	sim_sharing_init(&sharing, &lone, package);
	const struct sim_execution execution = {
		.program = program, .lone = &lone, .kind = &one_by_one, .sharing = &sharing
	};
	sim_executor_run(&execution, shared);
	sim_sharing_release(&sharing);
	sim_lone_release(&lone);
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
			struct sim_dep dep = g_array_index(lowered->program->deps, struct sim_dep,
			                                   first + d);
			if (dep.cause != SIM_FOR_ROOM)
				g_array_append_val(program.deps, dep);
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
	struct sim_run run;
	sim_run_init(&run, plan->package, lowered, &result);
	times->latency_ns = result.segments[result.segment_count - 1].end_ns;
	times->segment_ns = g_new(double, result.segment_count);
	for (unsigned s = 0; s < result.segment_count; s++)
		times->segment_ns[s] = result.segments[s].end_ns - result.segments[s].start_ns;
	times->cluster_period_ns = g_new(double, lowered->regions->len);
	for (guint c = 0; c < lowered->regions->len; c++)
		times->cluster_period_ns[c] = sim_cluster_period_ns(
			&run, &g_array_index(lowered->regions, struct sim_region, c));
	sim_run_release(&run);
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
			sum_ns += analytical->cluster_ns[segment->first_cluster + c];
		sum_ns -= cost_segment_ns(0, 1, segment->cluster_count, segment->period_ns);
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

/* Words for instances, and for a segment that is stuck. */
#include "sim/engine/dispatch.h"

void sim_segment_describe(const struct sim_segment_run *run, struct sim_ready instance,
                          GString *text)
{
	static const char *const kinds[SIM_TASK_KINDS] = { "compute",  "load",  "gather",
		                                           "transfer", "fetch", "store" };
	const struct sim_task *t = &run->tasks[instance.task];
	g_string_append_printf(text, "%s of node %u (cluster %u, tile %u", kinds[t->kind], t->node,
	                       t->cluster, t->tile);
	if (!t->once)
		g_string_append_printf(text, ", micro-batch %u", instance.microbatch);
	g_string_append_c(text, ')');
}

/* The first dependency of an instance that has not ended; false if all have. */
static bool first_missing(const struct sim_segment_run *run, uint32_t task, uint32_t u,
                          struct sim_ready *missing)
{
	const struct sim_task *waiting = &run->tasks[task];
	for (uint32_t d = 0; d < waiting->dep_count; d++) {
		const struct sim_dep *dep = &run->deps[waiting->first_dep + d];
		uint32_t on = dep->task - run->segment->first_task;
		bool once = run->tasks[on].once;
		if (!once && u < dep->back)
			continue;
		*missing = (struct sim_ready){ once ? 0 : u - dep->back, on };
		if (run->count[(uint64_t)missing->microbatch * run->segment->task_count + on] !=
		    SIM_ENDED)
			return true;
	}
	return false;
}

void sim_segment_describe_deadlock(const struct sim_segment_run *run, unsigned segment_index,
                                   char *buffer, size_t size)
{
	g_autoptr(GString) text = g_string_new(NULL);
	uint32_t tasks = run->segment->task_count;
	struct sim_ready missing;
	g_string_printf(text, "segment %u: deadlock with %" G_GUINT64_FORMAT " instances left: ",
	                segment_index, run->left);
	for (uint64_t i = 0; i < (uint64_t)run->limit * tasks; i++) {
		uint32_t task = (uint32_t)(i % tasks), u = (uint32_t)(i / tasks);
		if (run->count[i] == SIM_ENDED || (run->tasks[task].once && u > 0) ||
		    !first_missing(run, task, u, &missing))
			continue;
		sim_segment_describe(run, (struct sim_ready){ u, task }, text);
		g_string_append(text, " waits for ");
		sim_segment_describe(run, missing, text);
		break;
	}
	g_strlcpy(buffer, text->str, size);
}

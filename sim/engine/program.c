#include "sim/engine/program.h"

struct sim_program *sim_program_new(void)
{
	struct sim_program *program = g_new0(struct sim_program, 1);
	program->chiplets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	program->cycles = g_array_new(FALSE, FALSE, sizeof(double));
	program->loads = g_array_new(FALSE, FALSE, sizeof(struct fair_load));
	program->activities = g_array_new(FALSE, FALSE, sizeof(struct sim_activity));
	program->deps = g_array_new(FALSE, FALSE, sizeof(struct sim_dep));
	program->tasks = g_array_new(FALSE, FALSE, sizeof(struct sim_task));
	program->segments = g_array_new(FALSE, FALSE, sizeof(struct sim_segment));
	return program;
}

uint64_t sim_instance_count(const struct sim_program *program)
{
	uint64_t count = 0;
	for (guint s = 0; s < program->segments->len; s++) {
		const struct sim_segment *segment = &g_array_index(program->segments,
		                                                   struct sim_segment, s);
		for (uint32_t t = 0; t < segment->task_count; t++) {
			bool once = g_array_index(program->tasks, struct sim_task,
			                          segment->first_task + t)
			                    .once;
			count += once ? 1 : segment->microbatches;
		}
	}
	return count;
}

void sim_program_free(struct sim_program *program)
{
	if (!program)
		return;
	g_array_unref(program->chiplets);
	g_array_unref(program->cycles);
	g_array_unref(program->loads);
	g_array_unref(program->activities);
	g_array_unref(program->deps);
	g_array_unref(program->tasks);
	g_array_unref(program->segments);
	g_free(program);
}

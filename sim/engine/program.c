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

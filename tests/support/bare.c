#include "tests/support/bare.h"

#include "sim/engine/platform.h"

#include <locale.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/exec.h>
#include <simgrid/host.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_FLYING 4096

struct bare {
	const struct sim_program *program;
	const struct bare_step *steps;
	size_t count;
	sg_host_t *hosts;
	double *bytes, *end_ns;
};

static int by_start(const void *left, const void *right)
{
	const struct bare_step *a = left, *b = right;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->instance > b->instance) - (a->instance < b->instance);
}

GArray *bare_steps(const struct sim_program *program, const struct sim_result *result)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct bare_step));
	for (guint s = 0; s < program->segments->len; s++) {
		const struct sim_segment *segment = &g_array_index(program->segments,
		                                                   struct sim_segment, s);
		uint32_t simulated = result->segments[s].simulated;
		for (uint64_t i = 0; i < (uint64_t)simulated * segment->task_count; i++) {
			uint32_t index = segment->first_task + (uint32_t)(i % segment->task_count);
			const struct sim_task *task = &g_array_index(program->tasks,
			                                             struct sim_task, index);
			bool last = i / segment->task_count == simulated - 1;
			struct bare_step step = { .instance = result->segments[s].first_instance +
				                              i };
			step.start_ns = result->start_ns[step.instance];
			step.activity = segment->has_tail && last && !task->once ? task->tail
			                                                         : task->full;
			if (step.activity != SIM_NONE && step.start_ns >= 0.0)
				g_array_append_val(steps, step);
		}
	}
	qsort(steps->data, steps->len, sizeof(struct bare_step), by_start);
	return steps;
}

static sg_exec_t start(struct bare *bare, uint32_t index)
{
	const struct sim_activity *a = &g_array_index(bare->program->activities,
	                                              struct sim_activity, index);
	sg_host_t *hosts = bare->hosts + a->first_host;
	sg_exec_t exec;
	if (a->first_cycles != SIM_NONE) {
		double *cycles = &g_array_index(bare->program->cycles, double, a->first_cycles);
		exec = sg_actor_parallel_exec_init((int)a->host_count, hosts, cycles, NULL);
	} else {
		const struct sim_flow *f = &g_array_index(bare->program->flows, struct sim_flow,
		                                          a->first_flow);
		for (uint32_t i = 0; i < a->flow_count; i++)
			bare->bytes[f[i].from * a->host_count + f[i].to] += f[i].bytes;
		exec = sg_actor_parallel_exec_init((int)a->host_count, hosts, NULL, bare->bytes);
		for (uint32_t i = 0; i < a->flow_count; i++)
			bare->bytes[f[i].from * a->host_count + f[i].to] = 0.0;
	}
	sg_exec_start(exec);
	return exec;
}

static void run_steps(int argc, char **argv)
{
	struct bare *bare = sg_actor_self_get_data();
	size_t next = 0, flying = 0, *step = g_new(size_t, MOST_FLYING);
	sg_exec_t *execs = g_new(sg_exec_t, MOST_FLYING);
	(void)argc;
	(void)argv;
	do {
		double now_ns = simgrid_get_clock();
		for (; next < bare->count &&
		       bare->steps[next].start_ns <= now_ns * (1 + 1e-11) + 1e-7;
		     next++) {
			execs[flying] = start(bare, bare->steps[next].activity);
			step[flying++] = next;
		}
		ssize_t i = sg_exec_wait_any(execs, flying);
		bare->end_ns[step[i]] = simgrid_get_clock();
		execs[i] = execs[--flying];
		step[i] = step[flying];
	} while (flying > 0 || next < bare->count);
}

static void child(struct bare *bare, const struct hw_package *package, const char *solver,
                  const char *platform)
{
	g_autofree char *choice = g_strconcat("--cfg=host/solver:", solver, NULL);
	const char *extra = g_getenv("MCMSIM_SIMGRID_CFG");
	g_autofree char *option = g_strconcat(
		"--cfg=", extra && *extra ? extra : "surf/precision:1e-9", NULL);
	char *arguments[] = { "bare",
		              "--cfg=host/model:ptask_L07",
		              choice,
		              "--cfg=network/TCP-gamma:1e18",
		              "--cfg=maxmin/precision:1e-9",
		              "--log=root.thresh:warning",
		              option,
		              NULL };
	int count = 7;
	char name[64];
	setlocale(LC_NUMERIC, "C");
	simgrid_init(&count, arguments);
	simgrid_load_platform(platform);
	const GArray *used = bare->program->hosts;
	size_t most = 0;
	for (guint a = 0; a < bare->program->activities->len; a++)
		most = MAX(most, g_array_index(bare->program->activities, struct sim_activity, a)
		                         .host_count);
	bare->hosts = g_new(sg_host_t, used->len);
	bare->bytes = g_new0(double, most *most);
	for (guint i = 0; i < used->len; i++)
		bare->hosts[i] = sg_host_by_name(sim_host_name(
			package, g_array_index(used, uint32_t, i), name, sizeof(name)));
	sg_actor_t actor = sg_actor_init("bare", sg_host_by_name("chiplet-0-0"));
	sg_actor_set_data(actor, bare);
	sg_actor_start_(actor, run_steps, 0, NULL);
	simgrid_run();
}

bool bare_run(const struct sim_program *program, const struct hw_package *package,
              const char *solver, const char *platform_path, const GArray *steps, double *end_ns)
{
	size_t bytes = MAX(steps->len, 1) * sizeof(double);
	struct bare bare = { .program = program,
		             .steps = &g_array_index(steps, struct bare_step, 0),
		             .count = steps->len };
	bare.end_ns = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		child(&bare, package, solver, platform_path);
		_exit(0);
	}
	bool done = waitpid(pid, &status, 0) == pid && status == 0;
	memcpy(end_ns, bare.end_ns, bytes);
	munmap(bare.end_ns, bytes);
	return done;
}

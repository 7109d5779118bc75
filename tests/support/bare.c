#include "tests/support/bare.h"

#include "hw/resources.h"
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
#define SLIGHT 1e-9 /* bytes */

struct bare {
	const struct sim_program *program;
	const struct bare_step *steps;
	size_t count;
	const struct hw_package *package;
	sg_host_t *hosts; /* of the package */
	sg_host_t *used;  /* by the activity at hand */
	uint32_t used_count;
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

/* The hosts at a resource's ends; a DRAM channel is shared by both directions, so that one stands
 * for both. */
static void resource_ends(const struct hw_package *package, unsigned resource, uint32_t *from,
                          uint32_t *to)
{
	unsigned chiplets = hw_chiplet_count(package), at;
	switch (hw_resource_kind(package, resource)) {
	case HW_LINK:
		*from = chiplets + package->links[resource].from;
		*to = chiplets + package->links[resource].to;
		return;
	case HW_INJECT:
		at = resource - hw_inject_id(package, 0);
		*from = at;
		*to = chiplets + at;
		return;
	case HW_EJECT:
		at = resource - hw_eject_id(package, 0);
		*from = chiplets + at;
		*to = at;
		return;
	case HW_DRAM:
		at = resource - hw_dram_id(package, 0);
		*from = 2 * chiplets + at;
		*to = chiplets + package->dram[at].at;
		return;
	}
}

static uint32_t use_host(struct bare *bare, uint32_t host)
{
	for (uint32_t i = 0; i < bare->used_count; i++)
		if (bare->used[i] == bare->hosts[host])
			return i;
	bare->used[bare->used_count] = bare->hosts[host];
	return bare->used_count++;
}

/* Its latency passes with hardly a byte, its loads between the ends of their resources. */
static sg_exec_t phase_exec(struct bare *bare, const struct sim_activity *a)
{
	const struct fair_load *loads = &g_array_index(bare->program->loads, struct fair_load,
	                                               a->first_load);
	g_autofree uint32_t *ends = g_new(uint32_t, 2 * a->load_count);
	bare->used_count = 0;
	uint32_t from = use_host(bare, a->from), to = use_host(bare, a->to);
	for (uint32_t i = 0; i < a->load_count; i++) {
		resource_ends(bare->package, loads[i].resource, &ends[2 * i], &ends[2 * i + 1]);
		ends[2 * i] = use_host(bare, ends[2 * i]);
		ends[2 * i + 1] = use_host(bare, ends[2 * i + 1]);
	}
	uint32_t hosts = bare->used_count;
	bare->bytes[from * hosts + to] = SLIGHT;
	for (uint32_t i = 0; i < a->load_count; i++)
		bare->bytes[ends[2 * i] * hosts + ends[2 * i + 1]] = loads[i].bytes;
	sg_exec_t exec = sg_actor_parallel_exec_init((int)hosts, bare->used, NULL, bare->bytes);
	memset(bare->bytes, 0, hosts * hosts * sizeof *bare->bytes);
	return exec;
}

static sg_exec_t compute_exec(struct bare *bare, const struct sim_activity *a)
{
	bare->used_count = 0;
	for (uint32_t i = 0; i < a->share_count; i++)
		use_host(bare,
		         g_array_index(bare->program->chiplets, uint32_t, a->first_share + i));
	double *cycles = &g_array_index(bare->program->cycles, double, a->first_share);
	return sg_actor_parallel_exec_init((int)bare->used_count, bare->used, cycles, NULL);
}

static sg_exec_t start(struct bare *bare, uint32_t index)
{
	const struct sim_activity *a = &g_array_index(bare->program->activities,
	                                              struct sim_activity, index);
	sg_exec_t exec = a->share_count > 0 ? compute_exec(bare, a) : phase_exec(bare, a);
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
	uint32_t hosts = sim_host_count(package);
	bare->hosts = g_new(sg_host_t, hosts);
	bare->used = g_new(sg_host_t, hosts);
	bare->bytes = g_new0(double, (size_t)hosts *hosts);
	for (uint32_t i = 0; i < hosts; i++)
		bare->hosts[i] = sg_host_by_name(sim_host_name(package, i, name, sizeof(name)));
	sg_actor_t actor = sg_actor_init("bare", sg_host_by_name("chiplet-0-0"));
	sg_actor_set_data(actor, bare);
	sg_actor_start_(actor, run_steps, 0, NULL);
	simgrid_run();
}

/* With a route over each resource alone. */
static bool write_platform(const struct sim_program *program, const struct hw_package *package,
                           const char *path)
{
	struct sim_program *all = sim_program_new();
	g_array_append_vals(all->activities, program->activities->data, program->activities->len);
	for (unsigned r = 0; r < hw_resource_count(package); r++) {
		struct sim_activity alone = { .from = 0 };
		resource_ends(package, r, &alone.from, &alone.to);
		g_array_append_val(all->activities, alone);
	}
	bool written = sim_platform_write(package, all, path, NULL);
	sim_program_free(all);
	return written;
}

bool bare_run(const struct sim_program *program, const struct hw_package *package,
              const char *solver, const char *platform_path, const GArray *steps, double *end_ns)
{
	if (!write_platform(program, package, platform_path))
		return false;
	size_t bytes = MAX(steps->len, 1) * sizeof(double);
	struct bare bare = { .program = program,
		             .package = package,
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

/*
 * SimGrid executes: it has the clock, computes on hosts, pays latencies on routes and
 * says what ends next. How phases share their resources once their latency is over is
 * found in sharing.c, since no solver of SimGrid 3.32 does it right (sim/README.md,
 * "Sharing"); SimGrid is told when the next of them ends.
 *
 * Invariant: every activity in `execs` has started and not been seen to end; execs[i]
 * belongs to flying[i]. execs[0] is the alarm, if it is set: it ends when the next
 * phase does. The dispatcher sleeps only in sg_exec_wait_any, with everything that can
 * start started and the alarm right.
 */
#include "sim/engine/dispatch.h"

#include "sim/engine/platform.h"
#include "sim/engine/sharing.h"

#include <locale.h>
#include <math.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/exec.h>
#include <simgrid/host.h>
#include <string.h>

/* Bytes that take no time to speak of: a latency alone. */
#define SLIGHT 1e-15

struct flying {
	struct sim_ready instance;
	uint32_t shares; /* the activity that begins to share when this ends; SIM_NONE: the
	                    instance ends */
};

struct dispatcher {
	const struct sim_program *program;
	const struct hw_package *package;
	struct sim_shared *shared;
	bool exact;
	struct sim_lone_times lone;
	struct sim_sharing sharing;
	sg_host_t *hosts;   /* per host of the package */
	sg_host_t clock[2]; /* the ends of the clock link */
	sg_exec_t *execs;
	struct flying *flying;
	size_t in_flight, capacity; /* counted from execs[1] */
	double alarm_ns;            /* when execs[0] ends; INFINITY: it is not set */
	struct sim_ready
		*computing; /* per chiplet: the compute instance on it; task SIM_NONE: none */
	struct sim_segment_run run;
};

static const struct sim_activity *activity_at(const struct sim_program *program, uint32_t index)
{
	return &g_array_index(program->activities, struct sim_activity, index);
}

/* ---- set-up ---- */

/*
 * SimGrid's options, `--cfg=name:value`. maxmin/precision is what the solver
 * leaves of a link's bandwidth, in bytes per ns; times surf/precision it is also the
 * share of an activity that counts as nothing left.
 */
static GPtrArray *simgrid_arguments(void)
{
	static const char *const options[] = { "host/model:ptask_L07", "host/solver:fairbottleneck",
		                               "network/TCP-gamma:1e18", "surf/precision:1e-9",
		                               "maxmin/precision:1e-9" };
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(arguments, g_strdup("mcmsim"));
	g_ptr_array_add(arguments, g_strdup("--log=root.thresh:warning"));
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
		g_ptr_array_add(arguments, g_strconcat("--cfg=", options[i], NULL));
	const char *extra = g_getenv("MCMSIM_SIMGRID_CFG");
	g_auto(GStrv) parts = g_strsplit(extra ? extra : "", ",", -1);
	for (char **part = parts; *part; part++) {
		if (**part)
			g_ptr_array_add(arguments, g_strconcat("--cfg=", *part, NULL));
	}
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

static void load_platform(const char *path)
{
	g_autoptr(GPtrArray) arguments = simgrid_arguments();
	int count = (int)arguments->len - 1;
	/* simgrid_init removes what it understands from the array. */
	g_autofree char **vector = g_memdup2(arguments->pdata, arguments->len * sizeof(char *));
	setlocale(LC_NUMERIC, "C"); /* the platform's numbers are written with "." */
	simgrid_init(&count, vector);
	simgrid_load_platform(path);
}

static void find_hosts(struct dispatcher *d)
{
	unsigned count = sim_host_count(d->package);
	char name[64];
	d->hosts = g_new(sg_host_t, count);
	for (unsigned h = 0; h < count; h++) {
		d->hosts[h] = sg_host_by_name(sim_host_name(d->package, h, name, sizeof(name)));
		g_assert(d->hosts[h]); /* the platform has every host of the package */
	}
	d->clock[0] = sg_host_by_name(SIM_CLOCK_FROM);
	d->clock[1] = sg_host_by_name(SIM_CLOCK_TO);
}

/* ---- running ---- */

/* SimGrid copies the arrays that it is given. */
static sg_exec_t start_flow(sg_host_t *ends, double bytes)
{
	double matrix[4] = { 0.0, bytes, 0.0, 0.0 };
	sg_exec_t exec = sg_actor_parallel_exec_init(2, ends, NULL, matrix);
	sg_exec_start(exec);
	return exec;
}

/* One byte per ns over a link that never shares: it takes its time whatever else there is. */
static sg_exec_t start_delay(struct dispatcher *d, double delay_ns)
{
	return start_flow(d->clock, delay_ns);
}

/* Where it passes nowhere, it is a delay. */
static sg_exec_t start_latency(struct dispatcher *d, const struct sim_activity *activity)
{
	if (activity->from == SIM_NONE)
		return start_delay(d, activity->latency_ns);
	sg_host_t ends[2] = { d->hosts[activity->from], d->hosts[activity->to] };
	return start_flow(ends, SLIGHT);
}

/* Regions that compute at the same time are disjoint, so only the slowest chiplet decides. */
static sg_exec_t start_compute(struct dispatcher *d, const struct sim_activity *activity)
{
	const uint32_t *hosts = &g_array_index(d->program->chiplets, uint32_t,
	                                       activity->first_share);
	const double *cycles = &g_array_index(d->program->cycles, double, activity->first_share);
	double slowest_ns = -1.0;
	uint32_t slowest = 0;
	for (uint32_t h = 0; h < activity->share_count; h++) {
		double time_ns = cycles[h] / hw_chiplet(d->package, hosts[h])->clock_GHz;
		if (time_ns > slowest_ns) {
			slowest_ns = time_ns;
			slowest = h;
		}
	}
	double amount = cycles[slowest];
	sg_exec_t exec = sg_actor_parallel_exec_init(1, &d->hosts[hosts[slowest]], &amount, NULL);
	sg_exec_start(exec);
	return exec;
}

static void watch(struct dispatcher *d, sg_exec_t exec, struct sim_ready instance, uint32_t shares)
{
	if (d->in_flight == d->capacity) {
		d->capacity *= 2;
		d->execs = g_renew(sg_exec_t, d->execs, d->capacity + 1);
		d->flying = g_renew(struct flying, d->flying, d->capacity + 1);
	}
	d->in_flight++;
	d->execs[d->in_flight] = exec;
	d->flying[d->in_flight] = (struct flying){ instance, shares };
}

static bool takes_time(const struct sim_lone *lone)
{
	return lone->latency_ns > 0.0 || lone->work_ns > 0.0;
}

static void start_activity(struct dispatcher *d, struct sim_ready instance, uint32_t index)
{
	const struct sim_activity *activity = activity_at(d->program, index);
	d->shared->activities++;
	if (activity->share_count > 0)
		watch(d, start_compute(d, activity), instance, SIM_NONE);
	else if (activity->latency_ns > 0.0)
		watch(d, start_latency(d, activity), instance,
		      activity->load_count > 0 ? index : SIM_NONE);
	else
		sim_sharing_add(&d->sharing, instance, index);
}

static void end_instance(struct dispatcher *d, struct sim_ready instance, double now_ns)
{
	uint64_t skipped = sim_segment_ended(&d->run, instance, now_ns);
	uint64_t done = atomic_load_explicit(&d->shared->progress_done, memory_order_relaxed);
	atomic_store_explicit(&d->shared->progress_done, done + 1 + skipped, memory_order_relaxed);
	atomic_store_explicit(&d->shared->progress_ns, now_ns, memory_order_relaxed);
}

/* Returns false, with an error, if some other compute is on one of its chiplets. */
static bool occupy_chiplets(struct dispatcher *d, struct sim_ready instance,
                            const struct sim_activity *activity)
{
	for (uint32_t h = 0; h < activity->share_count; h++) {
		uint32_t host = g_array_index(d->program->chiplets, uint32_t,
		                              activity->first_share + h);
		if (g_array_index(d->program->cycles, double, activity->first_share + h) <= 0.0)
			continue;
		if (d->computing[host].task != SIM_NONE) {
			g_autoptr(GString) text = g_string_new(NULL);
			sim_segment_describe(&d->run, instance, text);
			g_string_append_printf(text, " starts on chiplet %u during ", host);
			sim_segment_describe(&d->run, d->computing[host], text);
			g_strlcpy(d->shared->error, text->str, sizeof(d->shared->error));
			d->shared->error_code = SIM_ERROR_OVERLAP;
			return false;
		}
		d->computing[host] = instance;
	}
	return true;
}

static void free_chiplets(struct dispatcher *d, const struct sim_activity *activity)
{
	for (uint32_t h = 0; h < activity->share_count; h++) {
		if (g_array_index(d->program->cycles, double, activity->first_share + h) > 0.0)
			d->computing[g_array_index(d->program->chiplets, uint32_t,
			                           activity->first_share + h)]
				.task = SIM_NONE;
	}
}

static bool start_all_ready(struct dispatcher *d, double now_ns)
{
	struct sim_ready instance;
	while (sim_segment_start_next(&d->run, now_ns, &instance)) {
		uint32_t index = sim_segment_activity(&d->run, instance);
		if (index == SIM_NONE || !takes_time(&d->lone.activities[index]))
			end_instance(d, instance, now_ns);
		else if (occupy_chiplets(d, instance, activity_at(d->program, index)))
			start_activity(d, instance, index);
		else
			return false;
	}
	return true;
}

static void end_activity(struct dispatcher *d, struct sim_ready instance, double now_ns)
{
	free_chiplets(d, activity_at(d->program, sim_segment_activity(&d->run, instance)));
	end_instance(d, instance, now_ns);
}

/* Sets the alarm to when the next phase ends, if it is not. */
static void set_alarm(struct dispatcher *d, double now_ns)
{
	double next_ns = sim_sharing_next_end_ns(&d->sharing);
	if (next_ns == d->alarm_ns)
		return;
	if (d->alarm_ns < INFINITY)
		sg_exec_cancel(d->execs[0]);
	d->alarm_ns = next_ns;
	if (next_ns < INFINITY)
		d->execs[0] = start_delay(d, next_ns - now_ns);
}

/* Waits for one activity of SimGrid; what it stands for ends now. */
static void wait_for_one(struct dispatcher *d)
{
	size_t first = d->alarm_ns < INFINITY ? 0 : 1;
	ssize_t i = sg_exec_wait_any(d->execs + first, d->in_flight + 1 - first);
	g_assert(i >= 0 && (size_t)i <= d->in_flight); /* no timeout, no failures modelled */
	size_t ended = (size_t)i + first;
	double now_ns = simgrid_get_clock();
	sim_sharing_advance(&d->sharing, now_ns);
	if (ended == 0) {
		d->alarm_ns = INFINITY;
		return;
	}
	struct flying flying = d->flying[ended];
	d->execs[ended] = d->execs[d->in_flight];
	d->flying[ended] = d->flying[d->in_flight];
	d->in_flight--;
	if (flying.shares != SIM_NONE)
		sim_sharing_add(&d->sharing, flying.instance, flying.shares);
	else
		end_activity(d, flying.instance, now_ns);
}

/* Returns false on an error. */
static bool run_until_idle(struct dispatcher *d)
{
	struct sim_ready instance;
	for (;;) {
		double now_ns = simgrid_get_clock();
		while (sim_sharing_take_ended(&d->sharing, &instance))
			end_activity(d, instance, now_ns);
		if (!start_all_ready(d, now_ns))
			return false;
		set_alarm(d, now_ns);
		if (d->in_flight == 0 && isinf(d->alarm_ns))
			return true;
		wait_for_one(d);
	}
}

/* Returns false on an error. */
static bool run_segment(struct dispatcher *d, unsigned index)
{
	struct sim_segment_result *result = &d->shared->segments[index];
	sim_segment_begin(&d->run, d->program, index, d->exact, d->shared);
	result->start_ns = simgrid_get_clock();
	sim_sharing_advance(&d->sharing, result->start_ns);
	bool good = run_until_idle(d);
	result->end_ns = simgrid_get_clock();
	if (good && d->run.left > 0) {
		good = false;
		d->shared->error_code = SIM_ERROR_DEADLOCK;
		sim_segment_describe_deadlock(&d->run, index, d->shared->error,
		                              sizeof(d->shared->error));
	}
	sim_segment_end(&d->run);
	return good;
}

static void run_program(struct dispatcher *d)
{
	d->capacity = 256;
	d->execs = g_new(sg_exec_t, d->capacity + 1);
	d->flying = g_new(struct flying, d->capacity + 1);
	for (guint s = 0; s < d->program->segments->len; s++) {
		if (!run_segment(d, s))
			break;
	}
	d->shared->end_ns_clock = simgrid_get_clock();
	g_free(d->execs);
	g_free(d->flying);
}

static void dispatcher_main(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	run_program(sg_actor_self_get_data());
}

bool sim_dispatch(const struct sim_program *program, const char *platform_path,
                  const struct hw_package *package, bool exact, struct sim_shared *shared)
{
	const struct sim_what_if all = { true, true, true };
	struct dispatcher d = { .program = program,
		                .package = package,
		                .shared = shared,
		                .exact = exact,
		                .alarm_ns = INFINITY };
	char name[64];
	gint64 begin_us = g_get_monotonic_time();
	load_platform(platform_path);
	find_hosts(&d);
	sim_lone_init(&d.lone, program, package, &all);
	sim_sharing_init(&d.sharing, &d.lone, package);
	shared->load_wall_s = (double)(g_get_monotonic_time() - begin_us) / 1e6;
	d.computing = g_new(struct sim_ready, hw_chiplet_count(package));
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		d.computing[c].task = SIM_NONE;
	sg_actor_t actor = sg_actor_init(
		"dispatcher", sg_host_by_name(sim_host_name(package, 0, name, sizeof(name))));
	sg_actor_set_data(actor, &d);
	sg_actor_start_(actor, dispatcher_main, 0, NULL);
	simgrid_run();
	sim_sharing_release(&d.sharing);
	sim_lone_release(&d.lone);
	g_free(d.computing);
	g_free(d.hosts);
	return shared->error[0] == '\0';
}

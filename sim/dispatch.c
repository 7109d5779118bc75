/*
 * Invariant: every instance in `execs` has started and not been seen to end;
 * execs[i] belongs to instances[i]. The dispatcher sleeps only in
 * sg_exec_wait_any, with everything that can start started.
 */
#include "sim/dispatch.h"

#include "sim/platform.h"

#include <locale.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/exec.h>
#include <simgrid/host.h>
#include <string.h>

struct dispatcher {
	const struct sim_program *program;
	struct sim_program *lean; /* what SimGrid is given of the activities */
	struct sim_shared *shared;
	bool exact;
	sg_host_t *hosts;   /* lean->hosts, as SimGrid's */
	sg_host_t clock[2]; /* the ends of the clock link, if some activity is a delay */
	double *bytes;      /* scratch: the largest byte matrix, all zero between uses */
	sg_exec_t *execs;
	struct sim_ready *instances;
	size_t in_flight, capacity;
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

static void find_hosts(struct dispatcher *d, const struct hw_package *package)
{
	const GArray *used = d->lean->hosts;
	char name[64];
	d->hosts = g_new(sg_host_t, used->len);
	for (guint i = 0; i < used->len; i++) {
		uint32_t host = g_array_index(used, uint32_t, i);
		d->hosts[i] = sg_host_by_name(sim_host_name(package, host, name, sizeof(name)));
		g_assert(d->hosts[i]); /* the platform has every host of the package */
	}
	if (sim_has_delays(d->lean)) {
		d->clock[0] = sg_host_by_name(SIM_CLOCK_FROM);
		d->clock[1] = sg_host_by_name(SIM_CLOCK_TO);
	}
}

static double *new_byte_matrix(const struct sim_program *program)
{
	size_t most = 0;
	for (guint a = 0; a < program->activities->len; a++)
		most = MAX(most, activity_at(program, a)->host_count);
	return g_new0(double, MAX(most * most, 1));
}

/* ---- running ---- */

static sg_exec_t start_phase(struct dispatcher *d, const struct sim_activity *activity)
{
	size_t hosts = activity->host_count;
	const struct sim_flow *flows = &g_array_index(d->lean->flows, struct sim_flow,
	                                              activity->first_flow);
	for (uint32_t f = 0; f < activity->flow_count; f++)
		d->bytes[flows[f].from * hosts + flows[f].to] += flows[f].bytes;
	sg_exec_t exec = sg_actor_parallel_exec_init((int)hosts, d->hosts + activity->first_host,
	                                             NULL, d->bytes);
	for (uint32_t f = 0; f < activity->flow_count; f++)
		d->bytes[flows[f].from * hosts + flows[f].to] = 0.0;
	return exec;
}

/* One byte per ns over a link that never shares: it takes its time whatever else there is. */
static sg_exec_t start_delay(struct dispatcher *d, double delay_ns)
{
	double bytes[4] = { 0.0, delay_ns, 0.0, 0.0 };
	return sg_actor_parallel_exec_init(2, d->clock, NULL, bytes);
}

/* SimGrid copies the arrays that it is given. */
static void start_activity(struct dispatcher *d, struct sim_ready instance,
                           const struct sim_activity *activity)
{
	sg_exec_t exec;
	if (activity->delay_ns > 0.0)
		exec = start_delay(d, activity->delay_ns);
	else if (activity->first_cycles == SIM_NONE)
		exec = start_phase(d, activity);
	else
		exec = sg_actor_parallel_exec_init(
			(int)activity->host_count, d->hosts + activity->first_host,
			&g_array_index(d->lean->cycles, double, activity->first_cycles), NULL);
	sg_exec_start(exec);
	if (d->in_flight == d->capacity) {
		d->capacity = MAX(2 * d->capacity, 256);
		d->execs = g_renew(sg_exec_t, d->execs, d->capacity);
		d->instances = g_renew(struct sim_ready, d->instances, d->capacity);
	}
	d->execs[d->in_flight] = exec;
	d->instances[d->in_flight++] = instance;
	d->shared->activities++;
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
	for (uint32_t h = 0; activity->first_cycles != SIM_NONE && h < activity->host_count; h++) {
		uint32_t host = g_array_index(d->program->hosts, uint32_t,
		                              activity->first_host + h);
		if (g_array_index(d->program->cycles, double, activity->first_cycles + h) <= 0.0)
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
	for (uint32_t h = 0; activity->first_cycles != SIM_NONE && h < activity->host_count; h++) {
		if (g_array_index(d->program->cycles, double, activity->first_cycles + h) > 0.0)
			d->computing[g_array_index(d->program->hosts, uint32_t,
			                           activity->first_host + h)]
				.task = SIM_NONE;
	}
}

static bool start_all_ready(struct dispatcher *d, double now_ns)
{
	struct sim_ready instance;
	while (sim_segment_start_next(&d->run, now_ns, &instance)) {
		uint32_t index = sim_segment_activity(&d->run, instance);
		const struct sim_activity *lean = index == SIM_NONE ? NULL
		                                                    : activity_at(d->lean, index);
		if (!lean || (lean->host_count == 0 && lean->delay_ns <= 0.0))
			end_instance(d, instance, now_ns);
		else if (occupy_chiplets(d, instance, activity_at(d->program, index)))
			start_activity(d, instance, lean);
		else
			return false;
	}
	return true;
}

/* Waits for one activity; the instance ends now. Returns false on an error. */
static bool wait_for_one(struct dispatcher *d)
{
	ssize_t i = sg_exec_wait_any(d->execs, d->in_flight);
	g_assert(i >= 0 && (size_t)i < d->in_flight); /* no timeout, no failures modelled */
	struct sim_ready ended = d->instances[i];
	double now_ns = simgrid_get_clock();
	d->in_flight--;
	d->execs[i] = d->execs[d->in_flight];
	d->instances[i] = d->instances[d->in_flight];
	free_chiplets(d, activity_at(d->program, sim_segment_activity(&d->run, ended)));
	end_instance(d, ended, now_ns);
	return start_all_ready(d, now_ns);
}

/* Returns false on an error. */
static bool run_segment(struct dispatcher *d, unsigned index)
{
	struct sim_segment_result *result = &d->shared->segments[index];
	sim_segment_begin(&d->run, d->program, index, d->exact, d->shared);
	result->start_ns = simgrid_get_clock();
	bool good = start_all_ready(d, result->start_ns);
	while (good && d->in_flight > 0)
		good = wait_for_one(d);
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
	for (guint s = 0; s < d->program->segments->len; s++) {
		if (!run_segment(d, s))
			break;
	}
	d->shared->end_ns_clock = simgrid_get_clock();
	g_free(d->execs);
	g_free(d->instances);
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
	struct dispatcher d = { .program = program, .shared = shared, .exact = exact };
	char name[64];
	gint64 begin_us = g_get_monotonic_time();
	load_platform(platform_path);
	d.lean = sim_lean_activities(program, package);
	find_hosts(&d, package);
	shared->load_wall_s = (double)(g_get_monotonic_time() - begin_us) / 1e6;
	d.bytes = new_byte_matrix(d.lean);
	d.computing = g_new(struct sim_ready, hw_chiplet_count(package));
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		d.computing[c].task = SIM_NONE;
	sg_actor_t actor = sg_actor_init(
		"dispatcher", sg_host_by_name(sim_host_name(package, 0, name, sizeof(name))));
	sg_actor_set_data(actor, &d);
	sg_actor_start_(actor, dispatcher_main, 0, NULL);
	simgrid_run();
	sim_program_free(d.lean);
	g_free(d.computing);
	g_free(d.bytes);
	g_free(d.hosts);
	return shared->error[0] == '\0';
}

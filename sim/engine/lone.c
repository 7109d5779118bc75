/*
 * Invariant: an activity's latency and work are those that SimGrid gives it when
 * nothing else is in flight.
 */
#include "sim/engine/sharing.h"

#include "hw/resources.h"

static bool is_shared(const struct hw_package *package, const struct sim_what_if *what,
                      uint32_t resource)
{
	return hw_resource_kind(package, resource) == HW_DRAM ? what->dram_contention
	                                                      : what->nop_contention;
}

static double compute_ns(const struct sim_program *program, const struct hw_package *package,
                         const struct sim_activity *activity)
{
	double slowest_ns = 0;
	for (uint32_t i = activity->first_share; i < activity->first_share + activity->share_count;
	     i++) {
		uint32_t chiplet = g_array_index(program->chiplets, uint32_t, i);
		double cycles = g_array_index(program->cycles, double, i);
		slowest_ns = MAX(slowest_ns, cycles / hw_chiplet(package, chiplet)->clock_GHz);
	}
	return slowest_ns;
}

static struct sim_lone alone(GArray *shared, const struct sim_program *program,
                             const struct hw_package *package, const struct sim_what_if *what,
                             const struct sim_activity *activity)
{
	struct sim_lone lone = { .latency_ns = activity->latency_ns,
		                 .work_ns = compute_ns(program, package, activity),
		                 .first_load = shared->len };
	for (uint32_t l = activity->first_load; l < activity->first_load + activity->load_count;
	     l++) {
		const struct fair_load *load = &g_array_index(program->loads, struct fair_load, l);
		lone.work_ns = MAX(lone.work_ns,
		                   load->bytes / hw_resource_GBps(package, load->resource));
		if (is_shared(package, what, load->resource))
			g_array_append_vals(shared, load, 1);
	}
	lone.load_count = shared->len - lone.first_load;
	return lone;
}

void sim_lone_init(struct sim_lone_times *lone, const struct sim_program *program,
                   const struct hw_package *package, const struct sim_what_if *what)
{
	*lone = (struct sim_lone_times){
		.activities = g_new(struct sim_lone, program->activities->len),
		.loads = g_array_new(FALSE, FALSE, sizeof(struct fair_load)),
	};
	for (guint a = 0; a < program->activities->len; a++)
		lone->activities[a] = alone(
			lone->loads, program, package, what,
			&g_array_index(program->activities, struct sim_activity, a));
	sim_lone_drop_slack(lone, program, package);
}

void sim_lone_release(struct sim_lone_times *lone)
{
	g_clear_pointer(&lone->activities, g_free);
	g_clear_pointer(&lone->loads, g_array_unref);
}

/*
 * Invariant: an activity's latency and work are those that SimGrid gives it when
 * nothing else is in flight: both come from its flows and cycles.
 */
#include "sim/engine/sharing.h"

#include "hw/resources.h"
#include "sim/engine/platform.h"

struct builder {
	const struct sim_program *program;
	const struct hw_package *package;
	const struct sim_what_if *what;
	struct sim_lone_times *lone;
	double *bytes;     /* per resource, of the activity at hand; all zero between uses */
	unsigned *route;   /* scratch */
	GArray *resources; /* uint32_t: those with bytes */
};

static bool is_shared(const struct builder *b, unsigned resource)
{
	return hw_resource_kind(b->package, resource) == HW_DRAM ? b->what->dram_contention
	                                                         : b->what->nop_contention;
}

static struct sim_lone lone_compute(const struct builder *b, const struct sim_activity *activity)
{
	struct sim_lone lone = { .from = SIM_NONE, .to = SIM_NONE };
	for (uint32_t i = 0; i < activity->host_count; i++) {
		uint32_t chiplet = g_array_index(b->program->hosts, uint32_t,
		                                 activity->first_host + i);
		double cycles = g_array_index(b->program->cycles, double,
		                              activity->first_cycles + i);
		lone.work_ns = MAX(lone.work_ns,
		                   cycles / hw_chiplet(b->package, chiplet)->clock_GHz);
	}
	return lone;
}

/* Adds the flow's bytes to all of its route; returns the route's latency. */
static double charge_flow(struct builder *b, const struct sim_activity *activity,
                          const struct sim_flow *flow)
{
	const uint32_t *hosts = &g_array_index(b->program->hosts, uint32_t, activity->first_host);
	double latency_ns = 0;
	unsigned links = sim_route(b->package, hosts[flow->from], hosts[flow->to], b->route);
	for (unsigned i = 0; i < links; i++) {
		uint32_t resource = b->route[i];
		if (b->bytes[resource] == 0)
			g_array_append_val(b->resources, resource);
		b->bytes[resource] += flow->bytes;
		latency_ns += hw_resource_latency_ns(b->package, resource);
	}
	return latency_ns;
}

static struct sim_lone lone_phase(struct builder *b, const struct sim_activity *activity)
{
	struct sim_lone lone = { .latency_ns = activity->delay_ns,
		                 .first_load = b->lone->loads->len,
		                 .from = SIM_NONE,
		                 .to = SIM_NONE };
	const uint32_t *hosts = &g_array_index(b->program->hosts, uint32_t, activity->first_host);
	for (uint32_t f = 0; f < activity->flow_count; f++) {
		const struct sim_flow *flow = &g_array_index(b->program->flows, struct sim_flow,
		                                             activity->first_flow + f);
		double route_ns = flow->bytes > 0 ? charge_flow(b, activity, flow) : 0;
		if (route_ns <= lone.latency_ns)
			continue;
		lone.latency_ns = route_ns;
		lone.from = hosts[flow->from];
		lone.to = hosts[flow->to];
	}
	for (guint i = 0; i < b->resources->len; i++) {
		uint32_t resource = g_array_index(b->resources, uint32_t, i);
		struct fair_load load = { resource, b->bytes[resource] };
		lone.work_ns = MAX(lone.work_ns,
		                   load.bytes / hw_resource_GBps(b->package, resource));
		if (is_shared(b, resource))
			g_array_append_val(b->lone->loads, load);
		b->bytes[resource] = 0;
	}
	g_array_set_size(b->resources, 0);
	lone.load_count = b->lone->loads->len - lone.first_load;
	return lone;
}

void sim_lone_init(struct sim_lone_times *lone, const struct sim_program *program,
                   const struct hw_package *package, const struct sim_what_if *what)
{
	*lone = (struct sim_lone_times){
		.activities = g_new(struct sim_lone, program->activities->len),
		.loads = g_array_new(FALSE, FALSE, sizeof(struct fair_load)),
	};
	struct builder b = { .program = program,
		             .package = package,
		             .what = what,
		             .lone = lone,
		             .bytes = g_new0(double, hw_resource_count(package)),
		             .route = g_new(unsigned, sim_route_room(package)),
		             .resources = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
	for (guint a = 0; a < program->activities->len; a++) {
		const struct sim_activity *activity = &g_array_index(program->activities,
		                                                     struct sim_activity, a);
		lone->activities[a] = activity->first_cycles == SIM_NONE
		                              ? lone_phase(&b, activity)
		                              : lone_compute(&b, activity);
	}
	g_free(b.bytes);
	g_free(b.route);
	g_array_unref(b.resources);
	sim_lone_drop_slack(lone, program, package);
}

void sim_lone_release(struct sim_lone_times *lone)
{
	g_clear_pointer(&lone->activities, g_free);
	g_clear_pointer(&lone->loads, g_array_unref);
}

/*
 * Invariant: an activity's load of a resource is that of its phase there
 * (map_phase_loads: what moves, and what could have moved in lost time), except on ports that can
 * never be the slowest part, which are left out.
 */
#include "sim/lower/activity.h"

#include "hw/topology/topology.h"
#include "sim/engine/platform.h"

static unsigned port_index(const struct hw_package *package, unsigned resource)
{
	return resource - hw_inject_id(package, 0);
}

/*
 * Which ports can bind. Every byte that a chiplet injects leaves its router
 * over a link or into a DRAM channel there, and every byte that it ejects came
 * from one. So a port at least as wide as all of them together is never slower
 * than they are, whatever else goes on, and its load can be left out without
 * changing any time. So can its part of the longest route (and with it the
 * chiplet's host) where ports have no latency. A port's load is its bytes, and
 * that of a link or channel at least its bytes: a law that loads ports with more
 * must look here.
 */
static void find_binding_ports(struct sim_activities *a)
{
	const struct hw_package *package = a->package;
	unsigned chiplets = hw_chiplet_count(package);
	/* Per chiplet: of all links and channels out of its router, then of those into it. */
	g_autofree double *GBps = g_new0(double, 2 * chiplets);
	for (unsigned i = 0; i < package->link_count; i++) {
		GBps[package->links[i].from] += package->links[i].GBps;
		GBps[chiplets + package->links[i].to] += package->links[i].GBps;
	}
	for (unsigned i = 0; i < package->dram_count; i++) {
		GBps[package->dram[i].at] += hw_dram_GBps(&package->dram[i]);
		GBps[chiplets + package->dram[i].at] += hw_dram_GBps(&package->dram[i]);
	}
	for (unsigned port = 0; port < 2 * chiplets; port++)
		a->port_may_bind[port] = package->nop.port_GBps < GBps[port];
}

void sim_activities_init(struct sim_activities *a, struct sim_program *program,
                         struct map_network *network)
{
	const struct hw_package *package = network->package;
	*a = (struct sim_activities){
		.program = program, .package = package, .network = network, .load_factor = 1
	};
	a->port_may_bind = g_new(bool, 2 * hw_chiplet_count(package));
	a->route = g_new(unsigned, sim_route_room(package));
	find_binding_ports(a);
}

void sim_activities_release(struct sim_activities *a)
{
	g_free(a->port_may_bind);
	g_free(a->route);
}

/* ---- hosts ---- */

static uint32_t chiplet_host(unsigned chiplet)
{
	return chiplet;
}

static uint32_t router_host(const struct sim_activities *a, unsigned chiplet)
{
	return hw_chiplet_count(a->package) + chiplet;
}

static uint32_t dram_host(const struct sim_activities *a, unsigned channel)
{
	return 2 * hw_chiplet_count(a->package) + channel;
}

static bool is_idle_port(const struct sim_activities *a, unsigned resource)
{
	enum hw_resource_kind kind = hw_resource_kind(a->package, resource);
	return (kind == HW_INJECT || kind == HW_EJECT) &&
	       !a->port_may_bind[port_index(a->package, resource)];
}

/* The host where a route starts or ends whose port there is `port`. */
static uint32_t route_end(const struct sim_activities *a, unsigned chiplet, unsigned port)
{
	bool needless = is_idle_port(a, port) && a->package->nop.message_ns == 0;
	return needless ? router_host(a, chiplet) : chiplet_host(chiplet);
}

static unsigned router_on_route(const struct sim_activities *a, unsigned from, unsigned to,
                                unsigned hops)
{
	unsigned length = hw_route(a->package, from, to, 0, a->route);
	return hops == length ? to : a->package->links[a->route[hops]].from;
}

/* The ends of a route with the phase's latency, without ports that take no time: part of its
 * longest route. */
static void latency_route(const struct sim_activities *a, const struct map_phase *phase,
                          uint32_t *from, uint32_t *to)
{
	const struct hw_package *package = a->package;
	bool read = phase->far_ends == MAP_DRAM_TO_CHIPLET,
	     write = phase->far_ends == MAP_CHIPLET_TO_DRAM;
	unsigned first = read ? package->dram[phase->far_from].at : phase->far_from;
	unsigned last = write ? package->dram[phase->far_to].at : phase->far_to;
	unsigned hops = hw_hops(package, first, last);
	unsigned paid = hops - map_phase_time(a->network, phase).spared;
	if (!read && !write)
		paid = MAX(paid, 1); /* less can only be rounding, and would be no route */
	if (write)
		first = router_on_route(a, first, last, hops - paid);
	else
		last = router_on_route(a, first, last, paid);
	*from = read ? dram_host(a, phase->far_from)
	             : route_end(a, first, hw_inject_id(package, first));
	*to = write ? dram_host(a, phase->far_to) : route_end(a, last, hw_eject_id(package, last));
}

/* ---- building ---- */

static struct sim_activity new_activity(const struct sim_activities *a)
{
	return (struct sim_activity){ .first_share = a->program->chiplets->len,
		                      .first_load = a->program->loads->len,
		                      .from = SIM_NONE,
		                      .to = SIM_NONE };
}

static uint32_t append_activity(struct sim_activities *a, const struct sim_activity *activity)
{
	g_array_append_vals(a->program->activities, activity, 1);
	return a->program->activities->len - 1;
}

static void add_loads(struct sim_activities *a, struct sim_activity *activity,
                      const struct map_phase *phase)
{
	const double *loads = map_phase_loads(a->network, phase);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		struct fair_load load = { phase->touched[i],
			                  loads[phase->touched[i]] * a->load_factor };
		if (load.bytes <= 0 || is_idle_port(a, load.resource))
			continue;
		g_array_append_val(a->program->loads, load);
		activity->load_count++;
	}
}

uint32_t sim_phase_activity(struct sim_activities *a, const struct map_phase *phase)
{
	if (map_phase_empty(phase))
		return SIM_NONE;
	struct sim_activity activity = new_activity(a);
	latency_route(a, phase, &activity.from, &activity.to);
	unsigned length = sim_route(a->package, activity.from, activity.to, a->route);
	for (unsigned i = 0; i < length; i++)
		activity.latency_ns += hw_resource_latency_ns(a->package, a->route[i]);
	add_loads(a, &activity, phase);
	return append_activity(a, &activity);
}

uint32_t sim_delay_activity(struct sim_activities *a, double delay_ns)
{
	struct sim_activity activity = new_activity(a);
	if (delay_ns <= 0)
		return SIM_NONE;
	activity.latency_ns = delay_ns;
	return append_activity(a, &activity);
}

uint32_t sim_compute_activity(struct sim_activities *a, const unsigned *chiplets,
                              const double *cycles, unsigned count)
{
	if (count == 0)
		return SIM_NONE;
	struct sim_activity activity = new_activity(a);
	activity.share_count = count;
	g_array_append_vals(a->program->chiplets, chiplets, count);
	g_array_append_vals(a->program->cycles, cycles, count);
	return append_activity(a, &activity);
}

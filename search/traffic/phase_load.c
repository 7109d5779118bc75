/*
 * What resources lose, and so how long a phase takes.
 *
 * Invariant: a load is never less than the bytes that move.
 */
#include "search/traffic/phase.h"

#include <math.h>

/* Latencies that differ by this part of a hop are equal. */
#define ROUNDING 1e-4

void map_loads_init(struct map_network *network)
{
	const struct hw_package *package = network->package;
	network->switch_load = g_new(double, package->dram_count);
	network->loads = g_new(double, hw_resource_count(package));
	for (unsigned i = 0; i < package->dram_count; i++)
		network->switch_load[i] = hw_dram_switch_load(&package->dram[i]);
	map_routers_init(&network->routers, package);
}

void map_loads_release(struct map_network *network)
{
	g_free(network->switch_load);
	g_free(network->loads);
	map_routers_release(&network->routers);
}

double map_phase_slowdown(struct map_network *network, const struct map_phase *phase)
{
	return map_part_slowdown(network, phase, phase);
}

double map_part_slowdown(struct map_network *network, const struct map_phase *phase,
                         const struct map_phase *part)
{
	struct map_loaded loaded = { .bytes = phase->bytes,
		                     .ns_per_byte = network->ns_per_byte,
		                     .turns = phase->turns,
		                     .touched = phase->touched,
		                     .touched_count = phase->touched_count };
	return phase->turns ? map_router_slowdown(&network->routers, &loaded, part->touched,
	                                          part->touched_count)
	                    : 1;
}

double map_resource_load(const struct map_network *network, const struct map_phase *phase,
                         unsigned resource)
{
	unsigned first_dram = hw_dram_id(network->package, 0), channel = resource - first_dram;
	double bytes = phase->bytes[resource];
	return resource < first_dram
	               ? bytes
	               : bytes + phase->written_bytes[channel] * network->switch_load[channel];
}

const double *map_phase_loads(struct map_network *network, const struct map_phase *phase)
{
	unsigned first_dram = hw_dram_id(network->package, 0);
	double slowdown = map_phase_slowdown(network, phase);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		network->loads[r] = map_resource_load(network, phase, r) *
		                    (r < first_dram ? slowdown : 1);
	}
	return network->loads;
}

/*
 * A phase's latency is that of its longest route less whole hops (the simulator pays it along a
 * part of that route): as few as its slowest resource, latency and load together, needs.
 */
static double whole_hops_ns(const struct map_network *network, double longest_ns, double least_ns)
{
	double hop_ns = network->package->nop.hop_ns, less_ns = longest_ns - least_ns;
	return hop_ns > 0 && less_ns > 0 ? longest_ns - floor(less_ns / hop_ns + ROUNDING) * hop_ns
	                                 : longest_ns;
}

struct map_phase_time map_phase_time(struct map_network *network, const struct map_phase *phase)
{
	struct map_phase_time time = { 0, 0, 0, 0 };
	unsigned first_dram = hw_dram_id(network->package, 0);
	const double *loads = map_phase_loads(network, phase);
	double slowest_ns = 0;
	if (map_phase_empty(phase))
		return time;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned resource = phase->touched[i];
		double load_ns = loads[resource] * network->ns_per_byte[resource];
		double latency_ns = phase->before_ns[resource] + phase->after_ns[resource];
		if (resource < first_dram)
			time.nop_ns = MAX(time.nop_ns, load_ns);
		else
			time.dram_ns = MAX(time.dram_ns, load_ns);
		slowest_ns = MAX(slowest_ns, load_ns + latency_ns);
	}
	time.load_ns = MAX(time.nop_ns, time.dram_ns);
	time.latency_ns = whole_hops_ns(network, phase->latency_ns, slowest_ns - time.load_ns);
	return time;
}

/*
 * What resources lose, and so how long a phase takes.
 *
 * Invariant: a load is never less than the bytes that move.
 */
#include "search/traffic/phase.h"

/* Latencies that differ by this part of a link's are equal. */
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

/* Bytes of a DRAM channel, with what it loses where it turns from reads to writes. */
static inline double channel_load(const struct map_network *network, const struct map_phase *phase,
                                  unsigned first_dram, unsigned resource)
{
	unsigned channel = resource - first_dram;
	return phase->bytes[resource] +
	       phase->written_bytes[channel] * network->switch_load[channel];
}

double map_resource_load(const struct map_network *network, const struct map_phase *phase,
                         unsigned resource)
{
	unsigned first_dram = hw_dram_id(network->package, 0);
	return resource < first_dram ? phase->bytes[resource]
	                             : channel_load(network, phase, first_dram, resource);
}

const double *map_phase_loads(struct map_network *network, const struct map_phase *phase)
{
	unsigned first_dram = hw_dram_id(network->package, 0);
	double slowdown = map_phase_slowdown(network, phase);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		network->loads[r] = r < first_dram ? phase->bytes[r] * slowdown
		                                   : channel_load(network, phase, first_dram, r);
	}
	return network->loads;
}

/*
 * A phase's latency is that of its longest route less whole links (the simulator pays it along a
 * part of that route): as few as its slowest resource, latency and load together, needs. What DRAM
 * and ports take is always paid.
 */
static void spare_links(const struct map_network *network, const struct map_phase *phase,
                        double less_ns, struct map_phase_time *time)
{
	const struct hw_package *package = network->package;
	bool read = phase->far_ends == MAP_DRAM_TO_CHIPLET;
	bool write = phase->far_ends == MAP_CHIPLET_TO_DRAM;
	unsigned from = read ? package->dram[phase->far_from].at : phase->far_from;
	unsigned to = write ? package->dram[phase->far_to].at : phase->far_to;
	unsigned count = hw_route(package, from, to, 0, network->links);
	double sum_ns = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned link = network->links[write ? i : count - 1 - i];
		double link_ns = package->links[link].latency_ns;
		if (sum_ns + link_ns > less_ns + ROUNDING * link_ns)
			return;
		sum_ns += link_ns;
		if (link_ns > 0) {
			time->latency_ns = phase->latency_ns - sum_ns;
			time->spared = i + 1;
		}
	}
}

struct map_phase_time map_phase_time(struct map_network *network, const struct map_phase *phase)
{
	struct map_phase_time time = { .latency_ns = phase->latency_ns };
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
	double less_ns = phase->latency_ns - (slowest_ns - time.load_ns);
	if (less_ns > 0)
		spare_links(network, phase, less_ns, &time);
	return time;
}

/*
 * What resources lose, and so how long a phase takes.
 *
 * Invariant: a load is never less than the bytes that move, and a router with one
 * input in use, or with inputs that feed one output each, loses nothing.
 */
#include "search/phase.h"

#include <math.h>

/* Latencies that differ by this part of a hop are equal. */
#define ROUNDING 1e-4

void map_loads_init(struct map_network *network)
{
	const struct hw_package *package = network->package;
	unsigned to, chiplets = hw_chiplet_count(package);
	network->switch_load = g_new(double, package->dram_count);
	for (unsigned i = 0; i < package->dram_count; i++)
		network->switch_load[i] = hw_dram_switch_load(&package->dram[i]);
	network->inputs = g_new(unsigned, (size_t)chiplets *MAP_INPUTS);
	for (unsigned c = 0; c < chiplets; c++)
		network->inputs[c * MAP_INPUTS + MAP_FROM_CHIPLET] = hw_inject_id(package, c);
	for (unsigned link = 0; link < chiplets * HW_DIRECTIONS; link++)
		if (hw_link_exists(package, link, &to))
			network->inputs[to * MAP_INPUTS + link % HW_DIRECTIONS] = link;
}

void map_loads_release(struct map_network *network)
{
	g_free(network->switch_load);
	g_free(network->inputs);
}

/*
 * An input of a router sends to one output at a time. While it sends elsewhere, the slots that
 * `output` would have given to it are lost, as far as no other input takes them: with one
 * iteration of matching the output has granted them to it (router_conflict = 1: all are lost).
 *
 *   lost_ns = router_conflict x sum over inputs i of
 *             (share of the output's bytes from i) x min(time of i for other outputs, own time)
 */
static double router_load(const struct map_network *network, const struct map_phase *phase,
                          unsigned output, unsigned router)
{
	const double *turns = &phase->turns[output * MAP_INPUTS], bytes = phase->bytes[output];
	const unsigned *inputs = &network->inputs[router * MAP_INPUTS];
	double own_ns = bytes * network->ns_per_byte[output], lost = 0;
	for (unsigned i = 0; i < MAP_INPUTS; i++) {
		if (turns[i] <= 0 || turns[i] >= bytes)
			continue;
		double others_ns = (phase->bytes[inputs[i]] - turns[i]) *
		                   network->ns_per_byte[inputs[i]];
		lost += turns[i] * CLAMP(others_ns / own_ns, 0, 1);
	}
	return bytes + network->package->nop.router_conflict * lost;
}

static inline double load_of(const struct map_network *network, const struct map_phase *phase,
                             unsigned resource)
{
	unsigned chiplets = hw_chiplet_count(network->package);
	if (resource >= 6 * chiplets)
		return phase->bytes[resource] +
		       phase->written_bytes[resource - 6 * chiplets] *
		               network->switch_load[resource - 6 * chiplets];
	if (!phase->turns || (resource >= 4 * chiplets && resource < 5 * chiplets))
		return phase->bytes[resource];
	return router_load(network, phase, resource,
	                   resource < 4 * chiplets ? resource / HW_DIRECTIONS
	                                           : resource - 5 * chiplets);
}

double map_phase_load(const struct map_network *network, const struct map_phase *phase,
                      unsigned resource)
{
	return load_of(network, phase, resource);
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

struct map_phase_time map_phase_time(const struct map_network *network,
                                     const struct map_phase *phase)
{
	struct map_phase_time time = { 0, 0, 0, 0 };
	unsigned first_dram = hw_dram_id(network->package, 0);
	double slowest_ns = 0;
	if (map_phase_empty(phase))
		return time;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned resource = phase->touched[i];
		double load_ns = load_of(network, phase, resource) * network->ns_per_byte[resource];
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

/*
 * Invariant: a chiplet's traffic with DRAM is the same mix of routes whatever
 * its size, so the mix is worked out once, when it is first asked for: the channels it
 * uses (all of them in equal parts, or the nearest one) and the shares that their routes put on
 * links. All chiplets together have chiplets x channels x hops of them, far more than most
 * users of a large package ever need.
 */
#include "search/traffic/phase.h"

struct map_mix {
	double *shares; /* per turn, then per resource: all 0 between uses */
	struct map_dram_route_part
		*parts; /* room for every resource: the spread's, until their number
	                                  is known; likewise turns */
	struct map_dram_route_turn *turns;
	unsigned *position; /* per resource with a share: index into parts */
	struct map_dram_route *spread;
};

static void mix_in(struct map_mix *mix, const struct hw_package *package, unsigned resource,
                   double share, float before_ns, float after_ns)
{
	double *sum = &mix->shares[hw_resource_count(package) * hw_router_ways(package) + resource];
	if (*sum == 0) {
		mix->position[resource] = mix->spread->count++;
		mix->parts[mix->position[resource]] =
			(struct map_dram_route_part){ resource, before_ns, after_ns, 0 };
	}
	struct map_dram_route_part *part = &mix->parts[mix->position[resource]];
	part->before_ns = MIN(part->before_ns, before_ns);
	part->after_ns = MAX(part->after_ns, after_ns);
	*sum += share;
}

static void mix_turn(struct map_mix *mix, const struct hw_package *package, unsigned resource,
                     unsigned input, double share)
{
	unsigned turn = resource * hw_router_ways(package) + input;
	if (input == MAP_FROM_DRAM)
		return;
	if (mix->shares[turn] == 0)
		mix->turns[mix->spread->turn_count++].turn = turn;
	mix->shares[turn] += share;
}

/* The links of one way, in network->links; returns how it comes into the last router. */
static unsigned mix_links(struct map_network *network, struct map_mix *mix, unsigned hops,
                          double share, bool read, double start_ns, double total_ns)
{
	const struct hw_package *package = network->package;
	unsigned input = read ? MAP_FROM_DRAM : hw_router_ways(package) - 1;
	for (unsigned i = 0; i < hops; i++) {
		float before_ns = (float)start_ns;
		mix_in(mix, package, network->links[i], share, before_ns,
		       (float)total_ns - before_ns);
		mix_turn(mix, package, network->links[i], input, share);
		input = package->links[network->links[i]].input;
		start_ns += package->links[network->links[i]].latency_ns;
	}
	return input;
}

static void mix_channel(struct map_network *network, struct map_mix *mix, unsigned chiplet,
                        unsigned channel, double share, bool read)
{
	const struct hw_package *package = network->package;
	const struct hw_dram_channel *dram = &package->dram[channel];
	struct map_dram_route *spread = mix->spread;
	unsigned from = read ? dram->at : chiplet, to = read ? chiplet : dram->at;
	unsigned ways = hw_ways(package, from, to);
	unsigned hops = hw_route(package, from, to, 0, network->links);
	double port_ns = package->nop.message_ns / 2;
	double way_ns = hw_links_ns(package, network->links, hops);
	double total_ns = way_ns + dram->latency_ns + port_ns;
	unsigned port = read ? hw_eject_id(package, chiplet) : hw_inject_id(package, chiplet);
	float port_before_ns = (float)(read ? total_ns - port_ns : 0);
	float dram_before_ns = (float)(read ? 0 : total_ns - dram->latency_ns);
	mix_in(mix, package, port, share, port_before_ns, (float)total_ns - port_before_ns);
	mix_in(mix, package, hw_dram_id(package, channel), share, dram_before_ns,
	       (float)total_ns - dram_before_ns);
	for (unsigned way = 0; way < ways; way++) {
		hw_route(package, from, to, way, network->links);
		unsigned last = mix_links(network, mix, hops, share / ways, read,
		                          read ? dram->latency_ns : port_ns, total_ns);
		if (read)
			mix_turn(mix, package, port, last, share / ways);
	}
	spread->link_share += hops ? share : 0;
	if (spread->far_share > 0 && total_ns <= spread->latency_ns)
		return;
	spread->far_share = share / ways;
	spread->far_channel = channel;
	spread->latency_ns = total_ns;
}

/* Take the shares out of the mix. Not shrunk from room for all: a large block that is shrunk keeps
 * a mapping of its own, and a process may have 65,530 of them. */
static void keep_spread(const struct hw_package *package, struct map_mix *mix)
{
	struct map_dram_route *spread = mix->spread;
	double *shares = mix->shares + hw_resource_count(package) * hw_router_ways(package);
	spread->parts = g_memdup2(mix->parts, spread->count * sizeof *mix->parts);
	for (unsigned i = 0; i < spread->count; i++) {
		spread->parts[i].share = shares[spread->parts[i].resource];
		shares[spread->parts[i].resource] = 0;
	}
	spread->turns = g_memdup2(mix->turns, spread->turn_count * sizeof *mix->turns);
	for (unsigned i = 0; i < spread->turn_count; i++) {
		spread->turns[i].share = mix->shares[spread->turns[i].turn];
		mix->shares[spread->turns[i].turn] = 0;
	}
}

static void make_spread(struct map_network *network, struct map_dram_route *spread,
                        unsigned chiplet, bool read)
{
	unsigned channels = network->package->dram_count;
	network->mix->spread = spread;
	for (unsigned c = 0; c < channels; c++)
		mix_channel(network, network->mix, chiplet, c, 1.0 / channels, read);
	keep_spread(network->package, network->mix);
}

/* To or from one channel. */
static void make_route(struct map_network *network, struct map_dram_route *spread, unsigned chiplet,
                       unsigned channel, bool read)
{
	network->mix->spread = spread;
	mix_channel(network, network->mix, chiplet, channel, 1, read);
	keep_spread(network->package, network->mix);
}

const struct map_dram_route *map_dram_route_of(struct map_network *network, unsigned chiplet,
                                               bool read)
{
	struct map_dram_route *spread = &network->spreads[read][chiplet];
	if (spread->count > 0) /* a spread has a port and a channel at least */
		return spread;
	if (network->package->interleave == HW_INTERLEAVE_NEAREST)
		make_route(network, spread, chiplet, network->nearest[chiplet], read);
	else
		make_spread(network, spread, chiplet, read);
	return spread;
}

const struct map_dram_route *map_dram_route_from(struct map_network *network, unsigned channel,
                                                 unsigned chiplet)
{
	size_t chiplets = hw_chiplet_count(network->package);
	struct map_dram_route *spread = &network->spreads_from[channel * chiplets + chiplet];
	if (spread->count == 0)
		make_route(network, spread, chiplet, channel, true);
	return spread;
}

void map_dram_routes_init(struct map_network *network)
{
	unsigned chiplets = hw_chiplet_count(network->package);
	size_t resources = hw_resource_count(network->package);
	unsigned ways = hw_router_ways(network->package);
	for (unsigned read = 0; read < 2; read++)
		network->spreads[read] = g_new0(struct map_dram_route, chiplets);
	if (network->tensors_have_places)
		network->spreads_from = g_new0(struct map_dram_route,
		                               (size_t)network->package->dram_count * chiplets);
	network->mix = g_new(struct map_mix, 1);
	*network->mix = (struct map_mix){
		.shares = g_new0(double, resources *(ways + 1)),
		.parts = g_new(struct map_dram_route_part, resources),
		.turns = g_new(struct map_dram_route_turn, resources * ways),
		.position = g_new(unsigned, resources),
	};
}

static void release_spread(struct map_dram_route *spread)
{
	g_free(spread->parts);
	g_free(spread->turns);
}

static void release_spreads(struct map_dram_route *spreads, size_t count)
{
	for (size_t i = 0; spreads && i < count; i++)
		release_spread(&spreads[i]);
	g_free(spreads);
}

void map_dram_routes_release(struct map_network *network)
{
	size_t chiplets = hw_chiplet_count(network->package);
	for (unsigned read = 0; read < 2; read++)
		release_spreads(network->spreads[read], chiplets);
	release_spreads(network->spreads_from, network->package->dram_count * chiplets);
	g_free(network->mix->shares);
	g_free(network->mix->parts);
	g_free(network->mix->turns);
	g_free(network->mix->position);
	g_free(network->mix);
}

/*
 * Invariant: a chiplet's traffic with DRAM is the same mix of routes whatever
 * its size, so the mix is worked out once: the channels it uses (all of them in
 * equal parts, or the nearest one) and the shares that their routes put on links.
 */
#include "search/phase.h"

struct mix {
	double *shares;      /* per resource */
	unsigned *resources; /* room for all of them: the spread's, until their number is known */
	struct map_spread *spread;
};

static void mix_in(struct mix *mix, unsigned resource, double share)
{
	if (mix->shares[resource] == 0)
		mix->spread->resources[mix->spread->count++] = resource;
	mix->shares[resource] += share;
}

static void mix_channel(struct map_network *network, struct mix *mix, unsigned chiplet,
                        unsigned channel, double share, bool read)
{
	const struct hw_package *package = network->package;
	const struct hw_dram_channel *dram = &package->dram[channel];
	struct map_spread *spread = mix->spread;
	unsigned hops = read ? hw_route(package, dram->at, chiplet, network->links)
	                     : hw_route(package, chiplet, dram->at, network->links);
	double latency_ns = hops * package->nop.hop_ns + dram->latency_ns;
	mix_in(mix, read ? hw_eject_id(package, chiplet) : hw_inject_id(package, chiplet), share);
	mix_in(mix, hw_dram_id(package, channel), share);
	for (unsigned i = 0; i < hops; i++)
		mix_in(mix, network->links[i], share);
	if (spread->far_share > 0 && latency_ns <= spread->latency_ns)
		return;
	spread->far_share = share;
	spread->far_channel = channel;
	spread->latency_ns = latency_ns;
}

static void make_spread(struct map_network *network, struct mix *mix, unsigned chiplet, bool read)
{
	unsigned channels = network->package->dram_count;
	struct map_spread *spread = mix->spread;
	*spread = (struct map_spread){ .resources = mix->resources };
	if (network->package->interleave == HW_INTERLEAVE_NEAREST)
		mix_channel(network, mix, chiplet, network->nearest[chiplet], 1, read);
	else
		for (unsigned c = 0; c < channels; c++)
			mix_channel(network, mix, chiplet, c, 1.0 / channels, read);
	/* Not shrunk from room for all: a large block that is shrunk keeps a mapping of its own, and
	 * a process may have 65,530 of them. */
	spread->resources = g_memdup2(mix->resources, spread->count * sizeof(*mix->resources));
	spread->shares = g_new(double, spread->count);
	for (unsigned i = 0; i < spread->count; i++) {
		spread->shares[i] = mix->shares[spread->resources[i]];
		mix->shares[spread->resources[i]] = 0;
	}
}

void map_spreads_init(struct map_network *network)
{
	unsigned chiplets = hw_chiplet_count(network->package);
	g_autofree double *shares = g_new0(double, hw_resource_count(network->package));
	g_autofree unsigned *resources = g_new(unsigned, hw_resource_count(network->package));
	network->reads = g_new(struct map_spread, chiplets);
	network->writes = g_new(struct map_spread, chiplets);
	for (unsigned c = 0; c < chiplets; c++) {
		make_spread(network, &(struct mix){ shares, resources, &network->reads[c] }, c,
		            true);
		make_spread(network, &(struct mix){ shares, resources, &network->writes[c] }, c,
		            false);
	}
}

void map_spreads_release(struct map_network *network)
{
	for (unsigned c = 0; c < hw_chiplet_count(network->package); c++) {
		g_free(network->reads[c].resources);
		g_free(network->reads[c].shares);
		g_free(network->writes[c].resources);
		g_free(network->writes[c].shares);
	}
	g_free(network->reads);
	g_free(network->writes);
}

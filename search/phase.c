/*
 * Invariant: a resource is in `touched` exactly if its bytes are > 0, so a
 * phase is cleared in the time it took to build.
 */
#include "search/phase.h"

#include <string.h>

static unsigned nearest_channel(const struct hw_package *package, unsigned chiplet)
{
	unsigned best = 0, best_hops = UINT32_MAX;
	for (unsigned i = 0; i < package->dram_count; i++) {
		unsigned hops = hw_hops(package, package->dram[i].at, chiplet);
		if (hops < best_hops) {
			best = i;
			best_hops = hops;
		}
	}
	return best;
}

void map_network_init(struct map_network *network, const struct hw_package *package)
{
	unsigned chiplets = hw_chiplet_count(package), resources = hw_resource_count(package);
	*network = (struct map_network){ .package = package };
	network->ns_per_byte = g_new(double, resources);
	for (unsigned i = 0; i < resources; i++)
		network->ns_per_byte[i] = 1.0 / hw_resource_GBps(package, i);
	hw_tree_init(&network->tree, package);
	network->links = g_new(unsigned, chiplets + package->columns + package->rows);
	network->receivers = g_new(unsigned, chiplets);
	network->nearest = g_new(unsigned, chiplets);
	for (unsigned c = 0; c < chiplets; c++)
		network->nearest[c] = nearest_channel(package, c);
	map_spreads_init(network);
	for (int d = 0; d < MAP_DIMS; d++)
		network->meets[d] = g_new(struct map_meet, chiplets);
	map_scratch_init(&network->scratch, chiplets);
	network->shares = g_new(struct map_share, chiplets);
}

void map_network_release(struct map_network *network)
{
	hw_tree_release(&network->tree);
	map_scratch_release(&network->scratch);
	g_free(network->ns_per_byte);
	g_free(network->links);
	g_free(network->receivers);
	g_free(network->nearest);
	map_spreads_release(network);
	for (int d = 0; d < MAP_DIMS; d++)
		g_free(network->meets[d]);
	g_free(network->shares);
}

void map_phase_init(struct map_phase *phase, const struct hw_package *package)
{
	*phase = (struct map_phase){ 0 };
	phase->bytes = g_new0(double, hw_resource_count(package));
	phase->touched = g_new(unsigned, hw_resource_count(package));
}

void map_phase_release(struct map_phase *phase)
{
	g_clear_pointer(&phase->bytes, g_free);
	g_clear_pointer(&phase->touched, g_free);
}

void map_phase_clear(struct map_phase *phase)
{
	for (unsigned i = 0; i < phase->touched_count; i++)
		phase->bytes[phase->touched[i]] = 0;
	double *bytes = phase->bytes;
	unsigned *touched = phase->touched;
	*phase = (struct map_phase){ .bytes = bytes, .touched = touched };
}

bool map_phase_empty(const struct map_phase *phase)
{
	return phase->touched_count == 0;
}

static inline void charge(struct map_phase *phase, unsigned resource, double bytes)
{
	if (phase->bytes[resource] == 0)
		phase->touched[phase->touched_count++] = resource;
	phase->bytes[resource] += bytes;
}

static void note_route(struct map_phase *phase, double latency_ns, enum map_ends ends,
                       unsigned from, unsigned to, double bytes)
{
	if (phase->far_bytes > 0 && latency_ns <= phase->latency_ns)
		return;
	phase->latency_ns = latency_ns;
	phase->far_ends = ends;
	phase->far_from = from;
	phase->far_to = to;
	phase->far_bytes = bytes;
}

void map_phase_add(struct map_phase *to, const struct map_phase *from)
{
	for (unsigned i = 0; i < from->touched_count; i++)
		charge(to, from->touched[i], from->bytes[from->touched[i]]);
	if (from->far_bytes > 0)
		note_route(to, from->latency_ns, from->far_ends, from->far_from, from->far_to,
		           from->far_bytes);
	to->delivered_bytes += from->delivered_bytes;
	to->dram_read_bytes += from->dram_read_bytes;
	to->dram_write_bytes += from->dram_write_bytes;
}

double map_phase_ns(const struct map_network *network, const struct map_phase *phase)
{
	double longest = 0;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned resource = phase->touched[i];
		longest = MAX(longest, phase->bytes[resource] * network->ns_per_byte[resource]);
	}
	return longest > 0 ? phase->latency_ns + longest : 0;
}

double map_phase_byte_hops(const struct map_network *network, const struct map_phase *phase)
{
	double sum = 0;
	unsigned links = HW_DIRECTIONS * hw_chiplet_count(network->package);
	for (unsigned i = 0; i < phase->touched_count; i++)
		if (phase->touched[i] < links)
			sum += phase->bytes[phase->touched[i]];
	return sum;
}

static void charge_links(struct map_phase *phase, const unsigned *links, unsigned count,
                         double bytes)
{
	for (unsigned i = 0; i < count; i++)
		charge(phase, links[i], bytes);
}

/* One message to all of network->receivers as a tree from router `root`; the farthest is noted. */
static void send_tree(struct map_network *network, struct map_phase *phase, unsigned root,
                      unsigned count, double bytes, enum map_ends ends, unsigned from,
                      double extra_ns)
{
	const struct hw_package *package = network->package;
	unsigned links = 0, farthest = 0, farthest_hops = 0;
	hw_tree_start(&network->tree, package, root);
	for (unsigned i = 0; i < count; i++) {
		unsigned to = network->receivers[i];
		unsigned hops = hw_tree_add(&network->tree, package, to, network->links, &links);
		if (i == 0 || hops > farthest_hops) {
			farthest = to;
			farthest_hops = hops;
		}
		charge(phase, hw_eject_id(package, to), bytes);
	}
	charge_links(phase, network->links, links, bytes);
	note_route(phase, farthest_hops * package->nop.hop_ns + extra_ns, ends, from, farthest,
	           bytes);
}

static void send_one(struct map_network *network, struct map_phase *phase, unsigned from,
                     unsigned to, double bytes)
{
	unsigned hops = hw_route(network->package, from, to, network->links);
	charge(phase, hw_inject_id(network->package, from), bytes);
	charge(phase, hw_eject_id(network->package, to), bytes);
	charge_links(phase, network->links, hops, bytes);
	note_route(phase, hops * network->package->nop.hop_ns, MAP_CHIPLET_TO_CHIPLET, from, to,
	           bytes);
}

void map_send(struct map_network *network, struct map_phase *phase, unsigned from, unsigned count,
              double bytes)
{
	if (count == 0 || bytes <= 0)
		return;
	phase->delivered_bytes += (uint64_t)bytes * count;
	if (count > 1 && network->package->nop.multicast) {
		charge(phase, hw_inject_id(network->package, from), bytes);
		send_tree(network, phase, from, count, bytes, MAP_CHIPLET_TO_CHIPLET, from, 0);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		send_one(network, phase, from, network->receivers[i], bytes);
}

static void read_channel(struct map_network *network, struct map_phase *phase, unsigned channel,
                         unsigned count, double bytes)
{
	const struct hw_dram_channel *dram = &network->package->dram[channel];
	charge(phase, hw_dram_id(network->package, channel), bytes);
	phase->dram_read_bytes += bytes;
	send_tree(network, phase, dram->at, count, bytes, MAP_DRAM_TO_CHIPLET, channel,
	          dram->latency_ns);
}

/* The tree of each channel goes to all receivers, or to those that are its own. */
static void read_all_channels(struct map_network *network, struct map_phase *phase, unsigned count,
                              double bytes)
{
	unsigned channels = network->package->dram_count;
	if (network->package->interleave == HW_INTERLEAVE_ALL) {
		for (unsigned c = 0; c < channels; c++)
			read_channel(network, phase, c, count, bytes / channels);
		return;
	}
	/* Selects the receivers of each channel to the front, in order. */
	for (unsigned done = 0; done < count;) {
		unsigned channel = network->nearest[network->receivers[done]], same = done;
		for (unsigned i = done; i < count; i++) {
			unsigned chiplet = network->receivers[i];
			if (network->nearest[chiplet] != channel)
				continue;
			network->receivers[i] = network->receivers[same];
			network->receivers[same++] = chiplet;
		}
		unsigned *all = network->receivers;
		network->receivers = all + done;
		read_channel(network, phase, channel, same - done, bytes);
		network->receivers = all;
		done = same;
	}
}

/* A message between DRAM and one chiplet. */
static void send_spread(struct map_phase *phase, const struct map_spread *spread, double bytes)
{
	for (unsigned i = 0; i < spread->count; i++)
		charge(phase, spread->resources[i], bytes * spread->shares[i]);
}

static void read_one(struct map_network *network, struct map_phase *phase, unsigned to,
                     double bytes)
{
	const struct map_spread *spread = &network->reads[to];
	send_spread(phase, spread, bytes);
	phase->dram_read_bytes += bytes;
	note_route(phase, spread->latency_ns, MAP_DRAM_TO_CHIPLET, spread->far_channel, to,
	           bytes * spread->far_share);
}

void map_read_dram(struct map_network *network, struct map_phase *phase, unsigned count,
                   double bytes)
{
	if (bytes <= 0)
		return;
	if (count > 1 && network->package->nop.multicast) {
		read_all_channels(network, phase, count, bytes);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		read_one(network, phase, network->receivers[i], bytes);
}

void map_write_dram(struct map_network *network, struct map_phase *phase, unsigned from,
                    double bytes)
{
	const struct map_spread *spread = &network->writes[from];
	if (bytes <= 0)
		return;
	send_spread(phase, spread, bytes);
	phase->dram_write_bytes += bytes;
	note_route(phase, spread->latency_ns, MAP_CHIPLET_TO_DRAM, from, spread->far_channel,
	           bytes * spread->far_share);
}

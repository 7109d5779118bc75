/*
 * Invariant: a resource is in `touched` exactly if its bytes are > 0, so a
 * phase is cleared in the time it took to build.
 */
#include "search/traffic/phase.h"

#include "search/traffic/link_charges.h"
#include "search/traffic/all_to_all.h"
#include "search/mapping/stored.h"

#include <string.h>

void map_network_init(struct map_network *network, const struct hw_package *package)
{
	unsigned chiplets = hw_chiplet_count(package), resources = hw_resource_count(package);
	*network = (struct map_network){ .package = package };
	network->ns_per_byte = g_new(double, resources);
	for (unsigned i = 0; i < resources; i++)
		network->ns_per_byte[i] = 1.0 / hw_resource_GBps(package, i);
	network->pJ_per_byte = g_new(double, package->link_count);
	network->link_ns = g_new(float, package->link_count);
	for (unsigned i = 0; i < package->link_count; i++) {
		network->pJ_per_byte[i] = 8 * package->links[i].pJ_per_bit;
		network->link_ns[i] = (float)package->links[i].latency_ns;
	}
	map_loads_init(network);
	hw_tree_init(&network->tree, package);
	network->links = g_new(unsigned, chiplets + package->longest_route);
	network->receivers = g_new(unsigned, chiplets);
	network->branches = g_new(struct map_branch, chiplets);
	network->nearest = g_new(unsigned, chiplets);
	for (unsigned c = 0; c < chiplets; c++)
		network->nearest[c] = map_nearest_channel(package, c);
	network->tensors_have_places = map_tensors_have_places(package);
	map_dram_routes_init(network);
	for (int d = 0; d < MAP_DIMS; d++)
		network->meets[d] = g_new(struct map_meet, chiplets);
	map_all_to_all_init(network);
	map_scratch_init(&network->scratch, chiplets);
	network->shares = g_new(struct map_share, chiplets);
}

void map_network_release(struct map_network *network)
{
	hw_tree_release(&network->tree);
	map_scratch_release(&network->scratch);
	g_free(network->ns_per_byte);
	g_free(network->pJ_per_byte);
	g_free(network->link_ns);
	map_loads_release(network);
	g_free(network->links);
	g_free(network->receivers);
	g_free(network->branches);
	g_free(network->nearest);
	map_dram_routes_release(network);
	for (int d = 0; d < MAP_DIMS; d++)
		g_free(network->meets[d]);
	map_all_to_all_release(network);
	g_free(network->shares);
}

void map_phase_init(struct map_phase *phase, const struct hw_package *package)
{
	unsigned resources = hw_resource_count(package);
	*phase = (struct map_phase){ .inputs = hw_router_ways(package),
		                     .dram_count = package->dram_count };
	phase->bytes = g_new0(double, resources);
	if (package->nop.router_conflict > 0)
		map_phase_count_turns(phase, package);
	phase->before_ns = g_new(float, resources);
	phase->after_ns = g_new(float, resources);
	phase->touched = g_new(unsigned, resources);
	phase->written_bytes = g_new0(double, package->dram_count);
}

void map_phase_count_turns(struct map_phase *phase, const struct hw_package *package)
{
	if (!phase->turns)
		phase->turns = g_new0(double, (size_t)hw_resource_count(package) * phase->inputs);
}

void map_phase_release(struct map_phase *phase)
{
	g_clear_pointer(&phase->bytes, g_free);
	g_clear_pointer(&phase->turns, g_free);
	g_clear_pointer(&phase->before_ns, g_free);
	g_clear_pointer(&phase->after_ns, g_free);
	g_clear_pointer(&phase->touched, g_free);
	g_clear_pointer(&phase->written_bytes, g_free);
}

void map_phase_clear(struct map_phase *phase)
{
	for (unsigned i = 0; i < phase->touched_count; i++)
		phase->bytes[phase->touched[i]] = 0;
	if (phase->turns)
		for (unsigned i = 0; i < phase->touched_count; i++)
			memset(&phase->turns[phase->touched[i] * phase->inputs], 0,
			       phase->inputs * sizeof *phase->turns);
	if (phase->dram_write_bytes > 0)
		memset(phase->written_bytes, 0, phase->dram_count * sizeof *phase->written_bytes);
	*phase = (struct map_phase){ .bytes = phase->bytes,
		                     .turns = phase->turns,
		                     .inputs = phase->inputs,
		                     .before_ns = phase->before_ns,
		                     .after_ns = phase->after_ns,
		                     .touched = phase->touched,
		                     .written_bytes = phase->written_bytes,
		                     .dram_count = phase->dram_count };
}

bool map_phase_empty(const struct map_phase *phase)
{
	return phase->touched_count == 0;
}

/* Of those bytes, what came into the resource's router at `input`. */
static inline void charge_turn(struct map_phase *phase, unsigned resource, unsigned input,
                               double bytes)
{
	if (phase->turns && input != MAP_FROM_DRAM)
		phase->turns[resource * phase->inputs + input] += bytes;
}

void map_phase_add(struct map_phase *to, const struct map_phase *from)
{
	for (unsigned i = 0; i < from->touched_count; i++) {
		unsigned resource = from->touched[i], first = resource * from->inputs;
		map_link_charge(to, resource, from->bytes[resource], from->before_ns[resource],
		                from->after_ns[resource]);
		for (unsigned t = first; from->turns && t < first + from->inputs; t++)
			to->turns[t] += from->turns[t];
	}
	if (from->far_bytes > 0)
		map_note_route(to, from->latency_ns, from->far_ends, from->far_from, from->far_to,
		               from->far_bytes);
	to->delivered_bytes += from->delivered_bytes;
	to->dram_read_bytes += from->dram_read_bytes;
	to->dram_write_bytes += from->dram_write_bytes;
	to->dram_link_bytes += from->dram_link_bytes;
	if (from->dram_write_bytes > 0)
		for (unsigned i = 0; i < from->dram_count; i++)
			to->written_bytes[i] += from->written_bytes[i];
}

struct map_link_sums map_phase_links(const struct map_network *network,
                                     const struct map_phase *phase)
{
	struct map_link_sums sums = { 0, 0 };
	unsigned links = network->package->link_count;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned link = phase->touched[i];
		if (link >= links)
			continue;
		sums.byte_hops += phase->bytes[link];
		sums.pJ += phase->bytes[link] * network->pJ_per_byte[link];
	}
	return sums;
}

/* A message's tree: from a chiplet or a DRAM channel at router `root`. */
struct tree {
	unsigned root, input; /* where it enters the root's router */
	float root_ns;        /* what it takes until there */
};

/* How a message that started at the root comes into `router`, which is in the tree: by the last
 * link of its way there. `links` has room for that. */
static unsigned entry(const struct hw_package *package, const struct tree *tree, unsigned router,
                      unsigned *links)
{
	unsigned hops = hw_route(package, tree->root, router, 0, links);
	return hops ? package->links[links[hops - 1]].input : tree->input;
}

/* Counts the turns of a branch: into each of its links, and into the receiver's port. */
static void turn_branch(struct map_network *network, struct map_phase *phase,
                        const struct tree *tree, unsigned first, unsigned last, unsigned to,
                        double bytes)
{
	const struct hw_link *links = network->package->links;
	unsigned output = hw_eject_id(network->package, to), router = to;
	for (unsigned i = first; i < last; i++) {
		charge_turn(phase, output, links[network->links[i]].input, bytes);
		output = network->links[i];
		router = links[output].from;
	}
	/* There is room behind the tree's links. */
	unsigned *way = network->links + hw_chiplet_count(network->package);
	charge_turn(phase, output, entry(network->package, tree, router, way), bytes);
}

/*
 * Charges the links [first, last) of network->links, which lead from the receiver back to the tree,
 * and the receiver's port. The last byte of the message is at the farthest receiver longest_ns
 * after it started; so that is when what passes here has arrived.
 */
static void charge_branch(struct map_network *network, struct map_phase *phase,
                          const struct tree *tree, unsigned first, unsigned last, unsigned to,
                          double way_ns, double longest_ns, double bytes)
{
	float far_ns = (float)longest_ns, before_ns = tree->root_ns + (float)way_ns;
	unsigned output = hw_eject_id(network->package, to);
	map_link_charge(phase, output, bytes, before_ns, far_ns - before_ns);
	for (unsigned i = first; i < last; i++) {
		unsigned link = network->links[i];
		before_ns -= network->link_ns[link];
		map_link_charge(phase, link, bytes, before_ns, far_ns - before_ns);
	}
	if (phase->turns)
		turn_branch(network, phase, tree, first, last, to, bytes);
}

/* One message to all of `to` as a tree; returns the farthest of them. */
static unsigned send_tree(struct map_network *network, struct map_phase *phase,
                          const struct tree *tree, const unsigned *to, unsigned count, double bytes,
                          double *longest_ns)
{
	const struct hw_package *package = network->package;
	unsigned farthest = 0, first = 0, links = 0;
	hw_tree_start(&network->tree, package, tree->root);
	for (unsigned i = 0; i < count; i++) {
		struct map_branch *branch = &network->branches[i];
		branch->ns = hw_tree_add(&network->tree, package, to[i], network->links, &links);
		branch->links_end = links;
		if (branch->ns > network->branches[farthest].ns)
			farthest = i;
	}
	*longest_ns = tree->root_ns + network->branches[farthest].ns + package->nop.message_ns / 2;
	for (unsigned i = 0; i < count; i++) {
		const struct map_branch *branch = &network->branches[i];
		charge_branch(network, phase, tree, first, branch->links_end, to[i], branch->ns,
		              *longest_ns, bytes);
		first = branch->links_end;
	}
	return to[farthest];
}

/* Counts the turns of a message that comes into its first router from its chiplet and goes over the
 * first of network->links to `eject`. */
static void turn_way(const struct map_network *network, struct map_phase *phase, unsigned hops,
                     unsigned eject, double bytes)
{
	unsigned input = phase->inputs - 1;
	for (unsigned i = 0; i < hops; i++) {
		charge_turn(phase, network->links[i], input, bytes);
		input = network->package->links[network->links[i]].input;
	}
	charge_turn(phase, eject, input, bytes);
}

/* What goes one of the ways to `to`: the links, in order, that are the first of network->links. */
static void charge_way(struct map_network *network, struct map_phase *phase, unsigned hops,
                       unsigned to, double bytes, float all_ns)
{
	const struct hw_package *package = network->package;
	unsigned eject = hw_eject_id(package, to);
	float before_ns = (float)(package->nop.message_ns / 2);
	for (unsigned i = 0; i < hops; i++) {
		unsigned link = network->links[i];
		map_link_charge(phase, link, bytes, before_ns, all_ns - before_ns);
		before_ns += network->link_ns[link];
	}
	map_link_charge(phase, eject, bytes, before_ns, all_ns - before_ns);
	if (phase->turns)
		turn_way(network, phase, hops, eject, bytes);
}

/* The same, where network->links are way 0 already. */
static double message_ns(const struct map_network *network, unsigned hops)
{
	return hw_links_ns(network->package, network->links, hops) +
	       network->package->nop.message_ns;
}

double map_message_ns(struct map_network *network, unsigned from, unsigned to)
{
	return message_ns(network, hw_route(network->package, from, to, 0, network->links));
}

static void send_one(struct map_network *network, struct map_phase *phase, unsigned from,
                     unsigned to, double bytes)
{
	const struct hw_package *package = network->package;
	unsigned ways = hw_ways(package, from, to);
	unsigned hops = hw_route(package, from, to, 0, network->links);
	double total_ns = message_ns(network, hops), part = bytes / ways;
	map_link_charge(phase, hw_inject_id(package, from), bytes, 0, (float)total_ns);
	charge_way(network, phase, hops, to, part, (float)total_ns);
	for (unsigned way = 1; way < ways; way++) {
		hw_route(package, from, to, way, network->links);
		charge_way(network, phase, hops, to, part, (float)total_ns);
	}
	map_note_route(phase, total_ns, MAP_CHIPLET_TO_CHIPLET, from, to, part);
}

static void send_to_all(struct map_network *network, struct map_phase *phase, unsigned from,
                        const unsigned *to, unsigned count, double bytes)
{
	double half_ns = network->package->nop.message_ns / 2, longest_ns;
	struct tree tree = { from, phase->inputs - 1, (float)half_ns };
	unsigned farthest = send_tree(network, phase, &tree, to, count, bytes, &longest_ns);
	map_link_charge(phase, hw_inject_id(network->package, from), bytes, 0, (float)longest_ns);
	map_note_route(phase, longest_ns, MAP_CHIPLET_TO_CHIPLET, from, farthest, bytes);
}

void map_send(struct map_network *network, struct map_phase *phase, unsigned from,
              const unsigned *to, unsigned count, double bytes)
{
	if (count == 0 || bytes <= 0)
		return;
	phase->delivered_bytes += (uint64_t)bytes * count;
	if (count > 1 && network->package->nop.multicast) {
		send_to_all(network, phase, from, to, count, bytes);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		send_one(network, phase, from, to[i], bytes);
}

static void read_channel(struct map_network *network, struct map_phase *phase, unsigned channel,
                         const unsigned *to, unsigned count, double bytes)
{
	const struct hw_dram_channel *dram = &network->package->dram[channel];
	struct tree tree = { dram->at, MAP_FROM_DRAM, (float)dram->latency_ns };
	double longest_ns;
	unsigned farthest = send_tree(network, phase, &tree, to, count, bytes, &longest_ns);
	map_link_charge(phase, hw_dram_id(network->package, channel), bytes, 0, (float)longest_ns);
	map_note_route(phase, longest_ns, MAP_DRAM_TO_CHIPLET, channel, farthest, bytes);
	phase->dram_read_bytes += bytes;
	unsigned away = 0;
	for (unsigned i = 0; i < count; i++)
		away += to[i] != dram->at;
	phase->dram_link_bytes += bytes * away;
}

/* The tree of each channel goes to all receivers, or to those that are its own. */
static void read_all_channels(struct map_network *network, struct map_phase *phase, unsigned *to,
                              unsigned count, double bytes)
{
	unsigned channels = network->package->dram_count;
	if (network->package->interleave == HW_INTERLEAVE_ALL) {
		for (unsigned c = 0; c < channels; c++)
			read_channel(network, phase, c, to, count, bytes / channels);
		return;
	}
	/* Selects the receivers of each channel to the front, in order. */
	for (unsigned done = 0; done < count;) {
		unsigned channel = network->nearest[to[done]], same = done;
		for (unsigned i = done; i < count; i++) {
			unsigned chiplet = to[i];
			if (network->nearest[chiplet] != channel)
				continue;
			to[i] = to[same];
			to[same++] = chiplet;
		}
		read_channel(network, phase, channel, to + done, same - done, bytes);
		done = same;
	}
}

/* A message between DRAM and one chiplet. */
static void send_spread(struct map_phase *phase, const struct map_dram_route *spread, double bytes)
{
	for (unsigned i = 0; i < spread->count; i++) {
		const struct map_dram_route_part *part = &spread->parts[i];
		map_link_charge(phase, part->resource, bytes * part->share, part->before_ns,
		                part->after_ns);
	}
	for (unsigned i = 0; phase->turns && i < spread->turn_count; i++)
		phase->turns[spread->turns[i].turn] += bytes * spread->turns[i].share;
	phase->dram_link_bytes += bytes * spread->link_share;
}

static void read_one(struct map_phase *phase, const struct map_dram_route *spread, unsigned to,
                     double bytes)
{
	send_spread(phase, spread, bytes);
	phase->dram_read_bytes += bytes;
	map_note_route(phase, spread->latency_ns, MAP_DRAM_TO_CHIPLET, spread->far_channel, to,
	               bytes * spread->far_share);
}

void map_read_dram(struct map_network *network, struct map_phase *phase, unsigned *to,
                   unsigned count, double bytes)
{
	if (bytes <= 0)
		return;
	if (count > 1 && network->package->nop.multicast) {
		read_all_channels(network, phase, to, count, bytes);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		read_one(phase, map_dram_route_of(network, to[i], true), to[i], bytes);
}

void map_read_channel(struct map_network *network, struct map_phase *phase, unsigned channel,
                      const unsigned *to, unsigned count, double bytes)
{
	if (bytes <= 0)
		return;
	if (count > 1 && network->package->nop.multicast) {
		read_channel(network, phase, channel, to, count, bytes);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		read_one(phase, map_dram_route_from(network, channel, to[i]), to[i], bytes);
}

static void note_written(const struct map_network *network, struct map_phase *phase, unsigned from,
                         double bytes)
{
	if (network->package->interleave == HW_INTERLEAVE_NEAREST) {
		phase->written_bytes[network->nearest[from]] += bytes;
		return;
	}
	for (unsigned c = 0; c < phase->dram_count; c++)
		phase->written_bytes[c] += bytes / phase->dram_count;
}

void map_write_dram(struct map_network *network, struct map_phase *phase, unsigned from,
                    double bytes)
{
	const struct map_dram_route *spread = map_dram_route_of(network, from, false);
	if (bytes <= 0)
		return;
	send_spread(phase, spread, bytes);
	phase->dram_write_bytes += bytes;
	note_written(network, phase, from, bytes);
	map_note_route(phase, spread->latency_ns, MAP_CHIPLET_TO_DRAM, from, spread->far_channel,
	               bytes * spread->far_share);
}

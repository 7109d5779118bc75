/*
 * What routers lose (search/traffic/README.md, "Routers"). Input-queued wormhole routers with round-robin
 * arbitration: an input sends to one output at a time, an output takes turns between its inputs,
 * and packets of one input wait for each other.
 *
 * Every resource is a queue that feeds the outputs of the router at its end. Effective times are
 * worked out against the traffic's direction: ejection ports, the links of the last leg, the first
 * leg's, injection ports. On a torus a ring has no last link; where the next resource's time is not
 * known yet, its own load stands for it.
 *
 * Invariant: a time is never less than the load's, and equal to it where no input feeds two
 * outputs and no output has two inputs.
 */
#include "search/traffic/router_loss.h"

#include <string.h>

/* Part of the gaps that arrive with an upstream link's traffic. Fitted with the keys of the
 * package nop-base; it differs little between routers. */
#define GAPS_PASSED_ON 0.88

#define MOST_CUTS (MAP_INPUTS * MAP_INPUTS + 2)

/* What one resource sends to one output. */
struct sent {
	double ns, slowed_ns; /* at the output's bandwidth; as slowly as it goes on from there */
	double rivals[MAP_INPUTS]; /* what its other inputs send, in parts of this */
	unsigned rival_count;
};

static unsigned place_in_order(const struct hw_package *package, unsigned resource)
{
	unsigned chiplets = hw_chiplet_count(package), extent = package->columns + package->rows;
	if (resource >= 5 * chiplets)
		return 0;
	if (resource >= 4 * chiplets)
		return 2 * extent + 1;
	unsigned chiplet = resource / HW_DIRECTIONS;
	unsigned x = chiplet % package->columns, y = chiplet / package->columns;
	switch ((enum hw_direction)(resource % HW_DIRECTIONS)) {
	case HW_SOUTH:
		return 1 + package->rows - 1 - y;
	case HW_NORTH:
		return 1 + y;
	case HW_EAST:
		return 1 + extent + package->columns - 1 - x;
	case HW_WEST:
		return 1 + extent + x;
	case HW_DIRECTIONS:
		break;
	}
	g_assert_not_reached();
}

/* Put the phase's links and ports into routers->order, against the traffic's direction. Returns
 * their number. */
static unsigned sort_resources(struct map_routers *routers, const struct map_loaded *phase)
{
	unsigned ports_end = 6 * hw_chiplet_count(routers->package), count = 0;
	unsigned *first = routers->first;
	memset(first, 0, (routers->place_count + 1) * sizeof *first);
	for (unsigned i = 0; i < phase->touched_count; i++)
		if (phase->touched[i] < ports_end)
			first[routers->place[phase->touched[i]] + 1]++;
	for (unsigned i = 0; i < routers->place_count; i++)
		first[i + 1] += first[i];
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		if (r >= ports_end)
			continue;
		routers->order[first[routers->place[r]]++] = r;
		count++;
	}
	return count;
}

static void connect(struct map_routers *routers, const struct hw_package *package)
{
	unsigned to, chiplets = hw_chiplet_count(package);
	for (unsigned c = 0; c < chiplets; c++) {
		unsigned *inputs = &routers->inputs[c * MAP_INPUTS],
			 *outputs = &routers->outputs[c * MAP_INPUTS];
		for (unsigned d = 0; d < HW_DIRECTIONS; d++)
			outputs[d] = hw_link_id(c, (enum hw_direction)d);
		outputs[HW_DIRECTIONS] = hw_eject_id(package, c);
		inputs[MAP_FROM_CHIPLET] = hw_inject_id(package, c);
		routers->ends_at[hw_inject_id(package, c)] = c;
	}
	for (unsigned link = 0; link < chiplets * HW_DIRECTIONS; link++) {
		if (!hw_link_exists(package, link, &to))
			continue;
		routers->inputs[to * MAP_INPUTS + link % HW_DIRECTIONS] = link;
		routers->ends_at[link] = to;
	}
}

void map_routers_init(struct map_routers *routers, const struct hw_package *package)
{
	size_t chiplets = hw_chiplet_count(package);
	routers->package = package;
	routers->order = g_new(unsigned, 6 * chiplets);
	routers->inputs = g_new0(unsigned, chiplets *MAP_INPUTS);
	routers->outputs = g_new0(unsigned, chiplets *MAP_INPUTS);
	routers->ends_at = g_new0(unsigned, 6 * chiplets);
	routers->place = g_new(unsigned, 6 * chiplets);
	routers->place_count = 2 * (package->columns + package->rows) + 2;
	routers->first = g_new(unsigned, routers->place_count + 1);
	routers->slowness = g_new(double, 6 * chiplets);
	routers->gaps = g_new(double, 6 * chiplets);
	connect(routers, package);
	for (unsigned r = 0; r < 6 * chiplets; r++)
		routers->place[r] = place_in_order(package, r);
}

void map_routers_release(struct map_routers *routers)
{
	g_free(routers->order);
	g_free(routers->inputs);
	g_free(routers->outputs);
	g_free(routers->ends_at);
	g_free(routers->place);
	g_free(routers->first);
	g_free(routers->slowness);
	g_free(routers->gaps);
}

static bool is_injection(const struct hw_package *package, unsigned resource)
{
	unsigned chiplets = hw_chiplet_count(package);
	return resource >= 4 * chiplets && resource < 5 * chiplets;
}

/* The router whose output a link or an ejection port is. */
static unsigned router_of(const struct hw_package *package, unsigned resource)
{
	unsigned chiplets = hw_chiplet_count(package);
	return resource < 4 * chiplets ? resource / HW_DIRECTIONS : resource - 5 * chiplets;
}

/*
 * Slots of an output that nobody uses, in parts of its load: those in which the input whose turn
 * it is sends elsewhere, and part of those that were empty upstream already.
 */
static double gaps_of(const struct map_routers *routers, const struct map_loaded *phase,
                      unsigned output)
{
	if (is_injection(routers->package, output))
		return 0;
	const unsigned *inputs = &routers->inputs[router_of(routers->package, output) * MAP_INPUTS];
	double own_ns = phase->bytes[output] * phase->ns_per_byte[output], gaps = 0;
	for (unsigned i = 0; i < MAP_INPUTS; i++) {
		double sent = phase->turns[output * MAP_INPUTS + i];
		if (sent <= 0)
			continue;
		double elsewhere_ns = (phase->bytes[inputs[i]] - sent) *
		                      phase->ns_per_byte[inputs[i]];
		double passed_on = i == MAP_FROM_CHIPLET
		                           ? 0
		                           : GAPS_PASSED_ON * routers->gaps[inputs[i]];
		gaps += sent / phase->bytes[output] *
		        (CLAMP(elsewhere_ns / own_ns, 0, 1) + passed_on);
	}
	return gaps;
}

/* What `resource` sends to the outputs of the router at its end. */
static unsigned find_sent(const struct map_routers *routers, const struct map_loaded *phase,
                          unsigned resource, struct sent *sent)
{
	const unsigned *outputs = &routers->outputs[routers->ends_at[resource] * MAP_INPUTS];
	unsigned own = is_injection(routers->package, resource) ? MAP_FROM_CHIPLET
	                                                        : resource % HW_DIRECTIONS;
	double blocking = routers->package->nop.router_blocking;
	unsigned count = 0;
	for (unsigned o = 0; o < MAP_INPUTS; o++) {
		const double *from = &phase->turns[outputs[o] * MAP_INPUTS];
		if (phase->bytes[outputs[o]] <= 0 || from[own] <= 0)
			continue;
		struct sent *s = &sent[count++];
		s->ns = from[own] * phase->ns_per_byte[outputs[o]];
		s->slowed_ns = s->ns * (1 + blocking * (routers->slowness[outputs[o]] - 1));
		s->rival_count = 0;
		for (unsigned i = 0; i < MAP_INPUTS; i++)
			if (i != own && from[i] > 0)
				s->rivals[s->rival_count++] = from[i] / from[own];
	}
	return count;
}

/* Round robin: while k inputs still have something for the output, each gets 1/k of it. */
static double pace_ns(const struct sent *sent, double progress)
{
	unsigned sharing = 1;
	for (unsigned i = 0; i < sent->rival_count; i++)
		sharing += sent->rivals[i] > progress;
	return sent->slowed_ns * sharing;
}

/* The points of a resource's progress at which a rival of its has nothing more to send. */
static unsigned find_cuts(const struct sent *sent, unsigned count, double cuts[MOST_CUTS])
{
	unsigned cut_count = 0;
	for (unsigned s = 0; s < count; s++) {
		for (unsigned i = 0; i < sent[s].rival_count; i++) {
			double cut = sent[s].rivals[i];
			unsigned at = cut_count;
			if (cut >= 1)
				continue;
			for (; at > 0 && cuts[at - 1] > cut; at--)
				cuts[at] = cuts[at - 1];
			cuts[at] = cut;
			cut_count++;
		}
	}
	cuts[cut_count++] = 1;
	return cut_count;
}

/*
 * Time that a resource takes to pass all on. Its packets leave in a fixed mix, so at any time the
 * output that is slowest for them holds back all of it:
 *
 *   integral over progress u from 0 to 1 of max(own time, max over outputs c of pace of c at u)
 */
static double passing_ns(const struct sent *sent, unsigned count, double own_ns)
{
	double cuts[MOST_CUTS], sum_ns = 0, from = 0;
	unsigned cut_count = find_cuts(sent, count, cuts);
	for (unsigned i = 0; i < cut_count; i++) {
		double pace = own_ns;
		for (unsigned s = 0; s < count; s++)
			pace = MAX(pace, pace_ns(&sent[s], (from + cuts[i]) / 2));
		sum_ns += (cuts[i] - from) * pace;
		from = cuts[i];
	}
	return sum_ns;
}

/* The same if one packet at a time waits for its output. */
static double one_by_one_ns(const struct sent *sent, unsigned count)
{
	double sum_ns = 0;
	for (unsigned s = 0; s < count; s++) {
		double shares = 1;
		for (unsigned i = 0; i < sent[s].rival_count; i++)
			shares += MIN(sent[s].rivals[i], 1);
		sum_ns += sent[s].ns * shares;
	}
	return sum_ns;
}

static double effective_ns(const struct map_routers *routers, const struct map_loaded *phase,
                           unsigned resource)
{
	const struct hw_nop *nop = &routers->package->nop;
	double own_ns = phase->bytes[resource] * phase->ns_per_byte[resource], time_ns = own_ns;
	if (resource < 5 * hw_chiplet_count(routers->package)) {
		struct sent sent[MAP_INPUTS];
		unsigned count = find_sent(routers, phase, resource, sent);
		time_ns = passing_ns(sent, count, own_ns);
		if (is_injection(routers->package, resource))
			time_ns += nop->injection_blocking *
			           MAX(one_by_one_ns(sent, count) - time_ns, 0);
	}
	return time_ns + nop->router_conflict * own_ns * MIN(routers->gaps[resource], 1);
}

/* Whether some output takes turns between inputs; else nothing is lost. */
static bool any_rivals(const struct map_routers *routers, const struct map_loaded *phase,
                       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const double *turns = &phase->turns[routers->order[i] * MAP_INPUTS];
		unsigned inputs = 0;
		for (unsigned input = 0; input < MAP_INPUTS; input++)
			inputs += turns[input] > 0;
		if (inputs > 1)
			return true;
	}
	return false;
}

/* The slowest of the part's resources, with and without what routers lose. */
static double slowdown_of(const struct map_routers *routers, const struct map_loaded *phase,
                          const unsigned *part, unsigned part_count)
{
	unsigned ports_end = 6 * hw_chiplet_count(routers->package);
	double slowest_ns = 0, longest_ns = 0;
	for (unsigned i = 0; i < part_count; i++) {
		unsigned r = part[i];
		if (r >= ports_end)
			continue;
		double own_ns = phase->bytes[r] * phase->ns_per_byte[r];
		slowest_ns = MAX(slowest_ns, own_ns * routers->slowness[r]);
		longest_ns = MAX(longest_ns, own_ns);
	}
	return longest_ns > 0 ? slowest_ns / longest_ns : 1;
}

double map_router_slowdown(struct map_routers *routers, const struct map_loaded *phase,
                           const unsigned *part, unsigned part_count)
{
	unsigned count = sort_resources(routers, phase);
	if (!any_rivals(routers, phase, count))
		return 1;
	for (unsigned i = 0; i < count; i++) {
		routers->gaps[routers->order[i]] = 0;
		routers->slowness[routers->order[i]] = 1;
	}
	for (unsigned i = count; i-- > 0;)
		routers->gaps[routers->order[i]] = gaps_of(routers, phase, routers->order[i]);
	for (unsigned i = 0; i < count; i++) {
		unsigned r = routers->order[i];
		double own_ns = phase->bytes[r] * phase->ns_per_byte[r];
		routers->slowness[r] = effective_ns(routers, phase, r) / own_ns;
	}
	return slowdown_of(routers, phase, part, part_count);
}

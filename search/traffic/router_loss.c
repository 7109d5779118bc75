/*
 * What routers lose (search/traffic/README.md, "Routers"). Input-queued wormhole routers with
 * round-robin arbitration: an input sends to one output at a time, an output takes turns between
 * its inputs, and packets of one input wait for each other.
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

/* What one resource sends to one output. */
struct map_sent {
	double ns, slowed_ns; /* at the output's bandwidth; as slowly as it goes on from there */
	double *rivals;       /* what its other inputs send, in parts of this */
	unsigned rival_count;
};

/* Against the traffic's direction: ejection ports, links by falling rank, injection ports. */
static unsigned place_in_order(const struct map_routers *routers, unsigned resource)
{
	const struct hw_package *package = routers->package;
	if (resource < package->link_count)
		return routers->place_count - 2 - package->links[resource].rank;
	return resource < hw_eject_id(package, 0) ? routers->place_count - 1 : 0;
}

/* Put the phase's links and ports into routers->order, against the traffic's direction. Returns
 * their number. */
static unsigned sort_resources(struct map_routers *routers, const struct map_loaded *phase)
{
	unsigned ports_end = hw_dram_id(routers->package, 0), count = 0;
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

/* Returns how many places the order has. */
static unsigned connect(struct map_routers *routers, const struct hw_package *package)
{
	unsigned ranks = 0;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		routers->inputs[(c + 1) * routers->ways - 1] = hw_inject_id(package, c);
	for (unsigned i = 0; i < package->link_count; i++) {
		const struct hw_link *link = &package->links[i];
		routers->inputs[link->to * routers->ways + link->input] = i;
		ranks = MAX(ranks, link->rank + 1);
	}
	return ranks + 2;
}

void map_routers_init(struct map_routers *routers, const struct hw_package *package)
{
	unsigned chiplets = hw_chiplet_count(package), ports_end = hw_dram_id(package, 0);
	unsigned ways = hw_router_ways(package);
	routers->package = package;
	routers->law = (struct map_router_law){ package->nop.router_conflict,
		                                package->nop.router_blocking,
		                                package->nop.injection_blocking };
	routers->ways = ways;
	routers->order = g_new(unsigned, ports_end);
	routers->inputs = g_new0(unsigned, (size_t)chiplets *ways);
	routers->place_count = connect(routers, package);
	routers->place = g_new(unsigned, ports_end);
	for (unsigned r = 0; r < ports_end; r++)
		routers->place[r] = place_in_order(routers, r);
	routers->first = g_new(unsigned, routers->place_count + 1);
	routers->slowness = g_new(double, ports_end);
	routers->gaps = g_new(double, ports_end);
	routers->sent = g_new(struct map_sent, ways);
	routers->rivals = g_new(double, (size_t)ways *ways);
	routers->cuts = g_new(double, (size_t)ways *ways + 1);
	for (unsigned i = 0; i < ways; i++)
		routers->sent[i].rivals = &routers->rivals[(size_t)i * ways];
}

void map_routers_release(struct map_routers *routers)
{
	g_free(routers->order);
	g_free(routers->inputs);
	g_free(routers->place);
	g_free(routers->first);
	g_free(routers->slowness);
	g_free(routers->gaps);
	g_free(routers->sent);
	g_free(routers->rivals);
	g_free(routers->cuts);
}

static bool is_injection(const struct hw_package *package, unsigned resource)
{
	return resource >= hw_inject_id(package, 0) && resource < hw_eject_id(package, 0);
}

/* The router whose output a link or an ejection port is. */
static unsigned output_of(const struct hw_package *package, unsigned resource)
{
	return resource < package->link_count ? package->links[resource].from
	                                      : resource - hw_eject_id(package, 0);
}

/* The router at the end of a link or an injection port. */
static unsigned end_of(const struct hw_package *package, unsigned resource)
{
	return resource < package->link_count ? package->links[resource].to
	                                      : resource - hw_inject_id(package, 0);
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
	const unsigned ways = routers->ways;
	const unsigned *inputs = &routers->inputs[output_of(routers->package, output) * ways];
	double own_ns = phase->bytes[output] * phase->ns_per_byte[output], gaps = 0;
	for (unsigned i = 0; i < ways; i++) {
		double sent = phase->turns[output * ways + i];
		if (sent <= 0)
			continue;
		double elsewhere_ns = (phase->bytes[inputs[i]] - sent) *
		                      phase->ns_per_byte[inputs[i]];
		double passed_on = i == ways - 1 ? 0 : GAPS_PASSED_ON * routers->gaps[inputs[i]];
		gaps += sent / phase->bytes[output] *
		        (CLAMP(elsewhere_ns / own_ns, 0, 1) + passed_on);
	}
	return gaps;
}

/* What `resource`, which comes into the router as `own`, sends to this output of it. */
static bool find_sent_to(const struct map_routers *routers, const struct map_loaded *phase,
                         unsigned own, unsigned output, struct map_sent *sent)
{
	const double *from = &phase->turns[output * routers->ways];
	double blocking = routers->law.blocking;
	if (phase->bytes[output] <= 0 || from[own] <= 0)
		return false;
	sent->ns = from[own] * phase->ns_per_byte[output];
	sent->slowed_ns = sent->ns * (1 + blocking * (routers->slowness[output] - 1));
	sent->rival_count = 0;
	for (unsigned i = 0; i < routers->ways; i++)
		if (i != own && from[i] > 0)
			sent->rivals[sent->rival_count++] = from[i] / from[own];
	return true;
}

/* What `resource` sends to the outputs of the router at its end. */
static unsigned find_sent(const struct map_routers *routers, const struct map_loaded *phase,
                          unsigned resource, struct map_sent *sent)
{
	const struct hw_package *package = routers->package;
	unsigned router = end_of(package, resource), count = 0;
	unsigned own = is_injection(package, resource) ? routers->ways - 1
	                                               : package->links[resource].input;
	for (unsigned o = package->first_link[router]; o < package->first_link[router + 1]; o++)
		count += find_sent_to(routers, phase, own, o, &sent[count]);
	return count +
	       find_sent_to(routers, phase, own, hw_eject_id(package, router), &sent[count]);
}

/* Round robin: while k inputs still have something for the output, each gets 1/k of it. */
static double pace_ns(const struct map_sent *sent, double progress)
{
	unsigned sharing = 1;
	for (unsigned i = 0; i < sent->rival_count; i++)
		sharing += sent->rivals[i] > progress;
	return sent->slowed_ns * sharing;
}

/* The points of a resource's progress at which a rival of its has nothing more to send. */
static unsigned find_cuts(const struct map_sent *sent, unsigned count, double *cuts)
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
static double passing_ns(const struct map_sent *sent, unsigned count, double own_ns, double *cuts)
{
	double sum_ns = 0, from = 0;
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
static double one_by_one_ns(const struct map_sent *sent, unsigned count)
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
	double own_ns = phase->bytes[resource] * phase->ns_per_byte[resource], time_ns = own_ns;
	if (resource < hw_eject_id(routers->package, 0)) {
		const struct map_sent *sent = routers->sent;
		unsigned count = find_sent(routers, phase, resource, routers->sent);
		time_ns = passing_ns(sent, count, own_ns, routers->cuts);
		if (is_injection(routers->package, resource))
			time_ns += routers->law.injection_blocking *
			           MAX(one_by_one_ns(sent, count) - time_ns, 0);
	}
	return time_ns + routers->law.conflict * own_ns * MIN(routers->gaps[resource], 1);
}

/* Whether some output takes turns between inputs; else nothing is lost. */
static bool any_rivals(const struct map_routers *routers, const struct map_loaded *phase,
                       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const double *turns = &phase->turns[routers->order[i] * routers->ways];
		unsigned inputs = 0;
		for (unsigned input = 0; input < routers->ways; input++)
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
	unsigned ports_end = hw_dram_id(routers->package, 0);
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

/* Invariant: every sample of a batch lies in exactly one part of its producer. */
#include "search/mapping/stored.h"

#include "hw/topology/topology.h"

unsigned map_nearest_channel(const struct hw_package *package, unsigned chiplet)
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

bool map_tensors_have_places(const struct hw_package *package)
{
	if (package->interleave != HW_INTERLEAVE_NEAREST || package->dram_count == 1)
		return false;
	unsigned first = map_nearest_channel(package, 0);
	for (unsigned c = 1; c < hw_chiplet_count(package); c++)
		if (map_nearest_channel(package, c) != first)
			return true;
	return false;
}

bool map_find_stored(const struct map_placed *to, const struct wl_edge *edge,
                     struct map_stored *stored)
{
	const struct map_plan *plan = to->plan;
	if (!plan || edge->from < 0)
		return false;
	const struct map_plan_node *from = &plan->nodes[edge->from];
	if (!from->where || from->where->region_size == 0)
		return false;
	unsigned microbatch = MAX(to->microbatch, to->samples);
	unsigned batch = plan->mapping->batch, full = batch / microbatch;
	unsigned stored_at_once = plan->mapping->segments[from->segment].microbatch;
	bool last = to->samples < microbatch;
	*stored = (struct map_stored){
		.full = map_place(plan, (unsigned)edge->from, stored_at_once),
		.tail = map_place(plan, (unsigned)edge->from, batch % stored_at_once),
		.batch = batch,
		.first = last ? full * microbatch : 0,
		.count = last ? 1 : full,
		.microbatch = microbatch,
	};
	return true;
}

/* Samples below x, counted from the first one, that micro-batches have in `need`. */
static uint64_t needed_until(uint64_t x, unsigned microbatch, struct map_interval need)
{
	uint64_t rest = x % microbatch;
	return x / microbatch * map_length(need) +
	       (rest > need.lo ? MIN(rest, need.hi) - need.lo : 0);
}

/* Samples of [lo, hi) that the reader needs. */
static uint64_t needed_between(const struct map_stored *s, uint64_t lo, uint64_t hi,
                               struct map_interval need)
{
	return hi > lo ? needed_until(hi - s->first, s->microbatch, need) -
	                         needed_until(lo - s->first, s->microbatch, need)
	               : 0;
}

/* Samples of [from, end) that are needed and lie in `have` of micro-batches of `size` each. */
static uint64_t common_samples(const struct map_stored *s, uint64_t from, uint64_t end,
                               unsigned size, struct map_interval have, struct map_interval need)
{
	uint64_t sum = 0;
	for (uint64_t start = from / size * size; start < end; start += size)
		sum += needed_between(s, MAX(start + have.lo, from), MIN(start + have.hi, end),
		                      need);
	return sum;
}

static uint64_t common_multiple(uint64_t a, uint64_t b)
{
	uint64_t x = a, y = b;
	while (y) {
		uint64_t rest = x % y;
		x = y;
		y = rest;
	}
	return a / x * b;
}

double map_stored_samples(const struct map_stored *s, struct map_interval full,
                          struct map_interval tail, struct map_interval need)
{
	if (s->full.split[MAP_N] == 1 || map_length(need) == 0)
		return map_length(need);
	unsigned size = s->full.samples;
	uint64_t end = MIN(s->first + (uint64_t)s->count * s->microbatch, s->batch);
	uint64_t tail_from = s->batch - s->tail.samples, full_end = MIN(end, tail_from);
	uint64_t sum = 0, from = s->first;
	/* What is stored and what is read have a common rhythm: whole rounds of it are alike. */
	uint64_t round = common_multiple(size, s->microbatch);
	if (s->first == 0 && full_end > round) {
		sum = full_end / round * common_samples(s, 0, round, size, full, need);
		from = full_end / round * round;
	}
	sum += common_samples(s, from, full_end, size, full, need);
	sum += needed_between(s, MAX(tail_from + tail.lo, s->first), MIN(tail_from + tail.hi, end),
	                      need);
	return (double)sum / s->count;
}

bool map_reads_stored(const struct map_plan *plan, unsigned reader, unsigned writer)
{
	const struct map_segment *segment = &plan->mapping->segments[reader];
	if (reader <= writer)
		return false;
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++) {
			const struct wl_node *node =
				&plan->workload->nodes[segment->clusters[c].nodes[i].node];
			for (unsigned e = 0; e < node->edge_in_count; e++) {
				int from = plan->workload->edges[node->edges_in[e]].from;
				if (from >= 0 && plan->nodes[from].segment == writer &&
				    segment->clusters[c].region_size > 0)
					return true;
			}
		}
	return false;
}

/*
 * Invariant: what is sent is exactly what is needed and not there already. The
 * four dimensions are independent, so each producer part meets runs of consumer
 * parts per dimension, and messages are the products of these runs.
 */
#include "search/traffic/traffic.h"

#include "search/traffic/all_to_all.h"
#include "search/mapping/stored.h"

/* The producer, where it is no chiplet. */
#define FROM_DRAM UINT32_MAX

struct exchange {
	struct map_network *network;
	struct map_phase *phase;
	const struct map_grid *have, *need;
	unsigned element_bytes;
	unsigned meet_count[MAP_DIMS];
	/* Of boxes that lie in DRAM: who stored them (NULL: chiplets send), the samples of their
	 * last micro-batch, and the mean samples that each consumer part needs of one producer
	 * part. */
	const struct map_stored *stored;
	const struct map_interval *tail;
	double *samples;
};

/* Whether parts [end, next) are all empty, so that a run that ends there may go on at `next`. */
static bool joins(const struct map_interval *need, unsigned end, unsigned next)
{
	while (end < next && !map_length(need[end]))
		end++;
	return end == next;
}

/* Fill meets[dim] with the runs of consumer parts that overlap producer part i. */
static unsigned meet(struct exchange *x, int dim, unsigned i)
{
	struct map_interval have = x->have->part[dim][i];
	const struct map_interval *need = x->need->part[dim];
	struct map_meet *meets = x->network->meets[dim];
	unsigned count = 0;
	struct map_interval last = { 0 };
	for (unsigned j = 0; j < x->need->parts[dim]; j++) {
		struct map_interval both = map_overlap(have, need[j]);
		uint32_t length = map_length(both);
		if (!length)
			continue;
		if (count && map_same_elements(both, last) &&
		    (x->stored ? joins(need, meets[count - 1].end, j)
		               : meets[count - 1].end == j)) {
			meets[count - 1].end = j + 1;
			continue;
		}
		meets[count++] = (struct map_meet){ length, j, j + 1 };
		last = both;
	}
	return count;
}

/* The same for samples, which lie where the producer's micro-batches had them. No two consumer
 * parts need the same. */
static unsigned meet_samples(struct exchange *x, unsigned i)
{
	struct map_meet *meets = x->network->meets[MAP_N];
	unsigned count = 0;
	if (!x->stored)
		return meet(x, MAP_N, i);
	for (unsigned j = 0; j < x->need->parts[MAP_N]; j++) {
		x->samples[j] = map_stored_samples(x->stored, x->have->part[MAP_N][i], x->tail[i],
		                                   x->need->part[MAP_N][j]);
		if (x->samples[j] > 0)
			meets[count++] = (struct map_meet){ 1, j, j + 1 };
	}
	return count;
}

static bool is_empty(const struct map_grid *grid, enum map_dim dim, unsigned part)
{
	return grid->part[dim][part].lo >= grid->part[dim][part].hi;
}

/* Consumers of the product of four runs, without the producer itself and the empty parts. */
static unsigned collect_receivers(const struct exchange *x, const struct map_meet *run[MAP_DIMS],
                                  unsigned producer)
{
	const unsigned *parts = x->need->parts;
	unsigned *receivers = x->network->receivers, count = 0;
	for (unsigned n = run[MAP_N]->first; n < run[MAP_N]->end; n++)
		for (unsigned k = run[MAP_K]->first; k < run[MAP_K]->end; k++)
			for (unsigned p = run[MAP_P]->first; p < run[MAP_P]->end; p++) {
				if (is_empty(x->need, MAP_N, n) || is_empty(x->need, MAP_K, k) ||
				    is_empty(x->need, MAP_P, p))
					continue;
				unsigned row = ((n * parts[MAP_K] + k) * parts[MAP_P] + p) *
				               parts[MAP_Q];
				for (unsigned q = run[MAP_Q]->first; q < run[MAP_Q]->end; q++)
					if (x->need->region[row + q] != producer &&
					    !is_empty(x->need, MAP_Q, q))
						receivers[count++] = x->need->region[row + q];
			}
	return count;
}

static void send_runs(struct exchange *x, unsigned producer)
{
	struct map_meet *const *meets = x->network->meets;
	const struct map_meet *run[MAP_DIMS];
	for (unsigned a = 0; a < x->meet_count[MAP_N]; a++)
		for (unsigned b = 0; b < x->meet_count[MAP_K]; b++)
			for (unsigned c = 0; c < x->meet_count[MAP_P]; c++)
				for (unsigned d = 0; d < x->meet_count[MAP_Q]; d++) {
					run[MAP_N] = &meets[MAP_N][a];
					run[MAP_K] = &meets[MAP_K][b];
					run[MAP_P] = &meets[MAP_P][c];
					run[MAP_Q] = &meets[MAP_Q][d];
					uint64_t volume = (uint64_t)run[MAP_N]->length *
					                  run[MAP_K]->length * run[MAP_P]->length *
					                  run[MAP_Q]->length;
					double bytes = (double)(volume * x->element_bytes);
					unsigned count = collect_receivers(
						x, run, x->stored ? FROM_DRAM : producer);
					if (x->stored)
						map_read_channel(
							x->network, x->phase,
							x->network->nearest[producer],
							x->network->receivers, count,
							bytes * x->samples[run[MAP_N]->first]);
					else if (producer == FROM_DRAM)
						map_read_dram(x->network, x->phase,
						              x->network->receivers, count, bytes);
					else
						map_send(x->network, x->phase, producer,
						         x->network->receivers, count, bytes);
				}
}

/* How the overlaps of a dimension depend on both parts. */
enum factors {
	NO_PRODUCT,
	ALL_ALIKE, /* all consumer parts meet a producer part in the same interval */
	ALL_DIFFER /* no two that follow each other do, and there is one producer part */
};

static enum factors factors_of(const struct map_grid *have, const struct map_grid *need, int dim,
                               bool multicast)
{
	unsigned alike = 0, parts = need->parts[dim];
	const struct map_interval *needs = need->part[dim];
	bool one = have->parts[dim] == 1;
	for (unsigned i = 0; i + 1 < parts; i++)
		alike += one ? map_same_elements(map_overlap(have->part[dim][0], needs[i]),
		                                 map_overlap(have->part[dim][0], needs[i + 1]))
		             : map_same_elements(needs[i], needs[i + 1]);
	if (alike == parts - 1)
		return ALL_ALIKE;
	return one && (alike == 0 || !multicast) ? ALL_DIFFER : NO_PRODUCT;
}

/* Whether the exchange is one message of every producer to all consumers, or one to each of
 * them. */
static bool is_product(const struct exchange *x, enum factors factors[MAP_DIMS], bool *one_message)
{
	bool multicast = x->network->package->nop.multicast, shared = false;
	*one_message = multicast;
	for (int d = 0; d < MAP_DIMS; d++) {
		factors[d] = factors_of(x->have, x->need, d, multicast);
		if (factors[d] == NO_PRODUCT)
			return false;
		if (factors[d] == ALL_DIFFER)
			*one_message = false;
		else
			shared = shared || x->need->parts[d] > 1;
	}
	return *one_message || !multicast || !shared;
}

/* What each producer (of `mine`) puts into the product, or each consumer. */
static void fill_factors(const struct exchange *x, const enum factors factors[MAP_DIMS],
                         bool of_consumers, double *amounts)
{
	const struct map_grid *mine = of_consumers ? x->need : x->have;
	unsigned index[MAP_DIMS], count = 1;
	for (int d = 0; d < MAP_DIMS; d++)
		count *= mine->parts[d];
	for (unsigned i = 0; i < count; i++) {
		uint64_t amount = of_consumers ? 1 : x->element_bytes;
		map_unflatten(mine, i, index);
		for (int d = 0; d < MAP_DIMS; d++)
			if ((factors[d] == ALL_DIFFER) == of_consumers)
				amount *= map_length(
					map_overlap(x->have->part[d][of_consumers ? 0 : index[d]],
				                    x->need->part[d][of_consumers ? index[d] : 0]));
		amounts[i] = (double)amount;
	}
}

static unsigned grid_parts(const struct map_grid *grid)
{
	return grid->parts[MAP_N] * grid->parts[MAP_K] * grid->parts[MAP_P] * grid->parts[MAP_Q];
}

/* Exchanges of many messages that are products; false: it is none. */
static bool exchange_product(const struct exchange *x)
{
	struct map_network *network = x->network;
	struct map_all_to_all product = { .senders = x->have->region,
		                          .receivers = x->need->region,
		                          .sent = network->sent,
		                          .got = network->got,
		                          .sender_count = grid_parts(x->have),
		                          .receiver_count = grid_parts(x->need) };
	enum factors factors[MAP_DIMS];
	if (!map_all_to_all_pays(network, x->phase, product.sender_count, product.receiver_count) ||
	    !is_product(x, factors, &product.multicast))
		return false;
	fill_factors(x, factors, false, network->sent);
	fill_factors(x, factors, true, network->got);
	map_send_all_to_all(network, x->phase, &product);
	return true;
}

/* Message by message. */
static void exchange_boxes(struct exchange *x)
{
	const struct map_grid *have = x->have;
	unsigned producer = 0, index[MAP_DIMS];
	for (index[MAP_N] = 0; index[MAP_N] < have->parts[MAP_N]; index[MAP_N]++) {
		x->meet_count[MAP_N] = meet_samples(x, index[MAP_N]);
		for (index[MAP_K] = 0; index[MAP_K] < have->parts[MAP_K]; index[MAP_K]++) {
			x->meet_count[MAP_K] = meet(x, MAP_K, index[MAP_K]);
			for (index[MAP_P] = 0; index[MAP_P] < have->parts[MAP_P]; index[MAP_P]++) {
				x->meet_count[MAP_P] = meet(x, MAP_P, index[MAP_P]);
				for (index[MAP_Q] = 0; index[MAP_Q] < have->parts[MAP_Q];
				     index[MAP_Q]++) {
					x->meet_count[MAP_Q] = meet(x, MAP_Q, index[MAP_Q]);
					send_runs(x, have->region[producer++]);
				}
			}
		}
	}
}

void map_exchange(struct map_network *network, const struct map_grid *have,
                  const struct map_grid *need, unsigned element_bytes, struct map_phase *phase)
{
	struct exchange x = { .network = network,
		              .phase = phase,
		              .have = have,
		              .need = need,
		              .element_bytes = element_bytes };
	if (!exchange_product(&x))
		exchange_boxes(&x);
}

void map_transfer(struct map_network *network, const struct map_placed *from, unsigned tile,
                  const struct map_placed *to, const struct wl_edge *edge, struct map_phase *phase)
{
	struct map_scratch *scratch = &network->scratch;
	unsigned mark = scratch->used;
	struct map_grid have, output, need;
	map_tile_grid(from, tile, scratch, &have);
	map_output_grid(to, scratch, &output);
	map_need_grid(to, edge, &output, scratch, &need);
	map_exchange(network, &have, &need, to->workload->activation_bytes, phase);
	scratch->used = mark;
}

/* What the first `end` tiles need and the first `start` do not. They differ in the tiles'
 * dimension only. */
static void fetch_grid(const struct map_placed *to, unsigned start, unsigned end,
                       const struct wl_edge *edge, struct map_scratch *scratch,
                       struct map_grid *need)
{
	unsigned count;
	enum map_dim dim = map_tile_dim(to, &count);
	struct map_grid output, before;
	map_prefix_grid(to, end, scratch, &output);
	map_need_grid(to, edge, &output, scratch, need);
	if (start == 0)
		return;
	map_prefix_grid(to, start, scratch, &output);
	map_need_grid(to, edge, &output, scratch, &before);
	struct map_interval *added = map_scratch_take(scratch, need->parts[dim]);
	for (unsigned i = 0; i < need->parts[dim]; i++)
		added[i] = map_minus(need->part[dim][i], before.part[dim][i], scratch);
	need->part[dim] = added;
}

/* Bytes of every box of a grid. */
static void fill_volumes(const struct map_grid *grid, unsigned element_bytes, double *bytes)
{
	unsigned index[MAP_DIMS], parts = grid_parts(grid);
	for (unsigned i = 0; i < parts; i++) {
		map_unflatten(grid, i, index);
		bytes[i] = (double)(map_volume(grid, index) * element_bytes);
	}
}

/* Boxes from DRAM: receivers of the same box share one read. Equal boxes are the products of
 * runs of equal intervals. A run goes on past empty ones: shares that are smaller than others
 * have no element in some tiles. */
static void read_boxes(struct exchange *x)
{
	const struct map_grid *need = x->need;
	bool shared = false;
	for (int d = 0; d < MAP_DIMS; d++) {
		struct map_meet *runs = x->network->meets[d];
		unsigned count = 0;
		for (unsigned i = 0; i < need->parts[d]; i++) {
			if (!map_length(need->part[d][i]))
				continue;
			if (count && joins(need->part[d], runs[count - 1].end, i) &&
			    map_same_elements(need->part[d][i],
			                      need->part[d][runs[count - 1].end - 1])) {
				runs[count - 1].end = i + 1;
				shared = true;
			} else
				runs[count++] = (struct map_meet){ map_length(need->part[d][i]), i,
					                           i + 1 };
		}
		x->meet_count[d] = count;
	}
	if ((shared && x->network->package->nop.multicast) ||
	    !map_dram_route_pays(x->network, x->phase, grid_parts(need))) {
		send_runs(x, FROM_DRAM);
		return;
	}
	fill_volumes(need, x->element_bytes, x->network->got);
	map_read_each(x->network, x->phase, need->region, grid_parts(need));
}

/* What others stored, from the channels that it lies in: an exchange between the boxes stored and
 * those needed, in which channels stand for the chiplets that are near them. */
static void read_stored(const struct exchange *fetch, const struct map_stored *stored)
{
	struct map_scratch *scratch = &fetch->network->scratch;
	struct map_grid have, tail;
	struct exchange x = *fetch;
	map_output_grid(&stored->full, scratch, &have);
	map_output_grid(&stored->tail, scratch, &tail);
	x.have = &have;
	x.stored = stored;
	x.tail = tail.part[MAP_N];
	x.samples = x.network->got;
	exchange_boxes(&x);
}

void map_fetch(struct map_network *network, const struct map_placed *to, unsigned tile,
               const struct wl_edge *edge, struct map_phase *phase)
{
	unsigned mark = network->scratch.used, count;
	struct map_grid need;
	map_tile_dim(to, &count);
	if (tile == MAP_WHOLE)
		fetch_grid(to, 0, count, edge, &network->scratch, &need);
	else
		fetch_grid(to, tile, tile + 1, edge, &network->scratch, &need);
	struct exchange x = { .network = network,
		              .phase = phase,
		              .need = &need,
		              .element_bytes = to->workload->activation_bytes };
	struct map_stored stored;
	if (network->tensors_have_places && map_find_stored(to, edge, &stored))
		read_stored(&x, &stored);
	else
		read_boxes(&x);
	network->scratch.used = mark;
}

void map_store(struct map_network *network, const struct map_placed *from, unsigned tile,
               struct map_phase *phase)
{
	unsigned mark = network->scratch.used, parts = map_parts(from);
	struct map_grid grid;
	map_tile_grid(from, tile, &network->scratch, &grid);
	fill_volumes(&grid, from->workload->activation_bytes, network->sent);
	if (map_dram_route_pays(network, phase, parts))
		map_write_each(network, phase, from->region, parts);
	else
		for (unsigned i = 0; i < parts; i++)
			map_write_dram(network, phase, from->region[i], network->sent[i]);
	network->scratch.used = mark;
}

/* The chiplets that need weights of K part k, in region order, into network->receivers;
 * chiplets whose box is empty in another dimension need none. */
static unsigned weight_group(struct map_network *network, const struct map_grid *grid, unsigned k)
{
	unsigned count = 0, index[MAP_DIMS] = { 0, k, 0, 0 };
	const unsigned *parts = grid->parts;
	for (index[MAP_N] = 0; index[MAP_N] < parts[MAP_N]; index[MAP_N]++)
		for (index[MAP_P] = 0; index[MAP_P] < parts[MAP_P]; index[MAP_P]++)
			for (index[MAP_Q] = 0; index[MAP_Q] < parts[MAP_Q]; index[MAP_Q]++) {
				unsigned i = ((index[MAP_N] * parts[MAP_K] + k) * parts[MAP_P] +
				              index[MAP_P]) *
				                     parts[MAP_Q] +
				             index[MAP_Q];
				if (map_volume(grid, index))
					network->receivers[count++] = grid->region[i];
			}
	return count;
}

/* Shard i of `count` even ones, in bytes. */
static double shard_bytes(uint64_t bytes, unsigned count, unsigned i)
{
	uint64_t start = bytes * i / count, end = bytes * (i + 1) / count;
	return (double)(end - start);
}

static void load_shards(struct map_network *network, struct map_phase *phase, unsigned count,
                        uint64_t bytes)
{
	if (map_dram_route_pays(network, phase, count)) {
		for (unsigned i = 0; i < count; i++)
			network->got[i] = shard_bytes(bytes, count, i);
		map_read_each(network, phase, network->receivers, count);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		map_read_dram(network, phase, network->receivers + i, 1,
		              shard_bytes(bytes, count, i));
}

/* Where weights are split over all chiplets, each reads its own; false: not so, or not worth it. */
static bool load_each(struct map_network *network, const struct map_placed *placed,
                      const struct map_grid *grid, struct map_phase *phase)
{
	unsigned parts = grid->parts[MAP_K], index[MAP_DIMS] = { 0 };
	if (parts != grid_parts(grid) || !map_dram_route_pays(network, phase, parts))
		return false;
	for (index[MAP_K] = 0; index[MAP_K] < parts; index[MAP_K]++)
		network->got[index[MAP_K]] =
			map_volume(grid, index)
				? (double)map_weight_bytes(placed, grid->part[MAP_K][index[MAP_K]])
				: 0;
	map_read_each(network, phase, grid->region, parts);
	return true;
}

void map_load(struct map_network *network, const struct map_placed *placed, struct map_phase *phase)
{
	unsigned mark = network->scratch.used;
	struct map_grid grid;
	map_output_grid(placed, &network->scratch, &grid);
	bool done = load_each(network, placed, &grid, phase);
	for (unsigned k = 0; !done && k < grid.parts[MAP_K]; k++) {
		uint64_t bytes = map_weight_bytes(placed, grid.part[MAP_K][k]);
		unsigned count = weight_group(network, &grid, k);
		if (placed->weights == MAP_DISTRIBUTED)
			load_shards(network, phase, count, bytes);
		else
			map_read_dram(network, phase, network->receivers, count, (double)bytes);
	}
	network->scratch.used = mark;
}

/* Every member of a group, the first `count` of network->receivers, sends its shard to the
 * others. */
static void gather_group(struct map_network *network, struct map_phase *phase, unsigned count,
                         uint64_t bytes)
{
	unsigned *all = network->receivers;
	for (unsigned sender = 0; sender < count; sender++) {
		/* The sender swaps to the front, the rest receive; then the swap is
		 * undone. */
		unsigned from = all[sender];
		all[sender] = all[0];
		all[0] = from;
		map_send(network, phase, from, all + 1, count - 1,
		         shard_bytes(bytes, count, sender));
		all[0] = all[sender];
		all[sender] = from;
	}
}

static void gather_product(struct map_network *network, struct map_phase *phase, unsigned count,
                           uint64_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		network->sent[i] = shard_bytes(bytes, count, i);
		network->got[i] = 1;
	}
	const struct map_all_to_all product = { network->receivers,
		                                network->receivers,
		                                network->sent,
		                                network->got,
		                                count,
		                                count,
		                                network->package->nop.multicast };
	map_send_all_to_all(network, phase, &product);
}

void map_gather(struct map_network *network, const struct map_placed *placed,
                struct map_phase *phase)
{
	unsigned mark = network->scratch.used;
	struct map_grid grid;
	if (placed->weights != MAP_DISTRIBUTED)
		return;
	map_output_grid(placed, &network->scratch, &grid);
	for (unsigned k = 0; k < grid.parts[MAP_K]; k++) {
		uint64_t bytes = map_weight_bytes(placed, grid.part[MAP_K][k]);
		unsigned count = weight_group(network, &grid, k);
		if (map_all_to_all_pays(network, phase, count, count))
			gather_product(network, phase, count, bytes);
		else
			gather_group(network, phase, count, bytes);
	}
	network->scratch.used = mark;
}

bool map_tile_feeds(struct map_network *network, const struct map_placed *from, unsigned from_tile,
                    const struct map_placed *to, unsigned to_tile, const struct wl_edge *edge)
{
	struct map_scratch *scratch = &network->scratch;
	unsigned mark = scratch->used;
	struct map_grid have, output, need;
	struct exchange x = { .network = network, .have = &have, .need = &need };
	map_tile_grid(from, from_tile, scratch, &have);
	map_tile_grid(to, to_tile, scratch, &output);
	map_need_grid(to, edge, &output, scratch, &need);
	bool feeds = true;
	for (int d = 0; feeds && d < MAP_DIMS; d++) {
		feeds = false;
		for (unsigned i = 0; !feeds && i < have.parts[d]; i++)
			feeds = meet(&x, d, i) > 0;
	}
	scratch->used = mark;
	return feeds;
}

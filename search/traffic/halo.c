/*
 * Invariant: what a chiplet needs of its own node and another one of the node has is sent by the
 * rule of every exchange (map_exchange), tile by tile of those who have it.
 */
#include "search/traffic/traffic.h"

static void pool_halo(struct map_network *network, const struct map_placed *placed,
                      const struct map_grid *part, const struct map_grid *whole,
                      struct map_phase *phase)
{
	struct map_grid have, need;
	map_mac_grid(placed, part, true, &network->scratch, &have);
	map_mac_grid(placed, whole, false, &network->scratch, &need);
	map_exchange(network, &have, &need, placed->workload->activation_bytes, phase);
}

/* Room for other intervals of the channels, in place of the grid's own. */
static struct map_interval *replace_channels(struct map_grid *grid, struct map_scratch *scratch)
{
	struct map_interval *room = map_scratch_take(scratch, grid->parts[MAP_K]);
	grid->part[MAP_K] = room;
	return room;
}

/* Channels below and above what a chiplet holds. */
static void channel_halo(struct map_network *network, const struct map_placed *placed,
                         const struct wl_across *across, const struct map_grid *part,
                         const struct map_grid *whole, struct map_phase *phase)
{
	struct map_grid have, need;
	uint32_t channels = map_extent(placed, MAP_K);
	map_across_grid(placed, part, across, &network->scratch, &have);
	map_across_grid(placed, whole, across, &network->scratch, &need);
	struct map_interval *room = replace_channels(&need, &network->scratch);
	for (unsigned k = 0; k < need.parts[MAP_K]; k++) {
		struct map_interval own = whole->part[MAP_K][k];
		room[k] = own;
		if (!map_length(own))
			continue;
		room[k].lo = own.lo - MIN(own.lo, across->below);
		room[k].hi = own.hi + MIN(channels - own.hi, across->above);
	}
	map_exchange(network, &have, &need, placed->workload->activation_bytes, phase);
}

/*
 * Part k of the channels holds values [k v, (k + 1) v) of every row and column, and needs those of
 * all parts. Tiles that cut the channels complete them with the last one.
 */
static void statistics(struct map_network *network, const struct map_placed *placed,
                       const struct wl_across *across, unsigned tile, const struct map_grid *part,
                       const struct map_grid *whole, struct map_phase *phase)
{
	unsigned tiles, values = across->statistics;
	bool by_channels = map_tile_dim(placed, &tiles) == MAP_K && tile != MAP_WHOLE;
	struct map_grid have, need;
	if (by_channels && tile + 1 < tiles)
		return;
	map_across_grid(placed, by_channels ? whole : part, across, &network->scratch, &have);
	map_across_grid(placed, whole, across, &network->scratch, &need);
	unsigned parts = whole->parts[MAP_K];
	struct map_interval *had = replace_channels(&have, &network->scratch);
	struct map_interval *needed = replace_channels(&need, &network->scratch);
	for (unsigned k = 0; k < parts; k++) {
		bool empty = map_length(whole->part[MAP_K][k]) == 0;
		had[k] = (struct map_interval){ .lo = k * values,
			                        .hi = (empty ? k : k + 1) * values };
		needed[k] = (struct map_interval){ .hi = empty ? 0 : parts * values };
	}
	map_exchange(network, &have, &need, WL_STATISTIC_BYTES, phase);
}

void map_halo(struct map_network *network, const struct map_placed *placed, unsigned tile,
              struct map_phase *phase)
{
	const struct wl_node *node = placed->node;
	unsigned mark = network->scratch.used;
	bool pools = map_has_pool_halo(node);
	unsigned across = placed->split[MAP_K] > 1 ? node->across_count : 0;
	if (!pools && !across)
		return;
	struct map_grid part, whole;
	map_tile_grid(placed, tile, &network->scratch, &part);
	map_output_grid(placed, &network->scratch, &whole);
	unsigned grids = network->scratch.used;
	if (pools)
		pool_halo(network, placed, &part, &whole, phase);
	for (unsigned i = 0; i < across; i++) {
		network->scratch.used = grids;
		if (node->across[i].statistics)
			statistics(network, placed, &node->across[i], tile, &part, &whole, phase);
		else
			channel_halo(network, placed, &node->across[i], &part, &whole, phase);
	}
	network->scratch.used = mark;
}

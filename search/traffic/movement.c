/* Invariant: every byte that a mapping moves is one movement's of one node. */
#include "search/traffic/movement.h"

/* What an edge out of the node moves it by; 0 through DRAM, where its reader fetches it. */
static unsigned leaving(const struct map_placed *placed, const struct wl_edge *edge)
{
	static const unsigned moves[] = { [MAP_WITHIN_CLUSTER] = MAP_MOVES_WITHIN,
		                          [MAP_BETWEEN_CLUSTERS] = MAP_MOVES_BETWEEN,
		                          [MAP_THROUGH_DRAM] = 0 };
	return moves[map_edge_way(placed->plan, edge)];
}

/* Movement `i` of all that a node may have: its kind, 0 if it has none of it. */
static unsigned movement_at(const struct map_placed *placed, unsigned i,
                            const struct wl_edge **edge)
{
	const struct wl_node *node = placed->node;
	const struct wl_edge *edges = placed->workload->edges;
	if (i == 0)
		return placed->weights == MAP_STREAMED ? MAP_MOVES_STREAM : MAP_MOVES_LOAD;
	if (i == 1)
		return placed->weights == MAP_DISTRIBUTED ? MAP_MOVES_GATHER : 0;
	i -= 2;
	if (i < node->edge_in_count) {
		*edge = &edges[node->edges_in[i]];
		return map_edge_way(placed->plan, *edge) == MAP_THROUGH_DRAM ? MAP_MOVES_FETCH : 0;
	}
	i -= node->edge_in_count;
	if (i < node->edge_out_count) {
		*edge = &edges[node->edges_out[i]];
		return leaving(placed, *edge);
	}
	if (i == node->edge_out_count)
		return MAP_MOVES_HALO;
	return map_stores_output(placed->plan, (unsigned)(node - placed->workload->nodes))
	               ? MAP_MOVES_STORE
	               : 0;
}

bool map_next_movement(const struct map_placed *placed, unsigned kinds,
                       struct map_movement *movement)
{
	const struct wl_node *node = placed->node;
	unsigned weights = 2, all = weights + node->edge_in_count + node->edge_out_count + 2;
	if (!(kinds & ~(unsigned)MAP_MOVES_ANY_WEIGHTS))
		all = weights;
	for (unsigned i = movement->next; i < all; i++) {
		const struct wl_edge *edge = NULL;
		unsigned kind = movement_at(placed, i, &edge);
		if (kind & kinds) {
			*movement = (struct map_movement){ (enum map_moves)kind, edge, i + 1 };
			return true;
		}
	}
	return false;
}

void map_add_movement(struct map_network *network, const struct map_placed *placed,
                      const struct map_movement *movement, unsigned tile, struct map_phase *phase)
{
	struct map_placed full = *placed, to;
	full.samples = MAX(placed->samples, placed->microbatch);
	switch (movement->kind) {
	case MAP_MOVES_LOAD:
	case MAP_MOVES_STREAM:
		map_load(network, &full, phase);
		return;
	case MAP_MOVES_GATHER:
		map_gather(network, &full, phase);
		return;
	case MAP_MOVES_FETCH:
		map_fetch(network, placed, tile, movement->edge, phase);
		return;
	case MAP_MOVES_WITHIN:
	case MAP_MOVES_BETWEEN:
		to = map_place(placed->plan, movement->edge->to, placed->samples);
		map_transfer(network, placed, tile, &to, movement->edge, phase);
		return;
	case MAP_MOVES_HALO:
		map_halo(network, placed, tile, phase);
		return;
	case MAP_MOVES_STORE:
		map_store(network, placed, tile, phase);
		return;
	default:
		g_assert_not_reached(); /* a set of kinds is no kind */
	}
}

void map_add_movements(struct map_network *network, const struct map_placed *placed, unsigned kinds,
                       unsigned tile, struct map_phase *phase)
{
	for (struct map_movement m = { 0 }; map_next_movement(placed, kinds, &m);)
		map_add_movement(network, placed, &m, tile, phase);
}

/*
 * Invariant: a used slot's memory lies in the room, whole; slots are at most three quarters used,
 * so a search for a key ends.
 */
#include "search/cost/cost_cache.h"

#include <string.h>

#include "search/traffic/link_charges.h"
#include "search/cost/cost.h"
#include "search/mapping/stored.h"

#define SLOTS (1U << 14)

struct memory {
	struct cost_key key;
	struct cost_node_features features;
	struct cost_totals totals;
	struct map_phase phase; /* its numbers; the arrays are not its own */
	struct part {
		double bytes;
		float before_ns, after_ns;
		unsigned resource;
	} parts[]; /* then what is written, by channel, if anything is */
};

struct cost_cache {
	char *room; /* NULL until needed */
	size_t room_bytes, used_bytes;
	struct memory **slots;
	unsigned used;
	GArray *regions; /* struct cost_key, by cluster of the segment */
	bool tensors_have_places;
};

struct cost_cache *cost_cache_new(size_t room_bytes, bool tensors_have_places)
{
	struct cost_cache *recall = g_new0(struct cost_cache, 1);
	recall->room_bytes = room_bytes;
	recall->tensors_have_places = tensors_have_places;
	recall->regions = g_array_new(FALSE, FALSE, sizeof(struct cost_key));
	return recall;
}

void cost_cache_free(struct cost_cache *recall)
{
	if (!recall)
		return;
	g_free(recall->room);
	g_free(recall->slots);
	g_array_unref(recall->regions);
	g_free(recall);
}

/* ---- keys ---- */

/* Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014): the mixer of
 * SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

static void absorb(struct cost_key *key, uint64_t value)
{
	key->a = mix(key->a + value + 0x9e3779b97f4a7c15U);
	key->b = mix((key->b ^ value) * 0xd6e8feb86659fd93U + 1);
}

void cost_cache_segment(struct cost_cache *recall, const struct map_segment *segment)
{
	g_array_set_size(recall->regions, 0);
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		const struct map_cluster *cluster = &segment->clusters[c];
		struct cost_key key = { 1, cluster->region_size };
		for (unsigned i = 0; i < cluster->region_size; i++)
			absorb(&key, cluster->region[i]);
		g_array_append_val(recall->regions, key);
	}
}

/* Where a node of the segment runs, and how. */
static void absorb_place(struct cost_key *key, const struct cost_cache *recall,
                         const struct map_plan *plan, unsigned node)
{
	const struct map_plan_node *at = &plan->nodes[node];
	const struct cost_key *region = &g_array_index(recall->regions, struct cost_key,
	                                               at->cluster);
	absorb(key, region->a);
	absorb(key, region->b);
	for (int d = 0; d < MAP_DIMS; d += 2)
		absorb(key, ((uint64_t)at->how->split[d] << 32) | at->how->split[d + 1]);
	absorb(key, ((uint64_t)at->how->tiles << 32) | (uint64_t)at->how->weights << 1 |
	                    at->how->by_speed);
}

/* Where what is read was stored, if that matters. */
static void absorb_stored(struct cost_key *key, const struct map_placed *placed,
                          const struct wl_edge *edge)
{
	struct map_stored stored;
	if (!map_find_stored(placed, edge, &stored)) {
		absorb(key, 0);
		return;
	}
	absorb(key, ((uint64_t)stored.batch << 32) | stored.full.samples);
	for (int d = 0; d < MAP_DIMS; d++)
		absorb(key, stored.full.split[d]);
	absorb(key, stored.full.by_speed != NULL);
	for (unsigned i = 0; i < stored.full.region_size; i++)
		absorb(key, stored.full.region[i]);
}

struct cost_key cost_cache_key(const struct cost_cache *recall, const struct map_plan *plan,
                               const struct map_placed *placed, enum cost_kept what, bool detailed)
{
	const struct wl_workload *workload = plan->workload;
	unsigned node = (unsigned)(placed->node - workload->nodes);
	struct cost_key key = { what, detailed };
	absorb(&key, node);
	absorb(&key, ((uint64_t)placed->samples << 32) | placed->microbatch);
	absorb_place(&key, recall, plan, node);
	if (what != COST_TRAFFIC)
		return key;
	for (unsigned i = 0; i < placed->node->edge_in_count; i++) {
		const struct wl_edge *edge = &workload->edges[placed->node->edges_in[i]];
		enum map_way way = map_edge_way(plan, edge);
		absorb(&key, way);
		if (way == MAP_THROUGH_DRAM && recall->tensors_have_places)
			absorb_stored(&key, placed, edge);
	}
	for (unsigned i = 0; i < placed->node->edge_out_count; i++) {
		const struct wl_edge *edge = &workload->edges[placed->node->edges_out[i]];
		enum map_way way = map_edge_way(plan, edge);
		absorb(&key, way);
		if (way != MAP_THROUGH_DRAM)
			absorb_place(&key, recall, plan, edge->to);
	}
	return key;
}

/* ---- memories ---- */

static bool same_key(struct cost_key x, struct cost_key y)
{
	return x.a == y.a && x.b == y.b;
}

/* The key's slot, or the empty one where it would be. */
static unsigned slot_of(const struct cost_cache *recall, struct cost_key key)
{
	unsigned slot = (unsigned)(key.a % SLOTS);
	while (recall->slots[slot] && !same_key(recall->slots[slot]->key, key))
		slot = (slot + 1) % SLOTS;
	return slot;
}

/* A phase's numbers, with the arrays that it has. */
static void copy_numbers(struct map_phase *to, const struct map_phase *from)
{
	struct map_phase arrays = *to;
	*to = *from;
	to->bytes = arrays.bytes;
	to->turns = arrays.turns;
	to->before_ns = arrays.before_ns;
	to->after_ns = arrays.after_ns;
	to->touched = arrays.touched;
	to->written_bytes = arrays.written_bytes;
}

bool cost_cache_get(const struct cost_cache *recall, struct cost_key key, struct map_phase *phase,
                    struct cost_node_features *features, struct cost_totals *totals)
{
	const struct memory *memory = recall->slots ? recall->slots[slot_of(recall, key)] : NULL;
	if (!memory)
		return false;
	map_phase_clear(phase);
	for (unsigned i = 0; i < memory->phase.touched_count; i++) {
		const struct part *part = &memory->parts[i];
		map_link_charge(phase, part->resource, part->bytes, part->before_ns,
		                part->after_ns);
	}
	copy_numbers(phase, &memory->phase);
	if (phase->dram_write_bytes > 0)
		memcpy(phase->written_bytes, &memory->parts[phase->touched_count],
		       phase->dram_count * sizeof *phase->written_bytes);
	*features = memory->features;
	if (totals)
		*totals = memory->totals;
	return true;
}

static void forget(struct cost_cache *recall)
{
	memset(recall->slots, 0, SLOTS * sizeof(struct memory *));
	recall->used = 0;
	recall->used_bytes = 0;
}

/* NULL if it could never be had. */
static struct memory *take_room(struct cost_cache *recall, size_t bytes)
{
	bytes = (bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
	if (bytes > recall->room_bytes)
		return NULL;
	if (!recall->room) {
		recall->room = g_malloc(recall->room_bytes);
		recall->slots = g_new0(struct memory *, SLOTS);
	}
	if (recall->used_bytes + bytes > recall->room_bytes || recall->used >= SLOTS / 4 * 3)
		forget(recall);
	void *memory = recall->room + recall->used_bytes;
	recall->used_bytes += bytes;
	return memory;
}

void cost_cache_keep(struct cost_cache *recall, struct cost_key key, const struct map_phase *phase,
                     const struct cost_node_features *features, const struct cost_totals *totals)
{
	bool writes = phase->dram_write_bytes > 0;
	size_t written = writes ? phase->dram_count * sizeof *phase->written_bytes : 0;
	size_t parts = phase->touched_count * sizeof(struct part);
	struct memory *memory = phase->turns ? NULL /* too many to be worth it */
	                                     : take_room(recall, sizeof *memory + parts + written);
	if (!memory)
		return;
	memory->key = key;
	memory->features = *features;
	memory->totals = totals ? *totals : (struct cost_totals){ 0 };
	memory->phase = *phase;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned resource = phase->touched[i];
		memory->parts[i] = (struct part){ phase->bytes[resource],
			                          phase->before_ns[resource],
			                          phase->after_ns[resource], resource };
	}
	if (writes)
		memcpy(&memory->parts[phase->touched_count], phase->written_bytes, written);
	recall->slots[slot_of(recall, key)] = memory;
	recall->used++;
}

/*
 * What a cost model remembers of nodes that it has walked. A search costs a segment again and again
 * with little changed; a node that lies as it did before, with its readers where they were,
 * has the traffic that it had. Kept are a node's three phases (traffic, weights of every
 * micro-batch, loading) with the features that come of them.
 *
 * Keys are fingerprints of all that a phase depends on, 128 bits: two that agree are held to be
 * the same. Results are the same with and without; when the room is full all is forgotten.
 */
#ifndef SEARCH_COST_COST_CACHE_H
#define SEARCH_COST_COST_CACHE_H

#include "search/cost/features.h"
#include "search/traffic/phase.h"
#include "search/mapping/plan.h"

struct cost_totals;
struct cost_cache;

struct cost_key {
	uint64_t a, b;
};

enum cost_kept { COST_TRAFFIC, COST_WEIGHTS, COST_LOAD };

#define COST_RECALL_BYTES ((size_t)32 << 20) /* room that a search gives it */

/* Whether phases depend on who stored what they read: see search/mapping/stored.h. */
struct cost_cache *cost_cache_new(size_t room_bytes, bool tensors_have_places);
void cost_cache_free(struct cost_cache *recall); /* NULL is allowed */

/* Keys are of this segment from now on; to be called again when it changes. */
void cost_cache_segment(struct cost_cache *recall, const struct map_segment *segment);

/* The key of a node's phase; `detailed` as in the features. */
struct cost_key cost_cache_key(const struct cost_cache *recall, const struct map_plan *plan,
                               const struct map_placed *placed, enum cost_kept what, bool detailed);

/* Fills the phase, the features and (unless NULL) the totals that were kept under the key; false:
 * there are none. */
bool cost_cache_get(const struct cost_cache *recall, struct cost_key key, struct map_phase *phase,
                    struct cost_node_features *features, struct cost_totals *totals);

/* Totals may be NULL. */
void cost_cache_keep(struct cost_cache *recall, struct cost_key key, const struct map_phase *phase,
                     const struct cost_node_features *features, const struct cost_totals *totals);

#endif

/*
 * How a phase is charged; for the files that build phases (phase.c, product.c).
 */
#ifndef SEARCH_TRAFFIC_LINK_CHARGES_H
#define SEARCH_TRAFFIC_LINK_CHARGES_H

#include "search/traffic/phase.h"

/* Bytes through a resource on a route that takes before_ns to it and after_ns from it on. */
static inline void map_link_charge(struct map_phase *phase, unsigned resource, double bytes,
                                   float before_ns, float after_ns)
{
	if (phase->bytes[resource] == 0) {
		phase->touched[phase->touched_count++] = resource;
		phase->before_ns[resource] = before_ns;
		phase->after_ns[resource] = after_ns;
	} else {
		phase->before_ns[resource] = MIN(phase->before_ns[resource], before_ns);
		phase->after_ns[resource] = MAX(phase->after_ns[resource], after_ns);
	}
	phase->bytes[resource] += bytes;
}

/* A route of the phase: the first of the longest is kept. */
static inline void map_note_route(struct map_phase *phase, double latency_ns, enum map_ends ends,
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

#endif

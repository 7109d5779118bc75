/*
 * Max-min fair rates of flows in classes, kept while flows come and go. All flows of a class pass
 * the same resources, each of them with its full rate, and so have the same rate: the largest that
 * a bottleneck allows, a resource that is full and on which nobody is faster. That is what
 * fair_share.h says of such flows; there is exactly one solution.
 *
 * A flow more or less changes some rates only. So what is solved again is its class, those that it
 * holds up or lets go, and so on, until every class that shares a resource with one that was solved
 * still has its bottleneck.
 */
#ifndef SIM_MESSAGES_MAX_MIN_H
#define SIM_MESSAGES_MAX_MIN_H

#include "hw/base/heap.h"

#include <stdbool.h>
#include <stdint.h>

#define MAX_MIN_NONE UINT32_MAX

struct max_min_class {
	double rate;           /* bytes/ns of each flow; 0 before it is solved */
	double rate_before;    /* while it is solved */
	uint32_t first, count; /* its resources: entries of `uses` */
	uint32_t flows;        /* 0: it takes part in nothing */
	uint32_t bottleneck;   /* a resource; MAX_MIN_NONE before it is solved */
	uint32_t place;        /* in `active`, while it has flows */
	uint32_t mark;
};

/* A class on one of its resources. */
struct max_min_use {
	uint32_t resource;
	uint32_t place; /* in the resource's `users`, while the class has flows */
};

struct max_min_user {
	uint32_t class, use;
};

struct max_min_resource {
	double capacity;            /* bytes/ns, > 0 */
	double load;                /* what its users put on it */
	struct max_min_user *users; /* classes that have flows */
	uint32_t user_count, user_room;
	uint32_t held; /* classes whose bottleneck it is; while solving, of those that are not
	                  solved */
	/* While solving: what is left for flows that are not settled and how many they are; what
	 * its bottlenecked classes get, < 0 if it is nobody's bottleneck; the fastest solved
	 * class. */
	double left, flows, level, fastest;
	uint32_t mark;
};

struct max_min_level {
	double level;
	uint32_t resource;
};

static inline bool max_min_is_lower(const struct max_min_level *a, const struct max_min_level *b)
{
	return a->level < b->level;
}

HW_HEAP(level_heap, struct max_min_level, max_min_is_lower)

struct max_min {
	struct max_min_resource *resources;
	uint32_t resource_count;
	struct max_min_class *classes;
	struct max_min_use *uses; /* class by class */
	uint32_t class_count, class_room, use_count, use_room;
	uint32_t *active, active_count; /* classes with flows */
	uint32_t *changed, changed_count,
		changed_room; /* classes whose flows did since they were solved */
	bool stale;           /* all must be solved */
	/* The classes that the last max_min_solve looked at; others have kept their rates. */
	uint32_t *solved, solved_count;
	/* Scratch: resources of what is solved; those not settled yet, by level. */
	uint32_t *touched, touched_count;
	struct level_heap levels;
	uint32_t mark;
	uint32_t since_all; /* solves */
};

/* `capacity` is copied. */
void max_min_init(struct max_min *m, const double *capacity, uint32_t resources);
void max_min_release(struct max_min *m);

/* A new class without flows; returns its number, counted from 0. `resources`: each once, >= 1. */
uint32_t max_min_add_class(struct max_min *m, const uint32_t *resources, uint32_t count);
void max_min_set_flows(struct max_min *m, uint32_t class, uint32_t flows);

/* Brings the rates of all classes with flows up to date. */
void max_min_solve(struct max_min *m);

/* Instead of solving: leaves in `solved` the classes with flows that share something with those
 * that changed, directly or through others, for whoever finds their rates. Makes all stale. */
void max_min_reach(struct max_min *m);

#endif

/*
 * How flows that are in flight at once share resources: bottleneck max fairness,
 * the one sharing that every executor here solves.
 *
 * A user advances at a rate (units per ns, of its own choosing) and at that rate
 * puts rate x bytes on each of its resources. Its share of a resource is that
 * product, in bytes/ns. Rates are such that no resource carries more than its
 * capacity, and that every user is at its cap or has a bottleneck: a resource that
 * is full, and on which no other flow has a larger share than it.
 *
 * Where each user has the same bytes on all of its resources (a message), that is
 * max-min fairness, and there is exactly one solution. Where they differ (a phase
 * of many messages) there is one at least, and there may be several; which one is
 * taken depends on the users and resources, not on the order of users (but for
 * rounding, which decides where a whole range of them is as good).
 *
 * Thousands of equal messages that come and go are solved by sim/messages/max_min.h instead: the
 * same sharing, of which it solves again only what a change reaches. That needs equal bytes on all
 * resources, which phases do not have.
 */
#ifndef SIM_ENGINE_FAIR_SHARE_H
#define SIM_ENGINE_FAIR_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct fair_load {
	uint32_t resource;
	double bytes; /* > 0, per unit of the rate */
};

struct fair_user {
	const struct fair_load *loads; /* each resource once */
	uint32_t load_count;           /* 0: the rate is the cap */
	uint32_t flows;                /* >= 1: as many equal flows, each with these loads */
	double cap;                    /* > 0, highest rate; INFINITY if only resources limit it */
	double rate;                   /* the answer: of each of the flows */
};

/* Capacities, and room that grows to the largest call and is kept between calls. */
struct fair_share {
	uint32_t resources;
	double *capacity; /* per resource, bytes/ns, > 0; may be changed between calls */
	/* What is left when no share is certain is tried so often; how often it was not solved by
	   then: rates are feasible, but not all users have a bottleneck. Not for messages. */
	uint32_t tries;
	uint64_t forced;
	/* Per resource. */
	double *left;      /* of the capacity, by users that are not settled */
	double *flows;     /* theirs; all 0 between calls */
	double *level;     /* what each of these flows gets at least, if it wants it */
	uint32_t *refused; /* the last round in which some user did not want it */
	uint32_t *used, used_count;
	uint32_t round;
	/* Per user. */
	double *least; /* what it gets at least */
	uint32_t *unsettled, unsettled_count;
	uint32_t user_room;
	struct fair_knot *knot; /* fair_knot.c */
};

/* `capacity` is copied. */
void fair_share_init(struct fair_share *share, const double *capacity, uint32_t resources);
void fair_share_release(struct fair_share *share);

/* Sets the rate of every user. */
void fair_share_solve(struct fair_share *share, struct fair_user *users, uint32_t count);

#endif

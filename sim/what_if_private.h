/*
 * Private to sim/what_if*.c: what each activity takes alone (what_if_lone.c), and
 * how those that are in flight share what they have in common (what_if_share.c).
 */
#ifndef SIM_WHAT_IF_PRIVATE_H
#define SIM_WHAT_IF_PRIVATE_H

#include "sim/dispatch.h"
#include "sim/lower.h"
#include "sim/what_if.h"

/* ---- alone ---- */

/* An activity alone: first its latency, then its work. A compute has no latency. */
struct sim_lone {
	double latency_ns, work_ns;
	uint32_t first_shared, shared_count; /* in lone_times->shared */
};

struct sim_lone_times {
	struct sim_lone *activities; /* by index, as in the program */
	GArray *shared; /* struct sim_resource_bytes: what phases need of shared resources */
};

/* Which resources are shared is what `what` says. Release with sim_lone_release. */
void sim_lone_init(struct sim_lone_times *lone, const struct sim_program *program,
                   const struct hw_package *package, const struct sim_what_if *what);
void sim_lone_release(struct sim_lone_times *lone);

/* ---- sharing ---- */

/* A phase in flight whose latency is over. Rates: parts of the phase per ns. */
struct sim_sharer {
	struct sim_ready instance;
	const struct sim_lone *lone;
	double left;   /* part that is still to do, 1 at first */
	double rate;   /* never above 1 / lone->work_ns */
	double raised; /* the last step by which the rate was raised */
	double end_ns; /* at this rate */
};

/*
 * All of them, at one instant. Rates hold until the set changes; they are found
 * again when the next end is asked for.
 */
struct sim_sharing {
	const struct sim_lone_times *lone;
	double now_ns, since_ns; /* since_ns: when the rates were found */
	GArray *sharers;         /* struct sim_sharer */
	bool changed;
	double next_end_ns;
	/* Scratch of the solver, per resource. */
	double *GBps, *left_GBps, *share_GBps;
	uint32_t *users;     /* sharers that use it and are not settled; all 0 between uses */
	uint32_t *open;      /* resources in use that are not used up */
	uint32_t *unsettled; /* indices of sharers */
	uint32_t unsettled_capacity;
};

void sim_sharing_init(struct sim_sharing *sharing, const struct sim_lone_times *lone,
                      const struct hw_package *package);
void sim_sharing_release(struct sim_sharing *sharing);

void sim_sharing_add(struct sim_sharing *sharing, struct sim_ready instance, uint32_t activity);

/* When the next one ends if none is added before; INFINITY if there is none. */
double sim_sharing_next_end_ns(struct sim_sharing *sharing);

/* Time passes, up to now_ns <= sim_sharing_next_end_ns. */
void sim_sharing_advance(struct sim_sharing *sharing, double now_ns);

/* Takes out one that has ended by now; false if there is none. */
bool sim_sharing_take_ended(struct sim_sharing *sharing, struct sim_ready *ended);

#endif

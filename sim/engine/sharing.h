/*
 * Private to sim/: what each activity takes alone (lone.c), without what can never
 * decide (slack_resources.c), and how phases that are in flight share what they have in
 * common (sharing.c). The engine's child and the what-if runs have it from here.
 */
#ifndef SIM_ENGINE_SHARING_H
#define SIM_ENGINE_SHARING_H

#include "sim/engine/dispatch.h"
#include "sim/engine/fair_share.h"

/* The parts of reality that a run has; all of them: the engine's. */
struct sim_what_if {
	bool nop_contention;  /* concurrent phases share links and ports */
	bool dram_contention; /* concurrent phases share DRAM channels */
	bool back_pressure;   /* activation buffers are bounded: transfers wait for the consumer's,
	                         tiles for their own outputs' (SIM_FOR_ROOM); waits for
	                         DRAM are not among them and always there */
};

/* ---- alone ---- */

/* An activity alone: first its latency, then its work. A compute has no latency. */
struct sim_lone {
	double latency_ns, work_ns;
	uint32_t first_load, load_count; /* in lone_times->loads */
};

struct sim_lone_times {
	struct sim_lone *activities; /* by index, as in the program */
	GArray *loads; /* struct fair_load: what phases need of shared resources, per phase */
};

/* Which resources are shared is what `what` says. Release with sim_lone_release. */
void sim_lone_init(struct sim_lone_times *lone, const struct sim_program *program,
                   const struct hw_package *package, const struct sim_what_if *what);
void sim_lone_release(struct sim_lone_times *lone);

/* Drops the loads that can never decide how fast a phase is; called by sim_lone_init. */
void sim_lone_drop_slack(struct sim_lone_times *lone, const struct sim_program *program,
                         const struct hw_package *package);

/* ---- sharing ---- */

/* A phase in flight whose latency is over; its rate is a part of the phase per ns. */
struct sim_sharer {
	struct sim_ready instance;
	uint32_t activity;
	uint32_t reached;  /* the last search that came to it */
	double rate, left; /* left: part that is still to do at since_ns, 1 at first */
	double since_ns, end_ns;
};

/* The sharers that use a resource now. */
struct sim_using {
	uint32_t *sharers; /* places in sim_sharing->sharers */
	uint32_t count, room;
	uint32_t reached;
};

/*
 * All that share, at one instant. Rates hold until the set changes; those that can have
 * changed by that are found again when the next end is asked for.
 */
struct sim_sharing {
	const struct sim_lone_times *lone;
	unsigned resources;
	struct fair_share share;
	double now_ns, next_end_ns;
	GArray *sharers; /* struct sim_sharer; end_ns INFINITY and SIM_NONE for free places */
	GArray *free;    /* uint32_t: free places */
	struct sim_using *using; /* per resource */
	GArray *changed;         /* uint32_t: resources whose users are others than before */
	/* Those who share anything, directly or through others: one search and solution. */
	uint32_t search;
	GArray *group; /* uint32_t: places */
	GArray *users; /* struct fair_user, one each */
	GArray *loads; /* struct fair_load: theirs */
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

/*
 * Private to sim/: what the engine's child does. The parent (engine.c) and the
 * child share one block of memory that the child fills; see struct sim_shared.
 *
 * dispatch.c drives SimGrid, dispatch_segment.c keeps the dependencies of the
 * running segment, dispatch_steady.c recognises the steady state, sharing.h has
 * what phases take and how they share. All but the first know nothing of SimGrid.
 */
#ifndef SIM_ENGINE_DISPATCH_H
#define SIM_ENGINE_DISPATCH_H

#include "hw/base/heap.h"
#include "sim/engine/engine.h"

#include <stdatomic.h>

/* Lock-free atomics work between processes that map the same memory. */
struct sim_shared {
	_Atomic uint64_t progress_done; /* instances ended or skipped */
	_Atomic double progress_ns;
	uint64_t progress_total;
	uint64_t activities;
	double end_ns_clock, load_wall_s;
	int error_code; /* enum sim_error where `error` is not empty */
	char error[1024];
	struct sim_segment_result *segments; /* in the same block, as are the next two */
	double *start_ns, *end_ns;
};

/*
 * Runs in the child: SimGrid, once per process. Returns false if it wrote an
 * error into `shared`; where SimGrid gives up itself it aborts the process.
 */
bool sim_dispatch(const struct sim_program *program, const char *platform_path,
                  const struct hw_package *package, bool exact, struct sim_shared *shared);

/* ---- the running segment ---- */

#define SIM_MAX_PERIOD 8u /* micro-batches */

/*
 * Watches for the steady state of a segment. Micro-batches of a task are
 * expected to end in order (a task whose instances overtake each other is
 * counted up to the first gap).
 */
struct sim_steady {
	const struct sim_task *tasks;    /* of the segment */
	uint32_t task_count, marker;     /* index into tasks */
	const double *start_ns, *end_ns; /* [u * task_count + t] */
	uint32_t *ended;                 /* per task: instances [0, ended) have ended */
	uint32_t run[SIM_MAX_PERIOD +
	             1]; /* run[p]: last intervals in a row that equal the one p before */
};

void sim_steady_init(struct sim_steady *steady, const struct sim_task *tasks, uint32_t task_count,
                     uint32_t marker, const double *start_ns, const double *end_ns);
void sim_steady_release(struct sim_steady *steady);

/*
 * Call after instance `ended[marker] - 1` of the marker was counted. Returns the
 * period in micro-batches, 0 if nothing repeats yet.
 */
uint32_t sim_steady_marker_ended(struct sim_steady *steady);

/* A released task waits for `back` micro-batches before its own. */
struct sim_successor {
	uint32_t task, back; /* task: index within the segment */
};

struct sim_ready {
	uint32_t microbatch, task;
};

static inline bool sim_is_first(const struct sim_ready *a, const struct sim_ready *b)
{
	return a->microbatch != b->microbatch ? a->microbatch < b->microbatch : a->task < b->task;
}

HW_HEAP(sim_ready_heap, struct sim_ready, sim_is_first)

/*
 * Instances are indexed u * task_count + t. Those with u >= limit never start.
 * `count` holds the number of dependencies that have ended, or one of the marks
 * below; it starts as zeros, of which the system gives out pages when they are
 * touched, so that skipped micro-batches cost no memory.
 */
struct sim_segment_run {
	const struct sim_segment *segment;
	const struct sim_task *tasks;
	const struct sim_dep *deps; /* the program's */
	struct sim_segment_result *result;
	double *start_ns, *end_ns; /* of the segment's instances */
	uint32_t limit;
	uint32_t *count;
	uint32_t *first_successor; /* task_count + 1 entries */
	struct sim_successor *successors;
	uint32_t *max_back; /* per task, over its dependencies on repeating tasks */
	struct sim_ready_heap ready;
	uint64_t left; /* instances within limit that have not ended */
	uint32_t highest_started;
	bool watching;
	struct sim_steady steady;
};

#define SIM_STARTED (UINT32_MAX - 1)
#define SIM_ENDED UINT32_MAX

/* Begins segment `index`: fills the ready heap. `shared` receives its results. */
void sim_segment_begin(struct sim_segment_run *run, const struct sim_program *program,
                       unsigned index, bool exact, struct sim_shared *shared);
/* Ends it: marks what never ran. */
void sim_segment_end(struct sim_segment_run *run);

/* Takes the next ready instance within the limit and marks it started; false if there is none. */
bool sim_segment_start_next(struct sim_segment_run *run, double now_ns, struct sim_ready *next);

/* The activity of an instance; SIM_NONE if it takes no time. */
uint32_t sim_segment_activity(const struct sim_segment_run *run, struct sim_ready instance);

/* An instance ended: releases what waited for it. Returns instances now skipped for good. */
uint64_t sim_segment_ended(struct sim_segment_run *run, struct sim_ready instance, double now_ns);

/* "compute of node 3 (cluster 1, tile 0, micro-batch 2)" */
void sim_segment_describe(const struct sim_segment_run *run, struct sim_ready instance,
                          GString *text);

/* Describes the first instance that is blocked, and by what, into buffer. */
void sim_segment_describe_deadlock(const struct sim_segment_run *run, unsigned segment_index,
                                   char *buffer, size_t size);

#endif

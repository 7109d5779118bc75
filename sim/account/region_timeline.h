/*
 * What a region did, interval by interval, from the start of its segment to the
 * end: compute tiles, and the gaps between them, each with its one cause.
 *
 * Micro-batches have their true numbers here, and those that were skipped are there: each is a copy
 * of what the last pattern before it did (sim/engine/engine.h). Times are on the engine's clock,
 * with what skipped micro-batches of this segment take, but not those of segments before.
 */
#ifndef SIM_ACCOUNT_REGION_TIMELINE_H
#define SIM_ACCOUNT_REGION_TIMELINE_H

#include "sim/engine/engine.h"
#include "sim/lower/lower.h"
#include "sim/account/outcome.h"

/* A program and what became of it. */
struct sim_run {
	const struct hw_package *package;
	const struct sim_lowered *lowered;
	const struct sim_result *result;
	uint32_t *before; /* per task of the program: micro-batches before those skipped */
};

/* All but `before` is borrowed. */
void sim_run_init(struct sim_run *run, const struct hw_package *package,
                  const struct sim_lowered *lowered, const struct sim_result *result);
void sim_run_release(struct sim_run *run);

const struct sim_segment *sim_run_segment(const struct sim_run *run, unsigned segment);
const struct sim_task *sim_run_task(const struct sim_run *run, uint32_t task);
const struct sim_task_info *sim_run_info(const struct sim_run *run, uint32_t task);

/* When micro-batch u of a task (its only instance if it is a once task) started and ended. */
double sim_run_start_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u);
double sim_run_end_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u);

/* Micro-batches of a segment, skipped ones included, and whether u of a task is a skipped one. */
uint32_t sim_run_microbatches(const struct sim_run *run, unsigned segment);
bool sim_run_is_skipped(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u);

/* The activity and the work of a task in micro-batch u; NULL for no activity. */
const struct sim_activity *sim_run_activity(const struct sim_run *run, unsigned segment,
                                            uint32_t task, uint32_t u);
const struct sim_work *sim_run_work(const struct sim_run *run, unsigned segment, uint32_t task,
                                    uint32_t u);

/* Time that host `i` of a compute activity computes. */
double sim_run_busy_ns(const struct sim_run *run, const struct sim_activity *activity, uint32_t i);

struct sim_interval {
	bool computes;
	enum sim_bubble cause; /* of a gap */
	uint32_t task; /* the compute tile, or the one that the gap waits for; SIM_NONE: drain */
	uint32_t microbatch;
	uint32_t repeats; /* how often it would come again in what is left out */
	double start_ns, end_ns;
};

struct sim_region_timeline {
	const struct sim_run *run;
	const struct sim_region *region;
	uint32_t microbatch, index;
	uint32_t folded, repeats; /* still to be left out; patterns in them */
	double now_ns;
	bool ended;
};

/*
 * The last `folded` of the skipped micro-batches, a whole number of patterns, are left out: the
 * intervals of the pattern before say how often each of them would have come again.
 */
void sim_region_timeline_begin(struct sim_region_timeline *walk, const struct sim_run *run,
                               const struct sim_region *region, uint32_t folded);
/* The next interval of more than no length; false after the last. */
bool sim_region_timeline_next(struct sim_region_timeline *walk, struct sim_interval *interval);

#endif

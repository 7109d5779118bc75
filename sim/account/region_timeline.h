/*
 * What a region did, interval by interval, from the start of its segment to the
 * end: compute tiles, and the gaps between them, each with its one cause.
 * Times are on the engine's clock, without skipped micro-batches.
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
};

const struct sim_segment *sim_run_segment(const struct sim_run *run, unsigned segment);
const struct sim_task *sim_run_task(const struct sim_run *run, uint32_t task);
const struct sim_task_info *sim_run_info(const struct sim_run *run, uint32_t task);

/* When micro-batch u of a task (its only instance if it is a once task) started and ended. */
double sim_run_start_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u);
double sim_run_end_ns(const struct sim_run *run, unsigned segment, uint32_t task, uint32_t u);

/* The activity and the work of a task in executed micro-batch u; NULL for no activity. */
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
	uint32_t microbatch; /* executed ones, counted from 0 */
	double start_ns, end_ns;
};

struct sim_region_timeline {
	const struct sim_run *run;
	const struct sim_region *region;
	uint32_t microbatch, index;
	double now_ns;
	bool ended;
};

void sim_region_timeline_begin(struct sim_region_timeline *walk, const struct sim_run *run,
                               const struct sim_region *region);
/* The next interval of more than no length; false after the last. */
bool sim_region_timeline_next(struct sim_region_timeline *walk, struct sim_interval *interval);

#endif

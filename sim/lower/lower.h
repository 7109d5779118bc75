/*
 * Lowering: a mapping becomes a program (sim/engine/program.h), and a record of what
 * each of its tasks stands for. The semantics are those of sim/README.md.
 *
 * Everything is for one micro-batch, full and tail (the last, smaller one, where
 * the batch is no multiple of the micro-batch); nothing grows with their number.
 */
#ifndef SIM_LOWER_LOWER_H
#define SIM_LOWER_LOWER_H

#include "search/cost/cost.h"
#include "sim/engine/program.h"

struct sim_resource_bytes {
	uint32_t resource; /* hw/resources.h */
	double bytes;
	double load_bytes; /* what it must find time for (map_phase_loads) */
};

/* What one instance of a task stands for: MACs or bytes, and energy. */
struct sim_work {
	struct cost_totals totals;
	uint32_t first_bytes, bytes_count; /* in lowered->bytes; none for compute */
};

struct sim_task_info {
	struct sim_work full, tail;
	/* Transfer: the first compute task that waits for it as an input, else SIM_NONE. */
	uint32_t feeds;
};

/* A cluster's region: its compute tasks for one micro-batch are one sequence. */
struct sim_region {
	unsigned segment, cluster;
	const struct map_cluster *where;       /* the mapping's */
	uint32_t first_compute, compute_count; /* program->tasks */
};

struct sim_lowered {
	struct sim_program *program;
	GArray *info;    /* struct sim_task_info, one per task */
	GArray *bytes;   /* struct sim_resource_bytes */
	GArray *macs;    /* uint64_t, one per entry of program->cycles */
	GArray *regions; /* struct sim_region, segment after segment */
};

/* The plan's mapping must be valid and outlive the result. Free with sim_lowered_free. */
struct sim_lowered *sim_lower(const struct map_plan *plan);
void sim_lowered_free(struct sim_lowered *lowered); /* NULL is allowed */

#endif

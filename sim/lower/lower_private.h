/*
 * Private to sim/lower*.c. Lowering has two passes per segment: tasks with
 * their activities (lower_tasks.c), then the dependencies between them
 * (lower_deps.c), which need every task's number.
 */
#ifndef SIM_LOWER_LOWER_PRIVATE_H
#define SIM_LOWER_LOWER_PRIVATE_H

#include "sim/lower/activity.h"
#include "sim/lower/lower.h"

/* The tasks of a node; SIM_NONE where there is none. */
struct lower_node {
	uint32_t first_compute, tiles; /* tile t is first_compute + t */
	unsigned position;             /* in its cluster */
	uint32_t load, gather;         /* load: once, or per micro-batch if streamed */
	uint32_t *store, *halo;        /* per tile; NULL: none */
};

struct lowering {
	const struct map_plan *plan;
	struct sim_lowered *lowered;
	struct map_network network;
	struct map_phase phase;
	struct sim_activities activities;
	struct lower_node *nodes; /* per workload node */
	uint32_t **edges;         /* per edge: its transfers by the producer's tile, or its
	                             fetches by the consumer's */
	/* The segment being lowered. */
	unsigned segment;
	unsigned microbatch, tail; /* samples; tail 0: all are full */
	struct map_buffer_use use; /* of weights, of the cluster whose dependencies are made */
	/* Scratch, one per chiplet. */
	struct map_share *shares;
	uint64_t *done; /* output elements of the tiles before */
	unsigned *chiplets;
	double *cycles;
	uint64_t *macs;
};

static inline const struct map_segment *lower_segment(const struct lowering *l)
{
	return &l->plan->mapping->segments[l->segment];
}

static inline struct sim_task *lower_task(const struct lowering *l, uint32_t task)
{
	return &g_array_index(l->lowered->program->tasks, struct sim_task, task);
}

static inline struct sim_task_info *lower_info(const struct lowering *l, uint32_t task)
{
	return &g_array_index(l->lowered->info, struct sim_task_info, task);
}

/* All tasks of the segment; fills nodes and edges. */
void lower_tasks(struct lowering *l);

/* The dependencies of all of them. */
void lower_deps(struct lowering *l);

#endif

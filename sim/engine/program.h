/*
 * The program that a mapping is lowered to: activities, and tasks with
 * dependencies that repeat for every micro-batch. No callbacks; the engine
 * (sim/engine/engine.h) knows nothing of networks, the lowering nothing of SimGrid.
 *
 * Hosts are numbered: chiplet c = c, its router = n + c, DRAM channel i =
 * 2n + i, with n chiplets.
 * Units: ns, bytes, cycles.
 */
#ifndef SIM_ENGINE_PROGRAM_H
#define SIM_ENGINE_PROGRAM_H

#include "hw/package.h"
#include "sim/engine/fair_share.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SIM_NONE UINT32_MAX

/*
 * Compute: cycles on chiplets; it ends with the slowest. Computes that run at the same time must be
 * on disjoint chiplets (those with cycles > 0): the engine reports an overlap as an error.
 *
 * Or a traffic phase: its latency passes on the route between two hosts, then bytes over resources,
 * all of which advance together, so that alone it takes the latency + max(bytes / bandwidth).
 *
 * Or, with a latency that passes nowhere and without loads, a pure delay.
 */
struct sim_activity {
	uint32_t first_share, share_count; /* in program->chiplets and ->cycles; 0: no compute */
	uint32_t first_load, load_count;   /* in program->loads */
	uint32_t from, to;                 /* hosts; SIM_NONE: the latency passes nowhere */
	double latency_ns;
};

/*
 * The instance of a task for micro-batch u waits for the instance of `task` for
 * micro-batch u - back (no wait if u < back). If `task` is a once task, `back`
 * is ignored and the wait is for its only instance.
 */
struct sim_dep {
	uint32_t task;
	uint32_t back : 29, cause : 3; /* enum sim_cause */
};

#define SIM_MOST_BACK 0x1fffffffu

/* Why a task waits for a dependency; the engine does not care. */
enum sim_cause {
	SIM_FOR_TURN, /* the same chiplets, channel or buffer are another's before */
	SIM_FOR_DATA, /* what it reads or carries, from chiplets */
	SIM_FOR_DRAM, /* what it reads from DRAM, or must have stored there first */
	/* Only because a buffer between nodes is bounded: a transfer waits for a micro-batch buffer
	 * of the consumer's, or a tile for the transfers and halos of the tile two back. These
	 * waits appear as back pressure (sim/account/bubbles.h). */
	SIM_FOR_ROOM
};

enum sim_task_kind {
	SIM_COMPUTE,
	SIM_LOAD,
	SIM_GATHER,
	SIM_TRANSFER,
	SIM_FETCH,
	SIM_STORE,
	SIM_TASK_KINDS
};

struct sim_task {
	uint8_t kind;  /* enum sim_task_kind */
	bool once;     /* one instance per segment (u = 0) instead of one per micro-batch */
	uint32_t full; /* activity for a full micro-batch; SIM_NONE: takes no time */
	uint32_t tail; /* activity for the segment's last, smaller micro-batch */
	uint32_t first_dep, dep_count; /* in program->deps; tasks of the same segment only */
	uint32_t cluster, node,
		tile; /* cluster within the segment; workload node; consumer's for a transfer */
	uint32_t from_node, from_cluster; /* transfer: the producer; else SIM_NONE */
};

/* Segments run one after another: the next starts when every instance has ended. */
struct sim_segment {
	uint32_t first_task, task_count;
	uint32_t microbatches;
	bool has_tail;   /* the last micro-batch uses the tail activities */
	uint32_t marker; /* task (program index) whose completions show the steady state: the
	                    last compute tile of the last cluster */
	uint32_t cluster_count;
};

struct sim_program {
	GArray *chiplets;   /* uint32_t: of the parts of computes */
	GArray *cycles;     /* double: theirs */
	GArray *loads;      /* struct fair_load: what phases put on resources, each once */
	GArray *activities; /* struct sim_activity */
	GArray *deps;       /* struct sim_dep */
	GArray *tasks;      /* struct sim_task */
	GArray *segments;   /* struct sim_segment */
};

struct sim_program *sim_program_new(void);
/* Tasks of all micro-batches; a once task counts once. */
uint64_t sim_instance_count(const struct sim_program *program);

void sim_program_free(struct sim_program *program); /* NULL is allowed */

#endif

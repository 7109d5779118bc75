/*
 * Private to sim/: runs a program without SimGrid. Dependencies and the order of what is ready are
 * the engine's (dispatch.h), and so are lone times (sharing.h); how what is in flight shares
 * resources is the caller's to say.
 */
#ifndef SIM_WHAT_IF_EXECUTOR_H
#define SIM_WHAT_IF_EXECUTOR_H

#include "sim/engine/sharing.h"

/* A way of sharing; what functions mean is said of sim_sharing_add etc. in sharing.h. */
struct sim_sharing_kind {
	void (*add)(void *sharing, struct sim_ready instance, uint32_t activity);
	double (*next_end_ns)(void *sharing);
	void (*advance)(void *sharing, double now_ns);
	bool (*take_ended)(void *sharing, struct sim_ready *ended);
};

struct sim_execution {
	const struct sim_program *program;
	const struct sim_lone_times *lone;
	const struct sim_sharing_kind *kind;
	void *sharing;
	void (*progress)(void *data, double fraction,
	                 double time_ns); /* of one segment; NULL: none */
	void *progress_data;
};

/* Every micro-batch of every segment. `shared` has room for the results. */
void sim_executor_run(const struct sim_execution *execution, struct sim_shared *shared);

#endif

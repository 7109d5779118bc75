/*
 * The engine: runs a program on SimGrid in a forked child and returns when each
 * task instance started and ended. SimGrid's second is our nanosecond.
 *
 * One dispatcher actor starts what is ready (ties: micro-batch, then task
 * index) and waits for any of the activities in flight. A SimGrid abort ends
 * the child only and becomes an error with SimGrid's last words.
 *
 * SimGrid is configured in sim/engine/dispatch.c; the environment variable
 * MCMSIM_SIMGRID_CFG adds options ("contexts/factory:thread,...").
 */
#ifndef SIM_ENGINE_ENGINE_H
#define SIM_ENGINE_ENGINE_H

#include "hw/package.h"
#include "sim/engine/program.h"

/* "simgrid 3.36.0": what executes programs. Caller frees. */
char *sim_engine_version(void);

#define SIM_ERROR (g_quark_from_static_string("sim-error"))
enum sim_error {
	SIM_ERROR_CHILD = 1, /* SimGrid gave up, or could not be started */
	SIM_ERROR_DEADLOCK, /* nothing in flight, instances left: names one and what it waits for */
	SIM_ERROR_OVERLAP,  /* two computes at once on one chiplet */
	SIM_ERROR_SIZE      /* more chiplets than SimGrid's routing tables can hold */
};

struct sim_options {
	bool exact;                /* simulate every micro-batch */
	const char *platform_path; /* where platform.xml goes and stays; NULL: a temporary file */
	void (*progress)(void *data, double fraction,
	                 double time_ns); /* NULL: none; called in the parent */
	void *progress_data;
};

/*
 * What became of one segment. Micro-batches [0, simulated) were executed; if skipped > 0, the
 * steady state was seen at cut_ns: each task's last 2 x `pattern` instances that had ended then had
 * started and ended one pattern after those before. `skipped` micro-batches, a whole number of
 * patterns, were left out there. What a task's instances did that ended later happened to
 * micro-batches with numbers higher by `skipped`, and skipped * period_ns later; those in between
 * did what the last `pattern` before did, over and over.
 */
struct sim_segment_result {
	double start_ns, end_ns; /* on the engine's clock, without skipped micro-batches */
	uint32_t simulated, skipped;
	/* 0 if none was skipped: micro-batches, and mean time of each (engine's clock). */
	uint32_t pattern;
	double period_ns, cut_ns;
	uint64_t first_instance; /* instance of (first_task + t, u) is first_instance + u *
	                            task_count + t */
};

struct sim_result {
	struct sim_segment_result *segments;
	unsigned segment_count;
	double *start_ns,
		*end_ns; /* per instance, engine's clock; NaN where it never ran (once tasks,
	                              u > 0); not set for u >= simulated */
	uint64_t instance_count;
	uint64_t activities; /* SimGrid activities executed */
	double end_ns_clock; /* engine's clock at the end */
	double wall_s;       /* of the child, from fork to exit */
	double load_wall_s;  /* of which reading the platform */
	void *shared;        /* the memory all of it lives in */
	size_t shared_bytes;
};

/* NULL and `error` on failure. Free with sim_result_free. */
struct sim_result *sim_execute(const struct hw_package *package, const struct sim_program *program,
                               const struct sim_options *options, GError **error);
void sim_result_free(struct sim_result *result); /* NULL is allowed */

#endif

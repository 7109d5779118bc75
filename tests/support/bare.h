/*
 * The least that runs a program's activities on SimGrid: each starts at a given
 * time, as it stands in the program, with nothing but SimGrid calls. The engine
 * is checked and measured against it.
 */
#ifndef TESTS_SUPPORT_BARE_H
#define TESTS_SUPPORT_BARE_H

#include "sim/engine/engine.h"

struct bare_step {
	double start_ns;
	uint32_t activity;
	uint64_t instance; /* of the result that the steps were taken from */
};

/* What `result` started, by start time; free with g_array_unref. */
GArray *bare_steps(const struct sim_program *program, const struct sim_result *result);

/*
 * Runs the steps in a child, on a platform that is written to `platform_path`; end_ns[k] is when
 * step k ended. `solver` is SimGrid's (host/solver): "fairbottleneck", or "bmf", which is slow and
 * gives up on some systems: false then.
 */
bool bare_run(const struct sim_program *program, const struct hw_package *package,
              const char *solver, const char *platform_path, const GArray *steps, double *end_ns);

#endif

/*
 * Random small problems by seed, on which everything can be tried: a network of 2 to `most_nodes`
 * nodes (convolutions, residuals, pools) and a package of 1 to `most_chiplets` chiplets (at most
 * 3 x 3) with any options, buffers that hold everything or little of it, slow or fast links
 * and DRAM, and a batch.
 */
#ifndef TESTS_SUPPORT_SMALL_PROBLEM_H
#define TESTS_SUPPORT_SMALL_PROBLEM_H

#include "hw/package.h"
#include "workloads/workload.h"

struct small_problem {
	struct hw_package *package;
	struct wl_workload *workload;
	unsigned batch;
	char text[200]; /* what it is like, in words */
};

void small_problem_init(struct small_problem *problem, uint32_t seed, unsigned most_nodes,
                        unsigned most_chiplets);
/* The same with convolutions of one, two or four groups. */
void small_problem_init_grouped(struct small_problem *problem, uint32_t seed, unsigned most_nodes,
                                unsigned most_chiplets);
void small_problem_release(struct small_problem *problem);

#endif

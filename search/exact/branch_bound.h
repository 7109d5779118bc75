/*
 * All candidates for one segment of a small space, costed in full; the best are kept.
 *
 * For latency with neutral parameters candidates are left out whose bound
 * (search/exact/lower_bound.h) is not below the best so far: what is found is the best to a
 * relative 1e-9. Everything else is tried.
 */
#ifndef SEARCH_EXACT_BRANCH_BOUND_H
#define SEARCH_EXACT_BRANCH_BOUND_H

#include "search/exact/lower_bound.h"

struct search_found {
	struct search_worth worth;
	struct search_exact_segment candidate;
};

struct search_enumerator {
	const struct search_exact_space *small;
	enum search_objective objective;
	const struct cost_parameters *parameters; /* NULL: neutral */
	bool prune;                               /* allow it; see above where it is done */
	double most_steps;                        /* nodes placed; INFINITY: as many as it takes */
	void (*progress)(void *data, double candidates); /* done since the last call; NULL: none */
	void *progress_data;
};

/* A thread's model and scratch. */
struct search_branch_bound;

struct search_branch_bound *search_branch_bound_new(const struct search_enumerator *enumerator);
void search_branch_bound_free(struct search_branch_bound *trier);

struct search_result {
	GArray *front;        /* struct search_found: for latency or energy the best, for edp
	                             those than which no other is better in one and not worse in the
	                             other, in the order of enumeration; empty if nothing fits */
	double steps, costed; /* nodes placed, candidates costed in full */
	bool complete;        /* false: it ran out of steps */
	double least_ns;      /* no candidate is faster (from bounds; 0 without) */
};

void search_result_init(struct search_result *result);
void search_result_release(struct search_result *result);

/* Candidates for nodes [first, end) with a latency below most_ns (INFINITY: all). Deterministic. */
void search_enumerate(struct search_branch_bound *trier, unsigned first, unsigned end,
                      double most_ns, struct search_result *result);

#endif

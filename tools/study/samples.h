/*
 * Samples: mappings of several workloads on several packages, each evaluated with the cost model
 * and simulated, in processes side by side. What they are does not depend on --jobs.
 *
 * Per pair of workload and package, by number: first the searched mapping of each strategy, then
 * in turn a random one and a neighbour of a searched one. Random mappings take the strategies in
 * turn and then everything that a mapping can say ("any"); neighbours (one to three random
 * changes) take the strategies in turn. Sample i is a function of seed, names of workload and
 * package, strategies, batch, tiles and i alone: it is the same one however many are made.
 */
#ifndef TOOLS_STUDY_SAMPLES_H
#define TOOLS_STUDY_SAMPLES_H

#include "search/sample/random_mapping.h"
#include "sim/what_if/what_if.h"
#include "tools/input/load.h"

enum sample_kind { SAMPLE_SEARCHED, SAMPLE_RANDOM, SAMPLE_NEIGHBOUR, SAMPLE_KINDS };

const char *sample_kind_name(enum sample_kind kind);

/* One workload on one package. */
struct sample_pair {
	const char *workload, *package; /* as given; borrowed */
	struct subject subject;
	enum search_strategy strategies[SEARCH_STRATEGIES]; /* of those asked for, the possible */
	unsigned strategy_count;
	char *searched[SEARCH_STRATEGIES]; /* per entry above: JSON, or NULL and why not */
	char *errors[SEARCH_STRATEGIES];
};

/* One segment as model and simulator see it. Times in ns. */
struct sample_segment {
	double load_ns[2], period_ns[2], latency_ns[2]; /* analytical, simulated */
	unsigned samples, microbatches;                 /* samples of a full micro-batch */
	unsigned first_cluster, cluster_count;
};

/* What is known of a sample besides its arrays. */
struct sample_figures {
	unsigned pair, number; /* number within the pair */
	enum sample_kind kind;
	enum search_strategy strategy; /* or SEARCH_ANY */
	unsigned changes;              /* of a neighbour */
	unsigned batch, segment_count, cluster_count;
	double latency_ns[2]; /* analytical, simulated */
	double idle[2];       /* share of the regions' time in which chiplets compute nothing */
	double terms_ns[SIM_TERMS]; /* add up to simulated - analytical */
	uint64_t activities;
};

/* "any" for a random one that may be all that a mapping can say. */
const char *sample_strategy_name(const struct sample_figures *figures);

struct sample {
	struct sample_figures figures;
	struct sample_segment *segments;
	double *cluster_period_ns; /* simulated, segment after segment */
	char *mapping;             /* JSON */
	char *error; /* not NULL: only pair, number, kind and strategy hold, and perhaps mapping */
};

struct sample_request {
	struct sample_pair *pairs;
	unsigned pair_count;
	unsigned drawn; /* per pair, besides the searched ones */
	int only;       /* just this number; negative: all */
	unsigned batch, tiles, jobs;
	uint64_t seed;
	bool exact, quiet;
};

struct sample_set {
	struct sample *samples; /* pair after pair, by number */
	unsigned count;
};

/* Workloads x packages, in that order, read and checked (names twice, --set). Fills pairs and
 * pair_count from lists of names; samples_release_pairs empties them, also after a failure. */
bool samples_load_pairs(struct sample_request *request, const struct options *options,
                        const char *const *workloads, const char *const *packages, GError **error);
void samples_release_pairs(struct sample_request *request);

/* Search, draw, evaluate, simulate. What fails for a sample stands in it. */
bool samples_make(struct sample_request *request, struct sample_set *set, GError **error);
void samples_release(struct sample_set *set);

#endif

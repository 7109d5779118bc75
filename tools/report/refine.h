/*
 * --refine K: the K best mappings that a search has seen, simulated side by side. Chosen is the
 * one that the simulation prefers, by the search's objective. With a calibration the mapping that
 * would have been found without it is among them.
 */
#ifndef TOOLS_REPORT_REFINE_H
#define TOOLS_REPORT_REFINE_H

#include "search/candidate_pool.h"
#include "tools/text/json_writer.h"
#include "tools/input/load.h"

struct refine_figures {
	double model_ns, simulated_ns, simulated_pJ;
};

struct refine_candidate {
	struct refine_figures figures;
	char *error; /* not NULL: could not be simulated */
};

struct refinement {
	struct search_pool pool;             /* the candidates' mappings, best by the model first */
	struct refine_candidate *candidates; /* per mapping of the pool */
	unsigned chosen;                     /* by the simulation */
};

/*
 * Searches, and simulates the `room` best mappings. The caller frees the one chosen, and releases
 * the refinement even on failure: NULL and `error` if nothing was found or none could be simulated.
 * With room 0: search_mapping, and an empty refinement.
 */
struct map_mapping *refine_search(struct refinement *refinement, unsigned room,
                                  const struct subject *subject,
                                  const struct search_options *search, bool exact, GError **error);
void refine_release(struct refinement *refinement);

/* Simulated latency of the chosen one against that of the model's first, in percent. */
double refine_gain_percent(const struct refinement *refinement);

/* A table. */
void refine_print(const struct refinement *refinement, unsigned width, GString *out);
void refine_write(struct json_writer *writer, const struct refinement *refinement); /* "refined" */

#endif

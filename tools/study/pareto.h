/*
 * mcmsim search --pareto: mappings along the trade-off between latency and energy. Every strategy
 * that is wanted is searched for latency, for energy, and for latency * energy^x with several x;
 * what no other mapping beats in both is the front.
 */
#ifndef TOOLS_STUDY_PARETO_H
#define TOOLS_STUDY_PARETO_H

#include "tools/input/load.h"

struct pareto_point {
	enum search_strategy strategy;
	unsigned step;               /* index of the objective */
	struct map_mapping *mapping; /* NULL: none found, or the same as an earlier one */
	char *error;                 /* why none was found; NULL otherwise */
	double latency_ns, energy_pJ;
	unsigned segments, clusters;
	unsigned place; /* on the front, from 1 in order of latency; 0: dominated */
};

/* What the search minimised at a step: "latency", "latency x energy^0.5", "energy". */
const char *pareto_objective(unsigned step);

/* Points in order of strategies and steps. */
struct pareto {
	const struct subject *subject;
	const struct options *options;
	struct pareto_point *points;
	unsigned point_count, front_count, mapping_count;
	const struct pareto_point **front; /* in order of latency */
};

/* From subject and options to the points and their front. False and `error` if no search finds a
 * mapping; the caller releases it either way. */
bool pareto_search(struct pareto *pareto, GError **error);
void pareto_release(struct pareto *pareto);

char *pareto_report(const struct pareto *pareto); /* mcmsim-pareto/1; caller frees */
/* pareto.csv, pareto.svg, report.json and front-N.json, the front's mappings. */
bool pareto_write(const struct pareto *pareto, const char *folder, GError **error);
void pareto_print(const struct pareto *pareto, GString *out);

#endif

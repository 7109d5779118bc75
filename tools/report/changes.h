/*
 * The best single changes to a mapping by the model (search/explain/explain.h), the first few
 * simulated.
 */
#ifndef TOOLS_REPORT_CHANGES_H
#define TOOLS_REPORT_CHANGES_H

#include "search/explain/explain.h"
#include "tools/input/load.h"
#include "tools/text/json_writer.h"

#define CHANGE_OF_SEGMENT UINT32_MAX

struct explained_change {
	unsigned segment, cluster;          /* CHANGE_OF_SEGMENT: not of one cluster */
	const struct search_change *change; /* the explanation's */
	double simulated_percent;           /* of the simulated objective; NAN: it failed */
};

struct explained_changes {
	struct explained_change *list; /* by the model's percent, ascending */
	unsigned count;
};

/* All of an explanation of one mapping. */
struct explained {
	struct search_options options; /* what is made small, and in which space changes are */
	struct search_explanation explanation;
	struct explained_changes changes;
};

/* In the space of --strategy if that is given, else of the strategy that the mapping names, else
 * of best. Takes as long as a few simulations; explained_release. */
void explained_init(struct explained *explained, const struct subject *subject,
                    const struct options *options, const struct map_mapping *mapping,
                    const struct sim_outcome *simulated);
void explained_release(struct explained *explained);

/* The mapping with the one that gains most, simulated; NULL: none gains. The caller frees. */
struct map_mapping *changes_apply_best(const struct explained_changes *changes,
                                       const struct subject *subject,
                                       const struct map_mapping *mapping,
                                       const struct search_options *options);

void changes_print(const struct explained_changes *changes, unsigned width, GString *out);
/* "changes": [...], a member of the explanation. */
void changes_write(struct json_writer *writer, const struct explained_changes *changes);

#endif

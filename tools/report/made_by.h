/*
 * "made_by" of every JSON output: what it takes to make it again. Same inputs, same bytes: nothing
 * of the time, the machine, or of options that change no figure.
 */
#ifndef TOOLS_REPORT_MADE_BY_H
#define TOOLS_REPORT_MADE_BY_H

#include "tools/input/load.h"
#include "tools/text/json_writer.h"

/* What was read; NULL where there was nothing, or more than one of it. All borrowed. */
struct made_by {
	const struct options *options; /* NULL: nothing is written */
	const struct hw_package *package;
	const struct wl_workload *workload;
	const struct map_mapping *mapping; /* needs the two above */
	const struct cal_calibration *calibration;
	bool simulated;
};

/* Whoever made `subject` and a mapping. */
struct made_by made_by_of(const struct subject *subject, const struct options *options,
                          const struct map_mapping *mapping, bool simulated);

/*
 * "made_by": {"version", "command" (without --jobs, --out and --quiet), "overrides" (each --set),
 * "seed", "engine" (null: nothing was simulated), "network": "flows", "model": "plain" or
 * "calibrated", "package_hash", "workload_hash", "mapping_hash", "calibration_hash"}; SHA-256 of
 * what times depend on, null where there is none.
 */
void made_by_write(struct json_writer *w, const struct made_by *made_by);

#endif

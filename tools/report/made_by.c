#include "tools/report/made_by.h"

#include "sim/engine/engine.h"

struct made_by made_by_of(const struct subject *subject, const struct options *options,
                          const struct map_mapping *mapping, bool simulated)
{
	return (struct made_by){ .options = options,
		                 .package = subject->package,
		                 .workload = subject->workload,
		                 .mapping = mapping,
		                 .calibration = subject->calibration,
		                 .simulated = simulated };
}

static void write_hashes(struct json_writer *w, const struct made_by *m)
{
	g_autofree char *package = m->package ? hw_package_hash(m->package) : NULL;
	g_autofree char *workload = m->workload ? wl_workload_hash(m->workload) : NULL;
	g_autofree char *mapping = m->mapping ? map_hash(m->mapping, m->workload, m->package)
	                                      : NULL;
	json_string(w, "package_hash", package);
	json_string(w, "workload_hash", workload);
	json_string(w, "mapping_hash", mapping);
	json_string(w, "calibration_hash", m->calibration ? m->calibration->checksum : NULL);
}

void made_by_write(struct json_writer *w, const struct made_by *m)
{
	if (!m->options)
		return;
	const char *const *set = m->options->set;
	g_autofree char *engine = m->simulated ? sim_engine_version() : NULL;
	json_begin_object(w, "made_by", JSON_LINES);
	json_string(w, "version", TOOL_VERSION);
	json_string(w, "command", m->options->command);
	json_begin_array(w, "overrides", JSON_ONE_LINE);
	for (unsigned i = 0; set && set[i]; i++)
		json_string(w, NULL, set[i]);
	json_end_array(w);
	json_integer(w, "seed", m->options->seed);
	json_string(w, "engine", engine);
	json_string(w, "network", "flows");
	json_string(w, "model", m->calibration ? "calibrated" : "plain");
	write_hashes(w, m);
	json_end_object(w);
}

/*
 * Invariant: an outcome refers to nothing that goes away with the run.
 */
#include "sim/simulate.h"

#include "sim/account/account.h"
#include "sim/account/layers.h"
#include "sim/account/record.h"

/* SimGrid's table of routes is quadratic in the hosts: 96 x 96 chiplets take 2.8 GB. */
#define MOST_CHIPLETS 9216u

bool sim_check_size(const struct hw_package *package, GError **error)
{
	if (hw_chiplet_count(package) <= MOST_CHIPLETS)
		return true;
	g_set_error(error, SIM_ERROR, SIM_ERROR_SIZE,
	            "package '%s' has %u chiplets (%u x %u); at most %u can be simulated",
	            package->name, hw_chiplet_count(package), package->columns, package->rows,
	            MOST_CHIPLETS);
	return false;
}

static struct sim_outcome *conclude(const struct sim_run *run, const struct map_plan *plan,
                                    const struct sim_settings *settings)
{
	struct sim_outcome *outcome = g_new0(struct sim_outcome, 1);
	outcome->layer_count = plan->workload->node_count;
	outcome->layers = g_new0(struct sim_layer, outcome->layer_count);
	sim_account(run, plan->mapping, outcome);
	sim_account_layers(run, plan, outcome);
	const struct sim_record_wishes wishes = { settings->trace_level, settings->trace_from_ns,
		                                  settings->trace_to_ns, settings->trace_rows };
	outcome->timeline = sim_record(run, plan, outcome, &wishes, &outcome->trace_level);
	outcome->engine_wall_s = run->result->wall_s;
	return outcome;
}

struct sim_outcome *sim_simulate(const struct wl_workload *workload,
                                 const struct hw_package *package,
                                 const struct map_mapping *mapping,
                                 const struct sim_settings *settings, GError **error)
{
	if (!sim_check_size(package, error))
		return NULL;
	gint64 begin_us = g_get_monotonic_time();
	struct sim_options options = { .platform_path = settings->platform_path,
		                       .progress = settings->progress,
		                       .progress_data = settings->progress_data };
	struct sim_outcome *outcome = NULL;
	struct map_plan plan;
	map_plan_init(&plan, mapping, workload, package);
	struct sim_lowered *lowered = sim_lower(&plan);
	options.exact = settings->exact ||
	                sim_instance_count(lowered->program) < settings->exact_below;
	struct sim_result *result = sim_execute(package, lowered->program, &options, error);
	if (result) {
		struct sim_run run;
		sim_run_init(&run, package, lowered, result);
		outcome = conclude(&run, &plan, settings);
		sim_run_release(&run);
		outcome->wall_s = (double)(g_get_monotonic_time() - begin_us) / 1e6;
	}
	sim_result_free(result);
	sim_lowered_free(lowered);
	map_plan_release(&plan);
	return outcome;
}

void sim_outcome_free(struct sim_outcome *outcome)
{
	if (!outcome)
		return;
	g_free(outcome->segments);
	g_free(outcome->clusters);
	g_free(outcome->layers);
	g_free(outcome->resource_bytes);
	g_free(outcome->resource_load_bytes);
	tl_free(outcome->timeline);
	g_free(outcome);
}

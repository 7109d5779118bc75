/* mcmsim simulate: execute one mapping and compare it with the cost model. */

#include "tools/text/progress.h"
#include "tools/report/results.h"

static enum tool_status simulate(const struct subject *subject, const struct options *options,
                                 const struct map_mapping *mapping, GString *out, GError **error)
{
	struct progress progress;
	struct result result = { .name = mapping->strategy ? mapping->strategy : options->mapping };
	const struct execution execution = { .subject = subject,
		                             .options = options,
		                             .folder = options->out,
		                             .search_wall_s = -1,
		                             .progress = progress_simulated,
		                             .progress_data = &progress };
	progress_begin(&progress, options->quiet);
	progress.what = "simulating";
	bool good = execute_mapping(&execution, mapping, &result, error);
	progress_end(&progress);
	if (good && options->json)
		g_string_append(out, result.report);
	else if (good)
		results_print(&result, 1, subject, options, out);
	result_release(&result);
	return good ? TOOL_OK : TOOL_FAILED;
}

static enum tool_status simulate_main(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	enum tool_status status = TOOL_USAGE;
	if (!subject_load(&subject, options->package, options->workload, options->set, error))
		return status;
	struct map_mapping *mapping = NULL;
	if (sim_check_size(subject.package, error) && subject_calibrate(&subject, options, error))
		mapping = load_mapping(&subject, options, error);
	if (mapping && (!options->out || prepare_folder(options->out, error)))
		status = simulate(&subject, options, mapping, out, error);
	map_free(mapping);
	subject_release(&subject);
	return status;
}

const struct command simulate_command = {
	.name = "simulate",
	.summary = "execute a mapping on the simulated package",
	.usage = "--package P --workload W --mapping M [-o DIR] [OPTION...]",
	.about = "Executes a mapping (from mcmsim search, by hand, or by another tool) and prints "
		 "the\n"
		 "same row as mcmsim run: simulated against analytical latency, energy, and the\n"
		 "bubbles by cause. The mapping is checked first: each node once and in order, "
		 "regions\n"
		 "disjoint and on the grid, buffers large enough.\n"
		 "\n"
		 "Once a pipeline repeats itself, the remaining micro-batches are extrapolated;\n"
		 "--exact simulates all of them.\n",
	.examples = "  mcmsim simulate --package simba-6x6 --workload alexnet \\\n"
		    "         --mapping alexnet.mapping.json -o results\n"
		    "  mcmsim simulate --package simba-6x6 --workload alexnet --mapping m.json \\\n"
		    "         --batch 256 --trace-level link --trace-window 0:200us -o results\n"
		    "  mcmsim simulate --package simba-6x6 --workload alexnet --mapping m.json \\\n"
		    "         --exact --set nop.hop_ns=40 --json\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_MAPPING | OPTION_BATCH | OPTION_OUT |
	           OPTION_EXPLAIN | OPTION_LAYERS | OPTION_EXACT | OPTION_TRACE |
	           OPTION_CALIBRATION | OPTION_SET | OPTION_SEED | OPTION_JOBS | OPTION_JSON |
	           OPTION_QUIET,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_MAPPING,
	.run = simulate_main,
};

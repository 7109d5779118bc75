/* mcmsim calibrate: fit the analytical model's parameters to simulated or measured latencies. */
#include <string.h>

#include "tools/calibrate/calibrate.h"
#include "tools/report/results.h"

/* What only samples of simulations need. */
static bool check_unused(const struct options *options, bool nop, GError **error)
{
	static const char *const drawing[] = { "batch", "tiles", "samples", "seed", NULL };
	static const char *const fitting[] = { "fit", NULL };
	const char *name = nop || options->measured ? options_first_given(options, drawing) : NULL;
	if (!name && nop)
		name = options_first_given(options, fitting);
	if (name)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "calibrate: --%s is for simulated samples; %s has none", name,
		            nop ? "nop" : "--measured");
	return !name;
}

/* What the options say that does not depend on the data. */
static bool check_usage(const struct options *options, GError **error)
{
	const char *word = options->arguments[0], *problem = NULL;
	bool nop = word && strcmp(word, "nop") == 0;
	if (word && !nop)
		problem = "takes no argument, or nop";
	else if (nop && !options->truth)
		problem = "nop needs measured runs (--truth RUNS.csv)";
	else if (nop && (options->measured || options->hold_out_workload ||
	                 options->hold_out_package || options->workload || options->calibration))
		problem = "nop takes neither workloads nor a calibration";
	else if (!nop && (options->truth || options->router || options->fit_mesh))
		problem = "--truth, --router and --fit-mesh are for calibrate nop";
	else if (options->measured && (options->workload || options->package ||
	                               options->hold_out_workload || options->hold_out_package))
		problem = "--measured: workloads and packages stand in the file";
	if (problem)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "calibrate: %s", problem);
	return !problem && check_unused(options, nop, error);
}

/* What is fitted on top of a base holds for the base's packages only. */
static bool check_base(const struct calibrate *c, GError **error)
{
	const char *path = c->options->calibration;
	for (unsigned i = 0; c->base_file && i < c->pair_count; i++)
		if (!c->pairs[i].package_held &&
		    !cal_applies(c->base_file, path, c->pairs[i].subject->package, error))
			return false;
	return true;
}

static bool read_base(struct calibrate *c, GError **error)
{
	c->base = cost_neutral_parameters();
	if (!c->options->calibration)
		return true;
	c->base_file = cal_read(c->options->calibration, error);
	if (c->base_file)
		c->base = cal_parameters(c->base_file);
	return c->base_file != NULL;
}

static enum tool_status finish(struct calibrate *c, GString *out, GError **error)
{
	const struct options *options = c->options;
	g_autofree char *json = cal_to_json(c->result);
	if (options->out && !cal_write(c->result, options->out, error))
		return TOOL_FAILED;
	if (options->json)
		g_string_append(out, json);
	else
		calibrate_print(c, out);
	return TOOL_OK;
}

static void release(struct calibrate *c)
{
	for (unsigned i = 0; i < c->count; i++)
		cal_sample_release(&c->samples[i]);
	g_free(c->samples);
	g_free(c->notes);
	g_free(c->pairs);
	g_free(c->first_failure);
	g_checksum_free(c->data);
	calibrate_release_simulated(c);
	calibrate_release_measured(c);
	cal_fit_release(&c->fit);
	cal_free(c->result);
	cal_free(c->base_file);
}

static enum tool_status calibrate(const struct options *options, GString *out, GError **error)
{
	struct calibrate c = { .options = options, .data = g_checksum_new(G_CHECKSUM_SHA256) };
	enum tool_status status = TOOL_USAGE;
	if (read_base(&c, error) &&
	    (options->measured ? calibrate_read_measured(&c, error)
	                       : calibrate_simulate(&c, error)) &&
	    check_base(&c, error) && calibrate_fit(&c, error))
		status = finish(&c, out, error);
	else if (c.failed)
		status = TOOL_FAILED;
	release(&c);
	return status;
}

static enum tool_status calibrate_main(const struct options *given, GString *out, GError **error)
{
	struct options options = *given;
	for (options.strategy_count = 0; options.strategy_count < SEARCH_BEST;
	     options.strategy_count++)
		options.strategies[options.strategy_count] =
			(enum search_strategy)options.strategy_count;
	if (!check_usage(&options, error) || (options.out && !check_out_file(options.out, error)))
		return TOOL_USAGE;
	return options.arguments[0] ? calibrate_nop(&options, out, error)
	                            : calibrate(&options, out, error);
}

const struct command calibrate_command = {
	.name = "calibrate",
	.summary = "fit the analytical model to simulated or measured latencies",
	.usage = "[--package P[,P...]] [--workload W[,W...]] [-o CALIBRATION.json] [OPTION...]",
	.about =
		"Fits the analytical model's parameters, each with a meaning and bounds, and "
		"writes them\n"
		"with their uncertainty, where they come from and how far the model then is off, "
		"on what\n"
		"it was fitted to and on what was held out. search, run, simulate and validate "
		"take "
		"the\n"
		"file with --calibration; they refuse it for other packages, and if it was "
		"edited.\n"
		"\n"
		"Samples are those of mcmsim validate: searched mappings, random ones and their\n"
		"neighbours, simulated. Networks and packages that are held out are simulated, "
		"too, "
		"but\n"
		"not fitted to. The fit is robust (an outlier weighs as much as its error, not "
		"its\n"
		"square), and each network on each package weighs the same.\n"
		"\n"
		"Of how a pipeline runs (fitted to simulated samples):\n"
		"  exposed_tile         of the lesser of computing and traffic, tiles not hidden\n"
		"  exposed_first        the same for DRAM traffic of the first micro-batch\n"
		"  tile_traffic         traffic takes what its tiles take one by one\n"
		"  tile_latency         tiles after the first pay the latency, too\n"
		"  traffic_contention   delay of traffic by other clusters' load on its resources\n"
		"  weight_contention    the same for weights that come for every micro-batch\n"
		"  weight_prefetch      how far streamed weights hide behind the node before\n"
		"  load_overlap         how far loading overlaps with the first micro-batch\n"
		"  buffer_loop          how far two micro-batch buffers per edge limit the period\n"
		"  chained_fill         filling takes the clusters' own times, not C periods\n"
		"  tile_streaming       a cluster starts with the first tiles that it gets\n"
		"Of the hardware (fitted to measured samples; simulated ones have none of it):\n"
		"  compute_efficiency, nop_efficiency, dram_efficiency   shares of the peak\n"
		"  tile_overhead_ns     control and start of transfers, per tile\n"
		"\n"
		"--measured fits to a user's own latencies (RTL, FPGA, silicon), by default the\n"
		"hardware's parameters, on top of what --calibration BASE says of pipelines. With\n"
		"several networks in the file each is left out of a fit of its own and judged with "
		"it.\n"
		"\n"
		"calibrate nop fits the package's router keys to a table of measured runs of "
		"message\n"
		"lists (mcmsim nop) and prints them as --set; it takes --package (default "
		"nop-base),\n"
		"--truth, --router (one), --fit-mesh, --set, --jobs, --json, --out.\n",
	.examples =
		"  mcmsim calibrate -o calibration.json\n"
		"  mcmsim run --package mcm-64 --workload resnet50 --calibration calibration.json\n"
		"  mcmsim calibrate --package mine.json --hold-out-package none -o mine.cal.json\n"
		"  mcmsim calibrate --measured silicon.csv --calibration mine.cal.json \\\n"
		"         -o silicon.cal.json\n"
		"  mcmsim calibrate nop --truth runs.csv --router base\n",
	.options = OPTION_PACKAGES | OPTION_WORKLOADS | OPTION_BATCHES | OPTION_TILES |
	           OPTION_DRAWN | OPTION_CALIBRATION | OPTION_TRUTH | OPTION_OUT | OPTION_SET |
	           OPTION_SEED | OPTION_JOBS | OPTION_JSON | OPTION_QUIET,
	.optional_count = 1,
	.run = calibrate_main,
};

/* mcmsim validate: the analytical model against the simulation, over many mappings. */

#include "tools/report/results.h"
#include "tools/study/validate.h"

static void fill_request(const struct options *options, struct sample_request *request)
{
	*request = (struct sample_request){ .drawn = options->samples,
		                            .only = options->sample,
		                            .batch = options->batch,
		                            .tiles = options->tiles,
		                            .jobs = options->jobs,
		                            .seed = options->seed,
		                            .exact = options->exact,
		                            .quiet = options->quiet };
}

static enum tool_status print(struct validation *v, GString *out, GError **error)
{
	const struct options *options = v->options;
	const struct sample *first = &v->set.samples[0];
	validate_fill_rows(v);
	const struct validate_row *all = &v->rows[v->row_count - 1];
	if (!all->samples) {
		g_set_error(error, TOOL_ERROR, TOOL_FAILED, "no sample has a result; sample %u: %s",
		            first->figures.number, first->error);
		return TOOL_FAILED;
	}
	if (options->out && !validate_write(v, options->out, error))
		return TOOL_FAILED;
	if (options->json) {
		g_autofree char *text = validate_report(v);
		g_string_append(out, text);
	} else {
		validate_print(v, out);
	}
	return TOOL_OK;
}

static enum tool_status check(const struct validation *v, GError **error)
{
	static const char *const drawing[] = { "samples", "keep-mappings", "seed", NULL };
	static const char *const counting[] = { "samples", NULL };
	const struct options *options = v->options;
	const char *name = options->choice        ? options_first_given(options, drawing)
	                   : options->sample >= 0 ? options_first_given(options, counting)
	                                          : NULL;
	if (options->choice && !options->calibration && !options->refine)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--choice: compares mappings searched with --calibration or --refine "
		            "and without; there is none");
	else if (options->refine && !options->choice)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--refine: validate takes it with --choice only");
	else if (options->choice && options->sample >= 0)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--choice: makes no samples; --sample "
		            "asks for one");
	else if (name)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "--%s: %s", name,
		            options->choice ? "--choice makes no samples"
		                            : "--sample makes one sample only");
	else if (options->keep_mappings && !options->out)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--keep-mappings: needs a folder to write to (--out)");
	else if (options->sample >= 0 && v->request.pair_count != 1)
		g_set_error(
			error, TOOL_ERROR, TOOL_USAGE,
			"--sample: takes one --workload and one --package, got %u pairs of them",
			v->request.pair_count);
	else if (!options->out || prepare_folder(options->out, error))
		return TOOL_OK;
	return TOOL_USAGE;
}

/* The names of a list; NULL and `error` if one is empty. */
static char **split_names(const char *option, const char *list, GError **error)
{
	char **names = g_strsplit(list, ",", -1);
	for (unsigned i = 0; names[i]; i++) {
		if (*names[i])
			continue;
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--%s: must be names or paths with commas between them, got \"%s\"",
		            option, list);
		g_clear_pointer(&names, g_strfreev);
		break;
	}
	return names;
}

static enum tool_status validate(struct validation *v, GString *out, GError **error)
{
	const struct options *options = v->options;
	g_auto(GStrv) workloads = split_names(
		"workload", options->workload ? options->workload : OPTION_DEFAULT_WORKLOADS,
		error);
	g_auto(GStrv) packages = NULL;
	if (workloads)
		packages = split_names(
			"package", options->package ? options->package : OPTION_DEFAULT_PACKAGES,
			error);
	enum tool_status status = TOOL_USAGE;
	if (packages &&
	    samples_load_pairs(&v->request, options, (const char *const *)workloads,
	                       (const char *const *)packages, error) &&
	    (status = check(v, error)) == TOOL_OK) {
		status = TOOL_FAILED;
		if (options->choice)
			status = validate_choice(v, out, error);
		else if (samples_make(&v->request, &v->set, error))
			status = print(v, out, error);
	}
	validate_release_rows(v);
	samples_release(&v->set);
	samples_release_pairs(&v->request);
	return status;
}

static enum tool_status validate_main(const struct options *given, GString *out, GError **error)
{
	struct options options = *given;
	struct validation validation = { .options = &options };
	if (!options.strategy_given)
		for (options.strategy_count = 0; options.strategy_count < SEARCH_BEST;
		     options.strategy_count++)
			options.strategies[options.strategy_count] =
				(enum search_strategy)options.strategy_count;
	fill_request(&options, &validation.request);
	return validate(&validation, out, error);
}

const struct command validate_command = {
	.name = "validate",
	.summary = "simulate many mappings and show where the analytical model errs",
	.usage = "[--package P[,P...]] [--workload W[,W...]] [--samples N] [-o DIR] [OPTION...]",
	.about =
		"Draws mappings of each network on each package, evaluates them with the "
		"analytical\n"
		"cost model, simulates them, and prints how far the model is off: in latency,\n"
		"throughput, the clusters' periods, loading weights, and bubbles; how well it "
		"ranks\n"
		"mappings; and which part of reality the error comes from: filling the pipeline,\n"
		"tiles that do not overlap perfectly, back pressure, contention for DRAM and for\n"
		"the NoP.\n"
		"\n"
		"Samples are the searched mapping of each strategy, then in turn a random one (of\n"
		"each strategy, and any that a mapping file can say) and a neighbour of a "
		"searched\n"
		"one (one to three random changes). Sample I stays the same whatever --samples "
		"and\n"
		"--jobs are: --sample I remakes it, so that the worst one can be looked into.\n"
		"\n"
		"With -o DIR: samples.csv (one row per sample), scatter.svg (analytical against\n"
		"simulated latency), report.json (what is printed), and with --keep-mappings\n"
		"mappings/WORKLOAD-PACKAGE-I.json.\n"
		"\n"
		"With --calibration FILE searches and the model use it. --choice then shows what "
		"it\n"
		"is worth: for each strategy the mapping that is found with it against the one "
		"found\n"
		"without, both simulated (-o DIR: choice.json). With --refine K, too, what "
		"simulating\n"
		"K candidates changes; without a calibration, what that alone does.\n",
	.examples =
		"  mcmsim validate --samples 100\n"
		"  mcmsim validate --package simba-6x6 --workload alexnet,resnet50 \\\n"
		"         --samples 200 --batch 16 -o validation\n"
		"  mcmsim validate --package simba-6x6 --workload alexnet --sample 17 -o worst\n"
		"  mcmsim validate --choice --refine 16\n",
	.options = OPTION_PACKAGES | OPTION_WORKLOADS | OPTION_STRATEGY | OPTION_SAMPLES |
	           OPTION_REFINE | OPTION_BATCH | OPTION_TILES | OPTION_OUT | OPTION_EXACT |
	           OPTION_CALIBRATION | OPTION_SET | OPTION_SEED | OPTION_JOBS | OPTION_JSON |
	           OPTION_QUIET,
	.run = validate_main,
};

/* mcmsim rank: the search's mapping among mappings drawn uniformly at random. */

#include "tools/text/progress.h"
#include "tools/study/rank.h"
#include "tools/report/results.h"

static bool search(struct ranking *r, GError **error)
{
	const struct options *options = r->options;
	struct progress progress;
	struct cost_report cost;
	struct search_options wanted = subject_search_options(r->subject, options);
	wanted.progress = progress_fraction;
	wanted.progress_data = &progress;
	progress_begin(&progress, options->quiet);
	progress.what = "searching";
	r->searched = search_mapping(r->subject->workload, r->subject->package, &wanted, error);
	progress_end(&progress);
	if (!r->searched)
		return false;
	subject_evaluate(r->subject, r->searched, &cost);
	r->own = (struct rank_place){ cost.latency_ns, r->searched->segment_count,
		                      map_cluster_total(r->searched) };
	cost_report_release(&cost);
	return true;
}

static enum tool_status rank(struct ranking *r, GString *out, GError **error)
{
	const struct options *options = r->options;
	if (!search(r, error) || !rank_draw(r, error))
		return TOOL_FAILED;
	rank_judge(r);
	if (options->out && !rank_write(r, options->out, error))
		return TOOL_FAILED;
	if (options->json) {
		g_autofree char *text = rank_report(r);
		g_string_append(out, text);
	} else {
		rank_print(r, out);
	}
	return TOOL_OK;
}

static enum tool_status rank_main(const struct options *options, GString *out, GError **error)
{
	struct subject subject;
	struct ranking ranking = { .options = options, .subject = &subject };
	enum tool_status status = TOOL_USAGE;
	if (options->strategy_count != 1) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--strategy: rank takes one strategy, got %u", options->strategy_count);
		return status;
	}
	if (options->strategies[0] == SEARCH_BEST) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--strategy: rank takes sequential, pipeline, segmented or scope, got "
		            "\"best\" (all that a mapping can say cannot be counted)");
		return TOOL_USAGE;
	}
	if ((options->out && !prepare_folder(options->out, error)) ||
	    !subject_load(&subject, options->package, options->workload, options->set, error))
		return status;
	if (subject_calibrate(&subject, options, error))
		status = rank(&ranking, out, error);
	rank_release(&ranking);
	subject_release(&subject);
	return status;
}

const struct command rank_command = {
	.name = "rank",
	.summary = "where the search's mapping stands among random ones",
	.usage = "--package P --workload W [--strategy S] [--draws N] [-o DIR] [OPTION...]",
	.about = "Searches a mapping, draws many valid ones at random from all that the strategy\n"
		 "allows, each as likely as any other, and says how many of them are faster "
		 "than\n"
		 "the searched one, as the analytical cost model sees it.\n"
		 "\n"
		 "All cuts into segments and clusters, region sizes, splits, micro-batches and\n"
		 "serpentines over the grid count once. There are far more ways to run nodes\n"
		 "one after another on odd numbers of chiplets than good pipelines, so most\n"
		 "draws look like that. --segments searched draws only mappings that are cut\n"
		 "into segments as the searched one is: what is left to chance is clusters,\n"
		 "regions, splits and micro-batches.\n"
		 "\n"
		 "With -o DIR: report.json (mcmsim-rank/1), draws.csv, histogram.svg, and the\n"
		 "searched mapping, mapping.json.\n",
	.examples =
		"  mcmsim rank --package mcm-16 --workload resnet18\n"
		"  mcmsim rank --package mcm-256 --workload resnet152 --segments searched \\\n"
		"         --draws 10000 -o ranking\n"
		"  mcmsim rank --package simba-6x6 --workload alexnet --strategy pipeline --json\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_STRATEGY | OPTION_BATCH |
	           OPTION_TILES | OPTION_DRAWS | OPTION_OUT | OPTION_CALIBRATION | OPTION_SET |
	           OPTION_SEED | OPTION_JOBS | OPTION_JSON | OPTION_QUIET,
	.required = OPTION_PACKAGE | OPTION_WORKLOAD,
	.run = rank_main,
};

/*
 * What mcmsim rank finds: the search's mapping among mappings drawn uniformly
 * (search/sample/sampler.h), by latency as the analytical model sees it.
 */
#ifndef TOOLS_STUDY_RANK_H
#define TOOLS_STUDY_RANK_H

#include "search/sample/sampler.h"
#include "tools/input/load.h"

#define RANK_BARS 60 /* of the histogram; the text has every other */

struct rank_place {
	double latency_ns;
	unsigned segments, clusters;
};

struct ranking {
	const struct options *options;
	const struct subject *subject;
	struct map_mapping *searched;
	struct rank_place own; /* the searched mapping */
	struct search_sampled *draws;
	unsigned draw_count;
	double log10_all, log10_drawn; /* as in struct search_sample_counts */

	/* Figures: what rank_judge makes of them. */
	unsigned faster;          /* draws that are faster than the searched mapping */
	double share_bound;       /* 95 %: no larger a share of the space is faster */
	double accepted;          /* valid draws / all draws */
	double log10_valid;       /* mappings of the space, estimated */
	double percentiles_ns[5]; /* of the draws: least, 25, 50, 75 %, largest */
	double mean_segments, mean_clusters;
	double low_ns, high_ns; /* of the histogram */
	unsigned counts[RANK_BARS];
};

/* Draw them. False and `error` if the space has none or none was found. */
bool rank_draw(struct ranking *ranking, GError **error);
void rank_judge(struct ranking *ranking);
void rank_release(struct ranking *ranking);

void rank_print(const struct ranking *ranking, GString *out);
char *rank_report(const struct ranking *ranking); /* mcmsim-rank/1; caller frees */
/* draws.csv, histogram.svg, report.json, mapping.json into the folder. */
bool rank_write(const struct ranking *ranking, const char *folder, GError **error);

#endif

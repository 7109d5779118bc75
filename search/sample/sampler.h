/*
 * Valid mappings drawn uniformly: each one of a strategy's space is as likely as any other.
 *
 * The space. Segments and clusters are runs of nodes as the strategy allows; a segment has one
 * of the micro-batches of search_microbatches; its clusters have regions of at least one
 * chiplet each, one behind the other along one of the three serpentines of search_drawer
 * (sequential: the whole package); a node has one of the kinds of search_choose_split. Weights and
 * tiles follow from that by the rule of search_fit_segment. Serpentines that agree as far as the
 * segment reaches count once, and so do kinds of split that are the same on a region: descriptions
 * and mappings are one to one. Valid is what fits its buffers.
 *
 * How. A dynamic program counts descriptions by last cluster: open[m][j][s] are those of nodes
 * [0, j) whose last segment, with micro-batch m, has used s chiplets so far, closed[j] those whose
 * last segment is complete. Drawn backwards in proportion to these counts, each is
 * as likely as any other. Counted are only splits that a node could have on its own: the room of
 * its output and of the inputs whose way is known (README) is a bound that no valid mapping breaks,
 * and for a segment of one node it is the whole test. A draw that does not fit for
 * other reasons is thrown away whole, so what remains is uniform over the valid ones, exactly.
 * Where it is given at which nodes segments start, they are independent, and each is drawn until it
 * fits.
 */
#ifndef SEARCH_SAMPLE_SAMPLER_H
#define SEARCH_SAMPLE_SAMPLER_H

#include "search/segments/segment_layout.h"

/* The first node of a segment, of a later cluster, and any other node. */
enum search_sample_place { SEARCH_AT_SEGMENT, SEARCH_AT_CLUSTER, SEARCH_WITHIN, SEARCH_PLACES };

/* The counts; threads share them. */
struct search_sample_counts {
	struct search_space space;
	struct search_freedom freedom;
	enum search_strategy strategy;
	unsigned batch, tiles, nodes, chiplets;
	unsigned samples[SEARCH_MICROBATCHES], sample_count;
	unsigned *serpentines[MAP_SERPENTINES];
	uint8_t *serpentines_at; /* [chiplets + 1]: a bit for each serpentine that differs so far */
	bool *starts;            /* the nodes at which segments start; NULL: any */
	uint64_t activation_limit; /* the package's largest activation buffer */
	uint8_t *splits;   /* [place][node][m][size - 1]: a bit for each split that may fit */
	double *scale;     /* per node: the counts are divided by it, lest they overflow */
	long double *open; /* [m][nodes + 1][chiplets + 1] */
	long double
		*ends;    /* [nodes + 1][m * chiplets + s - 1]: cumulative; the last is closed[j] */
	double log10_all; /* descriptions of the space, decimal logarithm */
	double log10_drawn;       /* those that draws are made from */
	_Atomic double *alone_ns; /* latency of segments of one node, NAN: not known yet */
};

static inline bool search_may_start(const struct search_sample_counts *uniform, unsigned node)
{
	return node == 0 || !uniform->starts || uniform->starts[node];
}

static inline bool search_may_continue(const struct search_sample_counts *uniform, unsigned node)
{
	return uniform->freedom.longest_segment > 1 && !(uniform->starts && uniform->starts[node]);
}

/*
 * The model is borrowed; `tiles` and `jobs` as in search_options. With `starts` only mappings whose
 * segments start at just these nodes (one value per node, copied; NULL: any). False and `error` if
 * the strategy has no mapping (search_check_strategy) or none can fit.
 */
bool search_sample_counts_init(struct search_sample_counts *uniform, struct cost_model *model,
                               enum search_strategy strategy, unsigned batch, unsigned tiles,
                               const bool *starts, unsigned jobs, GError **error);
void search_sample_counts_release(struct search_sample_counts *uniform);

/* What one thread needs to draw. */
struct search_sampler {
	struct search_sample_counts *uniform;
	struct cost_model *model; /* this thread's; borrowed */
	GRand *rand;
	struct map_mapping *mapping;
	struct search_draft *drafts; /* of the segments, the last one first */
	enum search_split *splits;
	unsigned draft_count;
	uint64_t *tries; /* draws so far, of the segment that starts at each node; of whole
	                    networks, all at node 0, where segments are not given */
	long double *product;
	double *cluster_ns;
};

void search_sampler_init(struct search_sampler *dealer, struct search_sample_counts *uniform,
                         struct cost_model *model);
void search_sampler_release(struct search_sampler *dealer);

struct search_sampled {
	double latency_ns; /* by the dealer's model */
	unsigned segments, clusters;
	unsigned attempts; /* draws, the valid one included; of the segment that needed most */
};

/* The draw of a seed and number; it depends on nothing else. False if `attempts_limit` draws
 * gave no valid mapping. */
bool search_sampler_draw(struct search_sampler *dealer, uint64_t seed, unsigned number,
                         unsigned attempts_limit, struct search_sampled *dealt);

/* The mapping of the last draw that search_sampler_draw made; the caller frees it. */
struct map_mapping *search_sampled_mapping(struct search_sampler *dealer);

#endif

/*
 * What the files behind search/segment.h share: segment.c, which settles and cuts, and cover.c,
 * which guesses from the tables what a segment costs.
 */
#ifndef SEARCH_SEGMENTER_H
#define SEARCH_SEGMENTER_H

#include "search/segment.h"

/* The best way found to cover nodes [i, b) for one tau, by b. */
struct cover {
	unsigned chiplets, clusters; /* chiplets > all of them: none */
	float rank, longest_ns, dram_ns;
	unsigned last; /* first node of the last cluster */
	unsigned size; /* of the last cluster */
};

/* The best cover of a segment's nodes for one micro-batch, by the tables. */
struct guess {
	float time_ns, tau_ns; /* time_ns INFINITY: none, or settled since */
};

struct segmenter {
	struct search_space *space;
	struct search_clusters *clusters;
	const struct search_freedom *freedom;
	unsigned nodes, batch;
	double limit_ns;                    /* of the whole network */
	uint16_t *smallest[SEARCH_BORDERS]; /* [a][length - 1]: size index for the current tau */
	unsigned *finite; /* [a]: nodes of the longest run that takes any finite time */
	unsigned *reach;  /* [a]: and of the longest one that has a size now */
	double *load_ns;  /* prefix sums over nodes */
	unsigned samples[SEARCH_MICROBATCHES], sample_count;
	struct guess *guesses;           /* [i][j - 1][micro-batch] */
	struct search_segment **settled; /* [i][j - 1]: the best at full cost; NULL: none */
	const struct search_judge *judge;
	double pessimism;             /* full cost over estimate, so far */
	unsigned judged, misfits;     /* segments costed in full; those that fit no buffer */
	bool *tried;                  /* [i][j - 1]: some guess was costed in full */
	bool reconsider;              /* look at a segment's other guesses, too */
	struct segmenter *scanners;   /* one per thread; their own: what scanner_init makes */
	struct cover *cover, *closed; /* by end node; closed: the last cluster ends the segment */
};

/* Index of nodes [i, j). */
static inline size_t search_pair(const struct segmenter *s, unsigned i, unsigned j)
{
	return (size_t)i * s->nodes + j - 1;
}

static inline struct guess *search_guess(const struct segmenter *s, unsigned i, unsigned j,
                                         unsigned m)
{
	return &s->guesses[search_pair(s, i, j) * s->sample_count + m];
}

void search_segmenter_init(struct segmenter *s);
void search_segmenter_release(struct segmenter *s);

/* Guesses of all segments for micro-batch `m` (an index). */
void search_scan(struct segmenter *s, unsigned m);

/* The best cover of [i, j) with a tau at most its guess's; cuts is NULL if there is none. */
struct search_segment search_bisect(struct segmenter *s, unsigned i, unsigned j, unsigned m);
void search_free_cuts(struct search_segment *segment);

#endif

/*
 * What the files behind search/segments/segment.h share: segment.c, which settles and cuts, and
 * cover.c, which guesses from the tables what a segment costs.
 */
#ifndef SEARCH_SEGMENTS_SEGMENTER_H
#define SEARCH_SEGMENTS_SEGMENTER_H

#include "search/segments/segment.h"

/* A run on the fewest chiplets that take at most the current tau. */
struct fewest {
	unsigned chiplets; /* UINT_MAX: none do */
	unsigned size;     /* index */
	float time_ns, dram_ns;
};

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
	unsigned longest;                      /* nodes of a segment, at most */
	double limit_ns;                       /* of the whole network */
	struct fewest *fewest[SEARCH_BORDERS]; /* [a][length - 1] */
	float *fewer_ns[SEARCH_BORDERS];       /* and the time of the size below it */
	unsigned *finite; /* [a]: nodes of the longest run that takes any finite time */
	unsigned *reach;  /* [a]: and of the longest one that has a size now */
	double *load_ns;  /* prefix sums over nodes */
	unsigned samples[SEARCH_MICROBATCHES], sample_count;
	struct guess *guesses;           /* [i][j - i - 1][micro-batch] */
	struct search_segment **settled; /* [i][j - i - 1]: the best at full cost; NULL: none */
	const struct search_judge *judge;
	unsigned judged, misfits;     /* segments costed in full; those that fit no buffer */
	bool *tried;                  /* [i][j - i - 1]: some guess was costed in full */
	bool reconsider;              /* look at a segment's other guesses, too */
	struct segmenter *scanners;   /* one per thread; their own: what scanner_init makes */
	struct cover *cover, *closed; /* by end node; closed: the last cluster ends the segment */
};

/* Index of nodes [i, j), and how many indices there are. */
static inline size_t search_pair(const struct segmenter *s, unsigned i, unsigned j)
{
	return (size_t)i * s->longest + j - i - 1;
}

static inline size_t search_pairs(const struct segmenter *s)
{
	return (size_t)s->nodes * s->longest;
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

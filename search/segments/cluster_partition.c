/*
 * Invariant: a run's fewest chiplets for a time tau never grow with tau (its
 * times are made non-increasing in the region size), so one pointer per run
 * walks down while tau walks up the ladder.
 */
#include "hw/base/threads.h"
#include "search/segments/segmenter.h"

#include <math.h>

#define TAU_RATIO 1.12
#define BISECTIONS 12
#define MOST_CLIMB 1000 /* how far above the ladder a single segment may go */

static size_t run_of(const struct segmenter *s, unsigned a, unsigned length)
{
	return (size_t)a * s->clusters->longest + length - 1;
}

/* Entries of runs that begin in [first, end): where they start, how many they are. */
static size_t runs_between(const struct segmenter *s, unsigned first, unsigned end, size_t *count)
{
	*count = (size_t)(end - first) * s->clusters->longest;
	return (size_t)first * s->clusters->longest;
}

static float time_of(const struct segmenter *s, unsigned borders, unsigned size, size_t run)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	return s->clusters->time_ns[borders][size * runs + run];
}

/* The size below which no run goes: all chiplets, where every cluster has them. */
static unsigned lowest_size(const struct segmenter *s)
{
	return s->freedom->whole_package ? s->space->size_count - 1 : 0;
}

static void reset_fewest(struct segmenter *s, unsigned first, unsigned end)
{
	size_t count, start = runs_between(s, first, end, &count);
	for (unsigned b = 0; b < SEARCH_BORDERS; b++)
		for (size_t i = start; i < start + count; i++) {
			s->fewest[b][i] = (struct fewest){ UINT_MAX, s->space->size_count, INFINITY,
				                           INFINITY };
			s->fewer_ns[b][i] = time_of(s, b, s->space->size_count - 1, i);
		}
}

/* A larger region is never worse: it can leave chiplets idle. */
static void make_monotone(const struct segmenter *s, unsigned first, unsigned end)
{
	struct search_clusters *c = s->clusters;
	size_t runs = (size_t)c->nodes * c->longest, count,
	       start = runs_between(s, first, end, &count);
	for (int b = 0; b < SEARCH_BORDERS; b++)
		for (unsigned size = 1; size < c->space->size_count; size++)
			for (size_t i = size * runs + start; i < size * runs + start + count; i++)
				if (c->time_ns[b][i - runs] <= c->time_ns[b][i]) {
					c->time_ns[b][i] = c->time_ns[b][i - runs];
					c->dram_ns[b][i] = c->dram_ns[b][i - runs];
				}
}

/* How long a run from each node may be, on any region. */
static void note_finite(struct segmenter *s, unsigned first, unsigned end)
{
	const struct search_clusters *c = s->clusters;
	size_t last = (size_t)(c->space->size_count - 1) * c->nodes * c->longest;
	for (unsigned a = first; a < end; a++) {
		s->finite[a] = 0;
		for (int b = 0; b < SEARCH_BORDERS; b++)
			for (unsigned length = c->longest; length > s->finite[a]; length--)
				if (isfinite(c->time_ns[b][last + run_of(s, a, length)])) {
					s->finite[a] = length;
					break;
				}
	}
}

/* Walk down to the smallest size with time <= tau. */
static void lower_run(struct segmenter *s, unsigned borders, size_t run, float tau_ns)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	struct fewest *fewest = &s->fewest[borders][run];
	unsigned size = fewest->size, lowest = lowest_size(s);
	while (size > lowest && time_of(s, borders, size - 1, run) <= tau_ns)
		size--;
	*fewest = (struct fewest){ s->space->sizes[size], size, time_of(s, borders, size, run),
		                   s->clusters->dram_ns[borders][size * runs + run] };
	s->fewer_ns[borders][run] = size > lowest ? time_of(s, borders, size - 1, run) : INFINITY;
}

static void lower_fewest(struct segmenter *s, unsigned first, unsigned end, float tau_ns)
{
	for (unsigned a = first; a < end; a++) {
		s->reach[a] = 0;
		for (unsigned b = 0; b < SEARCH_BORDERS; b++)
			for (unsigned length = 1; length <= s->finite[a]; length++) {
				size_t run = run_of(s, a, length);
				if (s->fewer_ns[b][run] <= tau_ns)
					lower_run(s, b, run, tau_ns);
				if (s->fewest[b][run].size < s->space->size_count)
					s->reach[a] = MAX(s->reach[a], length);
			}
	}
}

/* What covers are made for. */
struct rung {
	float tau_ns, cluster_price;
};

/* What a cluster more is worth in chiplets: it lengthens U + C - 1 by one. */
static float cluster_price(const struct segmenter *s)
{
	return (float)s->space->chiplets /
	       (float)(map_microbatches(s->batch, s->space->samples) + 16);
}

/* Extend a cover by a run that begins at `a`, where that is better than `to`. */
static inline void extend(const struct segmenter *s, const struct cover *from, unsigned a,
                          const struct fewest *run, const struct rung *rung, struct cover *to)
{
	if (run->chiplets > s->space->chiplets - from->chiplets)
		return; /* or no size does */
	float rank = from->rank + (float)run->chiplets + rung->cluster_price;
	float dram_ns = from->dram_ns + run->dram_ns;
	/* A segment that DRAM holds up is better cut elsewhere. Where it cannot be, a cluster
	 * that keeps DRAM busy all the time costs as much as one with all chiplets. */
	if (s->freedom->one_segment)
		rank += (float)s->space->chiplets * run->dram_ns / rung->tau_ns;
	else if (dram_ns > rung->tau_ns)
		return;
	if (to->chiplets <= s->space->chiplets && rank >= to->rank)
		return;
	*to = (struct cover){ from->chiplets + run->chiplets,
		              from->clusters + 1,
		              rank,
		              MAX(from->longest_ns, run->time_ns),
		              dram_ns,
		              a,
		              run->size };
}

static const struct cover no_cover = { .chiplets = UINT_MAX };

/* Extend the cover that ends at `a` by all runs up to `end`; covers up to *ready are known to be
 * none or better. */
static void extend_from(struct segmenter *s, unsigned i, unsigned a, unsigned end,
                        const struct rung *rung, unsigned *ready)
{
	unsigned last = MIN(end, a + s->reach[a]), starts = a == i ? SEARCH_STARTS : 0;
	const struct fewest *open = s->fewest[starts] + run_of(s, a, 1),
			    *closed = s->fewest[starts | SEARCH_ENDS] + run_of(s, a, 1);
	if (s->cover[a].chiplets >= s->space->chiplets)
		return; /* nothing is left for another cluster */
	for (; *ready < last; ++*ready)
		s->cover[*ready + 1] = s->closed[*ready + 1] = no_cover;
	for (unsigned b = a + 1; b <= last; b++) {
		extend(s, &s->cover[a], a, &open[b - a - 1], rung, &s->cover[b]);
		extend(s, &s->cover[a], a, &closed[b - a - 1], rung, &s->closed[b]);
	}
}

/* Covers of [i, b) for b up to `end`; stops where no more can be covered. Returns the last b. */
static unsigned cover_from(struct segmenter *s, unsigned i, unsigned end, float tau_ns)
{
	const struct rung rung = { tau_ns, cluster_price(s) };
	unsigned misses = 0, ready = i;
	s->cover[i] = (struct cover){ 0 };
	for (unsigned b = i; b < end;) {
		extend_from(s, i, b++, end, &rung, &ready);
		if (ready < b) {
			s->cover[b] = s->closed[b] = no_cover;
			ready = b;
		}
		bool covered = s->cover[b].chiplets <= s->space->chiplets ||
		               s->closed[b].chiplets <= s->space->chiplets;
		misses = covered ? 0 : misses + 1;
		if (misses > 2)
			return b;
	}
	return end;
}

static double segment_ns(const struct segmenter *s, unsigned i, unsigned j,
                         const struct cover *closed)
{
	return cost_segment_ns(s->load_ns[j] - s->load_ns[i],
	                       map_microbatches(s->batch, s->space->samples), closed->clusters,
	                       (double)MAX(closed->longest_ns, closed->dram_ns));
}

/* `m`: index of the current micro-batch. */
static void scan_tau(struct segmenter *s, unsigned m, float tau_ns)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->freedom->one_segment && i > 0)
			return;
		unsigned reached = cover_from(s, i, MIN(s->nodes, i + s->longest), tau_ns);
		for (unsigned j = i + 1; j <= reached; j++) {
			if (s->closed[j].chiplets > s->space->chiplets)
				continue;
			struct guess *guess = search_guess(s, i, j, m);
			float time_ns = (float)segment_ns(s, i, j, &s->closed[j]);
			if (time_ns < guess->time_ns)
				*guess = (struct guess){ time_ns, tau_ns };
		}
	}
}

/* Longest finite time of a run on the largest region, over its borders; 0 if it never fits. */
static float slowest_ns(const struct search_clusters *c, unsigned a, unsigned length)
{
	float slowest = 0;
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		float time_ns = c->time_ns[b][search_run(c, c->space->size_count - 1, a, length)];
		if (isfinite(time_ns))
			slowest = MAX(slowest, time_ns);
	}
	return slowest;
}

/*
 * The ladder goes from the fastest node to what the slowest run needs, or all nodes together
 * need of the DRAM channels if that is more: clusters that all stream their weights share them.
 */
static void tau_range(const struct segmenter *s, float *lowest_ns, float *highest_ns)
{
	const struct search_clusters *c = s->clusters;
	float dram_ns = (float)s->load_ns[s->nodes]; /* all weights streamed */
	*lowest_ns = INFINITY;
	*highest_ns = 0;
	for (unsigned a = 0; a < c->nodes; a++) {
		size_t run = search_run(c, c->space->size_count - 1, a, 1);
		for (int b = 0; b < SEARCH_BORDERS; b++)
			if (c->time_ns[b][run] > 0)
				*lowest_ns = MIN(*lowest_ns, c->time_ns[b][run]);
		if (isfinite(c->time_ns[0][run]))
			dram_ns += c->dram_ns[0][run];
		for (unsigned length = 1; length <= MIN(c->longest, c->nodes - a); length++)
			*highest_ns = MAX(*highest_ns, slowest_ns(c, a, length));
	}
	*highest_ns = MAX(*highest_ns, dram_ns) * (float)TAU_RATIO;
}

/* No run may take longer: the segment it is in would take more than the limit. */
static float longest_run_ns(const struct segmenter *s)
{
	return (float)(s->limit_ns / map_microbatches(s->batch, s->space->samples));
}

/* Tables for runs within [first, end) of at most limit_ns. */
static void set_samples(struct segmenter *s, unsigned samples, unsigned first, unsigned end,
                        float limit_ns)
{
	if (s->space->samples != samples)
		search_space_samples(s->space, samples);
	search_clusters_fill(s->clusters, first, end,
	                     s->freedom->whole_package ? s->space->size_count - 1 : 0,
	                     MIN(limit_ns, longest_run_ns(s)));
	if (!s->freedom->whole_package)
		make_monotone(s, first, end);
	note_finite(s, first, end);
}

/* Whether to climb on: a network that must stay in one segment may need more than any run. */
static bool climb_on(const struct segmenter *s, unsigned m, float tau_ns, float highest_ns)
{
	if (tau_ns <= highest_ns)
		return true;
	return s->freedom->one_segment && tau_ns <= highest_ns * (float)MOST_CLIMB &&
	       !isfinite(search_guess(s, 0, s->nodes, m)->time_ns);
}

struct ladder {
	struct segmenter *s;
	const float *taus_ns;
	unsigned count;
};

/* Every so many rungs, each by its own scanner. */
static void scan_rungs(void *data, unsigned thread, unsigned index)
{
	const struct ladder *ladder = data;
	struct segmenter *scanner = &ladder->s->scanners[index];
	(void)thread;
	reset_fewest(scanner, 0, scanner->nodes);
	for (unsigned t = index; t < ladder->count; t += ladder->s->space->jobs) {
		lower_fewest(scanner, 0, scanner->nodes, ladder->taus_ns[t]);
		scan_tau(scanner, 0, ladder->taus_ns[t]);
	}
}

/* Takes what a scanner guesses of micro-batch `m`; of equal guesses the one of the lowest rung. */
static void take_guesses(struct segmenter *s, struct segmenter *scanner, unsigned m)
{
	for (size_t i = 0; i < search_pairs(s); i++) {
		struct guess *from = &scanner->guesses[i],
			     *to = &s->guesses[i * s->sample_count + m];
		if (from->time_ns < to->time_ns ||
		    (isfinite(from->time_ns) && from->time_ns <= to->time_ns &&
		     from->tau_ns < to->tau_ns))
			*to = *from;
		from->time_ns = INFINITY;
	}
}

void search_scan(struct segmenter *s, unsigned m)
{
	float lowest_ns, highest_ns;
	set_samples(s, s->samples[m], 0, s->nodes, INFINITY);
	tau_range(s, &lowest_ns, &highest_ns);
	highest_ns = MIN(highest_ns, longest_run_ns(s) * (float)TAU_RATIO);
	if (!isfinite(lowest_ns))
		return;
	GArray *taus = g_array_new(FALSE, FALSE, sizeof(float));
	float tau_ns = lowest_ns;
	while (tau_ns <= highest_ns) {
		g_array_append_val(taus, tau_ns);
		tau_ns *= (float)TAU_RATIO;
	}
	struct ladder ladder = { s, (const float *)(void *)taus->data, taus->len };
	search_parallel(s->space->crew, s->space->jobs, scan_rungs, &ladder);
	for (unsigned i = 0; i < s->space->jobs; i++)
		take_guesses(s, &s->scanners[i], m);
	g_array_unref(taus);
	for (reset_fewest(s, 0, s->nodes); climb_on(s, m, tau_ns, highest_ns);
	     tau_ns *= (float)TAU_RATIO) {
		lower_fewest(s, 0, s->nodes, tau_ns);
		scan_tau(s, m, tau_ns);
	}
}

static struct search_segment read_cover(const struct segmenter *s, unsigned i, unsigned j)
{
	struct search_segment segment = { .first = i, .end = j, .samples = s->space->samples };
	const struct cover *at = &s->closed[j];
	segment.cut_count = at->clusters;
	segment.cuts = g_new(struct search_cut, at->clusters);
	unsigned end = j, ends = SEARCH_ENDS;
	for (unsigned c = at->clusters; c-- > 0;) {
		struct search_cut *cut = &segment.cuts[c];
		*cut = (struct search_cut){ at->last, end - at->last, at->size,
			                    g_new(enum search_split, end - at->last) };
		search_cluster_splits(s->clusters, cut->size, cut->first, cut->length,
		                      ends | (cut->first == i ? SEARCH_STARTS : 0), cut->splits);
		end = at->last;
		at = &s->cover[end];
		ends = 0;
	}
	return segment;
}

void search_free_cuts(struct search_segment *segment)
{
	for (unsigned c = 0; c < segment->cut_count; c++)
		g_free(segment->cuts[c].splits);
	g_free(segment->cuts);
}

/* The best cover of [i, j) with a tau at most the ladder's. */
struct search_segment search_bisect(struct segmenter *s, unsigned i, unsigned j, unsigned m)
{
	float high_ns = search_guess(s, i, j, m)->tau_ns;
	float low_ns = high_ns / (float)(TAU_RATIO * TAU_RATIO);
	double best_ns = INFINITY;
	struct search_segment found = { 0 };
	set_samples(s, s->samples[m], i, j, high_ns);
	for (int step = 0; step <= BISECTIONS; step++) {
		float tau_ns = step ? (low_ns + high_ns) / 2 : high_ns;
		reset_fewest(s, i, j);
		lower_fewest(s, i, j, tau_ns);
		unsigned reached = cover_from(s, i, j, tau_ns);
		bool covered = reached == j && s->closed[j].chiplets <= s->space->chiplets;
		*(covered ? &high_ns : &low_ns) = tau_ns;
		if (!covered || segment_ns(s, i, j, &s->closed[j]) >= best_ns)
			continue;
		best_ns = segment_ns(s, i, j, &s->closed[j]);
		search_free_cuts(&found);
		found = read_cover(s, i, j);
		found.time_ns = best_ns;
	}
	return found;
}

/* What a scanner has for itself. */
static void scanner_init(struct segmenter *s, unsigned sample_count)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	size_t guesses = search_pairs(s) * sample_count;
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		s->fewest[b] = g_new(struct fewest, runs);
		s->fewer_ns[b] = g_new(float, runs);
	}
	s->reach = g_new(unsigned, s->nodes);
	s->sample_count = sample_count;
	s->guesses = g_new(struct guess, guesses);
	for (size_t i = 0; i < guesses; i++)
		s->guesses[i] = (struct guess){ .time_ns = INFINITY };
	s->cover = g_new(struct cover, s->nodes + 1);
	s->closed = g_new(struct cover, s->nodes + 1);
}

static void scanner_release(struct segmenter *s)
{
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		g_free(s->fewest[b]);
		g_free(s->fewer_ns[b]);
	}
	g_free(s->reach);
	g_free(s->guesses);
	g_free(s->cover);
	g_free(s->closed);
}

void search_segmenter_init(struct segmenter *s)
{
	s->longest = MIN(s->freedom->longest_segment, s->nodes);
	s->finite = g_new(unsigned, s->nodes);
	s->load_ns = g_new(double, s->nodes + 1);
	s->load_ns[0] = 0;
	for (unsigned n = 0; n < s->nodes; n++)
		s->load_ns[n + 1] = s->load_ns[n] +
		                    (double)s->space->workload->nodes[n].weight_bytes /
		                            s->space->dram_GBps;
	scanner_init(s, search_microbatches(s->batch, s->samples));
	s->settled = g_new0(struct search_segment *, search_pairs(s));
	s->tried = g_new0(bool, search_pairs(s));
	s->scanners = g_new(struct segmenter, s->space->jobs);
	for (unsigned i = 0; i < s->space->jobs; i++) {
		s->scanners[i] = *s;
		scanner_init(&s->scanners[i], 1);
	}
}

void search_segmenter_release(struct segmenter *s)
{
	for (unsigned i = 0; i < s->space->jobs; i++)
		scanner_release(&s->scanners[i]);
	g_free(s->scanners);
	scanner_release(s);
	g_free(s->finite);
	g_free(s->load_ns);
	for (size_t i = 0; i < search_pairs(s); i++)
		if (s->settled[i]) {
			search_free_cuts(s->settled[i]);
			g_free(s->settled[i]);
		}
	g_free(s->settled);
	g_free(s->tried);
}

/*
 * Invariant: a run's fewest chiplets for a time tau never grow with tau (its
 * times are made non-increasing in the region size), so one pointer per run
 * walks down while tau walks up the ladder.
 */
#include "search/segment.h"

#include <math.h>
#include <string.h>

#define TAU_RATIO 1.12
#define BISECTIONS 12
#define MOST_SETTLED 150 /* segments costed in full before the best so far is taken */
#define NO_SIZE UINT16_MAX

/* The best way found to cover nodes [i, b) for one tau, by b. */
struct cover {
	unsigned chiplets, clusters; /* chiplets > all of them: none */
	float rank, longest_ns, dram_ns;
	unsigned last; /* first node of the last cluster */
	unsigned size; /* of the last cluster */
};

struct best {
	double time_ns; /* an estimate until it is settled */
	float tau_ns;
	unsigned samples;
	struct search_segment *settled; /* owned; NULL: not yet */
};

struct segmenter {
	struct search_space *space;
	struct search_clusters *clusters;
	const struct search_freedom *freedom;
	unsigned nodes, batch;
	double limit_ns;                    /* of the whole network */
	uint16_t *smallest[SEARCH_BORDERS]; /* [a][length - 1]: size index for the current tau */
	double *load_ns;                    /* prefix sums over nodes */
	struct best *best;                  /* [i][j - 1] */
	const struct search_judge *judge;
	double pessimism; /* full cost over estimate, so far */
	unsigned settled;
	struct cover *cover, *closed; /* by end node; closed: the last cluster ends the segment */
};

unsigned search_microbatches(unsigned batch, unsigned samples[32])
{
	unsigned count = 0;
	for (unsigned m = 1; m < batch; m *= 2)
		samples[count++] = m;
	samples[count++] = batch;
	return count;
}

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

static void reset_smallest(struct segmenter *s, unsigned first, unsigned end)
{
	size_t count, start = runs_between(s, first, end, &count);
	for (int b = 0; b < SEARCH_BORDERS; b++)
		for (size_t i = start; i < start + count; i++)
			s->smallest[b][i] = NO_SIZE;
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

/* Walk the pointers down to the smallest sizes with time <= tau. */
static void lower_smallest(struct segmenter *s, unsigned first, unsigned end, float tau_ns)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	size_t count, start = runs_between(s, first, end, &count);
	unsigned sizes = s->space->size_count, lowest = s->freedom->whole_package ? sizes - 1 : 0;
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		const float *time_ns = s->clusters->time_ns[b];
		for (size_t i = start; i < start + count; i++) {
			unsigned size = MIN(s->smallest[b][i], sizes);
			while (size > lowest && time_ns[(size - 1) * runs + i] <= tau_ns)
				size--;
			s->smallest[b][i] = size == sizes ? NO_SIZE : (uint16_t)size;
		}
	}
}

/* What a cluster more is worth in chiplets: it lengthens U + C - 1 by one. */
static float cluster_price(const struct segmenter *s)
{
	return (float)s->space->chiplets /
	       (float)(map_microbatches(s->batch, s->space->samples) + 16);
}

/* Extend a cover by the run [a, end). */
static void extend(const struct segmenter *s, const struct cover *from, unsigned a, unsigned end,
                   unsigned borders, float tau_ns, struct cover *to)
{
	unsigned size = s->smallest[borders][run_of(s, a, end - a)];
	if (size == NO_SIZE)
		return;
	size_t entry = search_run(s->clusters, size, a, end - a);
	unsigned chiplets = from->chiplets + s->space->sizes[size];
	float dram_ns = from->dram_ns + s->clusters->dram_ns[borders][entry];
	if (chiplets > s->space->chiplets)
		return;
	float rank = from->rank + (float)s->space->sizes[size] + cluster_price(s);
	/* A segment that DRAM holds up is better cut elsewhere. Where it cannot be, a cluster
	 * that keeps DRAM busy all the time costs as much as one with all chiplets. */
	if (s->freedom->one_segment)
		rank += (float)s->space->chiplets * s->clusters->dram_ns[borders][entry] / tau_ns;
	else if (dram_ns > tau_ns)
		return;
	if (to->chiplets <= s->space->chiplets && rank >= to->rank)
		return;
	*to = (struct cover){ chiplets, from->clusters + 1,
		              rank,     MAX(from->longest_ns, s->clusters->time_ns[borders][entry]),
		              dram_ns,  a,
		              size };
}

static const struct cover no_cover = { .chiplets = UINT_MAX };

/* Covers of [i, b) for b up to `end`; stops where no more can be covered. Returns the last b. */
static unsigned cover_from(struct segmenter *s, unsigned i, unsigned end, float tau_ns)
{
	unsigned misses = 0;
	s->cover[i] = (struct cover){ 0 };
	for (unsigned b = i + 1; b <= end; b++) {
		s->cover[b] = s->closed[b] = no_cover;
		unsigned oldest = b > i + s->clusters->longest ? b - s->clusters->longest : i;
		for (unsigned a = oldest; a < b; a++) {
			if (s->cover[a].chiplets >= s->space->chiplets)
				continue; /* nothing is left for another cluster */
			unsigned starts = a == i ? SEARCH_STARTS : 0;
			extend(s, &s->cover[a], a, b, starts, tau_ns, &s->cover[b]);
			extend(s, &s->cover[a], a, b, starts | SEARCH_ENDS, tau_ns, &s->closed[b]);
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
	unsigned microbatches = map_microbatches(s->batch, s->space->samples);
	return s->load_ns[j] - s->load_ns[i] +
	       (microbatches + closed->clusters - 1) *
	               (double)MAX(closed->longest_ns, closed->dram_ns);
}

static void scan_tau(struct segmenter *s, float tau_ns)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->freedom->one_segment && i > 0)
			return;
		unsigned end = MIN(s->nodes, i + MIN(s->freedom->longest_segment, s->nodes));
		unsigned reached = cover_from(s, i, end, tau_ns);
		for (unsigned j = i + 1; j <= reached; j++) {
			if (s->closed[j].chiplets > s->space->chiplets)
				continue;
			struct best *best = &s->best[(size_t)i * s->nodes + j - 1];
			double time_ns = segment_ns(s, i, j, &s->closed[j]);
			if (time_ns < best->time_ns)
				*best = (struct best){ time_ns, tau_ns, s->space->samples, NULL };
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

static void set_samples(struct segmenter *s, unsigned samples, unsigned first, unsigned end)
{
	if (s->space->samples != samples)
		search_space_samples(s->space, samples);
	search_clusters_fill(s->clusters, first, end,
	                     s->freedom->whole_package ? s->space->size_count - 1 : 0,
	                     longest_run_ns(s));
	if (!s->freedom->whole_package)
		make_monotone(s, first, end);
}

static void scan_samples(struct segmenter *s, unsigned samples)
{
	float lowest_ns, highest_ns;
	set_samples(s, samples, 0, s->nodes);
	tau_range(s, &lowest_ns, &highest_ns);
	reset_smallest(s, 0, s->nodes);
	highest_ns = MIN(highest_ns, longest_run_ns(s) * (float)TAU_RATIO);
	float tau_ns = lowest_ns;
	while (tau_ns <= highest_ns) {
		lower_smallest(s, 0, s->nodes, tau_ns);
		scan_tau(s, tau_ns);
		tau_ns *= (float)TAU_RATIO;
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

static void free_cuts(struct search_segment *segment)
{
	for (unsigned c = 0; c < segment->cut_count; c++)
		g_free(segment->cuts[c].splits);
	g_free(segment->cuts);
}

/* The best cover of [i, j) with a tau at most the ladder's. */
static struct search_segment bisect(struct segmenter *s, unsigned i, unsigned j,
                                    const struct best *best)
{
	float low_ns = best->tau_ns / (float)(TAU_RATIO * TAU_RATIO), high_ns = best->tau_ns;
	double best_ns = INFINITY;
	struct search_segment found = { 0 };
	set_samples(s, best->samples, i, j);
	for (int step = 0; step <= BISECTIONS; step++) {
		float tau_ns = step ? (low_ns + high_ns) / 2 : high_ns;
		reset_smallest(s, i, j);
		lower_smallest(s, i, j, tau_ns);
		unsigned reached = cover_from(s, i, j, tau_ns);
		bool covered = reached == j && s->closed[j].chiplets <= s->space->chiplets;
		*(covered ? &high_ns : &low_ns) = tau_ns;
		if (!covered || segment_ns(s, i, j, &s->closed[j]) >= best_ns)
			continue;
		best_ns = segment_ns(s, i, j, &s->closed[j]);
		free_cuts(&found);
		found = read_cover(s, i, j);
		found.time_ns = best_ns;
	}
	return found;
}

static struct best *best_of(const struct segmenter *s, unsigned i, unsigned j)
{
	return &s->best[(size_t)i * s->nodes + j - 1];
}

/* What a segment is taken to cost: estimates are held to be as optimistic as they were before. */
static double expected_ns(const struct segmenter *s, unsigned i, unsigned j, bool settled_only)
{
	const struct best *best = best_of(s, i, j);
	if (best->settled)
		return best->time_ns;
	return settled_only ? INFINITY : best->time_ns * s->pessimism;
}

/* Best cuts into segments: previous[j] is where the segment that ends at j begins. */
static bool cut_network(const struct segmenter *s, bool settled_only, unsigned *previous)
{
	g_autofree double *time_ns = g_new(double, s->nodes + 1);
	time_ns[0] = 0;
	for (unsigned j = 1; j <= s->nodes; j++) {
		time_ns[j] = INFINITY;
		for (unsigned i = 0; i < j; i++) {
			if (s->freedom->one_segment && i > 0)
				break;
			double t = time_ns[i] + expected_ns(s, i, j, settled_only);
			if (t < time_ns[j]) {
				time_ns[j] = t;
				previous[j] = i;
			}
		}
	}
	return isfinite(time_ns[s->nodes]);
}

static void settle(struct segmenter *s, unsigned i, unsigned j)
{
	struct best *best = best_of(s, i, j);
	struct search_segment *segment = g_new(struct search_segment, 1);
	double estimate_ns = best->time_ns;
	*segment = bisect(s, i, j, best);
	best->settled = segment;
	best->time_ns = segment->time_ns = segment->cuts ? s->judge->settle(s->judge->data, segment)
	                                                 : INFINITY;
	s->settled++;
	if (isfinite(best->time_ns)) {
		double weight = 1.0 / MIN(s->settled, 8);
		s->pessimism += weight * (MAX(1, best->time_ns / estimate_ns) - s->pessimism);
	}
}

/* Settle what the best cuts consist of. True if all of it had been settled before. */
static bool settle_cuts(struct segmenter *s, const unsigned *previous)
{
	bool settled = true;
	for (unsigned j = s->nodes; j > 0; j = previous[j]) {
		if (best_of(s, previous[j], j)->settled)
			continue;
		settled = false;
		settle(s, previous[j], j);
	}
	return settled;
}

/* The best cuts of settled segments only. */
static bool find_cuts(struct segmenter *s, unsigned *previous)
{
	while (cut_network(s, false, previous) && s->settled < MOST_SETTLED)
		if (settle_cuts(s, previous))
			return true;
	return cut_network(s, true, previous);
}

static struct search_solution *collect(struct segmenter *s, const unsigned *previous)
{
	struct search_solution *solution = g_new0(struct search_solution, 1);
	for (unsigned j = s->nodes; j > 0; j = previous[j])
		solution->segment_count++;
	solution->segments = g_new0(struct search_segment, solution->segment_count);
	unsigned index = solution->segment_count;
	for (unsigned j = s->nodes; j > 0; j = previous[j]) {
		struct best *best = best_of(s, previous[j], j);
		solution->segments[--index] = *best->settled;
		g_clear_pointer(&best->settled, g_free); /* its cuts are the solution's now */
	}
	return solution;
}

static void segmenter_init(struct segmenter *s)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest, pairs = (size_t)s->nodes * s->nodes;
	for (int b = 0; b < SEARCH_BORDERS; b++)
		s->smallest[b] = g_new(uint16_t, runs);
	s->load_ns = g_new(double, s->nodes + 1);
	s->load_ns[0] = 0;
	for (unsigned n = 0; n < s->nodes; n++)
		s->load_ns[n + 1] = s->load_ns[n] +
		                    (double)s->space->workload->nodes[n].weight_bytes /
		                            s->space->dram_GBps;
	s->best = g_new(struct best, pairs);
	for (size_t i = 0; i < pairs; i++)
		s->best[i] = (struct best){ .time_ns = INFINITY };
	s->pessimism = 1;
	s->cover = g_new(struct cover, s->nodes + 1);
	s->closed = g_new(struct cover, s->nodes + 1);
}

static void segmenter_release(struct segmenter *s)
{
	for (int b = 0; b < SEARCH_BORDERS; b++)
		g_free(s->smallest[b]);
	g_free(s->load_ns);
	for (size_t i = 0; i < (size_t)s->nodes * s->nodes; i++)
		if (s->best[i].settled) {
			free_cuts(s->best[i].settled);
			g_free(s->best[i].settled);
		}
	g_free(s->best);
	g_free(s->cover);
	g_free(s->closed);
}

struct search_solution *search_segments(struct search_space *space,
                                        struct search_clusters *clusters,
                                        const struct search_freedom *freedom, unsigned batch,
                                        double limit_ns, const struct search_judge *judge,
                                        void (*progress)(void *, double), void *progress_data)
{
	struct segmenter s = { .space = space,
		               .clusters = clusters,
		               .freedom = freedom,
		               .nodes = space->workload->node_count,
		               .batch = batch,
		               .limit_ns = limit_ns,
		               .judge = judge };
	struct search_solution *solution = NULL;
	unsigned samples[32], count = search_microbatches(batch, samples);
	g_autofree unsigned *previous = g_new0(unsigned, s.nodes + 1);
	segmenter_init(&s);
	for (unsigned m = 0; m < count; m++) {
		scan_samples(&s, samples[m]);
		if (progress)
			progress(progress_data, (double)(m + 1) / (count + 1));
	}
	if (find_cuts(&s, previous))
		solution = collect(&s, previous);
	segmenter_release(&s);
	return solution;
}

void search_solution_free(struct search_solution *solution)
{
	if (!solution)
		return;
	for (unsigned i = 0; i < solution->segment_count; i++)
		free_cuts(&solution->segments[i]);
	g_free(solution->segments);
	g_free(solution);
}

/*
 * Invariant: a run's fewest chiplets for a time tau never grow with tau (its
 * times are made non-increasing in the region size), so one pointer per run
 * walks down while tau walks up the ladder.
 */
#include "search/segment.h"

#include "search/parallel.h"

#include <math.h>
#include <string.h>

#define TAU_RATIO 1.12
#define BISECTIONS 12
#define MOST_CLIMB 1000  /* how far above the ladder a single segment may go */
#define MOST_SETTLED 100 /* segments costed in full before the best so far is taken */
#define NO_SIZE UINT16_MAX

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

/* Puts a value into its place in an ascending list, once. */
static unsigned insert(unsigned *list, unsigned count, unsigned value)
{
	unsigned at = count;
	while (at > 0 && list[at - 1] >= value)
		at--;
	if (at < count && list[at] == value)
		return count;
	for (unsigned i = count; i > at; i--)
		list[i] = list[i - 1];
	list[at] = value;
	return count + 1;
}

unsigned search_microbatches(unsigned batch, unsigned samples[SEARCH_MICROBATCHES])
{
	unsigned count = 0;
	for (unsigned m = 1; m < batch; m *= 2)
		samples[count++] = m;
	for (unsigned shift = 0; batch >> shift > 0; shift++)
		count = insert(samples, count, batch >> shift);
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

/* Walk the pointers down to the smallest sizes with time <= tau. */
static void lower_smallest(struct segmenter *s, unsigned first, unsigned end, float tau_ns)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	unsigned sizes = s->space->size_count, lowest = s->freedom->whole_package ? sizes - 1 : 0;
	for (unsigned a = first; a < end; a++)
		s->reach[a] = 0;
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		const float *time_ns = s->clusters->time_ns[b];
		for (unsigned a = first; a < end; a++)
			for (unsigned length = 1; length <= s->finite[a]; length++) {
				size_t i = run_of(s, a, length);
				unsigned size = MIN(s->smallest[b][i], sizes);
				while (size > lowest && time_ns[(size - 1) * runs + i] <= tau_ns)
					size--;
				s->smallest[b][i] = size == sizes ? NO_SIZE : (uint16_t)size;
				if (size < sizes)
					s->reach[a] = MAX(s->reach[a], length);
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

/* Extend the cover that ends at `a` by all runs up to `end`; covers up to *ready are known to be
 * none or better. */
static void extend_from(struct segmenter *s, unsigned i, unsigned a, unsigned end, float tau_ns,
                        unsigned *ready)
{
	unsigned last = MIN(end, a + s->reach[a]), starts = a == i ? SEARCH_STARTS : 0;
	if (s->cover[a].chiplets >= s->space->chiplets)
		return; /* nothing is left for another cluster */
	for (; *ready < last; ++*ready)
		s->cover[*ready + 1] = s->closed[*ready + 1] = no_cover;
	for (unsigned b = a + 1; b <= last; b++) {
		extend(s, &s->cover[a], a, b, starts, tau_ns, &s->cover[b]);
		extend(s, &s->cover[a], a, b, starts | SEARCH_ENDS, tau_ns, &s->closed[b]);
	}
}

/* Covers of [i, b) for b up to `end`; stops where no more can be covered. Returns the last b. */
static unsigned cover_from(struct segmenter *s, unsigned i, unsigned end, float tau_ns)
{
	unsigned misses = 0, ready = i;
	s->cover[i] = (struct cover){ 0 };
	for (unsigned b = i; b < end;) {
		extend_from(s, i, b++, end, tau_ns, &ready);
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
	unsigned microbatches = map_microbatches(s->batch, s->space->samples);
	return s->load_ns[j] - s->load_ns[i] +
	       (microbatches + closed->clusters - 1) *
	               (double)MAX(closed->longest_ns, closed->dram_ns);
}

static size_t pair_of(const struct segmenter *s, unsigned i, unsigned j)
{
	return (size_t)i * s->nodes + j - 1;
}

static struct guess *guess_of(const struct segmenter *s, unsigned i, unsigned j, unsigned m)
{
	return &s->guesses[pair_of(s, i, j) * s->sample_count + m];
}

/* `m`: index of the current micro-batch. */
static void scan_tau(struct segmenter *s, unsigned m, float tau_ns)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->freedom->one_segment && i > 0)
			return;
		unsigned end = MIN(s->nodes, i + MIN(s->freedom->longest_segment, s->nodes));
		unsigned reached = cover_from(s, i, end, tau_ns);
		for (unsigned j = i + 1; j <= reached; j++) {
			if (s->closed[j].chiplets > s->space->chiplets)
				continue;
			struct guess *guess = guess_of(s, i, j, m);
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
	       !isfinite(guess_of(s, 0, s->nodes, m)->time_ns);
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
	reset_smallest(scanner, 0, scanner->nodes);
	for (unsigned t = index; t < ladder->count; t += ladder->s->space->jobs) {
		lower_smallest(scanner, 0, scanner->nodes, ladder->taus_ns[t]);
		scan_tau(scanner, 0, ladder->taus_ns[t]);
	}
}

/* Takes what a scanner guesses of micro-batch `m`; of equal guesses the one of the lowest rung. */
static void take_guesses(struct segmenter *s, struct segmenter *scanner, unsigned m)
{
	size_t pairs = (size_t)s->nodes * s->nodes;
	for (size_t i = 0; i < pairs; i++) {
		struct guess *from = &scanner->guesses[i],
			     *to = &s->guesses[i * s->sample_count + m];
		if (from->time_ns < to->time_ns ||
		    (isfinite(from->time_ns) && from->time_ns <= to->time_ns &&
		     from->tau_ns < to->tau_ns))
			*to = *from;
		from->time_ns = INFINITY;
	}
}

static void scan_samples(struct segmenter *s, unsigned m)
{
	float lowest_ns, highest_ns;
	set_samples(s, s->samples[m], 0, s->nodes, INFINITY);
	tau_range(s, &lowest_ns, &highest_ns);
	highest_ns = MIN(highest_ns, longest_run_ns(s) * (float)TAU_RATIO);
	if (!isfinite(lowest_ns))
		return;
	GArray *taus = g_array_new(FALSE, FALSE, sizeof(float));
	float tau_ns = lowest_ns;
	for (; tau_ns <= highest_ns; tau_ns *= (float)TAU_RATIO)
		g_array_append_val(taus, tau_ns);
	struct ladder ladder = { s, (const float *)(void *)taus->data, taus->len };
	search_parallel(s->space->jobs, s->space->jobs, scan_rungs, &ladder);
	for (unsigned i = 0; i < s->space->jobs; i++)
		take_guesses(s, &s->scanners[i], m);
	g_array_unref(taus);
	for (reset_smallest(s, 0, s->nodes); climb_on(s, m, tau_ns, highest_ns);
	     tau_ns *= (float)TAU_RATIO) {
		lower_smallest(s, 0, s->nodes, tau_ns);
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

static void free_cuts(struct search_segment *segment)
{
	for (unsigned c = 0; c < segment->cut_count; c++)
		g_free(segment->cuts[c].splits);
	g_free(segment->cuts);
}

/* The best cover of [i, j) with a tau at most the ladder's. */
static struct search_segment bisect(struct segmenter *s, unsigned i, unsigned j, unsigned m)
{
	float high_ns = guess_of(s, i, j, m)->tau_ns;
	float low_ns = high_ns / (float)(TAU_RATIO * TAU_RATIO);
	double best_ns = INFINITY;
	struct search_segment found = { 0 };
	set_samples(s, s->samples[m], i, j, high_ns);
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

/* The most promising micro-batch that is not settled; sample_count if none is left. */
static unsigned best_guess(const struct segmenter *s, unsigned i, unsigned j)
{
	unsigned best = s->sample_count;
	float best_ns = INFINITY;
	for (unsigned m = 0; m < s->sample_count; m++)
		if (guess_of(s, i, j, m)->time_ns < best_ns) {
			best_ns = guess_of(s, i, j, m)->time_ns;
			best = m;
		}
	return best;
}

static double settled_ns(const struct segmenter *s, unsigned i, unsigned j)
{
	const struct search_segment *segment = s->settled[pair_of(s, i, j)];
	return segment ? segment->time_ns : INFINITY;
}

/* What the best guess is taken to cost: guesses are held to be as optimistic as they were before. */
static double hoped_ns(const struct segmenter *s, unsigned i, unsigned j)
{
	unsigned m = best_guess(s, i, j);
	if (s->tried[pair_of(s, i, j)] && !s->reconsider)
		return INFINITY;
	return m < s->sample_count ? guess_of(s, i, j, m)->time_ns * s->pessimism : INFINITY;
}

static double expected_ns(const struct segmenter *s, unsigned i, unsigned j, bool settled_only)
{
	double known_ns = settled_ns(s, i, j);
	return settled_only ? known_ns : MIN(known_ns, hoped_ns(s, i, j));
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

/* Costs the best guess in full, and keeps it if it is the best of its nodes so far. */
static void settle(struct segmenter *s, unsigned i, unsigned j)
{
	unsigned m = best_guess(s, i, j);
	struct guess *guess = guess_of(s, i, j, m);
	struct search_segment found = bisect(s, i, j, m);
	double guess_ns = guess->time_ns;
	guess->time_ns = INFINITY;
	s->tried[pair_of(s, i, j)] = true;
	found.time_ns = found.cuts ? s->judge->settle(s->judge->data, &found) : INFINITY;
	s->judged++;
	if (isfinite(found.time_ns)) {
		double weight = 1.0 / MIN(s->judged, 8);
		s->pessimism += weight * (MAX(1, found.time_ns / guess_ns) - s->pessimism);
	} else { /* what does not fit the buffers does not with more samples */
		s->misfits++;
		for (unsigned more = m; more < s->sample_count; more++)
			guess_of(s, i, j, more)->time_ns = INFINITY;
	}
	struct search_segment **kept = &s->settled[pair_of(s, i, j)];
	if (!(found.time_ns < settled_ns(s, i, j))) {
		free_cuts(&found);
		return;
	}
	if (*kept)
		free_cuts(*kept);
	else
		*kept = g_new(struct search_segment, 1);
	**kept = found;
}

/* Settle what the best cuts hope for. True if they hope for nothing better than what is settled. */
static bool settle_cuts(struct segmenter *s, const unsigned *previous)
{
	bool settled = true;
	for (unsigned j = s->nodes; j > 0; j = previous[j]) {
		if (hoped_ns(s, previous[j], j) >= settled_ns(s, previous[j], j))
			continue;
		settled = false;
		settle(s, previous[j], j);
	}
	return settled;
}

/* In a small network every segment can be settled before the first cut. */
static void settle_all(struct segmenter *s)
{
	if (s->freedom->one_segment || s->nodes * (s->nodes + 1) / 2 > MOST_SETTLED)
		return;
	for (unsigned i = 0; i < s->nodes; i++)
		for (unsigned j = i + 1; j <= s->nodes; j++)
			if (best_guess(s, i, j) < s->sample_count)
				settle(s, i, j);
}

/* Settles until the best cuts are settled, at most `most` segments more. */
static void settle_best(struct segmenter *s, unsigned most, unsigned *previous)
{
	most += s->judged;
	while (s->judged < most && cut_network(s, false, previous))
		if (settle_cuts(s, previous))
			return;
}

/* The best cuts of settled segments only. */
static bool find_cuts(struct segmenter *s, unsigned *previous)
{
	settle_all(s);
	settle_best(s, MOST_SETTLED, previous);
	s->reconsider = true;
	/* Guesses that did not fit must not leave the network uncovered. */
	while (!cut_network(s, true, previous) && cut_network(s, false, previous))
		settle_cuts(s, previous);
	settle_best(s, MOST_SETTLED / 3, previous);
	return cut_network(s, true, previous);
}

static struct search_solution *collect(struct segmenter *s, const unsigned *previous)
{
	struct search_solution *solution = g_new0(struct search_solution, 1);
	for (unsigned j = s->nodes; j > 0; j = previous[j])
		solution->segment_count++;
	solution->misfit_share = (double)s->misfits / s->judged;
	solution->segments = g_new0(struct search_segment, solution->segment_count);
	unsigned index = solution->segment_count;
	for (unsigned j = s->nodes; j > 0; j = previous[j]) {
		struct search_segment **settled = &s->settled[pair_of(s, previous[j], j)];
		solution->segments[--index] = **settled;
		g_clear_pointer(settled, g_free); /* its cuts are the solution's now */
	}
	return solution;
}

/* What a scanner has for itself. */
static void scanner_init(struct segmenter *s, unsigned sample_count)
{
	size_t runs = (size_t)s->nodes * s->clusters->longest;
	size_t guesses = (size_t)s->nodes * s->nodes * sample_count;
	for (int b = 0; b < SEARCH_BORDERS; b++)
		s->smallest[b] = g_new(uint16_t, runs);
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
	for (int b = 0; b < SEARCH_BORDERS; b++)
		g_free(s->smallest[b]);
	g_free(s->reach);
	g_free(s->guesses);
	g_free(s->cover);
	g_free(s->closed);
}

static void segmenter_init(struct segmenter *s)
{
	size_t pairs = (size_t)s->nodes * s->nodes;
	s->finite = g_new(unsigned, s->nodes);
	s->load_ns = g_new(double, s->nodes + 1);
	s->load_ns[0] = 0;
	for (unsigned n = 0; n < s->nodes; n++)
		s->load_ns[n + 1] = s->load_ns[n] +
		                    (double)s->space->workload->nodes[n].weight_bytes /
		                            s->space->dram_GBps;
	scanner_init(s, search_microbatches(s->batch, s->samples));
	s->settled = g_new0(struct search_segment *, pairs);
	s->tried = g_new0(bool, pairs);
	s->pessimism = 1;
	s->scanners = g_new(struct segmenter, s->space->jobs);
	for (unsigned i = 0; i < s->space->jobs; i++) {
		s->scanners[i] = *s;
		scanner_init(&s->scanners[i], 1);
	}
}

static void segmenter_release(struct segmenter *s)
{
	for (unsigned i = 0; i < s->space->jobs; i++)
		scanner_release(&s->scanners[i]);
	g_free(s->scanners);
	scanner_release(s);
	g_free(s->finite);
	g_free(s->load_ns);
	for (size_t i = 0; i < (size_t)s->nodes * s->nodes; i++)
		if (s->settled[i]) {
			free_cuts(s->settled[i]);
			g_free(s->settled[i]);
		}
	g_free(s->settled);
	g_free(s->tried);
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
	g_autofree unsigned *previous = g_new0(unsigned, s.nodes + 1);
	segmenter_init(&s);
	for (unsigned m = 0; m < s.sample_count; m++) {
		scan_samples(&s, m);
		if (progress)
			progress(progress_data, (double)(m + 1) / (s.sample_count + 1));
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

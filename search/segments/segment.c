/*
 * Invariant: what the best cuts consist of is settled, one by one, until nothing that is only
 * guessed promises more.
 */
#include "search/segments/segmenter.h"

#include <math.h>

/* Segments costed in full before the best so far is taken: these, or one for so many nodes in a
 * deep network. With more of them its mappings get no better: refinement changes more. */
#define MOST_SETTLED 100
#define NODES_PER_SETTLED 4

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

/* The most promising micro-batch that is not settled; sample_count if none is left. */
static unsigned best_guess(const struct segmenter *s, unsigned i, unsigned j)
{
	unsigned best = s->sample_count;
	float best_ns = INFINITY;
	for (unsigned m = 0; m < s->sample_count; m++)
		if (search_guess(s, i, j, m)->time_ns < best_ns) {
			best_ns = search_guess(s, i, j, m)->time_ns;
			best = m;
		}
	return best;
}

static double settled_ns(const struct segmenter *s, unsigned i, unsigned j)
{
	const struct search_segment *segment = s->settled[search_pair(s, i, j)];
	return segment ? segment->time_ns : INFINITY;
}

/* What the best guess says. */
static double hoped_ns(const struct segmenter *s, unsigned i, unsigned j)
{
	unsigned m = best_guess(s, i, j);
	if (s->tried[search_pair(s, i, j)] && !s->reconsider)
		return INFINITY;
	return m < s->sample_count ? search_guess(s, i, j, m)->time_ns : INFINITY;
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
		for (unsigned i = j - MIN(j, s->longest); i < j; i++) {
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
	struct guess *guess = search_guess(s, i, j, m);
	struct search_segment found = search_bisect(s, i, j, m);
	guess->time_ns = INFINITY;
	s->tried[search_pair(s, i, j)] = true;
	found.time_ns = found.cuts ? s->judge->settle(s->judge->data, &found) : INFINITY;
	s->judged++;
	if (!isfinite(found.time_ns)) { /* what does not fit does not with more samples */
		s->misfits++;
		for (unsigned more = m; more < s->sample_count; more++)
			search_guess(s, i, j, more)->time_ns = INFINITY;
	}
	struct search_segment **kept = &s->settled[search_pair(s, i, j)];
	if (!(found.time_ns < settled_ns(s, i, j))) {
		search_free_cuts(&found);
		return;
	}
	if (*kept)
		search_free_cuts(*kept);
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
		for (unsigned j = i + 1; j <= MIN(s->nodes, i + s->longest); j++)
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
	unsigned most = MAX(MOST_SETTLED, s->nodes / NODES_PER_SETTLED);
	settle_best(s, most, previous);
	s->reconsider = true;
	/* Guesses that did not fit must not leave the network uncovered. */
	while (!cut_network(s, true, previous) && cut_network(s, false, previous)) {
		if (!s->judge->insist && 2 * s->misfits > s->judged)
			return false;
		settle_cuts(s, previous);
	}
	settle_best(s, most / 3, previous);
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
		struct search_segment **settled = &s->settled[search_pair(s, previous[j], j)];
		solution->segments[--index] = **settled;
		g_clear_pointer(settled, g_free); /* its cuts are the solution's now */
	}
	return solution;
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
	search_segmenter_init(&s);
	for (unsigned m = 0; m < s.sample_count; m++) {
		search_scan(&s, m);
		if (progress)
			progress(progress_data, (double)(m + 1) / (s.sample_count + 1));
	}
	if (find_cuts(&s, previous))
		solution = collect(&s, previous);
	search_segmenter_release(&s);
	return solution;
}

void search_solution_free(struct search_solution *solution)
{
	if (!solution)
		return;
	for (unsigned i = 0; i < solution->segment_count; i++)
		search_free_cuts(&solution->segments[i]);
	g_free(solution->segments);
	g_free(solution);
}

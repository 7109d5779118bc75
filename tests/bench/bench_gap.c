/*
 * How far what the strategies find is from the best there is: random networks of 2 to 7 nodes on
 * packages of up to 9 chiplets, with tight and loose buffers, fast and slow links and DRAM,
 * against the exhaustive search of the same space. Once as the strategies are, once with their
 * heuristics only. Seeds are fixed: all but the seconds is the same every time.
 *
 * Then strategy best on problems of 2 to 3 nodes and up to 4 chiplets, against all of what
 * search/exact/exact_space.h says of its space. best also knows regions that are not in there, so
 * it may be better than that; its gap is 0 then.
 *
 * usage: bench_gap [problems [first [tiny problems]]]
 */
#include "search/search.h"
#include "search/exact/exhaustive.h"
#include "search/exact/exact_space.h"
#include "search/mapping/stored.h"
#include "tests/support/small_problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBLEMS = 320, NODES = 7, CHIPLETS = 9 };
enum { TINY_PROBLEMS = 80, TINY_NODES = 3, TINY_CHIPLETS = 4 };
#define MOST_TINY 1e6 /* segments to be tried of a tiny problem; larger ones are left out */
#define SAME 1e-8     /* relative; the exhaustive search is exact to 1e-9 */

struct clock {
	double all_s, slowest_s;
};

struct tally {
	unsigned best, nothing; /* the best found; nothing found though there is something */
	unsigned better;        /* than the best of the space: among `best` */
	double gap_sum, gap_worst;
	struct clock clock;
};

struct comparison {
	enum search_strategy strategy;
	unsigned solvable;
	struct tally whole, heuristics;
	struct clock exhaustive;
};

typedef struct map_mapping *search_function(const struct wl_workload *workload,
                                            const struct hw_package *package,
                                            const struct search_options *options, GError **error);

/* The latency of what is found, INFINITY if nothing is. */
static double found_ns(const struct small_problem *p, search_function *search,
                       const struct search_options *options, struct clock *clock)
{
	gint64 start_us = g_get_monotonic_time();
	struct map_mapping *mapping = search(p->workload, p->package, options, NULL);
	double took_s = (double)(g_get_monotonic_time() - start_us) * 1e-6;
	clock->all_s += took_s;
	clock->slowest_s = MAX(clock->slowest_s, took_s);
	if (!mapping)
		return INFINITY;
	struct cost_model model;
	struct cost_report report;
	cost_model_init(&model, p->workload, p->package);
	cost_evaluate(&model, mapping, &report);
	double latency_ns = report.latency_ns;
	cost_report_release(&report);
	cost_model_release(&model);
	map_free(mapping);
	return latency_ns;
}

static void count_gap(struct tally *tally, double ns, double best_ns)
{
	if (!isfinite(ns)) {
		tally->nothing++;
		return;
	}
	double gap = ns / best_ns - 1;
	if (fabs(gap) < SAME) {
		tally->best++;
		return;
	}
	tally->gap_sum += gap;
	tally->gap_worst = MAX(tally->gap_worst, gap);
}

static void try_problem(unsigned seed, struct comparison *c)
{
	struct small_problem p;
	small_problem_init(&p, seed, NODES, CHIPLETS);
	if (map_tensors_have_places(p.package)) { /* no exhaustive search to compare with */
		small_problem_release(&p);
		return;
	}
	struct search_options options = { .strategy = c->strategy,
		                          .batch = p.batch,
		                          .tiles = 4,
		                          .jobs = g_get_num_processors() };
	double best_ns = found_ns(&p, search_exhaustive, &options, &c->exhaustive);
	double whole_ns = found_ns(&p, search_mapping, &options, &c->whole.clock);
	options.heuristics_only = true;
	double heuristics_ns = found_ns(&p, search_mapping, &options, &c->heuristics.clock);
	if (!isfinite(best_ns) && !isfinite(whole_ns) && !isfinite(heuristics_ns)) {
		small_problem_release(&p);
		return;
	}
	c->solvable++;
	count_gap(&c->whole, whole_ns, best_ns);
	count_gap(&c->heuristics, heuristics_ns, best_ns);
	if (!(fabs(whole_ns / best_ns - 1) < SAME))
		printf("%s: problem %u: %.4f %% above the best: %s\n",
		       search_strategy_name(c->strategy), seed, 100 * (whole_ns / best_ns - 1),
		       p.text);
	if (!(heuristics_ns / best_ns - 1 > -SAME))
		printf("%s: problem %u: below the best: %s\n", search_strategy_name(c->strategy),
		       seed, p.text);
	small_problem_release(&p);
}

/* ---- best ---- */

static bool small_enough(const struct small_problem *p)
{
	struct search_exact_space small;
	struct search_freedom freedom = search_freedom_of(SEARCH_BEST);
	double mappings;
	search_exact_init(&small, p->workload, p->package, &freedom, p->batch, 1,
	                  SEARCH_TILES_BEST);
	double candidates = search_exact_size(&small, &mappings);
	search_exact_release(&small);
	return candidates <= MOST_TINY;
}

static void count_free_gap(struct comparison *c, const struct small_problem *p, unsigned seed,
                           double ns, double best_ns)
{
	if (ns / best_ns - 1 < -SAME) {
		c->whole.better++;
		ns = best_ns;
	}
	count_gap(&c->whole, ns, best_ns);
	if (ns / best_ns - 1 > SAME)
		printf("best: problem %u: %.4f %% above the best: %s\n", seed,
		       100 * (ns / best_ns - 1), p->text);
}

static void try_tiny(unsigned seed, struct comparison *c)
{
	struct small_problem p;
	small_problem_init(&p, seed, TINY_NODES, TINY_CHIPLETS);
	struct search_options options = { .strategy = SEARCH_BEST,
		                          .batch = p.batch,
		                          .tiles = 4,
		                          .jobs = g_get_num_processors() };
	bool counts = hw_chiplet_count(p.package) > 1 && small_enough(&p);
	double best_ns = counts ? found_ns(&p, search_exhaustive, &options, &c->exhaustive)
	                        : INFINITY;
	counts = counts && isfinite(best_ns);
	if (counts) {
		c->solvable++;
		count_free_gap(c, &p, seed, found_ns(&p, search_mapping, &options, &c->whole.clock),
		               best_ns);
	}
	small_problem_release(&p);
}

static void print_tally(const struct comparison *c, const char *name, const struct tally *t)
{
	unsigned found = c->solvable - t->nothing;
	printf("%-10s %-11s best of all %3u of %3u, nothing found %u, mean gap %.4f %%, worst "
	       "%.3f %%; %.1f s, slowest %.2f s\n",
	       search_strategy_name(c->strategy), name, t->best, c->solvable, t->nothing,
	       100 * t->gap_sum / MAX(found, 1), 100 * t->gap_worst, t->clock.all_s,
	       t->clock.slowest_s);
}

static void compare_best(unsigned first, unsigned problems)
{
	struct comparison c = { .strategy = SEARCH_BEST };
	for (unsigned seed = first; c.solvable < problems; seed++)
		try_tiny(seed, &c);
	print_tally(&c, "search", &c.whole);
	printf("best       exhaustive  better than all of it %u of %u; %.1f s, slowest %.2f s\n",
	       c.whole.better, c.solvable, c.exhaustive.all_s, c.exhaustive.slowest_s);
}

int main(int argc, char **argv)
{
	static const enum search_strategy strategies[] = { SEARCH_SEGMENTED, SEARCH_SCOPE };
	unsigned problems = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : PROBLEMS;
	unsigned first = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	unsigned tiny = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : TINY_PROBLEMS;
	for (unsigned s = 0; s < G_N_ELEMENTS(strategies) && problems > 0; s++) {
		struct comparison c = { .strategy = strategies[s] };
		for (unsigned seed = first; seed < first + problems; seed++)
			try_problem(seed, &c);
		print_tally(&c, "search", &c.whole);
		print_tally(&c, "heuristics", &c.heuristics);
		printf("%-10s exhaustive  %u problems, %u of them solvable; %.1f s, slowest %.2f "
		       "s\n",
		       search_strategy_name(c.strategy), problems, c.solvable, c.exhaustive.all_s,
		       c.exhaustive.slowest_s);
	}
	compare_best(first, tiny);
	return 0;
}

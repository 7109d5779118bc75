/* For tests of shares: a workload, a region of chiplets 0, 1, 2 ... and scratch for grids. */
#ifndef TESTS_SEARCH_SHARE_FIXTURE_H
#define TESTS_SEARCH_SHARE_FIXTURE_H

#include "tests/search/fixtures.h"

enum { CHIPLETS = 64 };

static unsigned region[CHIPLETS];
static struct map_scratch scratch;
static struct wl_workload *workload;

static inline void set_up(void)
{
	for (unsigned i = 0; i < CHIPLETS; i++)
		region[i] = i;
	map_scratch_init(&scratch, CHIPLETS);
}

static inline void tear_down(void)
{
	map_scratch_release(&scratch);
	g_clear_pointer(&workload, wl_workload_free);
}

static inline void load(unsigned channels, unsigned rows, unsigned columns, const char *layers)
{
	g_clear_pointer(&workload, wl_workload_free);
	workload = made_workload((struct made_workload){
		.channels = channels, .rows = rows, .columns = columns, .layers = layers });
}

static inline struct map_placed place(unsigned node, unsigned samples, unsigned n, unsigned k,
                                      unsigned p, unsigned q)
{
	return fixture_place(workload, node, region, samples, n, k, p, q);
}

static inline bool has_element(struct map_interval i, uint32_t x)
{
	return x >= i.lo && x < i.hi &&
	       (!i.rows || i.rows->words[x / 64 - i.rows->first_word] >> x % 64 & 1);
}

/* Runs of elements that follow each other: "lo-hi", "lo-hi+lo-hi"; "0-0" if there are none. */
static inline void append_runs(GString *text, struct map_interval i)
{
	const char *join = "";
	if (!map_length(i))
		g_string_append_printf(text, "%u-%u", i.lo, i.hi);
	for (uint32_t lo = i.lo, hi; lo < i.hi; lo = hi + 1) {
		for (hi = lo; has_element(i, hi);)
			hi++;
		if (hi > lo)
			g_string_append_printf(text, "%s%u-%u", join, lo, hi);
		join = hi > lo ? "+" : join;
	}
}

/* `expected` has the runs of all parts with blanks between them. */
static inline void assert_parts(const struct map_grid *grid, enum map_dim dim, const char *expected)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < grid->parts[dim]; i++) {
		g_string_append(text, i ? " " : "");
		append_runs(text, grid->part[dim][i]);
	}
	ck_assert_str_eq(text->str, expected);
	g_string_free(text, TRUE);
}

#endif

/*
 * Tiny systems for tests of sim/, written as JSON with ' for ", and their
 * timelines as text. A chiplet has one MAC unit at 1 GHz and buffers that never
 * limit, so a share takes as many ns as it has MACs.
 */
#ifndef TESTS_SIM_TINY_H
#define TESTS_SIM_TINY_H

#include <math.h>
#include <stdlib.h>

#include "sim/simulate.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

/*
 * `columns` chiplets in a row. Fast: each has a DRAM channel of its own that
 * takes 1 ns whatever is moved (to 1e-7 ns). Otherwise one channel at the first
 * chiplet, 2 bytes/ns after 5 ns.
 */
struct tiny_package {
	unsigned columns;
	bool fast_dram;
	double link_GBps, hop_ns, port_GBps; /* 0: 2 bytes/ns, 3 ns, wide */
	unsigned weight_KiB;                 /* 0: 1024 */
	double border_GBps; /* each chiplet is a die: their links, of 7 ns; 0: there are no
	                       borders */
};

static inline struct hw_package *tiny_package(struct tiny_package t)
{
	g_autoptr(GString) channels = g_string_new("[0, 0]");
	for (unsigned c = 1; c < (t.fast_dram ? t.columns : 1); c++)
		g_string_append_printf(channels, "; [%u, 0]", c);
	return made_package((struct made_package){
		.name = "tiny",
		.columns = t.columns,
		.array = "'unroll': {'K': 1, 'C': 1}",
		.vector_lanes = 1,
		.weight_KiB = t.weight_KiB,
		.buffer_GBps = 1e9,
		.static_W = 1,
		.link_GBps = t.link_GBps > 0 ? t.link_GBps : 2,
		.port_GBps = t.port_GBps > 0 ? t.port_GBps : 1e10,
		.hop_ns = t.hop_ns > 0 ? t.hop_ns : 3,
		.die = { t.border_GBps > 0, 1 },
		.border_GBps = t.border_GBps,
		.border_ns = 7,
		.channels = channels->str,
		.dram_GBps = t.fast_dram ? 1e9 : 2,
		.dram_latency_ns = t.fast_dram ? 1 : 5,
		.nearest = t.fast_dram,
	});
}

/* The input has `channels` x `rows` x 1 elements; `layers` is the inside of the list. */
static inline struct wl_workload *tiny_workload(unsigned channels, unsigned rows,
                                                unsigned weight_bytes, const char *layers)
{
	g_autofree char *inputs = g_strdup_printf("{'name': 'x', 'shape': [%u, %u, 1]}", channels,
	                                          rows);
	return made_workload((struct made_workload){
		.weight_bytes = weight_bytes, .inputs = inputs, .layers = layers });
}

/* `segments` is the inside of the list. */
static inline struct map_mapping *tiny_mapping(const struct wl_workload *workload,
                                               const struct hw_package *package, unsigned batch,
                                               const char *segments)
{
	g_autofree char *text = g_strdup_printf(
		"{'format': 'mcmsim-mapping/1', 'workload': 'net', 'package': 'tiny', 'batch': %u, "
		"'segments': [%s]}",
		batch, segments);
	GError *error = NULL;
	struct map_mapping *mapping = map_parse(g_strdelimit(text, "'", '"'), "map.json", workload,
	                                        package, &error);
	ck_assert_msg(mapping != NULL, "%s", error ? error->message : "");
	return mapping;
}

/* Everything of one test. */
struct tiny {
	struct hw_package *package;
	struct wl_workload *workload;
	struct map_mapping *mapping;
	struct sim_outcome *outcome;
};

static inline struct sim_outcome *simulate(const struct tiny *t, bool exact,
                                           enum sim_trace_level level)
{
	struct sim_settings settings = { .exact = exact,
		                         .trace_level = level,
		                         .trace_to_ns = INFINITY };
	GError *error = NULL;
	struct sim_outcome *outcome = sim_simulate(t->workload, t->package, t->mapping, &settings,
	                                           &error);
	ck_assert_msg(outcome != NULL, "%s", error ? error->message : "");
	if (outcome->timeline)
		ck_assert_msg(tl_check(outcome->timeline, &error), "%s",
		              error ? error->message : "");
	return outcome;
}

static inline void tiny_free(struct tiny *t)
{
	sim_outcome_free(t->outcome);
	map_free(t->mapping);
	wl_workload_free(t->workload);
	hw_package_free(t->package);
}

/* Times to 1e-6 ns, which rounding of the clock stays below. */
static inline void append_ns(GString *text, double ns)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_c(text, ' ');
	g_string_append(text, g_ascii_formatd(number, sizeof(number), "%.12g",
	                                      round(ns * 1e6) / 1e6 + 0.0));
}

/* "wait_dram 0 12, compute 12 22, drain 22 32": the rows of one resource. Caller frees. */
static inline char *tiny_track(const struct tiny *t, const char *resource)
{
	const struct tl_timeline *timeline = t->outcome->timeline;
	GString *text = g_string_new(NULL);
	bool known = false;
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		for (unsigned i = 0; i < timeline->names[kind]->len; i++)
			known |= g_str_equal(g_ptr_array_index(timeline->names[kind], i), resource);
	ck_assert_msg(known, "no resource '%s'", resource);
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (!g_str_equal(
			    g_ptr_array_index(timeline->names[row->resource_kind], row->resource),
			    resource))
			continue;
		g_string_append_printf(text, "%s%s", text->len ? ", " : "",
		                       tl_kind_name(row->kind));
		append_ns(text, row->start_ns);
		append_ns(text, row->end_ns);
	}
	return g_string_free(text, FALSE);
}

static inline void assert_track(const struct tiny *t, const char *resource, const char *expected)
{
	g_autofree char *track = tiny_track(t, resource);
	ck_assert_str_eq(track, expected);
}

/* "busy 10 wait_dram 12 drain 10": what is not 0, of all clusters. */
static inline void assert_bubbles(const struct tiny *t, const char *expected)
{
	GString *text = g_string_new("busy");
	append_ns(text, t->outcome->busy_ns);
	for (int b = 0; b < SIM_BUBBLES; b++) {
		if (fabs(t->outcome->bubbles_ns[b]) < 1e-6)
			continue;
		g_string_append_printf(text, " %s", sim_bubble_name((enum sim_bubble)b));
		append_ns(text, t->outcome->bubbles_ns[b]);
	}
	ck_assert_str_eq(text->str, expected);
	g_string_free(text, TRUE);
}

static inline void assert_ns(double ns, double expected)
{
	ck_assert_double_eq_tol(ns, expected, 1e-6);
}

#endif

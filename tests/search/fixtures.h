/*
 * Small packages and workloads for the tests of search/, with round numbers:
 * links 10 GB/s and 5 ns a hop, ports 40 GB/s, DRAM channels 20 GB/s and 50 ns,
 * chiplets of 4 x 4 MAC units (K, C) at 1 GHz with 8 vector lanes and buffers of
 * 1 TB/s. Elements are one byte unless a workload says otherwise.
 */
#ifndef TESTS_SEARCH_FIXTURES_H
#define TESTS_SEARCH_FIXTURES_H

#include <stdlib.h>

#include "search/traffic/traffic.h"
#include "tests/support/suite.h"

struct fixture_grid {
	unsigned columns, rows;
	bool unicast, nearest, torus;
	const char *channels; /* "[0, 0]", then ", [3, 3]" ...; NULL: one channel at [0, 0] */
};

static inline char *fixture_channels(const char *places)
{
	GString *list = g_string_new(NULL);
	g_auto(GStrv) parts = g_strsplit(places ? places : "[0, 0]", "; ", -1);
	for (unsigned i = 0; parts[i]; i++)
		g_string_append_printf(list,
		                       "%s{\"at\": %s, \"GBps\": 20, \"latency_ns\": 50, "
		                       "\"energy_pJ_per_bit\": 8}",
		                       i ? ", " : "", parts[i]);
	return g_string_free(list, FALSE);
}

static inline struct hw_package *fixture_package(struct fixture_grid grid)
{
	g_autofree char *channels = fixture_channels(grid.channels);
	g_autofree char *text = g_strdup_printf(
		"{\"format\": \"mcmsim-package/1\", \"name\": \"grid\", \"chiplet_types\": {"
		"\"tiny\": {\"clock_GHz\": 1, \"array\": {\"unroll\": {\"K\": 4, \"C\": 4}}, "
		"\"vector_lanes\": 8, \"weight_buffer_KiB\": 1024, \"activation_buffer_KiB\": "
		"1024, "
		"\"buffer_GBps\": 1000, \"energy_pJ\": {\"mac\": 1, \"buffer_byte\": 1, "
		"\"static_W\": 0}, \"area_mm2\": 1}}, "
		"\"grid\": {\"columns\": %u, \"rows\": %u, \"chiplets\": \"tiny\"}, "
		"\"nop\": {\"topology\": \"%s\", \"link_GBps\": 10, \"port_GBps\": 40, \"hop_ns\": "
		"5, "
		"\"energy_pJ_per_bit\": 1, \"multicast\": %s, \"router_conflict\": 0}, "
		"\"dram\": {\"interleave\": \"%s\", \"channels\": [%s]}}",
		grid.columns, grid.rows, grid.torus ? "torus" : "mesh",
		grid.unicast ? "false" : "true", grid.nearest ? "nearest" : "all", channels);
	GError *error = NULL;
	struct hw_package *package = hw_package_parse(text, "grid.json", NULL, &error);
	ck_assert_msg(package != NULL, "%s", error ? error->message : "");
	return package;
}

/* `layers` is the inside of the list, in a form without double quotes: ' stands for ". */
static inline struct wl_workload *fixture_workload(unsigned channels, unsigned rows,
                                                   unsigned columns, const char *layers)
{
	g_autofree char *text = g_strdup_printf(
		"{'format': 'mcmsim-workload/1', 'name': 'net', 'source': 'test', "
		"'activation_bytes': 1, 'weight_bytes': 1, "
		"'inputs': [{'name': 'in', 'shape': [%u, %u, %u]}], 'layers': [%s]}",
		channels, rows, columns, layers);
	g_strdelimit(text, "'", '"');
	GError *error = NULL;
	struct wl_workload *workload = wl_workload_parse(text, "net.json", NULL, &error);
	ck_assert_msg(workload != NULL, "%s", error ? error->message : "");
	return workload;
}

/* A node on the first chiplets of `region`, one per box of the split; one tile, resident. */
static inline struct map_placed fixture_place(const struct wl_workload *workload, unsigned node,
                                              const unsigned *region, unsigned samples, unsigned n,
                                              unsigned k, unsigned p, unsigned q)
{
	return (struct map_placed){ .workload = workload,
		                    .node = &workload->nodes[node],
		                    .region = region,
		                    .region_size = n * k * p * q,
		                    .split = { n, k, p, q },
		                    .weights = MAP_RESIDENT,
		                    .tiles = 1,
		                    .samples = samples };
}

#endif

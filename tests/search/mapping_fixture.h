/*
 * For tests of mappings in use: the small package of fixtures.h, a workload, a
 * mapping in a short notation, its plan and a cost model.
 *
 *   "2: 0 1 = a K2, b P2 distributed t3 | 3 = c streamed; 1: 1 = d"
 *
 * is a segment with micro-batches of 2 samples and two clusters, a and b on
 * chiplets 0 and 1 (a split in two over K; b over P, weights distributed, three
 * tiles), c on chiplet 3; then one with d on chiplet 1. What is left out is no
 * split, resident, one tile. Chiplets of a 2 x 2 grid: 0 1 above 2 3.
 */
#ifndef TESTS_SEARCH_MAPPING_FIXTURE_H
#define TESTS_SEARCH_MAPPING_FIXTURE_H

#include <stdarg.h>

#include "search/cost/cost.h"
#include "tests/search/fixtures.h"

#define CONV(name, input, channels, rest)                                                       \
	"{'name': '" name "', 'op': 'conv', 'inputs': ['" input "'], 'out_channels': " channels \
	", " rest "}"
#define POINT(name, input, channels) CONV(name, input, channels, "'kernel': 1")
#define SUM(name, a, b) "{'name': '" name "', 'op': 'add', 'inputs': ['" a "', '" b "']}"

static struct hw_package *package;
static struct wl_workload *workload;
static struct map_mapping *mapping;
static struct map_plan plan;
static struct cost_model model;

static inline void drop_mapping(void)
{
	if (mapping)
		map_plan_release(&plan);
	g_clear_pointer(&mapping, map_free);
}

static inline void release(void)
{
	drop_mapping();
	if (package)
		cost_model_release(&model);
	g_clear_pointer(&package, hw_package_free);
	g_clear_pointer(&workload, wl_workload_free);
}

/* After changes to the package's numbers: the model keeps reciprocals of them. */
static inline void renew_model(void)
{
	cost_model_release(&model);
	cost_model_init(&model, workload, package);
}

/* Layers in the form of made_workload, one each, then NULL. */
static inline void set_up(struct made_package grid, struct wl_shape input, ...)
{
	g_autoptr(GString) layers = g_string_new(NULL);
	va_list list;
	release();
	va_start(list, input);
	for (const char *layer; (layer = va_arg(list, const char *));)
		g_string_append_printf(layers, "%s%s", layers->len ? "," : "", layer);
	va_end(list);
	package = made_package(grid);
	workload = made_workload((struct made_workload){ .channels = input.channels,
	                                                 .rows = input.rows,
	                                                 .columns = input.columns,
	                                                 .layers = layers->str });
	cost_model_init(&model, workload, package);
}

static inline unsigned node_named(const char *name)
{
	for (unsigned n = 0; n < workload->node_count; n++)
		if (g_str_equal(workload->nodes[n].name, name))
			return n;
	ck_abort_msg("there is no node '%s'", name);
}

static inline struct map_node read_map_node(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	struct map_node node = { .node = node_named(words[0]),
		                 .split = { 1, 1, 1, 1 },
		                 .tiles = 1 };
	for (unsigned i = 1; words[i]; i++) {
		char first[2] = { words[i][0], '\0' };
		unsigned number = (unsigned)strtoul(words[i] + 1, NULL, 10);
		if (first[0] == 't')
			node.tiles = number;
		for (int d = 0; d < MAP_DIMS; d++)
			if (g_str_equal(first, map_dim_name((enum map_dim)d)))
				node.split[d] = number;
		for (int w = 0; w < MAP_WEIGHTS; w++)
			if (g_str_equal(words[i], map_weights_name((enum map_weights)w)))
				node.weights = (enum map_weights)w;
	}
	return node;
}

static inline struct map_cluster read_map_cluster(const char *text)
{
	g_auto(GStrv) halves = g_strsplit(text, " = ", 2);
	g_auto(GStrv) chiplets = g_strsplit(g_strstrip(halves[0]), " ", -1);
	g_auto(GStrv) nodes = g_strsplit(halves[1], ",", -1);
	struct map_cluster cluster = { .region_size = g_strv_length(chiplets),
		                       .node_count = g_strv_length(nodes) };
	cluster.region = g_new(unsigned, cluster.region_size);
	for (unsigned i = 0; i < cluster.region_size; i++)
		cluster.region[i] = (unsigned)strtoul(chiplets[i], NULL, 10);
	cluster.nodes = g_new(struct map_node, cluster.node_count);
	for (unsigned i = 0; i < cluster.node_count; i++)
		cluster.nodes[i] = read_map_node(g_strstrip(nodes[i]));
	return cluster;
}

static inline struct map_segment read_map_segment(const char *text)
{
	g_auto(GStrv) halves = g_strsplit(text, ":", 2);
	g_auto(GStrv) clusters = g_strsplit(halves[1], "|", -1);
	struct map_segment segment = { .microbatch = (unsigned)strtoul(halves[0], NULL, 10),
		                       .cluster_count = g_strv_length(clusters) };
	segment.clusters = g_new(struct map_cluster, segment.cluster_count);
	for (unsigned c = 0; c < segment.cluster_count; c++)
		segment.clusters[c] = read_map_cluster(clusters[c]);
	return segment;
}

/* Takes the mapping as its file would be read, so that it is sure to be valid. */
static inline void take_mapping(struct map_mapping *made)
{
	GError *error = NULL;
	g_autofree char *text = map_to_json(made, workload, package);
	map_free(made);
	drop_mapping();
	mapping = map_parse(text, "mapping.json", workload, package, &error);
	ck_assert_msg(mapping != NULL, "%s", error ? error->message : "");
	map_plan_init(&plan, mapping, workload, package);
}

static inline void map(unsigned batch, const char *notation)
{
	g_auto(GStrv) segments = g_strsplit(notation, ";", -1);
	struct map_mapping *made = g_new0(struct map_mapping, 1);
	made->workload = g_strdup(workload->name);
	made->package = g_strdup(package->name);
	made->batch = batch;
	made->segment_count = g_strv_length(segments);
	made->segments = g_new(struct map_segment, made->segment_count);
	for (unsigned s = 0; s < made->segment_count; s++)
		made->segments[s] = read_map_segment(segments[s]);
	take_mapping(made);
}

#endif

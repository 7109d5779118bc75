/*
 * Random networks, packages and valid mappings (buffers aside), by seed: what
 * holds for every mapping is checked on many of these.
 */
#ifndef TESTS_SEARCH_RANDOM_MAPPING_H
#define TESTS_SEARCH_RANDOM_MAPPING_H

#include "search/sample/random_mapping.h"
#include "tests/search/mapping_fixture.h"

static inline unsigned pick(GRand *rand, unsigned min, unsigned max)
{
	return (unsigned)g_rand_int_range(rand, (int)min, (int)max + 1);
}

/* A tensor that later layers may read: its layer and shape. */
struct random_tensor {
	char name[16];
	unsigned channels, rows;
};

static inline void random_layer(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
static inline void random_layer(GString *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_string_append(text, text->len ? ", " : "");
	g_string_append_vprintf(text, format, list);
	va_end(list);
}

/* A residual from an older tensor of the same shape, if there is one. */
static inline void random_residual(GString *text, const struct random_tensor *tensors, unsigned i,
                                   struct random_tensor *now)
{
	for (unsigned older = 1; older < i; older++) {
		if (tensors[older].channels != now->channels || tensors[older].rows != now->rows)
			continue;
		random_layer(text, "{'name': 's%u', 'op': 'add', 'inputs': ['%s', '%s']}", i,
		             now->name, tensors[older].name);
		g_snprintf(now->name, sizeof now->name, "s%u", i);
		return;
	}
}

/* What looks across channels, behind every other node. */
static inline void random_across(GString *text, unsigned i, struct random_tensor *now)
{
	static const char *const ops[] = { "norm", "lrn", "softmax" };
	if (i % 2)
		return;
	random_layer(text, "{'name': 'x%u', 'op': '%s', 'inputs': ['%s']}", i, ops[i / 2 % 3],
	             now->name);
	g_snprintf(now->name, sizeof now->name, "x%u", i);
}

/* A chain of convolutions with residuals, pools and norms, over `in` of 4 x `rows` x `rows`. */
static inline char *random_layers(GRand *rand, unsigned nodes, unsigned rows)
{
	struct random_tensor tensors[16] = { { "in", 4, rows } };
	GString *text = g_string_new(NULL);
	for (unsigned i = 1; i <= nodes; i++) {
		struct random_tensor now = { .channels = 4 * pick(rand, 1, 3),
			                     .rows = tensors[i - 1].rows };
		unsigned kernel = g_rand_boolean(rand) ? 3 : 1;
		g_snprintf(now.name, sizeof now.name, "n%u", i);
		random_layer(text,
		             "{'name': '%s', 'op': 'conv', 'inputs': ['%s'], 'out_channels': %u, "
		             "'kernel': %u, 'pad': %u}",
		             now.name, tensors[i - 1].name, now.channels, kernel, kernel / 2);
		random_across(text, i, &now);
		if (g_rand_boolean(rand))
			random_residual(text, tensors, i, &now);
		if (now.rows >= 6 && pick(rand, 0, 3) == 0) {
			unsigned window = pick(rand, 2, 3);
			random_layer(text,
			             "{'name': 'p%u', 'op': 'max_pool', 'inputs': ['%s'], "
			             "'kernel': %u, 'stride': 2}",
			             i, now.name, window);
			g_snprintf(now.name, sizeof now.name, "p%u", i);
			now.rows = (now.rows - window) / 2 + 1;
		}
		tensors[i] = now;
	}
	return g_string_free(text, FALSE);
}

/* A package of 2 to 4 columns and rows with any options, and a network; model included. */
static inline void random_scene(GRand *rand, unsigned nodes)
{
	static const char *const channels[3] = { "[0, 0]", "[0, 0]; [1, 1]",
		                                 "[1, 0]; [0, 1]; [1, 1]" };
	struct made_package grid = { .columns = pick(rand, 2, 4),
		                     .rows = pick(rand, 2, 4),
		                     .unicast = g_rand_boolean(rand),
		                     .nearest = g_rand_boolean(rand),
		                     .torus = g_rand_boolean(rand),
		                     .channels = channels[pick(rand, 0, 2)] };
	unsigned rows = pick(rand, 4, 12);
	g_autofree char *layers = random_layers(rand, nodes, rows);
	release();
	package = made_package(grid);
	workload = made_workload((struct made_workload){
		.channels = 4, .rows = rows, .columns = rows, .layers = layers });
	cost_model_init(&model, workload, package);
}

static inline struct map_node random_node(GRand *rand, unsigned number, unsigned room,
                                          unsigned microbatch)
{
	const struct wl_node *n = &workload->nodes[number];
	struct map_node node = { .node = number,
		                 .tiles = pick(rand, 1, 5),
		                 .weights = (enum map_weights)pick(rand, 0, MAP_WEIGHTS - 1) };
	search_draw_split(rand, n, room, microbatch, node.split);
	return node;
}

static inline struct map_cluster random_cluster(GRand *rand, unsigned first, unsigned count,
                                                const unsigned *region, unsigned size,
                                                unsigned microbatch)
{
	struct map_cluster cluster = { .region_size = size, .node_count = count };
	cluster.region = g_memdup2(region, size * sizeof *region);
	cluster.nodes = g_new(struct map_node, count);
	for (unsigned i = 0; i < count; i++)
		cluster.nodes[i] = random_node(rand, first + i, size, microbatch);
	return cluster;
}

/* Nodes [first, end) in clusters on parts of a shuffled grid. */
static inline struct map_segment random_segment(GRand *rand, unsigned first, unsigned end,
                                                unsigned batch)
{
	unsigned chiplets = hw_chiplet_count(package), left = chiplets;
	unsigned order[16], nodes = end - first;
	struct map_segment segment = { .microbatch = pick(rand, 1, batch) };
	for (unsigned i = 0; i < chiplets; i++)
		order[i] = i;
	for (unsigned i = chiplets; i > 1; i--) {
		unsigned j = pick(rand, 0, i - 1), swapped = order[j];
		order[j] = order[i - 1];
		order[i - 1] = swapped;
	}
	segment.clusters = g_new(struct map_cluster, nodes);
	while (first < end) {
		unsigned count = left == 1 ? end - first : pick(rand, 1, end - first);
		unsigned size = pick(rand, 1, count == end - first ? left : left - 1);
		segment.clusters[segment.cluster_count++] = random_cluster(
			rand, first, count, order + chiplets - left, size, segment.microbatch);
		left -= size;
		first += count;
	}
	return segment;
}

static inline void random_map(GRand *rand)
{
	unsigned nodes = workload->node_count, first = 0;
	struct map_mapping *made = g_new0(struct map_mapping, 1);
	made->workload = g_strdup(workload->name);
	made->package = g_strdup(package->name);
	made->batch = pick(rand, 1, 7);
	made->segments = g_new(struct map_segment, nodes);
	while (first < nodes) {
		unsigned end = pick(rand, first + 1, nodes);
		made->segments[made->segment_count++] = random_segment(rand, first, end,
		                                                       made->batch);
		first = end;
	}
	take_mapping(made);
}

#endif

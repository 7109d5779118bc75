/*
 * mcmsim-mapping/1 to struct map_mapping. Invariant: all nodes of the mapping in
 * the order of the file are exactly the workload's nodes in the network's order,
 * so the next node of the file can only be node number `next`.
 */
#include "search/mapping/mapping.h"

#include "hw/base/json.h"

#define MAX_COUNT (1u << 20) /* samples, tiles, parts of a split */

struct mapping_reading {
	const struct wl_workload *workload;
	const struct hw_package *package;
	struct map_mapping *mapping;
	GHashTable *names; /* every node name in the file, in whatever place */
	unsigned *owner;   /* by chiplet: 1 + the cluster of this segment that has it, or 0 */
	unsigned next;     /* workload node that must come next */
	GError *error;
};

static unsigned read_count(struct mapping_reading *r, struct hw_json at, const char *key)
{
	return (unsigned)hw_json_integer(hw_json_get(at, key, &r->error), 1, MAX_COUNT, &r->error);
}

/* The length of a list that must not be empty; 0 on error. */
static unsigned read_length(struct mapping_reading *r, struct hw_json list, const char *what)
{
	if (!hw_json_is_array(list, &r->error))
		return 0;
	if (hw_json_size(list) == 0)
		hw_json_fail(list, &r->error, "must have at least one %s, got none", what);
	return hw_json_size(list);
}

/* Regions */

static void claim_chiplet(struct mapping_reading *r, struct hw_json at, unsigned chiplet,
                          unsigned cluster)
{
	unsigned x = chiplet % r->package->columns, y = chiplet / r->package->columns;
	unsigned *owner = &r->owner[chiplet];

	if (*owner == cluster + 1)
		hw_json_fail(at, &r->error, "must be in the region once, got [%u, %u] again", x, y);
	else if (*owner)
		hw_json_fail(at, &r->error,
		             "must be in one cluster of the segment, got [%u, %u] in clusters[%u] "
		             "and clusters[%u]",
		             x, y, *owner - 1, cluster);
	*owner = cluster + 1;
}

static unsigned read_chiplet(struct mapping_reading *r, struct hw_json at)
{
	const struct hw_package *package = r->package;

	if (!hw_json_is_array(at, &r->error))
		return 0;
	if (hw_json_size(at) != 2) {
		hw_json_fail(at, &r->error, "must be [x, y], got %u numbers", hw_json_size(at));
		return 0;
	}
	unsigned x = (unsigned)hw_json_integer(hw_json_at(at, 0), 0, MAX_COUNT, &r->error);
	unsigned y = (unsigned)hw_json_integer(hw_json_at(at, 1), 0, MAX_COUNT, &r->error);
	if (x < package->columns && y < package->rows)
		return y * package->columns + x;
	hw_json_fail(at, &r->error,
	             "must be on the grid: x from 0 to %u, y from 0 to %u, got [%u, %u]",
	             package->columns - 1, package->rows - 1, x, y);
	return 0;
}

static void read_region(struct mapping_reading *r, struct hw_json list, struct map_cluster *cluster,
                        unsigned number)
{
	cluster->region_size = read_length(r, list, "chiplet");
	cluster->region = g_new0(unsigned, cluster->region_size);
	for (unsigned i = 0; i < cluster->region_size && !r->error; i++) {
		struct hw_json at = hw_json_at(list, i);
		cluster->region[i] = read_chiplet(r, at);
		if (!r->error)
			claim_chiplet(r, at, cluster->region[i], number);
	}
}

/* Nodes */

/* A factor beyond what there is to divide would leave chiplets idle for good. */
static void check_factor(struct mapping_reading *r, struct hw_json at, enum map_dim dim,
                         unsigned factor, unsigned microbatch)
{
	const struct wl_node *node = &r->workload->nodes[r->next];
	const unsigned extent[MAP_DIMS] = { microbatch, node->output.channels, node->output.rows,
		                            node->output.columns };
	static const char *const what[MAP_DIMS] = { "samples of a micro-batch", "output channels",
		                                    "output rows", "output columns" };

	if (factor > extent[dim])
		hw_json_fail(at, &r->error, "must be at most %u, the %s, got %u", extent[dim],
		             what[dim], factor);
}

static void read_split(struct mapping_reading *r, struct hw_json at, struct map_node *node,
                       const struct map_cluster *cluster, unsigned microbatch)
{
	static const char *const keys[] = { "N", "K", "P", "Q", NULL };
	uint64_t product = 1;

	hw_json_keys(at, keys, &r->error);
	for (int d = 0; d < MAP_DIMS; d++) {
		node->split[d] = 1;
		const char *key = map_dim_name((enum map_dim)d);
		if (r->error || !hw_json_has(at, key))
			continue;
		node->split[d] = read_count(r, at, key);
		check_factor(r, hw_json_get(at, key, &r->error), (enum map_dim)d, node->split[d],
		             microbatch);
		product = MIN(product * node->split[d], UINT32_MAX);
	}
	if (product > cluster->region_size)
		hw_json_fail(at, &r->error,
		             "must have a product of at most %u, the region's chiplets, got "
		             "N %u, K %u, P %u, Q %u",
		             cluster->region_size, node->split[MAP_N], node->split[MAP_K],
		             node->split[MAP_P], node->split[MAP_Q]);
}

/* Why a name that is not the next node's cannot stand here. */
static void refuse_name(struct mapping_reading *r, struct hw_json at, const char *name)
{
	const struct wl_workload *w = r->workload;
	const char *expected = r->next < w->node_count ? w->nodes[r->next].name : NULL;

	for (unsigned i = 0; i < w->node_count; i++) {
		if (!g_str_equal(w->nodes[i].name, name))
			continue;
		if (i < r->next)
			hw_json_fail(at, &r->error, "must be mapped once, got node \"%s\" again",
			             name);
		else if (g_hash_table_contains(r->names, expected))
			hw_json_fail(
				at, &r->error,
				"must be node \"%s\", the next in the network's order, got \"%s\"",
				expected, name);
		else
			hw_json_fail(at, &r->error,
			             "node \"%s\" is missing, it must come before \"%s\"", expected,
			             name);
		return;
	}
	for (unsigned i = 0; i < w->layer_count; i++)
		if (g_str_equal(w->layers[i].name, name))
			hw_json_fail(
				at, &r->error,
				"must be a node of workload \"%s\", got \"%s\", a layer of node "
				"\"%s\"",
				w->name, name, w->nodes[w->layers[i].node].name);
	hw_json_fail(at, &r->error, "must be a node of workload \"%s\", got \"%s\"", w->name, name);
}

/* Whatever is wrong with a node, the message names it. */
static void name_node(GError **error, const char *name)
{
	if (!*error)
		return;
	GError *named = g_error_new((*error)->domain, (*error)->code, "%s (node \"%s\")",
	                            (*error)->message, name);
	g_error_free(*error);
	*error = named;
}

static void read_node(struct mapping_reading *r, struct hw_json at, struct map_node *node,
                      const struct map_cluster *cluster, unsigned microbatch)
{
	static const char *const keys[] = { "name", "split", "weights", "tiles", "shares", NULL };
	static const char *const shares[] = { "even", "speed", NULL };
	const char *weights[MAP_WEIGHTS + 1] = { NULL };
	struct hw_json at_name = hw_json_get(at, "name", &r->error);
	const char *name = hw_json_string(at_name, &r->error);

	if (!name)
		return;
	if (r->next == r->workload->node_count ||
	    !g_str_equal(r->workload->nodes[r->next].name, name)) {
		refuse_name(r, at_name, name);
		return;
	}
	hw_json_keys(at, keys, &r->error);
	node->node = r->next;
	read_split(r, hw_json_get(at, "split", &r->error), node, cluster, microbatch);
	for (int i = 0; i < MAP_WEIGHTS; i++)
		weights[i] = map_weights_name((enum map_weights)i);
	node->weights = (enum map_weights)hw_json_choice(hw_json_get(at, "weights", &r->error),
	                                                 weights, &r->error);
	node->tiles = read_count(r, at, "tiles");
	if (hw_json_has(at, "shares"))
		node->by_speed = hw_json_choice(hw_json_get(at, "shares", &r->error), shares,
		                                &r->error) == 1;
	name_node(&r->error, name);
	r->next++;
}

/* Clusters, segments, the whole */

static void read_cluster(struct mapping_reading *r, struct hw_json at, struct map_cluster *cluster,
                         unsigned number, unsigned microbatch)
{
	static const char *const keys[] = { "region", "nodes", NULL };

	hw_json_keys(at, keys, &r->error);
	read_region(r, hw_json_get(at, "region", &r->error), cluster, number);
	struct hw_json nodes = hw_json_get(at, "nodes", &r->error);
	cluster->node_count = read_length(r, nodes, "node");
	cluster->nodes = g_new0(struct map_node, cluster->node_count);
	for (unsigned i = 0; i < cluster->node_count && !r->error; i++)
		read_node(r, hw_json_at(nodes, i), &cluster->nodes[i], cluster, microbatch);
}

static void read_segment(struct mapping_reading *r, struct hw_json at, struct map_segment *segment)
{
	static const char *const keys[] = { "microbatch", "clusters", NULL };
	unsigned batch = r->mapping->batch;

	hw_json_keys(at, keys, &r->error);
	segment->microbatch = read_count(r, at, "microbatch");
	if (segment->microbatch > batch)
		hw_json_fail(hw_json_get(at, "microbatch", &r->error), &r->error,
		             "must be at most %u, the batch, got %u", batch, segment->microbatch);
	struct hw_json clusters = hw_json_get(at, "clusters", &r->error);
	segment->cluster_count = read_length(r, clusters, "cluster");
	segment->clusters = g_new0(struct map_cluster, segment->cluster_count);
	for (unsigned i = 0; i < hw_chiplet_count(r->package); i++)
		r->owner[i] = 0;
	for (unsigned i = 0; i < segment->cluster_count && !r->error; i++)
		read_cluster(r, hw_json_at(clusters, i), &segment->clusters[i], i,
		             segment->microbatch);
}

static char *read_name(struct mapping_reading *r, struct hw_json root, const char *key,
                       const char *expected)
{
	struct hw_json at = hw_json_get(root, key, &r->error);
	const char *name = hw_json_string(at, &r->error);

	if (name && !g_str_equal(name, expected))
		hw_json_fail(at, &r->error, "must be the %s at hand, \"%s\", got \"%s\"", key,
		             expected, name);
	return g_strdup(name);
}

/* Takes every string that is called "name", whether or not the rest is well formed. */
static void collect_names(GHashTable *names, const cJSON *item)
{
	for (; item; item = item->next) {
		if (item->string && g_str_equal(item->string, "name") && cJSON_IsString(item))
			g_hash_table_add(names, item->valuestring);
		collect_names(names, item->child);
	}
}

static void read_mapping(struct mapping_reading *r, struct hw_json root)
{
	static const char *const formats[] = { "mcmsim-mapping/1", NULL };
	static const char *const keys[] = { "format", "workload", "package", "strategy",
		                            "batch",  "segments", NULL };
	struct map_mapping *mapping = r->mapping;

	hw_json_choice(hw_json_get(root, "format", &r->error), formats, &r->error);
	hw_json_keys(root, keys, &r->error);
	mapping->workload = read_name(r, root, "workload", r->workload->name);
	mapping->package = read_name(r, root, "package", r->package->name);
	if (hw_json_has(root, "strategy"))
		mapping->strategy = g_strdup(
			hw_json_string(hw_json_get(root, "strategy", &r->error), &r->error));
	mapping->batch = read_count(r, root, "batch");

	struct hw_json segments = hw_json_get(root, "segments", &r->error);
	mapping->segment_count = read_length(r, segments, "segment");
	mapping->segments = g_new0(struct map_segment, mapping->segment_count);
	for (unsigned i = 0; i < mapping->segment_count && !r->error; i++)
		read_segment(r, hw_json_at(segments, i), &mapping->segments[i]);
	if (r->next < r->workload->node_count)
		hw_json_fail(segments, &r->error, "node \"%s\" is missing",
		             r->workload->nodes[r->next].name);
}

/* Consumes the file. */
static struct map_mapping *read_file(struct hw_json_file *file, const struct wl_workload *workload,
                                     const struct hw_package *package, GError **error)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree unsigned *owner = g_new0(unsigned, hw_chiplet_count(package));
	struct mapping_reading r = { .workload = workload,
		                     .package = package,
		                     .mapping = g_new0(struct map_mapping, 1),
		                     .names = names,
		                     .owner = owner };

	collect_names(names, file->root->child);
	read_mapping(&r, hw_json_root(file));
	hw_json_close(file);
	if (!r.error)
		return r.mapping;
	map_free(r.mapping);
	g_propagate_error(error, r.error);
	return NULL;
}

struct map_mapping *map_parse(const char *text, const char *origin,
                              const struct wl_workload *workload, const struct hw_package *package,
                              GError **error)
{
	struct hw_json_file *file = hw_json_parse(text, origin, error);

	return file ? read_file(file, workload, package, error) : NULL;
}

struct map_mapping *map_read(const char *path, const struct wl_workload *workload,
                             const struct hw_package *package, GError **error)
{
	struct hw_json_file *file = hw_json_open(path, error);

	return file ? read_file(file, workload, package, error) : NULL;
}

/*
 * A mapping: which nodes run where, when and split how (mcmsim-mapping/1).
 *
 * Segments run one after another; the clusters of a segment form a pipeline,
 * each on its own region; a cluster runs its nodes one after another. Chiplets
 * are indices y * columns + x. The order of a region's chiplets is the order in
 * which the boxes of a split are dealt out, so it is part of the mapping.
 */
#ifndef SEARCH_MAPPING_MAPPING_H
#define SEARCH_MAPPING_MAPPING_H

#include "hw/package.h"
#include "workloads/workload.h"

/* Dimensions of a node's output tensor, in the order in which boxes are numbered. */
enum map_dim { MAP_N, MAP_K, MAP_P, MAP_Q, MAP_DIMS };

enum map_weights { MAP_RESIDENT, MAP_DISTRIBUTED, MAP_STREAMED, MAP_WEIGHTS };

struct map_node {
	unsigned node;            /* index in the workload */
	unsigned split[MAP_DIMS]; /* parts per dimension, product <= region size */
	enum map_weights weights;
	unsigned tiles; /* pieces a share is computed and sent in, at least 1 */
	/* Where the region's chiplets differ: parts in proportion to the MACs per ns of the
	 * chiplets that they go to, instead of even ones. */
	bool by_speed;
};

struct map_cluster {
	unsigned *region;
	unsigned region_size;
	struct map_node *nodes;
	unsigned node_count;
};

struct map_segment {
	unsigned microbatch; /* samples */
	struct map_cluster *clusters;
	unsigned cluster_count;
};

struct map_mapping {
	char *workload, *package, *strategy; /* names; strategy is free text */
	unsigned batch;
	struct map_segment *segments;
	unsigned segment_count;
};

void map_free(struct map_mapping *mapping); /* NULL is allowed */
struct map_mapping *map_copy(const struct map_mapping *mapping);

/* Whether two mappings of one workload and package say the same, names aside. */
bool map_same(const struct map_mapping *a, const struct map_mapping *b);

/* All clusters of all segments. */
unsigned map_cluster_total(const struct map_mapping *mapping);

/* ceil(batch / microbatch): how many micro-batches a segment runs. */
static inline unsigned map_microbatches(unsigned batch, unsigned microbatch)
{
	return (batch + microbatch - 1) / microbatch;
}

const char *map_weights_name(enum map_weights weights);
const char *map_dim_name(enum map_dim dim); /* "N", "K", "P", "Q" */

/*
 * JSON in and out. Reading checks everything that concerns the form and that
 * names, coordinates and the network's order fit (each node once, regions
 * disjoint within a segment and on the grid, split product <= region size);
 * capacity is checked by map_check_buffers (search/mapping/buffers.h). Reading rejects
 * a mapping that was made for a workload or package of another name.
 */
struct map_mapping *map_read(const char *path, const struct wl_workload *workload,
                             const struct hw_package *package, GError **error);
struct map_mapping *map_parse(const char *text, const char *origin,
                              const struct wl_workload *workload, const struct hw_package *package,
                              GError **error);
char *map_to_json(const struct map_mapping *mapping, const struct wl_workload *workload,
                  const struct hw_package *package); /* caller frees */
/* SHA-256, in hexadecimal, of what map_to_json gives. Caller frees. */
char *map_hash(const struct map_mapping *mapping, const struct wl_workload *workload,
               const struct hw_package *package);
bool map_write(const struct map_mapping *mapping, const struct wl_workload *workload,
               const struct hw_package *package, const char *path, GError **error);

#endif

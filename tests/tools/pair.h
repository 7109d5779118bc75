/*
 * Two chiplets in a row with one MAC unit each at 1 GHz, links of 2 bytes/ns and
 * one DRAM channel of 2 bytes/ns, and two nodes "a" and "b" of 1 x 4 x 1 outputs:
 * either each in a cluster of its own, or both in one cluster on both chiplets.
 * The outcomes of model and simulator are made up by the tests.
 */
#ifndef TESTS_TOOLS_PAIR_H
#define TESTS_TOOLS_PAIR_H

#include "hw/resources.h"
#include "tests/sim/tiny.h"

struct pair {
	struct tiny tiny;
	struct cost_segment cost_segments[2];
	double cluster_ns[2];
	struct cost_report cost;
	struct sim_segment_outcome segments[2];
	struct sim_cluster_outcome clusters[2];
	double resource_bytes[9]; /* 2 links, on a torus 4; 4 ports; 1 channel */
	struct sim_outcome sim;
};

#define PAIR_A "{'name': 'a', 'split': {}, 'weights': 'resident', 'tiles': 1}"
#define PAIR_B "{'name': 'b', 'split': {}, 'weights': 'resident', 'tiles': 1}"
#define PAIR_TWO_CLUSTERS                              \
	"{'microbatch': 1, 'clusters': ["              \
	"{'region': [[0, 0]], 'nodes': [" PAIR_A "]}," \
	"{'region': [[1, 0]], 'nodes': [" PAIR_B "]}]}"
#define PAIR_ONE_CLUSTER                  \
	"{'microbatch': 1, 'clusters': [" \
	"{'region': [[0, 0], [1, 0]], 'nodes': [" PAIR_A ", " PAIR_B "]}]}"
#define PAIR_TWO_SEGMENTS                                \
	"{'microbatch': 1, 'clusters': ["                \
	"{'region': [[0, 0]], 'nodes': [" PAIR_A "]}]}," \
	"{'microbatch': 1, 'clusters': ["                \
	"{'region': [[1, 0]], 'nodes': [" PAIR_B "]}]}"

/* Everything that was not said is 0. */
static inline void pair_init(struct pair *pair, const char *segments)
{
	static const char layers[] =
		"{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 1, 'kernel': 1},"
		"{'name': 'b', 'op': 'conv', 'inputs': ['a'], 'out_channels': 1, 'kernel': 1}";
	*pair = (struct pair){ .cost = { .latency_ns = 0 } };
	pair->tiny.package = tiny_package((struct tiny_package){ .columns = 2 });
	pair->tiny.workload = tiny_workload(1, 4, 1, layers);
	pair->tiny.mapping = tiny_mapping(pair->tiny.workload, pair->tiny.package, 10, segments);
	ck_assert_uint_le(hw_resource_count(pair->tiny.package),
	                  G_N_ELEMENTS(pair->resource_bytes));

	const struct map_mapping *mapping = pair->tiny.mapping;
	unsigned first = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		unsigned count = mapping->segments[s].cluster_count;
		pair->cost_segments[s] = (struct cost_segment){ .first_cluster = first,
			                                        .cluster_count = count,
			                                        .microbatches = 10 };
		pair->segments[s] = (struct sim_segment_outcome){ .first_cluster = first,
			                                          .cluster_count = count,
			                                          .microbatches = 10 };
		first += count;
	}
	for (unsigned s = 0, c = 0; s < mapping->segment_count; s++)
		for (unsigned i = 0; i < mapping->segments[s].cluster_count; i++)
			pair->clusters[c++].chiplets = mapping->segments[s].clusters[i].region_size;
	pair->cost.segments = pair->cost_segments;
	pair->cost.cluster_ns = pair->cluster_ns;
	pair->sim.segments = pair->segments;
	pair->sim.segment_count = mapping->segment_count;
	pair->sim.clusters = pair->clusters;
	pair->sim.cluster_count = first;
	pair->sim.resource_bytes = pair->resource_bytes;
	pair->sim.resource_load_bytes = pair->resource_bytes; /* nothing is lost */
}

static inline void pair_release(struct pair *pair)
{
	tiny_free(&pair->tiny);
}

#endif

/*
 * Invariant: cluster after cluster, features->clusters cut features->nodes and features->meetings
 * into runs without gaps.
 */
#include "search/cost/features.h"

void cost_features_init(struct cost_features *features)
{
	*features = (struct cost_features){
		.nodes = g_array_new(FALSE, FALSE, sizeof(struct cost_node_features)),
		.clusters = g_array_new(FALSE, FALSE, sizeof(struct cost_cluster_features)),
		.meetings = g_array_new(FALSE, FALSE, sizeof(struct cost_meeting)),
		.edges = g_array_new(FALSE, FALSE, sizeof(struct cost_edge_features)),
		.loads = g_array_new(FALSE, FALSE, sizeof(struct cost_work))
	};
}

void cost_features_release(struct cost_features *features)
{
	g_array_unref(features->nodes);
	g_array_unref(features->clusters);
	g_array_unref(features->meetings);
	g_array_unref(features->edges);
	g_array_unref(features->loads);
}

void cost_features_clear(struct cost_features *features)
{
	GArray *arrays[] = { features->nodes, features->clusters, features->meetings,
		             features->edges, features->loads };
	for (unsigned i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_set_size(arrays[i], 0);
	*features = (struct cost_features){ .nodes = features->nodes,
		                            .clusters = features->clusters,
		                            .meetings = features->meetings,
		                            .edges = features->edges,
		                            .loads = features->loads };
}

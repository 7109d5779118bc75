/*
 * struct map_mapping to mcmsim-mapping/1. Invariant: what is written reads back
 * as the same mapping, and the same mapping is always the same bytes: one node
 * and one region per line, factors of 1 left out.
 */
#include "search/mapping/mapping.h"

#include <string.h>

#include "hw/base/json.h"

static void write_string(GString *out, const char *text)
{
	cJSON *item = cJSON_CreateStringReference(text);
	char *quoted = cJSON_PrintUnformatted(item);

	g_assert(quoted); /* cJSON fails only for lack of memory */
	g_string_append(out, quoted);
	cJSON_free(quoted);
	cJSON_Delete(item);
}

static void write_region(GString *out, const struct map_cluster *cluster, unsigned columns)
{
	g_string_append(out, "          \"region\": [");
	for (unsigned i = 0; i < cluster->region_size; i++)
		g_string_append_printf(out, "%s[%u, %u]", i ? ", " : "",
		                       cluster->region[i] % columns, cluster->region[i] / columns);
	g_string_append(out, "],\n");
}

static void write_node(GString *out, const struct map_node *node,
                       const struct wl_workload *workload)
{
	const char *separator = "";

	g_string_append(out, "            {\"name\": ");
	write_string(out, workload->nodes[node->node].name);
	g_string_append(out, ", \"split\": {");
	for (int d = 0; d < MAP_DIMS; d++) {
		if (node->split[d] == 1)
			continue;
		g_string_append_printf(out, "%s\"%s\": %u", separator,
		                       map_dim_name((enum map_dim)d), node->split[d]);
		separator = ", ";
	}
	g_string_append_printf(out, "}, \"weights\": \"%s\", \"tiles\": %u%s}",
	                       map_weights_name(node->weights), node->tiles,
	                       node->by_speed ? ", \"shares\": \"speed\"" : "");
}

static void write_cluster(GString *out, const struct map_cluster *cluster,
                          const struct wl_workload *workload, const struct hw_package *package)
{
	g_string_append(out, "        {\n");
	write_region(out, cluster, package->columns);
	g_string_append(out, "          \"nodes\": [\n");
	for (unsigned i = 0; i < cluster->node_count; i++) {
		write_node(out, &cluster->nodes[i], workload);
		g_string_append(out, i + 1 < cluster->node_count ? ",\n" : "\n");
	}
	g_string_append(out, "          ]\n        }");
}

static void write_segment(GString *out, const struct map_segment *segment,
                          const struct wl_workload *workload, const struct hw_package *package)
{
	g_string_append_printf(out, "    {\n      \"microbatch\": %u,\n      \"clusters\": [\n",
	                       segment->microbatch);
	for (unsigned i = 0; i < segment->cluster_count; i++) {
		write_cluster(out, &segment->clusters[i], workload, package);
		g_string_append(out, i + 1 < segment->cluster_count ? ",\n" : "\n");
	}
	g_string_append(out, "      ]\n    }");
}

static void write_text(GString *out, const char *key, const char *text)
{
	g_string_append_printf(out, "  \"%s\": ", key);
	write_string(out, text);
	g_string_append(out, ",\n");
}

char *map_to_json(const struct map_mapping *mapping, const struct wl_workload *workload,
                  const struct hw_package *package)
{
	GString *out = g_string_new("{\n");

	write_text(out, "format", "mcmsim-mapping/1");
	write_text(out, "workload", mapping->workload);
	write_text(out, "package", mapping->package);
	if (mapping->strategy)
		write_text(out, "strategy", mapping->strategy);
	g_string_append_printf(out, "  \"batch\": %u,\n  \"segments\": [\n", mapping->batch);
	for (unsigned i = 0; i < mapping->segment_count; i++) {
		write_segment(out, &mapping->segments[i], workload, package);
		g_string_append(out, i + 1 < mapping->segment_count ? ",\n" : "\n");
	}
	g_string_append(out, "  ]\n}\n");
	return g_string_free(out, FALSE);
}

bool map_write(const struct map_mapping *mapping, const struct wl_workload *workload,
               const struct hw_package *package, const char *path, GError **error)
{
	g_autofree char *text = map_to_json(mapping, workload, package);

	return hw_write_file(path, text, strlen(text), error);
}

/* Invariant: text and JSON list the same clusters in the same order. */
#include "tools/report/misfit.h"

#include "search/mapping/buffers.h"
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"

struct overflow {
	unsigned segment, cluster, node;
	bool weights; /* else activations */
	uint64_t bytes, limit;
};

/* struct overflow, one per buffer that is too small. */
static GArray *find_overflows(const struct subject *subject, const struct map_mapping *mapping)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct overflow));
	struct map_plan plan;
	struct map_scratch scratch;
	map_plan_init(&plan, mapping, subject->workload, subject->package);
	map_scratch_init(&scratch, hw_chiplet_count(subject->package));
	for (unsigned s = 0; s < mapping->segment_count; s++)
		for (unsigned c = 0; c < mapping->segments[s].cluster_count; c++) {
			struct map_buffer_use use;
			map_buffer_use(&plan, s, c, &scratch, &use);
			const struct overflow weights = {
				s, c, use.weight_node, true, use.weight_bytes, use.weight_limit
			};
			const struct overflow activations = { s,
				                              c,
				                              use.activation_node,
				                              false,
				                              use.activation_bytes,
				                              use.activation_limit };
			if (weights.bytes > weights.limit)
				g_array_append_val(found, weights);
			if (activations.bytes > activations.limit)
				g_array_append_val(found, activations);
		}
	map_scratch_release(&scratch);
	map_plan_release(&plan);
	return found;
}

void misfit_print(const struct subject *subject, const struct map_mapping *mapping,
                  const GPtrArray *changes, GString *out)
{
	static const struct table_column columns[] = {
		{ "segment", "", TABLE_RIGHT }, { "cluster", "", TABLE_RIGHT },
		{ "buffer", "", TABLE_LEFT },   { "needs", "KiB", TABLE_RIGHT },
		{ "has", "KiB", TABLE_RIGHT },  { "most of it for", "", TABLE_LEFT },
	};
	g_autoptr(GArray) found = find_overflows(subject, mapping);
	struct table table;
	g_string_append(out, "does not fit: on the fullest chiplet of each\n\n");
	table_init(&table, columns, G_N_ELEMENTS(columns));
	for (guint i = 0; i < found->len; i++) {
		const struct overflow *o = &g_array_index(found, struct overflow, i);
		g_autofree char *node = printable(subject->workload->nodes[o->node].name);
		table_add(&table, "%u", o->segment);
		table_add(&table, "%u", o->cluster);
		table_add(&table, "%s", o->weights ? "weights" : "activations");
		table_add(&table, "%.1f", (double)o->bytes / 1024);
		table_add(&table, "%.1f", (double)o->limit / 1024);
		table_add(&table, "%s", node);
	}
	table_finish(&table, out);
	g_string_append(out,
	                changes ? "\nfits with\n"
	                        : "\nneither more tiles nor streamed weights nor micro-batches "
	                          "of one sample make it fit:\nit takes other splits, regions "
	                          "or clusters\n");
	for (guint i = 0; changes && i < changes->len; i++) {
		g_autofree char *line = printable(g_ptr_array_index(changes, i));
		g_string_append_printf(out, "  %s\n", line);
	}
}

void misfit_json(const struct subject *subject, const struct map_mapping *mapping,
                 const GPtrArray *changes, GString *out)
{
	g_autoptr(GArray) found = find_overflows(subject, mapping);
	struct json_writer w;
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-misfit/1");
	json_string(&w, "workload", subject->workload->name);
	json_string(&w, "package", subject->package->name);
	json_begin_array(&w, "overflows", JSON_LINES);
	for (guint i = 0; i < found->len; i++) {
		const struct overflow *o = &g_array_index(found, struct overflow, i);
		json_begin_object(&w, NULL, JSON_ONE_LINE);
		json_integer(&w, "segment", o->segment);
		json_integer(&w, "cluster", o->cluster);
		json_string(&w, "buffer", o->weights ? "weights" : "activations");
		json_string(&w, "node", subject->workload->nodes[o->node].name);
		json_integer(&w, "bytes", o->bytes);
		json_integer(&w, "limit_bytes", o->limit);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_begin_array(&w, "fits_with", JSON_LINES);
	for (guint i = 0; changes && i < changes->len; i++)
		json_string(&w, NULL, g_ptr_array_index(changes, i));
	json_end_array(&w);
	json_end_object(&w);
	g_autofree char *text = json_finish(&w);
	g_string_append(out, text);
}

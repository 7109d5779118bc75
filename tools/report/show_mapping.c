/* A mapping for people and for programs. Invariant: buffer use is that of map_buffer_use. */
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/report/show.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

/* What both forms walk through, with the scratch memory that buffer use needs. */
struct mapping_view {
	const struct subject *subject;
	const struct map_mapping *mapping;
	struct map_plan plan;
	struct map_scratch scratch;
};

static void view_init(struct mapping_view *view, const struct subject *subject,
                      const struct map_mapping *mapping)
{
	view->subject = subject;
	view->mapping = mapping;
	map_plan_init(&view->plan, mapping, subject->workload, subject->package);
	map_scratch_init(&view->scratch, hw_chiplet_count(subject->package));
}

static void view_release(struct mapping_view *view)
{
	map_scratch_release(&view->scratch);
	map_plan_release(&view->plan);
}

static const char *node_name(struct mapping_view *view, const struct map_node *node)
{
	return view->subject->workload->nodes[node->node].name;
}

/* "K 8 x P 2"; "whole" where nothing is split. */
static char *split_text(const struct map_node *node)
{
	GString *text = g_string_new(NULL);
	for (int d = 0; d < MAP_DIMS; d++)
		if (node->split[d] > 1)
			g_string_append_printf(text, "%s%s %u", text->len ? " x " : "",
			                       map_dim_name((enum map_dim)d), node->split[d]);
	if (!text->len)
		g_string_append(text, "whole");
	if (node->by_speed)
		g_string_append(text, " by speed");
	return g_string_free(text, FALSE);
}

/* One row per node; what concerns the whole cluster stands in its first row. */
static void add_node(struct table *table, struct mapping_view *view, unsigned segment,
                     unsigned cluster, unsigned index)
{
	const struct map_cluster *c = &view->mapping->segments[segment].clusters[cluster];
	const struct map_node *node = &c->nodes[index];
	g_autofree char *letters = show_letters(cluster);
	g_autofree char *split = split_text(node);
	struct map_buffer_use use;
	if (index == 0) {
		map_buffer_use(&view->plan, segment, cluster, &view->scratch, &use);
		table_add(table, "%s", letters);
		table_add(table, "%u", c->region_size);
		table_add(table, "%.1f / %.0f", (double)use.weight_bytes / 1024,
		          (double)use.weight_limit / 1024);
		table_add(table, "%.1f / %.0f", (double)use.activation_bytes / 1024,
		          (double)use.activation_limit / 1024);
	} else {
		for (int i = 0; i < 4; i++)
			table_add(table, "%s", "");
	}
	table_add(table, "%s", node_name(view, node));
	table_add(table, "%s", split);
	table_add(table, "%s", map_weights_name(node->weights));
	table_add(table, "%u", node->tiles);
}

static void print_clusters(struct mapping_view *view, unsigned segment, unsigned width,
                           GString *out)
{
	static const struct table_column columns[] = {
		{ "cluster", "", TABLE_LEFT },     { "chiplets", "", TABLE_RIGHT },
		{ "weights", "KiB", TABLE_RIGHT }, { "activations", "KiB", TABLE_RIGHT },
		{ "node", "", TABLE_LEFT },        { "split", "", TABLE_LEFT },
		{ "weights", "", TABLE_LEFT },     { "tiles", "", TABLE_RIGHT },
	};
	const struct map_segment *s = &view->mapping->segments[segment];
	static const struct table_group groups[] = { { 1, "" }, { 4, "nodes" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned c = 0; c < s->cluster_count; c++)
		for (unsigned i = 0; i < s->clusters[c].node_count; i++)
			add_node(&table, view, segment, c, i);
	table_finish(&table, out);
}

/* Each chiplet with its cluster's letters, "." where none is. */
static void draw_regions(struct mapping_view *view, unsigned segment, GString *out)
{
	const struct map_segment *s = &view->mapping->segments[segment];
	unsigned chiplets = hw_chiplet_count(view->subject->package);
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < chiplets; i++)
		g_ptr_array_add(cells, g_strdup("."));
	for (unsigned c = 0; c < s->cluster_count; c++)
		for (unsigned i = 0; i < s->clusters[c].region_size; i++) {
			gpointer *cell = &cells->pdata[s->clusters[c].region[i]];
			g_free(*cell);
			*cell = show_letters(c);
		}
	show_grid(view->subject->package, (const char *const *)cells->pdata, out);
}

static void print_segment(struct mapping_view *view, unsigned segment, unsigned width, GString *out)
{
	const struct map_segment *s = &view->mapping->segments[segment];
	unsigned count = map_microbatches(view->mapping->batch, s->microbatch);
	bool everywhere = s->clusters[0].region_size == hw_chiplet_count(view->subject->package);
	wrap_printf(out, width, 2, "\nsegment %u: %u micro-batch%s of %u sample%s%s\n\n", segment,
	            count, count == 1 ? "" : "es", s->microbatch, s->microbatch == 1 ? "" : "s",
	            everywhere ? ", one cluster on all chiplets" : "");
	if (!everywhere) {
		draw_regions(view, segment, out);
		g_string_append_c(out, '\n');
	}
	print_clusters(view, segment, width, out);
}

char *show_mapping(const struct subject *subject, const struct map_mapping *mapping, unsigned width)
{
	struct mapping_view view;
	GString *out = g_string_new(NULL);
	view_init(&view, subject, mapping);
	g_autofree char *workload = printable(mapping->workload);
	g_autofree char *package = printable(mapping->package);
	g_autofree char *strategy = printable(mapping->strategy ? mapping->strategy : "");
	wrap_printf(out, width, 2, "mapping of %s on %s, batch %u", workload, package,
	            mapping->batch);
	if (*strategy)
		wrap_printf(out, width, 2, ", strategy %s", strategy);
	wrap_printf(out, width, 2, ": %u segment%s, %u cluster%s\n", mapping->segment_count,
	            mapping->segment_count == 1 ? "" : "s", map_cluster_total(mapping),
	            map_cluster_total(mapping) == 1 ? "" : "s");
	for (unsigned s = 0; s < mapping->segment_count; s++)
		print_segment(&view, s, width, out);
	g_string_append(out, "\n(KiB: needed on the fullest chiplet / there is)\n");
	view_release(&view);
	return g_string_free(out, FALSE);
}

/* JSON */

static void write_node(struct json_writer *w, struct mapping_view *view,
                       const struct map_node *node)
{
	json_begin_object(w, NULL, JSON_ONE_LINE);
	json_string(w, "name", node_name(view, node));
	json_begin_object(w, "split", JSON_ONE_LINE);
	for (int d = 0; d < MAP_DIMS; d++)
		json_integer(w, map_dim_name((enum map_dim)d), node->split[d]);
	json_end_object(w);
	json_string(w, "weights", map_weights_name(node->weights));
	json_integer(w, "tiles", node->tiles);
	json_string(w, "shares", node->by_speed ? "speed" : "even");
	json_end_object(w);
}

static void write_cluster(struct json_writer *w, struct mapping_view *view, unsigned segment,
                          unsigned cluster)
{
	const struct map_cluster *c = &view->mapping->segments[segment].clusters[cluster];
	struct map_buffer_use use;
	map_buffer_use(&view->plan, segment, cluster, &view->scratch, &use);
	json_begin_object(w, NULL, JSON_LINES);
	json_begin_array(w, "region", JSON_ONE_LINE);
	for (unsigned i = 0; i < c->region_size; i++) {
		json_begin_array(w, NULL, JSON_ONE_LINE);
		json_integer(w, NULL, c->region[i] % view->subject->package->columns);
		json_integer(w, NULL, c->region[i] / view->subject->package->columns);
		json_end_array(w);
	}
	json_end_array(w);
	json_integer(w, "chiplets", c->region_size);
	json_integer(w, "weight_buffer_bytes", use.weight_bytes);
	json_integer(w, "weight_buffer_limit_bytes", use.weight_limit);
	json_integer(w, "activation_buffer_bytes", use.activation_bytes);
	json_integer(w, "activation_buffer_limit_bytes", use.activation_limit);
	json_begin_array(w, "nodes", JSON_LINES);
	for (unsigned i = 0; i < c->node_count; i++)
		write_node(w, view, &c->nodes[i]);
	json_end_array(w);
	json_end_object(w);
}

char *show_mapping_json(const struct subject *subject, const struct map_mapping *mapping)
{
	struct mapping_view view;
	struct json_writer w;
	view_init(&view, subject, mapping);
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "workload", mapping->workload);
	json_string(&w, "package", mapping->package);
	json_string(&w, "strategy", mapping->strategy);
	json_integer(&w, "batch", mapping->batch);
	json_begin_array(&w, "segments", JSON_LINES);
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		const struct map_segment *segment = &mapping->segments[s];
		json_begin_object(&w, NULL, JSON_LINES);
		json_integer(&w, "microbatch", segment->microbatch);
		json_integer(&w, "microbatches",
		             map_microbatches(mapping->batch, segment->microbatch));
		json_begin_array(&w, "clusters", JSON_LINES);
		for (unsigned c = 0; c < segment->cluster_count; c++)
			write_cluster(&w, &view, s, c);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	view_release(&view);
	return json_finish(&w);
}

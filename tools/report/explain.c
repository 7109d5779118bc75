/* Invariant: text and JSON say the same; the text leaves out all but the cheapest change. */
#include "tools/report/explain.h"

#include <math.h>

#include "hw/resources.h"
#include "tools/report/bottleneck.h"
#include "tools/report/changes.h"
#include "tools/text/printable.h"
#include "tools/report/results.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

static double share_of(const struct report *report, unsigned segment)
{
	return report->analytical->segments[segment].latency_ns / report->analytical->latency_ns;
}

static char *nodes_of(const struct report *report, const struct map_cluster *cluster)
{
	const struct wl_node *nodes = report->workload->nodes;
	const char *first = nodes[cluster->nodes[0].node].name;
	const char *last = nodes[cluster->nodes[cluster->node_count - 1].node].name;
	g_autofree char *both = cluster->node_count > 1 ? g_strdup_printf("%s .. %s", first, last)
	                                                : g_strdup(first);
	return printable(both);
}

/* ---- text ---- */

static void add_change(struct table *table, const struct search_change *change)
{
	bool none = !change || !change->text;
	table_add(table, "%s", none ? "-" : change->text);
	if (none)
		table_add(table, "-");
	else
		table_add(table, "%+.2f", change->percent);
}

static void print_segments(const struct report *report, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "segment", "", TABLE_RIGHT },
		{ "latency", "%", TABLE_RIGHT },
		{ "loading", "%", TABLE_RIGHT },
		{ "filling", "%", TABLE_RIGHT },
		{ "pace set by", "cluster", TABLE_RIGHT },
		{ "change", "", TABLE_LEFT },
		{ "costs", "%", TABLE_RIGHT },
		{ "change", "", TABLE_LEFT },
		{ "costs", "%", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 1, "" },
		                                     { 5, "other micro-batch" },
		                                     { 7, "other serpentine" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned s = 0; s < report->explanation->segment_count; s++) {
		const struct search_explained_segment *segment = &report->explanation->segments[s];
		table_add(&table, "%u", s);
		table_add(&table, "%.1f", 100 * share_of(report, s));
		table_add(&table, "%.1f", 100 * segment->load_share);
		table_add(&table, "%.1f", 100 * segment->fill_share);
		table_add(&table, "%u", segment->pacer);
		for (int k = SEARCH_CLUSTER_CHANGES; k < SEARCH_CHANGES; k++)
			add_change(&table, &segment->changes[k - SEARCH_CLUSTER_CHANGES]);
	}
	table_finish(&table, out);
}

/* What bounds it; of one that waits for another, what its own time is made of as well. */
static char *reason_text(const struct search_reason *reason)
{
	if (reason->bound == SEARCH_BOUND_PACE)
		return g_strdup_printf("pace; own: %s %.0f %%", search_bound_name(reason->inner),
		                       100 * reason->shares[reason->inner]);
	if (reason->bound == SEARCH_BOUND_SHARED)
		return g_strdup(search_bound_name(reason->bound));
	return g_strdup_printf("%s %.0f %%", search_bound_name(reason->bound),
	                       100 * reason->shares[reason->inner]);
}

static void add_cluster(struct table *table, const struct report *report, unsigned segment,
                        unsigned cluster)
{
	const struct search_explanation *e = report->explanation;
	const struct map_cluster *of = &report->mapping->segments[segment].clusters[cluster];
	const struct search_explained_cluster *explained =
		&e->clusters[e->segments[segment].first_cluster + cluster];
	const struct search_reason *reason = &explained->reason;
	g_autofree char *nodes = nodes_of(report, of), *why = reason_text(reason);
	g_autofree char *resource = reason->resource == SEARCH_NO_RESOURCE
	                                    ? g_strdup("-")
	                                    : hw_resource_name(report->package, reason->resource);
	table_add(table, "%u", segment);
	table_add(table, "%u", cluster);
	table_add(table, "%s", nodes);
	table_add(table, "%u", of->region_size);
	table_add_digits(table, reason->time_ns * 1e-3);
	table_add(table, "%.1f", 100 * reason->slack);
	table_add(table, "%s", why);
	table_add(table, "%s", resource);
	add_change(table, search_next_best(explained));
}

static void print_clusters(const struct report *report, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "segment", "", TABLE_RIGHT }, { "cluster", "", TABLE_RIGHT },
		{ "nodes", "", TABLE_LEFT },    { "chiplets", "", TABLE_RIGHT },
		{ "time", "us", TABLE_RIGHT },  { "slack", "%", TABLE_RIGHT },
		{ "bound by", "", TABLE_LEFT }, { "busiest", "", TABLE_LEFT },
		{ "change", "", TABLE_LEFT },   { "costs", "%", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 2, "" }, { 8, "next best" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.key_count = 2;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned s = 0; s < report->mapping->segment_count; s++)
		for (unsigned c = 0; c < report->mapping->segments[s].cluster_count; c++)
			add_cluster(&table, report, s, c);
	table_finish(&table, out);
}

void explain_print(const struct report *report, unsigned width, GString *out)
{
	g_string_append_c(out, '\n');
	print_segments(report, width, out);
	g_string_append_c(out, '\n');
	print_clusters(report, width, out);
	wrap_text(out, width, 1,
	          "(costs: of the whole mapping, by the model; negative: it gains)\n");
	if (report->changes)
		changes_print(report->changes, width, out);
}

/* ---- JSON ---- */

static void write_change(struct json_writer *w, enum search_change_kind kind,
                         const struct search_change *change)
{
	if (!change->text)
		return;
	json_begin_object(w, search_change_name(kind), JSON_ONE_LINE);
	json_string(w, "change", change->text);
	json_number(w, "costs_percent", change->percent);
	json_end_object(w);
}

static void write_cluster(struct json_writer *w, const struct report *report,
                          const struct search_explained_cluster *cluster)
{
	static const char *const keys[] = { "compute_share", "traffic_share", "weights_share" };
	const struct search_reason *reason = &cluster->reason;
	const struct search_change *best = search_next_best(cluster);
	g_autofree char *resource = reason->resource == SEARCH_NO_RESOURCE
	                                    ? NULL
	                                    : hw_resource_name(report->package, reason->resource);
	json_begin_object(w, NULL, JSON_LINES);
	json_string(w, "bound_by", search_bound_name(reason->bound));
	json_string(w, "own_time_by", search_bound_name(reason->inner));
	for (int b = 0; b < 3; b++)
		json_number(w, keys[b], reason->shares[b]);
	json_string(w, "busiest", resource);
	json_number(w, "time_ns", reason->time_ns);
	json_number(w, "slack_percent", 100 * reason->slack);
	json_string(w, "next_best", best ? best->text : NULL);
	json_number(w, "next_best_costs_percent", best ? best->percent : NAN);
	json_begin_object(w, "changes", JSON_LINES);
	for (int k = 0; k < SEARCH_CLUSTER_CHANGES; k++)
		write_change(w, (enum search_change_kind)k, &cluster->changes[k]);
	json_end_object(w);
	json_end_object(w);
}

static void write_segment(struct json_writer *w, const struct report *report, unsigned s)
{
	const struct search_explanation *e = report->explanation;
	const struct search_explained_segment *segment = &e->segments[s];
	json_begin_object(w, NULL, JSON_LINES);
	json_number(w, "latency_percent", 100 * share_of(report, s));
	json_number(w, "loading_percent", 100 * segment->load_share);
	json_number(w, "filling_percent", 100 * segment->fill_share);
	json_integer(w, "pace_cluster", segment->pacer);
	json_begin_object(w, "changes", JSON_LINES);
	for (int k = SEARCH_CLUSTER_CHANGES; k < SEARCH_CHANGES; k++)
		write_change(w, (enum search_change_kind)k,
		             &segment->changes[k - SEARCH_CLUSTER_CHANGES]);
	json_end_object(w);
	json_begin_array(w, "clusters", JSON_LINES);
	for (unsigned c = 0; c < report->mapping->segments[s].cluster_count; c++)
		write_cluster(w, report, &e->clusters[segment->first_cluster + c]);
	json_end_array(w);
	json_end_object(w);
}

void explain_write(struct json_writer *writer, const struct report *report)
{
	json_begin_object(writer, "explanation", JSON_LINES);
	json_begin_array(writer, "segments", JSON_LINES);
	for (unsigned s = 0; s < report->explanation->segment_count; s++)
		write_segment(writer, report, s);
	json_end_array(writer);
	if (report->changes)
		changes_write(writer, report->changes);
	json_end_object(writer);
}

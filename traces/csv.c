/*
 * Invariant: one line per row, in the timeline's order. Times are rounded to 1e-6 ns, which
 * keeps the order of rows and leaves no overlap where there was none.
 */
#include "traces/csv.h"

#include "hw/base/csv.h"
#include "traces/output.h"

#define DECIMALS 3

static GPtrArray *quoted_names(const GPtrArray *names)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < names->len; i++) {
		GString *field = g_string_new(NULL);
		hw_csv_append(field, g_ptr_array_index(names, i));
		g_ptr_array_add(fields, g_string_free(field, FALSE));
	}
	return fields;
}

static void put_index(struct trace_output *output, int32_t index)
{
	if (index >= 0)
		trace_put_integer(output, index);
	trace_put(output, ",");
}

static void put_row(struct trace_output *output, const struct tl_row *row, const char *resource,
                    const char *node)
{
	trace_put(output, resource);
	trace_put(output, ",");
	trace_put(output, tl_kind_name(row->kind));
	trace_put(output, ",");
	put_index(output, row->segment);
	put_index(output, row->cluster);
	trace_put(output, node);
	trace_put(output, ",");
	put_index(output, row->microbatch);
	put_index(output, row->tile);
	trace_put_number(output, row->start_ns, DECIMALS);
	trace_put(output, ",");
	trace_put_number(output, row->end_ns, DECIMALS);
	trace_put(output, ",");
	trace_put_number(output, row->amount, DECIMALS);
	trace_put(output, ",");
	trace_put(output, tl_unit_name(row->unit));
	trace_put(output, ",");
	trace_put_integer(output, row->extrapolated);
	trace_put(output, "\n");
}

static bool has_resources(const struct tl_timeline *timeline)
{
	for (guint i = 0; i < timeline->rows->len; i++)
		if (g_array_index(timeline->rows, struct tl_row, i).resource_kind != TL_CLUSTER)
			return true;
	return false;
}

bool trace_write_csv(const struct tl_timeline *timeline, const struct trace_options *options,
                     const char *path, GError **error)
{
	struct trace_output *output = trace_open(path, options);
	g_autoptr(GPtrArray) nodes = quoted_names(timeline->nodes);
	GPtrArray *resources[TL_RESOURCE_KINDS];
	bool clusters = !has_resources(timeline);

	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		resources[kind] = quoted_names(timeline->names[kind]);
	trace_put(output, "resource,kind,segment,cluster,node,microbatch,tile,"
	                  "start_ns,end_ns,amount,unit,extrapolated\n");
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		const char *node = row->node < 0 ? "" : g_ptr_array_index(nodes, row->node);

		if (clusters || row->resource_kind != TL_CLUSTER)
			put_row(output, row,
			        g_ptr_array_index(resources[row->resource_kind], row->resource),
			        node);
	}
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		g_ptr_array_unref(resources[kind]);
	return trace_close(output, error);
}

/*
 * Invariant: one line per row, in the timeline's order. Times are rounded to 1e-3 ns, which
 * keeps the order of rows and leaves no overlap where there was none.
 */
#include "traces/csv.h"

#include "hw/base/csv.h"
#include "traces/output.h"
#include "traces/tile_index.h"

#define TIME_DECIMALS 3 /* of a ns, and of what waiting takes */
#define AMOUNT_DECIMALS 6

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

struct csv_rows {
	const struct tl_timeline *timeline;
	struct trace_output *output;
	GPtrArray *resources[TL_RESOURCE_KINDS], *nodes; /* quoted */
	bool clusters;                                   /* their rows are written */
	GArray *arrows;                                  /* struct csv_arrow, by line */
	guint next_arrow;
};

/* The tile on line `to` reads what that on line `from` made; lines are counted from 0. */
struct csv_arrow {
	uint32_t to, from;
};

static const struct tl_row *row_at(const struct csv_rows *rows, guint index)
{
	return &g_array_index(rows->timeline->rows, struct tl_row, index);
}

static bool is_written(const struct csv_rows *rows, guint index)
{
	return rows->clusters || row_at(rows, index)->resource_kind != TL_CLUSTER;
}

static void put_inputs(struct csv_rows *rows, uint32_t line)
{
	const struct csv_arrow *arrow;
	for (bool first = true; rows->next_arrow < rows->arrows->len; first = false) {
		arrow = &g_array_index(rows->arrows, struct csv_arrow, rows->next_arrow);
		if (arrow->to != line)
			return;
		trace_put(rows->output, first ? "" : " ");
		trace_put_integer(rows->output, arrow->from);
		rows->next_arrow++;
	}
}

static void put_row(struct csv_rows *rows, const struct tl_row *row, uint32_t line)
{
	struct trace_output *output = rows->output;
	trace_put(output, g_ptr_array_index(rows->resources[row->resource_kind], row->resource));
	trace_put(output, ",");
	trace_put(output, tl_kind_name(row->kind));
	trace_put(output, ",");
	put_index(output, row->segment);
	put_index(output, row->cluster);
	trace_put(output, row->node < 0 ? "" : g_ptr_array_index(rows->nodes, row->node));
	trace_put(output, ",");
	put_index(output, row->microbatch);
	put_index(output, row->tile);
	trace_put_number(output, row->start_ns, TIME_DECIMALS);
	trace_put(output, ",");
	trace_put_number(output, row->end_ns, TIME_DECIMALS);
	trace_put(output, ",");
	trace_put_number(output, row->amount, row->unit == TL_NS ? TIME_DECIMALS : AMOUNT_DECIMALS);
	trace_put(output, ",");
	trace_put(output, tl_unit_name(row->unit));
	trace_put(output, ",");
	trace_put_integer(output, row->extrapolated);
	trace_put(output, ",");
	put_inputs(rows, line);
	trace_put(output, "\n");
}

static bool has_resources(const struct tl_timeline *timeline)
{
	for (guint i = 0; i < timeline->rows->len; i++)
		if (g_array_index(timeline->rows, struct tl_row, i).resource_kind != TL_CLUSTER)
			return true;
	return false;
}

/* ---- arrows ---- */

static gint compare_arrows(gconstpointer a, gconstpointer b)
{
	const struct csv_arrow *left = a, *right = b;
	if (left->to != right->to)
		return left->to < right->to ? -1 : 1;
	return left->from < right->from ? -1 : left->from > right->from;
}

/* The lines of computing chiplets, each tile's first. */
static struct trace_tile_index *lines_of_tiles(const struct csv_rows *rows)
{
	struct trace_tile_index *tiles = trace_tile_index_new();
	uint32_t line = 0;
	for (guint i = 0; i < rows->timeline->rows->len; i++) {
		const struct tl_row *row = row_at(rows, i);
		if (!is_written(rows, i))
			continue;
		if (row->kind == TL_COMPUTE && row->resource_kind <= TL_CHIPLET)
			trace_tile_index_add(tiles, row, line);
		line++;
	}
	return tiles;
}

static void find_arrows(struct csv_rows *rows)
{
	rows->arrows = g_array_new(FALSE, FALSE, sizeof(struct csv_arrow));
	if (rows->timeline->flows->len == 0)
		return;
	struct trace_tile_index *tiles = lines_of_tiles(rows);
	for (guint i = 0; i < rows->timeline->flows->len; i++) {
		const struct tl_flow *flow = &g_array_index(rows->timeline->flows, struct tl_flow,
		                                            i);
		struct csv_arrow arrow = { trace_tile_index_find(tiles, row_at(rows, flow->to)),
			                   trace_tile_index_find(tiles, row_at(rows, flow->from)) };
		if (arrow.to != UINT32_MAX && arrow.from != UINT32_MAX)
			g_array_append_val(rows->arrows, arrow);
	}
	trace_tile_index_free(tiles);
	g_array_sort(rows->arrows, compare_arrows);
}

bool trace_write_csv(const struct tl_timeline *timeline, const struct trace_options *options,
                     const char *path, GError **error)
{
	struct csv_rows rows = { .timeline = timeline,
		                 .output = trace_open(path, options),
		                 .nodes = quoted_names(timeline->nodes),
		                 .clusters = !has_resources(timeline) };
	uint32_t line = 0;

	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		rows.resources[kind] = quoted_names(timeline->names[kind]);
	find_arrows(&rows);
	trace_put(rows.output, "resource,kind,segment,cluster,node,microbatch,tile,"
	                       "start_ns,end_ns,amount,unit,extrapolated,inputs\n");
	for (guint i = 0; i < timeline->rows->len; i++)
		if (is_written(&rows, i))
			put_row(&rows, row_at(&rows, i), line++);
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		g_ptr_array_unref(rows.resources[kind]);
	g_ptr_array_unref(rows.nodes);
	g_array_unref(rows.arrows);
	return trace_close(rows.output, error);
}

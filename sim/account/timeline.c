/*
 * Invariant: rows and flows are plain arrays; a flow names its rows by position, so
 * whoever moves rows renumbers flows (tl_sort).
 */
#include "sim/account/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Clocks that add the same steps in another order differ in the last bits. Overlaps below
 * this are not overlaps; every trace format writes times more coarsely.
 */
#define SLACK_NS 1e-6

static const char *const kind_names[TL_KINDS] = {
	[TL_COMPUTE] = "compute",
	[TL_LOAD] = "load",
	[TL_GATHER] = "gather",
	[TL_TRANSFER] = "transfer",
	[TL_FETCH] = "fetch",
	[TL_STORE] = "store",
	[TL_FILL] = "fill",
	[TL_DRAIN] = "drain",
	[TL_WAIT_INPUT] = "wait_input",
	[TL_WAIT_DRAM] = "wait_dram",
	[TL_BACK_PRESSURE] = "back_pressure",
	[TL_SHARD] = "shard",
};

static const char *const unit_names[] = {
	[TL_MACS] = "MAC",
	[TL_BYTES] = "byte",
	[TL_NS] = "ns",
};

struct tl_timeline *tl_new(const char *title)
{
	struct tl_timeline *timeline = g_new0(struct tl_timeline, 1);

	timeline->title = g_strdup(title);
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		timeline->names[kind] = g_ptr_array_new_with_free_func(g_free);
	timeline->labels = g_ptr_array_new_with_free_func(g_free);
	timeline->nodes = g_ptr_array_new_with_free_func(g_free);
	timeline->rows = g_array_new(FALSE, FALSE, sizeof(struct tl_row));
	timeline->flows = g_array_new(FALSE, FALSE, sizeof(struct tl_flow));
	return timeline;
}

void tl_free(struct tl_timeline *timeline)
{
	if (timeline == NULL)
		return;
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		g_ptr_array_unref(timeline->names[kind]);
	g_ptr_array_unref(timeline->labels);
	g_ptr_array_unref(timeline->nodes);
	g_array_unref(timeline->rows);
	g_array_unref(timeline->flows);
	g_free(timeline->title);
	g_free(timeline);
}

const char *tl_kind_name(enum tl_kind kind)
{
	g_assert(kind < TL_KINDS);
	return kind_names[kind];
}

const char *tl_unit_name(enum tl_unit unit)
{
	g_assert(unit < G_N_ELEMENTS(unit_names));
	return unit_names[unit];
}

/* What a row is sorted by; its old position breaks ties, so that the order is the same
 * everywhere. */
struct sort_key {
	uint64_t resource;
	double start_ns, end_ns;
	uint32_t row;
};

static uint64_t resource_key(const struct tl_row *row)
{
	return (uint64_t)row->resource_kind << 32 | row->resource;
}

static int compare_keys(const void *left, const void *right)
{
	const struct sort_key *a = left, *b = right;

	if (a->resource != b->resource)
		return a->resource < b->resource ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	if (a->end_ns != b->end_ns)
		return a->end_ns < b->end_ns ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

void tl_sort(struct tl_timeline *timeline)
{
	struct tl_row *rows = (struct tl_row *)(void *)timeline->rows->data;
	struct tl_flow *flows = (struct tl_flow *)(void *)timeline->flows->data;
	uint32_t count = timeline->rows->len;
	g_autofree struct sort_key *keys = g_new(struct sort_key, count);
	g_autofree struct tl_row *sorted = g_new(struct tl_row, count);
	g_autofree uint32_t *moved_to = g_new(uint32_t, count);

	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++)
		keys[i] = (struct sort_key){ resource_key(&rows[i]), rows[i].start_ns,
			                     rows[i].end_ns, i };
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = rows[keys[i].row];
		moved_to[keys[i].row] = i;
	}
	memcpy(rows, sorted, count * sizeof(*rows));

	for (guint i = 0; i < timeline->flows->len; i++) {
		g_assert(flows[i].from < count && flows[i].to < count); /* flows name rows */
		flows[i].from = moved_to[flows[i].from];
		flows[i].to = moved_to[flows[i].to];
	}
}

G_GNUC_PRINTF(4, 5)
static bool broken(const struct tl_timeline *timeline, uint32_t index, GError **error,
                   const char *format, ...)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, index);
	const char *resource = "?";
	const char *kind = row->kind < TL_KINDS ? kind_names[row->kind] : "?";
	char start[G_ASCII_DTOSTR_BUF_SIZE], end[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *what = NULL;
	va_list list;

	if (row->resource_kind < TL_RESOURCE_KINDS &&
	    row->resource < timeline->names[row->resource_kind]->len)
		resource = g_ptr_array_index(timeline->names[row->resource_kind], row->resource);
	va_start(list, format);
	what = g_strdup_vprintf(format, list);
	va_end(list);
	g_ascii_formatd(start, sizeof(start), "%.12g", row->start_ns);
	g_ascii_formatd(end, sizeof(end), "%.12g", row->end_ns);
	g_set_error(error, TL_ERROR, TL_ERROR_BROKEN, "timeline row %u (%s, %s, %s to %s ns): %s",
	            index, resource, kind, start, end, what);
	return false;
}

static bool check_row(const struct tl_timeline *timeline, uint32_t index, GError **error)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, index);

	if (row->resource_kind >= TL_RESOURCE_KINDS)
		return broken(timeline, index, error, "there is no resource kind %u",
		              row->resource_kind);
	if (row->resource >= timeline->names[row->resource_kind]->len)
		return broken(timeline, index, error, "there is no resource %u of its kind",
		              row->resource);
	if (row->kind >= TL_KINDS)
		return broken(timeline, index, error, "there is no row kind %u", row->kind);
	if (row->unit >= G_N_ELEMENTS(unit_names))
		return broken(timeline, index, error, "there is no unit %u", row->unit);
	if (row->node < -1 || row->node >= (int64_t)timeline->nodes->len)
		return broken(timeline, index, error, "there is no node %d", row->node);
	if (!isfinite(row->start_ns) || !isfinite(row->end_ns) || !isfinite(row->amount))
		return broken(timeline, index, error, "its times and amount must be finite");
	if (row->end_ns < row->start_ns)
		return broken(timeline, index, error, "ends before it starts");
	if (row->start_ns < 0 || row->end_ns > timeline->end_ns + SLACK_NS)
		return broken(timeline, index, error, "lies outside of the timeline");
	return true;
}

static bool check_order(const struct tl_timeline *timeline, uint32_t index, GError **error)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, index);
	const struct tl_row *before = row - 1;
	const struct sort_key a = { resource_key(before), before->start_ns, before->end_ns, 0 };
	const struct sort_key b = { resource_key(row), row->start_ns, row->end_ns, 0 };

	if (compare_keys(&a, &b) > 0)
		return broken(timeline, index, error,
		              "must be sorted by resource, start and end, but sorts before row %u",
		              index - 1);
	if (a.resource == b.resource && row->resource_kind <= TL_CHIPLET &&
	    row->start_ns < before->end_ns - SLACK_NS)
		return broken(timeline, index, error, "overlaps row %u", index - 1);
	return true;
}

static bool check_flow(const struct tl_timeline *timeline, const struct tl_flow *flow, guint index,
                       GError **error)
{
	const struct tl_row *rows = (const struct tl_row *)(const void *)timeline->rows->data;
	uint32_t count = timeline->rows->len;

	if (flow->from >= count || flow->to >= count) {
		g_set_error(error, TL_ERROR, TL_ERROR_BROKEN,
		            "timeline flow %u: leads from row %u to row %u, but there are %u rows",
		            index, flow->from, flow->to, count);
		return false;
	}
	if (rows[flow->from].resource_kind != TL_CLUSTER)
		return broken(timeline, flow->from, error, "flow %u must start at a cluster",
		              index);
	if (rows[flow->to].resource_kind != TL_CLUSTER)
		return broken(timeline, flow->to, error, "flow %u must end at a cluster", index);
	if (rows[flow->to].end_ns < rows[flow->from].end_ns - SLACK_NS)
		return broken(timeline, flow->to, error,
		              "flow %u leads back in time, from row %u, which ends later", index,
		              flow->from);
	return true;
}

bool tl_check(const struct tl_timeline *timeline, GError **error)
{
	for (uint32_t i = 0; i < timeline->rows->len; i++)
		if (!check_row(timeline, i, error) || (i > 0 && !check_order(timeline, i, error)))
			return false;
	for (guint i = 0; i < timeline->flows->len; i++)
		if (!check_flow(timeline, &g_array_index(timeline->flows, struct tl_flow, i), i,
		                error))
			return false;
	return true;
}

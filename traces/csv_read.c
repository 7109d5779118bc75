/*
 * Invariant: every row of the file is a row of the timeline, in their order, until clusters' rows,
 * which are made of their chiplets', come before them.
 */
#include "traces/csv.h"

#include "hw/base/csv.h"
#include "traces/text.h"
#include "traces/tile_index.h"

#include <math.h>
#include <string.h>

enum column {
	RESOURCE,
	KIND,
	SEGMENT,
	CLUSTER,
	NODE,
	MICROBATCH,
	TILE,
	START,
	END,
	AMOUNT,
	UNIT,
	REQUIRED,
	EXTRAPOLATED = REQUIRED,
	INPUTS,
	COLUMNS
};

static const char *const names[] = { "resource",   "kind",         "segment",  "cluster", "node",
	                             "microbatch", "tile",         "start_ns", "end_ns",  "amount",
	                             "unit",       "extrapolated", "inputs",   NULL };

struct csv_reader {
	struct hw_csv *csv;
	int place[COLUMNS];
	struct tl_timeline *timeline;
	GHashTable *resources, *nodes; /* name -> index + 1 */
};

/* ---- cells ---- */

static bool fail(const struct csv_reader *r, uint32_t row, enum column column, const char *allowed,
                 GError **error)
{
	hw_csv_fail(r->csv, r->csv->lines[row], TL_ERROR, TL_ERROR_BROKEN, error,
	            "%s: must be %s, got \"%s\"", names[column], allowed,
	            hw_csv_cell(r->csv, row, r->place[column]));
	return false;
}

/* "" is -1. */
static bool read_index(const struct csv_reader *r, uint32_t row, enum column column, int32_t *value,
                       GError **error)
{
	const char *text = hw_csv_cell(r->csv, row, r->place[column]);
	uint64_t whole;
	*value = -1;
	if (!*text)
		return true;
	if (!hw_csv_whole(text, 0, INT32_MAX, &whole))
		return fail(r, row, column, "a whole number from 0 to 2147483647, or empty", error);
	*value = (int32_t)whole;
	return true;
}

static bool read_number(const struct csv_reader *r, uint32_t row, enum column column, double *value,
                        GError **error)
{
	return hw_csv_number(hw_csv_cell(r->csv, row, r->place[column]), value) ||
	       fail(r, row, column, "a number", error);
}

static bool read_kind(const struct csv_reader *r, uint32_t row, struct tl_row *to, GError **error)
{
	const char *kind = hw_csv_cell(r->csv, row, r->place[KIND]);
	const char *unit = hw_csv_cell(r->csv, row, r->place[UNIT]);
	for (to->kind = 0; to->kind < TL_KINDS; to->kind++)
		if (strcmp(kind, tl_kind_name(to->kind)) == 0)
			break;
	if (to->kind == TL_KINDS)
		return fail(r, row, KIND, "a kind of row, from compute to shard (traces/README.md)",
		            error);
	for (to->unit = 0; to->unit <= TL_NS; to->unit++)
		if (strcmp(unit, tl_unit_name(to->unit)) == 0)
			return true;
	return fail(r, row, UNIT, "one of MAC, byte, ns", error);
}

/* The place of a name among its kind, which it gets if it is new. */
static uint32_t place_of(GHashTable *known, GPtrArray *all, const char *name)
{
	uint32_t place = GPOINTER_TO_UINT(g_hash_table_lookup(known, name));
	if (place > 0)
		return place - 1;
	g_ptr_array_add(all, g_strdup(name));
	g_hash_table_insert(known, g_strdup(name), GUINT_TO_POINTER(all->len));
	return all->len - 1;
}

static bool read_resource(const struct csv_reader *r, uint32_t row, struct tl_row *to,
                          GError **error)
{
	static const char *const heads[TL_RESOURCE_KINDS] = { [TL_CLUSTER] = "segment ",
		                                              [TL_CHIPLET] = "chiplet ",
		                                              [TL_LINK] = "link ",
		                                              [TL_DRAM] = "dram " };
	const char *name = hw_csv_cell(r->csv, row, r->place[RESOURCE]);
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++) {
		if (!g_str_has_prefix(name, heads[kind]))
			continue;
		to->resource_kind = (uint8_t)kind;
		to->resource = place_of(r->resources, r->timeline->names[kind], name);
		return true;
	}
	return fail(r, row, RESOURCE, "a chiplet, link, dram or segment", error);
}

static bool read_row(const struct csv_reader *r, uint32_t row, GError **error)
{
	const char *node = hw_csv_cell(r->csv, row, r->place[NODE]);
	struct tl_row to = { .node = -1 };
	int32_t extrapolated = 0;
	if (!read_resource(r, row, &to, error) || !read_kind(r, row, &to, error) ||
	    !read_index(r, row, SEGMENT, &to.segment, error) ||
	    !read_index(r, row, CLUSTER, &to.cluster, error) ||
	    !read_index(r, row, MICROBATCH, &to.microbatch, error) ||
	    !read_index(r, row, TILE, &to.tile, error) ||
	    !read_number(r, row, START, &to.start_ns, error) ||
	    !read_number(r, row, END, &to.end_ns, error) ||
	    !read_number(r, row, AMOUNT, &to.amount, error) ||
	    !read_index(r, row, EXTRAPOLATED, &extrapolated, error))
		return false;
	if (to.start_ns < 0)
		return fail(r, row, START, "0 or more", error);
	if (to.end_ns < to.start_ns)
		return fail(r, row, END, "start_ns or more", error);
	to.extrapolated = extrapolated > 0 ? (uint32_t)extrapolated : 0;
	if (*node)
		to.node = (int32_t)place_of(r->nodes, r->timeline->nodes, node);
	r->timeline->end_ns = MAX(r->timeline->end_ns, to.end_ns);
	g_array_append_val(r->timeline->rows, to);
	return true;
}

/* ---- clusters ---- */

/* What the rows of one cluster's chiplets say of it. */
struct cluster_rows {
	int32_t segment, cluster;
	uint32_t track;
	uint32_t chiplet; /* the first, whose bubbles are the cluster's */
	GHashTable *chiplets;
	GArray *folded; /* struct tl_row: those of `chiplet` that stand for many micro-batches */
};

struct cluster_maker {
	const struct csv_reader *reader;
	GPtrArray *clusters; /* struct cluster_rows */
	GHashTable *known;   /* segment << 32 | cluster -> struct cluster_rows */
	struct trace_tile_index *tiles;
	GArray *rows; /* struct tl_row: of clusters */
};

static void cluster_rows_free(gpointer data)
{
	struct cluster_rows *cluster = data;
	g_hash_table_unref(cluster->chiplets);
	g_array_unref(cluster->folded);
	g_free(cluster);
}

static struct cluster_rows *cluster_of(struct cluster_maker *m, const struct tl_row *row)
{
	gint64 key = ((gint64)row->segment << 32) + row->cluster;
	struct cluster_rows *cluster = g_hash_table_lookup(m->known, &key);
	if (cluster)
		return cluster;
	cluster = g_new0(struct cluster_rows, 1);
	*cluster = (struct cluster_rows){ row->segment,
		                          row->cluster,
		                          0,
		                          row->resource,
		                          g_hash_table_new(NULL, NULL),
		                          g_array_new(FALSE, FALSE, sizeof(struct tl_row)) };
	g_ptr_array_add(m->clusters, cluster);
	g_hash_table_insert(m->known, g_memdup2(&key, sizeof key), cluster);
	return cluster;
}

/* A tile lasts from the first chiplet's start to the end of the last's computing and waiting. */
static void add_to_tile(struct cluster_maker *m, const struct tl_row *row)
{
	uint32_t place = trace_tile_index_add(m->tiles, row, m->rows->len);
	if (place == m->rows->len) {
		struct tl_row tile = *row;
		tile.resource_kind = TL_CLUSTER;
		tile.kind = TL_COMPUTE;
		tile.unit = TL_MACS;
		tile.amount = 0;
		g_array_append_val(m->rows, tile);
	}
	struct tl_row *tile = &g_array_index(m->rows, struct tl_row, place);
	tile->start_ns = MIN(tile->start_ns, row->start_ns);
	tile->end_ns = MAX(tile->end_ns, row->end_ns);
	tile->amount += row->kind == TL_COMPUTE ? row->amount : 0;
}

static void add_chiplet_row(struct cluster_maker *m, const struct tl_row *row)
{
	struct cluster_rows *cluster = cluster_of(m, row);
	bool speaks_for_all = row->resource == cluster->chiplet;
	g_hash_table_add(cluster->chiplets, GUINT_TO_POINTER(row->resource));
	if (row->extrapolated > 1) {
		if (speaks_for_all || row->kind == TL_COMPUTE)
			g_array_append_vals(cluster->folded, row, 1);
	} else if (row->kind == TL_COMPUTE || row->kind == TL_SHARD) {
		add_to_tile(m, row);
	} else if (speaks_for_all) {
		struct tl_row bubble = *row;
		bubble.resource_kind = TL_CLUSTER;
		g_array_append_val(m->rows, bubble);
	}
}

/* Computing takes what computing and waiting for the slowest take on a chiplet. */
static void add_folded(struct cluster_maker *m, const struct cluster_rows *cluster)
{
	struct tl_row sums[TL_KINDS] = { 0 };
	double start_ns = INFINITY;
	for (guint i = 0; i < cluster->folded->len; i++) {
		const struct tl_row *row = &g_array_index(cluster->folded, struct tl_row, i);
		struct tl_row *sum = &sums[row->kind == TL_SHARD ? TL_COMPUTE : row->kind];
		double amount = sum->amount, length_ns = sum->end_ns;
		bool own = row->resource == cluster->chiplet;
		*sum = *row;
		sum->kind = row->kind == TL_SHARD ? TL_COMPUTE : row->kind;
		sum->unit = sum->kind == TL_COMPUTE ? TL_MACS : row->unit;
		sum->resource_kind = TL_CLUSTER;
		sum->amount = amount + (row->kind == TL_SHARD ? 0 : row->amount);
		sum->end_ns = length_ns + (own ? row->end_ns - row->start_ns : 0);
		start_ns = own ? MIN(start_ns, row->start_ns) : start_ns;
	}
	for (unsigned kind = 0; kind < TL_KINDS; kind++) {
		if (!(sums[kind].end_ns > 0))
			continue;
		sums[kind].start_ns = start_ns;
		sums[kind].end_ns += start_ns;
		start_ns = sums[kind].end_ns;
		g_array_append_val(m->rows, sums[kind]);
	}
}

static gint compare_clusters(gconstpointer a, gconstpointer b)
{
	const struct cluster_rows *left = *(struct cluster_rows *const *)a;
	const struct cluster_rows *right = *(struct cluster_rows *const *)b;
	if (left->segment != right->segment)
		return left->segment < right->segment ? -1 : 1;
	return left->cluster < right->cluster ? -1 : left->cluster > right->cluster;
}

static void name_clusters(struct cluster_maker *m)
{
	struct tl_timeline *timeline = m->reader->timeline;
	g_ptr_array_sort(m->clusters, compare_clusters);
	for (guint i = 0; i < m->clusters->len; i++) {
		struct cluster_rows *cluster = g_ptr_array_index(m->clusters, i);
		cluster->track = i;
		g_ptr_array_add(timeline->names[TL_CLUSTER],
		                g_strdup_printf("segment %d cluster %d", cluster->segment,
		                                cluster->cluster));
	}
}

/* Rows of clusters in front of the others. */
static void make_clusters(struct csv_reader *r)
{
	struct tl_timeline *timeline = r->timeline;
	struct cluster_maker m = {
		.reader = r,
		.clusters = g_ptr_array_new_with_free_func(cluster_rows_free),
		.known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.tiles = trace_tile_index_new(),
		.rows = g_array_new(FALSE, FALSE, sizeof(struct tl_row)),
	};
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (row->resource_kind == TL_CHIPLET)
			add_chiplet_row(&m, row);
	}
	for (guint i = 0; i < m.clusters->len; i++)
		add_folded(&m, g_ptr_array_index(m.clusters, i));
	name_clusters(&m);
	for (guint i = 0; i < m.rows->len; i++) {
		struct tl_row *row = &g_array_index(m.rows, struct tl_row, i);
		row->resource = cluster_of(&m, row)->track;
	}
	if (m.rows->len > 0)
		g_array_prepend_vals(timeline->rows, m.rows->data, m.rows->len);
	g_ptr_array_unref(m.clusters);
	g_hash_table_unref(m.known);
	trace_tile_index_free(m.tiles);
	g_array_unref(m.rows);
}

/* ---- arrows ---- */

/* Each tile's row among the clusters'. */
static struct trace_tile_index *index_clusters(const struct tl_timeline *timeline)
{
	struct trace_tile_index *tiles = trace_tile_index_new();
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (row->resource_kind == TL_CLUSTER && row->kind == TL_COMPUTE)
			trace_tile_index_add(tiles, row, i);
	}
	return tiles;
}

/* `row`: of the file; `before`: rows of the timeline that stand in front of the file's. */
static bool read_inputs(const struct csv_reader *r, uint32_t row, uint32_t before,
                        const struct trace_tile_index *tiles, GError **error)
{
	static const char allowed[] = "rows of tiles that compute, counted from 0, with a space "
				      "between two";
	const char *text = hw_csv_cell(r->csv, row, r->place[INPUTS]);
	const struct tl_row *rows = (const struct tl_row *)(const void *)r->timeline->rows->data;
	if (!*text)
		return true;
	g_auto(GStrv) list = g_strsplit(text, " ", -1);
	for (unsigned i = 0; list[i]; i++) {
		uint64_t from;
		if (!hw_csv_whole(list[i], 0, r->csv->row_count - 1, &from))
			return fail(r, row, INPUTS, allowed, error);
		struct tl_flow flow = { trace_tile_index_find(tiles, &rows[before + from]),
			                trace_tile_index_find(tiles, &rows[before + row]) };
		if (flow.from == UINT32_MAX || flow.to == UINT32_MAX)
			return fail(r, row, INPUTS, allowed, error);
		g_array_append_val(r->timeline->flows, flow);
	}
	return true;
}

static bool read_arrows(struct csv_reader *r, GError **error)
{
	uint32_t before = r->timeline->rows->len - r->csv->row_count;
	struct trace_tile_index *tiles = index_clusters(r->timeline);
	bool good = true;
	for (uint32_t row = 0; good && row < r->csv->row_count; row++)
		good = read_inputs(r, row, before, tiles, error);
	trace_tile_index_free(tiles);
	return good;
}

/* ---- all of it ---- */

/* Nodes in the order in which clusters first compute them: that of the network, more or less. */
static void order_nodes(struct tl_timeline *timeline)
{
	guint count = timeline->nodes->len, next = 0;
	g_autofree int32_t *moved_to = g_new(int32_t, count);
	GPtrArray *ordered = g_ptr_array_new_with_free_func(g_free);
	memset(moved_to, -1, count * sizeof *moved_to);
	for (guint i = 0; i < timeline->rows->len; i++) {
		struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (row->node < 0)
			continue;
		if (moved_to[row->node] < 0) {
			moved_to[row->node] = (int32_t)next++;
			g_ptr_array_add(ordered,
			                g_strdup(g_ptr_array_index(timeline->nodes, row->node)));
		}
		row->node = moved_to[row->node];
	}
	g_ptr_array_unref(timeline->nodes);
	timeline->nodes = ordered;
}

/* What the rows of a track of clusters name. */
struct cluster_label {
	int32_t first, last; /* nodes */
	GHashTable *chiplets;
};

static char *label_text(const struct tl_timeline *timeline, const struct cluster_label *label)
{
	GString *text = g_string_new(NULL);
	guint size = g_hash_table_size(label->chiplets);
	if (label->first >= 0)
		g_string_append(text, g_ptr_array_index(timeline->nodes, label->first));
	if (label->last > label->first)
		g_string_append_printf(text, " .. %s",
		                       (char *)g_ptr_array_index(timeline->nodes, label->last));
	if (size > 0)
		g_string_append_printf(text, ", %u chiplet%s", size, size == 1 ? "" : "s");
	return g_string_free(text, FALSE);
}

static void add_to_label(struct cluster_label *labels, GHashTable *tracks, const struct tl_row *row)
{
	gint64 key = ((gint64)row->segment << 32) + row->cluster;
	if (row->resource_kind == TL_CLUSTER) {
		struct cluster_label *label = &labels[row->resource];
		g_hash_table_insert(tracks, g_memdup2(&key, sizeof key), label);
		if (row->kind != TL_COMPUTE || row->node < 0)
			return;
		label->first = label->first < 0 ? row->node : MIN(label->first, row->node);
		label->last = MAX(label->last, row->node);
	} else if (row->resource_kind == TL_CHIPLET) {
		struct cluster_label *label = g_hash_table_lookup(tracks, &key);
		if (label)
			g_hash_table_add(label->chiplets, GUINT_TO_POINTER(row->resource));
	}
}

static void label_clusters(struct tl_timeline *timeline)
{
	guint count = timeline->names[TL_CLUSTER]->len;
	g_autofree struct cluster_label *labels = g_new(struct cluster_label, count);
	g_autoptr(GHashTable) tracks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                                     NULL);
	for (guint c = 0; c < count; c++)
		labels[c] = (struct cluster_label){ -1, -1, g_hash_table_new(NULL, NULL) };
	for (guint i = 0; i < timeline->rows->len; i++)
		add_to_label(labels, tracks, &g_array_index(timeline->rows, struct tl_row, i));
	for (guint c = 0; c < count; c++) {
		g_ptr_array_add(timeline->labels, label_text(timeline, &labels[c]));
		g_hash_table_unref(labels[c].chiplets);
	}
}

static bool read_rows(struct csv_reader *r, GError **error)
{
	for (uint32_t row = 0; row < r->csv->row_count; row++)
		if (!read_row(r, row, error))
			return false;
	if (r->timeline->names[TL_CLUSTER]->len == 0)
		make_clusters(r);
	if (r->place[INPUTS] >= 0 && !read_arrows(r, error))
		return false;
	tl_sort(r->timeline);
	order_nodes(r->timeline);
	label_clusters(r->timeline);
	return tl_check(r->timeline, error);
}

struct tl_timeline *trace_read_csv(const char *path, const char *title, GError **error)
{
	GString *text = trace_read_text(path, error);
	if (!text)
		return NULL;
	struct csv_reader r = {
		.csv = hw_csv_parse(text->str, text->len, path, error),
		.timeline = tl_new(title),
		.resources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	bool good = r.csv && hw_csv_columns(r.csv, names, REQUIRED, false, r.place, error) &&
	            read_rows(&r, error);
	if (!good)
		g_clear_pointer(&r.timeline, tl_free);
	g_string_free(text, TRUE);
	hw_csv_free(r.csv);
	g_hash_table_unref(r.resources);
	g_hash_table_unref(r.nodes);
	return r.timeline;
}

#include "sim/account/record_folds.h"

struct record_folds {
	GArray *rows;      /* struct tl_row: start 0, end: how long in sum; amount: in sum */
	GHashTable *known; /* key of a track and kind -> place in `rows` + 1 */
};

struct record_folds *record_folds_new(void)
{
	struct record_folds *folds = g_new(struct record_folds, 1);
	folds->rows = g_array_new(FALSE, FALSE, sizeof(struct tl_row));
	folds->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return folds;
}

void record_folds_free(struct record_folds *folds)
{
	g_array_unref(folds->rows);
	g_hash_table_unref(folds->known);
	g_free(folds);
}

static gint64 key_of(const struct tl_row *row)
{
	return ((gint64)row->resource_kind << 40) + ((gint64)row->resource << 8) + row->kind;
}

static struct tl_row *find(struct record_folds *folds, const struct tl_row *row)
{
	gint64 key = key_of(row);
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(folds->known, &key));
	if (place == 0) {
		struct tl_row sum = *row;
		sum.node = sum.tile = -1;
		sum.start_ns = sum.end_ns = sum.amount = 0;
		if (row->resource_kind > TL_CHIPLET)
			sum.cluster = -1;
		g_array_append_val(folds->rows, sum);
		place = folds->rows->len;
		g_hash_table_insert(folds->known, g_memdup2(&key, sizeof key),
		                    GUINT_TO_POINTER(place));
	}
	return &g_array_index(folds->rows, struct tl_row, place - 1);
}

void record_folds_add(struct record_folds *folds, const struct tl_row *row)
{
	struct tl_row *sum = find(folds, row);
	sum->end_ns += row->end_ns - row->start_ns;
	sum->amount += row->amount;
	sum->microbatch = MAX(sum->microbatch, row->microbatch);
}

static gint compare_keys(gconstpointer a, gconstpointer b)
{
	gint64 left = key_of(a), right = key_of(b);
	return (left > right) - (left < right);
}

static bool same_track(const struct tl_row *a, const struct tl_row *b)
{
	return a->resource_kind == b->resource_kind && a->resource == b->resource;
}

GArray *record_folds_rows(const struct record_folds *folds, double start_ns, double length_ns,
                          uint32_t repeats)
{
	GArray *rows = g_array_copy(folds->rows);
	double end_ns = start_ns + length_ns, now_ns = start_ns;
	g_array_sort(rows, compare_keys);
	for (guint i = 0; i < rows->len; i++) {
		struct tl_row *row = &g_array_index(rows, struct tl_row, i);
		bool alone = row->resource_kind > TL_CHIPLET;
		bool first = i == 0 || !same_track(row - 1, row);
		bool last = i + 1 == rows->len || !same_track(row, row + 1);
		row->start_ns = alone || first ? start_ns : now_ns;
		now_ns = MIN(row->start_ns + row->end_ns * repeats, end_ns);
		row->end_ns = alone || last ? end_ns : now_ns;
		row->amount *= repeats;
		row->microbatch++;
	}
	return rows;
}

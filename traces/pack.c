#include "traces/pack.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#define GZIP_LEVEL 6
#define GZIP_BITS 31

enum pack_column {
	COLUMN_KIND,
	COLUMN_NODE,
	COLUMN_MICROBATCH,
	COLUMN_TILE,
	COLUMN_SEGMENT,
	COLUMN_CLUSTER,
	COLUMN_EXTRAPOLATED,
	COLUMN_START,
	COLUMN_LENGTH,
	COLUMN_AMOUNT,
	COLUMN_FROM,
	COLUMN_TO,
	COLUMNS
};

struct packer {
	GByteArray *columns[COLUMNS];
	int64_t before[COLUMNS]; /* the last value of a column of differences */
};

static void add(struct packer *p, enum pack_column column, uint64_t value)
{
	guint8 bytes[10];
	guint count = 0;
	for (; value >= 128; value >>= 7)
		bytes[count++] = (guint8)(value & 127) | 128;
	bytes[count++] = (guint8)value;
	g_byte_array_append(p->columns[column], bytes, count);
}

static void add_signed(struct packer *p, enum pack_column column, int64_t value)
{
	add(p, column, value < 0 ? 2 * (uint64_t)-value - 1 : 2 * (uint64_t)value);
}

static void add_difference(struct packer *p, enum pack_column column, int64_t value)
{
	add_signed(p, column, value - p->before[column]);
	p->before[column] = value;
}

/* ---- rows ---- */

static void pack_row(struct packer *p, const struct tl_row *row, int64_t *end_ps)
{
	int64_t start_ps = llround(row->start_ns * 1000);
	int64_t length_ps = MAX(llround(row->end_ns * 1000) - start_ps, 0);
	add(p, COLUMN_KIND, row->kind);
	add_difference(p, COLUMN_NODE, row->node);
	add_difference(p, COLUMN_MICROBATCH, row->microbatch);
	add_difference(p, COLUMN_TILE, row->tile);
	add_difference(p, COLUMN_SEGMENT, row->segment);
	add_difference(p, COLUMN_CLUSTER, row->cluster);
	add_difference(p, COLUMN_EXTRAPOLATED, row->extrapolated);
	add_signed(p, COLUMN_START, start_ps - *end_ps);
	add(p, COLUMN_LENGTH, (uint64_t)length_ps);
	add(p, COLUMN_AMOUNT,
	    row->kind < TL_FIRST_BUBBLE ? (uint64_t)llround(row->amount * 1000) : 0);
	*end_ps = start_ps + length_ps;
}

/* ---- the text ---- */

static void append_string(GString *json, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_string_append_c(json, '"');
	for (const char *c = valid; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(json, '\\');
		if ((unsigned char)*c < 0x20)
			g_string_append_printf(json, "\\u%04x", (unsigned)*c);
		else
			g_string_append_c(json, *c);
	}
	g_string_append_c(json, '"');
}

static void append_names(GString *json, const char *key, const GPtrArray *names)
{
	g_string_append_printf(json, ",\"%s\":[", key);
	for (guint i = 0; i < names->len; i++) {
		g_string_append(json, i ? "," : "");
		append_string(json, g_ptr_array_index(names, i));
	}
	g_string_append_c(json, ']');
}

static void append_track(GString *json, const struct tl_timeline *timeline,
                         const struct tl_row *row, guint count)
{
	const GPtrArray *names = timeline->names[row->resource_kind];
	bool labelled = row->resource_kind == TL_CLUSTER && row->resource < timeline->labels->len;
	g_string_append_printf(json, "%s[%u,", json->str[json->len - 1] == '[' ? "" : ",",
	                       row->resource_kind);
	append_string(json, g_ptr_array_index(names, row->resource));
	g_string_append_c(json, ',');
	append_string(json, labelled ? g_ptr_array_index(timeline->labels, row->resource) : "");
	g_string_append_printf(json, ",%u]", count);
}

static GString *head_of(const struct tl_timeline *timeline)
{
	GString *json = g_string_new("{\"title\":");
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	append_string(json, timeline->title);
	g_string_append_printf(json, ",\"end_ns\":%s,\"first_bubble\":%d",
	                       g_ascii_formatd(number, sizeof number, "%.17g", timeline->end_ns),
	                       TL_FIRST_BUBBLE);
	append_names(json, "nodes", timeline->nodes);
	g_string_append(json, ",\"kinds\":[");
	for (unsigned kind = 0; kind < TL_KINDS; kind++)
		g_string_append_printf(json, "%s\"%s\"", kind ? "," : "",
		                       tl_kind_name((enum tl_kind)kind));
	g_string_append(json, "],\"tracks\":[");
	return json;
}

/* ---- all of it ---- */

static void pack_rows(struct packer *p, const struct tl_timeline *timeline, GString *json)
{
	const struct tl_row *rows = (const struct tl_row *)(const void *)timeline->rows->data;
	guint count = timeline->rows->len;
	for (guint first = 0, end; first < count; first = end) {
		int64_t end_ps = 0;
		for (end = first; end < count && rows[end].resource == rows[first].resource &&
		                  rows[end].resource_kind == rows[first].resource_kind;
		     end++)
			pack_row(p, &rows[end], &end_ps);
		append_track(json, timeline, &rows[first], end - first);
	}
	for (guint i = 0; i < timeline->flows->len; i++) {
		const struct tl_flow *flow = &g_array_index(timeline->flows, struct tl_flow, i);
		add_difference(p, COLUMN_FROM, flow->from);
		add_difference(p, COLUMN_TO, flow->to);
	}
}

static GByteArray *compressed(const GByteArray *plain)
{
	z_stream gzip = { 0 };
	bool good = deflateInit2(&gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, 9, Z_DEFAULT_STRATEGY) ==
	            Z_OK;
	g_assert(good); /* it fails for lack of memory only, which ends the program anyway */
	GByteArray *packed = g_byte_array_new();
	g_byte_array_set_size(packed, (guint)deflateBound(&gzip, plain->len));
	gzip.next_in = plain->data;
	gzip.avail_in = plain->len;
	gzip.next_out = packed->data;
	gzip.avail_out = packed->len;
	deflate(&gzip, Z_FINISH);
	g_byte_array_set_size(packed, (guint)gzip.total_out);
	deflateEnd(&gzip);
	return packed;
}

GByteArray *trace_pack(const struct tl_timeline *timeline)
{
	struct packer p = { .before = { 0 } };
	g_autoptr(GByteArray) plain = g_byte_array_new();
	GString *json = head_of(timeline);
	for (unsigned c = 0; c < COLUMNS; c++)
		p.columns[c] = g_byte_array_new();
	pack_rows(&p, timeline, json);
	g_string_append(json, "],\"columns\":[");
	for (unsigned c = 0; c < COLUMNS; c++)
		g_string_append_printf(json, "%s%u", c ? "," : "", p.columns[c]->len);
	g_string_append(json, "]}");
	for (unsigned shift = 0; shift < 32; shift += 8) {
		guint8 byte = (guint8)(json->len >> shift & 255);
		g_byte_array_append(plain, &byte, 1);
	}
	g_byte_array_append(plain, (const guint8 *)json->str, (guint)json->len);
	for (unsigned c = 0; c < COLUMNS; c++) {
		g_byte_array_append(plain, p.columns[c]->data, p.columns[c]->len);
		g_byte_array_unref(p.columns[c]);
	}
	g_string_free(json, TRUE);
	return compressed(plain);
}

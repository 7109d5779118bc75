/*
 * Invariant: slices are checked track by track, in order of time, the longer of two that start
 * together first, so that what is open is a stack.
 */
#include "traces/check_trace.h"

#include "traces/csv.h"
#include "traces/text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Times that differ by less are the same: a picosecond and what rounding to it makes of two. */
#define SLACK_US 2.1e-6
#define SLACK_NS 2.1e-3

struct slice_seen {
	double pid, tid, start_us, end_us;
	int segment; /* of ours on a track that has no hole; else -1 */
	guint index; /* of the event */
};

struct arrow_end {
	double pid, tid, time_us;
	char *id;
	bool starts;
	guint index;
};

struct chrome_check {
	const char *path;
	GArray *slices, *arrows; /* struct slice_seen, struct arrow_end */
	GHashTable *named;       /* "pid/tid" of named tracks */
	GHashTable *whole;       /* pid (as text) of processes whose tracks have no hole */
	struct trace_checked *checked;
};

G_GNUC_PRINTF(4, 5)
static bool bad(const struct chrome_check *c, guint index, GError **error, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *what = g_strdup_vprintf(format, list);
	va_end(list);
	g_set_error(error, TL_ERROR, TL_ERROR_BROKEN, "%s: event %u: %s", c->path, index, what);
	return false;
}

/* ---- reading ---- */

static bool number_of(const cJSON *event, const char *key, double *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
	*value = cJSON_IsNumber(item) ? item->valuedouble : NAN;
	return isfinite(*value);
}

static const char *text_of(const cJSON *event, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, key));
	return text ? text : "";
}

static char *track_key(double pid, double tid)
{
	return g_strdup_printf("%.17g/%.17g", pid, tid);
}

static void note_name(struct chrome_check *c, const cJSON *event)
{
	const char *name = text_of(cJSON_GetObjectItemCaseSensitive(event, "args"), "name");
	double pid, tid;
	number_of(event, "pid", &pid);
	if (strcmp(text_of(event, "name"), "thread_name") == 0 && number_of(event, "tid", &tid) &&
	    *name)
		g_hash_table_add(c->named, track_key(pid, tid));
	if (strcmp(text_of(event, "name"), "process_name") == 0 &&
	    (strcmp(name, "clusters") == 0 || strcmp(name, "chiplets") == 0))
		g_hash_table_add(c->whole, track_key(pid, 0));
}

static bool note_slice(struct chrome_check *c, const cJSON *event, guint index, GError **error)
{
	struct slice_seen slice = { .segment = -1, .index = index };
	double length_us, segment;
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
	if (!number_of(event, "ts", &slice.start_us) || !number_of(event, "dur", &length_us))
		return bad(c, index, error, "a slice must have \"ts\" and \"dur\", finite numbers");
	if (slice.start_us < 0 || length_us < 0)
		return bad(c, index, error, "\"ts\" and \"dur\" must be 0 or more, got %g and %g",
		           slice.start_us, length_us);
	if (!number_of(event, "pid", &slice.pid) || !number_of(event, "tid", &slice.tid))
		return bad(c, index, error, "a slice must have \"pid\" and \"tid\", numbers");
	slice.end_us = slice.start_us + length_us;
	if (number_of(args, "segment", &segment))
		slice.segment = (int)segment;
	g_array_append_val(c->slices, slice);
	return true;
}

static bool note_arrow(struct chrome_check *c, const cJSON *event, guint index, GError **error)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(event, "id");
	struct arrow_end end = { .starts = *text_of(event, "ph") == 's', .index = index };
	if (!number_of(event, "ts", &end.time_us) || !number_of(event, "pid", &end.pid) ||
	    !number_of(event, "tid", &end.tid))
		return bad(c, index, error, "an arrow must have \"ts\", \"pid\" and \"tid\"");
	if (cJSON_IsNumber(id))
		end.id = g_strdup_printf("%.17g", id->valuedouble);
	else if (cJSON_IsString(id))
		end.id = g_strdup(id->valuestring);
	else
		return bad(c, index, error, "an arrow must have an \"id\"");
	g_array_append_val(c->arrows, end);
	return true;
}

static bool note_event(struct chrome_check *c, const cJSON *event, guint index, GError **error)
{
	const char *phase = text_of(event, "ph");
	double time_us;
	if (!cJSON_IsObject(event) || strlen(phase) != 1)
		return bad(c, index, error, "must be an object with \"ph\", a letter");
	switch (*phase) {
	case 'M':
		note_name(c, event);
		return true;
	case 'X':
		return note_slice(c, event, index, error);
	case 's':
	case 'f':
		return note_arrow(c, event, index, error);
	default:
		return number_of(event, "ts", &time_us) ||
		       bad(c, index, error, "must have \"ts\", a finite number");
	}
}

/* ---- slices ---- */

static int compare_slices(const void *left, const void *right)
{
	const struct slice_seen *a = left, *b = right;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->start_us != b->start_us)
		return a->start_us < b->start_us ? -1 : 1;
	if (a->end_us != b->end_us)
		return a->end_us > b->end_us ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool check_pair(const struct chrome_check *c, const struct slice_seen *before,
                       const struct slice_seen *slice, GError **error)
{
	g_autofree char *process = track_key(slice->pid, 0);
	if (!g_hash_table_contains(c->whole, process))
		return true;
	if (slice->start_us < before->end_us - SLACK_US)
		return bad(c, slice->index, error, "overlaps event %u on a chiplet or cluster",
		           before->index);
	if (slice->segment >= 0 && slice->segment == before->segment &&
	    slice->start_us > before->end_us + SLACK_US)
		return bad(c, slice->index, error,
		           "nothing stands between it and event %u, %g us earlier in the same "
		           "segment",
		           before->index, slice->start_us - before->end_us);
	return true;
}

/* `open`: ends of the slices that the next one may lie in. */
static bool check_nesting(const struct chrome_check *c, GArray *open,
                          const struct slice_seen *slice, GError **error)
{
	while (open->len > 0 &&
	       g_array_index(open, double, open->len - 1) <= slice->start_us + SLACK_US)
		g_array_set_size(open, open->len - 1);
	if (open->len > 0 && slice->end_us > g_array_index(open, double, open->len - 1) + SLACK_US)
		return bad(c, slice->index, error,
		           "ends after the slice that it starts in, on the same track");
	g_array_append_val(open, slice->end_us);
	return true;
}

static bool check_slices(const struct chrome_check *c, GError **error)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(double));
	const struct slice_seen *slices = (const struct slice_seen *)(const void *)c->slices->data;
	for (guint i = 0; i < c->slices->len; i++) {
		const struct slice_seen *slice = &slices[i];
		bool new_track = i == 0 || slices[i - 1].pid != slice->pid ||
		                 slices[i - 1].tid != slice->tid;
		if (new_track) {
			g_autofree char *key = track_key(slice->pid, slice->tid);
			g_array_set_size(open, 0);
			c->checked->tracks++;
			if (!g_hash_table_contains(c->named, key))
				return bad(c, slice->index, error,
				           "its track (pid %g, tid %g) has no thread_name",
				           slice->pid, slice->tid);
		} else if (!check_pair(c, slice - 1, slice, error)) {
			return false;
		}
		if (!check_nesting(c, open, slice, error))
			return false;
	}
	return true;
}

/* ---- arrows ---- */

static int compare_arrows(const void *left, const void *right)
{
	const struct arrow_end *a = left, *b = right;
	int by_id = strcmp(a->id, b->id);
	if (by_id)
		return by_id;
	if (a->starts != b->starts)
		return a->starts ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* The last slice that starts no later, on its track; slices are sorted. */
static bool is_at_a_slice(const struct chrome_check *c, const struct arrow_end *end)
{
	const struct slice_seen *slices = (const struct slice_seen *)(const void *)c->slices->data;
	guint low = 0, high = c->slices->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const struct slice_seen *slice = &slices[middle];
		bool after = slice->pid != end->pid   ? slice->pid > end->pid
		             : slice->tid != end->tid ? slice->tid > end->tid
		                                      : slice->start_us > end->time_us + SLACK_US;
		if (after)
			high = middle;
		else
			low = middle + 1;
	}
	for (guint i = low; i-- > 0 && slices[i].pid == end->pid && slices[i].tid == end->tid;)
		if (slices[i].end_us + SLACK_US >= end->time_us)
			return true;
		else if (low - i > 64)
			return false; /* of nested ones the last few can be open */
	return false;
}

static bool check_arrows(const struct chrome_check *c, GError **error)
{
	const struct arrow_end *ends = (const struct arrow_end *)(const void *)c->arrows->data;
	for (guint i = 0; i < c->arrows->len; i++) {
		bool has_other = i % 2 ? true
		                       : i + 1 < c->arrows->len && ends[i].starts &&
		                                 !ends[i + 1].starts &&
		                                 strcmp(ends[i].id, ends[i + 1].id) == 0;
		if (!has_other)
			return bad(c, ends[i].index, error,
			           "the arrow with id %s must have one start and one end",
			           ends[i].id);
		if (i % 2 && ends[i].time_us < ends[i - 1].time_us - SLACK_US)
			return bad(c, ends[i].index, error,
			           "the arrow with id %s leads back in time", ends[i].id);
		if (!is_at_a_slice(c, &ends[i]))
			return bad(c, ends[i].index, error,
			           "the arrow with id %s has an end where no slice is", ends[i].id);
	}
	c->checked->arrows = c->arrows->len / 2;
	return true;
}

/* ---- files ---- */

static bool check_events(struct chrome_check *c, const cJSON *events, GError **error)
{
	const cJSON *event;
	guint index = 0;
	cJSON_ArrayForEach(event, events)
	{
		if (!note_event(c, event, index++, error))
			return false;
	}
	c->checked->slices = c->slices->len;
	if (c->slices->len > 0)
		qsort(c->slices->data, c->slices->len, sizeof(struct slice_seen), compare_slices);
	if (c->arrows->len > 0)
		qsort(c->arrows->data, c->arrows->len, sizeof(struct arrow_end), compare_arrows);
	return check_slices(c, error) && check_arrows(c, error);
}

static bool check_chrome(const char *path, struct trace_checked *checked, GError **error)
{
	GString *text = trace_read_text(path, error);
	if (!text)
		return false;
	struct chrome_check c = {
		.path = path,
		.slices = g_array_new(FALSE, FALSE, sizeof(struct slice_seen)),
		.arrows = g_array_new(FALSE, FALSE, sizeof(struct arrow_end)),
		.named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.whole = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.checked = checked,
	};
	cJSON *json = cJSON_ParseWithLength(text->str, text->len);
	const cJSON *events = cJSON_IsArray(json)
	                              ? json
	                              : cJSON_GetObjectItemCaseSensitive(json, "traceEvents");
	bool good = false;
	if (!json)
		g_set_error(error, TL_ERROR, TL_ERROR_BROKEN, "%s: is not JSON", path);
	else if (!cJSON_IsArray(events))
		g_set_error(error, TL_ERROR, TL_ERROR_BROKEN,
		            "%s: must be an array of events, or an object with \"traceEvents\"",
		            path);
	else
		good = check_events(&c, events, error);
	for (guint i = 0; i < c.arrows->len; i++)
		g_free(g_array_index(c.arrows, struct arrow_end, i).id);
	g_array_unref(c.slices);
	g_array_unref(c.arrows);
	g_hash_table_unref(c.named);
	g_hash_table_unref(c.whole);
	cJSON_Delete(json);
	g_string_free(text, TRUE);
	return good;
}

/* Order and overlaps are looked at by whoever reads it. */
static bool check_csv(const char *path, struct trace_checked *checked, GError **error)
{
	struct tl_timeline *timeline = trace_read_csv(path, path, error);
	bool good = timeline != NULL;
	for (guint i = 0; good && i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		bool same = i > 0 && row[-1].resource_kind == row->resource_kind &&
		            row[-1].resource == row->resource;
		checked->tracks += !same;
		if (!same || row->resource_kind > TL_CHIPLET || row->segment != row[-1].segment ||
		    row->start_ns <= row[-1].end_ns + SLACK_NS)
			continue;
		const char *name = g_ptr_array_index(timeline->names[row->resource_kind],
		                                     row->resource);
		g_set_error(error, TL_ERROR, TL_ERROR_BROKEN,
		            "%s: %s: no row stands between %g and %g ns of segment %d", path, name,
		            row[-1].end_ns, row->start_ns, row->segment);
		good = false;
	}
	if (good) {
		checked->slices = timeline->rows->len;
		checked->arrows = timeline->flows->len;
	}
	tl_free(timeline);
	return good;
}

bool trace_check_file(const char *path, struct trace_checked *checked, GError **error)
{
	g_autofree char *plain = g_str_has_suffix(path, ".gz") ? g_strndup(path, strlen(path) - 3)
	                                                       : g_strdup(path);
	*checked = (struct trace_checked){ 0 };
	if (g_str_has_suffix(plain, ".csv"))
		return check_csv(path, checked, error);
	if (g_str_has_suffix(plain, ".json"))
		return check_chrome(path, checked, error);
	g_set_error(error, TL_ERROR, TL_ERROR_BROKEN,
	            "%s: must be a timeline whose name ends in .json, .csv, .json.gz or .csv.gz",
	            path);
	return false;
}

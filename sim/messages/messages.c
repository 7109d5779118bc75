/*
 * Invariant: a list that leaves this file is whole: every node is on the grid,
 * every dependency is a row, and nothing waits for itself.
 */
#include "sim/messages/messages.h"

#include "hw/base/csv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES 1e15
#define MAX_START_NS 1e15
#define MAX_NAMED 8 /* rows of a cycle in a message */

enum column { SRC, DST, BYTES, START, DEP, TAG, COLUMNS, REQUIRED = START };
static const char *const COLUMN_NAMES[] = { "src", "dst", "bytes", "start", "dep", "tag", NULL };

struct message_reader {
	const struct hw_csv *csv;
	unsigned nodes;
	const struct hw_package *package;
	int place[COLUMNS]; /* of a column in a row; -1: the file has none */
	GArray *deps;       /* uint32_t */
	GHashTable *tags;   /* name -> index + 1; borrows from the list's tags */
	struct sim_messages *list;
};

G_GNUC_PRINTF(4, 5)
static bool fail(const struct message_reader *r, uint32_t line, GError **error, const char *format,
                 ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	hw_csv_fail(r->csv, line, SIM_MESSAGES_ERROR, SIM_MESSAGES_ERROR_FORMAT, error, "%s", text);
	return false;
}

/* ---- values ---- */

static bool read_node(struct message_reader *r, uint32_t line, enum column column, const char *text,
                      unsigned *node, GError **error)
{
	uint64_t value = 0;
	if (!hw_csv_whole(text, 0, r->nodes - 1, &value))
		return fail(r, line, error,
		            "%s: must be a node from 0 to %u (%u x %u grid), got \"%s\"",
		            COLUMN_NAMES[column], r->nodes - 1, r->package->columns,
		            r->package->rows, text);
	*node = (unsigned)value;
	return true;
}

static bool read_bytes(struct message_reader *r, uint32_t line, const char *text, double *bytes,
                       GError **error)
{
	uint64_t value = 0;
	if (!hw_csv_whole(text, 0, (uint64_t)MAX_BYTES, &value))
		return fail(r, line, error,
		            "bytes: must be a whole number from 0 to 1e15, got \"%s\"", text);
	*bytes = (double)value;
	return true;
}

static bool read_start(struct message_reader *r, uint32_t line, const char *text, double *start_ns,
                       GError **error)
{
	if (!*text)
		return true;
	if (!hw_csv_number(text, start_ns) || *start_ns < 0 || *start_ns > MAX_START_NS)
		return fail(r, line, error,
		            "start: must be a time in ns from 0 to 1e15, got \"%s\"", text);
	return true;
}

static gint compare_rows(gconstpointer a, gconstpointer b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

/* Sorts what was appended from `first` on, and leaves each once. */
static void tidy_deps(GArray *deps, guint first)
{
	uint32_t *at = &g_array_index(deps, uint32_t, 0);
	guint kept = first;
	if (deps->len == first)
		return;
	qsort(at + first, deps->len - first, sizeof(*at), compare_rows);
	for (guint i = first; i < deps->len; i++)
		if (kept == first || at[kept - 1] != at[i])
			at[kept++] = at[i];
	g_array_set_size(deps, kept);
}

static bool read_deps(struct message_reader *r, uint32_t row, const char *text, GError **error)
{
	struct sim_message *message = &r->list->at[row];
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	message->first_dep = r->deps->len;
	for (char **part = parts; *part && *text; part++) {
		uint64_t value = 0;
		if (!hw_csv_whole(g_strstrip(*part), 0, r->list->count - 1, &value))
			return fail(r, message->line, error,
			            "dep: must be rows from 0 to %u joined by ';', got \"%s\"",
			            r->list->count - 1, text);
		if (value == row)
			return fail(r, message->line, error,
			            "dep: row %u must not wait for itself, got \"%s\"", row, text);
		uint32_t dep = (uint32_t)value;
		g_array_append_val(r->deps, dep);
	}
	tidy_deps(r->deps, message->first_dep);
	message->dep_count = r->deps->len - message->first_dep;
	return true;
}

static uint32_t tag_index(struct message_reader *r, const char *name)
{
	uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(r->tags, name));
	if (known)
		return known - 1;
	char *copy = g_strdup(name);
	g_ptr_array_add(r->list->tags, copy);
	g_hash_table_insert(r->tags, copy, GUINT_TO_POINTER(r->list->tags->len));
	return r->list->tags->len - 1;
}

static bool read_row(struct message_reader *r, uint32_t row, GError **error)
{
	struct sim_message *message = &r->list->at[row];
	uint32_t line = message->line = r->csv->lines[row];
	const char *values[COLUMNS];
	for (int c = 0; c < COLUMNS; c++)
		values[c] = hw_csv_cell(r->csv, row, r->place[c]);
	message->tag = tag_index(r, *values[TAG] ? values[TAG] : "0");
	if (!read_node(r, line, SRC, values[SRC], &message->src, error) ||
	    !read_node(r, line, DST, values[DST], &message->dst, error))
		return false;
	if (message->src == message->dst)
		return fail(r, line, error, "dst: must not be src, got %u for both", message->src);
	return read_bytes(r, line, values[BYTES], &message->bytes, error) &&
	       read_start(r, line, values[START], &message->start_ns, error) &&
	       read_deps(r, row, values[DEP], error);
}

/* ---- order ---- */

/* A message in a cycle waits for one that is in it, or before it, too. */
static uint32_t blocked_dep(const struct sim_messages *list, uint32_t row, const uint32_t *missing)
{
	const uint32_t *dep = list->deps + list->at[row].first_dep;
	while (missing[*dep] == 0)
		dep++;
	return *dep;
}

/* Some cycle, in words. Every message with `missing` > 0 waits for another such one. */
static bool fail_cycle(const struct message_reader *r, const uint32_t *missing, GError **error)
{
	g_autofree bool *seen = g_new0(bool, r->list->count);
	uint32_t row = 0;
	while (missing[row] == 0)
		row++;
	for (; !seen[row]; row = blocked_dep(r->list, row, missing))
		seen[row] = true;
	g_autoptr(GString) text = g_string_new(NULL);
	uint32_t next = row, named = 0;
	do {
		next = blocked_dep(r->list, next, missing);
		if (next == row || named++ < MAX_NAMED)
			g_string_append_printf(text, "%s row %u", text->len ? ", that for" : "",
			                       next);
		else if (named == MAX_NAMED + 1)
			g_string_append(text, ", that for ...");
	} while (next != row);
	return fail(r, r->list->at[row].line, error,
	            "dep: messages must not wait for each other: row %u waits for%s", row,
	            text->str);
}

/* Kahn's order gives each message its depth; what it does not reach is behind a cycle. */
static bool find_depths(struct message_reader *r, GError **error)
{
	struct sim_messages *list = r->list;
	uint32_t count = list->count, done = 0, end = 0;
	g_autofree uint32_t *missing = g_new(uint32_t, count), *order = g_new(uint32_t, count);
	g_autofree uint32_t *first = g_new0(uint32_t, count + 1);
	g_autofree uint32_t *waiting = g_new(uint32_t, MAX(r->deps->len, 1));
	for (guint d = 0; d < r->deps->len; d++)
		first[list->deps[d] + 1]++;
	for (uint32_t m = 0; m < count; m++)
		first[m + 1] += first[m];
	g_autofree uint32_t *next = g_memdup2(first, count * sizeof(*first));
	for (uint32_t m = 0; m < count; m++) {
		missing[m] = list->at[m].dep_count;
		for (uint32_t d = 0; d < missing[m]; d++)
			waiting[next[list->deps[list->at[m].first_dep + d]]++] = m;
		if (missing[m] == 0)
			order[end++] = m;
	}
	for (; done < end; done++) {
		uint32_t from = order[done];
		for (uint32_t i = first[from]; i < first[from + 1]; i++) {
			struct sim_message *to = &list->at[waiting[i]];
			to->depth = MAX(to->depth, list->at[from].depth + 1);
			if (--missing[waiting[i]] == 0)
				order[end++] = waiting[i];
		}
	}
	return end == count || fail_cycle(r, missing, error);
}

/* ---- the way in ---- */

static bool read_all(struct message_reader *r, GError **error)
{
	if (!hw_csv_columns(r->csv, COLUMN_NAMES, REQUIRED, false, r->place, error))
		return false;
	if (r->csv->row_count == 0)
		return fail(r, r->csv->head_line, error,
		            "must have at least one message below its header");
	r->list->count = r->csv->row_count;
	r->list->at = g_new0(struct sim_message, r->list->count);
	for (uint32_t row = 0; row < r->list->count; row++)
		if (!read_row(r, row, error))
			return false;
	r->list->deps = g_memdup2(r->deps->data, r->deps->len * sizeof(uint32_t));
	return find_depths(r, error);
}

/* Takes the table, which may be NULL: then `error` is set. */
static struct sim_messages *read_table(struct hw_csv *csv, const struct hw_package *package,
                                       GError **error)
{
	if (!csv)
		return NULL;
	struct message_reader r = { .csv = csv,
		                    .nodes = hw_chiplet_count(package),
		                    .package = package,
		                    .deps = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		                    .tags = g_hash_table_new(g_str_hash, g_str_equal),
		                    .list = g_new0(struct sim_messages, 1) };
	r.list->tags = g_ptr_array_new_with_free_func(g_free);
	if (!read_all(&r, error))
		g_clear_pointer(&r.list, sim_messages_free);
	g_array_unref(r.deps);
	g_hash_table_unref(r.tags);
	hw_csv_free(csv);
	return r.list;
}

struct sim_messages *sim_messages_parse(const char *text, const char *origin,
                                        const struct hw_package *package, GError **error)
{
	return read_table(hw_csv_parse(text, strlen(text), origin, error), package, error);
}

struct sim_messages *sim_messages_read(const char *path, const struct hw_package *package,
                                       GError **error)
{
	return read_table(hw_csv_read(path, error), package, error);
}

void sim_messages_free(struct sim_messages *messages)
{
	if (!messages)
		return;
	g_free(messages->at);
	g_free(messages->deps);
	g_ptr_array_unref(messages->tags);
	g_free(messages);
}

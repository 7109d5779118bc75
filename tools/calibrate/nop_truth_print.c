/*
 * Errors of replays against measured runs, by group. Invariant: a run counts
 * once in each kind of group, with the long runs or with the short ones.
 */
#include "tools/calibrate/nop.h"

#include <math.h>
#include <string.h>

#include "hw/base/csv.h"
#include "hw/base/statistics.h"
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

/* Below, the few ns that rounding to whole flits and cycles is worth are percents. */
#define LONG_NS 1000.0

enum kind { PATTERN, SIZE, MESH, TAG, TOTAL };
static const char *const KIND_NAMES[] = { "pattern", "bytes", "mesh", "tag", "all" };

struct group {
	enum kind kind;
	char *name;
	GArray *errors[2]; /* percent: of long runs, of short ones */
};

double nop_error_percent(double replayed_ns, double measured_ns)
{
	return (replayed_ns - measured_ns) / measured_ns * 100;
}

/* ---- groups ---- */

static void free_group(gpointer data)
{
	struct group *group = data;
	for (unsigned is_short = 0; is_short < 2; is_short++)
		g_array_unref(group->errors[is_short]);
	g_free(group->name);
	g_free(group);
}

static struct search_errors errors_of(const struct group *group, unsigned is_short)
{
	const GArray *errors = group->errors[is_short];
	return search_errors((const double *)(void *)errors->data, errors->len);
}

static void count(GPtrArray *groups, enum kind kind, const char *name, double replayed_ns,
                  double measured_ns)
{
	struct group *group = NULL;
	for (guint i = 0; i < groups->len && !group; i++) {
		struct group *known = groups->pdata[i];
		group = known->kind == kind && strcmp(known->name, name) == 0 ? known : NULL;
	}
	if (!group) {
		group = g_new0(struct group, 1);
		group->kind = kind;
		group->name = g_strdup(name);
		for (unsigned is_short = 0; is_short < 2; is_short++)
			group->errors[is_short] = g_array_new(FALSE, FALSE, sizeof(double));
		g_ptr_array_add(groups, group);
	}
	double percent = nop_error_percent(replayed_ns, measured_ns);
	g_array_append_val(group->errors[measured_ns < LONG_NS], percent);
}

static void count_run(GPtrArray *groups, const struct nop_run *run)
{
	g_autofree char *mesh = g_strdup_printf("%ux%u", run->columns, run->rows);
	const char *const names[] = {
		[PATTERN] = run->pattern, [SIZE] = run->message_bytes, [MESH] = mesh, [TOTAL] = ""
	};
	for (unsigned k = 0; k < G_N_ELEMENTS(names); k++)
		if (names[k])
			count(groups, (enum kind)k, names[k], run->replayed_ns, run->measured_ns);
	for (guint t = 0; run->tags->len > 1 && t < run->tags->len; t++) {
		const struct nop_tag *tag = &g_array_index(run->tags, struct nop_tag, t);
		g_autofree char *name = g_strdup_printf("%s %s", run->pattern, tag->name);
		if (!isnan(tag->measured_ns) && !isnan(tag->replayed_ns))
			count(groups, TAG, name, tag->replayed_ns, tag->measured_ns);
	}
}

/* By kind; within one in the order of the table of runs. */
static gint compare_groups(gconstpointer a, gconstpointer b)
{
	const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
	return (left->kind > right->kind) - (left->kind < right->kind);
}

static GPtrArray *groups_of(const GPtrArray *runs, const char *router)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func(free_group);
	for (guint i = 0; i < runs->len; i++) {
		const struct nop_run *run = runs->pdata[i];
		if (strcmp(run->router, router) == 0)
			count_run(groups, run);
	}
	g_ptr_array_sort(groups, compare_groups); /* stable: GLib's merges */
	return groups;
}

/* ---- text ---- */

static void add_errors(struct table *table, struct search_errors errors)
{
	table_add(table, "%u", errors.count);
	table_add_number(table, "%.2f", errors.mean_abs);
	table_add_number(table, "%+.2f", errors.worst);
	table_add_number(table, "%+.2f", errors.bias);
}

static void append_router(GString *out, const GPtrArray *runs, const char *router, unsigned width)
{
	static const struct table_column columns[] = {
		{ "by", "", TABLE_LEFT },      { "", "", TABLE_LEFT },
		{ "runs", "", TABLE_RIGHT },   { "mean |e|", "%", TABLE_RIGHT },
		{ "worst", "%", TABLE_RIGHT }, { "bias", "%", TABLE_RIGHT },
		{ "runs", "", TABLE_RIGHT },   { "mean |e|", "%", TABLE_RIGHT },
		{ "worst", "%", TABLE_RIGHT }, { "bias", "%", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 2, "from 1000 ns" }, { 6, "shorter" } };
	g_autoptr(GPtrArray) errors = groups_of(runs, router);
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.key_count = 2;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (guint i = 0; i < errors->len; i++) {
		const struct group *group = errors->pdata[i];
		table_add(&table, "%s", KIND_NAMES[group->kind]);
		table_add(&table, "%s", group->name);
		for (unsigned is_short = 0; is_short < 2; is_short++)
			add_errors(&table, errors_of(group, is_short));
	}
	g_autofree char *name = printable(router);
	g_string_append_printf(out, "router %s\n", name);
	table_finish(&table, out);
}

char *nop_truth_text(const GPtrArray *runs, const char *const *routers, unsigned width)
{
	GString *out = g_string_new(NULL);
	for (unsigned i = 0; routers[i]; i++) {
		append_router(out, runs, routers[i], width);
		g_string_append_c(out, '\n');
	}
	wrap_text(out, width, 1,
	          "(runs, and the error (replayed - measured) / measured of their completion; tag: "
	          "of "
	          "each tag's completion, where a list has several)\n");
	return g_string_free(out, FALSE);
}

/* ---- JSON and CSV ---- */

static void write_errors(struct json_writer *w, const char *key, struct search_errors errors)
{
	json_begin_object(w, key, JSON_ONE_LINE);
	json_integer(w, "runs", errors.count);
	json_number(w, "mean_abs_percent", errors.mean_abs);
	json_number(w, "worst_percent", errors.worst);
	json_number(w, "bias_percent", errors.bias);
	json_end_object(w);
}

static void write_router(struct json_writer *w, const GPtrArray *runs, const char *router)
{
	g_autoptr(GPtrArray) groups = groups_of(runs, router);
	json_begin_object(w, NULL, JSON_LINES);
	json_string(w, "router", router);
	json_begin_array(w, "groups", JSON_LINES);
	for (guint i = 0; i < groups->len; i++) {
		const struct group *group = groups->pdata[i];
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_string(w, "by", KIND_NAMES[group->kind]);
		json_string(w, "name", group->name);
		write_errors(w, "from_1000_ns", errors_of(group, 0));
		write_errors(w, "shorter", errors_of(group, 1));
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

char *nop_truth_json(const GPtrArray *runs, const char *const *routers,
                     const struct made_by *made_by)
{
	struct json_writer w;
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-nop-comparison/1");
	made_by_write(&w, made_by);
	json_begin_array(&w, "routers", JSON_LINES);
	for (unsigned i = 0; routers[i]; i++)
		write_router(&w, runs, routers[i]);
	json_end_array(&w);
	json_end_object(&w);
	return json_finish(&w);
}

/* NaN is no value. */
static void append_number(GString *out, double value, const char *end)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	if (!isnan(value))
		g_string_append(out, g_ascii_formatd(number, sizeof(number), "%.15g", value));
	g_string_append(out, end);
}

/* A tag's times are `name:measured:replayed`. */
static void append_run(GString *out, const struct nop_run *run)
{
	hw_csv_append(out, run->router);
	g_string_append_c(out, ',');
	hw_csv_append(out, run->pattern);
	g_string_append_printf(out, ",%u,%u,", run->columns, run->rows);
	hw_csv_append(out, run->message_bytes);
	g_string_append_c(out, ',');
	append_number(out, run->measured_ns, ",");
	append_number(out, run->replayed_ns, ",");
	append_number(out, nop_error_percent(run->replayed_ns, run->measured_ns), ",");
	append_number(out, run->bound_ns, ",");
	append_number(out, run->latency_ns, ",");
	g_string_append_printf(out, "%u,\"%s\",", run->phases, run->busiest ? run->busiest : "");
	g_autoptr(GString) tags = g_string_new(NULL);
	for (guint t = 0; t < run->tags->len; t++) {
		const struct nop_tag *tag = &g_array_index(run->tags, struct nop_tag, t);
		g_string_append_printf(tags, "%s%s:", t ? ";" : "", tag->name);
		append_number(tags, tag->measured_ns, ":");
		append_number(tags, tag->replayed_ns, "");
	}
	hw_csv_append(out, tags->str);
	g_string_append_c(out, '\n');
}

char *nop_truth_csv(const GPtrArray *runs)
{
	GString *out = g_string_new(
		"router,pattern,columns,rows,message_bytes,measured_ns,replayed_ns,error_percent,"
		"bound_ns,latency_ns,phases,busiest,tags\n");
	for (guint i = 0; i < runs->len; i++)
		append_run(out, runs->pdata[i]);
	return g_string_free(out, FALSE);
}

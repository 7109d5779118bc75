/*
 * Measured runs: the table, and the replay of its lists in processes side by
 * side. Invariant: what a run gets depends on its list and the package only.
 */
#include "tools/calibrate/nop.h"

#include <math.h>
#include <string.h>

#include "hw/base/csv.h"
#include "tools/report/bottleneck.h"
#include "tools/text/wire.h"
#include "tools/text/workers.h"

/* ---- the table ---- */

enum column {
	ROUTER,
	PATTERN,
	COLUMNS_,
	ROWS,
	BYTES,
	CYCLES,
	NEEDED,
	MESSAGES = NEEDED,
	TAGS,
	ALL
};
static const char *const COLUMN_NAMES[] = { "router",   "pattern",        "columns",
	                                    "rows",     "message_bytes",  "completion_cycles",
	                                    "messages", "tag_completion", NULL };

#define MAX_CYCLES 9007199254740992.0 /* 2^53 */

struct table_reader {
	const struct hw_csv *csv;
	char *folder;
	int place[ALL]; /* -1: the table has no such column */
};

static void free_tag(gpointer tag)
{
	g_free(((struct nop_tag *)tag)->name);
}

static void free_run(gpointer data)
{
	struct nop_run *run = data;
	g_free(run->router);
	g_free(run->pattern);
	g_free(run->message_bytes);
	g_free(run->busiest);
	g_free(run->list);
	g_array_unref(run->tags);
	g_free(run);
}

static bool bad_value(const struct table_reader *r, uint32_t line, enum column column,
                      const char *allowed, const char *value, GError **error)
{
	hw_csv_fail(r->csv, line, TOOL_ERROR, TOOL_USAGE, error, "%s: must be %s, got \"%s\"",
	            COLUMN_NAMES[column], allowed, value);
	return false;
}

static bool read_whole(const struct table_reader *r, uint32_t row, enum column column, uint64_t max,
                       uint64_t *value, GError **error)
{
	const char *text = hw_csv_cell(r->csv, row, r->place[column]);
	if (hw_csv_whole(text, 1, max, value))
		return true;
	g_autofree char *allowed = g_strdup_printf("a whole number from 1 to %" G_GUINT64_FORMAT,
	                                           max);
	return bad_value(r, r->csv->lines[row], column, allowed, text, error);
}

/* Mean cycles of several measurements need not be whole. */
static bool parse_cycles(const char *text, double *cycles)
{
	return hw_csv_number(text, cycles) && *cycles >= 1 && *cycles <= MAX_CYCLES;
}

static bool has_tag(const struct nop_run *run, const char *name)
{
	for (guint t = 0; t < run->tags->len; t++)
		if (strcmp(g_array_index(run->tags, struct nop_tag, t).name, name) == 0)
			return true;
	return false;
}

/* "0:586;1:797" */
static bool read_tags(const struct table_reader *r, struct nop_run *run, const char *text,
                      GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	for (char **part = parts; *part && *text; part++) {
		double cycles = 0;
		char *colon = strrchr(*part, ':');
		if (!colon || !parse_cycles(colon + 1, &cycles))
			return bad_value(r, run->line, TAGS, "TAG:CYCLES joined by ';'", text,
			                 error);
		*colon = '\0';
		if (has_tag(run, *part))
			return bad_value(r, run->line, TAGS, "a list of tags with each once", text,
			                 error);
		struct nop_tag tag = { g_strdup(*part), cycles, NAN };
		g_array_append_val(run->tags, tag);
	}
	return true;
}

/* "64.0" and "64" are one size and name one file. */
static char *read_bytes(const char *text)
{
	uint64_t bytes;
	if (hw_csv_whole(text, 0, (uint64_t)MAX_CYCLES, &bytes))
		return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
	return g_strdup(text);
}

static bool read_names(const struct table_reader *r, struct nop_run *run, uint32_t row,
                       GError **error)
{
	run->router = g_strdup(hw_csv_cell(r->csv, row, r->place[ROUTER]));
	run->pattern = g_strdup(hw_csv_cell(r->csv, row, r->place[PATTERN]));
	run->message_bytes = read_bytes(hw_csv_cell(r->csv, row, r->place[BYTES]));
	/* They become part of a path. */
	if (!*run->pattern || strchr(run->pattern, '/'))
		return bad_value(r, run->line, PATTERN, "a name", run->pattern, error);
	if (!*run->message_bytes || strchr(run->message_bytes, '/'))
		return bad_value(r, run->line, BYTES, "a number or \"mix\"", run->message_bytes,
		                 error);
	return true;
}

static bool read_cycles(const struct table_reader *r, struct nop_run *run, uint32_t row,
                        GError **error)
{
	const char *text = hw_csv_cell(r->csv, row, r->place[CYCLES]);
	if (parse_cycles(text, &run->measured_ns))
		return true;
	return bad_value(r, run->line, CYCLES, "a number from 1 to 2^53", text, error);
}

static bool read_run(const struct table_reader *r, struct nop_run *run, uint32_t row,
                     GError **error)
{
	uint64_t columns = 0, rows = 0, messages = 0;
	if (!read_names(r, run, row, error) ||
	    !read_whole(r, row, COLUMNS_, 256, &columns, error) ||
	    !read_whole(r, row, ROWS, 256, &rows, error) || !read_cycles(r, run, row, error) ||
	    (r->place[MESSAGES] >= 0 &&
	     !read_whole(r, row, MESSAGES, UINT32_MAX, &messages, error)) ||
	    !read_tags(r, run, hw_csv_cell(r->csv, row, r->place[TAGS]), error))
		return false;
	run->columns = (unsigned)columns;
	run->rows = (unsigned)rows;
	run->messages = (uint32_t)messages;
	g_autofree char *name = g_strdup_printf("%s_%ux%u_%s.csv", run->pattern, run->columns,
	                                        run->rows, run->message_bytes);
	run->list = g_build_filename(r->folder, "traffic", name, NULL);
	return true;
}

static bool read_rows(const struct table_reader *r, const char *const *routers, GPtrArray *runs,
                      GError **error)
{
	for (uint32_t i = 0; i < r->csv->row_count; i++) {
		const char *router = hw_csv_cell(r->csv, i, r->place[ROUTER]);
		if (!*router)
			return bad_value(r, r->csv->lines[i], ROUTER, "a name", router, error);
		if (!g_strv_contains(routers, router))
			continue;
		struct nop_run *run = g_new0(struct nop_run, 1);
		run->line = r->csv->lines[i];
		run->tags = g_array_new(FALSE, FALSE, sizeof(struct nop_tag));
		g_array_set_clear_func(run->tags, free_tag);
		g_ptr_array_add(runs, run);
		if (!read_run(r, run, i, error))
			return false;
	}
	return true;
}

static bool has_runs(const GPtrArray *runs, const char *router)
{
	for (guint i = 0; i < runs->len; i++)
		if (strcmp(((struct nop_run *)runs->pdata[i])->router, router) == 0)
			return true;
	return false;
}

static bool check_routers(const struct table_reader *r, const GPtrArray *runs,
                          const char *const *routers, GError **error)
{
	for (unsigned i = 0; routers[i]; i++) {
		for (unsigned j = 0; j < i; j++)
			if (strcmp(routers[i], routers[j]) == 0) {
				g_set_error(
					error, TOOL_ERROR, TOOL_USAGE,
					"--router: must name each router once, got \"%s\" twice",
					routers[i]);
				return false;
			}
		if (!has_runs(runs, routers[i])) {
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "--router: %s has no runs of \"%s\"", r->csv->origin,
			            routers[i]);
			return false;
		}
	}
	return true;
}

GPtrArray *nop_read_runs(const char *path, const char *const *routers, GError **error)
{
	struct hw_csv *csv = hw_csv_read(path, error);
	if (!csv)
		return NULL;
	g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(free_run);
	struct table_reader r = { .csv = csv, .folder = g_path_get_dirname(path) };
	/* Other columns than ours are passed over. */
	bool good = hw_csv_columns(csv, COLUMN_NAMES, NEEDED, true, r.place, error) &&
	            read_rows(&r, routers, runs, error) && check_routers(&r, runs, routers, error);
	g_free(r.folder);
	hw_csv_free(csv);
	return good ? g_steal_pointer(&runs) : NULL;
}

/* ---- replays ---- */

struct comparison {
	const struct options *options;
	const GPtrArray *runs; /* struct nop_run * */
	GPtrArray *lists;      /* struct nop_run *: the first run of each list */
};

/* What a replay says, to travel between processes: the figures, then texts: why there are none, the
 * busiest resource; then the completion of each of the list's tags and its name. */
struct replay_figures {
	double completion_ns, bound_ns, latency_ns;
	uint32_t phases, tags;
};

static void put_answer(GString *answer, const struct hw_package *package,
                       const struct sim_messages *messages, const struct sim_replay *replay)
{
	const struct replay_figures figures = { replay->all.completion_ns, replay->all.bound_ns,
		                                replay->all.latency_ns, replay->phases,
		                                messages->tags->len };
	g_autofree char *busiest = nop_busiest(package, &replay->all);
	wire_put_text(answer, NULL);
	wire_put(answer, &figures, sizeof figures);
	wire_put_text(answer, busiest);
	for (guint t = 0; t < messages->tags->len; t++) {
		wire_put(answer, &replay->tags[t].completion_ns, sizeof(double));
		wire_put_text(answer, messages->tags->pdata[t]);
	}
}

static void note_tag(struct nop_run *run, const char *name, double replayed_ns)
{
	for (guint t = 0; t < run->tags->len; t++) {
		struct nop_tag *tag = &g_array_index(run->tags, struct nop_tag, t);
		if (strcmp(tag->name, name) == 0) {
			tag->replayed_ns = replayed_ns;
			return;
		}
	}
	struct nop_tag tag = { g_strdup(name), NAN, replayed_ns };
	g_array_append_val(run->tags, tag);
}

/* Behind the error. */
static void take_answer(struct nop_run *run, struct wire wire)
{
	struct replay_figures figures;
	wire_take(&wire, &figures, sizeof figures);
	run->replayed_ns = figures.completion_ns;
	run->bound_ns = figures.bound_ns;
	run->latency_ns = figures.latency_ns;
	run->phases = figures.phases;
	g_free(run->busiest); /* of an earlier replay */
	run->busiest = wire_take_text(&wire);
	for (uint32_t t = 0; t < figures.tags; t++) {
		double replayed_ns;
		wire_take(&wire, &replayed_ns, sizeof replayed_ns);
		g_autofree char *name = wire_take_text(&wire);
		note_tag(run, name, replayed_ns);
	}
}

bool nop_load_package(const struct options *options, const struct nop_run *run,
                      struct subject *subject, GError **error)
{
	g_autoptr(GPtrArray) set = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; options->set && options->set[i]; i++)
		g_ptr_array_add(set, g_strdup(options->set[i]));
	g_ptr_array_add(set, g_strdup_printf("grid.columns=%u", run->columns));
	g_ptr_array_add(set, g_strdup_printf("grid.rows=%u", run->rows));
	g_ptr_array_add(set, NULL);
	return subject_load(subject, options->package, NULL, (const char *const *)set->pdata,
	                    error);
}

/* Every tag that was measured in a run of the list is one of the list's. */
static bool check_tags(const struct comparison *comparison, const char *list,
                       const struct sim_messages *messages, GError **error)
{
	for (guint i = 0; i < comparison->runs->len; i++) {
		const struct nop_run *run = comparison->runs->pdata[i];
		for (guint t = 0; strcmp(run->list, list) == 0 && t < run->tags->len; t++) {
			const char *name = g_array_index(run->tags, struct nop_tag, t).name;
			if (g_ptr_array_find_with_equal_func(messages->tags, name, g_str_equal,
			                                     NULL))
				continue;
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "%s:%u: tag_completion: must name tags of %s, got \"%s\"",
			            comparison->options->truth, run->line, list, name);
			return false;
		}
	}
	return true;
}

static bool replay_run(const struct comparison *comparison, const struct nop_run *run,
                       GString *answer, GError **error)
{
	const struct options *options = comparison->options;
	struct subject subject;
	const struct sim_replay_options how = { .simgrid = false };
	if (!nop_load_package(options, run, &subject, error))
		return false;
	struct sim_messages *messages = sim_messages_read(run->list, subject.package, error);
	struct sim_replay *replay = NULL;
	if (messages && run->messages && run->messages != messages->count)
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "%s: must have %u messages as in the table of runs, has %u", run->list,
		            run->messages, messages->count);
	else if (messages && check_tags(comparison, run->list, messages, error))
		replay = sim_replay(subject.package, messages, &how, error);
	if (replay)
		put_answer(answer, subject.package, messages, replay);
	bool good = replay != NULL;
	sim_replay_free(replay);
	sim_messages_free(messages);
	subject_release(&subject);
	return good;
}

static void replay_in_child(void *data, unsigned index, GString *answer)
{
	const struct comparison *comparison = data;
	g_autoptr(GError) error = NULL;
	if (!replay_run(comparison, comparison->lists->pdata[index], answer, &error))
		wire_put_text(answer, error->message);
}

/* The runs of one list differ in what was measured only. Returns, per run, which list is its. */
static GHashTable *number_lists(const GPtrArray *runs, GPtrArray *lists)
{
	GHashTable *numbers = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < runs->len; i++) {
		struct nop_run *run = runs->pdata[i];
		if (g_hash_table_contains(numbers, run->list))
			continue;
		g_hash_table_insert(numbers, run->list, GUINT_TO_POINTER(lists->len));
		g_ptr_array_add(lists, run);
	}
	return numbers;
}

static bool take_answers(GPtrArray *runs, GHashTable *numbers, GString **answers, char **errors,
                         GError **error)
{
	for (guint i = 0; i < runs->len; i++) {
		struct nop_run *run = runs->pdata[i];
		guint list = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, run->list));
		struct wire wire = answers[list] ? wire_open(answers[list])
		                                 : (struct wire){ NULL, NULL };
		g_autofree char *failed = answers[list] ? wire_take_text(&wire) : NULL;
		if (answers[list] && !failed) {
			take_answer(run, wire);
			continue;
		}
		if (failed)
			g_set_error_literal(error, TOOL_ERROR, TOOL_USAGE, failed);
		else
			g_set_error(error, TOOL_ERROR, TOOL_FAILED, "%s: %s", run->list,
			            errors[list]);
		return false;
	}
	return true;
}

bool nop_replay_runs(GPtrArray *runs, const struct options *options, GError **error)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GHashTable) numbers = number_lists(runs, lists);
	struct comparison comparison = { options, runs, lists };
	const struct workers workers = { .count = lists->len,
		                         .jobs = options->jobs,
		                         .work = replay_in_child,
		                         .data = &comparison };
	g_autofree GString **answers = g_new0(GString *, lists->len);
	g_autofree char **errors = g_new0(char *, lists->len);
	workers_run(&workers, answers, errors);
	bool good = take_answers(runs, numbers, answers, errors, error);
	for (guint i = 0; i < lists->len; i++) {
		if (answers[i])
			g_string_free(answers[i], TRUE);
		g_free(errors[i]);
	}
	return good;
}

/*
 * mcmsim calibrate nop: fit what routers lose (keys of the package's NoP) to measured runs of
 * message lists. Invariant: the fit sees runs of some meshes only; all of them are then replayed
 * through the engine, as mcmsim nop does, and judged there.
 */
#include <math.h>
#include <string.h>

#include "hw/base/json.h"
#include "search/calibration/calibration_fit.h"
#include "hw/base/statistics.h"
#include "tools/text/json_writer.h"
#include "tools/calibrate/nop.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"
#include "tools/calibrate/calibrate.h"

#define LONG_NS 1000.0 /* below, a few cycles are percents (nop_truth_print.c) */

static const struct key {
	const char *name;
	double low, high;
} keys[] = {
	/* as struct map_router_law */
	{ "router_conflict", 0, 1 },
	{ "router_blocking", 0, 1 },
	{ "injection_blocking", 0, 1 },
};
enum { KEYS_ = G_N_ELEMENTS(keys) };

/* One phase of a training mesh. */
struct list {
	const struct nop_run *run;
	struct map_network *network; /* of its mesh */
	struct map_phase phase;
	bool left_out;
};

struct mesh {
	struct subject subject;
	unsigned columns, rows;
	struct map_network network;
};

struct nop_fit {
	const struct options *options;
	GPtrArray *runs;   /* struct nop_run */
	GPtrArray *meshes; /* struct mesh: to fit to */
	GArray *lists;     /* struct list */
	double before[KEYS_], value[KEYS_], uncertainty[KEYS_];
};

/* ---- the function to make small ---- */

static double value_of(const double *x, unsigned k)
{
	return keys[k].low + x[k] * (keys[k].high - keys[k].low);
}

static void set_keys(const struct nop_fit *fit, const double *x)
{
	const struct map_router_law law = { value_of(x, 0), value_of(x, 1), value_of(x, 2) };
	for (guint m = 0; m < fit->meshes->len; m++) {
		struct mesh *mesh = fit->meshes->pdata[m];
		mesh->network.routers.law = law;
	}
}

static double loss(void *data, const double *x)
{
	struct nop_fit *fit = data;
	double sum = 0;
	unsigned count = 0;
	set_keys(fit, x);
	for (guint i = 0; i < fit->lists->len; i++) {
		struct list *list = &g_array_index(fit->lists, struct list, i);
		if (list->left_out)
			continue;
		sum += cal_error_loss(map_phase_ns(list->network, &list->phase),
		                      list->run->measured_ns);
		count++;
	}
	return sum / count;
}

/* ---- what to fit to ---- */

static bool parse_mesh(const char *text, unsigned *columns, unsigned *rows)
{
	uint64_t x, y;
	g_auto(GStrv) parts = g_strsplit(text, "x", -1);
	if (g_strv_length(parts) != 2 ||
	    !g_ascii_string_to_unsigned(parts[0], 10, 1, 256, &x, NULL) ||
	    !g_ascii_string_to_unsigned(parts[1], 10, 1, 256, &y, NULL))
		return false;
	*columns = (unsigned)x;
	*rows = (unsigned)y;
	return true;
}

static void free_mesh(gpointer data)
{
	struct mesh *mesh = data;
	map_network_release(&mesh->network);
	subject_release(&mesh->subject);
	g_free(mesh);
}

static struct mesh *mesh_of(const struct nop_fit *fit, const struct nop_run *run)
{
	for (guint m = 0; m < fit->meshes->len; m++) {
		struct mesh *mesh = fit->meshes->pdata[m];
		if (mesh->columns == run->columns && mesh->rows == run->rows)
			return mesh;
	}
	return NULL;
}

static bool add_mesh(struct nop_fit *fit, const char *text, GError **error)
{
	struct subject subject;
	struct nop_run like = { .columns = 0 };
	if (!parse_mesh(text, &like.columns, &like.rows) || mesh_of(fit, &like)) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--fit-mesh: must be COLUMNSxROWS with commas between them, each once, "
		            "got \"%s\"",
		            text);
		return false;
	}
	if (!nop_load_package(fit->options, &like, &subject, error))
		return false;
	struct mesh *mesh = g_new0(struct mesh, 1);
	mesh->subject = subject;
	mesh->columns = like.columns;
	mesh->rows = like.rows;
	map_network_init(&mesh->network, mesh->subject.package);
	const struct map_router_law *law = &mesh->network.routers.law;
	const double before[KEYS_] = { law->conflict, law->blocking, law->injection_blocking };
	memcpy(fit->before, before, sizeof before);
	g_ptr_array_add(fit->meshes, mesh);
	return true;
}

/* A list whose messages all go at once, of whatever tags: routers see one phase. Others have phases
 * that depend on each other. */
static bool is_one_phase(const struct sim_messages *messages)
{
	bool one = true;
	for (uint32_t m = 0; one && m < messages->count; m++)
		one = messages->at[m].dep_count == 0 &&
		      !(messages->at[m].start_ns > messages->at[0].start_ns) &&
		      !(messages->at[m].start_ns < messages->at[0].start_ns);
	return one;
}

static bool add_list(struct nop_fit *fit, const struct nop_run *run, struct mesh *mesh,
                     GError **error)
{
	struct sim_messages *messages = sim_messages_read(run->list, mesh->subject.package, error);
	if (!messages)
		return false;
	if (is_one_phase(messages)) {
		struct list list = { .run = run, .network = &mesh->network };
		map_phase_init(&list.phase, mesh->subject.package);
		map_phase_count_turns(&list.phase, mesh->subject.package);
		for (uint32_t m = 0; m < messages->count; m++)
			map_send(&mesh->network, &list.phase, messages->at[m].src,
			         &messages->at[m].dst, 1, messages->at[m].bytes);
		g_array_append_val(fit->lists, list);
	}
	sim_messages_free(messages);
	return true;
}

static bool add_lists(struct nop_fit *fit, GError **error)
{
	for (guint i = 0; i < fit->runs->len; i++) {
		const struct nop_run *run = fit->runs->pdata[i];
		struct mesh *mesh = mesh_of(fit, run);
		if (mesh && run->measured_ns >= LONG_NS && !add_list(fit, run, mesh, error))
			return false;
	}
	if (fit->lists->len >= CAL_SAMPLES_PER_PARAMETER * KEYS_)
		return true;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--truth: %s: has %u runs of %g ns and more on the meshes to fit to, whose "
	            "messages go all at once; %u keys need at least %u",
	            fit->options->truth, fit->lists->len, LONG_NS, (unsigned)KEYS_,
	            CAL_SAMPLES_PER_PARAMETER * (unsigned)KEYS_);
	return false;
}

static bool collect(struct nop_fit *fit, const char *const *routers, GError **error)
{
	const char *names = fit->options->fit_mesh ? fit->options->fit_mesh : "4x4,6x6";
	g_auto(GStrv) meshes = g_strsplit(names, ",", -1);
	fit->runs = nop_read_runs(fit->options->truth, routers, error);
	if (!fit->runs)
		return false;
	for (unsigned i = 0; meshes[i]; i++)
		if (!add_mesh(fit, meshes[i], error))
			return false;
	return add_lists(fit, error);
}

/* ---- the fit ---- */

/* The jackknife's standard deviation, a pattern left out at a time. */
static void find_uncertainty(struct nop_fit *fit, const double *best)
{
	g_autoptr(GPtrArray) patterns = g_ptr_array_new();
	for (guint i = 0; i < fit->lists->len; i++) {
		char *pattern = g_array_index(fit->lists, struct list, i).run->pattern;
		if (!g_ptr_array_find_with_equal_func(patterns, pattern, g_str_equal, NULL))
			g_ptr_array_add(patterns, pattern);
	}
	unsigned n = patterns->len;
	g_autofree double *found = g_new(double, KEYS_ *n); /* [key * n + pattern] */
	for (unsigned p = 0; p < n && n > 1; p++) {
		double x[KEYS_];
		memcpy(x, best, sizeof x);
		for (guint i = 0; i < fit->lists->len; i++) {
			struct list *list = &g_array_index(fit->lists, struct list, i);
			list->left_out = strcmp(list->run->pattern, patterns->pdata[p]) == 0;
		}
		cal_descend(KEYS_, loss, fit, x);
		for (unsigned k = 0; k < KEYS_; k++)
			found[k * n + p] = x[k];
	}
	for (unsigned k = 0; k < KEYS_ && n > 1; k++)
		fit->uncertainty[k] = search_jackknife(&found[k * n], n) *
		                      (keys[k].high - keys[k].low);
}

/* Four digits: what is printed is what was judged. */
static void fit_keys(struct nop_fit *fit)
{
	double start[KEYS_], best[KEYS_];
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	for (unsigned k = 0; k < KEYS_; k++)
		start[k] = CLAMP((fit->before[k] - keys[k].low) / (keys[k].high - keys[k].low), 0,
		                 1);
	cal_minimise(KEYS_, loss, fit, start, best);
	find_uncertainty(fit, best);
	for (unsigned k = 0; k < KEYS_; k++) {
		double value = value_of(best, k);
		g_ascii_formatd(digits, sizeof digits, "%.4g", value);
		fit->value[k] = g_ascii_strtod(digits, NULL);
	}
}

/* ---- judging ---- */

/* Runs of training meshes and others, long and short ones, before and after. */
struct judgement {
	struct search_errors errors[2][2][2]; /* [after][other mesh][short] */
};

static void judge(const struct nop_fit *fit, unsigned after, struct judgement *judgement)
{
	g_autofree double *errors = g_new(double, fit->runs->len);
	for (unsigned other = 0; other < 2; other++)
		for (unsigned is_short = 0; is_short < 2; is_short++) {
			unsigned count = 0;
			for (guint i = 0; i < fit->runs->len; i++) {
				const struct nop_run *run = fit->runs->pdata[i];
				if ((mesh_of(fit, run) == NULL) == other &&
				    (run->measured_ns < LONG_NS) == is_short)
					errors[count++] = nop_error_percent(run->replayed_ns,
					                                    run->measured_ns);
			}
			judgement->errors[after][other][is_short] = search_errors(errors, count);
		}
}

/* "nop.router_conflict=0.6". Caller frees. */
static char *assignment(const struct nop_fit *fit, unsigned k)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	return g_strdup_printf("nop.%s=%s", keys[k].name,
	                       g_ascii_formatd(digits, sizeof digits, "%.4g", fit->value[k]));
}

static bool replay_after(struct nop_fit *fit, GError **error)
{
	g_autoptr(GPtrArray) set = g_ptr_array_new_with_free_func(g_free);
	struct options options = *fit->options;
	for (unsigned i = 0; options.set && options.set[i]; i++)
		g_ptr_array_add(set, g_strdup(options.set[i]));
	for (unsigned k = 0; k < KEYS_; k++)
		g_ptr_array_add(set, assignment(fit, k));
	g_ptr_array_add(set, NULL);
	options.set = (const char *const *)set->pdata;
	return nop_replay_runs(fit->runs, &options, error);
}

/* ---- output ---- */

static const char *const SETS[] = { "meshes fitted to", "other meshes" };
static const char *const LENGTHS[] = { "1000 ns and more", "shorter" };

static void write_errors(struct json_writer *w, const struct judgement *judgement)
{
	json_begin_array(w, "error_percent", JSON_LINES);
	for (unsigned other = 0; other < 2; other++)
		for (unsigned is_short = 0; is_short < 2; is_short++) {
			json_begin_object(w, NULL, JSON_LINES);
			json_string(w, "runs_of", SETS[other]);
			json_string(w, "length", LENGTHS[is_short]);
			for (unsigned after = 0; after < 2; after++) {
				const struct search_errors *e =
					&judgement->errors[after][other][is_short];
				json_begin_object(w, after ? "after" : "before", JSON_ONE_LINE);
				json_integer(w, "runs", e->count);
				json_number(w, "mean_abs", e->mean_abs);
				json_number(w, "worst", e->worst);
				json_number(w, "bias", e->bias);
				json_end_object(w);
			}
			json_end_object(w);
		}
	json_end_array(w);
}

static char *json_text(const struct nop_fit *fit, const char *router,
                       const struct judgement *judgement)
{
	struct json_writer w;
	const struct made_by made_by = { .options = fit->options, .simulated = true };
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "format", "mcmsim-nop-calibration/1");
	made_by_write(&w, &made_by);
	json_string(&w, "router", router);
	json_integer(&w, "lists_fitted_to", fit->lists->len);
	json_begin_object(&w, "nop", JSON_LINES);
	for (unsigned k = 0; k < KEYS_; k++)
		json_number(&w, keys[k].name, fit->value[k]);
	json_end_object(&w);
	json_begin_object(&w, "uncertainty", JSON_LINES);
	for (unsigned k = 0; k < KEYS_; k++)
		json_number(&w, keys[k].name, fit->uncertainty[k]);
	json_end_object(&w);
	write_errors(&w, judgement);
	json_end_object(&w);
	return json_finish(&w);
}

static void print_errors(const struct judgement *judgement, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "runs of", "", TABLE_LEFT },    { "", "", TABLE_LEFT },
		{ "runs", "", TABLE_RIGHT },      { "mean |e|", "%", TABLE_RIGHT },
		{ "worst", "%", TABLE_RIGHT },    { "bias", "%", TABLE_RIGHT },
		{ "mean |e|", "%", TABLE_RIGHT }, { "worst", "%", TABLE_RIGHT },
		{ "bias", "%", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 2, "" }, { 3, "before" }, { 6, "after" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.key_count = 2;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned other = 0; other < 2; other++)
		for (unsigned is_short = 0; is_short < 2; is_short++) {
			table_add(&table, "%s", SETS[other]);
			table_add(&table, "%s", LENGTHS[is_short]);
			table_add(&table, "%u", judgement->errors[0][other][is_short].count);
			for (unsigned after = 0; after < 2; after++) {
				const struct search_errors *e =
					&judgement->errors[after][other][is_short];
				table_add_number(&table, "%.2f", e->mean_abs);
				table_add_number(&table, "%+.2f", e->worst);
				table_add_number(&table, "%+.2f", e->bias);
			}
		}
	table_finish(&table, out);
}

static void print_text(const struct nop_fit *fit, const struct judgement *judgement, GString *out)
{
	const unsigned width = fit->options->width;
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	print_errors(judgement, width, out);
	g_string_append_c(out, '\n');
	for (unsigned k = 0; k < KEYS_; k++) {
		g_autofree char *text = assignment(fit, k);
		g_string_append_printf(
			out, "--set %s   (+- %s)\n", text,
			g_ascii_formatd(digits, sizeof digits, "%.2g", fit->uncertainty[k]));
	}
	if (!fit->options->quiet)
		wrap_printf(
			out, width, 0,
			"\nErrors are (replayed - measured) / measured completion, of the "
			"package's "
			"keys before and of these. Fitted to %u lists whose messages go all at "
			"once; "
			"+-: the jackknife's standard deviation, a pattern left out at a time.\n",
			fit->lists->len);
}

static void release(struct nop_fit *fit)
{
	for (guint i = 0; i < fit->lists->len; i++)
		map_phase_release(&g_array_index(fit->lists, struct list, i).phase);
	g_array_unref(fit->lists);
	g_ptr_array_unref(fit->meshes);
	if (fit->runs)
		g_ptr_array_unref(fit->runs);
}

static enum tool_status fit_and_print(struct nop_fit *fit, const char *const *routers, GString *out,
                                      GError **error)
{
	struct judgement judgement;
	if (!collect(fit, routers, error) || !nop_replay_runs(fit->runs, fit->options, error))
		return TOOL_USAGE;
	judge(fit, 0, &judgement);
	fit_keys(fit);
	if (!replay_after(fit, error))
		return TOOL_FAILED;
	judge(fit, 1, &judgement);
	g_autofree char *json = json_text(fit, routers[0], &judgement);
	if (fit->options->out && !hw_write_file(fit->options->out, json, strlen(json), error))
		return TOOL_FAILED;
	if (fit->options->json)
		g_string_append(out, json);
	else
		print_text(fit, &judgement, out);
	return TOOL_OK;
}

enum tool_status calibrate_nop(const struct options *given, GString *out, GError **error)
{
	struct options options = *given;
	options.package = options.package ? options.package : "nop-base";
	const char *const routers[] = { options.router ? options.router : "base", NULL };
	struct nop_fit fit = { .options = &options,
		               .meshes = g_ptr_array_new_with_free_func(free_mesh),
		               .lists = g_array_new(FALSE, FALSE, sizeof(struct list)) };
	enum tool_status status = fit_and_print(&fit, routers, out, error);
	release(&fit);
	return status;
}

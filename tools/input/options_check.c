/* Invariant: a message names the option, what it must be, and the value that it got. */
#include "tools/input/options_text.h"
#include "tools/text/closest.h"

#include <math.h>
#include <string.h>

#define MAX_SAMPLES (1u << 20) /* as in mapping files */
#define MAX_TILES (1u << 20)
#define MAX_JOBS 1024
#define MAX_DRAWN 1000000
#define MAX_REFINED 10000

static bool check_integer(const char *option, const char *text, uint64_t min, uint64_t max,
                          uint64_t *value, GError **error)
{
	if (!text || g_ascii_string_to_unsigned(text, 10, min, max, value, NULL))
		return true;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--%s: must be a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
	            ", got \"%s\"",
	            option, min, max, text);
	return false;
}

static bool check_count(const char *option, const char *text, unsigned max, unsigned *value,
                        GError **error)
{
	uint64_t number = *value;
	if (!check_integer(option, text, 1, max, &number, error))
		return false;
	*value = (unsigned)number;
	return true;
}

/* More than there are processors would only take turns on them. */
static bool check_jobs(const char *text, unsigned *jobs, GError **error)
{
	const unsigned processors = CLAMP(g_get_num_processors(), 1, MAX_JOBS);
	*jobs = processors;
	if (!check_count("jobs", text, MAX_JOBS, jobs, error))
		return false;
	*jobs = MIN(*jobs, processors);
	return true;
}

static char *join_names(const char *const *names, unsigned count)
{
	GString *known = g_string_new(NULL);
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(known, "%s%s", i ? ", " : "", names[i]);
	return g_string_free(known, FALSE);
}

/* The index of `text` among `count` names; the error lists them. */
static bool check_name(const char *option, const char *text, const char *const *names,
                       unsigned count, unsigned *value, GError **error)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(text, names[i]) == 0) {
			*value = i;
			return true;
		}
	g_autofree char *known = join_names(names, count);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	for (unsigned i = 0; i < count; i++)
		g_ptr_array_add(words, (gpointer)names[i]);
	g_ptr_array_add(words, NULL);
	g_autofree char *meant = did_you_mean(text, (const char *const *)words->pdata);
	g_set_error(error, TOOL_ERROR, TOOL_USAGE, "--%s: must be one of %s, got \"%s\"%s", option,
	            known, text, meant);
	return false;
}

/* One name of --strategy; exhaustive comes last, if the command takes it. */
static bool check_strategy(const char *name, bool takes_exhaustive, unsigned *strategy,
                           GError **error)
{
	const char *names[SEARCH_STRATEGIES + 1];
	for (unsigned i = 0; i < SEARCH_STRATEGIES; i++)
		names[i] = search_strategy_name((enum search_strategy)i);
	names[SEARCH_STRATEGIES] = "exhaustive";
	return check_name("strategy", name, names, SEARCH_STRATEGIES + takes_exhaustive, strategy,
	                  error);
}

static bool check_strategies(const struct options_text *text, struct options *options,
                             GError **error)
{
	const char *given = text->strategy ? text->strategy : "scope";
	g_auto(GStrv) parts = g_strsplit(given, ",", -1);
	unsigned strategy = 0;
	if (!parts[0]) /* an empty text has no parts */
		return check_strategy("", text->takes_space, &strategy, error);
	for (unsigned i = 0; parts[i]; i++) {
		if (!check_strategy(parts[i], text->takes_space, &strategy, error))
			return false;
		if (strategy == SEARCH_STRATEGIES) {
			options->exhaustive = true;
			continue;
		}
		for (unsigned j = 0; j < options->strategy_count; j++)
			if (options->strategies[j] == strategy) {
				g_set_error(error, TOOL_ERROR, TOOL_USAGE,
				            "--strategy: must name each strategy once, got \"%s\" "
				            "twice",
				            parts[i]);
				return false;
			}
		options->strategies[options->strategy_count++] = (enum search_strategy)strategy;
	}
	if (!options->exhaustive || !parts[1])
		return true;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--strategy: exhaustive must stand alone, got \"%s\"", given);
	return false;
}

/* The space of --strategy exhaustive becomes its one strategy. */
static bool check_space(const struct options_text *text, struct options *options, GError **error)
{
	enum { FIRST = SEARCH_PIPELINE, COUNT = SEARCH_BEST + 1 - FIRST };
	const char *names[COUNT];
	unsigned space = 0;
	if (!options->exhaustive && !text->space)
		return true;
	if (!options->exhaustive) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--space: goes with --strategy exhaustive only, got \"%s\"",
		            text->space);
		return false;
	}
	for (unsigned i = 0; i < COUNT; i++)
		names[i] = search_strategy_name((enum search_strategy)(FIRST + i));
	if (!text->space) {
		g_autofree char *known = join_names(names, COUNT);
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--strategy exhaustive: --space is missing (what to try all mappings "
		            "of: one of %s)",
		            known);
		return false;
	}
	if (!check_name("space", text->space, names, COUNT, &space, error))
		return false;
	options->strategies[0] = (enum search_strategy)(FIRST + space);
	options->strategy_count = 1;
	return true;
}

static bool check_objective(const char *text, struct options *options, GError **error)
{
	const char *names[SEARCH_OBJECTIVES];
	unsigned objective = SEARCH_LATENCY;
	for (unsigned i = 0; i < SEARCH_OBJECTIVES; i++)
		names[i] = search_objective_name((enum search_objective)i);
	if (text && !check_name("objective", text, names, SEARCH_OBJECTIVES, &objective, error))
		return false;
	options->objective = (enum search_objective)objective;
	return true;
}

/* A time with or without a suffix; false if it is not one. */
static bool parse_time(const char *text, double *time_ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = { { "", 1 }, { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	size_t length = strspn(text, "0123456789.");
	char *end;
	g_autofree char *digits = g_strndup(text, length);
	double number = g_ascii_strtod(digits, &end);
	if (!length || *end)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(units); i++)
		if (strcmp(text + length, units[i].suffix) == 0) {
			*time_ns = number * units[i].ns;
			return true;
		}
	return false;
}

bool parse_window(const char *text, double *from_ns, double *to_ns)
{
	g_auto(GStrv) ends = g_strsplit(text, ":", -1);
	*from_ns = 0;
	*to_ns = INFINITY;
	return g_strv_length(ends) == 2 && (!*ends[0] || parse_time(ends[0], from_ns)) &&
	       (!*ends[1] || parse_time(ends[1], to_ns)) && *from_ns < *to_ns;
}

static bool check_samples(const struct options_text *text, struct options *options, GError **error)
{
	uint64_t sample = 0;
	options->samples = text->batch_list ? OPTION_DEFAULT_CALIBRATION_SAMPLES
	                                    : OPTION_DEFAULT_SAMPLES;
	if (!check_count("samples", text->samples, MAX_DRAWN, &options->samples, error) ||
	    !check_integer("sample", text->sample, 0, MAX_DRAWN, &sample, error))
		return false;
	options->sample = text->sample ? (int)sample : -1;
	return true;
}

static bool check_draws(const struct options_text *text, struct options *options, GError **error)
{
	static const char *const names[] = { "any", "searched" };
	unsigned within = 0;
	options->draws = OPTION_DEFAULT_DRAWS;
	if (!check_count("draws", text->draws, MAX_DRAWN, &options->draws, error) ||
	    (text->segments &&
	     !check_name("segments", text->segments, names, G_N_ELEMENTS(names), &within, error)))
		return false;
	options->rank_within = within == 1;
	return true;
}

static bool check_window(const char *option, const char *text, struct options *options,
                         GError **error)
{
	if (parse_window(text ? text : ":", &options->trace_from_ns, &options->trace_to_ns))
		return true;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--%s: must be FROM:TO with FROM < TO, in ns or with ns, us, ms or s, got "
	            "\"%s\"",
	            option, text);
	return false;
}

static bool check_trace(const struct options_text *text, struct options *options, GError **error)
{
	static const char *const levels[] = { [SIM_TRACE_NONE] = "none",
		                              [SIM_TRACE_CLUSTER] = "cluster",
		                              [SIM_TRACE_CHIPLET] = "chiplet",
		                              [SIM_TRACE_LINK] = "link",
		                              [SIM_TRACE_AUTO] = "auto" };
	unsigned level = SIM_TRACE_AUTO;
	if (text->trace_level && !check_name("trace-level", text->trace_level, levels,
	                                     G_N_ELEMENTS(levels), &level, error))
		return false;
	options->trace_level = (enum sim_trace_level)level;
	if (!check_window("trace-window", text->trace_window, options, error))
		return false;
	if (!text->trace_window || (options->out && level != SIM_TRACE_NONE))
		return true;
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "--trace-window: is of the timelines in the folder of --out; there are none");
	return false;
}

/* A whole number between two, or 0 if there is none. */
static bool check_px(const char *option, const char *text, uint64_t min, uint64_t max,
                     unsigned *value, GError **error)
{
	uint64_t number = 0;
	if (text && !check_integer(option, text, min, max, &number, error))
		return false;
	*value = (unsigned)number;
	return true;
}

/* Of mcmsim trace. */
static bool check_conversion(const struct options_text *text, struct options *options,
                             GError **error)
{
	static const char *const levels[] = { [TRACE_SEGMENT] = "segment",
		                              [TRACE_CLUSTER] = "cluster",
		                              [TRACE_CHIPLET] = "chiplet",
		                              [TRACE_LINK] = "link" };
	static const char *const units[] = { "ns", "cycle" };
	unsigned level = TRACE_LINK, unit = 0;
	if ((text->level &&
	     !check_name("level", text->level, levels, G_N_ELEMENTS(levels), &level, error)) ||
	    (text->time_unit &&
	     !check_name("time-unit", text->time_unit, units, G_N_ELEMENTS(units), &unit, error)))
		return false;
	options->level = (enum trace_level)level;
	options->cycles = unit > 0;
	return check_px("width", text->width, 300, 10000, &options->width_px, error) &&
	       check_px("font-size", text->font_size, 6, 40, &options->font_px, error) &&
	       (!text->window || check_window("window", text->window, options, error));
}

/* A path as it may be written: "$.grid.rows", ".grid.rows" and "grid.rows" are one. */
static const char *path_of(const char *assignment, size_t *length)
{
	const char *path = assignment + (*assignment == '$');
	path += *path == '.';
	*length = strcspn(path, "=");
	return path;
}

/* Of two values of one key, which is meant? */
static bool check_set(char *const *set, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; set && set[i]; i++) {
		size_t length;
		const char *path = path_of(set[i], &length);
		char *key = g_strndup(path, length);
		const char *before = g_hash_table_lookup(seen, key);
		if (before) {
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "--set: must set each value once, got \"%s\" and \"%s\"",
			            before, set[i]);
			g_free(key);
			return false;
		}
		g_hash_table_insert(seen, key, set[i]);
	}
	return true;
}

/* "16" or "4,64": a list for the command that takes one, its first value for all others. */
static bool check_batches(const struct options_text *text, struct options *options, GError **error)
{
	bool list = text->batch_list;
	const char *given = text->batch ? text->batch : OPTION_DEFAULT_BATCHES;
	g_auto(GStrv) parts = list ? g_strsplit(given, ",", -1) : NULL;
	if (!list)
		return check_count("batch", text->batch, MAX_SAMPLES, &options->batch, error);
	if (!parts[0] || g_strv_length(parts) > OPTION_MOST_BATCHES) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--batch: must be 1 to %d whole numbers with commas between them, got "
		            "\"%s\"",
		            OPTION_MOST_BATCHES, given);
		return false;
	}
	for (unsigned i = 0; parts[i]; i++) {
		unsigned *batch = &options->batches[options->batch_count++];
		if (!check_count("batch", parts[i], MAX_SAMPLES, batch, error))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (options->batches[j] == *batch) {
				g_set_error(error, TOOL_ERROR, TOOL_USAGE,
				            "--batch: must name each batch once, got %u twice",
				            *batch);
				return false;
			}
	}
	return true;
}

bool options_check(const struct options_text *text, struct options *options, GError **error)
{
	static const char *const none[] = { NULL };
	options->set = (const char *const *)text->set;
	options->arguments = text->arguments ? (const char *const *)text->arguments : none;
	options->batch = OPTION_DEFAULT_BATCH;
	options->objective_given = text->objective != NULL;
	options->batch_given = text->batch != NULL;
	options->strategy_given = text->strategy != NULL;
	options->tiles = OPTION_DEFAULT_TILES;
	options->seed = 1;
	return check_set(text->set, error) && check_strategies(text, options, error) &&
	       check_space(text, options, error) &&
	       check_objective(text->objective, options, error) &&
	       check_batches(text, options, error) &&
	       check_count("tiles", text->tiles, MAX_TILES, &options->tiles, error) &&
	       check_jobs(text->jobs, &options->jobs, error) &&
	       check_count("refine", text->refine, MAX_REFINED, &options->refine, error) &&
	       check_integer("seed", text->seed, 0, UINT64_MAX, &options->seed, error) &&
	       check_samples(text, options, error) && check_draws(text, options, error) &&
	       check_trace(text, options, error) && check_conversion(text, options, error);
}

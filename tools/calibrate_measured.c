/*
 * Samples from a file of measured latencies. Invariant: what is wrong with a row is reported with
 * file, line, column, value and what is allowed.
 */
#include <math.h>
#include <string.h>

#include "tools/calibrate.h"

enum column { MAPPING, WORKLOAD, PACKAGE, LATENCY, NEEDED, WEIGHT = NEEDED, COLUMNS_ };
static const char *const COLUMN_NAMES[COLUMNS_] = { "mapping", "workload", "package", "latency_ns",
	                                            "weight" };

struct calibrate_measured {
	const char *path;
	char *folder;
	int place[COLUMNS_]; /* -1: no such column */
	unsigned width;
	GPtrArray *subjects;  /* struct subject *, per pair */
	GPtrArray *workloads; /* char *: as given, different ones */
	GPtrArray *packages;
};

static void free_subject(gpointer subject)
{
	subject_release(subject);
	g_free(subject);
}

static bool fail(const struct calibrate_measured *m, unsigned line, enum column column,
                 const char *allowed, const char *value, GError **error)
{
	g_set_error(error, TOOL_ERROR, TOOL_USAGE, "%s:%u: %s: must be %s, got \"%s\"", m->path,
	            line, COLUMN_NAMES[column], allowed, value);
	return false;
}

static bool read_header(struct calibrate_measured *m, char *line, GError **error)
{
	g_auto(GStrv) names = g_strsplit(g_strstrip(line), ",", -1);
	m->width = g_strv_length(names);
	for (int c = 0; c < COLUMNS_; c++)
		m->place[c] = -1;
	for (unsigned i = 0; i < m->width; i++) {
		int c = 0;
		while (c < COLUMNS_ && strcmp(g_strstrip(names[i]), COLUMN_NAMES[c]) != 0)
			c++;
		if (c < COLUMNS_ && m->place[c] < 0) {
			m->place[c] = (int)i;
			continue;
		}
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "%s:1: must have the columns mapping, workload, package, latency_ns "
		            "and perhaps weight, each once, got \"%s\"",
		            m->path, names[i]);
		return false;
	}
	for (int c = 0; c < NEEDED; c++)
		if (m->place[c] < 0) {
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "%s:1: needs a column \"%s\" (mapping, workload, package, "
			            "latency_ns; weight may be left out)",
			            m->path, COLUMN_NAMES[c]);
			return false;
		}
	return true;
}

/* The place of a name in a list that it joins if it is new. */
static unsigned number_of(GPtrArray *names, const char *name)
{
	for (guint i = 0; i < names->len; i++)
		if (strcmp(names->pdata[i], name) == 0)
			return i;
	g_ptr_array_add(names, g_strdup(name));
	return names->len - 1;
}

/* The pair of a row; loads it if it is new. Rows may not number more than were made room for. */
static bool find_pair(struct calibrate *c, char **cells, unsigned line, unsigned *pair,
                      GError **error)
{
	struct calibrate_measured *m = c->measured;
	unsigned w = number_of(m->workloads, cells[m->place[WORKLOAD]]);
	unsigned p = number_of(m->packages, cells[m->place[PACKAGE]]);
	for (*pair = 0; *pair < c->pair_count; ++*pair)
		if (c->pairs[*pair].workload_index == w && c->pairs[*pair].package_index == p)
			return true;
	struct subject *subject = g_new0(struct subject, 1);
	if (!subject_load(subject, cells[m->place[PACKAGE]], cells[m->place[WORKLOAD]],
	                  c->options->set, error)) {
		g_free(subject);
		g_prefix_error(error, "%s:%u: ", m->path, line);
		return false;
	}
	g_ptr_array_add(m->subjects, subject);
	c->pairs[c->pair_count++] = (struct calibrate_pair){ .workload = subject->workload->name,
		                                             .package = subject->package->name,
		                                             .subject = subject,
		                                             .workload_index = w,
		                                             .package_index = p };
	return true;
}

static bool read_positive(const struct calibrate_measured *m, unsigned line, enum column column,
                          char **cells, double *value, GError **error)
{
	const char *text = cells[m->place[column]];
	char *end;
	*value = g_ascii_strtod(text, &end);
	if (*text && !*end && isfinite(*value) && *value > 0)
		return true;
	return fail(m, line, column, "a number > 0", text, error);
}

static struct map_mapping *read_mapping(const struct calibrate_measured *m, unsigned line,
                                        const struct subject *subject, const char *name,
                                        GError **error)
{
	g_autofree char *path = g_path_is_absolute(name) ? g_strdup(name)
	                                                 : g_build_filename(m->folder, name, NULL);
	struct map_mapping *mapping = load_mapping_at(subject, path, error);
	if (!mapping)
		g_prefix_error(error, "%s:%u: mapping: ", m->path, line);
	return mapping;
}

static void hash_row(struct calibrate *c, const struct calibrate_pair *pair,
                     const struct map_mapping *mapping, const struct cal_sample *sample)
{
	char latency[G_ASCII_DTOSTR_BUF_SIZE], weight[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *json = map_to_json(mapping, pair->subject->workload,
	                                    pair->subject->package);
	g_autofree char *text = g_strdup_printf(
		"%s %s %s %s %s\n", pair->workload, pair->package,
		g_ascii_dtostr(latency, sizeof latency, sample->latency_ns),
		g_ascii_dtostr(weight, sizeof weight, sample->weight), json);
	g_checksum_update(c->data, (const guchar *)text, (gssize)strlen(text));
}

static bool read_row(struct calibrate *c, char **cells, unsigned line, GError **error)
{
	struct calibrate_measured *m = c->measured;
	struct cal_sample *sample = &c->samples[c->count];
	double latency_ns, weight = 1;
	unsigned pair;
	if (g_strv_length(cells) != m->width) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "%s:%u: must have %u values as the header has, got %u", m->path, line,
		            m->width, g_strv_length(cells));
		return false;
	}
	for (unsigned i = 0; cells[i]; i++)
		g_strstrip(cells[i]);
	if (!read_positive(m, line, LATENCY, cells, &latency_ns, error) ||
	    (m->place[WEIGHT] >= 0 && !read_positive(m, line, WEIGHT, cells, &weight, error)) ||
	    !find_pair(c, cells, line, &pair, error))
		return false;
	const struct calibrate_pair *of = &c->pairs[pair];
	struct map_mapping *mapping = read_mapping(m, line, of->subject, cells[m->place[MAPPING]],
	                                           error);
	if (!mapping)
		return false;
	g_assert(of->subject); /* find_pair has loaded it */
	struct cost_model model;
	cost_model_init(&model, of->subject->workload, of->subject->package);
	cal_sample_init(sample, &model, mapping);
	cost_model_release(&model);
	sample->latency_ns = latency_ns;
	sample->weight = weight;
	sample->workload = of->workload_index;
	sample->package = of->package_index;
	c->notes[c->count++] =
		(struct calibrate_sample){ .pair = pair, .batch = mapping->batch, .line = line };
	hash_row(c, of, mapping, sample);
	map_free(mapping);
	return true;
}

static bool read_rows(struct calibrate *c, char **lines, GError **error)
{
	unsigned most = g_strv_length(lines);
	c->pairs = g_new0(struct calibrate_pair, most);
	c->samples = g_new0(struct cal_sample, most);
	c->notes = g_new0(struct calibrate_sample, most);
	for (unsigned i = 1; lines[i]; i++) {
		g_auto(GStrv) cells = g_strsplit(g_strstrip(lines[i]), ",", -1);
		if (*lines[i] && !read_row(c, cells, i + 1, error))
			return false;
	}
	c->training_count = c->count;
	return true;
}

bool calibrate_read_measured(struct calibrate *c, GError **error)
{
	const char *path = c->options->measured;
	struct calibrate_measured *m = c->measured = g_new0(struct calibrate_measured, 1);
	g_autofree char *text = NULL;
	GError *problem = NULL;
	m->path = path;
	m->folder = g_path_get_dirname(path);
	m->subjects = g_ptr_array_new_with_free_func(free_subject);
	m->workloads = g_ptr_array_new_with_free_func(g_free);
	m->packages = g_ptr_array_new_with_free_func(g_free);
	if (!g_file_get_contents(path, &text, NULL, &problem)) {
		const char *reason = g_strrstr(problem->message, ": ");
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "--measured: %s: cannot read: %s", path,
		            reason ? reason + 2 : problem->message);
		g_error_free(problem);
		return false;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	if (!lines[0]) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE, "--measured: %s: is empty", path);
		return false;
	}
	return read_header(m, lines[0], error) && read_rows(c, lines, error);
}

void calibrate_release_measured(struct calibrate *c)
{
	struct calibrate_measured *m = c->measured;
	if (!m)
		return;
	g_free(m->folder);
	g_ptr_array_unref(m->subjects);
	g_ptr_array_unref(m->workloads);
	g_ptr_array_unref(m->packages);
	g_clear_pointer(&c->measured, g_free);
}

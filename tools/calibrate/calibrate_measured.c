/*
 * Samples from a file of measured latencies. Invariant: what is wrong with a row is reported with
 * file, line, column, value and what is allowed.
 */
#include <string.h>

#include "hw/base/csv.h"
#include "tools/calibrate/calibrate.h"

enum column { MAPPING, WORKLOAD, PACKAGE, LATENCY, NEEDED, WEIGHT = NEEDED, COLUMNS_ };
static const char *const COLUMN_NAMES[] = { "mapping",    "workload", "package",
	                                    "latency_ns", "weight",   NULL };

struct calibrate_measured {
	struct hw_csv *csv;
	char *folder;
	int place[COLUMNS_];  /* -1: no such column */
	GPtrArray *subjects;  /* struct subject *, per pair */
	GPtrArray *workloads; /* char *: as given, different ones */
	GPtrArray *packages;
};

static void free_subject(gpointer subject)
{
	subject_release(subject);
	g_free(subject);
}

static const char *cell(const struct calibrate_measured *m, uint32_t row, enum column column)
{
	return hw_csv_cell(m->csv, row, m->place[column]);
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
static bool find_pair(struct calibrate *c, uint32_t row, unsigned *pair, GError **error)
{
	struct calibrate_measured *m = c->measured;
	unsigned w = number_of(m->workloads, cell(m, row, WORKLOAD));
	unsigned p = number_of(m->packages, cell(m, row, PACKAGE));
	for (*pair = 0; *pair < c->pair_count; ++*pair)
		if (c->pairs[*pair].workload_index == w && c->pairs[*pair].package_index == p)
			return true;
	struct subject *subject = g_new0(struct subject, 1);
	if (!subject_load(subject, cell(m, row, PACKAGE), cell(m, row, WORKLOAD), c->options->set,
	                  error)) {
		g_free(subject);
		g_prefix_error(error, "%s:%u: ", m->csv->origin, m->csv->lines[row]);
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

static bool read_positive(const struct calibrate_measured *m, uint32_t row, enum column column,
                          double *value, GError **error)
{
	const char *text = cell(m, row, column);
	if (hw_csv_number(text, value) && *value > 0)
		return true;
	hw_csv_fail(m->csv, m->csv->lines[row], TOOL_ERROR, TOOL_USAGE, error,
	            "%s: must be a number > 0, got \"%s\"", COLUMN_NAMES[column], text);
	return false;
}

static struct map_mapping *read_mapping(const struct calibrate_measured *m, uint32_t row,
                                        const struct subject *subject, GError **error)
{
	const char *name = cell(m, row, MAPPING);
	g_autofree char *path = g_path_is_absolute(name) ? g_strdup(name)
	                                                 : g_build_filename(m->folder, name, NULL);
	struct map_mapping *mapping = load_mapping_at(subject, path, error);
	if (!mapping)
		g_prefix_error(error, "%s:%u: mapping: ", m->csv->origin, m->csv->lines[row]);
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

static bool read_row(struct calibrate *c, uint32_t row, GError **error)
{
	struct calibrate_measured *m = c->measured;
	struct cal_sample *sample = &c->samples[c->count];
	double latency_ns, weight = 1;
	unsigned pair;
	if (!read_positive(m, row, LATENCY, &latency_ns, error) ||
	    (m->place[WEIGHT] >= 0 && !read_positive(m, row, WEIGHT, &weight, error)) ||
	    !find_pair(c, row, &pair, error))
		return false;
	const struct calibrate_pair *of = &c->pairs[pair];
	struct map_mapping *mapping = read_mapping(m, row, of->subject, error);
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
	c->notes[c->count++] = (struct calibrate_sample){ .pair = pair,
		                                          .batch = mapping->batch,
		                                          .line = m->csv->lines[row] };
	hash_row(c, of, mapping, sample);
	map_free(mapping);
	return true;
}

static bool read_rows(struct calibrate *c, GError **error)
{
	uint32_t rows = c->measured->csv->row_count;
	c->pairs = g_new0(struct calibrate_pair, rows);
	c->samples = g_new0(struct cal_sample, rows);
	c->notes = g_new0(struct calibrate_sample, rows);
	for (uint32_t row = 0; row < rows; row++)
		if (!read_row(c, row, error))
			return false;
	c->training_count = c->count;
	return true;
}

bool calibrate_read_measured(struct calibrate *c, GError **error)
{
	const char *path = c->options->measured;
	struct calibrate_measured *m = c->measured = g_new0(struct calibrate_measured, 1);
	m->folder = g_path_get_dirname(path);
	m->subjects = g_ptr_array_new_with_free_func(free_subject);
	m->workloads = g_ptr_array_new_with_free_func(g_free);
	m->packages = g_ptr_array_new_with_free_func(g_free);
	m->csv = hw_csv_read(path, error);
	return m->csv && hw_csv_columns(m->csv, COLUMN_NAMES, NEEDED, false, m->place, error) &&
	       read_rows(c, error);
}

void calibrate_release_measured(struct calibrate *c)
{
	struct calibrate_measured *m = c->measured;
	if (!m)
		return;
	hw_csv_free(m->csv);
	g_free(m->folder);
	g_ptr_array_unref(m->subjects);
	g_ptr_array_unref(m->workloads);
	g_ptr_array_unref(m->packages);
	g_clear_pointer(&c->measured, g_free);
}

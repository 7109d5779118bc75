/* Invariant: an override reaches exactly one file; one that belongs to none is an error. */
#include "tools/input/load.h"

#include <math.h>
#include <string.h>

#include "hw/base/json.h"
#include "tools/text/closest.h"

/* One of the files that --set may change. */
struct target {
	const char *name, *presets, *what; /* name NULL: not read */
	struct hw_json_file *file;
	GPtrArray *set; /* const char *, NULL-terminated in the end */
};

/* "$.grid.columns=16" and "grid.columns=16" begin with the key "grid". */
static char *first_key(const char *assignment)
{
	const char *start = g_str_has_prefix(assignment, "$.") ? assignment + 2 : assignment;
	if (*start == '.')
		start++;
	return g_strndup(start, strcspn(start, ".[="));
}

static char *known_keys(const struct target *target)
{
	GString *text = g_string_new(NULL);
	for (const cJSON *item = target->file->root->child; item; item = item->next)
		g_string_append_printf(text, "%s%s", text->len ? ", " : "", item->string);
	return g_string_free(text, FALSE);
}

static void refuse_key(const struct target *targets, unsigned count, const char *assignment,
                       GError **error)
{
	GString *text = g_string_new(NULL);
	g_autofree char *key = first_key(assignment);
	for (unsigned i = 0; i < count; i++) {
		if (!targets[i].name)
			continue;
		g_autofree char *keys = known_keys(&targets[i]);
		g_string_append_printf(text, "; the %s %s has %s", targets[i].what,
		                       targets[i].file->origin, keys);
	}
	g_set_error(error, TOOL_ERROR, TOOL_USAGE, "--set \"%s\": nothing has a key \"%s\"%s",
	            assignment, key, text->str);
	g_string_free(text, TRUE);
}

static bool open_target(struct target *target, GError **error)
{
	if (!target->name)
		return true;
	g_autofree char *path = hw_json_locate(target->name, target->presets, target->what, error);
	target->file = path ? hw_json_open(path, error) : NULL;
	return target->file != NULL;
}

static bool deal_out(struct target *targets, unsigned count, const char *assignment, GError **error)
{
	g_autofree char *key = first_key(assignment);
	if (!strchr(assignment, '=')) {
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--set: must be KEY=VALUE like grid.columns=16, got \"%s\"",
		            assignment);
		return false;
	}
	for (unsigned i = 0; i < count; i++)
		if (targets[i].file && hw_json_has(hw_json_root(targets[i].file), key)) {
			g_ptr_array_add(targets[i].set, (gpointer)assignment);
			return true;
		}
	refuse_key(targets, count, assignment, error);
	return false;
}

/* The files are read only to see which has the key: the readers read them again. */
static bool deal_out_all(struct target *targets, unsigned count, const char *const *set,
                         GError **error)
{
	if (!set)
		return true;
	bool good = true;
	for (unsigned i = 0; i < count && good; i++)
		good = open_target(&targets[i], error);
	for (unsigned i = 0; set[i] && good; i++)
		good = deal_out(targets, count, set[i], error);
	for (unsigned i = 0; i < count; i++)
		if (targets[i].file)
			hw_json_close(targets[i].file);
	return good;
}

/* Whether there is such a file or preset; of a mistyped preset the error says which was meant. */
static bool find_file(const char *name, const char *presets, const char *what, GError **error)
{
	GError *problem = NULL;
	g_autofree char *path = name ? hw_json_locate(name, presets, what, &problem) : NULL;
	if (!problem)
		return true;
	g_autofree char *known = hw_preset_names(presets);
	g_auto(GStrv) words = g_strsplit(known, ", ", -1);
	g_autofree char *meant = did_you_mean(name, (const char *const *)words);
	g_set_error(error, problem->domain, problem->code, "%s%s", problem->message, meant);
	g_error_free(problem);
	return false;
}

bool subject_load(struct subject *subject, const char *package, const char *workload,
                  const char *const *set, GError **error)
{
	g_autoptr(GPtrArray) for_package = g_ptr_array_new();
	g_autoptr(GPtrArray) for_workload = g_ptr_array_new();
	struct target targets[] = { { package, PACKAGE_PRESETS, "package", NULL, for_package },
		                    { workload, WORKLOAD_PRESETS, "workload", NULL,
		                      for_workload } };

	*subject = (struct subject){ .parameters = cost_neutral_parameters() };
	if (!find_file(package, PACKAGE_PRESETS, "package", error) ||
	    !find_file(workload, WORKLOAD_PRESETS, "workload", error) ||
	    !deal_out_all(targets, G_N_ELEMENTS(targets), set, error))
		return false;
	g_ptr_array_add(for_package, NULL);
	g_ptr_array_add(for_workload, NULL);
	if (package)
		subject->package = hw_package_read(package, PACKAGE_PRESETS,
		                                   (const char *const *)for_package->pdata, error);
	if (package && !subject->package)
		return false;
	if (workload)
		subject->workload = wl_workload_read(workload, WORKLOAD_PRESETS,
		                                     (const char *const *)for_workload->pdata,
		                                     error);
	if (!workload || subject->workload)
		return true;
	subject_release(subject);
	return false;
}

void subject_release(struct subject *subject)
{
	hw_package_free(subject->package);
	wl_workload_free(subject->workload);
	cal_free(subject->calibration);
	*subject = (struct subject){ .parameters = cost_neutral_parameters() };
}

bool subject_calibrate(struct subject *subject, const struct options *options, GError **error)
{
	const char *path = options->calibration;
	if (!path)
		return true;
	subject->calibration = cal_read(path, error);
	if (!subject->calibration ||
	    !cal_applies(subject->calibration, path, subject->package, error))
		return false;
	subject->parameters = cal_parameters(subject->calibration);
	return true;
}

void subject_model(const struct subject *subject, struct cost_model *model)
{
	cost_model_init(model, subject->workload, subject->package);
	model->parameters = subject->parameters;
}

void subject_evaluate(const struct subject *subject, const struct map_mapping *mapping,
                      struct cost_report *report)
{
	struct cost_model model;
	subject_model(subject, &model);
	cost_evaluate(&model, mapping, report);
	cost_model_release(&model);
}

struct sim_outcome *subject_simulate(const struct subject *subject,
                                     const struct map_mapping *mapping, bool exact, GError **error)
{
	const struct sim_settings settings = { .exact = exact,
		                               .trace_level = SIM_TRACE_NONE,
		                               .trace_to_ns = INFINITY };
	return sim_simulate(subject->workload, subject->package, mapping, &settings, error);
}

struct search_options subject_search_options(const struct subject *subject,
                                             const struct options *options)
{
	return (struct search_options){ .strategy = options->strategies[0],
		                        .objective = options->objective,
		                        .batch = options->batch,
		                        .tiles = options->tiles,
		                        .jobs = options->jobs,
		                        .parameters = &subject->parameters };
}

/* The batch in the file is only the one that the mapping was made for. */
static bool set_batch(struct map_mapping *mapping, const struct options *options, GError **error)
{
	if (!options->batch_given)
		return true;
	for (unsigned s = 0; s < mapping->segment_count; s++)
		if (mapping->segments[s].microbatch > options->batch) {
			g_set_error(
				error, TOOL_ERROR, TOOL_USAGE,
				"--batch: must be at least %u, the micro-batch of segment %u of "
				"%s, got %u",
				mapping->segments[s].microbatch, s, options->mapping,
				options->batch);
			return false;
		}
	mapping->batch = options->batch;
	return true;
}

bool mapping_fits(const struct subject *subject, const struct map_mapping *mapping,
                  const char *path, GError **error)
{
	struct map_plan plan;
	struct map_scratch scratch;
	map_plan_init(&plan, mapping, subject->workload, subject->package);
	map_scratch_init(&scratch, hw_chiplet_count(subject->package));
	bool fits = map_check_buffers(&plan, &scratch, error);
	if (!fits)
		g_prefix_error(error, "%s: ", path);
	map_scratch_release(&scratch);
	map_plan_release(&plan);
	return fits;
}

struct map_mapping *load_mapping_at(const struct subject *subject, const char *path, GError **error)
{
	struct map_mapping *mapping = map_read(path, subject->workload, subject->package, error);
	if (mapping && !mapping_fits(subject, mapping, path, error))
		g_clear_pointer(&mapping, map_free);
	return mapping;
}

struct map_mapping *read_mapping_option(const struct subject *subject,
                                        const struct options *options, GError **error)
{
	struct map_mapping *mapping = map_read(options->mapping, subject->workload,
	                                       subject->package, error);
	if (mapping && !set_batch(mapping, options, error))
		g_clear_pointer(&mapping, map_free);
	return mapping;
}

struct map_mapping *load_mapping(const struct subject *subject, const struct options *options,
                                 GError **error)
{
	struct map_mapping *mapping = read_mapping_option(subject, options, error);
	if (mapping && !mapping_fits(subject, mapping, options->mapping, error))
		g_clear_pointer(&mapping, map_free);
	return mapping;
}

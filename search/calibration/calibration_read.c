/* Invariant: every key is looked at, so that the checksum of what was read is the file's. */
#include "search/calibration/calibration.h"

#include "hw/base/json.h"

#include <math.h>
#include <string.h>

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define MOST_SAMPLES (UINT64_C(1) << 30)

static struct hw_json get(struct hw_json node, const char *key, GError **error)
{
	return hw_json_get(node, key, error);
}

/* A number of either sign, or null for NaN. */
static double get_any(struct hw_json node, const char *key, GError **error)
{
	struct hw_json value = get(node, key, error);
	if (!value.item || cJSON_IsNull(value.item))
		return NAN;
	if (!cJSON_IsNumber(value.item))
		hw_json_fail(value, error, "must be a number or null");
	return value.item->valuedouble;
}

static char *get_text(struct hw_json node, const char *key, GError **error)
{
	return g_strdup(hw_json_string(get(node, key, error), error));
}

static char **get_texts(struct hw_json node, const char *key, GError **error)
{
	struct hw_json list = get(node, key, error);
	if (!hw_json_is_array(list, error))
		return NULL;
	char **texts = g_new0(char *, hw_json_size(list) + 1);
	for (unsigned i = 0; i < hw_json_size(list); i++)
		texts[i] = g_strdup(hw_json_string(hw_json_at(list, i), error));
	return texts;
}

/* ---- parameters ---- */

static void check_bounds(struct hw_json node, const struct cost_parameter_info *info,
                         const struct cal_parameter *of, GError **error)
{
	char low[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE];
	double values[] = { of->low, of->high, of->value };
	static const char *const keys[] = { "low", "high", "value" };
	for (unsigned i = 0; i < G_N_ELEMENTS(values) && !*error; i++) {
		double least = i == 2 ? of->low : info->low, most = i == 2 ? of->high : info->high;
		if (values[i] >= least && values[i] <= most)
			continue;
		g_ascii_formatd(low, sizeof low, "%g", least);
		g_ascii_formatd(high, sizeof high, "%g", most);
		struct hw_json place = get(node, keys[i], error);
		hw_json_fail(place, error, "must be from %s to %s, got %.9g", low, high, values[i]);
	}
}

static void read_parameter(struct hw_json node, const struct cost_parameter_info *info,
                           struct cal_parameter *of, GError **error)
{
	hw_json_keys(node, KEYS("value", "uncertainty", "low", "high", "fitted"), error);
	of->value = hw_json_non_negative(get(node, "value", error), error);
	of->uncertainty = hw_json_non_negative(get(node, "uncertainty", error), error);
	of->low = hw_json_non_negative(get(node, "low", error), error);
	of->high = hw_json_non_negative(get(node, "high", error), error);
	of->fitted = hw_json_bool(get(node, "fitted", error), error);
	if (!*error)
		check_bounds(node, info, of, error);
}

static void read_parameters(struct hw_json node, struct cal_calibration *calibration,
                            GError **error)
{
	const char *names[COST_PARAMETERS + 1] = { NULL };
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		names[p] = cost_parameter_infos[p].name;
	hw_json_keys(node, names, error);
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		read_parameter(get(node, names[p], error), &cost_parameter_infos[p],
		               &calibration->parameters[p], error);
}

/* ---- the rest ---- */

static void read_packages(struct hw_json node, struct cal_calibration *calibration, GError **error)
{
	if (!hw_json_is_array(node, error))
		return;
	calibration->package_count = hw_json_size(node);
	calibration->packages = g_new0(struct cal_package, calibration->package_count);
	if (!calibration->package_count)
		hw_json_fail(node, error, "must name at least one package");
	for (unsigned i = 0; i < calibration->package_count && !*error; i++) {
		struct hw_json item = hw_json_at(node, i);
		hw_json_keys(item, KEYS("name", "hash"), error);
		calibration->packages[i].name = get_text(item, "name", error);
		calibration->packages[i].hash = get_text(item, "hash", error);
	}
}

static void read_batches(struct hw_json node, struct cal_data *data, GError **error)
{
	if (!hw_json_is_array(node, error))
		return;
	data->batch_count = hw_json_size(node);
	data->batches = g_new0(unsigned, data->batch_count);
	for (unsigned i = 0; i < data->batch_count; i++)
		data->batches[i] = (unsigned)hw_json_integer(hw_json_at(node, i), 1, MOST_SAMPLES,
		                                             error);
}

static void read_data(struct hw_json node, struct cal_data *data, GError **error)
{
	static const char *const sources[] = { "simulated", "measured", NULL };
	hw_json_keys(node,
	             KEYS("source", "files", "seed", "samples_per_pair", "batches",
	                  "uncertainty_over", "hash"),
	             error);
	data->source = g_strdup(
		sources[hw_json_choice(get(node, "source", error), sources, error)]);
	data->files = get_texts(node, "files", error);
	struct hw_json seed = get(node, "seed", error);
	const char *text = hw_json_string(seed, error);
	if (text && !g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &data->seed, NULL))
		hw_json_fail(seed, error, "must be a whole number, got \"%s\"", text);
	data->samples_per_pair = (unsigned)hw_json_integer(get(node, "samples_per_pair", error), 0,
	                                                   MOST_SAMPLES, error);
	read_batches(get(node, "batches", error), data, error);
	data->uncertainty_over = get_text(node, "uncertainty_over", error);
	data->hash = get_text(node, "hash", error);
}

static void read_errors(struct hw_json node, struct cal_errors *errors, GError **error)
{
	hw_json_keys(node, KEYS("mean", "worst", "bias", "kendall_tau"), error);
	errors->mean = get_any(node, "mean", error);
	errors->worst = get_any(node, "worst", error);
	errors->bias = get_any(node, "bias", error);
	errors->kendall_tau = get_any(node, "kendall_tau", error);
}

static void read_set(struct hw_json node, struct cal_error_set *set, GError **error)
{
	hw_json_keys(node, KEYS("what", "workloads", "packages", "samples", "before", "after"),
	             error);
	set->what = get_text(node, "what", error);
	set->workloads = get_texts(node, "workloads", error);
	set->packages = get_texts(node, "packages", error);
	set->samples = (unsigned)hw_json_integer(get(node, "samples", error), 0, MOST_SAMPLES,
	                                         error);
	read_errors(get(node, "before", error), &set->before, error);
	read_errors(get(node, "after", error), &set->after, error);
}

static void read_sets(struct hw_json node, struct cal_calibration *calibration, GError **error)
{
	hw_json_keys(node, KEYS("training", "held_out"), error);
	struct hw_json held_out = get(node, "held_out", error);
	if (!hw_json_is_array(held_out, error))
		return;
	calibration->set_count = 1 + hw_json_size(held_out);
	calibration->sets = g_new0(struct cal_error_set, calibration->set_count);
	read_set(get(node, "training", error), &calibration->sets[0], error);
	for (unsigned i = 1; i < calibration->set_count; i++)
		read_set(hw_json_at(held_out, i - 1), &calibration->sets[i], error);
}

static void check_sum(struct hw_json node, struct cal_calibration *calibration, GError **error)
{
	calibration->checksum = g_strdup(hw_json_string(node, error));
	if (*error)
		return;
	g_autofree char *expected = cal_checksum(calibration);
	if (strcmp(expected, calibration->checksum) != 0)
		hw_json_fail(node, error,
		             "does not belong to the rest of the file: it was edited or cut; run "
		             "mcmsim calibrate again");
}

static void read_all(struct hw_json root, struct cal_calibration *calibration, GError **error)
{
	static const char *const formats[] = { "mcmsim-calibration/1", NULL };
	if (!hw_json_is_object(root, error))
		return;
	hw_json_choice(get(root, "format", error), formats, error);
	hw_json_keys(root,
	             KEYS("format", "parameters", "packages", "data", "error_percent", "checksum"),
	             error);
	read_parameters(get(root, "parameters", error), calibration, error);
	read_packages(get(root, "packages", error), calibration, error);
	read_data(get(root, "data", error), &calibration->data, error);
	read_sets(get(root, "error_percent", error), calibration, error);
	check_sum(get(root, "checksum", error), calibration, error);
}

struct cal_calibration *cal_read(const char *path, GError **error)
{
	struct hw_json_file *file = hw_json_open(path, error);
	GError *cause = NULL; /* the reader looks at it, so it must exist */
	if (!file)
		return NULL;
	struct cal_calibration *calibration = g_new0(struct cal_calibration, 1);
	read_all(hw_json_root(file), calibration, &cause);
	hw_json_close(file);
	if (!cause)
		return calibration;
	cal_free(calibration);
	g_propagate_error(error, cause);
	return NULL;
}

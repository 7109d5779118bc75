/*
 * Invariant: a calibration that was read is whole, within bounds, and what was written.
 */
#include "search/calibration/calibration.h"

#include "hw/base/json.h"

#include <math.h>
#include <string.h>

void cal_free(struct cal_calibration *calibration)
{
	if (!calibration)
		return;
	for (unsigned i = 0; i < calibration->package_count; i++) {
		g_free(calibration->packages[i].name);
		g_free(calibration->packages[i].hash);
	}
	for (unsigned i = 0; i < calibration->set_count; i++) {
		g_free(calibration->sets[i].what);
		g_strfreev(calibration->sets[i].workloads);
		g_strfreev(calibration->sets[i].packages);
	}
	g_free(calibration->packages);
	g_free(calibration->sets);
	g_free(calibration->data.source);
	g_strfreev(calibration->data.files);
	g_free(calibration->data.batches);
	g_free(calibration->data.uncertainty_over);
	g_free(calibration->data.hash);
	g_free(calibration->checksum);
	g_free(calibration);
}

struct cost_parameters cal_parameters(const struct cal_calibration *calibration)
{
	struct cost_parameters parameters;
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		parameters.value[p] = calibration->parameters[p].value;
	return parameters;
}

bool cal_applies(const struct cal_calibration *calibration, const char *origin,
                 const struct hw_package *package, GError **error)
{
	g_autofree char *hash = hw_package_hash(package);
	g_autoptr(GString) names = g_string_new(NULL);
	bool known = false;
	for (unsigned i = 0; i < calibration->package_count; i++) {
		const struct cal_package *of = &calibration->packages[i];
		if (strcmp(of->hash, hash) == 0)
			return true;
		known = known || strcmp(of->name, package->name) == 0;
		g_string_append_printf(names, "%s'%s'", i ? ", " : "", of->name);
	}
	if (known)
		g_set_error(error, CAL_ERROR, CAL_ERROR_PACKAGE,
		            "%s: package '%s' is not the one that it was fitted for: a value was "
		            "changed since, or by --set",
		            origin, package->name);
	else
		g_set_error(error, CAL_ERROR, CAL_ERROR_PACKAGE,
		            "%s: fitted for %s %s, not for '%s'", origin,
		            calibration->package_count == 1 ? "package" : "packages", names->str,
		            package->name);
	return false;
}

/* ---- writing ---- */

static void add_text(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_printf(out, "\\%c", *c);
		else if ((unsigned char)*c < ' ')
			g_string_append_printf(out, "\\u%04x", (unsigned)*c);
		else
			g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

/* Nine digits: more than is known of any of them. */
static void add_number(GString *out, const char *before, double value)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	if (fabs(value) < HW_JSON_SMALLEST) /* rounding's remains, which no reader would take */
		value = 0;
	g_string_append(out, before);
	g_string_append(out, isfinite(value) ? g_ascii_formatd(digits, sizeof digits, "%.9g", value)
	                                     : "null");
}

static void add_texts(GString *out, const char *before, char *const *texts)
{
	g_string_append_printf(out, "%s[", before);
	for (unsigned i = 0; texts && texts[i]; i++) {
		g_string_append(out, i ? ", " : "");
		add_text(out, texts[i]);
	}
	g_string_append_c(out, ']');
}

static void add_parameters(GString *out, const struct cal_calibration *calibration)
{
	g_string_append(out, "  \"parameters\": {");
	for (unsigned p = 0; p < COST_PARAMETERS; p++) {
		const struct cal_parameter *of = &calibration->parameters[p];
		g_string_append_printf(out, "%s\n    \"%s\": {", p ? "," : "",
		                       cost_parameter_infos[p].name);
		add_number(out, "\"value\": ", of->value);
		add_number(out, ", \"uncertainty\": ", of->uncertainty);
		add_number(out, ", \"low\": ", of->low);
		add_number(out, ", \"high\": ", of->high);
		g_string_append_printf(out, ", \"fitted\": %s}", of->fitted ? "true" : "false");
	}
	g_string_append(out, "\n  },\n");
}

static void add_packages(GString *out, const struct cal_calibration *calibration)
{
	g_string_append(out, "  \"packages\": [");
	for (unsigned i = 0; i < calibration->package_count; i++) {
		g_string_append_printf(out, "%s\n    {\"name\": ", i ? "," : "");
		add_text(out, calibration->packages[i].name);
		g_string_append(out, ", \"hash\": ");
		add_text(out, calibration->packages[i].hash);
		g_string_append_c(out, '}');
	}
	g_string_append(out, "\n  ],\n");
}

static void add_data(GString *out, const struct cal_data *data)
{
	g_string_append(out, "  \"data\": {\n    \"source\": ");
	add_text(out, data->source);
	add_texts(out, ",\n    \"files\": ", data->files);
	g_string_append_printf(out,
	                       ",\n    \"seed\": \"%" G_GUINT64_FORMAT
	                       "\",\n    \"samples_per_pair\": %u,\n    \"batches\": [",
	                       data->seed, data->samples_per_pair);
	for (unsigned i = 0; i < data->batch_count; i++)
		g_string_append_printf(out, "%s%u", i ? ", " : "", data->batches[i]);
	g_string_append(out, "],\n    \"uncertainty_over\": ");
	add_text(out, data->uncertainty_over);
	g_string_append(out, ",\n    \"hash\": ");
	add_text(out, data->hash);
	g_string_append(out, "\n  },\n");
}

static void add_errors(GString *out, const char *key, const struct cal_errors *errors)
{
	g_string_append_printf(out, ",\n      \"%s\": {", key);
	add_number(out, "\"mean\": ", errors->mean);
	add_number(out, ", \"worst\": ", errors->worst);
	add_number(out, ", \"bias\": ", errors->bias);
	add_number(out, ", \"kendall_tau\": ", errors->kendall_tau);
	g_string_append_c(out, '}');
}

static void add_set(GString *out, const struct cal_error_set *set)
{
	g_string_append(out, "{\n      \"what\": ");
	add_text(out, set->what);
	add_texts(out, ",\n      \"workloads\": ", set->workloads);
	add_texts(out, ",\n      \"packages\": ", set->packages);
	g_string_append_printf(out, ",\n      \"samples\": %u", set->samples);
	add_errors(out, "before", &set->before);
	add_errors(out, "after", &set->after);
	g_string_append(out, "\n    }");
}

static void add_sets(GString *out, const struct cal_calibration *calibration)
{
	g_string_append(out, "  \"error_percent\": {\n    \"training\": ");
	add_set(out, &calibration->sets[0]);
	g_string_append(out, ",\n    \"held_out\": [");
	for (unsigned i = 1; i < calibration->set_count; i++) {
		g_string_append(out, i > 1 ? ", " : "");
		add_set(out, &calibration->sets[i]);
	}
	g_string_append(out, "]\n  }");
}

/* All but the checksum and the last brace. */
static GString *print_body(const struct cal_calibration *calibration)
{
	GString *out = g_string_new("{\n  \"format\": \"mcmsim-calibration/1\",\n");
	add_parameters(out, calibration);
	add_packages(out, calibration);
	add_data(out, &calibration->data);
	add_sets(out, calibration);
	return out;
}

char *cal_checksum(const struct cal_calibration *calibration)
{
	GString *body = print_body(calibration);
	char *checksum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body->str,
	                                               (gssize)body->len);
	g_string_free(body, TRUE);
	return checksum;
}

char *cal_to_json(struct cal_calibration *calibration)
{
	g_free(calibration->checksum);
	calibration->checksum = cal_checksum(calibration);
	GString *out = print_body(calibration);
	g_string_append_printf(out, ",\n  \"checksum\": \"%s\"\n}\n", calibration->checksum);
	return g_string_free(out, FALSE);
}

bool cal_write(struct cal_calibration *calibration, const char *path, GError **error)
{
	g_autofree char *text = cal_to_json(calibration);
	return hw_write_file(path, text, strlen(text), error);
}

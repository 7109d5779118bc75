/* Invariant: what is held out is judged only; nothing of it reaches the fit. */
#include <math.h>
#include <string.h>

#include "hw/base/statistics.h"
#include "tools/calibrate/calibrate.h"

/* ---- which parameters ---- */

/*
 * Model and simulator use the same shares, cycles and bytes, so of simulated latencies the
 * efficiencies and the overhead per tile are 1 and 0 by construction. Real ones have them, and of
 * how a pipeline runs what a simulation has taught.
 */
static bool is_usual(unsigned parameter, bool measured)
{
	return (parameter <= COST_TILE_OVERHEAD) == measured;
}

static bool choose_free(const struct options *options, bool free[COST_PARAMETERS], GError **error)
{
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		free[p] = !options->fit && is_usual(p, options->measured != NULL);
	if (!options->fit)
		return true;
	g_auto(GStrv) names = calibrate_split("fit", options->fit, error);
	for (unsigned i = 0; names && names[i]; i++) {
		unsigned p = 0;
		while (p < COST_PARAMETERS && strcmp(cost_parameter_infos[p].name, names[i]) != 0)
			p++;
		if (p < COST_PARAMETERS) {
			free[p] = true;
			continue;
		}
		g_autoptr(GString) known = g_string_new(cost_parameter_infos[0].name);
		for (p = 1; p < COST_PARAMETERS; p++)
			g_string_append_printf(known, ", %s", cost_parameter_infos[p].name);
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--fit: must name parameters of %s; got \"%s\"", known->str, names[i]);
		return false;
	}
	return names != NULL;
}

/* ---- judging ---- */

static double percent(double model_ns, double target_ns)
{
	return (model_ns / target_ns - 1) * 100;
}

/* Mean over pairs and batches of the rank correlation within them. */
static double mean_tau(const struct calibrate *c, const bool *in, enum calibrate_model model)
{
	g_autofree double *a = g_new(double, c->count), *b = g_new(double, c->count);
	g_autofree bool *done = g_new0(bool, c->count);
	double sum = 0;
	unsigned groups = 0;
	for (unsigned i = 0; i < c->count; i++) {
		unsigned members = 0;
		for (unsigned j = i; in[i] && !done[i] && j < c->count; j++) {
			if (!in[j] || c->notes[j].pair != c->notes[i].pair ||
			    c->notes[j].batch != c->notes[i].batch)
				continue;
			done[j] = j > i;
			a[members] = c->notes[j].model_ns[model];
			b[members++] = c->samples[j].latency_ns;
		}
		double tau = search_kendall_tau(a, b, members);
		sum += isnan(tau) ? 0 : tau;
		groups += isnan(tau) ? 0 : 1;
	}
	return groups ? sum / groups : (double)NAN;
}

struct cal_errors calibrate_errors(const struct calibrate *c, const bool *in,
                                   enum calibrate_model model, unsigned *count)
{
	g_autofree double *errors = g_new(double, c->count);
	*count = 0;
	for (unsigned i = 0; i < c->count; i++)
		if (in[i])
			errors[(*count)++] = percent(c->notes[i].model_ns[model],
			                             c->samples[i].latency_ns);
	struct search_errors e = search_errors(errors, *count);
	return (struct cal_errors){ .mean = e.mean_abs,
		                    .worst = e.worst,
		                    .bias = e.bias,
		                    .kendall_tau = mean_tau(c, in, model) };
}

static void judge(struct calibrate *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		double *model_ns = c->notes[i].model_ns;
		bool training = i < c->training_count;
		model_ns[CALIBRATE_BEFORE] = cal_latency_ns(&c->samples[i], &c->base);
		model_ns[CALIBRATE_AFTER] = cal_latency_ns(&c->samples[i], &c->fit.parameters);
		model_ns[CALIBRATE_LEFT_OUT] =
			training ? cal_latency_ns(&c->samples[i],
		                                  &c->fit.left_out[c->fit.fold_of[i]])
				 : (double)NAN;
	}
}

/* ---- the result ---- */

static void fill_parameters(const struct calibrate *c, const struct cal_problem *problem)
{
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		c->result->parameters[p] =
			(struct cal_parameter){ .value = c->fit.parameters.value[p],
			                        .uncertainty = c->fit.uncertainty[p],
			                        .low = cost_parameter_infos[p].low,
			                        .high = cost_parameter_infos[p].high,
			                        .fitted = problem->free[p] };
}

static void fill_packages(const struct calibrate *c)
{
	struct cal_calibration *result = c->result;
	result->packages = g_new0(struct cal_package, c->pair_count);
	for (unsigned i = 0; i < c->pair_count; i++) {
		const struct hw_package *package = c->pairs[i].subject->package;
		char *hash = hw_package_hash(package);
		bool known = false;
		for (unsigned k = 0; k < result->package_count && !known; k++)
			known = g_strcmp0(result->packages[k].hash, hash) == 0;
		if (known)
			g_free(hash);
		else
			result->packages[result->package_count++] =
				(struct cal_package){ g_strdup(package->name), hash };
	}
}

/* Different ones, in the order of the pairs. */
static char **names_of(const struct calibrate *c, const bool *in, bool packages)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree bool *has = g_new0(bool, c->pair_count);
	for (unsigned i = 0; i < c->count; i++)
		has[c->notes[i].pair] = has[c->notes[i].pair] || in[i];
	for (unsigned i = 0; i < c->pair_count; i++) {
		const char *name = packages ? c->pairs[i].package : c->pairs[i].workload;
		bool known = !has[i];
		for (unsigned n = 0; n < names->len && !known; n++)
			known = strcmp(names->pdata[n], name) == 0;
		if (!known)
			g_ptr_array_add(names, (gpointer)name);
	}
	g_ptr_array_add(names, NULL);
	return g_strdupv((char **)names->pdata);
}

static void add_set(struct calibrate *c, const char *what, const bool *in,
                    enum calibrate_model after)
{
	struct cal_error_set set = { .what = g_strdup(what) };
	set.before = calibrate_errors(c, in, CALIBRATE_BEFORE, &set.samples);
	if (!set.samples) {
		g_free(set.what);
		return;
	}
	set.after = calibrate_errors(c, in, after, &set.samples);
	set.workloads = names_of(c, in, false);
	set.packages = names_of(c, in, true);
	c->result->sets[c->result->set_count++] = set;
}

static void fill_sets(struct calibrate *c)
{
	static const char *const names[] = { "training", "held-out workloads", "held-out packages",
		                             "held-out workloads on held-out packages" };
	g_autofree bool *in = g_new(bool, c->count);
	c->result->sets = g_new0(struct cal_error_set, G_N_ELEMENTS(names) + 1);
	for (unsigned s = 0; s < G_N_ELEMENTS(names); s++) {
		for (unsigned i = 0; i < c->count; i++) {
			const struct calibrate_pair *pair = &c->pairs[c->notes[i].pair];
			in[i] = pair->workload_held + 2u * pair->package_held == s;
		}
		add_set(c, names[s], in, CALIBRATE_AFTER);
	}
	for (unsigned i = 0; i < c->count; i++)
		in[i] = i < c->training_count;
	g_autofree char *folds = g_strdup_printf("%s, each left out of a fit of its own",
	                                         cal_fold_name(c->fit.fold));
	add_set(c, folds, in, CALIBRATE_LEFT_OUT);
}

static void fill_data(const struct calibrate *c)
{
	const struct options *options = c->options;
	struct cal_data *data = &c->result->data;
	data->source = g_strdup(options->measured ? "measured" : "simulated");
	data->uncertainty_over = g_strdup(cal_fold_name(c->fit.fold));
	data->hash = g_strdup(g_checksum_get_string(c->data));
	data->files = g_new0(char *, 2);
	if (options->measured) {
		data->files[0] = g_path_get_basename(options->measured);
		return;
	}
	data->seed = options->seed;
	data->samples_per_pair = options->samples;
	data->batch_count = options->batch_count;
	data->batches = g_memdup2(options->batches,
	                          options->batch_count * sizeof options->batches[0]);
}

/* Too few samples may be because some have failed. */
static void add_failures(const struct calibrate *c, GError **error)
{
	if (!c->failed || !error || !*error)
		return;
	g_autofree char *text = g_strdup_printf("%s; %u have no result; the first, %s",
	                                        (*error)->message, c->failed, c->first_failure);
	g_clear_error(error);
	g_set_error(error, TOOL_ERROR, TOOL_FAILED, "%s", text);
}

bool calibrate_fit(struct calibrate *c, GError **error)
{
	struct cal_problem problem = { .samples = c->samples,
		                       .sample_count = c->training_count,
		                       .start = c->base,
		                       .jobs = c->options->jobs };
	if (!choose_free(c->options, problem.free, error))
		return false;
	if (!cal_fit(&problem, &c->fit, error)) {
		add_failures(c, error);
		return false;
	}
	judge(c);
	c->result = g_new0(struct cal_calibration, 1);
	fill_parameters(c, &problem);
	fill_packages(c);
	fill_data(c);
	fill_sets(c);
	return true;
}

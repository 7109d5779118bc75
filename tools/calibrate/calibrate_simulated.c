/* Samples from the simulator. Invariant: the same ones as those of mcmsim validate. */
#include <string.h>

#include "tools/calibrate/calibrate.h"

/* ---- what to simulate ---- */

char **calibrate_split(const char *option, const char *list, GError **error)
{
	char **names = g_strsplit(list, ",", -1);
	for (unsigned i = 0; names[i]; i++) {
		unsigned first = 0;
		while (strcmp(names[first], names[i]) != 0)
			first++;
		if (*names[i] && first == i)
			continue;
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "--%s: must be names or paths with commas between them, each once, got "
		            "\"%s\"",
		            option, list);
		g_strfreev(names);
		return NULL;
	}
	return names;
}

/* Names to train with, then those held out. */
struct names {
	char **all;
	unsigned training;
};

static bool add_held(struct names *names, const char *option, char **held, bool given,
                     GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	bool good = true;
	for (unsigned i = 0; i < names->training; i++)
		g_ptr_array_add(all, g_strdup(names->all[i]));
	for (unsigned i = 0; held[i]; i++) {
		if (!g_strv_contains((const char *const *)names->all, held[i])) {
			g_ptr_array_add(all, g_strdup(held[i]));
		} else if (given) {
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "--hold-out-%s: \"%s\" is among those to fit to (--%s)", option,
			            held[i], option);
			good = false;
			break;
		}
	}
	g_ptr_array_add(all, NULL);
	g_strfreev(names->all);
	names->all = g_strdupv((char **)all->pdata);
	for (unsigned i = 0; all->pdata[i]; i++)
		g_free(all->pdata[i]);
	return good;
}

/* `option` is "workload" or "package". */
static bool read_names(struct names *names, const char *option, const char *list, const char *usual,
                       const char *held_list, const char *usual_held, GError **error)
{
	g_autofree char *held_option = g_strdup_printf("hold-out-%s", option);
	const char *text = held_list ? held_list : usual_held;
	names->all = calibrate_split(option, list ? list : usual, error);
	if (!names->all)
		return false;
	names->training = g_strv_length(names->all);
	if (strcmp(text, "none") == 0)
		return true;
	g_auto(GStrv) held = calibrate_split(held_option, text, error);
	return held && add_held(names, option, held, held_list != NULL, error);
}

static void fill_request(const struct options *options, struct sample_request *request,
                         unsigned batch)
{
	*request = (struct sample_request){ .drawn = options->samples,
		                            .only = -1,
		                            .batch = batch,
		                            .tiles = options->tiles,
		                            .jobs = options->jobs,
		                            .seed = options->seed,
		                            .quiet = options->quiet };
}

static bool load_pairs(struct calibrate *c, struct names *workloads, struct names *packages,
                       GError **error)
{
	struct options options = *c->options;
	options.calibration = NULL; /* the fit's start; the samples' search is without it */
	if (!read_names(workloads, "workload", options.workload, OPTION_DEFAULT_TRAINING,
	                options.hold_out_workload, OPTION_DEFAULT_HELD_WORKLOADS, error) ||
	    !read_names(packages, "package", options.package, OPTION_DEFAULT_PACKAGES,
	                options.hold_out_package, OPTION_DEFAULT_HELD_PACKAGES, error))
		return false;
	c->request_count = options.batch_count;
	c->requests = g_new0(struct sample_request, c->request_count);
	for (unsigned b = 0; b < c->request_count; b++) {
		fill_request(&options, &c->requests[b], options.batches[b]);
		if (!samples_load_pairs(&c->requests[b], &options,
		                        (const char *const *)workloads->all,
		                        (const char *const *)packages->all, error))
			return false;
	}
	return true;
}

/* samples_load_pairs goes through the packages of one workload after another. */
static void fill_pairs(struct calibrate *c, const struct names *workloads,
                       const struct names *packages)
{
	unsigned package_count = g_strv_length(packages->all);
	c->pair_count = c->requests[0].pair_count;
	c->pairs = g_new0(struct calibrate_pair, c->pair_count);
	for (unsigned i = 0; i < c->pair_count; i++) {
		struct sample_pair *from = &c->requests[0].pairs[i];
		unsigned w = i / package_count, p = i % package_count;
		c->pairs[i] = (struct calibrate_pair){ .workload = from->subject.workload->name,
			                               .package = from->subject.package->name,
			                               .subject = &from->subject,
			                               .workload_index = w,
			                               .package_index = p,
			                               .workload_held = w >= workloads->training,
			                               .package_held = p >= packages->training };
	}
}

/* ---- samples ---- */

static void hash_sample(struct calibrate *c, const struct calibrate_pair *pair, unsigned batch,
                        const struct sample *sample)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *text = g_strdup_printf(
		"%s %s %u %u %s %s\n", pair->workload, pair->package, batch, sample->figures.number,
		g_ascii_dtostr(digits, sizeof digits, sample->figures.latency_ns[1]),
		sample->mapping);
	g_checksum_update(c->data, (const guchar *)text, (gssize)strlen(text));
}

static bool is_held(const struct calibrate *c, const struct sample *sample)
{
	const struct calibrate_pair *pair = &c->pairs[sample->figures.pair];
	return pair->workload_held || pair->package_held;
}

static void note_failure(struct calibrate *c, const struct sample *sample)
{
	const struct calibrate_pair *pair = &c->pairs[sample->figures.pair];
	if (!c->failed++)
		c->first_failure = g_strdup_printf("sample %u of %s on %s: %s",
		                                   sample->figures.number, pair->workload,
		                                   pair->package, sample->error);
}

/* The features of a sample and what it really took. */
static bool take_sample(struct calibrate *c, struct cost_model *model, unsigned batch,
                        const struct sample *sample, GError **error)
{
	const struct calibrate_pair *pair = &c->pairs[sample->figures.pair];
	struct map_mapping *mapping = map_parse(sample->mapping, "sample", pair->subject->workload,
	                                        pair->subject->package, error);
	if (!mapping)
		return false;
	struct cal_sample *to = &c->samples[c->count];
	cal_sample_init(to, model, mapping);
	to->latency_ns = sample->figures.latency_ns[1];
	to->segment_ns = g_new(double, to->segment_count);
	for (unsigned s = 0; s < to->segment_count; s++)
		to->segment_ns[s] = sample->segments[s].latency_ns[1];
	to->workload = pair->workload_index;
	to->package = pair->package_index;
	c->notes[c->count++] = (struct calibrate_sample){ .pair = sample->figures.pair,
		                                          .batch = batch,
		                                          .number = sample->figures.number };
	hash_sample(c, pair, batch, sample);
	map_free(mapping);
	return true;
}

/* One pair's samples of one batch stand together. */
static bool take_set(struct calibrate *c, const struct sample_set *set, unsigned batch, bool held,
                     GError **error)
{
	struct cost_model model;
	const struct calibrate_pair *of = NULL;
	bool good = true;
	for (unsigned i = 0; good && i < set->count; i++) {
		const struct sample *sample = &set->samples[i];
		const struct calibrate_pair *pair = &c->pairs[sample->figures.pair];
		if (is_held(c, sample) != held)
			continue;
		if (sample->error) {
			note_failure(c, sample);
			continue;
		}
		if (of && pair != of)
			cost_model_release(&model);
		if (pair != of)
			cost_model_init(&model, pair->subject->workload, pair->subject->package);
		of = pair;
		good = take_sample(c, &model, batch, sample, error);
	}
	if (of)
		cost_model_release(&model);
	return good;
}

static bool take_sets(struct calibrate *c, const struct sample_set *sets, GError **error)
{
	unsigned most = 0;
	bool good = true;
	for (unsigned b = 0; b < c->request_count; b++)
		most += sets[b].count;
	c->samples = g_new0(struct cal_sample, most);
	c->notes = g_new0(struct calibrate_sample, most);
	for (unsigned b = 0; good && b < c->request_count; b++)
		good = take_set(c, &sets[b], c->requests[b].batch, false, error);
	c->training_count = c->count;
	for (unsigned b = 0; good && b < c->request_count; b++)
		good = take_set(c, &sets[b], c->requests[b].batch, true, error);
	return good;
}

bool calibrate_simulate(struct calibrate *c, GError **error)
{
	struct names workloads = { NULL, 0 }, packages = { NULL, 0 };
	bool good = load_pairs(c, &workloads, &packages, error);
	c->workloads = workloads.all;
	c->packages = packages.all;
	g_autofree struct sample_set *sets = g_new0(struct sample_set, MAX(c->request_count, 1));
	if (good)
		fill_pairs(c, &workloads, &packages);
	for (unsigned b = 0; good && b < c->request_count; b++)
		good = samples_make(&c->requests[b], &sets[b], error);
	good = good && take_sets(c, sets, error);
	for (unsigned b = 0; b < c->request_count; b++)
		samples_release(&sets[b]);
	return good;
}

void calibrate_release_simulated(struct calibrate *c)
{
	for (unsigned b = 0; b < c->request_count; b++)
		samples_release_pairs(&c->requests[b]);
	g_clear_pointer(&c->requests, g_free);
	g_strfreev(c->workloads);
	g_strfreev(c->packages);
	c->workloads = c->packages = NULL;
}

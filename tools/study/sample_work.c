/* Invariant: a sample depends on its request, pair and number only. */
#include "tools/study/sample_work.h"
#include "tools/text/wire.h"

#include <string.h>

#define MOST_CHANGES 3

void sample_identify(const struct sample_pair *pair, unsigned number,
                     struct sample_figures *figures, unsigned *index)
{
	unsigned strategies = pair->strategy_count;
	*index = number;
	figures->kind = SAMPLE_SEARCHED;
	if (number >= strategies) {
		unsigned turn = (number - strategies) / 2;
		bool random = (number - strategies) % 2 == 0;
		figures->kind = random ? SAMPLE_RANDOM : SAMPLE_NEIGHBOUR;
		*index = turn % (random ? strategies + 1 : strategies);
	}
	figures->number = number;
	figures->strategy = *index < strategies ? pair->strategies[*index] : SEARCH_ANY;
}

/* FNV-1a, 64 bits: the sample's own seed. */
static uint64_t sample_seed(const struct sample_request *request, const struct sample_pair *pair,
                            unsigned number)
{
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "\n%s\n%s\n%u", request->seed,
	                                        pair->subject.workload->name,
	                                        pair->subject.package->name, number);
	uint64_t hash = 0xcbf29ce484222325u;
	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	return hash;
}

/* ---- mappings ---- */

static struct map_mapping *read_searched(const struct sample_pair *pair, unsigned index,
                                         GError **error)
{
	if (pair->searched[index])
		return map_parse(pair->searched[index], "searched mapping", pair->subject.workload,
		                 pair->subject.package, error);
	g_set_error_literal(error, TOOL_ERROR, TOOL_FAILED, pair->errors[index]);
	return NULL;
}

static struct map_mapping *draw_neighbour(struct search_drawer *drawer, struct map_mapping *mapping,
                                          uint64_t seed, struct sample_figures *figures,
                                          GError **error)
{
	figures->changes = 1 + (unsigned)(seed % MOST_CHANGES);
	for (unsigned i = 0; mapping && i < figures->changes; i++) {
		struct map_mapping *changed = search_neighbour(drawer, mapping, seed + i, error);
		map_free(mapping);
		mapping = changed;
	}
	return mapping;
}

/* The mapping of a sample. */
static struct map_mapping *find_mapping(const struct sample_request *request,
                                        const struct sample_pair *pair, struct cost_model *model,
                                        struct sample_figures *figures, GError **error)
{
	unsigned index;
	sample_identify(pair, figures->number, figures, &index);
	if (figures->kind == SAMPLE_SEARCHED)
		return read_searched(pair, index, error);
	uint64_t seed = sample_seed(request, pair, figures->number);
	struct map_mapping *mapping = NULL;
	struct search_drawer drawer;
	search_drawer_init(&drawer, model, figures->strategy, request->batch, 0);
	if (figures->kind == SAMPLE_RANDOM)
		mapping = search_random_mapping(&drawer, seed, error);
	else if ((mapping = read_searched(pair, index, error)) != NULL)
		mapping = draw_neighbour(&drawer, mapping, seed, figures, error);
	search_drawer_release(&drawer);
	return mapping;
}

/* ---- figures ---- */

/* What the model says: the chiplets' shares, once per micro-batch, in chiplet-ns. */
static double model_busy_ns(struct cost_model *model, const struct map_plan *plan)
{
	const struct map_mapping *mapping = plan->mapping;
	g_autofree struct map_share *shares = g_new(struct map_share,
	                                            hw_chiplet_count(plan->package));
	double busy_ns = 0;
	for (unsigned n = 0; n < plan->workload->node_count; n++) {
		unsigned samples = mapping->segments[plan->nodes[n].segment].microbatch;
		const unsigned sizes[] = { samples, mapping->batch % samples };
		const unsigned times[] = { mapping->batch / samples, 1 };
		for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
			if (!sizes[i])
				continue;
			struct map_placed placed = map_place(plan, n, sizes[i]);
			map_shares(&placed, plan->package, &model->network.scratch, shares);
			for (unsigned p = 0; p < map_parts(&placed); p++)
				busy_ns += times[i] * shares[p].ns;
		}
	}
	return busy_ns;
}

static double model_idle(struct cost_model *model, const struct map_plan *plan,
                         const struct cost_report *cost)
{
	double regions_ns = 0;
	for (unsigned s = 0; s < plan->mapping->segment_count; s++) {
		const struct map_segment *segment = &plan->mapping->segments[s];
		for (unsigned c = 0; c < segment->cluster_count; c++)
			regions_ns += segment->clusters[c].region_size *
			              cost->segments[s].latency_ns;
	}
	return 1 - model_busy_ns(model, plan) / regions_ns;
}

static double simulated_idle(const struct sim_outcome *sim)
{
	double bubbles_ns = 0;
	for (int b = 0; b < SIM_BUBBLES; b++)
		bubbles_ns += sim->bubbles_ns[b];
	return bubbles_ns / (bubbles_ns + sim->busy_ns);
}

static void fill_arrays(struct sample *sample, const struct map_mapping *mapping,
                        const struct cost_report *cost, const struct sim_outcome *sim)
{
	struct sample_figures *figures = &sample->figures;
	figures->segment_count = sim->segment_count;
	figures->cluster_count = sim->cluster_count;
	sample->segments = g_new(struct sample_segment, sim->segment_count);
	sample->cluster_period_ns = g_new(double, sim->cluster_count);
	for (unsigned s = 0; s < sim->segment_count; s++) {
		const struct cost_segment *a = &cost->segments[s];
		const struct sim_segment_outcome *b = &sim->segments[s];
		sample->segments[s] =
			(struct sample_segment){ .load_ns = { a->load_ns, b->load_ns },
			                         .period_ns = { a->period_ns, b->period_ns },
			                         .latency_ns = { a->latency_ns, b->latency_ns },
			                         .samples = mapping->segments[s].microbatch,
			                         .microbatches = b->microbatches,
			                         .first_cluster = b->first_cluster,
			                         .cluster_count = b->cluster_count };
	}
	for (unsigned c = 0; c < sim->cluster_count; c++)
		sample->cluster_period_ns[c] = sim->clusters[c].period_ns;
}

static bool compare(const struct sample_request *request, const struct subject *subject,
                    struct cost_model *model, const struct map_mapping *mapping,
                    struct sample *sample, GError **error)
{
	struct sample_figures *figures = &sample->figures;
	struct map_plan plan;
	struct cost_report cost;
	struct sim_outcome *sim = subject_simulate(subject, mapping, request->exact, error);
	if (!sim)
		return false;
	map_plan_init(&plan, mapping, subject->workload, subject->package);
	cost_evaluate(model, mapping, &cost);
	figures->batch = mapping->batch;
	figures->latency_ns[0] = cost.latency_ns;
	figures->latency_ns[1] = sim->latency_ns;
	figures->idle[0] = model_idle(model, &plan, &cost);
	figures->idle[1] = simulated_idle(sim);
	figures->activities = sim->activities;
	sim_split_error(&plan, &cost, sim->latency_ns, figures->terms_ns);
	fill_arrays(sample, mapping, &cost, sim);
	cost_report_release(&cost);
	map_plan_release(&plan);
	sim_outcome_free(sim);
	return true;
}

void sample_work(const struct sample_request *request, unsigned pair, unsigned number,
                 struct sample *sample)
{
	const struct sample_pair *of = &request->pairs[pair];
	struct cost_model model;
	GError *error = NULL;
	*sample = (struct sample){ .figures = { .pair = pair, .number = number } };
	subject_model(&of->subject, &model);
	struct map_mapping *mapping = find_mapping(request, of, &model, &sample->figures, &error);
	if (mapping)
		sample->mapping = map_to_json(mapping, of->subject.workload, of->subject.package);
	if (!mapping || !compare(request, &of->subject, &model, mapping, sample, &error))
		sample->error = g_strdup(error->message);
	g_clear_error(&error);
	map_free(mapping);
	cost_model_release(&model);
}

/* ---- between processes ---- */

void sample_pack(const struct sample *sample, GString *bytes)
{
	const struct sample_figures *figures = &sample->figures;
	wire_put(bytes, figures, sizeof *figures);
	wire_put(bytes, sample->segments, figures->segment_count * sizeof *sample->segments);
	wire_put(bytes, sample->cluster_period_ns,
	         figures->cluster_count * sizeof *sample->cluster_period_ns);
	wire_put_text(bytes, sample->mapping);
	wire_put_text(bytes, sample->error);
}

void sample_unpack(const GString *bytes, struct sample *sample)
{
	struct sample_figures *figures = &sample->figures;
	struct wire wire = wire_open(bytes);
	wire_take(&wire, figures, sizeof *figures);
	sample->segments = wire_take_copy(&wire, figures->segment_count * sizeof *sample->segments);
	sample->cluster_period_ns = wire_take_copy(
		&wire, figures->cluster_count * sizeof *sample->cluster_period_ns);
	sample->mapping = wire_take_text(&wire);
	sample->error = wire_take_text(&wire);
}

void sample_release(struct sample *sample)
{
	g_free(sample->segments);
	g_free(sample->cluster_period_ns);
	g_free(sample->mapping);
	g_free(sample->error);
}

/*
 * Invariant: a segment that fitted is as it was, and of one that did not nothing is changed that
 * could stay.
 */
#include "search/explain/make_fit.h"

#include "search/mapping/buffers.h"

struct fitter {
	struct cost_model *model;
	const struct map_mapping *given;
	struct map_mapping *fitted;
	struct map_scratch scratch;
};

static bool fits(struct fitter *f, unsigned segment)
{
	struct map_plan plan;
	bool good = true;
	map_plan_init(&plan, f->fitted, f->model->workload, f->model->package);
	for (unsigned c = 0; good && c < f->fitted->segments[segment].cluster_count; c++)
		good = map_check_cluster(&plan, segment, c, &f->scratch, NULL);
	map_plan_release(&plan);
	return good;
}

/* Weights and tiles as they were given, one after another, as far as all still fits. */
static void keep_given(struct fitter *f, unsigned segment)
{
	const struct map_segment *given = &f->given->segments[segment];
	struct map_segment *fitted = &f->fitted->segments[segment];
	for (unsigned c = 0; c < given->cluster_count; c++)
		for (unsigned n = 0; n < given->clusters[c].node_count; n++) {
			const struct map_node *from = &given->clusters[c].nodes[n];
			struct map_node *to = &fitted->clusters[c].nodes[n], changed = *to;
			to->weights = from->weights;
			if (!fits(f, segment))
				to->weights = changed.weights;
			to->tiles = from->tiles;
			if (!fits(f, segment))
				to->tiles = changed.tiles;
		}
}

/* No split may have more parts over N. */
static unsigned fewest_samples(const struct map_segment *segment)
{
	unsigned fewest = 1;
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned n = 0; n < segment->clusters[c].node_count; n++)
			fewest = MAX(fewest, segment->clusters[c].nodes[n].split[MAP_N]);
	return fewest;
}

static bool make_segment_fit(struct fitter *f, unsigned segment)
{
	struct map_segment *fitted = &f->fitted->segments[segment];
	unsigned fewest = fewest_samples(fitted);
	for (unsigned samples = fitted->microbatch; samples >= fewest; samples /= 2) {
		fitted->microbatch = samples;
		if (!search_fit_segment(f->model, f->fitted, segment, NULL))
			continue;
		keep_given(f, segment);
		return true;
	}
	return false;
}

static void name_changes(const struct fitter *f, unsigned segment, GPtrArray *changes)
{
	const struct map_segment *given = &f->given->segments[segment];
	const struct map_segment *fitted = &f->fitted->segments[segment];
	if (fitted->microbatch != given->microbatch)
		g_ptr_array_add(changes,
		                g_strdup_printf("segment %u: micro-batches of %u in place of %u",
		                                segment, fitted->microbatch, given->microbatch));
	for (unsigned c = 0; c < given->cluster_count; c++)
		for (unsigned n = 0; n < given->clusters[c].node_count; n++) {
			const struct map_node *from = &given->clusters[c].nodes[n];
			const struct map_node *to = &fitted->clusters[c].nodes[n];
			const char *name = f->model->workload->nodes[from->node].name;
			if (to->weights != from->weights)
				g_ptr_array_add(
					changes,
					g_strdup_printf(
						"segment %u: weights %s in place of %s for %s",
						segment, map_weights_name(to->weights),
						map_weights_name(from->weights), name));
			if (to->tiles != from->tiles)
				g_ptr_array_add(
					changes,
					g_strdup_printf(
						"segment %u: %u tiles in place of %u for %s",
						segment, to->tiles, from->tiles, name));
		}
}

struct map_mapping *search_make_fit(struct cost_model *model, const struct map_mapping *mapping,
                                    GPtrArray *changes)
{
	struct fitter f = { .model = model, .given = mapping, .fitted = map_copy(mapping) };
	bool good = true;
	map_scratch_init(&f.scratch, hw_chiplet_count(model->package));
	for (unsigned s = 0; good && s < mapping->segment_count; s++) {
		if (fits(&f, s))
			continue;
		good = make_segment_fit(&f, s);
		if (good)
			name_changes(&f, s, changes);
	}
	map_scratch_release(&f.scratch);
	if (!good)
		g_clear_pointer(&f.fitted, map_free);
	return f.fitted;
}

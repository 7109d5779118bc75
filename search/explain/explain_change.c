/*
 * Invariant: the mapping looked at is never changed: a changed segment takes its place among the
 * others, is costed, and goes.
 */
#include "search/explain/explain.h"

#include <math.h>
#include <string.h>

#include "search/segments/segment_moves.h"

struct search_changer {
	struct cost_model *model; /* borrowed */
	unsigned chiplets;
	struct search_freedom freedom;
	const struct map_mapping *base;
	const struct search_options *options;
	struct map_mapping trial; /* the base with segments of its own array */
	unsigned *serpentines[MAP_SERPENTINES], *order;
	unsigned segment, cluster; /* looked at */
	/* That segment as it is, its regions in `order`, and with a change; by node of it: as it
	 * is, and its cluster. */
	struct search_draft draft, changed;
	const struct map_node **given;
	const struct map_cluster **homes;
	double latency_ns, energy_pJ; /* of the base, without static energy */
	double own_ns, own_pJ, score; /* of its segment; the base's objective */
	double *cluster_ns;
};

struct search_changer *search_changer_new(struct cost_model *model,
                                          const struct map_mapping *mapping,
                                          const struct search_options *options)
{
	struct search_changer *c = g_new0(struct search_changer, 1);
	struct cost_report cost;
	unsigned chiplets = hw_chiplet_count(model->package), nodes = model->workload->node_count;
	c->model = model;
	c->chiplets = hw_chiplet_count(model->package);
	c->freedom = search_freedom_of(options->strategy);
	c->base = mapping;
	c->options = options;
	c->trial = *mapping;
	c->trial.segments = g_memdup2(mapping->segments,
	                              mapping->segment_count * sizeof *mapping->segments);
	map_serpentines_init(c->serpentines, model->package);
	c->order = g_new(unsigned, chiplets);
	search_draft_init(&c->draft, model);
	search_draft_init(&c->changed, model);
	c->draft.splits = g_new(enum search_split, nodes);
	c->changed.splits = g_new(enum search_split, nodes);
	c->given = g_new(const struct map_node *, nodes);
	c->homes = g_new(const struct map_cluster *, nodes);
	c->cluster_ns = g_new(double, chiplets);
	cost_evaluate(model, mapping, &cost);
	c->latency_ns = cost.latency_ns;
	c->energy_pJ = cost_total_pJ(&cost.totals, 0);
	cost_report_release(&cost);
	return c;
}

void search_changer_free(struct search_changer *c)
{
	map_serpentines_release(c->serpentines);
	g_free(c->order);
	g_free(c->draft.splits);
	g_free(c->changed.splits);
	search_draft_release(&c->draft);
	search_draft_release(&c->changed);
	g_free((void *)c->given);
	g_free((void *)c->homes);
	g_free(c->cluster_ns);
	g_free(c->trial.segments);
	g_free(c);
}

/* ---- costing a variant ---- */

static double score_of(const struct search_changer *c, double latency_ns, double energy_pJ)
{
	energy_pJ += cost_static_pJ(c->model->package, latency_ns);
	return search_value(c->options, latency_ns, energy_pJ);
}

static void cost_segment(struct search_changer *c, double *latency_ns, double *energy_pJ)
{
	struct map_plan plan;
	struct cost_totals totals = { 0 };
	bool energy = c->options->objective != SEARCH_LATENCY;
	map_plan_init(&plan, &c->trial, c->model->workload, c->model->package);
	*latency_ns = cost_evaluate_segment(c->model, &plan, c->segment, c->cluster_ns,
	                                    energy ? &totals : NULL)
	                      .latency_ns +
	              cost_readers_ns(c->model, &plan, c->segment, c->cluster_ns,
	                              energy ? &totals : NULL);
	*energy_pJ = cost_total_pJ(&totals, 0);
	map_plan_release(&plan);
}

/* The segment with a move made takes its place in the trial; false if it cannot be made or does not
 * fit. In any case put_back must follow. */
static bool make_move(struct search_changer *c, const struct search_segment_move *move)
{
	struct map_segment *at = &c->trial.segments[c->segment];
	search_draft_copy(&c->changed, &c->draft);
	*at = (struct map_segment){ 0 };
	if (!search_apply_move(move, &c->freedom, &c->changed))
		return false;
	const unsigned *order = c->changed.serpentine < MAP_SERPENTINES &&
	                                        move->kind == SEARCH_SERPENTINE
	                                ? c->serpentines[c->changed.serpentine]
	                                : c->order;
	return search_draft_outline(&c->changed, c->model, order, c->options->tiles, &c->trial,
	                            c->segment) &&
	       search_fit_segment(c->model, &c->trial, c->segment, NULL);
}

static void put_back(struct search_changer *c)
{
	search_free_segment(&c->trial.segments[c->segment]);
	c->trial.segments[c->segment] = c->base->segments[c->segment];
}

/* What a move costs, in percent of the base; INFINITY if it cannot be made or does not fit. */
static double percent_of(struct search_changer *c, const struct search_segment_move *move)
{
	double latency_ns, energy_pJ, percent = INFINITY;
	if (make_move(c, move)) {
		cost_segment(c, &latency_ns, &energy_pJ);
		percent = 100 * (score_of(c, c->latency_ns - c->own_ns + latency_ns,
		                          c->energy_pJ - c->own_pJ + energy_pJ) /
		                         c->score -
		                 1);
	}
	put_back(c);
	return percent;
}

/* Takes the text. */
static void consider(struct search_changer *c, const struct search_segment_move *move,
                     struct search_change *best, char *text)
{
	double percent = percent_of(c, move);
	if (isfinite(percent) && (!best->text || percent < best->percent)) {
		g_free(best->text);
		*best = (struct search_change){ text, percent, *move };
	} else {
		g_free(text);
	}
}

/* ---- the segment as it is ---- */

/* Regions one behind the other, then idle chiplets: as the serpentine goes on, else by index. */
static void note_order(struct search_changer *c, const struct map_segment *segment)
{
	unsigned used = 0, chiplets = c->chiplets;
	g_autofree bool *taken = g_new0(bool, chiplets);
	for (unsigned i = 0; i < segment->cluster_count; i++)
		for (unsigned r = 0; r < segment->clusters[i].region_size; r++) {
			c->order[used++] = segment->clusters[i].region[r];
			taken[segment->clusters[i].region[r]] = true;
		}
	unsigned *serpentine = &c->draft.serpentine;
	for (*serpentine = 0; *serpentine < MAP_SERPENTINES; ++*serpentine)
		if (memcmp(c->serpentines[*serpentine], c->order, used * sizeof *c->order) == 0)
			break;
	for (unsigned i = 0; i < chiplets; i++) {
		unsigned chiplet = *serpentine < MAP_SERPENTINES ? c->serpentines[*serpentine][i]
		                                                 : i;
		if (!taken[chiplet])
			c->order[used++] = chiplet;
	}
}

/* The draft that changes nothing. */
static void draft_segment(struct search_changer *c, const struct map_segment *segment)
{
	unsigned count = 0, first = segment->clusters[0].nodes[0].node;
	c->draft.samples = segment->microbatch;
	c->draft.first = first;
	c->draft.cluster_count = segment->cluster_count;
	for (unsigned i = 0; i < segment->cluster_count; i++) {
		const struct map_cluster *cluster = &segment->clusters[i];
		c->draft.clusters[i] = (struct search_draft_cluster){ first + count,
			                                              cluster->node_count,
			                                              cluster->region_size };
		for (unsigned n = 0; n < cluster->node_count; n++, count++) {
			c->homes[count] = cluster;
			c->given[count] = &cluster->nodes[n];
			c->draft.splits[first + count] = SEARCH_KEEP;
		}
	}
	c->draft.end = first + count;
	c->draft.given = c->given;
	c->draft.homes = c->homes;
}

static void look_at(struct search_changer *c, unsigned index, unsigned cluster)
{
	const struct map_segment *segment = &c->base->segments[index];
	c->segment = index;
	c->cluster = cluster;
	draft_segment(c, segment);
	note_order(c, segment);
	cost_segment(c, &c->own_ns, &c->own_pJ);
	c->score = score_of(c, c->latency_ns, c->energy_pJ);
}

/* ---- the changes ---- */

static const char *name_of(const struct search_changer *c, unsigned node)
{
	return c->model->workload->nodes[node].name;
}

static char *split_text(const unsigned split[MAP_DIMS])
{
	GString *text = g_string_new(NULL);
	for (int d = 0; d < MAP_DIMS; d++)
		if (split[d] > 1)
			g_string_append_printf(text, "%s%s %u", text->len ? " x " : "",
			                       map_dim_name((enum map_dim)d), split[d]);
	return g_string_free(text->len ? text : g_string_append(text, "no split"), FALSE);
}

static void try_splits(struct search_changer *c, struct search_change *best)
{
	struct search_segment_move move = { .kind = SEARCH_SPLIT_NODE, .cluster = c->cluster };
	while (search_next_move(&c->draft, &move)) {
		const struct map_node *node = c->given[move.to - c->draft.first];
		unsigned split[MAP_DIMS];
		search_choose_split(&c->model->workload->nodes[move.to],
		                    (enum search_split)move.value,
		                    c->draft.clusters[c->cluster].chiplets, split);
		if (memcmp(split, node->split, sizeof split) == 0)
			continue;
		g_autofree char *is = split_text(split), *was = split_text(node->split);
		consider(c, &move, best,
		         g_strdup_printf("%s in place of %s for %s", is, was, name_of(c, move.to)));
	}
}

/* A chiplet less (to a neighbour or idle), or more (from there). */
static void try_sizes(struct search_changer *c, bool more, struct search_change *best)
{
	struct search_segment_move idle = { .kind = more ? SEARCH_TAKE_IDLE : SEARCH_LEAVE_IDLE,
		                            .cluster = c->cluster };
	struct search_segment_move move = { .kind = SEARCH_GIVE_CHIPLET, .cluster = c->cluster };
	while (search_next_move(&c->draft, &idle))
		consider(c, &idle, best,
		         g_strdup(more ? "an idle chiplet more" : "a chiplet less"));
	while (search_next_move(&c->draft, &move)) {
		struct search_segment_move either = move;
		if (more) {
			either.cluster = move.to;
			either.to = move.cluster;
		}
		consider(c, &either, best,
		         g_strdup_printf("a chiplet %s cluster %u", more ? "from" : "to", move.to));
	}
}

static double macs_of(const struct search_changer *c, unsigned first, unsigned count)
{
	double macs = 0;
	for (unsigned n = first; n < first + count; n++)
		macs += (double)c->model->workload->nodes[n].macs;
	return macs;
}

/* Chiplets in proportion to MACs. */
static void try_cuts(struct search_changer *c, struct search_change *best)
{
	const struct search_draft_cluster *of = &c->draft.clusters[c->cluster];
	struct search_segment_move move = { .kind = SEARCH_CUT, .cluster = c->cluster };
	while (of->chiplets > 1 && search_next_move(&c->draft, &move)) {
		double share = macs_of(c, of->first, move.value) /
		               macs_of(c, of->first, of->length);
		move.to = CLAMP((unsigned)lround(share * of->chiplets), 1, of->chiplets - 1);
		consider(c, &move, best,
		         g_strdup_printf("cut before %s", name_of(c, of->first + move.value)));
	}
}

static void try_merges(struct search_changer *c, struct search_change *best)
{
	struct search_segment_move move = { .kind = SEARCH_MERGE, .cluster = c->cluster };
	while (search_next_move(&c->draft, &move))
		consider(c, &move, best, g_strdup_printf("merged with cluster %u", move.to));
}

static void try_hand_on(struct search_changer *c, struct search_change *best)
{
	const struct search_draft_cluster *of = &c->draft.clusters[c->cluster];
	struct search_segment_move move = { .kind = SEARCH_GIVE_NODE, .cluster = c->cluster };
	while (search_next_move(&c->draft, &move)) {
		unsigned node = move.to < c->cluster ? of->first : of->first + of->length - 1;
		consider(c, &move, best,
		         g_strdup_printf("%s to cluster %u", name_of(c, node), move.to));
	}
}

static void try_whole(struct search_changer *c, struct search_change *microbatch,
                      struct search_change *serpentine)
{
	unsigned samples = c->draft.samples;
	const unsigned tries[] = { samples / 2, MIN(c->base->batch, samples * 2) };
	for (unsigned i = 0; i < G_N_ELEMENTS(tries); i++) {
		struct search_segment_move move = { .kind = SEARCH_SAMPLES, .value = tries[i] };
		if (tries[i] > 0 && tries[i] != samples)
			consider(c, &move, microbatch,
			         g_strdup_printf("micro-batches of %u in place of %u", tries[i],
			                         samples));
	}
	struct search_segment_move move = { .kind = SEARCH_SERPENTINE };
	while (search_next_move(&c->draft, &move)) {
		unsigned band = map_serpentine_band(c->model->package, move.value);
		if (memcmp(c->serpentines[move.value], c->order,
		           search_chiplets_used(&c->draft) * sizeof *c->order) != 0)
			consider(c, &move, serpentine,
			         g_strdup_printf("regions along a serpentine in bands of %u row%s",
			                         band, band == 1 ? "" : "s"));
	}
}

void search_find_changes(struct search_changer *changer, unsigned segment, unsigned cluster,
                         struct search_change *changes)
{
	look_at(changer, segment, cluster);
	if (cluster == changer->base->segments[segment].cluster_count) {
		try_whole(changer, &changes[SEARCH_CHANGE_MICROBATCH - SEARCH_CLUSTER_CHANGES],
		          &changes[SEARCH_CHANGE_SERPENTINE - SEARCH_CLUSTER_CHANGES]);
		return;
	}
	try_splits(changer, &changes[SEARCH_CHANGE_SPLIT]);
	try_sizes(changer, true, &changes[SEARCH_CHANGE_GROW]);
	try_sizes(changer, false, &changes[SEARCH_CHANGE_SHRINK]);
	try_merges(changer, &changes[SEARCH_CHANGE_MERGE]);
	try_hand_on(changer, &changes[SEARCH_CHANGE_HAND_ON]);
	try_cuts(changer, &changes[SEARCH_CHANGE_CUT]);
}

struct map_mapping *search_changed(const struct wl_workload *workload,
                                   const struct hw_package *package,
                                   const struct map_mapping *mapping,
                                   const struct search_options *options, unsigned segment,
                                   const struct search_change *change)
{
	struct cost_model model;
	cost_model_init(&model, workload, package);
	struct search_changer *c = search_changer_new(&model, mapping, options);
	look_at(c, segment, change->move.cluster);
	bool made = make_move(c, &change->move);
	g_assert(made); /* it was when it was found */
	struct map_mapping *changed = map_copy(&c->trial);
	put_back(c);
	search_changer_free(c);
	cost_model_release(&model);
	return changed;
}

/*
 * Invariant: the mapping looked at is never changed: a varied segment takes its place among the
 * others, is costed, and goes.
 */
#include "search/explain/explain.h"

#include <math.h>
#include <string.h>

#include "search/segments/segment_layout.h"

#define KEEP SEARCH_SPLITS /* a node's split stays of the kind that it is */

/* A segment as a change describes it; sizes and lengths have room for a cluster more. */
struct variant {
	unsigned *sizes, *lengths; /* per cluster: chiplets, nodes */
	unsigned count, samples;
	const unsigned *order; /* chiplets as they are dealt out */
	unsigned node;         /* whose split is `kind`; no node if that is KEEP */
	enum search_split kind;
};

struct search_changer {
	struct cost_model *model; /* borrowed */
	unsigned chiplets;
	struct search_freedom freedom;
	const struct map_mapping *base;
	const struct search_options *options;
	struct map_mapping trial; /* the base with segments of its own array */
	unsigned *serpentines[MAP_SERPENTINES], *order;
	unsigned serpentine; /* the one that the segment's regions follow, or MAP_SERPENTINES */
	unsigned segment, cluster; /* looked at */
	struct variant variant;
	const struct map_node **nodes;    /* of the segment */
	const struct map_cluster **homes; /* their clusters */
	unsigned node_count;
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
	c->variant.sizes = g_new(unsigned, chiplets + 1);
	c->variant.lengths = g_new(unsigned, chiplets + 1);
	c->nodes = g_new(const struct map_node *, nodes);
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
	g_free(c->variant.sizes);
	g_free(c->variant.lengths);
	g_free((void *)c->nodes);
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

/* The parts of a node on `size` chiplets; false if it has no place there. */
static bool vary_split(const struct search_changer *c, unsigned i, unsigned size,
                       unsigned split[MAP_DIMS])
{
	const struct wl_node *node = &c->model->workload->nodes[c->nodes[i]->node];
	const unsigned *old = c->nodes[i]->split;
	unsigned known[MAP_DIMS], parts = 1;
	memcpy(split, old, sizeof known);
	if (c->variant.kind != KEEP && c->nodes[i]->node == c->variant.node) {
		search_choose_split(node, c->variant.kind, size, split);
		return true;
	}
	if (c->homes[i]->region_size == size)
		return true;
	for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
		search_choose_split(node, (enum search_split)kind, c->homes[i]->region_size, known);
		if (memcmp(known, old, sizeof known) == 0) {
			search_choose_split(node, (enum search_split)kind, size, split);
			return true;
		}
	}
	for (int d = 0; d < MAP_DIMS; d++)
		parts *= old[d];
	return parts <= size && old[MAP_N] <= c->variant.samples;
}

static void free_segment(struct map_segment *segment)
{
	for (unsigned i = 0; i < segment->cluster_count; i++) {
		g_free(segment->clusters[i].region);
		g_free(segment->clusters[i].nodes);
	}
	g_free(segment->clusters);
}

/* False if a node has no place; the segment is to be freed in any case. */
static bool build_segment(const struct search_changer *c, struct map_segment *segment)
{
	const struct variant *v = &c->variant;
	unsigned start = 0, next = 0;
	bool good = true;
	*segment = (struct map_segment){ .microbatch = v->samples, .cluster_count = v->count };
	segment->clusters = g_new0(struct map_cluster, v->count);
	for (unsigned i = 0; i < v->count; i++) {
		struct map_cluster *to = &segment->clusters[i];
		to->region_size = v->sizes[i];
		to->region = g_memdup2(v->order + start, v->sizes[i] * sizeof *v->order);
		to->node_count = v->lengths[i];
		to->nodes = g_new0(struct map_node, v->lengths[i]);
		start += v->sizes[i];
		for (unsigned n = 0; n < v->lengths[i]; n++, next++) {
			to->nodes[n] = (struct map_node){ .node = c->nodes[next]->node,
				                          .weights = MAP_RESIDENT,
				                          .tiles = c->options->tiles };
			good = vary_split(c, next, v->sizes[i], to->nodes[n].split) && good;
		}
	}
	return good;
}

/* What the variant costs, in percent of the base; INFINITY if it does not fit. */
static double percent_of(struct search_changer *c)
{
	struct map_segment *at = &c->trial.segments[c->segment];
	double latency_ns, energy_pJ, percent = INFINITY;
	if (build_segment(c, at) && search_fit_segment(c->model, &c->trial, c->segment, NULL)) {
		cost_segment(c, &latency_ns, &energy_pJ);
		percent = 100 * (score_of(c, c->latency_ns - c->own_ns + latency_ns,
		                          c->energy_pJ - c->own_pJ + energy_pJ) /
		                         c->score -
		                 1);
	}
	free_segment(at);
	*at = c->base->segments[c->segment];
	return percent;
}

/* Takes the text. */
static void consider(struct search_changer *c, struct search_change *best, char *text)
{
	double percent = percent_of(c);
	if (isfinite(percent) && (!best->text || percent < best->percent)) {
		g_free(best->text);
		*best = (struct search_change){ text, percent };
	} else {
		g_free(text);
	}
}

/* ---- the segment as it is ---- */

static unsigned chiplets_used(const struct map_segment *segment)
{
	unsigned used = 0;
	for (unsigned i = 0; i < segment->cluster_count; i++)
		used += segment->clusters[i].region_size;
	return used;
}

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
	for (c->serpentine = 0; c->serpentine < MAP_SERPENTINES; c->serpentine++)
		if (memcmp(c->serpentines[c->serpentine], c->order, used * sizeof *c->order) == 0)
			break;
	for (unsigned i = 0; i < chiplets; i++) {
		unsigned chiplet = c->serpentine < MAP_SERPENTINES
		                           ? c->serpentines[c->serpentine][i]
		                           : i;
		if (!taken[chiplet])
			c->order[used++] = chiplet;
	}
}

/* The variant that changes nothing. */
static struct variant *reset(struct search_changer *c)
{
	const struct map_segment *segment = &c->base->segments[c->segment];
	struct variant *v = &c->variant;
	v->count = segment->cluster_count;
	v->samples = segment->microbatch;
	v->order = c->order;
	v->kind = KEEP;
	for (unsigned i = 0; i < v->count; i++) {
		v->sizes[i] = segment->clusters[i].region_size;
		v->lengths[i] = segment->clusters[i].node_count;
	}
	return v;
}

static void look_at(struct search_changer *c, unsigned index, unsigned cluster)
{
	const struct map_segment *segment = &c->base->segments[index];
	c->segment = index;
	c->cluster = cluster;
	c->node_count = 0;
	for (unsigned i = 0; i < segment->cluster_count; i++)
		for (unsigned n = 0; n < segment->clusters[i].node_count; n++) {
			c->homes[c->node_count] = &segment->clusters[i];
			c->nodes[c->node_count++] = &segment->clusters[i].nodes[n];
		}
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
	const struct map_cluster *of = &c->base->segments[c->segment].clusters[c->cluster];
	for (unsigned i = 0; i < of->node_count; i++)
		for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
			const struct map_node *node = &of->nodes[i];
			unsigned split[MAP_DIMS];
			search_choose_split(&c->model->workload->nodes[node->node],
			                    (enum search_split)kind, of->region_size, split);
			if (memcmp(split, node->split, sizeof split) == 0)
				continue;
			struct variant *v = reset(c);
			v->node = node->node;
			v->kind = (enum search_split)kind;
			g_autofree char *is = split_text(split), *was = split_text(node->split);
			consider(c, best,
			         g_strdup_printf("%s in place of %s for %s", is, was,
			                         name_of(c, node->node)));
		}
}

/* One chiplet between the cluster and `other`, or an idle one where that is the cluster itself. */
static void try_chiplet(struct search_changer *c, unsigned other, bool more,
                        struct search_change *best)
{
	struct variant *v = reset(c);
	unsigned from = more ? other : c->cluster, to = more ? c->cluster : other;
	bool idle = other == c->cluster;
	if (idle && more) {
		if (chiplets_used(&c->base->segments[c->segment]) == c->chiplets)
			return;
	} else if (--v->sizes[from] == 0) {
		return;
	}
	if (!idle || more)
		v->sizes[to]++;
	if (idle)
		consider(c, best, g_strdup(more ? "an idle chiplet more" : "a chiplet less"));
	else
		consider(c, best,
		         g_strdup_printf("a chiplet %s cluster %u", more ? "from" : "to", other));
}

static void try_sizes(struct search_changer *c, bool more, struct search_change *best)
{
	unsigned count = c->base->segments[c->segment].cluster_count;
	if (c->freedom.whole_package)
		return;
	try_chiplet(c, c->cluster, more, best);
	if (c->cluster > 0)
		try_chiplet(c, c->cluster - 1, more, best);
	if (c->cluster + 1 < count)
		try_chiplet(c, c->cluster + 1, more, best);
}

/* Clusters `first` and the next become one. */
static void try_merge(struct search_changer *c, unsigned first, struct search_change *best)
{
	struct variant *v = reset(c);
	if (v->lengths[first] + v->lengths[first + 1] > c->freedom.longest_cluster)
		return;
	v->lengths[first] += v->lengths[first + 1];
	v->sizes[first] += v->sizes[first + 1];
	v->count--;
	for (unsigned i = first + 1; i < v->count; i++) {
		v->lengths[i] = v->lengths[i + 1];
		v->sizes[i] = v->sizes[i + 1];
	}
	consider(
		c, best,
		g_strdup_printf("merged with cluster %u", first == c->cluster ? first + 1 : first));
}

static double macs_of(const struct search_changer *c, const struct map_cluster *of, unsigned count)
{
	double macs = 0;
	for (unsigned i = 0; i < count; i++)
		macs += (double)c->model->workload->nodes[of->nodes[i].node].macs;
	return macs;
}

/* The first `length` nodes alone, on chiplets in proportion to their MACs. */
static void try_cut(struct search_changer *c, unsigned length, struct search_change *best)
{
	const struct map_cluster *of = &c->base->segments[c->segment].clusters[c->cluster];
	struct variant *v = reset(c);
	double share = macs_of(c, of, length) / macs_of(c, of, of->node_count);
	unsigned size = CLAMP((unsigned)lround(share * of->region_size), 1, of->region_size - 1);
	for (unsigned i = v->count++; i > c->cluster; i--) {
		v->lengths[i] = v->lengths[i - 1];
		v->sizes[i] = v->sizes[i - 1];
	}
	v->lengths[c->cluster] = length;
	v->lengths[c->cluster + 1] -= length;
	v->sizes[c->cluster] = size;
	v->sizes[c->cluster + 1] -= size;
	consider(c, best, g_strdup_printf("cut before %s", name_of(c, of->nodes[length].node)));
}

static void try_cuts(struct search_changer *c, struct search_change *best)
{
	const struct map_cluster *of = &c->base->segments[c->segment].clusters[c->cluster];
	if (c->freedom.whole_package || of->region_size < 2)
		return;
	for (unsigned length = 1; length < of->node_count; length++)
		try_cut(c, length, best);
}

static void try_hand_on(struct search_changer *c, unsigned to, struct search_change *best)
{
	const struct map_cluster *of = &c->base->segments[c->segment].clusters[c->cluster];
	struct variant *v = reset(c);
	if (v->lengths[c->cluster] < 2 || v->lengths[to] >= c->freedom.longest_cluster)
		return;
	v->lengths[c->cluster]--;
	v->lengths[to]++;
	unsigned node = of->nodes[to < c->cluster ? 0 : of->node_count - 1].node;
	consider(c, best, g_strdup_printf("%s to cluster %u", name_of(c, node), to));
}

static void try_neighbours(struct search_changer *c, struct search_change *merge,
                           struct search_change *hand_on)
{
	if (c->cluster > 0) {
		try_merge(c, c->cluster - 1, merge);
		try_hand_on(c, c->cluster - 1, hand_on);
	}
	if (c->cluster + 1 < c->base->segments[c->segment].cluster_count) {
		try_merge(c, c->cluster, merge);
		try_hand_on(c, c->cluster + 1, hand_on);
	}
}

static void try_whole(struct search_changer *c, struct search_change *microbatch,
                      struct search_change *serpentine)
{
	unsigned samples = c->base->segments[c->segment].microbatch;
	const unsigned tries[] = { samples / 2, MIN(c->base->batch, samples * 2) };
	for (unsigned i = 0; i < G_N_ELEMENTS(tries); i++) {
		if (tries[i] == 0 || tries[i] == samples)
			continue;
		reset(c)->samples = tries[i];
		consider(c, microbatch,
		         g_strdup_printf("micro-batches of %u in place of %u", tries[i], samples));
	}
	for (unsigned i = 0; i < MAP_SERPENTINES; i++) {
		if (memcmp(c->serpentines[i], c->order,
		           chiplets_used(&c->base->segments[c->segment]) * sizeof *c->order) == 0)
			continue;
		reset(c)->order = c->serpentines[i];
		unsigned band = map_serpentine_band(c->model->package, i);
		consider(c, serpentine,
		         g_strdup_printf("regions along a serpentine in bands of %u row%s", band,
		                         band == 1 ? "" : "s"));
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
	try_neighbours(changer, &changes[SEARCH_CHANGE_MERGE], &changes[SEARCH_CHANGE_HAND_ON]);
	try_cuts(changer, &changes[SEARCH_CHANGE_CUT]);
}

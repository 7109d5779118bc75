/* Invariant: a change is of the mapping as it was given, alone. */
#include "tools/report/changes.h"

#include <math.h>
#include <string.h>

#include "search/cost/cost.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"

#define SIMULATED 6 /* changes */

static int compare_changes(const void *left, const void *right)
{
	const struct explained_change *a = left, *b = right;
	if (a->change->percent != b->change->percent)
		return a->change->percent < b->change->percent ? -1 : 1;
	return a->segment < b->segment ? -1 : a->segment > b->segment;
}

/* What one cluster gets of another is what that one gives to it. */
static bool same_move(const struct search_segment_move *a, const struct search_segment_move *b)
{
	bool same = a->cluster == b->cluster && a->to == b->to && a->value == b->value;
	return a->kind == b->kind &&
	       (same || (a->kind == SEARCH_MERGE && a->cluster == b->to && a->to == b->cluster));
}

static void collect(GArray *all, unsigned segment, unsigned cluster,
                    const struct search_change *changes, unsigned count)
{
	for (unsigned k = 0; k < count; k++) {
		struct explained_change one = { segment, cluster, &changes[k], NAN };
		bool known = !changes[k].text;
		for (guint i = all->len; !known && i-- > 0;) {
			const struct explained_change *other = &g_array_index(
				all, struct explained_change, i);
			if (other->segment != segment)
				break;
			known = same_move(&other->change->move, &changes[k].move);
		}
		if (!known)
			g_array_append_val(all, one);
	}
}

static GArray *all_changes(const struct search_explanation *e)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct explained_change));
	for (unsigned s = 0; s < e->segment_count; s++) {
		unsigned end = s + 1 < e->segment_count ? e->segments[s + 1].first_cluster
		                                        : e->cluster_count;
		collect(all, s, CHANGE_OF_SEGMENT, e->segments[s].changes,
		        SEARCH_CHANGES - SEARCH_CLUSTER_CHANGES);
		for (unsigned c = e->segments[s].first_cluster; c < end; c++)
			collect(all, s, c - e->segments[s].first_cluster, e->clusters[c].changes,
			        SEARCH_CLUSTER_CHANGES);
	}
	if (all->len > 0)
		qsort(all->data, all->len, sizeof(struct explained_change), compare_changes);
	return all;
}

static double simulated_value(const struct subject *subject, const struct map_mapping *mapping,
                              const struct search_options *options)
{
	struct sim_outcome *outcome = subject_simulate(subject, mapping, false, NULL);
	double value = NAN;
	if (outcome)
		value = search_value(options, outcome->latency_ns,
		                     cost_total_pJ(&outcome->totals, outcome->static_pJ));
	sim_outcome_free(outcome);
	return value;
}

/* The best few changes. `base_value`: the simulated objective of the mapping itself. */
static struct explained_changes simulate_changes(const struct subject *subject,
                                                 const struct map_mapping *mapping,
                                                 const struct explained *explained,
                                                 double base_value)
{
	GArray *all = all_changes(&explained->explanation);
	struct explained_changes changes = { .count = MIN(all->len, SIMULATED) };
	changes.list = (struct explained_change *)(void *)g_array_free(all, FALSE);
	for (unsigned i = 0; i < changes.count; i++) {
		struct explained_change *one = &changes.list[i];
		struct map_mapping *changed = search_changed(subject->workload, subject->package,
		                                             mapping, &explained->options,
		                                             one->segment, one->change);
		double value = simulated_value(subject, changed, &explained->options);
		one->simulated_percent = 100 * (value / base_value - 1);
		map_free(changed);
	}
	return changes;
}

static struct search_options space_of(const struct subject *subject, const struct options *options,
                                      const struct map_mapping *mapping)
{
	struct search_options wanted = subject_search_options(subject, options);
	if (!options->strategy_given)
		wanted.strategy = SEARCH_BEST;
	for (unsigned s = 0; !options->strategy_given && s < SEARCH_STRATEGIES; s++)
		if (g_strcmp0(mapping->strategy, search_strategy_name((enum search_strategy)s)) ==
		    0)
			wanted.strategy = (enum search_strategy)s;
	wanted.batch = mapping->batch;
	return wanted;
}

void explained_init(struct explained *explained, const struct subject *subject,
                    const struct options *options, const struct map_mapping *mapping,
                    const struct sim_outcome *simulated)
{
	explained->options = space_of(subject, options, mapping);
	search_explain(subject->workload, subject->package, mapping, &explained->options,
	               &explained->explanation);
	double value = search_value(&explained->options, simulated->latency_ns,
	                            cost_total_pJ(&simulated->totals, simulated->static_pJ));
	explained->changes = simulate_changes(subject, mapping, explained, value);
}

void explained_release(struct explained *explained)
{
	g_free(explained->changes.list);
	search_explanation_release(&explained->explanation);
}

struct map_mapping *changes_apply_best(const struct explained_changes *changes,
                                       const struct subject *subject,
                                       const struct map_mapping *mapping,
                                       const struct search_options *options)
{
	const struct explained_change *best = NULL;
	for (unsigned i = 0; i < changes->count; i++)
		if (changes->list[i].simulated_percent < (best ? best->simulated_percent : 0))
			best = &changes->list[i];
	return best ? search_changed(subject->workload, subject->package, mapping, options,
	                             best->segment, best->change)
	            : NULL;
}

/* ---- what is said ---- */

/* "segment 1 cluster 0: a chiplet from cluster 1" */
static char *words_of(const struct explained_change *one)
{
	g_autofree char *text = printable(one->change->text);
	if (one->cluster == CHANGE_OF_SEGMENT)
		return g_strdup_printf("segment %u: %s", one->segment, text);
	return g_strdup_printf("segment %u cluster %u: %s", one->segment, one->cluster, text);
}

void changes_print(const struct explained_changes *changes, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "what a change would bring", "", TABLE_LEFT },
		{ "model", "%", TABLE_RIGHT },
		{ "simulated", "%", TABLE_RIGHT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (unsigned i = 0; i < changes->count; i++) {
		const struct explained_change *one = &changes->list[i];
		g_autofree char *words = words_of(one);
		table_add(&table, "%s", words);
		table_add_number(&table, "%+.2f", one->change->percent);
		table_add_number(&table, "%+.2f", one->simulated_percent);
	}
	g_string_append_c(out, '\n');
	table_finish(&table, out);
	if (changes->count == 0)
		g_string_append(out, "(there is none that fits)\n");
}

void changes_write(struct json_writer *w, const struct explained_changes *changes)
{
	json_begin_array(w, "changes", JSON_LINES);
	for (unsigned i = 0; i < changes->count; i++) {
		const struct explained_change *one = &changes->list[i];
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_integer(w, "segment", one->segment);
		if (one->cluster != CHANGE_OF_SEGMENT)
			json_integer(w, "cluster", one->cluster);
		json_string(w, "change", one->change->text);
		json_number(w, "analytical_percent", one->change->percent);
		json_number(w, "simulated_percent", one->simulated_percent);
		json_end_object(w);
	}
	json_end_array(w);
}

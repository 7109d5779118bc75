/* Invariant: nodes (edges) of one kind are alike in all that the tables depend on. */
#include "search/tables/candidate_tables.h"

#include "hw/base/threads.h"

#include <string.h>

/* All sizes up to 16, then about 12 % apart, and all chiplets. */
static void choose_sizes(struct search_space *space)
{
	GArray *sizes = g_array_new(FALSE, FALSE, sizeof(unsigned));
	for (unsigned r = 1; r < space->chiplets; r += r < 16 ? 1 : r / 8)
		g_array_append_val(sizes, r);
	g_array_append_val(sizes, space->chiplets);
	space->size_count = sizes->len;
	space->sizes = (unsigned *)(void *)g_array_free(sizes, FALSE);
}

/* Number things by their description: equal descriptions get equal numbers. */
static unsigned number_of(GHashTable *numbers, char *description)
{
	gpointer known;
	if (g_hash_table_lookup_extended(numbers, description, NULL, &known)) {
		g_free(description);
		return GPOINTER_TO_UINT(known);
	}
	unsigned number = g_hash_table_size(numbers);
	g_hash_table_insert(numbers, description, GUINT_TO_POINTER(number));
	return number;
}

static void describe_reach(GString *text, const struct wl_reach *r)
{
	for (; r; r = r->next)
		g_string_append_printf(text,
		                       " %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT
		                       "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT
		                       "/%" G_GINT64_FORMAT "/%u",
		                       r->down, r->up, r->pad, r->taps, r->dilation, r->extent);
	g_string_append_c(text, ';');
}

static char *describe_edge_end(const struct wl_workload *w, const struct wl_edge *e)
{
	struct wl_shape shape = wl_edge_shape(w, e);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%d %u %ux%ux%u", e->channels, e->channel_offset,
	                       shape.channels, shape.rows, shape.columns);
	describe_reach(text, e->rows);
	describe_reach(text, e->columns);
	return g_string_free(text, FALSE);
}

static char *describe_node(const struct wl_workload *w, const struct wl_node *n)
{
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%u %u %u %u %u %u %u %ux%ux%u %" G_GUINT64_FORMAT, n->K, n->C,
	                       n->P, n->Q, n->R, n->S, n->groups, n->output.channels,
	                       n->output.rows, n->output.columns, n->vector_elements);
	describe_reach(text, n->mac_rows);
	describe_reach(text, n->mac_columns);
	for (unsigned i = 0; i < n->across_count; i++) {
		const struct wl_across *a = &n->across[i];
		g_string_append_printf(text, "%u %u %u %ux%u", a->statistics, a->below, a->above,
		                       a->row_count, a->column_count);
		describe_reach(text, a->rows);
		describe_reach(text, a->columns);
	}
	for (unsigned i = 0; i < n->edge_in_count; i++) {
		g_autofree char *end = describe_edge_end(w, &w->edges[n->edges_in[i]]);
		g_string_append(text, end);
	}
	return g_string_free(text, FALSE);
}

static void number_kinds(struct search_space *space)
{
	const struct wl_workload *w = space->workload;
	GHashTable *nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTable *edges = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	space->node_kind = g_new(unsigned, w->node_count);
	space->edge_kind = g_new(unsigned, w->edge_count);
	for (unsigned n = 0; n < w->node_count; n++)
		space->node_kind[n] = number_of(nodes, describe_node(w, &w->nodes[n]));
	for (unsigned e = 0; e < w->edge_count; e++) {
		const struct wl_edge *edge = &w->edges[e];
		g_autofree char *end = describe_edge_end(w, edge);
		int from = edge->from < 0 ? -1 : (int)space->node_kind[edge->from];
		space->edge_kind[e] = number_of(
			edges, g_strdup_printf("%d>%u %s", from, space->node_kind[edge->to], end));
	}
	space->node_kinds = g_hash_table_size(nodes);
	space->edge_kinds = g_hash_table_size(edges);
	g_hash_table_destroy(nodes);
	g_hash_table_destroy(edges);
	space->kind_node = g_new(unsigned, space->node_kinds);
	space->kind_edge = g_new(unsigned, space->edge_kinds);
	for (unsigned n = w->node_count; n-- > 0;)
		space->kind_node[space->node_kind[n]] = n;
	for (unsigned e = w->edge_count; e-- > 0;)
		space->kind_edge[space->edge_kind[e]] = e;
}

/* Rows and columns cut so that the largest share is smallest; ties: least halo. */
static void best_2d(uint32_t rows, uint32_t columns, unsigned size, unsigned split[MAP_DIMS])
{
	uint64_t best = UINT64_MAX;
	for (unsigned p = 1; p <= MIN(size, rows); p++) {
		unsigned q = MIN(size / p, columns);
		uint64_t height = (rows + p - 1) / p, width = (columns + q - 1) / q;
		uint64_t cost = height * width * 4096 + height + width;
		if (cost < best) {
			best = cost;
			split[MAP_P] = p;
			split[MAP_Q] = q;
		}
	}
}

void search_choose_split(const struct wl_node *node, enum search_split kind, unsigned size,
                         unsigned split[MAP_DIMS])
{
	for (int d = 0; d < MAP_DIMS; d++)
		split[d] = 1;
	if (kind == SEARCH_ISP)
		split[MAP_K] = MIN(size, node->output.channels);
	else if (kind == SEARCH_WSP_ROWS)
		split[MAP_P] = MIN(size, node->output.rows);
	else
		best_2d(node->output.rows, node->output.columns, size, split);
}

static void note_limits(struct search_space *space)
{
	const struct hw_package *package = space->package;
	space->weight_limit = space->activation_limit = UINT64_MAX;
	for (unsigned c = 0; c < space->chiplets; c++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, c);
		uint64_t working = map_array_weight_bytes(space->workload, type);
		uint64_t weights = type->weight_buffer_bytes;
		space->weight_limit = MIN(space->weight_limit,
		                          weights > working ? weights - working : 0);
		space->activation_limit = MIN(space->activation_limit,
		                              type->activation_buffer_bytes);
	}
	space->dram_GBps = hw_dram_total_GBps(package);
}

void search_space_init(struct search_space *space, struct cost_model *model, unsigned jobs)
{
	*space = (struct search_space){ .workload = model->workload,
		                        .package = model->package,
		                        .model = model };
	space->chiplets = hw_chiplet_count(model->package);
	space->serpentine = g_new(unsigned, space->chiplets);
	map_serpentine(model->package, 0, space->serpentine);
	choose_sizes(space);
	number_kinds(space);
	note_limits(space);
	space->crew = search_crew_new(jobs);
	space->jobs = search_crew_size(space->crew);
	space->workers = g_new(struct search_worker, space->jobs);
	for (unsigned i = 0; i < space->jobs; i++) {
		map_network_init(&space->workers[i].network, space->package);
		map_phase_init(&space->workers[i].phase, space->package);
	}
	search_space_fill(space);
}

static void free_tables(struct search_space *space)
{
	g_free(space->choices);
	g_free(space->edges);
	g_hash_table_destroy(space->computes);
}

void search_space_balance(struct search_space *space)
{
	space->by_speed = true;
	space->samples = 0;
	free_tables(space);
	search_space_fill(space);
}

void search_space_release(struct search_space *space)
{
	g_free(space->serpentine);
	g_free(space->sizes);
	g_free(space->node_kind);
	g_free(space->kind_node);
	g_free(space->kind_edge);
	for (unsigned i = 0; i < space->jobs; i++) {
		map_network_release(&space->workers[i].network);
		map_phase_release(&space->workers[i].phase);
	}
	g_free(space->workers);
	search_crew_free(space->crew);
	g_free(space->edge_kind);
	free_tables(space);
}

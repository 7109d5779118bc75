/*
 * Invariant: rows are filled from the functions that cost a final mapping
 * (map_shares, map_transfer, ...); the search has no formula of its own.
 */
#include "search/space.h"

#include <string.h>

void search_snake(const struct hw_package *package, unsigned band, unsigned *snake)
{
	unsigned count = 0;
	for (unsigned top = 0, b = 0; top < package->rows; top += band, b++) {
		unsigned height = MIN(band, package->rows - top);
		for (unsigned i = 0; i < package->columns; i++) {
			unsigned x = b % 2 ? package->columns - 1 - i : i;
			for (unsigned j = 0; j < height; j++) {
					unsigned y = top + (i % 2 ? height - 1 - j : j);
				snake[count++] = y * package->columns + x;
			}
		}
	}
}

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

static char *describe_reach(const struct wl_reach *r)
{
	return g_strdup_printf("%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT
	                       "/%" G_GINT64_FORMAT, r->down, r->up, r->pad, r->window);
}

static char *describe_edge_end(const struct wl_workload *w, const struct wl_edge *e)
{
	struct wl_shape shape = wl_edge_shape(w, e);
	g_autofree char *rows = describe_reach(&e->rows), *columns = describe_reach(&e->columns);
	return g_strdup_printf("%d %u %ux%ux%u %s %s;", e->channels, e->channel_offset, shape.channels,
	                       shape.rows, shape.columns, rows, columns);
}

static char *describe_node(const struct wl_workload *w, const struct wl_node *n)
{
	g_autofree char *rows = describe_reach(&n->mac_rows), *columns = describe_reach(&n->mac_columns);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%u %u %u %u %u %u %u %ux%ux%u %s %s %" G_GUINT64_FORMAT ":", n->K, n->C,
	                       n->P, n->Q, n->R, n->S, n->groups, n->output.channels, n->output.rows,
	                       n->output.columns, rows, columns, n->vector_elements);
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
		space->edge_kind[e] = number_of(edges, g_strdup_printf("%d>%u %s", from,
		                                                       space->node_kind[edge->to], end));
	}
	space->node_kinds = g_hash_table_size(nodes);
	space->edge_kinds = g_hash_table_size(edges);
	g_hash_table_destroy(nodes);
	g_hash_table_destroy(edges);
}

static struct map_placed place(const struct search_space *space, unsigned node, unsigned start,
                               unsigned size, const unsigned split[MAP_DIMS], unsigned samples)
{
	struct map_placed placed = { .workload = space->workload,
		                     .node = &space->workload->nodes[node],
		                     .region = space->snake + start,
		                     .region_size = size,
		                     .weights = MAP_RESIDENT,
		                     .tiles = 1,
		                     .samples = samples };
	memcpy(placed.split, split, sizeof placed.split);
	return placed;
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

static void choose_splits(const struct wl_node *node, unsigned size, struct search_choice *choices)
{
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		choices[s].valid = true;
		search_choose_split(node, (enum search_split)s, size, choices[s].split);
		for (unsigned t = 0; t < s; t++)
			if (!memcmp(choices[s].split, choices[t].split, sizeof choices[s].split))
				choices[s].valid = false;
	}
}

static struct search_time take_time(struct search_space *space)
{
	struct map_phase *phase = &space->model->part;
	struct search_time time = { 0, 0 };
	if (!map_phase_empty(phase)) {
		time.latency_ns = (float)phase->latency_ns;
		time.sample_ns = (float)(map_phase_ns(&space->model->network, phase) - phase->latency_ns);
	}
	map_phase_clear(phase);
	return time;
}

static struct map_placed place_choice(const struct search_space *space, unsigned node, unsigned size,
                                      const struct search_choice *choice)
{
	return place(space, node, 0, size, choice->split, 1);
}

static void fill_sizes(struct search_space *space, unsigned node, unsigned size,
                       struct search_choice *choice)
{
	struct map_scratch *scratch = &space->model->network.scratch;
	struct map_placed placed = place_choice(space, node, size, choice);
	struct map_grid grid;
	unsigned mark = scratch->used;
	map_output_grid(&placed, scratch, &grid);
	choice->output_bytes = map_largest_box(&grid) * space->workload->activation_bytes;
	scratch->used = mark;
	choice->weight_bytes = (uint32_t)map_share_weight_bytes(&placed);
	choice->shard_bytes = (uint32_t)map_shard_bytes(&placed);
}

static void fill_times(struct search_space *space, unsigned node, unsigned size,
                       struct search_choice *choice)
{
	struct map_network *network = &space->model->network;
	struct map_phase *phase = &space->model->part;
	struct map_placed placed = place_choice(space, node, size, choice);
	map_store(network, &placed, MAP_WHOLE, phase);
	choice->store = take_time(space);
	map_pool_halo(network, &placed, MAP_WHOLE, phase);
	choice->halo = take_time(space);
	map_load(network, &placed, phase);
	choice->stream_ns = search_time_ns(take_time(space), 1);
	placed.weights = MAP_DISTRIBUTED;
	map_gather(network, &placed, phase);
	choice->gather_ns = search_time_ns(take_time(space), 1);
}

/* Traffic is measured at the anchors (all sizes up to 16, then every third) and
 * interpolated between them; it is smooth in the size, and large regions are costly. */
static bool is_anchor(const struct search_space *space, unsigned r)
{
	return space->sizes[r] <= 16 || r + 1 == space->size_count || r % 3 == 0;
}

static void find_anchors(const struct search_space *space, unsigned r, unsigned *below, unsigned *above,
                         float *part)
{
	for (*below = r; !is_anchor(space, *below);)
		--*below;
	for (*above = r; !is_anchor(space, *above);)
		++*above;
	*part = (float)(space->sizes[r] - space->sizes[*below]) /
	        (float)(space->sizes[*above] - space->sizes[*below]);
}

static float between(float a, float b, float part)
{
	return a + part * (b - a);
}

static struct search_time time_between(struct search_time a, struct search_time b, float part)
{
	return (struct search_time){ between(a.latency_ns, b.latency_ns, part),
		                     between(a.sample_ns, b.sample_ns, part) };
}

static void interpolate_choices(const struct search_space *space, unsigned node, unsigned r)
{
	unsigned below, above;
	float part;
	find_anchors(space, r, &below, &above, &part);
	struct search_choice *to = &space->choices[search_row(space, node, r)];
	const struct search_choice *a = search_choices(space, node, below);
	const struct search_choice *b = search_choices(space, node, above);
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		to[s].store = time_between(a[s].store, b[s].store, part);
		to[s].halo = time_between(a[s].halo, b[s].halo, part);
		to[s].gather_ns = between(a[s].gather_ns, b[s].gather_ns, part);
		to[s].stream_ns = between(a[s].stream_ns, b[s].stream_ns, part);
	}
}

static void fill_nodes(struct search_space *space)
{
	const struct wl_workload *w = space->workload;
	size_t rows = (size_t)space->node_kinds * space->size_count * SEARCH_SPLITS;
	space->choices = g_new0(struct search_choice, rows);
	space->compute_ns = g_new0(float, rows);
	g_autofree bool *done = g_new0(bool, space->node_kinds);
	for (unsigned n = 0; n < w->node_count; n++) {
		if (done[space->node_kind[n]])
			continue;
		done[space->node_kind[n]] = true;
		for (unsigned r = 0; r < space->size_count; r++) {
			struct search_choice *choices = &space->choices[search_row(space, n, r)];
			choose_splits(&w->nodes[n], space->sizes[r], choices);
			for (int s = 0; s < SEARCH_SPLITS; s++) {
				fill_sizes(space, n, space->sizes[r], &choices[s]);
				if (is_anchor(space, r))
					fill_times(space, n, space->sizes[r], &choices[s]);
			}
		}
		for (unsigned r = 0; r < space->size_count; r++)
			if (!is_anchor(space, r))
				interpolate_choices(space, n, r);
	}
}

static void fill_transfers(struct search_space *space, unsigned e, unsigned r, struct search_edge *costs)
{
	const struct wl_edge *edge = &space->workload->edges[e];
	struct map_network *network = &space->model->network;
	struct map_phase *phase = &space->model->part;
	unsigned size = space->sizes[r], next = MIN(size, space->chiplets - size);
	const struct search_choice *from = search_choices(space, (unsigned)edge->from, r);
	const struct search_choice *to = search_choices(space, edge->to, r);
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		struct map_placed a = place_choice(space, (unsigned)edge->from, size, &from[s]);
		for (int t = 0; t < SEARCH_SPLITS; t++) {
			struct map_placed b = place_choice(space, edge->to, size, &to[t]);
			map_transfer(network, &a, MAP_WHOLE, &b, edge, phase);
			costs->within[s][t] = take_time(space);
			b.region = space->snake + next;
			map_transfer(network, &a, MAP_WHOLE, &b, edge, phase);
			struct search_time leave = take_time(space);
			if (t == 0 || search_time_ns(leave, 1) < search_time_ns(costs->leave[s], 1))
				costs->leave[s] = leave;
		}
	}
}

static void fill_edge(struct search_space *space, unsigned e, unsigned r, struct search_edge *costs)
{
	const struct wl_edge *edge = &space->workload->edges[e];
	const struct search_choice *to = search_choices(space, edge->to, r);
	struct map_network *network = &space->model->network;
	for (int t = 0; t < SEARCH_SPLITS; t++) {
		struct map_placed b = place_choice(space, edge->to, space->sizes[r], &to[t]);
		costs->need_bytes[t] = map_input_bytes(&b, edge, &network->scratch);
		if (!is_anchor(space, r))
			continue;
		map_fetch(network, &b, MAP_WHOLE, edge, &space->model->part);
		costs->fetch[t] = take_time(space);
	}
	if (edge->from >= 0 && is_anchor(space, r))
		fill_transfers(space, e, r, costs);
}

static void interpolate_edge(const struct search_space *space, struct search_edge *costs, unsigned r)
{
	unsigned below, above;
	float part;
	find_anchors(space, r, &below, &above, &part);
	const struct search_edge *a = &costs[below], *b = &costs[above];
	for (int s = 0; s < SEARCH_SPLITS; s++) {
		costs[r].fetch[s] = time_between(a->fetch[s], b->fetch[s], part);
		costs[r].leave[s] = time_between(a->leave[s], b->leave[s], part);
		for (int t = 0; t < SEARCH_SPLITS; t++)
			costs[r].within[s][t] = time_between(a->within[s][t], b->within[s][t], part);
	}
}

static void fill_edges(struct search_space *space)
{
	space->edges = g_new0(struct search_edge, (size_t)space->edge_kinds * space->size_count);
	g_autofree bool *done = g_new0(bool, space->edge_kinds);
	for (unsigned e = 0; e < space->workload->edge_count; e++) {
		unsigned kind = space->edge_kind[e];
		if (done[kind])
			continue;
		done[kind] = true;
		struct search_edge *costs = &space->edges[(size_t)kind * space->size_count];
		for (unsigned r = 0; r < space->size_count; r++)
			fill_edge(space, e, r, &costs[r]);
		for (unsigned r = 0; r < space->size_count; r++)
			if (!is_anchor(space, r))
				interpolate_edge(space, costs, r);
	}
}

static void note_limits(struct search_space *space)
{
	const struct hw_package *package = space->package;
	space->weight_limit = space->activation_limit = UINT64_MAX;
	for (unsigned c = 0; c < space->chiplets; c++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, c);
		uint64_t working = 2 * hw_array_macs(&type->array) * space->workload->weight_bytes;
		uint64_t weights = type->weight_buffer_bytes;
		space->weight_limit = MIN(space->weight_limit, weights > working ? weights - working : 0);
		space->activation_limit = MIN(space->activation_limit, type->activation_buffer_bytes);
	}
	for (unsigned i = 0; i < package->dram_count; i++)
		space->dram_GBps += package->dram[i].GBps;
}

void search_space_init(struct search_space *space, struct cost_model *model)
{
	*space = (struct search_space){ .workload = model->workload, .package = model->package, .model = model };
	space->chiplets = hw_chiplet_count(model->package);
	space->snake = g_new(unsigned, space->chiplets);
	search_snake(model->package, MIN(2, model->package->rows), space->snake);
	choose_sizes(space);
	number_kinds(space);
	note_limits(space);
	fill_nodes(space);
	fill_edges(space);
}

void search_space_release(struct search_space *space)
{
	g_free(space->snake);
	g_free(space->sizes);
	g_free(space->node_kind);
	g_free(space->edge_kind);
	g_free(space->choices);
	g_free(space->edges);
	g_free(space->compute_ns);
}

void search_space_samples(struct search_space *space, unsigned samples)
{
	const struct wl_workload *w = space->workload;
	g_autofree bool *done = g_new0(bool, space->node_kinds);
	space->samples = samples;
	for (unsigned n = 0; n < w->node_count; n++) {
		if (done[space->node_kind[n]])
			continue;
		done[space->node_kind[n]] = true;
		for (unsigned r = 0; r < space->size_count; r++) {
			size_t row = search_row(space, n, r);
			for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
				if (!space->choices[row + s].valid)
					continue;
				struct map_placed placed = place(space, n, 0, space->sizes[r],
				                                 space->choices[row + s].split, samples);
				space->compute_ns[row + s] =
				        (float)map_shares(&placed, space->package,
				                          &space->model->network.scratch,
				                          space->model->network.shares);
			}
		}
	}
}

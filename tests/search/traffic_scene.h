/*
 * Random producers, consumers, splits, regions and grids, and which element of the producer's
 * output each chiplet needs, counted from the taps of the layers alone. Layers are drawn from all
 * that is legal: strides above the kernel, dilations, padding, groups, transposed convolutions,
 * pools in front and behind.
 */
#ifndef TESTS_SEARCH_TRAFFIC_SCENE_H
#define TESTS_SEARCH_TRAFFIC_SCENE_H

#include <string.h>

#include "tests/search/fixtures.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

enum { CHIPLETS = 16, ROUNDS = UNLESS_SANITIZED(200, 30), MOST_ROWS = 24, TILES = 6 };

/* How b reads a. */
enum kind { WINDOW, CONCAT, RESIDUAL, TRANSPOSED, KINDS };

/* A producer a, a consumer b, and where they run. */
struct scene {
	struct hw_package *package;
	struct wl_workload *workload;
	struct map_network network;
	unsigned regions[2][CHIPLETS];
	struct map_placed from, to;
	const struct wl_edge *edge;
	bool same; /* reads the same channel: a residual */
	unsigned groups, in_channels, offset;
	/* Rows and columns: whether an output of b's node touches one of a, one of b's MAC
	 * outputs. */
	bool touched[2][MOST_ROWS][MOST_ROWS], pooled[2][MOST_ROWS][MOST_ROWS];
};

static inline unsigned pick(GRand *rand, unsigned min, unsigned max)
{
	return (unsigned)g_rand_int_range(rand, (int)min, (int)max + 1);
}

static inline void shuffle(GRand *rand, unsigned *region, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		region[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned j = pick(rand, 0, i - 1), swapped = region[j];
		region[j] = region[i - 1];
		region[i - 1] = swapped;
	}
}

/* A window along rows and columns, each with its own numbers. */
static inline void append_window(GString *layers, GRand *rand, bool pool)
{
	unsigned kernel[2], stride[2], pad[2];
	for (int d = 0; d < 2; d++) {
		kernel[d] = pick(rand, 1, 3);
		stride[d] = pick(rand, 1, 5);
		pad[d] = pick(rand, 0, pool ? kernel[d] - 1 : 3);
	}
	g_string_append_printf(layers, "'kernel': [%u, %u], 'stride': [%u, %u], 'pad': [%u, %u]",
	                       kernel[0], kernel[1], stride[0], stride[1], pad[0], pad[1]);
}

static inline void append_pool(GString *layers, GRand *rand, const char *name, const char *from)
{
	g_string_append_printf(layers, "{'name': '%s', 'op': 'max_pool', 'inputs': ['%s'], ", name,
	                       from);
	append_window(layers, rand, true);
	g_string_append(layers, g_rand_boolean(rand) ? ", 'ceil': true}," : "},");
}

/* Keeps the shape, as the other operand of an add must. */
static inline void append_same_window(GString *layers, GRand *rand)
{
	unsigned reach = pick(rand, 0, 2), dilation = reach == 2 ? pick(rand, 1, 2) : 1;
	g_string_append_printf(layers, "'kernel': %u, 'dilation': %u, 'pad': %u",
	                       2 * reach / dilation + 1, dilation, reach);
}

/* b reads a, perhaps through a pool that others do not read through, and perhaps with a pool
 * behind it. c reads a, too, so that a pool that changes the shape cannot go into a. */
static inline char *random_layers(struct scene *s, GRand *rand, enum kind kind)
{
	GString *layers = g_string_new(NULL);
	unsigned channels = pick(rand, 1, 6);
	const char *from = kind == CONCAT ? "cat" : "a", *end = "b";
	s->same = kind == RESIDUAL;
	s->offset = kind == CONCAT ? 4 : 0;
	s->in_channels = s->offset + channels;
	s->groups = pick(rand, 1, 3);
	g_string_append_printf(
		layers,
		"{'name': 'x', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
		"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': %u, 'kernel': 1},"
		"{'name': 'cat', 'op': 'concat', 'inputs': ['x', 'a']},",
		channels);
	if (!s->same && pick(rand, 0, 2) == 0) {
		append_pool(layers, rand, "before", from);
		from = "before";
	}
	g_string_append_printf(
		layers,
		"{'name': 'b', 'op': '%s', 'inputs': ['%s'], 'out_channels': %u, 'groups': %u, ",
		kind == TRANSPOSED ? "transposed_conv" : "conv", from,
		s->same ? channels : pick(rand, 1, 6), s->groups);
	if (s->same)
		append_same_window(layers, rand);
	else
		append_window(layers, rand, false);
	if (!s->same && kind != TRANSPOSED)
		g_string_append_printf(layers, ", 'dilation': [%u, %u]", pick(rand, 1, 3),
		                       pick(rand, 1, 2));
	g_string_append(layers, "},");
	if (s->same) {
		g_string_append(layers, "{'name': 'sum', 'op': 'add', 'inputs': ['b', 'a']},");
		end = "sum";
	}
	if (pick(rand, 0, 2) == 0)
		append_pool(layers, rand, "behind", end);
	g_string_append(layers, "{'name': 'c', 'op': 'conv', 'inputs': ['cat'], 'out_channels': 1, "
	                        "'kernel': 1}");
	return g_string_free(layers, FALSE);
}

static inline const struct wl_layer *find_layer(const struct wl_workload *w, const char *name)
{
	for (unsigned i = 0; i < w->layer_count; i++)
		if (!strcmp(w->layers[i].name, name))
			return &w->layers[i];
	return NULL;
}

static inline uint32_t extent_of(struct wl_shape shape, int d)
{
	return d == 0 ? shape.rows : shape.columns;
}

static inline bool too_large(const struct wl_workload *w)
{
	for (unsigned i = 0; i < w->layer_count; i++)
		if (MAX(w->layers[i].output.rows, w->layers[i].output.columns) > MOST_ROWS)
			return true;
	return false;
}

/* NULL: what was drawn does not fit, or is too large to count. */
static inline struct wl_workload *random_workload(struct scene *s, GRand *rand)
{
	enum kind kind = (enum kind)pick(rand, 0, KINDS - 1);
	g_autofree char *layers = random_layers(s, rand, kind);
	struct made_workload options = { .channels = 1, .layers = layers };
	options.columns = pick(rand, 3, 7);
	options.rows = pick(rand, 1, 14);
	g_autofree char *text = made_workload_text(options);
	struct wl_workload *w = wl_workload_parse(text, "net.json", NULL, NULL);
	if (w && too_large(w))
		g_clear_pointer(&w, wl_workload_free);
	return w;
}

/* The definition of the operations: whether output `out` of a layer reads row (column) `in`. */
static inline bool layer_touches(const struct wl_layer *layer, int d, int64_t out, int64_t in)
{
	for (int64_t t = 0; t < layer->kernel[d]; t++)
		if (layer->op == WL_TRANSPOSED_CONV
		            ? out + layer->pad[d] == in * layer->stride[d] + t
		            : in == out * layer->stride[d] - layer->pad[d] + t * layer->dilation[d])
			return true;
	return false;
}

/* Marks what row `out` reads through the layers that there are, the last one first. */
static inline void touch_through(const struct wl_workload *w,
                                 const struct wl_layer *const layers[3], unsigned first, int d,
                                 uint32_t out, bool *touched)
{
	while (first < 3 && !layers[first])
		first++;
	if (first == 3) {
		touched[out] = true;
		return;
	}
	uint32_t extent = extent_of(w->layers[layers[first]->inputs[0]].output, d);
	for (uint32_t in = 0; in < extent; in++)
		if (layer_touches(layers[first], d, out, in))
			touch_through(w, layers, first + 1, d, in, touched);
}

static inline void find_touched(struct scene *s)
{
	const struct wl_workload *w = s->workload;
	const struct wl_layer *behind = find_layer(w, "behind");
	const struct wl_layer *before = find_layer(w, "before");
	/* A pool that keeps the shape goes into a after all: its output has a's place. */
	bool fused = before && before->node == find_layer(w, "a")->node;
	const struct wl_layer *all[3] = { behind, s->same ? NULL : find_layer(w, "b"),
		                          s->same || fused ? NULL : before };
	const struct wl_layer *pool[3] = { behind };
	for (int d = 0; d < 2; d++)
		for (uint32_t out = 0; out < extent_of(s->to.node->output, d); out++) {
			touch_through(w, all, 0, d, out, s->touched[d][out]);
			touch_through(w, pool, 0, d, out, s->pooled[d][out]);
		}
}

/* Random factors with a product that fits, none beyond its extent (but N: a smaller tail). */
static inline void random_split(GRand *rand, struct map_placed *placed, unsigned chiplets)
{
	unsigned room = chiplets;
	for (int d = 0; d < MAP_DIMS; d++) {
		unsigned most = MIN(room, d == MAP_N ? 3 : map_extent(placed, (enum map_dim)d));
		placed->split[d] = g_rand_boolean(rand) ? pick(rand, 1, most) : 1;
		room /= placed->split[d];
	}
	placed->region_size = map_parts(placed);
	placed->tiles = pick(rand, 1, TILES);
}

static inline void scene_init(struct scene *s, GRand *rand)
{
	static const char *const channels[3] = { "[0, 0]", "[0, 0]; [1, 1]",
		                                 "[1, 0]; [0, 1]; [1, 1]" };
	struct made_package grid = { .columns = pick(rand, 2, 4) };
	grid.rows = pick(rand, 2, 4); /* one after another, whatever the compiler does */
	grid.unicast = g_rand_boolean(rand);
	grid.nearest = g_rand_boolean(rand);
	grid.torus = g_rand_boolean(rand);
	grid.channels = channels[pick(rand, 0, 2)];
	*s = (struct scene){ 0 };
	s->package = made_package(grid);
	while (!s->workload)
		s->workload = random_workload(s, rand);
	map_network_init(&s->network, s->package);
	unsigned samples = pick(rand, 1, 2), chiplets = hw_chiplet_count(s->package);
	for (int i = 0; i < 2; i++)
		shuffle(rand, s->regions[i], chiplets);
	if (g_rand_boolean(rand))
		memcpy(s->regions[1], s->regions[0], sizeof s->regions[0]);
	s->from = fixture_place(s->workload, 1, s->regions[0], samples, 1, 1, 1, 1);
	s->to = fixture_place(s->workload, 2, s->regions[1], samples, 1, 1, 1, 1);
	s->from.microbatch = s->to.microbatch = samples + pick(rand, 0, 1);
	random_split(rand, &s->from, chiplets);
	random_split(rand, &s->to, chiplets);
	const struct wl_node *b = s->to.node;
	for (unsigned i = 0; i < b->edge_in_count; i++)
		if (s->workload->edges[b->edges_in[i]].from == 1)
			s->edge = &s->workload->edges[b->edges_in[i]]; /* the last: the residual */
	ck_assert_ptr_nonnull(s->edge);
	find_touched(s);
}

static inline void scene_release(struct scene *s)
{
	map_network_release(&s->network);
	hw_package_free(s->package);
	wl_workload_free(s->workload);
}

/* Which part of `parts` has position x of [0, extent), and where in it. */
static inline unsigned part_of(uint32_t extent, unsigned parts, uint32_t x, uint32_t *into,
                               uint32_t *length)
{
	unsigned i = 0;
	while (extent * (i + 1) / parts <= x)
		i++;
	*into = x - extent * i / parts;
	*length = extent * (i + 1) / parts - extent * i / parts;
	return i;
}

/* Chiplet and tile that make an element of a node's output. */
static inline unsigned maker(const struct map_placed *placed, const uint32_t at[MAP_DIMS],
                             unsigned *tile)
{
	unsigned count, number = 0;
	enum map_dim dim = map_tile_dim(placed, &count);
	for (int d = 0; d < MAP_DIMS; d++) {
		uint32_t into, length, ignored;
		number = number * placed->split[d] + part_of(map_extent(placed, (enum map_dim)d),
		                                             placed->split[d], at[d], &into,
		                                             &length);
		if (d == (int)dim)
			*tile = part_of(length, count, into, &ignored, &ignored);
	}
	return placed->region[number];
}

/* Whether output channel `out` of b reads channel `in` of a. */
static inline bool reads_channel(const struct scene *s, uint32_t out, uint32_t in)
{
	if (s->same)
		return out == in;
	return out / (s->to.node->K / s->groups) == (in + s->offset) / (s->in_channels / s->groups);
}

static inline bool next_element(const struct map_placed *placed, uint32_t at[MAP_DIMS])
{
	for (int d = MAP_DIMS - 1; d >= 0; d--) {
		if (++at[d] < map_extent(placed, (enum map_dim)d))
			return true;
		at[d] = 0;
	}
	return false;
}

/* Elements of a tensor by who makes and who needs them, which tiles feed which, and what a
 * chiplet needs for each tile, in all and for the first time. */
struct count {
	unsigned made[CHIPLETS], moved[CHIPLETS][CHIPLETS];
	unsigned needed[TILES][CHIPLETS], fetched[TILES][CHIPLETS];
	bool feeds[TILES][TILES];
};

/* By chiplet: the tiles that need an element, a bit each. */
static inline void count_element(struct count *c, unsigned from, unsigned from_tile,
                                 const unsigned needed[CHIPLETS])
{
	c->made[from]++;
	for (unsigned i = 0; i < CHIPLETS; i++) {
		bool known = false;
		c->moved[from][i] += needed[i] != 0;
		for (unsigned t = 0; t < TILES; t++) {
			if (!(needed[i] >> t & 1))
				continue;
			c->feeds[from_tile][t] = true;
			c->needed[t][i]++;
			c->fetched[t][i] += !known;
			known = true;
		}
	}
}

static inline void count_elements(const struct scene *s, struct count *c)
{
	const struct wl_shape out = s->to.node->output;
	uint32_t in[MAP_DIMS] = { 0 }, at[MAP_DIMS];
	memset(c, 0, sizeof *c);
	do {
		unsigned needed[CHIPLETS] = { 0 }, from_tile = 0, to_tile = 0;
		unsigned from = maker(&s->from, in, &from_tile);
		at[MAP_N] = in[MAP_N];
		for (at[MAP_K] = 0; at[MAP_K] < out.channels; at[MAP_K]++)
			for (at[MAP_P] = 0; at[MAP_P] < out.rows; at[MAP_P]++)
				for (at[MAP_Q] = 0; at[MAP_Q] < out.columns; at[MAP_Q]++) {
					if (!reads_channel(s, at[MAP_K], in[MAP_K]) ||
					    !s->touched[0][at[MAP_P]][in[MAP_P]] ||
					    !s->touched[1][at[MAP_Q]][in[MAP_Q]])
						continue;
					unsigned to = maker(&s->to, at, &to_tile);
					needed[to] |= 1u << to_tile;
				}
		count_element(c, from, from_tile, needed);
	} while (next_element(&s->from, in));
}

/* The output that owns a row of MAC outputs: the last one whose window begins before it ends. */
static inline uint32_t owner(const struct scene *s, int d, uint32_t mac)
{
	uint32_t outputs = extent_of(s->to.node->output, d), found = 0;
	for (uint32_t out = 0; out < outputs; out++)
		for (uint32_t row = 0; row <= mac; row++)
			found = s->pooled[d][out][row] ? out : found;
	return found;
}

/* The same for b's MAC outputs, which its own pool reads. */
static inline void count_halo(const struct scene *s, struct count *c)
{
	const struct wl_node *b = s->to.node;
	uint32_t mac[MAP_DIMS], at[MAP_DIMS], tile_of = 0;
	memset(c, 0, sizeof *c);
	for (mac[MAP_N] = 0; mac[MAP_N] < s->to.samples; mac[MAP_N]++)
		for (mac[MAP_K] = 0; mac[MAP_K] < b->output.channels; mac[MAP_K]++)
			for (mac[MAP_P] = 0; mac[MAP_P] < b->P; mac[MAP_P]++)
				for (mac[MAP_Q] = 0; mac[MAP_Q] < b->Q; mac[MAP_Q]++) {
					unsigned needed[CHIPLETS] = { 0 }, ignored = 0;
					memcpy(at, mac, sizeof at);
					at[MAP_P] = owner(s, 0, mac[MAP_P]);
					at[MAP_Q] = owner(s, 1, mac[MAP_Q]);
					unsigned from = maker(&s->to, at, &tile_of);
					for (at[MAP_P] = 0; at[MAP_P] < b->output.rows; at[MAP_P]++)
						for (at[MAP_Q] = 0; at[MAP_Q] < b->output.columns;
						     at[MAP_Q]++)
							if (s->pooled[0][at[MAP_P]][mac[MAP_P]] &&
							    s->pooled[1][at[MAP_Q]][mac[MAP_Q]])
								needed[maker(&s->to, at,
								             &ignored)] = 1;
					count_element(c, from, tile_of, needed);
				}
}

#endif

/*
 * Traffic, element by element: for random producers, consumers, splits, regions
 * and grids, count which element of the producer's output each chiplet needs,
 * from the taps of the layer alone, and compare with the phases.
 */
#include "tests/search/fixtures.h"
#include "tests/support/sanitized.h"

#include <string.h>

enum { CHIPLETS = 16, ROUNDS = UNLESS_SANITIZED(150, 30) };

/* A producer a, a consumer b of one of three kinds, and where they run. */
struct scene {
	struct hw_package *package;
	struct wl_workload *workload;
	struct map_network network;
	unsigned regions[2][CHIPLETS];
	struct map_placed from, to;
	const struct wl_edge *edge;
	/* The layer that reads: a window, or the same element (a residual). */
	bool same;
	unsigned kernel, stride, pad, groups, in_channels, offset;
};

static unsigned pick(GRand *rand, unsigned min, unsigned max)
{
	return (unsigned)g_rand_int_range(rand, (int)min, (int)max + 1);
}

static void shuffle(GRand *rand, unsigned *region, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		region[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned j = pick(rand, 0, i - 1), swapped = region[j];
		region[j] = region[i - 1];
		region[i - 1] = swapped;
	}
}

/* b reads a through a window; b reads a concat of x and a; b is added to a. */
static char *random_layers(struct scene *s, GRand *rand)
{
	unsigned kind = pick(rand, 0, 2), channels = 2 * pick(rand, 1, 3);
	s->same = kind == 2;
	s->kernel = kind == 2 ? 3 : pick(rand, 1, 3);
	s->stride = kind == 2 ? 1 : pick(rand, 1, s->kernel); /* every row in between is touched */
	s->pad = kind == 2 ? 1 : pick(rand, 0, s->kernel - 1);
	s->groups = kind < 2 && g_rand_boolean(rand) ? 2 : 1;
	s->offset = kind == 1 ? 4 : 0;
	s->in_channels = s->offset + channels;
	return g_strdup_printf(
		"{'name': 'x', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
		"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': %u, 'kernel': 1},"
		"{'name': 'cat', 'op': 'concat', 'inputs': ['x', 'a']},"
		"{'name': 'b', 'op': 'conv', 'inputs': ['%s'], 'out_channels': %u, 'kernel': %u, "
		"'stride': %u, 'pad': %u, 'groups': %u}"
		"%s",
		channels, kind == 1 ? "cat" : "a", kind == 2 ? channels : 2 * pick(rand, 1, 3),
		s->kernel, s->stride, s->pad, s->groups,
		kind == 2   ? ", {'name': 'sum', 'op': 'add', 'inputs': ['b', 'a']}, "
			      "{'name': 'c', 'op': 'conv', 'inputs': ['cat'], 'out_channels': 1, "
			      "'kernel': 1}"
		: kind == 0 ? ", {'name': 'c', 'op': 'conv', 'inputs': ['cat'], 'out_channels': 1, "
			      "'kernel': 1}"
			    : "");
}

/* Random factors with a product that fits, none beyond its extent (but N: a smaller tail). */
static void random_split(GRand *rand, struct map_placed *placed, unsigned chiplets)
{
	unsigned room = chiplets;
	for (int d = 0; d < MAP_DIMS; d++) {
		unsigned most = MIN(room, d == MAP_N ? 3 : map_extent(placed, (enum map_dim)d));
		placed->split[d] = g_rand_boolean(rand) ? pick(rand, 1, most) : 1;
		room /= placed->split[d];
	}
	placed->region_size = map_parts(placed);
	placed->tiles = pick(rand, 1, 6);
}

static void scene_init(struct scene *s, GRand *rand)
{
	static const char *const channels[3] = { "[0, 0]", "[0, 0]; [1, 1]",
		                                 "[1, 0]; [0, 1]; [1, 1]" };
	struct fixture_grid grid = { .columns = pick(rand, 2, 4),
		                     .rows = pick(rand, 2, 4),
		                     .unicast = g_rand_boolean(rand),
		                     .nearest = g_rand_boolean(rand),
		                     .torus = g_rand_boolean(rand),
		                     .channels = channels[pick(rand, 0, 2)] };
	*s = (struct scene){ 0 };
	g_autofree char *layers = random_layers(s, rand);
	s->package = fixture_package(grid);
	s->workload = fixture_workload(1, pick(rand, 3, 6), pick(rand, 3, 6), layers);
	map_network_init(&s->network, s->package);
	unsigned samples = pick(rand, 1, 3), chiplets = hw_chiplet_count(s->package);
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
}

static void scene_release(struct scene *s)
{
	map_network_release(&s->network);
	hw_package_free(s->package);
	wl_workload_free(s->workload);
}

/* Which part of `parts` has position x of [0, extent), and where in it. */
static unsigned part_of(uint32_t extent, unsigned parts, uint32_t x, uint32_t *into,
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
static unsigned maker(const struct map_placed *placed, const uint32_t at[MAP_DIMS], unsigned *tile)
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

static bool window_touches(const struct scene *s, uint32_t out, uint32_t in)
{
	int64_t tap = (int64_t)in - ((int64_t)out * s->stride - s->pad);
	return tap >= 0 && tap < s->kernel;
}

static bool reads(const struct scene *s, const uint32_t out[MAP_DIMS], const uint32_t in[MAP_DIMS])
{
	if (s->same)
		return !memcmp(out, in, MAP_DIMS * sizeof *out);
	return out[MAP_N] == in[MAP_N] &&
	       out[MAP_K] / (s->to.node->K / s->groups) ==
	               (in[MAP_K] + s->offset) / (s->in_channels / s->groups) &&
	       window_touches(s, out[MAP_P], in[MAP_P]) && window_touches(s, out[MAP_Q], in[MAP_Q]);
}

static bool next_element(const struct map_placed *placed, uint32_t at[MAP_DIMS])
{
	for (int d = MAP_DIMS - 1; d >= 0; d--) {
		if (++at[d] < map_extent(placed, (enum map_dim)d))
			return true;
		at[d] = 0;
	}
	return false;
}

/* Elements of a's output by who makes and who needs them, and which tiles feed which. */
struct count {
	unsigned made[CHIPLETS], moved[CHIPLETS][CHIPLETS];
	bool feeds[8][8];
};

static void count_elements(const struct scene *s, struct count *c)
{
	memset(c, 0, sizeof *c);
	uint32_t in[MAP_DIMS] = { 0 };
	do {
		uint32_t out[MAP_DIMS] = { 0 };
		bool needed[CHIPLETS] = { false };
		unsigned from_tile = 0, to_tile = 0, from = maker(&s->from, in, &from_tile);
		c->made[from]++;
		do {
			if (!reads(s, out, in))
				continue;
			needed[maker(&s->to, out, &to_tile)] = true;
			c->feeds[from_tile][to_tile] = true;
		} while (next_element(&s->to, out));
		for (unsigned i = 0; i < CHIPLETS; i++)
			c->moved[from][i] += needed[i];
	} while (next_element(&s->from, in));
}

/* One message per pair of chiplets, in equal parts each way: what a NoP without multicast
 * carries. */
static void expect_unicast(const struct scene *s, const struct count *c, double *bytes)
{
	unsigned links[2 * CHIPLETS], chiplets = hw_chiplet_count(s->package);
	for (unsigned a = 0; a < chiplets; a++)
		for (unsigned b = 0; b < chiplets; b++) {
			if (a == b)
				continue;
			unsigned ways = hw_ways(s->package, a, b);
			bytes[hw_inject_id(s->package, a)] += c->moved[a][b];
			bytes[hw_eject_id(s->package, b)] += c->moved[a][b];
			for (unsigned way = 0; way < ways; way++) {
				unsigned hops = hw_route(s->package, a, b, way, links);
				for (unsigned i = 0; i < hops; i++)
					bytes[links[i]] += (double)c->moved[a][b] / ways;
			}
		}
}

/* With multicast, receivers get the same and nothing else carries more; but where a torus has two
 * ways, a tree takes one of them with all its bytes. */
static void assert_transfer(const struct scene *s, const double *expected,
                            const struct map_phase *phase)
{
	uint64_t delivered = 0;
	double links = 0, link_limit = 0;
	for (unsigned i = 0; i < hw_resource_count(s->package); i++) {
		enum hw_resource_kind kind = hw_resource_kind(s->package, i);
		bool two_ways = kind == HW_LINK && s->package->nop.topology == HW_TORUS;
		if (kind == HW_EJECT || !s->package->nop.multicast)
			ck_assert_double_eq(phase->bytes[i], expected[i]);
		else
			ck_assert_double_le(phase->bytes[i], expected[i] * (two_ways ? 2 : 1));
		ck_assert((phase->bytes[i] > 0) == (expected[i] > 0) || s->package->nop.multicast);
		delivered += kind == HW_EJECT ? (uint64_t)expected[i] : 0;
		links += kind == HW_LINK ? phase->bytes[i] : 0;
		link_limit += kind == HW_LINK ? expected[i] : 0;
	}
	ck_assert_double_le(links, link_limit);
	ck_assert_uint_eq(phase->delivered_bytes, delivered);
}

START_TEST(transfers)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	struct map_phase whole, tiles;
	unsigned tile_count;
	scene_init(&s, rand);
	count_elements(&s, count);
	g_autofree double *expected = g_new0(double, hw_resource_count(s.package));
	expect_unicast(&s, count, expected);
	map_phase_init(&whole, s.package);
	map_phase_init(&tiles, s.package);
	map_transfer(&s.network, &s.from, MAP_WHOLE, &s.to, s.edge, &whole);
	assert_transfer(&s, expected, &whole);
	map_tile_dim(&s.from, &tile_count);
	for (unsigned t = 0; t < tile_count; t++)
		map_transfer(&s.network, &s.from, t, &s.to, s.edge, &tiles);
	assert_transfer(&s, expected, &tiles);
	for (unsigned i = 0; i < hw_resource_count(s.package); i++)
		ck_assert_double_le(tiles.bytes[i], whole.bytes[i]); /* smaller pieces share more */
	map_phase_release(&whole);
	map_phase_release(&tiles);
	scene_release(&s);
	g_free(count);
}
END_TEST

START_TEST(tiles_feed_tiles)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 1000);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	unsigned from_tiles, to_tiles;
	scene_init(&s, rand);
	count_elements(&s, count);
	map_tile_dim(&s.from, &from_tiles);
	map_tile_dim(&s.to, &to_tiles);
	for (unsigned a = 0; a < from_tiles; a++)
		for (unsigned b = 0; b < to_tiles; b++)
			ck_assert(map_tile_feeds(&s.network, &s.from, a, &s.to, b, s.edge) ==
			          count->feeds[a][b]);
	scene_release(&s);
	g_free(count);
}
END_TEST

/* What is not at the router of its channel crosses a link. */
static double over_links(const struct scene *s, unsigned chiplet)
{
	double far = 0;
	unsigned least = UINT_MAX;
	for (unsigned i = 0; i < s->package->dram_count; i++) {
		unsigned hops = hw_hops(s->package, s->package->dram[i].at, chiplet);
		least = MIN(least, hops);
		far += hops > 0;
	}
	if (s->package->interleave == HW_INTERLEAVE_NEAREST)
		return least > 0;
	return far / s->package->dram_count;
}

static void assert_over_links(const struct scene *s, const struct map_phase *stores,
                              const struct map_phase *fetches)
{
	double written = 0, read = 0;
	for (unsigned c = 0; c < hw_chiplet_count(s->package); c++) {
		written += stores->bytes[hw_inject_id(s->package, c)] * over_links(s, c);
		read += fetches->bytes[hw_eject_id(s->package, c)] * over_links(s, c);
	}
	ck_assert_double_eq_tol(stores->dram_link_bytes, written, 1e-9);
	ck_assert_double_eq_tol(fetches->dram_link_bytes, read, 1e-9);
}

/* The same tensor through DRAM: stored by those who make it, fetched by those who need it. */
START_TEST(stores_and_fetches)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 2000);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	struct map_phase stores, fetches, whole;
	unsigned from_tiles, to_tiles;
	uint64_t read = 0;
	scene_init(&s, rand);
	count_elements(&s, count);
	map_phase_init(&stores, s.package);
	map_phase_init(&fetches, s.package);
	map_phase_init(&whole, s.package);
	map_tile_dim(&s.from, &from_tiles);
	map_tile_dim(&s.to, &to_tiles);
	for (unsigned t = 0; t < from_tiles; t++)
		map_store(&s.network, &s.from, t, &stores);
	for (unsigned t = 0; t < to_tiles; t++)
		map_fetch(&s.network, &s.to, t, s.edge, &fetches);
	map_fetch(&s.network, &s.to, MAP_WHOLE, s.edge, &whole);
	for (unsigned c = 0; c < hw_chiplet_count(s.package); c++) {
		unsigned needed = 0, port = hw_eject_id(s.package, c);
		for (unsigned from = 0; from < CHIPLETS; from++)
			needed += count->moved[from][c];
		/* Thirds of an interleaved tensor are no integers. */
		ck_assert_double_eq_tol(stores.bytes[hw_inject_id(s.package, c)], count->made[c],
		                        1e-9);
		ck_assert_double_eq_tol(fetches.bytes[port], needed, 1e-9);
		ck_assert_double_eq_tol(whole.bytes[port], needed, 1e-9);
		read += needed;
	}
	uint64_t volume = s.from.samples * wl_shape_elements(s.from.node->output);
	ck_assert_double_eq_tol(stores.dram_write_bytes, (double)volume, 1e-9);
	assert_over_links(&s, &stores, &whole);
	assert_over_links(&s, &stores, &fetches);
	double channels = 0;
	for (unsigned i = 0; i < s.package->dram_count; i++)
		channels += whole.bytes[hw_dram_id(s.package, i)];
	ck_assert_double_eq_tol(channels, whole.dram_read_bytes, 1e-9);
	if (!s.package->nop.multicast) {
		ck_assert_double_eq_tol(whole.dram_read_bytes, (double)read, 1e-9);
		ck_assert_double_eq_tol(fetches.dram_read_bytes, (double)read, 1e-9);
	} else {
		ck_assert_double_le_tol(whole.dram_read_bytes, (double)read, 1e-9);
	}
	map_phase_release(&stores);
	map_phase_release(&fetches);
	map_phase_release(&whole);
	scene_release(&s);
	g_free(count);
}
END_TEST

/* Distributed weights: what is loaded once and gathered is what resident weights are. */
START_TEST(shards_add_up_to_weights)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 3000);
	struct scene s;
	struct map_phase resident, distributed;
	scene_init(&s, rand);
	map_phase_init(&resident, s.package);
	map_phase_init(&distributed, s.package);
	map_load(&s.network, &s.to, &resident);
	s.to.weights = MAP_DISTRIBUTED;
	map_load(&s.network, &s.to, &distributed);
	ck_assert_double_eq_tol(distributed.dram_read_bytes, (double)s.to.node->weight_bytes, 1e-9);
	map_gather(&s.network, &s.to, &distributed);
	for (unsigned c = 0; c < hw_chiplet_count(s.package); c++) {
		unsigned port = hw_eject_id(s.package, c);
		ck_assert_double_eq_tol(distributed.bytes[port], resident.bytes[port], 1e-9);
	}
	map_phase_release(&resident);
	map_phase_release(&distributed);
	scene_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conservation");
	TCase *tests = tcase_create("conservation");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, transfers, 0, ROUNDS);
	tcase_add_loop_test(tests, tiles_feed_tiles, 0, ROUNDS);
	tcase_add_loop_test(tests, stores_and_fetches, 0, ROUNDS);
	tcase_add_loop_test(tests, shards_add_up_to_weights, 0, ROUNDS);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}

/*
 * What layers fused into a node exchange where their channels are cut: by hand, and for random
 * nodes, splits and tiles counted position by position from what each layer says it needs.
 */
#include "tests/search/traffic_fixture.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#define UNARY(name, op, input) "{'name': '" name "', 'op': '" op "', 'inputs': ['" input "']}"
#define ROW                                              \
	(struct made_package)                            \
	{                                                \
		.columns = 3, .rows = 1, .unicast = true \
	}

static void halo(const struct map_placed *placed, unsigned tile)
{
	map_phase_clear(&phase);
	map_halo(&network, placed, tile, &phase);
	ck_assert_uint_eq(network.scratch.used, 0);
}

/* Every chiplet sends two values of 4 bytes for each of its 2 x 2 positions to the other two. */
static const char *const everybody =
	"0>1=64 1>2=64 1>0=64 2>1=64 i0=64 i1=64 i2=64 e0=64 e1=64 e2=64";

START_TEST(softmax_and_norm_exchange_statistics)
{
	set_up(ROW, 3, 2, 2, POINT("a", "in", "6") "," UNARY("s", "softmax", "a"));
	struct map_placed a = place(0, identity, 3, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes(everybody);
	workload->activation_bytes = 2; /* statistics keep their width */
	halo(&a, MAP_WHOLE);
	assert_bytes(everybody);
	set_up(ROW, 3, 2, 2, POINT("a", "in", "6") "," UNARY("s", "norm", "a"));
	a = place(0, identity, 3, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes(everybody);
}
END_TEST

START_TEST(whole_channels_and_batch_norm_exchange_nothing)
{
	set_up(ROW, 3, 2, 2,
	       POINT("a", "in", "6") "," UNARY("s", "softmax", "a") "," UNARY("n", "norm", "s"));
	struct map_placed a = place(0, identity, 1, 2);
	halo(&a, MAP_WHOLE);
	assert_bytes("");
	set_up(ROW, 3, 2, 2, POINT("a", "in", "6") "," UNARY("s", "batch_norm", "a"));
	a = place(0, identity, 3, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes("");
}
END_TEST

START_TEST(lrn_fetches_its_window)
{
	/* Channels 0-2, 2-4, 4-6 with two more on either side, of 4 positions. */
	set_up(ROW, 3, 2, 2, POINT("a", "in", "6") "," UNARY("l", "lrn", "a"));
	struct map_placed a = place(0, identity, 3, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes("0>1=8 1>2=8 1>0=8 2>1=8 i0=8 i1=16 i2=8 e0=8 e1=16 e2=8");
	/* An even window reaches one further up. */
	set_up(ROW, 3, 2, 2,
	       POINT("a", "in", "6") ",{'name': 'l', 'op': 'lrn', 'inputs': ['a'], 'size': 2}");
	a = place(0, identity, 3, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes("1>0=4 2>1=4 i1=4 i2=4 e0=4 e1=4");
}
END_TEST

/* Positions are the layer's own: 4 x 4 in front of the pool. */
START_TEST(pools_behind_do_not_shrink_it)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 3, 4, 4,
	       POINT("a", "in", "4") "," UNARY(
		       "s", "norm", "a") ",{'name': 'p', 'op': 'max_pool', 'inputs': ['s'], "
	                                 "'kernel': 2, 'stride': 2}");
	struct map_placed a = place(0, identity, 2, 1);
	halo(&a, MAP_WHOLE);
	assert_bytes("0>1=128 1>0=128 i0=128 i1=128 e0=128 e1=128");
}
END_TEST

/* Tiles of channels: the last one knows the sums; of rows: each its own. */
START_TEST(statistics_go_with_the_tile_that_completes_them)
{
	set_up(ROW, 3, 1, 1, POINT("a", "in", "6") "," UNARY("s", "softmax", "a"));
	struct map_placed a = place(0, identity, 3, 1);
	a.tiles = 2;
	halo(&a, 0);
	assert_bytes("");
	halo(&a, 1);
	assert_bytes("0>1=16 1>2=16 1>0=16 2>1=16 i0=16 i1=16 i2=16 e0=16 e1=16 e2=16");
	set_up(ROW, 3, 2, 2, POINT("a", "in", "6") "," UNARY("s", "softmax", "a"));
	a = place(0, identity, 3, 1);
	a.tiles = 2;
	halo(&a, 0);
	assert_bytes("0>1=32 1>2=32 1>0=32 2>1=32 i0=32 i1=32 i2=32 e0=32 e1=32 e2=32");
}
END_TEST

/* A norm behind a concat belongs to its readers, who then need all channels. */
START_TEST(readers_that_normalise_read_all_channels)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, 3, 1, 1,
	       POINT("a", "in", "2") "," POINT(
		       "b", "in",
		       "2") ","
	                    "{'name': 'ab', 'op': 'concat', 'inputs': ['a', 'b']}," UNARY(
				    "n", "norm", "ab") "," CONV("c", "n", "4",
	                                                        "'kernel': 1, 'groups': 4"));
	struct map_placed a = place(0, identity, 1, 1), c = place(2, identity + 1, 1, 1);
	map_phase_clear(&phase);
	map_transfer(&network, &a, MAP_WHOLE, &c, edge_in(2, 0), &phase);
	assert_bytes("0>1=2 i0=2 e1=2");
	c = place(2, identity, 2, 1); /* its second half would need b only */
	map_phase_clear(&phase);
	map_transfer(&network, &a, MAP_WHOLE, &c, edge_in(2, 0), &phase);
	assert_bytes("0>1=2 i0=2 e1=2");
}
END_TEST

/* ---- random nodes, counted position by position ---- */

enum { CHANNELS = 9, EXTENT = 7, SAMPLES = 3, CHIPLETS = 12, ROUNDS = UNLESS_SANITIZED(400, 60) };

/* Who owns what: chiplet by sample, channel, row, column of the layer. */
struct owners {
	int of[SAMPLES][CHANNELS][EXTENT][EXTENT];
};

static bool holds(struct map_interval i, unsigned at)
{
	return i.lo <= at && at < i.hi;
}

/* The rows (or columns) of the layer that output part i owns: those from its first window's start
 * to the next part's, the first and last part up to the rim. */
static struct map_interval owned(const struct map_grid *output, enum map_dim dim, unsigned i,
                                 unsigned all, unsigned extent, unsigned stride)
{
	struct map_interval o = output->part[dim][i];
	if (o.hi <= o.lo)
		return (struct map_interval){ 0 };
	return (struct map_interval){ .lo = o.lo ? MIN(o.lo * stride, extent) : 0,
		                      .hi = o.hi < all ? MIN(o.hi * stride, extent) : extent };
}

static void find_owners(struct owners *owners, const struct map_placed *placed,
                        const struct map_grid *output, unsigned stride)
{
	const struct wl_across *a = &placed->node->across[0];
	unsigned index[MAP_DIMS], parts = map_parts(placed);
	for (unsigned i = 0; i < parts; i++) {
		map_unflatten(output, i, index);
		struct map_interval rows = owned(output, MAP_P, index[MAP_P],
		                                 placed->node->output.rows, a->row_count, stride);
		struct map_interval columns = owned(output, MAP_Q, index[MAP_Q],
		                                    placed->node->output.columns, a->column_count,
		                                    stride);
		for (unsigned n = 0; n < placed->samples; n++)
			for (unsigned k = 0; k < placed->node->K; k++)
				for (unsigned p = rows.lo; p < rows.hi; p++)
					for (unsigned q = columns.lo; q < columns.hi; q++)
						if (holds(output->part[MAP_N][index[MAP_N]], n) &&
						    holds(output->part[MAP_K][index[MAP_K]], k))
							owners->of[n][k][p][q] =
								(int)placed->region[i];
	}
}

/* Bytes that arrive anywhere at one position. */
static uint64_t arrives(const struct wl_across *a, const struct map_placed *placed,
                        const struct owners *o, unsigned n, unsigned p, unsigned q)
{
	bool sent[CHIPLETS][CHIPLETS] = { { false } };
	uint64_t bytes = 0;
	for (unsigned k = 0; k < placed->node->K; k++) {
		bool got[CHIPLETS] = { false };
		int from = o->of[n][k][p][q];
		for (unsigned other = 0; other < placed->node->K; other++) {
			int to = o->of[n][other][p][q];
			bool near = other <= k + a->below && k <= other + a->above;
			if (from == to)
				continue;
			if (a->statistics) {
				bytes += sent[from][to] ? 0 : 4 * a->statistics;
				sent[from][to] = true;
			} else if (near && !got[to]) {
				bytes += placed->workload->activation_bytes;
				got[to] = true;
			}
		}
	}
	return bytes;
}

static char *random_node(GRand *rand, unsigned *stride)
{
	static const char *const layers[] = { "'softmax'", "'norm'", "'lrn'", "'lrn', 'size': 2",
		                              "'lrn', 'size': 7" };
	*stride = (unsigned)g_rand_int_range(rand, 1, 4);
	return g_strdup_printf(
		"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': %d, 'kernel': 1},"
		"{'name': 'x', 'op': %s, 'inputs': ['a']}%s",
		g_rand_int_range(rand, 1, CHANNELS + 1),
		layers[g_rand_int_range(rand, 0, G_N_ELEMENTS(layers))],
		*stride == 1   ? ""
		: *stride == 2 ? ",{'name': 'p', 'op': 'max_pool', 'inputs': ['x'], 'kernel': 2, "
				 "'stride': 2}"
			       : ",{'name': 'p', 'op': 'max_pool', 'inputs': ['x'], 'kernel': 3, "
				 "'stride': 3}");
}

START_TEST(random_nodes_exchange_what_they_need)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	unsigned stride, room = CHIPLETS;
	g_autofree char *layers = random_node(rand, &stride);
	set_up((struct made_package){ .columns = 4,
	                              .rows = 3,
	                              .unicast = g_rand_boolean(rand),
	                              .torus = g_rand_boolean(rand) },
	       2, (unsigned)g_rand_int_range(rand, (int)stride, EXTENT + 1),
	       (unsigned)g_rand_int_range(rand, (int)stride, EXTENT + 1), layers);
	struct map_placed a = place(0, identity, 1, 1);
	a.samples = (unsigned)g_rand_int_range(rand, 1, SAMPLES + 1);
	static const int order[MAP_DIMS] = { MAP_K, MAP_P, MAP_N, MAP_Q };
	for (int i = 0; i < MAP_DIMS; i++) {
		a.split[order[i]] = (unsigned)g_rand_int_range(rand, 1, (int)MIN(room, 4) + 1);
		room /= a.split[order[i]];
	}
	a.region_size = map_parts(&a);
	a.tiles = (unsigned)g_rand_int_range(rand, 1, 6);

	struct map_grid output;
	struct owners owners;
	map_output_grid(&a, &network.scratch, &output);
	find_owners(&owners, &a, &output, stride);
	network.scratch.used = 0;
	const struct wl_across *across = &a.node->across[0];
	uint64_t expected = 0, tiled = 0;
	for (unsigned n = 0; n < a.samples; n++)
		for (unsigned p = 0; p < across->row_count; p++)
			for (unsigned q = 0; q < across->column_count; q++)
				expected += arrives(across, &a, &owners, n, p, q);
	halo(&a, MAP_WHOLE);
	ck_assert_uint_eq(phase.delivered_bytes, expected);
	unsigned tiles;
	map_tile_dim(&a, &tiles);
	for (unsigned t = 0; t < tiles; t++) {
		halo(&a, t);
		tiled += phase.delivered_bytes;
	}
	ck_assert_uint_eq(tiled, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("halo");
	TCase *tests = tcase_create("halo");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, softmax_and_norm_exchange_statistics);
	tcase_add_test(tests, whole_channels_and_batch_norm_exchange_nothing);
	tcase_add_test(tests, lrn_fetches_its_window);
	tcase_add_test(tests, pools_behind_do_not_shrink_it);
	tcase_add_test(tests, statistics_go_with_the_tile_that_completes_them);
	tcase_add_test(tests, readers_that_normalise_read_all_channels);
	tcase_add_loop_test(tests, random_nodes_exchange_what_they_need, 0, ROUNDS);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

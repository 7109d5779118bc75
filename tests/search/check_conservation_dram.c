/*
 * What chiplets store, fetch and hold, element by element (tests/search/traffic_scene.h): phases
 * and buffers against a count of what each chiplet makes and needs.
 */
#include "search/mapping/buffers.h"
#include "tests/search/traffic_scene.h"

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
	for (unsigned t = 0; t < to_tiles; t++) {
		map_phase_clear(&whole);
		map_fetch(&s.network, &s.to, t, s.edge, &whole);
		for (unsigned c = 0; c < hw_chiplet_count(s.package); c++)
			ck_assert_double_eq_tol(whole.bytes[hw_eject_id(s.package, c)],
			                        count->fetched[t][c], 1e-9);
		map_fetch(&s.network, &s.to, t, s.edge, &fetches);
	}
	map_phase_clear(&whole);
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

/* What buffers hold of an input is what the fullest chiplet reads: in all, and for one tile. */
START_TEST(buffers_hold_what_is_needed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i + 5000);
	struct scene s;
	struct count *count = g_new(struct count, 1);
	unsigned most = 0, most_of_tile = 0;
	scene_init(&s, rand);
	count_elements(&s, count);
	g_autofree struct map_share *shares = g_new(struct map_share, CHIPLETS);
	map_shares(&s.to, s.package, &s.network.scratch, shares);
	for (unsigned c = 0; c < CHIPLETS; c++) {
		unsigned read = 0;
		for (unsigned from = 0; from < CHIPLETS; from++)
			read += count->moved[from][c];
		most = MAX(most, read);
		for (unsigned t = 0; t < TILES; t++)
			most_of_tile = MAX(most_of_tile, count->needed[t][c]);
		for (unsigned i = 0; s.to.node->edge_in_count == 1 && i < map_parts(&s.to); i++)
			if (s.to.region[i] == c && shares[i].output_elements)
				ck_assert_uint_ge(shares[i].buffer_bytes,
				                  read + shares[i].output_elements);
	}
	ck_assert_uint_eq(map_input_bytes(&s.to, s.edge, &s.network.scratch), most);
	ck_assert_uint_eq(map_tile_input_bytes(&s.to, s.edge, &s.network.scratch), most_of_tile);
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
	Suite *suite = suite_create("conservation_dram");
	TCase *tests = tcase_create("conservation_dram");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, stores_and_fetches, 0, ROUNDS);
	tcase_add_loop_test(tests, shards_add_up_to_weights, 0, ROUNDS);
	tcase_add_loop_test(tests, buffers_hold_what_is_needed, 0, ROUNDS);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

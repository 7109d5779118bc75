/* Work: MACs, cycles and bytes of the shares of a node. */
#include "tests/search/partition_fixture.h"
#include "tests/support/suite.h"

/* 6 -> 10 channels, 5 x 5, 3 x 3 with pad 1, then a relu, on 4 x 4 (K, C) MAC units and 8 lanes. */
#define WORK_LAYERS                                                                              \
	"{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 10, 'kernel': 3, 'pad': " \
	"1},"                                                                                    \
	"{'name': 'relu', 'op': 'relu', 'inputs': ['a']}"

static struct hw_package *work_package(void)
{
	return made_package((struct made_package){ .columns = 8, .rows = 8 });
}

START_TEST(work_of_a_whole_layer)
{
	struct hw_package *package = work_package();
	struct map_share share;
	load(6, 5, 5, WORK_LAYERS);
	struct map_placed placed = place(0, 1, 1, 1, 1, 1);
	/* ceil(10/4) * ceil(6/4) * 5 * 5 * 3 * 3 = 1350; 250 element-wise: ceil(250/8) = 32. */
	ck_assert_double_eq(map_shares(&placed, package, &scratch, &share), 1382);
	ck_assert_double_eq(share.cycles, 1382);
	ck_assert_uint_eq(share.macs, 10 * 6 * 25 * 9);
	ck_assert_uint_eq(share.output_elements, 250);
	ck_assert_uint_eq(share.buffer_bytes, 6 * 25 + 10 * 6 * 9 + 250);
	ck_assert_uint_eq(map_weight_bytes(&placed, (struct map_interval){ .lo = 3, .hi = 5 }),
	                  2 * 6 * 9);
	ck_assert_uint_eq(scratch.used, 0);

	/* 940 bytes at half a byte per ns are 1880 ns, whatever the clock. */
	package->types[0].buffer_GBps = 0.5;
	ck_assert_double_eq(map_shares(&placed, package, &scratch, &share), 1880);
	package->types[0].clock_GHz = 2;
	ck_assert_double_eq(map_shares(&placed, package, &scratch, &share), 1880);
	ck_assert_double_eq(share.cycles, 3760);
	package->types[0].buffer_GBps = 1000;
	ck_assert_double_eq(map_shares(&placed, package, &scratch, &share), 691);
	hw_package_free(package);
}
END_TEST

START_TEST(work_of_split_layers)
{
	struct hw_package *package = work_package();
	struct map_share shares[4];
	load(6, 5, 5, WORK_LAYERS);
	/* K 5 + 5: 2 * 2 * 25 * 9 = 900, ceil(125/8) = 16; weights halved, the input whole. */
	struct map_placed placed = place(0, 1, 1, 2, 1, 1);
	ck_assert_double_eq(map_shares(&placed, package, &scratch, shares), 916);
	ck_assert_double_eq(shares[1].ns, 916);
	ck_assert_uint_eq(shares[1].buffer_bytes, 150 + 270 + 125);

	/* Rows 2 + 3: 3 * 2 * 10 * 9 = 540, ceil(100/8) = 13; 810, ceil(150/8) = 19. Each
	 * needs one row of halo: 3 and 4 rows of input. */
	placed = place(0, 1, 1, 1, 2, 1);
	ck_assert_double_eq(map_shares(&placed, package, &scratch, shares), 829);
	ck_assert_double_eq(shares[0].ns, 553);
	ck_assert_double_eq(shares[1].ns, 829);
	ck_assert_uint_eq(shares[0].buffer_bytes, 6 * 3 * 5 + 540 + 100);
	ck_assert_uint_eq(shares[1].buffer_bytes, 6 * 4 * 5 + 540 + 150);

	/* A tail of one sample on two chiplets: the first idles. */
	placed = place(0, 1, 2, 1, 1, 1);
	ck_assert_double_eq(map_shares(&placed, package, &scratch, shares), 1382);
	ck_assert_double_eq(shares[0].ns, 0);
	ck_assert_uint_eq(shares[0].macs + shares[0].buffer_bytes + shares[0].output_elements, 0);
	ck_assert_uint_eq(shares[1].macs, 13500);
	hw_package_free(package);
}
END_TEST

START_TEST(work_with_pool_and_residual)
{
	struct hw_package *package = work_package();
	struct map_share shares[2];
	/* Pooling 3 x 3 stride 2 over 9 x 9: output rows 0-2 and 2-4 own MAC rows 0-4 and 4-9. */
	load(4, 9, 9,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
	     "{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], 'kernel': 3, 'stride': 2}");
	struct map_placed placed = place(0, 1, 1, 1, 2, 1);
	map_shares(&placed, package, &scratch, shares);
	/* 4 * 9 = 36 and 45 cycles; 9 operations for each of 4 * 2 * 4 outputs: 288 / 8 = 36. */
	ck_assert_double_eq(shares[0].cycles, 36 + 36);
	ck_assert_double_eq(shares[1].cycles, 45 + 36);
	ck_assert_uint_eq(shares[0].macs, 4 * 4 * 36);
	ck_assert_uint_eq(shares[1].macs, 4 * 4 * 45);

	/* A residual's bytes count: 4 x 3 x 3 twice in, 16 weights, 36 out; 36 adds in 5 cycles. */
	load(4, 3, 3,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 4, 'kernel': 1},"
	     "{'name': 'b', 'op': 'conv', 'inputs': ['a'], 'out_channels': 4, 'kernel': 1},"
	     "{'name': 'sum', 'op': 'add', 'inputs': ['a', 'b']}");
	placed = place(1, 1, 1, 1, 1, 1);
	map_shares(&placed, package, &scratch, shares);
	ck_assert_uint_eq(shares[0].buffer_bytes, 36 + 36 + 16 + 36);
	ck_assert_double_eq(shares[0].cycles, 9 + 5);
	hw_package_free(package);
}
END_TEST

START_TEST(work_of_large_tensors_does_not_overflow)
{
	/* 2^36 outputs: their square is beyond 64 bits. 2^33 cycles for 8 lanes each way. */
	struct hw_package *package = work_package();
	struct map_share share;
	load(1, 1 << 15, 1 << 15,
	     "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 64, 'kernel': 1},"
	     "{'name': 'relu', 'op': 'relu', 'inputs': ['a']}");
	struct map_placed placed = place(0, 1, 1, 1, 1, 1);
	map_shares(&placed, package, &scratch, &share);
	ck_assert_double_eq(share.cycles, (64 / 4) * 0x1p30 + 0x1p33);
	hw_package_free(package);
}
END_TEST

/* Every MAC and every output element of every node is done once. */
static void assert_sums(const struct hw_package *package, const unsigned split[MAP_DIMS])
{
	struct map_share shares[CHIPLETS];
	uint64_t all_macs = 0;
	for (unsigned l = 0; l < workload->node_count; l++) {
		struct map_placed placed = place(l, 3, split[0], split[1], split[2], split[3]);
		uint64_t macs = 0, outputs = 0;
		double slowest = map_shares(&placed, package, &scratch, shares), most = 0;
		for (unsigned i = 0; i < map_parts(&placed); i++) {
			macs += shares[i].macs;
			outputs += shares[i].output_elements;
			most = MAX(most, shares[i].ns);
		}
		ck_assert_uint_eq(macs, 3 * workload->nodes[l].macs);
		ck_assert_uint_eq(outputs, 3 * wl_shape_elements(workload->nodes[l].output));
		ck_assert_double_eq(slowest, most);
		all_macs += macs;
	}
	ck_assert_uint_eq(all_macs, 3 * wl_macs(workload));
}

START_TEST(shares_add_up_to_the_network)
{
	static const unsigned splits[][MAP_DIMS] = {
		{ 1, 1, 1, 1 }, { 1, 8, 1, 1 }, { 1, 64, 1, 1 }, { 1, 1, 4, 1 }, { 1, 1, 1, 3 },
		{ 3, 1, 1, 1 }, { 1, 1, 8, 8 }, { 2, 4, 2, 3 },  { 1, 5, 2, 6 }, { 4, 1, 2, 1 }
	};
	struct hw_package *package = work_package();
	g_autoptr(GDir) zoo = g_dir_open("workloads/zoo", 0, NULL);
	unsigned networks = 0;
	ck_assert_ptr_nonnull(zoo);
	for (const char *name; (name = g_dir_read_name(zoo));) {
		if (!g_str_has_suffix(name, ".json"))
			continue;
		GError *error = NULL;
		g_autofree char *path = g_build_filename("workloads/zoo", name, NULL);
		wl_workload_free(workload);
		workload = wl_workload_read(path, NULL, NULL, &error);
		ck_assert_msg(workload != NULL, "%s", error ? error->message : "");
		for (unsigned s = 0; s < G_N_ELEMENTS(splits); s++)
			assert_sums(package, splits[s]);
		networks++;
	}
	ck_assert_uint_ge(networks, 1);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("work");
	TCase *tests = tcase_create("work");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, work_of_a_whole_layer);
	tcase_add_test(tests, work_of_split_layers);
	tcase_add_test(tests, work_with_pool_and_residual);
	tcase_add_test(tests, work_of_large_tensors_does_not_overflow);
	tcase_add_test(tests, shares_add_up_to_the_network);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

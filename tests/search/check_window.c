/* Windows of deep networks: how they grow, and that nothing is lost to them for good. */
#include "search/segments/window.h"

#include "search/search.h"
#include "tests/search/fixtures.h"
#include "tests/support/deep.h"
#include "tests/support/suite.h"

static const struct search_freedom scope = { .longest_cluster = 256, .longest_segment = UINT_MAX };

static struct search_freedom window_of(unsigned nodes, unsigned chiplets)
{
	struct wl_workload workload = { .node_count = nodes };
	const struct search_space space = { .workload = &workload, .chiplets = chiplets };
	return search_first_window(&scope, &space);
}

START_TEST(short_networks_have_no_window)
{
	struct search_freedom at_most = window_of(SEARCH_SHORT_NETWORK, 64);
	struct search_freedom more = window_of(SEARCH_SHORT_NETWORK + 1, 64);
	ck_assert_uint_ge(at_most.longest_segment, SEARCH_SHORT_NETWORK);
	ck_assert_uint_ge(at_most.longest_cluster, SEARCH_SHORT_NETWORK);
	ck_assert_uint_lt(more.longest_segment, SEARCH_SHORT_NETWORK);
	ck_assert_uint_lt(more.longest_cluster, SEARCH_SHORT_NETWORK);
	/* Large packages have longer segments. */
	ck_assert_uint_gt(window_of(2000, 1024).longest_segment, more.longest_segment);
}
END_TEST

START_TEST(a_pipeline_has_no_window)
{
	struct wl_workload workload = { .node_count = 900 };
	const struct search_space space = { .workload = &workload, .chiplets = 1024 };
	const struct search_freedom pipeline = { .longest_cluster = 1,
		                                 .longest_segment = UINT_MAX,
		                                 .one_segment = true };
	ck_assert_uint_ge(search_first_window(&pipeline, &space).longest_segment, 900);
}
END_TEST

/* After a solution with a segment of `segment` nodes and a cluster of `cluster` of them, as far as
 * the window holds them. */
static bool widened(struct search_freedom *window, unsigned nodes, unsigned segment,
                    unsigned cluster)
{
	struct wl_workload workload = { .node_count = nodes };
	const struct search_space space = { .workload = &workload, .chiplets = 64 };
	struct search_cut cut = { .length = MIN(cluster, window->longest_cluster) };
	struct search_segment segments[100] = { { 0 } };
	segments[3] = (struct search_segment){ .first = 7,
		                               .end = 7 + MIN(segment, window->longest_segment),
		                               .cuts = &cut,
		                               .cut_count = 1 };
	struct search_solution solution = { .segments = segments, .segment_count = 100 };
	return search_widen(window, &solution, &scope, &space);
}

START_TEST(full_windows_grow_up_to_the_freedom)
{
	struct search_freedom window = window_of(1000, 64);
	static const unsigned segments[] = { 128, 256, 512, 1000 },
			      clusters[] = { 96, 192, 256, 256 };
	ck_assert_uint_eq(window.longest_segment, 64);
	ck_assert_uint_eq(window.longest_cluster, 48);
	for (unsigned i = 0; i < G_N_ELEMENTS(segments); i++) {
		ck_assert(widened(&window, 1000, UINT_MAX, UINT_MAX));
		ck_assert_uint_eq(window.longest_segment, segments[i]);
		ck_assert_uint_eq(window.longest_cluster, clusters[i]);
	}
	ck_assert(!widened(&window, 1000, UINT_MAX, UINT_MAX));
}
END_TEST

START_TEST(windows_grow_where_more_than_half_is_used)
{
	struct search_freedom window = window_of(1000, 64);
	ck_assert(!widened(&window, 1000, 32, 24));
	ck_assert(widened(&window, 1000, 32, 25));
	ck_assert_uint_eq(window.longest_segment, 64);
	ck_assert_uint_eq(window.longest_cluster, 96);
	ck_assert(widened(&window, 1000, 33, 48));
	ck_assert_uint_eq(window.longest_segment, 128);
	ck_assert_uint_eq(window.longest_cluster, 96);
}
END_TEST

/* DRAM of 1 MB/s: whatever is cut costs more than all computing, and everything fits the buffers.
 * The best mapping is one segment, longer than the first two windows (64 and 128 nodes). */
START_TEST(a_segment_of_all_nodes_is_found)
{
	const unsigned nodes = 160;
	struct hw_package *package = made_package((struct made_package){ .columns = 2, .rows = 2 });
	struct wl_workload *workload = deep_network(nodes, 4, 8);
	const struct search_options options = {
		.strategy = SEARCH_SCOPE, .batch = 2, .tiles = 1, .jobs = 2
	};
	GError *error = NULL;
	package->dram[0].GBps = 0.001;
	ck_assert_uint_eq(workload->node_count, nodes);
	struct map_mapping *mapping = search_mapping(workload, package, &options, &error);
	ck_assert_msg(mapping != NULL, "%s", error ? error->message : "");
	ck_assert_uint_eq(mapping->segment_count, 1);
	map_free(mapping);
	wl_workload_free(workload);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *tcase = tcase_create("window");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, short_networks_have_no_window);
	tcase_add_test(tcase, a_pipeline_has_no_window);
	tcase_add_test(tcase, full_windows_grow_up_to_the_freedom);
	tcase_add_test(tcase, windows_grow_where_more_than_half_is_used);
	tcase_add_test(tcase, a_segment_of_all_nodes_is_found);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}

/* Pools: the best few distinct mappings. */
#include "search/candidate_pool.h"

#include <check.h>
#include <stdlib.h>

#include "tests/search/fixtures.h"
#include "tests/support/suite.h"

/* One segment, one cluster of one node on one chiplet, told apart by its tiles. */
static struct map_mapping *mapping_with(unsigned tiles)
{
	struct map_mapping *made = g_new0(struct map_mapping, 1);
	made->workload = g_strdup("net");
	made->package = g_strdup("grid");
	made->strategy = g_strdup("by hand");
	made->batch = 4;
	made->segment_count = 1;
	made->segments = g_new0(struct map_segment, 1);
	made->segments->microbatch = 2;
	made->segments->cluster_count = 1;
	made->segments->clusters = g_new0(struct map_cluster, 1);
	struct map_cluster *cluster = made->segments->clusters;
	cluster->region_size = cluster->node_count = 1;
	cluster->region = g_new0(unsigned, 1);
	cluster->nodes = g_new0(struct map_node, 1);
	*cluster->nodes = (struct map_node){ .split = { 1, 1, 1, 1 }, .tiles = tiles };
	return made;
}

static void offer(struct search_pool *pool, unsigned tiles, double value, bool reserved)
{
	struct map_mapping *made = mapping_with(tiles);
	search_pool_offer(pool, made, value, reserved);
	map_free(made);
}

/* The tiles of the candidates, one digit each. */
static unsigned digits(const struct search_pool *pool)
{
	unsigned number = 0;
	for (unsigned i = 0; i < pool->count; i++)
		number = number * 10 +
		         pool->candidates[i].mapping->segments->clusters->nodes->tiles;
	return number;
}

START_TEST(keeps_the_best_in_order)
{
	struct search_pool pool;
	search_pool_init(&pool, 3);
	offer(&pool, 1, 5, false);
	offer(&pool, 2, 3, false);
	offer(&pool, 3, 9, false);
	ck_assert_uint_eq(digits(&pool), 213);
	offer(&pool, 4, 9, false); /* no better than the last */
	ck_assert_uint_eq(digits(&pool), 213);
	offer(&pool, 5, 5, false); /* behind its equal */
	ck_assert_uint_eq(digits(&pool), 215);
	offer(&pool, 6, 1, false);
	ck_assert_uint_eq(digits(&pool), 621);
	search_pool_release(&pool);
}
END_TEST

START_TEST(the_same_mapping_comes_in_once)
{
	struct search_pool pool;
	search_pool_init(&pool, 3);
	offer(&pool, 1, 5, false);
	offer(&pool, 1, 5, false);
	ck_assert_uint_eq(pool.count, 1);
	ck_assert(!pool.candidates[0].reserved);
	offer(&pool, 1, 5, true);
	ck_assert_uint_eq(pool.count, 1);
	ck_assert(pool.candidates[0].reserved);
	search_pool_release(&pool);
}
END_TEST

START_TEST(a_reserved_one_stays)
{
	struct search_pool pool;
	search_pool_init(&pool, 2);
	offer(&pool, 1, 1, false);
	offer(&pool, 2, 2, false);
	offer(&pool, 3, 9, true); /* worse than all, in place of the second */
	ck_assert_uint_eq(digits(&pool), 13);
	offer(&pool, 4, 0, false);
	ck_assert_uint_eq(digits(&pool), 43);
	offer(&pool, 5, 5, false);
	ck_assert_uint_eq(digits(&pool), 43);
	search_pool_release(&pool);
}
END_TEST

/* Whatever differs makes another mapping; names do not. */
START_TEST(what_differs)
{
	struct map_mapping *one = mapping_with(1), *other = mapping_with(1);
	struct map_cluster *cluster = other->segments->clusters;
	g_free(other->strategy);
	other->strategy = g_strdup("another");
	ck_assert(map_same(one, other));
	cluster->nodes->split[MAP_K] = 2;
	ck_assert(!map_same(one, other));
	cluster->nodes->split[MAP_K] = 1;
	cluster->region[0] = 1;
	ck_assert(!map_same(one, other));
	cluster->region[0] = 0;
	cluster->nodes->weights = MAP_STREAMED;
	ck_assert(!map_same(one, other));
	cluster->nodes->weights = MAP_RESIDENT;
	other->segments->microbatch = 1;
	ck_assert(!map_same(one, other));
	map_free(one);
	map_free(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *test = tcase_create("pool");
	tcase_add_test(test, keeps_the_best_in_order);
	tcase_add_test(test, the_same_mapping_comes_in_once);
	tcase_add_test(test, a_reserved_one_stays);
	tcase_add_test(test, what_differs);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}

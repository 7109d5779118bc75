/*
 * Runs that look alike: blocks of a chain, and what breaks their likeness.
 */
#include "search/tables/repeated_blocks.h"

#include "tests/search/mapping_fixture.h"
#include "tests/support/suite.h"

static struct search_space space;
static struct search_repeats alike;

static void find(void)
{
	search_space_init(&space, &model, 1);
	search_repeats_init(&alike, &space);
}

static void tear_down(void)
{
	search_repeats_release(&alike);
	search_space_release(&space);
	release();
}

static void assert_like(unsigned node, unsigned like, unsigned length)
{
	ck_assert_uint_eq(alike.length[node], length);
	if (length)
		ck_assert_uint_eq(alike.like[node], like);
}

/* a reads the input and f is the output, so neither is like the others; from b on each node sees
 * what its neighbour sees until f comes into sight. */
START_TEST(a_chain)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 8, 6, 6 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       POINT("d", "c", "8"), POINT("e", "d", "8"), POINT("f", "e", "8"), NULL);
	find();
	assert_like(0, 0, 0);
	assert_like(1, 0, 0);
	assert_like(2, 1, 3);
	assert_like(3, 2, 2);
	assert_like(4, 3, 1);
	assert_like(5, 0, 0);
}
END_TEST

/* Blocks of a wide and a narrow layer: likeness goes by whole blocks, and the last such run is
 * named. The first two read something else than their likes further on. */
START_TEST(blocks)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 8, 6, 6 },
	       POINT("a", "in", "8"), POINT("b", "a", "16"), POINT("c", "b", "8"),
	       POINT("d", "c", "16"), POINT("e", "d", "8"), POINT("f", "e", "16"),
	       POINT("g", "f", "8"), POINT("h", "g", "16"), NULL);
	find();
	assert_like(3, 0, 0);
	assert_like(4, 2, 3);
	assert_like(5, 3, 2);
	assert_like(6, 4, 1);
	assert_like(7, 0, 0);
}
END_TEST

/* c is read by d and by the sum in e's node: no other node is like it. So g is like b, but what
 * follows is not. */
START_TEST(a_residual)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 8, 6, 6 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       POINT("d", "c", "8"), POINT("e", "d", "8"), SUM("s", "e", "c"), POINT("f", "s", "8"),
	       POINT("g", "f", "8"), POINT("h", "g", "8"), POINT("i", "h", "8"), NULL);
	find();
	ck_assert_uint_eq(workload->node_count, 9);
	assert_like(2, 0, 0);
	assert_like(5, 0, 0);
	assert_like(6, 1, 1);
	assert_like(7, 6, 1);
}
END_TEST

/* Tables hold what takes more than 32 bits: 2^32 + 2^16 weights, or half of them. */
START_TEST(weights_beyond_4_GiB)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 65537, 1, 1 },
	       POINT("a", "in", "65536"), NULL);
	find();
	for (unsigned r = 0; r < space.size_count; r++) {
		const struct search_choice *choices = search_choices(&space, 0, r);
		for (int s = 0; s < SEARCH_SPLITS; s++)
			if (choices[s].valid)
				ck_assert_uint_eq(choices[s].weight_bytes,
				                  UINT64_C(65537) * 65536 /
				                          choices[s].split[MAP_K]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alike");
	TCase *tests = tcase_create("alike");
	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_test(tests, a_chain);
	tcase_add_test(tests, weights_beyond_4_GiB);
	tcase_add_test(tests, blocks);
	tcase_add_test(tests, a_residual);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

/*
 * What clusters keep in their buffers, by hand: bytes of the fullest chiplet, and
 * the edge between what fits and what does not.
 */
#include "tests/search/mapping_fixture.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct made_package two = { .columns = 2, .rows = 1 };
static const struct made_package four = { .columns = 2, .rows = 2 };
static const struct wl_shape small = { 4, 2, 2 };

static struct map_buffer_use use_of(unsigned segment, unsigned cluster)
{
	struct map_buffer_use use;
	memset(&use, 0xa5, sizeof use); /* every field must be set */
	map_buffer_use(&plan, segment, cluster, &model.network.scratch, &use);
	ck_assert_uint_eq(model.network.scratch.used, 0);
	return use;
}

static void assert_weights(unsigned cluster, uint64_t bytes, const char *node, uint64_t persistent)
{
	struct map_buffer_use use = use_of(0, cluster), alone;
	ck_assert_uint_eq(use.weight_bytes, bytes);
	ck_assert_str_eq(workload->nodes[use.weight_node].name, node);
	ck_assert_uint_eq(use.weight_limit, package->types[0].weight_buffer_bytes);
	ck_assert_uint_eq(use.free_weight_bytes, use.weight_limit - persistent);
	map_weight_use(&plan, 0, cluster, &alone);
	ck_assert_uint_eq(alone.weight_bytes, bytes);
	ck_assert_uint_eq(alone.weight_node, use.weight_node);
	ck_assert_uint_eq(alone.free_weight_bytes, use.free_weight_bytes);
}

static void assert_activations(unsigned cluster, uint64_t bytes, const char *node)
{
	struct map_buffer_use use = use_of(0, cluster);
	ck_assert_uint_eq(use.activation_bytes, bytes);
	ck_assert_str_eq(workload->nodes[use.activation_node].name, node);
	ck_assert_uint_eq(use.activation_limit, package->types[0].activation_buffer_bytes);
}

static void assert_error(const char *expected)
{
	GError *error = NULL;
	bool fits = map_check_buffers(&plan, &model.network.scratch, &error);
	if (!expected) {
		ck_assert_msg(fits, "%s", fits ? "" : error->message);
		ck_assert_ptr_null(error);
		return;
	}
	ck_assert(!fits);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}

/* Weights. The array has 16 units: 32 bytes are two weights for each. */

START_TEST(resident_weights)
{
	set_up(two, small, POINT("a", "in", "10"), POINT("b", "a", "8"), NULL);
	/* 10 x 4 and 8 x 10 bytes on both; the larger is named. */
	map(1, "1: 0 1 = a P2, b P2");
	assert_weights(0, 40 + 80, "b", 120);
	/* Three parts of 10 channels: 3, 3 and 4. */
	set_up(four, small, POINT("a", "in", "10"), NULL);
	map(1, "1: 0 1 2 = a K3");
	assert_weights(0, 4 * 4, "a", 16);
	/* Equal ones: the first is named. */
	set_up(two, small, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	map(1, "1: 0 1 = a, b");
	assert_weights(0, 32, "a", 32);
}
END_TEST

START_TEST(distributed_weights)
{
	set_up(four, small, POINT("a", "in", "33"), NULL);
	/* 132 bytes on two chiplets: 66 each, and 32 of working space for what is gathered. */
	map(1, "1: 0 1 = a P2 distributed");
	assert_weights(0, 66 + 32, "a", 66);
	/* K 17 and 16: 68 bytes for two chiplets each. */
	map(1, "1: 0 1 2 3 = a K2 P2 distributed");
	assert_weights(0, 34 + 32, "a", 34);
	/* Nobody to share with: a shard is all of it, and still there is room to work in. */
	map(1, "1: 0 1 = a K2 distributed");
	assert_weights(0, 68 + 32, "a", 68);
	/* An uneven third is rounded up: 132 / 3, 4 * 4 bytes / 3. */
	set_up(four, (struct wl_shape){ 4, 3, 3 }, POINT("a", "in", "4"), NULL);
	map(1, "1: 0 1 2 = a P3 distributed");
	assert_weights(0, 6 + 16, "a", 6); /* the whole 16 are less than 32 */
}
END_TEST

START_TEST(streamed_weights)
{
	set_up(two, small, POINT("a", "in", "33"), POINT("b", "a", "1"), NULL);
	map(1, "1: 0 = a streamed | 1 = b streamed");
	assert_weights(0, 32, "a", 0);
	assert_weights(1, 32, "b", 0); /* 33 bytes */
	set_up(two, small, POINT("a", "in", "4"), NULL);
	map(1, "1: 0 1 = a streamed");
	assert_weights(0, 16, "a", 0); /* all there is */
	map(1, "1: 0 1 = a K2 streamed");
	assert_weights(0, 8, "a", 0);
	/* Two bytes a weight: 64 of working space. */
	set_up(two, small, POINT("a", "in", "33"), NULL);
	workload->weight_bytes = 2;
	workload->nodes[0].weight_bytes *= 2;
	map(1, "1: 0 = a streamed");
	assert_weights(0, 64, "a", 0);
}
END_TEST

START_TEST(placements_share_one_working_space)
{
	/* 132, 33 * 8 = 264 and 8 * 8 = 64 bytes. */
	set_up(two, small, POINT("a", "in", "33"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       NULL);
	map(1, "1: 0 1 = a P2 distributed, b P2 streamed, c P2");
	assert_weights(0, 66 + 64 + 32, "a", 66 + 64); /* a: 66 + 32 is the largest part */
	map(1, "1: 0 1 = a P2 streamed, b P2 streamed, c P2");
	assert_weights(0, 64 + 32, "c", 64);
}
END_TEST

/* Activations. */

START_TEST(two_tiles_of_input_and_output)
{
	/* 4 x 4 x 4 through 3 x 3: rows 0-2 and 2-4 of the output need rows 0-3 and 1-4. */
	set_up(two, (struct wl_shape){ 4, 4, 4 }, CONV("a", "in", "8", "'kernel': 3, 'pad': 1"),
	       NULL);
	map(1, "1: 0 = a");
	assert_activations(0, 2 * 64 + 2 * 128, "a");
	map(1, "1: 0 = a t2");
	assert_activations(0, 2 * 48 + 2 * 64, "a");
	/* One row needs three at most. */
	map(1, "1: 0 = a t4");
	assert_activations(0, 2 * 48 + 2 * 32, "a");
	/* Two chiplets, half the rows each: shares of 3 rows in. */
	map(1, "1: 0 1 = a P2");
	assert_activations(0, 2 * 48 + 2 * 64, "a");
	/* Three samples at a time, one by one: tiles are samples. */
	map(3, "3: 0 = a t3");
	assert_activations(0, 2 * 64 + 2 * 128, "a");
	map(3, "3: 0 = a");
	assert_activations(0, 3 * (2 * 64 + 2 * 128), "a");
	/* Four rows in three tiles are 1, 1 and 2. */
	map(1, "1: 0 = a t3");
	assert_activations(0, 2 * 48 + 2 * 64, "a");
}
END_TEST

/* a (16 bytes in, 32 out) -> b (24 out) -> c (32 out, + a) */
static void set_up_residual(struct made_package grid)
{
	set_up(grid, small, POINT("a", "in", "8"), POINT("b", "a", "6"), POINT("c", "b", "8"),
	       SUM("c+a", "c", "a"), NULL);
}

START_TEST(microbatches_from_upstream)
{
	ck_assert_uint_eq(map_edge_buffers(1), 2);
	ck_assert_uint_eq(map_edge_buffers(3), 4);
	set_up_residual(four);
	map(1, "1: 0 = a | 1 = b | 2 = c");
	assert_activations(0, 2 * 16 + 2 * 32, "a");
	assert_activations(1, 2 * 32 + 2 * 24, "b");
	/* Two micro-batches of b, three of a, which is two clusters up. */
	assert_activations(2, 2 * 24 + 3 * 32 + 2 * 32, "c");
	/* Two samples each; tiles shrink the output but not what is kept from upstream. */
	map(2, "2: 0 = a | 1 = b | 2 = c t2");
	assert_activations(2, 2 * (2 * 24 + 3 * 32) + 2 * 32, "c");
	/* The consumer's boxes count: channels 0-4 of a's, all of b's. */
	map(1, "1: 0 = a | 1 = b | 2 3 = c K2");
	assert_activations(2, 2 * 24 + 3 * 16 + 2 * 16, "c");
	/* b and c together: a is one cluster up. c's input from b is live while b and c run. */
	map(1, "1: 0 = a | 1 = b, c");
	assert_activations(1, (2 * 32 + 2 * 32) + (24 + 2 * 32), "c");
}
END_TEST

START_TEST(liveness_within_a_cluster)
{
	set_up_residual(two);
	/* All the time: 2 * 16 of input. While a runs: for b 32, for c 32, out 2 * 32. While b
	 * runs: the same 64, for c 24, out 2 * 24. While c runs: 24 + 32, out 2 * 32. */
	map(1, "1: 0 = a, b, c");
	assert_activations(0, 32 + (32 + 32 + 24 + 48), "b");
	/* Output tiles of one row: 64 + 32, 64 + 24 + 24, 56 + 32. */
	map(1, "1: 0 = a t2, b t2, c t2");
	assert_activations(0, 2 * 8 + (32 + 32 + 24 + 24), "b");

	/* What b read is gone when c runs, without the residual. Equal peaks: the last is named. */
	set_up(two, small, POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"), NULL);
	map(1, "1: 0 = a, b, c");
	assert_activations(0, 32 + (32 + 32 + 64), "b");
	set_up(two, small, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	map(1, "1: 0 = a, b"); /* 32 + (16 + 32), then the same */
	assert_activations(0, 32 + 16 + 32, "b");
}
END_TEST

START_TEST(outside_inputs_stand_all_the_time)
{
	/* c's residual from the network's input is there while a runs, too. */
	set_up(two, small, POINT("a", "in", "8"), POINT("c", "a", "4"), SUM("c+in", "c", "in"),
	       NULL);
	map(1, "1: 0 = a, c");
	assert_activations(0, (32 + 32) + (32 + 2 * 32), "a");
	/* So is what comes from an earlier segment, two tiles of it. */
	set_up_residual(two);
	map(1, "1: 0 = a; 1: 0 = b, c t2");
	struct map_buffer_use use = use_of(1, 0);
	ck_assert_uint_eq(use.activation_bytes, (2 * 32 + 2 * 16) + (24 + 2 * 24));
}
END_TEST

START_TEST(activation_bytes_per_element)
{
	set_up_residual(two);
	map(1, "1: 0 = a, b, c");
	uint64_t bytes = use_of(0, 0).activation_bytes;
	workload->activation_bytes = 2;
	assert_activations(0, 2 * bytes, "b");
}
END_TEST

/* What fits. */

START_TEST(weights_that_just_fit)
{
	set_up(two, small, POINT("a", "in", "10"), POINT("b", "a", "8"), NULL);
	map(1, "1: 0 = a | 1 = b");
	package->types[0].weight_buffer_bytes = 80;
	assert_error(NULL);
	package->types[0].weight_buffer_bytes = 79;
	assert_error("segment 0 cluster 1: node 'b': the weight buffer must hold 80 bytes per "
	             "chiplet but has 79 (1 bytes do not fit)");
	ck_assert(map_check_cluster(&plan, 0, 0, &model.network.scratch, NULL));
	ck_assert(!map_check_cluster(&plan, 0, 1, &model.network.scratch, NULL));
	ck_assert_uint_eq(use_of(0, 1).free_weight_bytes, 0);

	map(1, "1: 0 = a; 1: 0 = b streamed"); /* 32 bytes, but a takes 40 */
	package->types[0].weight_buffer_bytes = 40;
	assert_error(NULL);
	package->types[0].weight_buffer_bytes = 30;
	assert_error("segment 0 cluster 0: node 'a': the weight buffer must hold 40 bytes per "
	             "chiplet but has 30 (10 bytes do not fit)");
	map(1, "1: 0 = a K1 streamed; 1: 0 = b streamed");
	assert_error("segment 0 cluster 0: node 'a': the weight buffer must hold 32 bytes per "
	             "chiplet but has 30 (2 bytes do not fit)");
}
END_TEST

/* Shares of a, b and c on both chiplets: 40, 80 and 64 bytes; b's shard is 40. */
START_TEST(weights_that_are_prefetched)
{
	static const struct {
		const char *notation, *node;
		uint64_t enough; /* bytes of the weight buffer: persistent ones and what is read
		                    ahead */
	} cases[] = {
		{ "1: 0 1 = a streamed, b P2 streamed, c streamed", "b", 80 + 40 },
		{ "1: 0 1 = a streamed, b P2 streamed, c streamed", "a", 40 + 64 }, /* behind c */
		{ "1: 0 1 = a, b P2 streamed, c", "b", 40 + 64 + 80 }, /* resident ones are there */
		{ "1: 0 1 = a, b P2 distributed, c streamed", "c",
		  40 + 40 + 64 + 80 }, /* gathered */
		{ "1: 0 = a | 1 = b streamed, c", "b", 64 + 80 },
		{ "1: 0 = a streamed | 1 = b, c", "a",
		  40 + 40 } /* its own of the micro-batch before */
	};
	set_up(two, small, POINT("a", "in", "10"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct map_buffer_use use;
		unsigned node = node_named(cases[i].node);
		map(1, cases[i].notation);
		for (unsigned less = 0; less < 2; less++) {
			package->types[0].weight_buffer_bytes = cases[i].enough - less;
			map_weight_use(&plan, 0, plan.nodes[node].cluster, &use);
			ck_assert_int_eq(map_prefetches(&plan, node, &use), !less);
		}
	}
	/* What is not streamed has nothing to be read ahead. */
	package->types[0].weight_buffer_bytes = 1 << 20;
	map(1, "1: 0 1 = a, b P2 distributed, c streamed");
	struct map_buffer_use use = use_of(0, 0);
	ck_assert(!map_prefetches(&plan, node_named("a"), &use));
	ck_assert(!map_prefetches(&plan, node_named("b"), &use));
	ck_assert(map_prefetches(&plan, node_named("c"), &use));
}
END_TEST

START_TEST(activations_that_just_fit)
{
	set_up_residual(two);
	map(1, "1: 0 = a; 1: 1 = b, c");
	/* Segment 1 needs 2 * 32 + 2 * 32 and, while c runs, 24 + 2 * 32. */
	package->types[0].activation_buffer_bytes = 216;
	assert_error(NULL);
	package->types[0].activation_buffer_bytes = 215;
	assert_error("segment 1 cluster 0: node 'c': the activation buffer must hold 216 bytes per "
	             "chiplet but has 215 (1 bytes do not fit)");
	package->types[0].activation_buffer_bytes = 90;
	assert_error("segment 0 cluster 0: node 'a': the activation buffer must hold 96 bytes per "
	             "chiplet but has 90 (6 bytes do not fit)");
}
END_TEST

/* Chiplet 1 becomes another type. */
static struct hw_chiplet_type *second_type(void)
{
	package->types = g_renew(struct hw_chiplet_type, package->types, 2);
	package->types[1] = package->types[0];
	package->types[1].name = g_strdup("other");
	package->type_count = 2;
	package->type_of[1] = 1;
	return &package->types[1];
}

START_TEST(mixed_chiplets)
{
	set_up(two, small, POINT("a", "in", "64"), NULL);
	struct hw_chiplet_type *other = second_type();
	map(1, "1: 0 1 = a P2 streamed");
	/* The smallest of each buffer and the largest array (2 * 64 weights). */
	other->weight_buffer_bytes = 200;
	package->types[0].activation_buffer_bytes = 300;
	other->array.unroll[HW_K] = 16;
	struct map_buffer_use use = use_of(0, 0);
	ck_assert_uint_eq(use.weight_limit, 200);
	ck_assert_uint_eq(use.activation_limit, 300);
	ck_assert_uint_eq(use.weight_bytes, 128);
	/* Only the region counts. */
	map(1, "1: 0 = a streamed");
	use = use_of(0, 0);
	ck_assert_uint_eq(use.weight_limit, 1 << 20);
	ck_assert_uint_eq(use.weight_bytes, 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buffers");
	TCase *tests = tcase_create("buffers");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, resident_weights);
	tcase_add_test(tests, distributed_weights);
	tcase_add_test(tests, streamed_weights);
	tcase_add_test(tests, placements_share_one_working_space);
	tcase_add_test(tests, two_tiles_of_input_and_output);
	tcase_add_test(tests, microbatches_from_upstream);
	tcase_add_test(tests, liveness_within_a_cluster);
	tcase_add_test(tests, outside_inputs_stand_all_the_time);
	tcase_add_test(tests, activation_bytes_per_element);
	tcase_add_test(tests, weights_that_just_fit);
	tcase_add_test(tests, weights_that_are_prefetched);
	tcase_add_test(tests, activations_that_just_fit);
	tcase_add_test(tests, mixed_chiplets);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

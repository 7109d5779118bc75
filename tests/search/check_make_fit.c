/*
 * Does a mapping that overflows its buffers come to fit by changes that are all needed, and one
 * that fits stay as it is?
 */
#include "tests/search/random_mapping.h"

#include "search/explain/make_fit.h"
#include "search/mapping/buffers.h"
#include "tests/support/suite.h"

static bool fits(const struct map_mapping *of)
{
	struct map_plan own;
	struct map_scratch scratch;
	map_plan_init(&own, of, workload, package);
	map_scratch_init(&scratch, hw_chiplet_count(package));
	bool good = map_check_buffers(&own, &scratch, NULL);
	map_scratch_release(&scratch);
	map_plan_release(&own);
	return good;
}

/* Buffers of a part of what the mapping needs at most. */
static void shrink_buffers(GRand *rand)
{
	struct map_scratch scratch;
	uint64_t weights = 1, activations = 1;
	map_scratch_init(&scratch, hw_chiplet_count(package));
	for (unsigned s = 0; s < mapping->segment_count; s++)
		for (unsigned c = 0; c < mapping->segments[s].cluster_count; c++) {
			struct map_buffer_use use;
			map_buffer_use(&plan, s, c, &scratch, &use);
			weights = MAX(weights, use.weight_bytes);
			activations = MAX(activations, use.activation_bytes);
		}
	map_scratch_release(&scratch);
	for (unsigned t = 0; t < package->type_count; t++) {
		struct hw_chiplet_type *type = &package->types[t];
		type->weight_buffer_bytes =
			(uint64_t)((double)weights * g_rand_double_range(rand, 0.2, 1.2)) + 1;
		type->activation_buffer_bytes =
			(uint64_t)((double)activations * g_rand_double_range(rand, 0.2, 1.2)) + 1;
	}
}

/* Each weight's place and number of tiles that is another one than given is needed. */
static unsigned check_needed(struct map_mapping *fitted)
{
	unsigned changed = 0;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		const struct map_segment *from = &mapping->segments[s];
		struct map_segment *to = &fitted->segments[s];
		changed += from->microbatch != to->microbatch;
		ck_assert_uint_le(to->microbatch, from->microbatch);
		for (unsigned c = 0; c < from->cluster_count; c++)
			for (unsigned n = 0; n < from->clusters[c].node_count; n++) {
				const struct map_node *was = &from->clusters[c].nodes[n];
				struct map_node *is = &to->clusters[c].nodes[n], kept = *is;
				ck_assert_uint_eq(was->node, is->node);
				ck_assert_int_eq(memcmp(was->split, is->split, sizeof is->split),
				                 0);
				if (was->weights != is->weights) {
					is->weights = was->weights;
					ck_assert(!fits(fitted));
					*is = kept;
					changed++;
				}
				if (was->tiles != is->tiles) {
					is->tiles = was->tiles;
					ck_assert(!fits(fitted));
					*is = kept;
					changed++;
				}
			}
	}
	return changed;
}

#define SEEDS 300

START_TEST(what_overflows_comes_to_fit)
{
	unsigned made = 0, as_it_was = 0, never = 0;
	for (guint32 seed = 0; seed < SEEDS; seed++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
		g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(g_free);
		random_scene(rand, 5);
		random_map(rand);
		shrink_buffers(rand);
		renew_model();
		bool fitted_before = fits(mapping);
		struct map_mapping *fitted = search_make_fit(&model, mapping, changes);
		if (!fitted) {
			ck_assert(!fitted_before);
			never++;
			continue;
		}
		ck_assert(fits(fitted));
		ck_assert_uint_eq(check_needed(fitted), changes->len);
		ck_assert_int_eq(changes->len == 0, fitted_before);
		as_it_was += fitted_before;
		made += !fitted_before;
		map_free(fitted);
	}
	release();
	ck_assert_uint_gt(made, SEEDS / 4);
	ck_assert_uint_gt(as_it_was, 3);
	ck_assert_uint_gt(never, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("make fit");
	TCase *tests = tcase_create("make fit");
	tcase_add_test(tests, what_overflows_comes_to_fit);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

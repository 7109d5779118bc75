/*
 * What exact search rests on: bounds leave out nothing good, and a segment costs the same whatever
 * the others are.
 */
#include "search/exact/branch_bound.h"
#include "search/mapping/stored.h"
#include "search/segments/full_cost.h"
#include "tests/search/random_mapping.h"
#include "tests/support/sanitized.h"
#include "tests/support/small_problem.h"
#include "tests/support/suite.h"

#include <math.h>

#define PRECISION 1e-9 /* of what bounds may leave out, see search/exact/branch_bound.h */

enum { PROBLEMS = UNLESS_SANITIZED(40, 6) };

/* ---- segments are independent ---- */

/* Whether it fetches what others stored, where it matters who did. */
static bool is_dependent(unsigned segment)
{
	bool dependent = false;
	for (unsigned s = 0; s < segment; s++)
		dependent = dependent || map_reads_stored(&plan, segment, s);
	return dependent && model.network.tensors_have_places;
}

/* A segment costs the same among random others as with the rest of the network outside. */
START_TEST(segments_alone)
{
	unsigned compared = 0, dependent = 0;
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	for (unsigned i = 0; i < 200; i++) {
		random_scene(rand, pick(rand, 2, 6));
		random_map(rand);
		struct map_mapping *lone = search_lone_mapping(workload, package, mapping->batch);
		unsigned first = 0;
		for (unsigned s = 0; s < mapping->segment_count; s++) {
			double cluster_ns[16];
			struct map_plan lone_plan;
			const struct map_segment *segment = &mapping->segments[s];
			unsigned end = first;
			for (unsigned c = 0; c < segment->cluster_count; c++)
				end += segment->clusters[c].node_count;
			struct cost_totals a = { 0 }, b = { 0 };
			double among_ns =
				cost_evaluate_segment(&model, &plan, s, cluster_ns, &a).latency_ns;
			search_stand_outside(lone, first, end, workload->node_count);
			lone->segments[1] = *segment; /* borrowed */
			map_plan_init(&lone_plan, lone, workload, package);
			double lone_ns = cost_evaluate_segment(&model, &lone_plan, 1, cluster_ns,
			                                       &b)
			                         .latency_ns;
			map_plan_release(&lone_plan);
			lone->segments[1] = (struct map_segment){ 0 };
			first = end;
			compared++;
			if (is_dependent(s)) {
				dependent += lone_ns != among_ns;
				continue;
			}
			ck_assert_double_eq(lone_ns, among_ns);
			ck_assert_double_eq(cost_total_pJ(&a, 0), cost_total_pJ(&b, 0));
		}
		map_free(lone);
	}
	ck_assert_uint_gt(dependent, 10);
	ck_assert_uint_gt(compared, 2 * dependent);
}
END_TEST

/* ---- bounds ---- */

struct both {
	struct search_result pruned, full;
	struct search_branch_bound *with, *without;
};

static void compare_segment(struct both *both, const struct search_exact_space *small,
                            unsigned first, unsigned end)
{
	search_result_init(&both->pruned);
	search_result_init(&both->full);
	search_enumerate(both->with, first, end, INFINITY, &both->pruned);
	search_enumerate(both->without, first, end, INFINITY, &both->full);
	ck_assert_double_eq(both->full.costed, search_exact_candidates(small, first, end));
	ck_assert_uint_eq(both->pruned.front->len, both->full.front->len);
	ck_assert_double_le(both->pruned.costed, both->full.costed);
	if (both->full.front->len) {
		double best_ns =
			g_array_index(both->full.front, struct search_found, 0).worth.latency_ns;
		double found_ns =
			g_array_index(both->pruned.front, struct search_found, 0).worth.latency_ns;
		ck_assert_double_eq_tol(found_ns, best_ns, best_ns * PRECISION);
		ck_assert_double_le(both->pruned.least_ns, best_ns * (1 + PRECISION));
	}
	search_result_release(&both->pruned);
	search_result_release(&both->full);
}

/* Every segment of small problems, with bounds and without, and every candidate once without. */
START_TEST(bounds_leave_out_nothing_good)
{
	struct small_problem p;
	(_i % 3 ? small_problem_init : small_problem_init_grouped)(&p, (guint32)_i, 4,
	                                                           _i % 4 ? 4 : 6);
	if (_i % 2) /* what routers lose is no sum of what they lose in parts */
		p.package->nop.router_conflict = 1;
	for (int space = SEARCH_SEGMENTED; space <= SEARCH_SCOPE; space++) {
		struct search_freedom freedom = search_freedom_of((enum search_strategy)space);
		struct search_exact_space small;
		search_exact_init(&small, p.workload, p.package, &freedom, p.batch, 2,
		                  SEARCH_TILES_BEST);
		struct search_enumerator how = { .small = &small,
			                         .prune = true,
			                         .most_steps = INFINITY };
		struct search_enumerator plain = { .small = &small, .most_steps = INFINITY };
		struct both both = { .with = search_branch_bound_new(&how),
			             .without = search_branch_bound_new(&plain) };
		for (unsigned i = 0; i < small.nodes; i++)
			for (unsigned j = i + 1; j <= small.nodes; j++)
				if (search_exact_candidates(&small, i, j) < 40000)
					compare_segment(&both, &small, i, j);
		search_branch_bound_free(both.with);
		search_branch_bound_free(both.without);
		search_exact_release(&small);
	}
	small_problem_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lower_bound");
	TCase *alone = tcase_create("alone");
	tcase_add_checked_fixture(alone, NULL, release);
	tcase_add_test(alone, segments_alone);
	suite_add_tcase(suite, alone);
	TCase *bounds = tcase_create("bounds");
	tcase_set_timeout(bounds, 120);
	tcase_add_loop_test(bounds, bounds_leave_out_nothing_good, 0, PROBLEMS);
	suite_add_tcase(suite, bounds);
	return suite_run(suite);
}

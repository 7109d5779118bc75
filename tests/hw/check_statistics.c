/* Error statistics and rank correlations against values worked out by hand. */
#include <check.h>
#include <glib.h>
#include <math.h>

#include "hw/base/statistics.h"
#include "tests/search/fixtures.h"
#include "tests/support/suite.h"

#define TINY 1e-12 /* sums of a few numbers of about 1 */

START_TEST(errors_have_mean_worst_and_bias)
{
	/* |e|: 2 + 4 + 3 + 1 = 10; signed: -4. The NaN does not count. */
	const double values[] = { 2, -4, NAN, -3, 1 };
	struct search_errors e = search_errors(values, 5);
	ck_assert_uint_eq(e.count, 4);
	ck_assert_double_eq_tol(e.mean_abs, 2.5, TINY);
	ck_assert_double_eq_tol(e.worst, -4, TINY);
	ck_assert_double_eq_tol(e.bias, -1, TINY);
}
END_TEST

START_TEST(of_two_equally_bad_the_first_is_the_worst)
{
	const double values[] = { 1, 5, -5 };
	ck_assert_double_eq_tol(search_errors(values, 3).worst, 5, TINY);
	ck_assert_double_eq_tol(search_errors(values + 1, 2).worst, 5, TINY);
	ck_assert_double_eq_tol(search_errors(values + 2, 1).worst, -5, TINY);
}
END_TEST

START_TEST(nothing_has_no_error)
{
	const double none[] = { NAN, NAN };
	struct search_errors e = search_errors(none, 2);
	ck_assert_uint_eq(e.count, 0);
	ck_assert(isnan(e.mean_abs) && isnan(e.worst) && isnan(e.bias));
	ck_assert(isnan(search_errors(none, 0).bias));
}
END_TEST

START_TEST(equal_order_is_one_opposite_minus_one)
{
	const double a[] = { 1, 2, 3, 4 }, up[] = { 10, 11, 50, 51 }, down[] = { 4, 3, 2, -7 };
	ck_assert_double_eq_tol(search_kendall_tau(a, up, 4), 1, TINY);
	ck_assert_double_eq_tol(search_spearman_rho(a, up, 4), 1, TINY);
	ck_assert_double_eq_tol(search_kendall_tau(a, down, 4), -1, TINY);
	ck_assert_double_eq_tol(search_spearman_rho(a, down, 4), -1, TINY);
}
END_TEST

/*
 * b = 2 1 4 3 5 against 1 2 3 4 5: of 10 pairs two are discordant, (1, 2) and (3, 4):
 * tau = (8 - 2) / 10. Rank differences 1 1 1 1 0: rho = 1 - 6 * 4 / (5 * 24) = 0.8.
 */
START_TEST(two_swaps_without_ties)
{
	const double a[] = { 1, 2, 3, 4, 5 }, b[] = { 2, 1, 4, 3, 5 };
	ck_assert_double_eq_tol(search_kendall_tau(a, b, 5), 0.6, TINY);
	ck_assert_double_eq_tol(search_spearman_rho(a, b, 5), 0.8, TINY);
}
END_TEST

/*
 * a = 1 2 2 3, b = 1 3 2 3. Pairs: (1,2)+ (1,3)+ (1,4)+ (2,3) tied in a, (2,4) tied in b, (3,4)+:
 * 4 concordant, 0 discordant, 5 pairs not tied in a, 5 not tied in b: tau-b = 4 / 5.
 * Ranks a: 1 2.5 2.5 4, b: 1 3.5 2 3.5, mean 2.5. Products of the deviations:
 * 2.25 + 0 + 0 + 1.5 = 3.75; squares: 4.5 and 2.25 + 1 + 0.25 + 1 = 4.5: rho = 3.75 / 4.5.
 */
START_TEST(ties_on_both_sides)
{
	const double a[] = { 1, 2, 2, 3 }, b[] = { 1, 3, 2, 3 };
	ck_assert_double_eq_tol(search_kendall_tau(a, b, 4), 0.8, TINY);
	ck_assert_double_eq_tol(search_spearman_rho(a, b, 4), 3.75 / 4.5, TINY);
}
END_TEST

START_TEST(a_pair_with_a_nan_is_left_out)
{
	const double a[] = { 1, NAN, 2, 3 }, b[] = { 1, 9, 2, NAN };
	ck_assert_double_eq_tol(search_kendall_tau(a, b, 4), 1, TINY);
	ck_assert_double_eq_tol(search_spearman_rho(a, b, 4), 1, TINY);
}
END_TEST

START_TEST(what_is_constant_or_alone_has_no_rank)
{
	const double a[] = { 1, 2, 3 }, flat[] = { 7, 7, 7 };
	ck_assert(isnan(search_kendall_tau(a, flat, 3)));
	ck_assert(isnan(search_kendall_tau(flat, a, 3)));
	ck_assert(isnan(search_spearman_rho(a, flat, 3)));
	ck_assert(isnan(search_kendall_tau(a, a, 1)));
	ck_assert(isnan(search_spearman_rho(a, a, 1)));
	ck_assert(isnan(search_spearman_rho(a, a, 0)));
}
END_TEST

START_TEST(percentiles_lie_between_their_neighbours)
{
	const double values[] = { 40, 10, NAN, 30, 20 };
	ck_assert_double_eq_tol(search_percentile(values, 5, 0), 10, TINY);
	ck_assert_double_eq_tol(search_percentile(values, 5, 50), 25, TINY);
	ck_assert_double_eq_tol(search_percentile(values, 5, 90), 37, TINY); /* 0.9 * 3 = 2.7 */
	ck_assert_double_eq_tol(search_percentile(values, 5, 100), 40, TINY);
	ck_assert_double_eq_tol(search_percentile(values, 1, 90), 40, TINY);
	ck_assert(isnan(search_percentile(values, 0, 50)));
}
END_TEST

/* 0 of n: (1 - share)^n = 0.05. 1 of 2: 1 - share^2 = 0.05. All: nothing is too much. */
/* Mean 2: away by 1, 0 and 1; 2 / 3 of the sum of squares is 4 / 3. */
START_TEST(the_jackknife_counts_what_parts_change)
{
	const double values[] = { 1, 2, 3 };
	ck_assert_double_eq_tol(search_jackknife(values, 3), sqrt(4.0 / 3), TINY);
	ck_assert_double_eq_tol(search_jackknife(values, 2), 0.5, TINY); /* 1/2 of 0.25 + 0.25 */
	ck_assert_double_eq(search_jackknife(values, 1), 0);
}
END_TEST

START_TEST(a_share_is_bounded_by_its_hits)
{
	ck_assert_double_eq_tol(search_share_bound(0, 1, 0.95), 0.95, TINY);
	ck_assert_double_eq_tol(search_share_bound(0, 100000, 0.95), 1 - pow(0.05, 1.0 / 100000),
	                        TINY);
	ck_assert_double_eq_tol(search_share_bound(0, 100000, 0.95) * 100000, 3, 0.005);
	ck_assert_double_eq_tol(search_share_bound(1, 2, 0.95), sqrt(0.95), TINY);
	ck_assert_double_eq(search_share_bound(7, 7, 0.95), 1);
	/* The normal approximation: 0.5 + 1.645 * sqrt(0.25 / n). */
	ck_assert_double_eq_tol(search_share_bound(5000, 10000, 0.95), 0.508225, 1e-4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats");
	TCase *test = tcase_create("stats");
	tcase_add_test(test, errors_have_mean_worst_and_bias);
	tcase_add_test(test, of_two_equally_bad_the_first_is_the_worst);
	tcase_add_test(test, nothing_has_no_error);
	tcase_add_test(test, equal_order_is_one_opposite_minus_one);
	tcase_add_test(test, two_swaps_without_ties);
	tcase_add_test(test, ties_on_both_sides);
	tcase_add_test(test, a_pair_with_a_nan_is_left_out);
	tcase_add_test(test, what_is_constant_or_alone_has_no_rank);
	tcase_add_test(test, percentiles_lie_between_their_neighbours);
	tcase_add_test(test, the_jackknife_counts_what_parts_change);
	tcase_add_test(test, a_share_is_bounded_by_its_hits);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}

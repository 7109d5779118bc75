/*
 * Statistics of a model's errors and of how well it ranks. Values that are NaN are left out.
 */
#ifndef HW_BASE_STATISTICS_H
#define HW_BASE_STATISTICS_H

/* Mean of the absolute values, the one furthest from 0 with its sign (ties: the first), and the
 * mean with signs. All NaN if there are none. */
struct search_errors {
	unsigned count;
	double mean_abs, worst, bias;
};

struct search_errors search_errors(const double *errors, unsigned count);

/*
 * Kendall's tau-b: (concordant - discordant) / sqrt(pairs not tied in a * pairs not tied in b)
 * (Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945). Spearman's rho:
 * the correlation of the ranks, ties sharing their mean rank. Both from -1 to 1, NaN where one
 * side has fewer than two different values. Pairs with a NaN are left out. O(n^2), O(n log n).
 */
double search_kendall_tau(const double *a, const double *b, unsigned count);
double search_spearman_rho(const double *a, const double *b, unsigned count);

/* The value that `percent` of the values do not exceed, interpolated between neighbours
 * (0: the least, 50: the median, 100: the largest). NaN if there are none. */
double search_percentile(const double *values, unsigned count, double percent);

/* The jackknife's standard deviation of an estimate, of which value i is what leaving out part i
 * gives: sqrt((n - 1) / n * sum of (value - mean)^2). 0 for one part. */
double search_jackknife(const double *values, unsigned count);

/*
 * The largest share of a population that `hits` of `count` draws leave believable: with it, so few
 * hits or fewer would come with a probability of 1 - confidence (Clopper and Pearson, Biometrika
 * 26, 1934; one-sided). 0 hits at 0.95: about 3 / count.
 */
double search_share_bound(unsigned hits, unsigned count, double confidence);

#endif

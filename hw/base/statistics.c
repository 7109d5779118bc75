/* Invariant: no result depends on the order of the values, ties of `worst` aside. */
#include "hw/base/statistics.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct search_errors search_errors(const double *errors, unsigned count)
{
	struct search_errors e = { 0, NAN, NAN, NAN };
	double sum = 0, sum_abs = 0;
	for (unsigned i = 0; i < count; i++) {
		if (isnan(errors[i]))
			continue;
		if (!e.count++ || fabs(errors[i]) > fabs(e.worst))
			e.worst = errors[i];
		sum += errors[i];
		sum_abs += fabs(errors[i]);
	}
	if (!e.count)
		return e;
	e.mean_abs = sum_abs / e.count;
	e.bias = sum / e.count;
	return e;
}

double search_kendall_tau(const double *a, const double *b, unsigned count)
{
	uint64_t a_pairs = 0, b_pairs = 0; /* not tied */
	int64_t sum = 0;
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = i + 1; j < count; j++) {
			if (isnan(a[i]) || isnan(b[i]) || isnan(a[j]) || isnan(b[j]))
				continue;
			int x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
			sum += x * y;
			a_pairs += x != 0;
			b_pairs += y != 0;
		}
	return a_pairs && b_pairs ? (double)sum / sqrt((double)a_pairs * (double)b_pairs) : NAN;
}

/* The values that are not NaN in ascending order; caller frees. */
static int compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double *sorted(const double *values, unsigned count, unsigned *kept)
{
	double *copy = g_new(double, count);
	*kept = 0;
	for (unsigned i = 0; i < count; i++)
		if (!isnan(values[i]))
			copy[(*kept)++] = values[i];
	if (*kept)
		qsort(copy, *kept, sizeof *copy, compare_numbers);
	return copy;
}

/* How many of the sorted values are less than this one, or, with `equal`, not greater. */
static unsigned count_below(const double *values, unsigned count, double value, bool equal)
{
	unsigned low = 0, high = count;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (values[middle] < value || (equal && values[middle] == value))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Ranks from 1, those of equal values their mean. */
static double *ranks_of(const double *values, unsigned count)
{
	unsigned kept;
	double *order = sorted(values, count, &kept), *ranks = g_new(double, count);
	for (unsigned i = 0; i < count; i++)
		ranks[i] = 0.5 * (count_below(order, kept, values[i], false) + 1 +
		                  count_below(order, kept, values[i], true));
	g_free(order);
	return ranks;
}

static double correlation(const double *a, const double *b, unsigned count)
{
	/* Ranks and their half steps are exact; their mean is known. */
	double mean = 0.5 * (count + 1.0), ab = 0, aa = 0, bb = 0;
	for (unsigned i = 0; i < count; i++) {
		ab += (a[i] - mean) * (b[i] - mean);
		aa += (a[i] - mean) * (a[i] - mean);
		bb += (b[i] - mean) * (b[i] - mean);
	}
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

double search_spearman_rho(const double *a, const double *b, unsigned count)
{
	double *x = g_new(double, count), *y = g_new(double, count);
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++) {
		if (isnan(a[i]) || isnan(b[i]))
			continue;
		x[kept] = a[i];
		y[kept++] = b[i];
	}
	double *x_ranks = ranks_of(x, kept), *y_ranks = ranks_of(y, kept);
	double rho = correlation(x_ranks, y_ranks, kept);
	g_free(x_ranks);
	g_free(y_ranks);
	g_free(x);
	g_free(y);
	return rho;
}

double search_percentile(const double *values, unsigned count, double percent)
{
	unsigned kept;
	double *order = sorted(values, count, &kept), result = NAN;
	if (kept) {
		double at = CLAMP(percent, 0, 100) / 100 * (kept - 1);
		unsigned below = (unsigned)at, above = MIN(below + 1, kept - 1);
		result = order[below] + (at - below) * (order[above] - order[below]);
	}
	g_free(order);
	return result;
}

double search_jackknife(const double *values, unsigned count)
{
	double sum = 0, squares = 0;
	for (unsigned i = 0; i < count; i++)
		sum += values[i];
	for (unsigned i = 0; i < count; i++)
		squares += (values[i] - sum / count) * (values[i] - sum / count);
	return sqrt((count - 1.0) / count * squares);
}

/* Probability of at most `hits` hits. */
static double at_most(unsigned hits, unsigned count, double share)
{
	double sum = 0;
	for (unsigned k = 0; k <= hits; k++)
		sum += exp(lgamma(count + 1.0) - lgamma(k + 1.0) - lgamma(count - k + 1.0) +
		           k * log(share) + (count - k) * log1p(-share));
	return sum;
}

double search_share_bound(unsigned hits, unsigned count, double confidence)
{
	double low = (double)hits / count, high = 1;
	if (hits >= count)
		return 1;
	for (int step = 0; step < 60; step++) {
		double middle = (low + high) / 2;
		if (at_most(hits, count, middle) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return high;
}

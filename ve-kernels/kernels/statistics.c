/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Statistics of a series of numbers in VE memory.
 */
#include <float.h>
#include <stdint.h>

/* How far a pass over a series has come. */
struct moments {
	int64_t count;
	double mean;
	double squares; /* sum of the squared deviations from the mean */
};

struct extremes {
	double min;
	double max;
};

/* y[i] = (x[i] - origin) * factor */
void shift_and_scale(const double *x, double *y, int64_t n, double origin, double factor)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = (x[i] - origin) * factor;
}

/* Takes n more values into account; returns how many there are now. */
int64_t accumulate(const double *x, int64_t n, struct moments *m)
{
	for (int64_t i = 0; i < n; i++) {
		double delta = x[i] - m->mean;
		m->count++;
		m->mean += delta / (double)m->count;
		m->squares += delta * (x[i] - m->mean);
	}
	return m->count;
}

/* The variance when `spent` degrees of freedom are spent (1: of a sample). */
double variance(const struct moments *m, int32_t spent)
{
	return m->squares / (double)(m->count - spent);
}

/* The smallest and the largest of n values, at least one. */
void find_extremes(const double *x, int64_t n, struct extremes *e)
{
	e->min = e->max = x[0];
	for (int64_t i = 1; i < n; i++) {
		if (x[i] < e->min)
			e->min = x[i];
		if (x[i] > e->max)
			e->max = x[i];
	}
}

/* The first element that equals `value`, NULL if none does. */
const double *find_value(const double *x, int64_t n, double value)
{
	for (int64_t i = 0; i < n; i++)
		if (x[i] == value)
			return &x[i];
	return 0;
}

/* How many percent of the values are below `limit`. */
float percent_below(const double *x, int64_t n, float limit)
{
	int64_t below = 0;
	for (int64_t i = 0; i < n; i++)
		below += x[i] < (double)limit;
	return (float)(100.0 * (double)below / (double)n);
}

/* Adds `weight` to the bin of every `stride`-th value from `first` on. The bins
 * divide [low, high) evenly; `closed` puts values equal to `high` into the last.
 * Returns how many values found a bin. */
int64_t fill_histogram(const double *x, int64_t n, int64_t first, int64_t stride, double *bin,
		       int32_t bins, double low, double high, float weight, int32_t closed)
{
	/* Neither a width beyond the largest double nor one below the smallest normal
	 * number may give a bin that does not exist. */
	double unit = high - low > DBL_MAX ? 0.5 : 1.0;
	double width = high * unit - low * unit;
	int64_t counted = 0;
	for (int64_t i = first; i < n; i += stride) {
		int32_t k;
		if (x[i] >= low && x[i] < high)
			k = (int32_t)((x[i] * unit - low * unit) / width * bins);
		else if (closed && x[i] == high)
			k = bins - 1;
		else
			continue;
		bin[k < bins ? k : bins - 1] += (double)weight;
		counted++;
	}
	return counted;
}

// Kernels whose results show in which order they ran.

#include <stdint.h>

void fill(double *x, int64_t n, double value)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = value;
}

void ramp(double *x, int64_t n, double factor, double term)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = x[i] * factor + term;
}

double total(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

void copy_to(double *to, const double *from, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = from[i];
}

void fill_part(double *x, int64_t n, int64_t part, int64_t parts, double value)
{
	for (int64_t i = part; i < n; i += parts)
		x[i] = value;
}

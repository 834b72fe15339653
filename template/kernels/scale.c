#include <stdint.h>

/* Multiplies x[0] to x[n - 1] by the factor and returns their sum. */
double scale(int64_t n, double factor, double *x)
{
	double sum = 0.0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i] *= factor;
	return sum;
}

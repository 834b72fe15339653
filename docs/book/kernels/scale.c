#include <stdint.h>

double scale(int64_t n, double factor, double *x)
{
	double sum = 0.0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i] *= factor;
	return sum;
}

/* Kernels for data of other crates. */
#include <stdint.h>

struct particle {
	double at[3];
	float charge;
	uint32_t kind;
};

double mirror(struct particle *x, int64_t n)
{
	double charge = 0.0;
	for (int64_t i = 0; i < n; i++) {
		for (int k = 0; k < 3; k++)
			x[i].at[k] = -x[i].at[k];
		x[i].kind++;
		charge += x[i].charge;
	}
	return charge;
}

void transpose(const double *x, int64_t rows, int64_t columns, double *y)
{
	for (int64_t i = 0; i < rows; i++)
		for (int64_t j = 0; j < columns; j++)
			y[j * rows + i] = x[i * columns + j];
}

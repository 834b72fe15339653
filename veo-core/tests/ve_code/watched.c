/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kernels whose instructions can be counted by hand.
 */
#include <stdint.h>
#include <velintrin.h>

double add_up(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

void add_vectors(double *x, const double *y, int64_t n)
{
	for (int64_t i = 0; i < n; i += 256) {
		__vr left = _vel_vld_vssl(8, x + i, 256);
		__vr right = _vel_vld_vssl(8, y + i, 256);
		_vel_vst_vssl(_vel_vfaddd_vvvl(left, right, 256), 8, x + i, 256);
	}
}

__attribute__((noinline)) int64_t one(int64_t x)
{
	__asm__ volatile("" : "+r"(x));
	return x;
}

int64_t call_often(int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += one(1);
	return sum;
}

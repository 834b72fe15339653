// Kernels in C++ that leave their memory.
#include <algorithm>

namespace grid {
template <class T> struct Line {
	T *cells;
	long count;
	T &at(long i) { return cells[i]; }
	void smooth() {
		for (long i = 0; i < count; i++)
			at(i) = (at(i) + at(i + 1)) / 2; // smooths
	}
};
}

extern "C" void smooth(float *x, long n) { grid::Line<float>{x, n}.smooth(); }

extern "C" double sum_all(const double *x, long n) {
	double sum = 0;
	std::for_each(x, x + n, [&](const double &value) {
		sum += (&value)[1]; // sums
	});
	return sum;
}

extern "C" void shift(int *x, long n) {
	for (long i = n; i-- > 0;)
		x[i - 1] = x[i]; // shifts
}

// One mistake each, as in wrong.c.
#include <cstdint>
#include <thread>
#include <vector>

extern "C" {

int64_t cxx_freed_as_another(double *x, int64_t n)
{
	int *volatile numbers = new int[4]();
	delete numbers;
	return 0;
}

int64_t cxx_vector_has_moved(double *x, int64_t n)
{
	std::vector<double> numbers(x, x + n);
	volatile double *first = numbers.data();
	numbers.resize(100000);
	return *first != 0;
}

int64_t cxx_past_a_vector(double *x, int64_t n)
{
	std::vector<double> numbers(x, x + n);
	volatile double *first = numbers.data();
	first[n] = 1;
	return 0;
}

int64_t cxx_no_truth_value(double *x, int64_t n)
{
	volatile unsigned char bits = 7;
	volatile bool *truth = (volatile bool *)&bits;
	return *truth;
}

int64_t cxx_race(double *x, int64_t n)
{
	volatile double *place = x;
	auto work = [&] { for (int i = 0; i < 1000; i++) *place = *place + 1; };
	std::thread one(work), two(work);
	one.join();
	two.join();
	return 0;
}

int64_t cxx_leak(double *x, int64_t n)
{
	volatile double *block = new double[10];
	block[0] = 1;
	return 0;
}

}

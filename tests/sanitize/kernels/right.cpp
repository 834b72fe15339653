// Right kernels, as in right.c.
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

extern "C" {

int64_t cxx_vector(const double *x, int64_t n)
{
	std::vector<double> copy(x, x + n);
	for (int64_t i = 0; i < n; i++)
		copy.push_back(copy[i]);
	return std::accumulate(copy.begin(), copy.end(), 0.0) / 2;
}

int64_t cxx_map(const double *x, int64_t n)
{
	std::map<std::string, double> map;
	for (int64_t i = 0; i < n; i++)
		map[std::to_string(i)] = x[i];
	double sum = 0;
	for (auto &entry : map)
		sum += entry.second;
	return sum;
}

int64_t cxx_exception(const double *x, int64_t n)
{
	try {
		std::vector<double>(x, x + n).at(n);
	} catch (const std::exception &) {
		return n;
	}
	return 0;
}

int64_t cxx_threads(const double *x, int64_t n)
{
	std::mutex mutex;
	std::atomic<int64_t> count{0};
	double sum = 0;
	std::vector<std::thread> threads;
	for (int64_t t = 0; t < 4; t++)
		threads.emplace_back([&, t] {
			for (int64_t i = t; i < n; i += 4) {
				std::lock_guard<std::mutex> guard(mutex);
				sum += x[i];
				count++;
			}
		});
	for (auto &thread : threads)
		thread.join();
	return count == n ? int64_t(sum) : -1;
}

int64_t cxx_static(const double *x, int64_t n)
{
	static std::vector<double> kept(x, x + n);
	return std::accumulate(kept.begin(), kept.end(), 0.0);
}

}

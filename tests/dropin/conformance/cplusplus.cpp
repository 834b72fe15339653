// A C++ program in the style of C++ programs: handles in classes, threads,
// vectors as buffers, errors as exceptions. It includes every header.

#include <ve_offload.h>
#include <veo_hmem.h>
#include <veo_vedma.h>
#include <veo_veshm.h>
#include <veo_vhveshm.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

class Process {
public:
	explicit Process(int node) : handle(veo_proc_create(node))
	{
		if (!handle)
			throw Error("no process on node " + std::to_string(node));
	}
	Process(const Process &) = delete;
	Process &operator=(const Process &) = delete;
	~Process() { veo_proc_destroy(handle); }

	uint64_t load(const std::string &path) const
	{
		const uint64_t library = veo_load_library(handle, path.c_str());
		if (!library)
			throw Error("cannot load " + path);
		return library;
	}

	veo_proc_handle *const handle;
};

class Context {
public:
	explicit Context(const Process &process) : handle(veo_context_open(process.handle))
	{
		if (!handle)
			throw Error("no context");
	}
	Context(const Context &) = delete;
	Context &operator=(const Context &) = delete;
	~Context() { veo_context_close(handle); }

	uint64_t wait(uint64_t request) const
	{
		uint64_t result = 0;
		const int state = veo_call_wait_result(handle, request, &result);
		if (state != VEO_COMMAND_OK)
			throw Error("state " + std::to_string(state));
		return result;
	}

	veo_thr_ctxt *const handle;
};

using Args = std::unique_ptr<veo_args, decltype(&veo_args_free)>;

template <typename... Words> Args make_args(Words... words)
{
	Args args(veo_args_alloc(), veo_args_free);
	int index = 0;
	(veo_args_set_u64(args.get(), index++, static_cast<uint64_t>(words)), ...);
	return args;
}

template <typename T> class Array {
public:
	Array(const Process &process, size_t count) : process(process), count(count)
	{
		if (veo_alloc_mem(process.handle, &address, count * sizeof(T)) != 0)
			throw Error("no memory");
	}
	~Array() { veo_free_mem(process.handle, address); }

	const Process &process;
	const size_t count;
	uint64_t address = 0;
};

void need(bool holds, const char *what)
{
	if (!holds)
		throw Error(std::string("not so: ") + what);
}

void work(const std::string &kernels)
{
	Process process(0);
	const uint64_t library = process.load(kernels);
	const uint64_t sum = veo_get_sym(process.handle, library, "sum");
	std::vector<std::thread> threads;
	std::vector<uint64_t> totals(4);

	for (uint64_t t = 0; t < 4; t++)
		threads.emplace_back([&, t] {
			Context context(process);
			std::vector<uint64_t> values(1000 + t);
			std::iota(values.begin(), values.end(), t);
			Array<uint64_t> array(process, values.size());
			veo_async_write_mem(context.handle, array.address, values.data(),
					    values.size() * sizeof(uint64_t));
			const Args args = make_args(array.address, values.size());
			totals[t] = context.wait(veo_call_async(context.handle, sum, args.get()));
		});
	for (std::thread &thread : threads)
		thread.join();
	for (uint64_t t = 0; t < 4; t++) {
		const uint64_t n = 1000 + t;
		need(totals[t] == n * (n - 1) / 2 + n * t, "the sum of each thread");
	}

	Context context(process);
	bool thrown = false;
	try {
		const uint64_t fault = veo_get_sym(process.handle, library, "fault_segv");
		context.wait(veo_call_async(context.handle, fault, make_args().get()));
	} catch (const Error &error) {
		thrown = std::string(error.what()) == "state 1";
	}
	need(thrown, "an exception of the kernel is one of the program");
}

} // namespace

int main(int, char **argv)
{
	try {
		work(std::string(argv[1]) + "/libkernels.so");
		bool thrown = false;
		try {
			Process nowhere(4711);
		} catch (const Error &) {
			thrown = true;
		}
		need(thrown, "there is no node 4711");
		const std::string veorun = "/nowhere/veorun";
		need(!veo_proc_create_static(0, veorun.c_str()), "a path that is constant");
		std::string copy = veorun;
		need(!veo_proc_create_static(0, &copy[0]), "a path that is not");
	} catch (const std::exception &error) {
		std::fprintf(stderr, "%s\n", error.what());
		return 1;
	}
	return 0;
}

/* Libraries and symbols. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	uint64_t kernels, dependent, provider, address;
	char name[VEO_SYMNAME_LEN_MAX + 2];

	start(argc, argv);
	proc = new_proc();

	CHECK_EQ(veo_load_library(proc, library_path("libmissing.so")), 0);
	CHECK_EQ(veo_load_library(proc, library_path("damaged.so")), 0);
	kernels = load(proc, "libkernels.so");
	address = veo_get_sym(proc, kernels, "answer");
	CHECK(address != 0);
	CHECK_EQ(veo_get_sym(proc, kernels, "answer"), address);
	/* The same library again is the same library. */
	CHECK_EQ(load(proc, "libkernels.so"), kernels);
	CHECK_EQ(veo_get_sym(proc, kernels, "no_such_kernel"), 0);
	CHECK_EQ(veo_get_sym(proc, 0, "answer"), 0);
	CHECK_EQ(veo_get_sym(proc, kernels, ""), 0);

	/* Names that are too long, of a symbol and of a library. */
	memset(name, 'x', sizeof name);
	name[VEO_SYMNAME_LEN_MAX + 1] = '\0';
	errno = 0;
	CHECK_EQ(veo_get_sym(proc, kernels, name), 0);
	CHECK_EQ(errno, ENAMETOOLONG);
	errno = 0;
	CHECK_EQ(veo_load_library(proc, name), 0);
	CHECK_EQ(errno, ENAMETOOLONG);

	/* RTLD_NOW: what a library lacks is found out when it is loaded. */
	CHECK_EQ(veo_load_library(proc, library_path("libdependent.so")), 0);
	/* RTLD_GLOBAL: what one library has, the next one finds. */
	provider = load(proc, "libprovider.so");
	dependent = load(proc, "libdependent.so");
	struct veo_args *args = veo_args_alloc();
	uint64_t result = 0;
	CHECK_EQ(veo_call_sync(proc, symbol(proc, dependent, "use"), args, &result), 0);
	CHECK_EQ(result, 1234);
	veo_args_free(args);

	/* Unloading forgets the symbols. */
	CHECK_EQ(veo_unload_library(proc, dependent), 0);
	CHECK_EQ(veo_get_sym(proc, dependent, "use"), 0);
	CHECK_EQ(veo_unload_library(proc, provider), 0);
	CHECK(veo_unload_library(proc, 0x1234) != 0);
	/* The others stay. */
	CHECK_EQ(veo_get_sym(proc, kernels, "answer"), address);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

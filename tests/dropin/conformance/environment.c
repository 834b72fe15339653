/* The environment of a VE process: kernels see it; libraries are found and
 * preloaded, and the core and the traps are as the variables say. */
#include "check.h"

#include <veo_emu.h>

static uint64_t call_with(struct veo_proc_handle *proc, const char *kernel,
			  const char *name, const char *value)
{
	uint64_t library = load(proc, "libkernels.so"), result = 0;
	struct veo_args *args = veo_args_alloc();

	veo_args_set_stack(args, VEO_INTENT_IN, 0, (char *)name, strlen(name) + 1);
	veo_args_set_stack(args, VEO_INTENT_IN, 1, (char *)value, strlen(value) + 1);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, kernel), args, &result), 0);
	veo_args_free(args);
	return result;
}

/* The state of 1.0 / 0.0 in a kernel. */
static int divide(void)
{
	struct veo_proc_handle *proc = new_proc();
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t library = load(proc, "libkernels.so"), result = 0;
	struct veo_args *args = veo_args_alloc();
	double quotient = 0;

	veo_args_set_double(args, 0, 1.0);
	veo_args_set_double(args, 1, 0.0);
	veo_args_set_stack(args, VEO_INTENT_OUT, 2, (char *)&quotient, sizeof quotient);
	uint64_t request = veo_call_async(ctx, symbol(proc, library, "divide_doubles"), args);
	int state = veo_call_wait_result(ctx, request, &result);
	if (state == VEO_COMMAND_OK)
		CHECK(quotient > 1e308);
	else
		CHECK_EQ(result, SIGFPE);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return state;
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	uint64_t dependent;

	start(argc, argv);
	setenv("VEO_CONFORMANCE", "seen by kernels", 1);
	proc = new_proc();
	CHECK_EQ(call_with(proc, "environment_is", "VEO_CONFORMANCE", "seen by kernels"), 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);

	/* Preloaded, so that a library that needs it loads. */
	setenv("VE_LD_PRELOAD", library_path("libprovider.so"), 1);
	proc = new_proc();
	dependent = veo_load_library(proc, library_path("libdependent.so"));
	CHECK(dependent != 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	unsetenv("VE_LD_PRELOAD");

	setenv("VE_CORE_NUMBER", "1", 1);
	proc = new_proc();
	CHECK_EQ(veo_emu_core(proc), 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	unsetenv("VE_CORE_NUMBER");

	CHECK_EQ(divide(), VEO_COMMAND_OK);
	setenv("VE_FPE_ENABLE", "DIV", 1);
	CHECK_EQ(divide(), VEO_COMMAND_EXCEPTION);
	unsetenv("VE_FPE_ENABLE");
	/* The sizes of fragments are NEC's business; they must do no harm. */
	setenv("VEO_SENDFRAG", "4096", 1);
	setenv("VEO_RECVCUT", "1", 1);
	CHECK_EQ(divide(), VEO_COMMAND_OK);
	return finish();
}

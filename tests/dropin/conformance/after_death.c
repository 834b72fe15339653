/* The answer of every function about a process that has died. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	struct veo_args *args = words(1, 1);
	uint64_t library, echo, address = 0, other = 0, request, result = UNTOUCHED;
	char bytes[8] = { 0 };

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	CHECK_EQ(veo_alloc_mem(proc, &address, 64), 0);
	request = submit(ctx, echo, 1, 17);
	veo_context_sync(ctx);
	CHECK_ENDS(ctx, submit(ctx, symbol(proc, library, "fault_segv"), 0), VEO_COMMAND_EXCEPTION,
		   SIGSEGV);

	double begin = now();
	other = UNTOUCHED;
	CHECK_EQ(veo_alloc_mem(proc, &other, 64), -1);
	CHECK_EQ(other, 0);
	CHECK_EQ(veo_read_mem(proc, bytes, address, 8), -1);
	CHECK_EQ(veo_write_mem(proc, address, bytes, 8), -1);
	CHECK_EQ(veo_call_sync(proc, echo, args, &result), -1);
	CHECK_EQ(veo_call_async(ctx, echo, args), INVALID);
	CHECK_EQ(veo_call_async_by_name(ctx, library, "echo", args), INVALID);
	CHECK_EQ(veo_alloc_mem_async(ctx, 64), INVALID);
	CHECK_EQ(veo_free_mem_async(ctx, address), INVALID);
	CHECK_EQ(veo_async_read_mem(ctx, bytes, address, 8), INVALID);
	CHECK_EQ(veo_async_write_mem(ctx, address, bytes, 8), INVALID);
	CHECK_EQ(veo_load_library(proc, library_path("libprovider.so")), 0);
	CHECK_EQ(veo_unload_library(proc, library), -1);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(veo_get_sym(proc, library, "echo"), echo);
	CHECK_EQ(veo_get_sym(proc, library, "add"), 0);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_EXIT);
	veo_context_sync(ctx);
	/* A result from before is still there. */
	CHECK_EQ(collect(ctx, request), 17);
	CHECK_EQ(veo_call_peek_result(ctx, request, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(now() - begin < 5);
	veo_args_free(args);
	return finish();
}

/* Order: within a context, of synchronous calls, and with other contexts.
 * Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx, *other;
	uint64_t library, count, pause_ms, variable, requests[200], value = 0, slow, far;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	count = symbol(proc, library, "count");
	pause_ms = symbol(proc, library, "pause_ms");
	variable = symbol(proc, library, "variable");
	ctx = veo_context_open(proc);
	other = veo_context_open(proc);
	NEED(ctx && other);

	for (int i = 0; i < 200; i++)
		requests[i] = submit(ctx, count, 0);
	for (int i = 0; i < 200; i++)
		CHECK_EQ(collect(ctx, requests[i]), i);

	/* A synchronous call runs behind what is queued on the main context, ... */
	far = submit(other, pause_ms, 1, 1500);
	double begin = now();
	slow = submit(ctx, pause_ms, 1, 300);
	submit(ctx, symbol(proc, library, "set_variable"), 1, 1);
	CHECK_EQ(veo_read_mem(proc, &value, variable, 8), 0);
	CHECK_EQ(value, 1);
	CHECK(now() - begin > 0.25);
	begin = now();
	submit(ctx, pause_ms, 1, 200);
	CHECK_EQ(veo_alloc_mem(proc, &value, 64), 0);
	CHECK(now() - begin > 0.15);
	begin = now();
	submit(ctx, pause_ms, 1, 200);
	CHECK(load(proc, "libprovider.so") != 0);
	CHECK(now() - begin > 0.15);
	/* ... but not behind another context. */
	CHECK_EQ(veo_call_peek_result(other, far, &value), VEO_COMMAND_UNFINISHED);
	CHECK_EQ(collect(ctx, slow), 300);

	/* by_name looks its symbol up on the main context first. */
	begin = now();
	submit(ctx, pause_ms, 1, 200);
	struct veo_args *args = veo_args_alloc();
	uint64_t named = veo_call_async_by_name(other, library, "address_of_variable", args);
	CHECK(now() - begin > 0.15);
	veo_args_free(args);
	CHECK_EQ(collect(other, named), variable);
	CHECK_EQ(collect(other, far), 1500);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

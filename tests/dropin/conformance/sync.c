/* veo_context_sync waits for what was submitted; the results stay. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t library, echo, pause_ms, requests[8], result;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	pause_ms = symbol(proc, library, "pause_ms");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	veo_context_sync(ctx);

	uint64_t slow = submit(ctx, pause_ms, 1, 300);
	for (int i = 0; i < 8; i++)
		requests[i] = submit(ctx, echo, 1, 100 + i);
	double begin = now();
	veo_context_sync(ctx);
	CHECK(now() - begin > 0.25);
	/* All finished: a peek finds each, in any order, once. */
	for (int i = 7; i >= 0; i--) {
		result = UNTOUCHED;
		CHECK_EQ(veo_call_peek_result(ctx, requests[i], &result), VEO_COMMAND_OK);
		CHECK_EQ(result, 100 + i);
		CHECK_EQ(veo_call_peek_result(ctx, requests[i], &result), VEO_COMMAND_ERROR);
	}
	CHECK_EQ(collect(ctx, slow), 300);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Handles of what has ended with its process: garbage collectors close and destroy
 * in any order. */
#include "check.h"

int main(int argc, char **argv)
{
	start(argc, argv);
	struct veo_proc_handle *proc = new_proc(), *other = new_proc();
	uint64_t library = load(proc, "libkernels.so"), echo = symbol(proc, library, "echo");
	struct veo_thr_ctxt *main_ctx = veo_context_open(proc), *ctx = veo_context_open(proc);
	struct veo_thr_ctxt *closed = veo_context_open(proc), *living = veo_context_open(other);
	struct veo_args *args = words(1, 1);
	uint64_t result = UNTOUCHED, address = 0;

	NEED(main_ctx && ctx && closed && living);
	/* Closed twice while the process lives: not the second time. */
	CHECK_EQ(veo_context_close(closed), 0);
	CHECK(veo_context_close(closed) != 0);
	CHECK_EQ(veo_get_context_state(closed), VEO_STATE_EXIT);
	uint64_t pending = submit(ctx, echo, 1, 7);

	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK_EQ(veo_get_context_state(main_ctx), VEO_STATE_EXIT);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_EXIT);
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(veo_context_close(ctx), 0);
		CHECK_EQ(veo_context_close(main_ctx), 0);
		CHECK_EQ(veo_context_close(closed), 0);
		CHECK_EQ(veo_proc_destroy(proc), 0);
	}
	/* Nothing else can be done with them. */
	CHECK_EQ(veo_call_async(ctx, echo, args), INVALID);
	CHECK_EQ(veo_call_async_by_name(main_ctx, library, "echo", args), INVALID);
	CHECK(veo_call_wait_result(ctx, pending, &result) != VEO_COMMAND_OK);
	CHECK(veo_call_peek_result(main_ctx, 0, &result) != VEO_COMMAND_OK);
	CHECK_EQ(result, UNTOUCHED);
	CHECK(veo_call_sync(proc, echo, args, &result) < 0);
	CHECK(veo_alloc_mem(proc, &address, 8) != 0);
	CHECK_EQ(veo_load_library(proc, library_path("libkernels.so")), 0);
	CHECK_EQ(veo_get_sym(proc, library, "echo"), 0);
	CHECK(veo_context_open(proc) == NULL);
	CHECK_EQ(veo_proc_identifier(proc), -1);
	veo_context_sync(ctx);
	veo_req_block_begin(ctx);
	veo_req_block_end(ctx);

	/* Others have nothing to do with it, also where they take an old place. */
	CHECK_EQ(veo_get_context_state(living), VEO_STATE_RUNNING);
	proc = new_proc();
	struct veo_thr_ctxt *next = veo_context_open(proc), *further = veo_context_open(proc);
	NEED(next && further);
	CHECK_EQ(veo_context_close(ctx), 0);
	CHECK_EQ(veo_context_close(main_ctx), 0);
	CHECK_EQ(veo_get_context_state(next), VEO_STATE_RUNNING);
	CHECK_EQ(veo_get_context_state(further), VEO_STATE_RUNNING);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(other), 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

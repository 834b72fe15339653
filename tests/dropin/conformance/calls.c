/* Calls: synchronous, queued, by name; ids; results collected once. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	struct veo_args *args;
	uint64_t library, echo, add, request, result;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	add = symbol(proc, library, "add");

	/* Synchronous, on the main context, with or without an open one. */
	args = words(2, 40, 2);
	CHECK_EQ(veo_call_sync(proc, add, args, &result), 0);
	CHECK_EQ(result, 42);
	CHECK(veo_call_sync(proc, 0, args, &result) < 0);
	veo_args_free(args);

	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	args = veo_args_alloc();

	/* Ids count up by one, each context from its own 0. */
	request = submit(ctx, echo, 1, 5);
	CHECK(request != INVALID);
	for (int i = 1; i <= 20; i++)
		CHECK_EQ(submit(ctx, echo, 1, 5 + i), request + i);
	/* In any order, each once. */
	for (int i = 20; i >= 0; i--)
		CHECK_EQ(collect(ctx, request + i), 5 + i);
	for (int i = 0; i <= 20; i++)
		CHECK_ENDS(ctx, request + i, VEO_COMMAND_ERROR, UNTOUCHED);

	/* Ids that stand for nothing: ERROR at once, the result is left alone. */
	result = UNTOUCHED;
	CHECK_EQ(veo_call_peek_result(ctx, request + 1000, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(veo_call_wait_result(ctx, request + 1000, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(veo_call_peek_result(ctx, INVALID, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(veo_call_wait_result(ctx, INVALID, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(result, UNTOUCHED);

	/* Not finished yet. */
	request = submit(ctx, symbol(proc, library, "pause_ms"), 1, 200);
	CHECK_EQ(veo_call_peek_result(ctx, request, &result), VEO_COMMAND_UNFINISHED);
	CHECK_EQ(result, UNTOUCHED);
	CHECK_EQ(collect(ctx, request), 200);

	/* These calls cannot be submitted. */
	CHECK_EQ(veo_call_async(ctx, 0, args), INVALID);
	CHECK_EQ(veo_call_async_by_name(ctx, library, "no_such_kernel", args), INVALID);
	CHECK_EQ(veo_call_async_vh(ctx, NULL, NULL), INVALID);

	/* By name. */
	request = veo_call_async_by_name(ctx, library, "answer", args);
	CHECK(request != INVALID);
	CHECK_EQ(collect(ctx, request), 42);

	/* No arguments and no result. */
	request = veo_call_async(ctx, symbol(proc, library, "nothing"), args);
	CHECK_STATE(ctx, request, VEO_COMMAND_OK);
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "all_bits"), 0)), -1);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

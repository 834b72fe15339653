/* Handles that are NULL: an error from every function, and no crash. */
#include "check.h"

#include <veo_emu.h>

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	struct veo_args *args = veo_args_alloc();
	uint64_t result = UNTOUCHED, address = 0;
	size_t size = 0;
	char bytes[8] = { 0 };

	start(argc, argv);
	/* Processes */
	CHECK(veo_proc_destroy(NULL) != 0);
	CHECK_EQ(veo_proc_identifier(NULL), -1);
	CHECK_EQ(veo_load_library(NULL, "libkernels.so"), 0);
	CHECK(veo_unload_library(NULL, 1) != 0);
	CHECK_EQ(veo_get_sym(NULL, 0, "echo"), 0);
	CHECK(veo_alloc_mem(NULL, &address, 8) != 0);
	CHECK(veo_free_mem(NULL, 0x1000) != 0);
	CHECK(veo_read_mem(NULL, bytes, 0x1000, 8) < 0);
	CHECK(veo_write_mem(NULL, 0x1000, bytes, 8) < 0);
	CHECK(veo_call_sync(NULL, 0x1000, args, &result) < 0);
	CHECK(veo_context_open(NULL) == NULL);
	CHECK(veo_context_open_with_attr(NULL, NULL) == NULL);
	CHECK(veo_num_contexts(NULL) <= 0);
	CHECK(veo_get_context(NULL, 0) == NULL);

	/* Contexts */
	CHECK(veo_context_close(NULL) != 0);
	CHECK(veo_get_context_state(NULL) <= 0);
	veo_context_sync(NULL);
	veo_req_block_begin(NULL);
	veo_req_block_end(NULL);
	CHECK_EQ(veo_call_async(NULL, 0x1000, args), INVALID);
	CHECK_EQ(veo_call_async_by_name(NULL, 0, "echo", args), INVALID);
	CHECK_EQ(veo_call_async_vh(NULL, NULL, NULL), INVALID);
	CHECK_EQ(veo_alloc_mem_async(NULL, 8), INVALID);
	CHECK_EQ(veo_free_mem_async(NULL, 0x1000), INVALID);
	CHECK_EQ(veo_async_read_mem(NULL, bytes, 0x1000, 8), INVALID);
	CHECK_EQ(veo_async_write_mem(NULL, 0x1000, bytes, 8), INVALID);
	CHECK_EQ(veo_call_wait_result(NULL, 0, &result), -1);
	CHECK_EQ(veo_call_peek_result(NULL, 0, &result), -1);
	CHECK_EQ(result, UNTOUCHED);

	/* Arguments and attributes */
	CHECK_EQ(veo_args_set_i64(NULL, 0, 0), -1);
	CHECK_EQ(veo_args_set_float(NULL, 0, 0), -1);
	CHECK_EQ(veo_args_set_stack(NULL, VEO_INTENT_IN, 0, bytes, 8), -1);
	CHECK_EQ(veo_args_set_stack(args, VEO_INTENT_IN, 0, NULL, 8), -1);
	CHECK_EQ(veo_args_set_stack(args, (enum veo_args_intent)7, 0, bytes, 8), -1);
	CHECK_EQ(veo_args_set_hmem(NULL, 0, bytes), -1);
	veo_args_clear(NULL);
	veo_args_free(NULL);
	CHECK(veo_set_thr_ctxt_stacksize(NULL, 128 << 20) != 0);
	CHECK(veo_get_thr_ctxt_stacksize(NULL, &size) != 0);
	CHECK(veo_free_thr_ctxt_attr(NULL) != 0);

	/* Heterogeneous memory and hooks */
	CHECK_EQ(veo_is_ve_addr(NULL), 0);
	CHECK(veo_get_hmem_addr(NULL) == NULL);
	CHECK_EQ(veo_get_proc_identifier_from_hmem(NULL), -1);
	CHECK(veo_get_proc_handle_from_hmem(NULL) == NULL);
	CHECK_EQ(veo_get_pid_from_hmem(NULL), -1);
	veo_register_hook(NULL, NULL, NULL);
	veo_register_hook((void *)veo_alloc_mem, NULL, NULL);
	veo_unregister_hook((void *)veo_alloc_mem);
	veo_register_hmem_hook_functions(NULL, NULL);

	/* The arguments beside the handle */
	proc = new_proc();
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	uint64_t library = load(proc, "libkernels.so"), echo = symbol(proc, library, "answer");
	CHECK_EQ(veo_load_library(proc, NULL), 0);
	CHECK_EQ(veo_get_sym(proc, library, NULL), 0);
	CHECK(veo_alloc_mem(proc, NULL, 8) != 0);
	CHECK_EQ(veo_alloc_mem(proc, &address, 64), 0);
	CHECK(veo_read_mem(proc, NULL, address, 8) < 0);
	CHECK(veo_write_mem(proc, address, NULL, 8) < 0);
	CHECK_EQ(veo_async_read_mem(ctx, NULL, address, 8), INVALID);
	CHECK_EQ(veo_async_write_mem(ctx, address, NULL, 8), INVALID);
	CHECK_EQ(veo_call_async_by_name(ctx, library, NULL, args), INVALID);
	CHECK(veo_alloc_hmem(proc, NULL, 8) != 0);
	CHECK_EQ(veo_emu_get_fault(NULL, NULL), -1);
	/* No place for the result: it is collected all the same. */
	uint64_t request = submit(ctx, echo, 0);
	CHECK_EQ(veo_call_wait_result(ctx, request, NULL), VEO_COMMAND_OK);
	CHECK_ENDS(ctx, request, VEO_COMMAND_ERROR, UNTOUCHED);
	/* No arguments at all: none. */
	request = veo_call_async(ctx, echo, NULL);
	if (request != INVALID)
		CHECK_EQ(collect(ctx, request), 42);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

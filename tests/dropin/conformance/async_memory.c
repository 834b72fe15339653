/* Asynchronous allocation, release and transfers. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t library, address, request, result;
	uint64_t words_out[512], words_in[512];

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);

	/* The result of an allocation is the address. */
	request = veo_alloc_mem_async(ctx, sizeof words_out);
	CHECK(request != 0 && request != INVALID);
	address = collect(ctx, request);
	NEED(address != 0);

	for (int i = 0; i < 512; i++)
		words_out[i] = (uint64_t)i * i;
	memset(words_in, 0, sizeof words_in);
	uint64_t written = veo_async_write_mem(ctx, address, words_out, sizeof words_out);
	uint64_t summed = submit(ctx, symbol(proc, library, "sum"), 2, address, 512);
	uint64_t filled = submit(ctx, symbol(proc, library, "fill"), 3, address, 256, 5);
	uint64_t read = veo_async_read_mem(ctx, words_in, address, sizeof words_in);
	CHECK(written < summed && summed < filled && filled < read && read != INVALID);
	collect(ctx, read);
	collect(ctx, written);
	uint64_t total = 0;
	for (int i = 0; i < 512; i++) {
		total += words_out[i];
		CHECK_EQ(words_in[i], i < 256 ? 5 : words_out[i]);
	}
	CHECK_EQ(collect(ctx, summed), total);
	CHECK_EQ(collect(ctx, filled), 256);

	/* Nothing to transfer: complete at once, and still a request. */
	request = veo_async_read_mem(ctx, words_in, address, 0);
	CHECK(request != INVALID);
	CHECK_STATE(ctx, request, VEO_COMMAND_OK);
	request = veo_async_write_mem(ctx, address, words_out, 0);
	CHECK(request != INVALID);
	CHECK_STATE(ctx, request, VEO_COMMAND_OK);

	/* No memory: result 0, and the state is OK. */
	request = veo_alloc_mem_async(ctx, (size_t)1 << 46);
	CHECK(request != INVALID);
	CHECK_ENDS(ctx, request, VEO_COMMAND_OK, 0);

	/* A transfer that cannot be done spoils neither the context nor the process. */
	result = UNTOUCHED;
	request = veo_async_read_mem(ctx, words_in, 0x10, 8);
	if (request != INVALID)
		CHECK_EQ(veo_call_wait_result(ctx, request, &result), VEO_COMMAND_ERROR);
	request = veo_async_read_mem(ctx, words_in, address, SIZE_MAX);
	CHECK(request != INVALID);
	CHECK_STATE(ctx, request, VEO_COMMAND_ERROR);
	request = veo_async_write_mem(ctx, address, words_out, SIZE_MAX);
	CHECK(request != INVALID);
	CHECK_STATE(ctx, request, VEO_COMMAND_ERROR);

	request = veo_free_mem_async(ctx, address);
	CHECK(request != INVALID);
	CHECK_STATE(ctx, request, VEO_COMMAND_OK);
	CHECK_EQ(veo_free_mem(proc, address), -1);
	CHECK_EQ(veo_context_close(ctx), 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

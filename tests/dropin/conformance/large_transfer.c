/* A large transfer takes several request ids and gives the last one. */
#include "check.h"

#define SIZE ((size_t)64 << 20)

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t address = 0, request, before, result;
	unsigned char *out = malloc(SIZE), *in = calloc(1, SIZE);

	start(argc, argv);
	NEED(out && in);
	for (size_t i = 0; i < SIZE; i++)
		out[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
	proc = new_proc();
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	NEED(veo_alloc_mem(proc, &address, SIZE) == 0);

	/* 64 MB are 16 requests, the last of which stands for all. */
	before = veo_async_write_mem(ctx, address, out, SIZE);
	collect(ctx, before);
	request = veo_async_read_mem(ctx, in, address, SIZE);
	CHECK_EQ(request, before + 16);
	collect(ctx, request);
	CHECK(memcmp(in, out, SIZE) == 0);
	/* They are all collected with it. */
	result = UNTOUCHED;
	CHECK_EQ(veo_call_peek_result(ctx, before + 5, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(result, UNTOUCHED);

	/* An inner one collected: the last one is an error. */
	request = veo_async_write_mem(ctx, address, out, SIZE);
	CHECK_EQ(request, before + 32);
	CHECK_STATE(ctx, request - 7, VEO_COMMAND_OK);
	CHECK_STATE(ctx, request, VEO_COMMAND_ERROR);

	/* A small one is one request. */
	before = request;
	request = veo_async_write_mem(ctx, address, out, 1 << 19);
	CHECK_EQ(request, before + 1);
	collect(ctx, request);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

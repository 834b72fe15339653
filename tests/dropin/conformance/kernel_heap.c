/* The host frees what a kernel has allocated with malloc, and nothing that is no block. */
#include "check.h"

static struct veo_proc_handle *proc;
static uint64_t make, release;

static uint64_t block(uint64_t size)
{
	struct veo_args *args = words(1, size);
	uint64_t address = 0;

	CHECK_EQ(veo_call_sync(proc, make, args, &address), 0);
	veo_args_free(args);
	NEED(address != 0);
	return address;
}

int main(int argc, char **argv)
{
	/* From the caches of small blocks, an arena, and pages of their own. */
	static const uint64_t sizes[] = { 1, 24, 1000, 1032, 5000, 100000, 3 << 20, 50 << 20 };
	enum { SIZES = sizeof sizes / sizeof sizes[0] };
	uint64_t blocks[SIZES], library, result;
	char byte;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	make = symbol(proc, library, "make_block");
	release = symbol(proc, library, "free_block");
	struct veo_thr_ctxt *main_ctx = veo_context_open(proc), *ctx = veo_context_open(proc);
	NEED(main_ctx && ctx);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < SIZES; i++)
			blocks[i] = block(sizes[i]);
		for (int i = 0; i < SIZES; i++) {
			CHECK_EQ(veo_read_mem(proc, &byte, blocks[i], 1), 0);
			CHECK_EQ(byte, 7);
			/* Inside of it there is no other. */
			CHECK_EQ(veo_free_mem(proc, blocks[i] + 8), -1);
			CHECK_EQ(veo_free_mem(proc, blocks[i] + 16), -1);
			CHECK_EQ(veo_free_mem(proc, blocks[i]), 0);
			CHECK_EQ(veo_free_mem(proc, blocks[i]), -1);
		}
	}
	/* It is free: small blocks come again, large ones are gone. */
	uint64_t small = block(500), large = block((uint64_t)100 << 20);
	CHECK_EQ(veo_free_mem(proc, small), 0);
	CHECK_EQ(block(500), small);
	CHECK_EQ(veo_free_mem(proc, large), 0);
	CHECK(veo_read_mem(proc, &byte, large + (50 << 20), 1) < 0);

	/* In the queue, of another context too, and freed by a kernel as ever. */
	uint64_t made = submit(ctx, make, 1, 2000);
	result = collect(ctx, made);
	CHECK_ENDS(ctx, veo_free_mem_async(ctx, result), VEO_COMMAND_OK, 0);
	made = submit(ctx, make, 1, 200000);
	result = collect(ctx, made);
	CHECK_ENDS(main_ctx, veo_free_mem_async(main_ctx, result), VEO_COMMAND_OK, 0);
	CHECK_STATE(main_ctx, veo_free_mem_async(main_ctx, result), VEO_COMMAND_ERROR);
	result = collect(ctx, submit(ctx, make, 1, 300));
	collect(ctx, submit(ctx, release, 1, result));
	CHECK_ENDS(ctx, veo_free_mem_async(ctx, 0), VEO_COMMAND_OK, 0);

	/* No blocks: code, data, the stack, a block of the host, and nothing at all. */
	CHECK_EQ(veo_free_mem(proc, make), -1);
	CHECK_EQ(veo_free_mem(proc, make & ~(uint64_t)4095), -1);
	CHECK_EQ(veo_free_mem(proc, (make & ~(uint64_t)4095) + 16), -1);
	CHECK_EQ(veo_free_mem(proc, (uint64_t)&byte), -1);
	CHECK_EQ(veo_free_mem(proc, 0x123450), -1);
	CHECK_EQ(veo_free_mem(proc, UINT64_MAX - 15), -1);
	CHECK_EQ(veo_free_mem(proc, 16), -1);
	CHECK_EQ(veo_get_context_state(main_ctx), VEO_STATE_RUNNING);
	CHECK_EQ(block(500) != 0, 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

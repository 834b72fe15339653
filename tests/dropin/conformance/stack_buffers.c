/* Stack buffers: intents, sizes, alignment, when their bytes are read and
 * written, and how many there may be. */
#include "check.h"

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t library;

static void intents(size_t length)
{
	struct veo_args *args = veo_args_alloc();
	char in[100], inout[100], out[100];

	memset(in, 3, sizeof in);
	memset(inout, 4, sizeof inout);
	memset(out, 5, sizeof out);
	CHECK_EQ(veo_args_set_stack(args, VEO_INTENT_IN, 0, in, length), 0);
	CHECK_EQ(veo_args_set_stack(args, VEO_INTENT_INOUT, 1, inout, length), 0);
	CHECK_EQ(veo_args_set_stack(args, VEO_INTENT_OUT, 2, out, length), 0);
	CHECK_EQ(veo_args_set_u64(args, 3, length), 0);
	uint64_t request = veo_call_async(ctx, symbol(proc, library, "shuffle"), args);
	/* Each lies on a multiple of 8. */
	CHECK_EQ(collect(ctx, request), 0);
	for (size_t i = 0; i < 100; i++) {
		CHECK_EQ(in[i], 3);
		CHECK_EQ(inout[i], i < length ? 3 : 4);
		CHECK_EQ(out[i], i < length ? 7 : 5);
	}
	veo_args_free(args);
}

/* IN bytes are those at the time of the call, and not written back. */
static void captured_at_the_call(void)
{
	struct veo_args *args = veo_args_alloc();
	uint64_t sum = symbol(proc, library, "sum_bytes");
	unsigned char bytes[16];

	memset(bytes, 1, sizeof bytes);
	veo_args_set_stack(args, VEO_INTENT_IN, 0, (char *)bytes, sizeof bytes);
	veo_args_set_u64(args, 1, sizeof bytes);
	submit(ctx, symbol(proc, library, "pause_ms"), 1, 100);
	memset(bytes, 2, sizeof bytes);
	uint64_t two = veo_call_async(ctx, sum, args);
	memset(bytes, 3, sizeof bytes);
	uint64_t three = veo_call_async(ctx, sum, args);
	memset(bytes, 4, sizeof bytes);
	veo_args_clear(args);
	veo_args_free(args);
	CHECK_EQ(collect(ctx, two), 32);
	CHECK_EQ(collect(ctx, three), 48);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(bytes[i], 4);

	/* INOUT too. */
	args = veo_args_alloc();
	memset(bytes, 10, sizeof bytes);
	veo_args_set_stack(args, VEO_INTENT_INOUT, 0, (char *)bytes, sizeof bytes);
	veo_args_set_u64(args, 1, sizeof bytes);
	uint64_t slow = submit(ctx, symbol(proc, library, "pause_ms"), 1, 100);
	uint64_t request = veo_call_async(ctx, symbol(proc, library, "increment_bytes"), args);
	memset(bytes, 20, sizeof bytes);
	veo_args_free(args);
	collect(ctx, request);
	collect(ctx, slow);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(bytes[i], 11);
}

/* OUT bytes are there when the result is, also after a sync. */
static void written_by_the_end(void)
{
	struct veo_args *args = veo_args_alloc();
	unsigned char bytes[1000];

	memset(bytes, 0, sizeof bytes);
	veo_args_set_stack(args, VEO_INTENT_OUT, 0, (char *)bytes, sizeof bytes);
	veo_args_set_u64(args, 1, sizeof bytes);
	veo_args_set_u64(args, 2, 9);
	veo_args_set_u64(args, 3, 100);
	uint64_t request = veo_call_async(ctx, symbol(proc, library, "slow_set_bytes"), args);
	veo_args_free(args);
	CHECK_EQ(bytes[0], 0);
	veo_context_sync(ctx);
	CHECK_EQ(collect(ctx, request), 1000);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(bytes[i], 9);
}

/* Registers, words beyond them and buffers together. */
static void many(void)
{
	struct veo_args *args = veo_args_alloc();
	char buffers[30][8];

	for (int i = 0; i < 30; i++) {
		memset(buffers[i], i, 8);
		CHECK_EQ(veo_args_set_stack(args, VEO_INTENT_IN, i, buffers[i], 8), 0);
	}
	uint64_t result = 0;
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "check_buffers"), args, &result), 0);
	CHECK_EQ(result, 30);
	veo_args_free(args);
}

/* All stack buffers of a call together: at most 63 MiB. */
static void large(void)
{
	const size_t much = (size_t)60 << 20, half = (size_t)32 << 20;
	char *buffer = calloc(1, (size_t)64 << 20);
	struct veo_args *args = veo_args_alloc();
	uint64_t result = 0;

	NEED(buffer != NULL);
	memset(buffer, 1, much);
	veo_args_set_stack(args, VEO_INTENT_IN, 0, buffer, much);
	veo_args_set_u64(args, 1, much);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "sum_bytes"), args, &result), 0);
	CHECK_EQ(result, much);

	veo_args_clear(args);
	int set = veo_args_set_stack(args, VEO_INTENT_IN, 0, buffer, (size_t)64 << 20);
	veo_args_set_u64(args, 1, 1);
	if (set == 0) {
		CHECK(veo_call_sync(proc, symbol(proc, library, "sum_bytes"), args, &result) != 0);
		CHECK_EQ(veo_call_async(ctx, symbol(proc, library, "sum_bytes"), args), INVALID);
	}
	veo_args_clear(args);
	set = veo_args_set_stack(args, VEO_INTENT_INOUT, 0, buffer, half) |
	      veo_args_set_stack(args, VEO_INTENT_OUT, 1, buffer + half, half);
	veo_args_set_u64(args, 2, 1);
	veo_args_set_u64(args, 3, 1);
	if (set == 0)
		CHECK_EQ(veo_call_async(ctx, symbol(proc, library, "shuffle"), args), INVALID);
	veo_args_free(args);
	free(buffer);
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "answer"), 0)), 42);
}

int main(int argc, char **argv)
{
	const size_t lengths[] = { 1, 3, 7, 8, 9, 15, 16, 17, 64, 99 };

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		intents(lengths[i]);
	captured_at_the_call();
	written_by_the_end();
	many();
	large();
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

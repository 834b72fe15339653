/* Which numbers requests get. Synchronous functions send messages, too, and use up
 * numbers of the main context, so that 0 is never the number of a call there: programs
 * take it for "no request". Every number is NEC's: tests/dropin/libveo-peer/run runs this
 * program on its library, too. */
#include "check.h"

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t library, echo, last;

/* The number of a call. */
static uint64_t number(struct veo_thr_ctxt *context)
{
	uint64_t request = submit(context, echo, 1, 5);

	CHECK_EQ(collect(context, request), 5);
	return request;
}

/* How many numbers of the main context were used up since this was last asked. */
static int64_t used(void)
{
	uint64_t before = last;

	last = number(ctx);
	return (int64_t)(last - before - 1);
}

/* By how many numbers a request that is waited for is behind the last one. */
static int64_t beyond(uint64_t request)
{
	uint64_t before = last;

	last = request;
	collect(ctx, request);
	return (int64_t)(request - before);
}

static void first_ones(void)
{
	struct veo_proc_handle *other = new_proc();
	struct veo_thr_ctxt *main_ctx = veo_context_open(other);
	uint64_t word = 0;

	/* The creation was the first message. Opening the main context is none. */
	NEED(main_ctx != NULL);
	CHECK_EQ(veo_async_read_mem(main_ctx, &word, 0x1000, 0), 1);
	CHECK_EQ(veo_proc_destroy(other), 0);

	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	echo = symbol(proc, library, "echo");
	last = number(ctx);
	CHECK_EQ(last, 3);
	CHECK_EQ(used(), 0);
}

static void symbols_and_libraries(void)
{
	struct veo_args *args = words(1, 5);

	symbol(proc, library, "echo");
	CHECK_EQ(used(), 0);
	symbol(proc, library, "answer");
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_get_sym(proc, library, "nonesuch"), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_get_sym(proc, library, "nonesuch"), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(beyond(veo_call_async_by_name(ctx, library, "echo", args)), 1);
	CHECK_EQ(beyond(veo_call_async_by_name(ctx, library, "get_variable", args)), 2);
	CHECK_EQ(veo_call_async_by_name(ctx, library, "nonesuch", args), INVALID);
	CHECK_EQ(used(), 1);
	veo_args_free(args);

	uint64_t provider = load(proc, "libprovider.so");
	CHECK_EQ(used(), 1);
	CHECK_EQ(load(proc, "libprovider.so"), provider);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_load_library(proc, "/nonesuch.so"), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_unload_library(proc, provider), 0);
	CHECK_EQ(used(), 1);
}

static void memory(void)
{
	uint64_t address = 0, word = 0;
	void *near = NULL, *far = NULL;

	CHECK_EQ(veo_alloc_mem(proc, &address, 64), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_write_mem(proc, address, &word, 8), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_read_mem(proc, &word, address, 8), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_read_mem(proc, &word, address, 0), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_write_mem(proc, address, &word, 0), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(beyond(veo_async_read_mem(ctx, &word, address, 8)), 1);
	CHECK_EQ(beyond(veo_async_write_mem(ctx, address, &word, 0)), 1);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_free_mem(proc, 0), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_alloc_mem(proc, &address, (size_t)1 << 46), -1);
	CHECK_EQ(used(), 1);
	CHECK_EQ(beyond(veo_alloc_mem_async(ctx, 64)), 1);

	CHECK_EQ(veo_alloc_hmem(proc, &near, 64), 0);
	CHECK_EQ(veo_alloc_hmem(proc, &far, 64), 0);
	CHECK_EQ(used(), 2);
	CHECK_EQ(veo_hmemcpy(near, &word, 8), 0);
	CHECK_EQ(veo_hmemcpy(&word, near, 8), 0);
	CHECK_EQ(veo_hmemcpy(near, &word, 0), 0);
	CHECK_EQ(used(), 3);
	CHECK_EQ(veo_hmemcpy(far, near, 64), 0);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_free_hmem(far), 0);
	CHECK_EQ(veo_free_hmem(near), 0);
	CHECK_EQ(used(), 2);
	CHECK_EQ(veo_alloc_hmem(NULL, &near, 64), 0);
	CHECK_EQ(veo_free_hmem(near), 0);
	CHECK_EQ(used(), 0);
}

/* Large ones are made in parts, and each is a message. */
static void transfers(void)
{
	static const struct {
		size_t size;
		int to_ve, to_host;
	} cases[] = {
		{ 699050, 1, 1 },
		{ 699051, 2, 2 },
		{ 1 << 20, 2, 2 },
		{ (1 << 20) + 1, 3, 5 },
		{ 2 << 20, 3, 4 },
		{ 4 << 20, 4, 5 },
		{ (20 << 20) - 1, 4, 5 },
		{ (20 << 20) + 1, 6, 6 },
		{ 64 << 20, 16, 16 },
	};
	uint64_t address = 0;
	char *buffer = calloc(1, 64 << 20);

	NEED(buffer != NULL);
	CHECK_EQ(veo_alloc_mem(proc, &address, 64 << 20), 0);
	CHECK_EQ(used(), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t size = cases[i].size;

		CHECK_EQ(veo_write_mem(proc, address, buffer, size), 0);
		CHECK_EQ(used(), cases[i].to_ve);
		CHECK_EQ(veo_read_mem(proc, buffer, address, size), 0);
		CHECK_EQ(used(), cases[i].to_host);
		CHECK_EQ(beyond(veo_async_write_mem(ctx, address, buffer, size)), cases[i].to_ve);
		CHECK_EQ(beyond(veo_async_read_mem(ctx, buffer, address, size)), cases[i].to_host);
	}
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(used(), 1);
	free(buffer);
}

static void calls_and_contexts(void)
{
	struct veo_args *args = words(1, 5);
	struct veo_thr_ctxt *second;
	uint64_t result = 0;

	CHECK_EQ(veo_call_sync(proc, echo, args, &result), 0);
	CHECK_EQ(used(), 1);
	/* Nobody can collect what a synchronous function used. */
	result = UNTOUCHED;
	CHECK_EQ(veo_call_wait_result(ctx, last - 1, &result), VEO_COMMAND_ERROR);
	CHECK_EQ(result, UNTOUCHED);
	CHECK_EQ(veo_call_sync(proc, 0, args, &result), -1);
	CHECK_EQ(used(), 0);
	veo_context_sync(ctx);
	CHECK_EQ(used(), 1);

	/* A further context counts from 0. The main one was asked to open it. */
	second = veo_context_open(proc);
	NEED(second != NULL);
	CHECK_EQ(used(), 1);
	CHECK_EQ(number(second), 0);
	CHECK_EQ(number(second), 1);
	veo_context_sync(second);
	CHECK_EQ(number(second), 3);
	CHECK_EQ(collect(second, veo_call_async_by_name(second, library, "from_u8", args)), 5);
	CHECK_EQ(number(second), 5);
	CHECK_EQ(used(), 1);
	CHECK_EQ(veo_context_close(second), 0);
	CHECK_EQ(veo_context_close(ctx), 0);
	CHECK_EQ(used(), 0);
	/* Functions that tell about things ask nobody. */
	veo_num_contexts(proc);
	veo_get_context_state(ctx);
	veo_proc_identifier(proc);
	veo_req_block_begin(ctx);
	veo_req_block_end(ctx);
	CHECK_EQ(used(), 0);
	veo_args_free(args);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	first_ones();
	symbols_and_libraries();
	memory();
	transfers();
	calls_and_contexts();
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

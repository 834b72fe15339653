/* The way VEDA works: contexts as streams, everything asynchronous, also memory, whose
 * address a kernel takes from the request before it; results are collected late. */
#include "check.h"

#include <pthread.h>

enum { STREAMS = 3, COUNT = 5000, ROUNDS = 20 };

static struct veo_proc_handle *proc;
static uint64_t previous, scale, sum;

struct stream {
	struct veo_thr_ctxt *ctx;
	double *out;
	uint64_t done;
};

static uint64_t finished(void *arg)
{
	struct stream *stream = arg;

	/* Data that was read before is there. */
	for (int i = 0; i < COUNT; i++)
		if (stream->out[i] != i * 2.0)
			return 0;
	return ++stream->done;
}

static void *runs(void *arg)
{
	struct stream *stream = arg;
	struct veo_thr_ctxt *ctx = stream->ctx;
	double *in = malloc(COUNT * sizeof *in);

	stream->out = malloc(COUNT * sizeof *in);
	NEED(in && stream->out);
	for (int i = 0; i < COUNT; i++)
		in[i] = i;
	for (int round = 0; round < ROUNDS; round++) {
		/* Nobody else comes between the two. */
		veo_req_block_begin(ctx);
		uint64_t alloc = veo_alloc_mem_async(ctx, COUNT * sizeof *in);
		uint64_t assign = submit(ctx, previous, 1, 0);
		veo_req_block_end(ctx);
		/* Only where the address is known does the rest follow. */
		uint64_t address = collect(ctx, assign);
		CHECK(address != 0);
		uint64_t write = veo_async_write_mem(ctx, address, in, COUNT * sizeof *in);
		struct veo_args *args = words(2, address, COUNT);
		CHECK_EQ(veo_args_set_double(args, 2, 2.0), 0);
		uint64_t scaled = veo_call_async(ctx, scale, args);
		veo_args_clear(args);
		CHECK_EQ(veo_args_set_u64(args, 0, address), 0);
		CHECK_EQ(veo_args_set_i64(args, 1, COUNT), 0);
		uint64_t total = veo_call_async(ctx, sum, args);
		veo_args_free(args);
		memset(stream->out, 0, COUNT * sizeof *in);
		uint64_t read = veo_async_read_mem(ctx, stream->out, address, COUNT * sizeof *in);
		uint64_t host = veo_call_async_vh(ctx, finished, stream);
		uint64_t freed = veo_free_mem_async(ctx, address);
		CHECK_EQ(collect(ctx, alloc), address);
		collect(ctx, write);
		collect(ctx, scaled);
		CHECK(bits_double(collect(ctx, total)) == (double)COUNT * (COUNT - 1));
		collect(ctx, read);
		CHECK_EQ(collect(ctx, host), round + 1);
		collect(ctx, freed);
	}
	free(in);
	free(stream->out);
	return NULL;
}

int main(int argc, char **argv)
{
	struct stream streams[STREAMS] = { 0 };
	pthread_t threads[STREAMS];

	start(argc, argv);
	/* The program itself decides how many contexts there can be, before it starts. */
	CHECK_EQ(setenv("VE_OMP_NUM_THREADS", "1", 1), 0);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	scale = symbol(proc, library, "scale");
	sum = symbol(proc, library, "sum_array");
	previous = symbol(proc, load(proc, "libveside.so"), "previous");
	for (int i = 0; i < STREAMS; i++) {
		streams[i].ctx = veo_context_open(proc);
		NEED(streams[i].ctx != NULL);
	}
	for (int i = 0; i < STREAMS; i++)
		NEED(pthread_create(&threads[i], NULL, runs, &streams[i]) == 0);
	for (int i = 0; i < STREAMS; i++)
		NEED(pthread_join(threads[i], NULL) == 0);
	/* Contexts are not closed, the process ends them. */
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

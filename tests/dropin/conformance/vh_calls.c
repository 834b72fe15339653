/* Functions of the host in the order of the queue. */
#include "check.h"

#include <pthread.h>

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t library, seen_by_host, host_thread;
static uint64_t running = INVALID;
static char bytes[8];

static uint64_t doubled(void *arg)
{
	return 2 * *(uint64_t *)arg;
}

/* Runs when nothing before it is in flight: the slow kernel has written. */
static uint64_t look(void *arg)
{
	(void)arg;
	host_thread = (uint64_t)pthread_self();
	seen_by_host = (uint64_t)bytes[0];
	usleep(100000);
	bytes[0] = 77;
	return seen_by_host;
}

int main(int argc, char **argv)
{
	uint64_t value = 21, request, before, after;
	struct veo_args *args = veo_args_alloc();

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	request = veo_call_async_vh(ctx, doubled, &value);
	CHECK(request != INVALID);
	CHECK_EQ(collect(ctx, request), 42);

	/* A barrier in both directions: it sees what came before, and what comes
	 * after sees what it did. */
	veo_args_set_stack(args, VEO_INTENT_OUT, 0, bytes, sizeof bytes);
	veo_args_set_u64(args, 1, sizeof bytes);
	veo_args_set_u64(args, 2, 33);
	veo_args_set_u64(args, 3, 150);
	before = veo_call_async(ctx, symbol(proc, library, "slow_set_bytes"), args);
	running = veo_call_async_vh(ctx, look, NULL);
	uint64_t variable = symbol(proc, library, "variable");
	after = veo_async_write_mem(ctx, variable, bytes, 8);
	uint64_t last = submit(ctx, symbol(proc, library, "get_variable"), 0);
	CHECK(before < running && running < after && after < last);
	CHECK_EQ(collect(ctx, last) & 0xff, 77);
	CHECK_EQ(collect(ctx, running), 33);
	CHECK_EQ(seen_by_host, 33);
	/* On a thread of the library, not on this one. */
	CHECK(host_thread != (uint64_t)pthread_self());
	collect(ctx, after);
	collect(ctx, before);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

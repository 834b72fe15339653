/* Inside a kernel: the result of an earlier request of the same context. */
#include "check.h"

static uint64_t host(void *arg)
{
	return (uint64_t)arg;
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t echo, previous, one, two, first;

	start(argc, argv);
	proc = new_proc();
	echo = symbol(proc, load(proc, "libkernels.so"), "echo");
	previous = symbol(proc, load(proc, "libveside.so"), "previous");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);

	/* Nothing came before the first request. */
	first = submit(ctx, previous, 1, 1);
	CHECK_EQ(collect(ctx, first), -1);

	submit(ctx, echo, 1, 111);
	submit(ctx, echo, 1, 222);
	one = submit(ctx, previous, 1, 1);
	two = submit(ctx, previous, 1, 3);
	CHECK_EQ(collect(ctx, one), 222);
	CHECK_EQ(collect(ctx, two), 111);

	/* Collected or not makes no difference, nor does a host function between. */
	uint64_t before = submit(ctx, echo, 1, 333);
	CHECK_EQ(collect(ctx, before), 333);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1)), 333);
	veo_call_async_vh(ctx, host, (void *)444);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1)), 444);
	/* The nearest one can also be asked for as 0. */
	submit(ctx, echo, 1, 555);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 0)), 555);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1000000)), -1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

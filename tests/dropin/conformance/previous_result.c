/* Inside a kernel: the result of an earlier request of the same context, which 0 asks
 * for if it was the one just before. */
#include "check.h"

static uint64_t host(void *arg)
{
	return (uint64_t)arg;
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx, *further;
	uint64_t library, echo, previous, one, two, address = 0, far = 0, result = UNTOUCHED;

	start(argc, argv);
	proc = new_proc();
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	echo = symbol(proc, load(proc, "libkernels.so"), "echo");
	library = load(proc, "libveside.so");
	previous = symbol(proc, library, "previous");
	further = veo_context_open(proc);
	NEED(further != NULL);

	/* Nothing came before the first request. */
	CHECK_EQ(collect(further, submit(further, previous, 1, 0)), -1);
	submit(further, echo, 1, 99);
	CHECK_EQ(collect(further, submit(further, previous, 1, 0)), 99);

	/* On the main context synchronous functions count. */
	CHECK_EQ(veo_alloc_mem(proc, &address, 4096), 0);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 0)), address);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1)), address);
	struct veo_args *args = words(1, 1);
	CHECK_EQ(veo_alloc_mem(proc, &far, 4096), 0);
	symbol(proc, library, "is_ve_addr");
	CHECK_EQ(veo_call_sync(proc, previous, args, &result), 0);
	CHECK_EQ(result, far);
	CHECK_EQ(veo_args_set_u64(args, 0, 2), 0);
	CHECK_EQ(veo_alloc_mem(proc, &far, 64), 0);
	CHECK_EQ(veo_read_mem(proc, &result, address, 8), 0);
	CHECK_EQ(veo_write_mem(proc, address, &result, 8), 0);
	CHECK_EQ(veo_call_sync(proc, previous, args, &result), 0);
	CHECK_EQ(result, far);
	/* The first look-up of a name is a message between. */
	CHECK_EQ(veo_args_set_u64(args, 0, 1), 0);
	CHECK_EQ(veo_alloc_mem(proc, &far, 64), 0);
	CHECK_EQ(collect(ctx, veo_call_async_by_name(ctx, library, "previous_by_name", args)), far);
	CHECK_EQ(veo_args_set_u64(args, 0, 0), 0);
	CHECK_EQ(veo_alloc_mem(proc, &far, 64), 0);
	CHECK_EQ(collect(ctx, veo_call_async_by_name(ctx, library, "previous_by_name", args)), far);
	/* One that failed has no result: its address is 0. */
	CHECK(veo_alloc_mem(proc, &far, (size_t)1 << 46) != 0);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 0)), 0);
	veo_args_free(args);

	submit(ctx, echo, 1, 111);
	submit(ctx, echo, 1, 222);
	one = submit(ctx, previous, 1, 0);
	two = submit(ctx, previous, 1, 2);
	CHECK_EQ(collect(ctx, one), 222);
	CHECK_EQ(collect(ctx, two), 111);

	/* Collected or not makes no difference. Functions of the host between do not count: the VE
	 * never hears of them. */
	uint64_t before = submit(ctx, echo, 1, 333);
	CHECK_EQ(collect(ctx, before), 333);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 0)), 333);
	submit(ctx, echo, 1, 555);
	veo_call_async_vh(ctx, host, (void *)444);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 0)), 555);
	submit(ctx, echo, 1, 666);
	veo_call_async_vh(ctx, host, (void *)444);
	submit(ctx, echo, 1, 777);
	veo_call_async_vh(ctx, host, (void *)444);
	veo_call_async_vh(ctx, host, (void *)444);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1)), 666);
	uint64_t near = submit(further, echo, 1, 888);
	for (int i = 0; i < 3; i++)
		veo_call_async_vh(further, host, (void *)444);
	CHECK_EQ(collect(further, submit(further, previous, 1, 0)), 888);
	CHECK_EQ(collect(further, near), 888);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, 1000000)), -1);
	CHECK_EQ(collect(ctx, submit(ctx, previous, 1, -1)), -1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

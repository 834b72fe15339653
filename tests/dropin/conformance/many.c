/* Many requests queued before the first is collected. */
#include "check.h"

#define COUNT 20000

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t library, echo, first;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	/* The VE is busy meanwhile, so all of them queue up. */
	uint64_t busy = submit(ctx, symbol(proc, library, "pause_ms"), 1, 300);
	first = submit(ctx, echo, 1, 0);
	for (uint64_t i = 1; i < COUNT; i++)
		CHECK_EQ(submit(ctx, echo, 1, i * 3), first + i);
	for (uint64_t i = 0; i < COUNT; i += 2)
		CHECK_EQ(collect(ctx, first + i), i * 3);
	for (uint64_t i = 1; i < COUNT; i += 2)
		CHECK_EQ(collect(ctx, first + i), i * 3);
	CHECK_EQ(collect(ctx, busy), 300);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

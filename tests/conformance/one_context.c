/* Without VE_OMP_NUM_THREADS=1 there is the main context and no other.
 * Setting the variable after the process was made hangs nothing. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	uint64_t library;

	start(argc, argv);
	unsetenv("VE_OMP_NUM_THREADS");
	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	CHECK(veo_context_open(proc) == NULL);
	setenv("VE_OMP_NUM_THREADS", "1", 1);
	CHECK(veo_context_open(proc) == NULL);
	CHECK_EQ(veo_num_contexts(proc), 1);
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "answer"), 0)), 42);
	CHECK_EQ(veo_proc_destroy(proc), 0);

	setenv("VE_OMP_NUM_THREADS", "1", 1);
	proc = new_proc();
	CHECK(veo_context_open(proc) != NULL);
	setenv("VE_OMP_NUM_THREADS", "4", 1);
	CHECK(veo_context_open(proc) != NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

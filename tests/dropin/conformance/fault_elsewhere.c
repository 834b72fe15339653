/* A fault on a further context: the faulting request itself has the exception,
 * the other contexts get errors, and another process notices nothing.
 * Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc, *bystander;
	struct veo_thr_ctxt *main_ctx, *ctx, *unharmed;
	uint64_t library, theirs, idle, bad, behind, at_work;

	start(argc, argv);
	proc = new_proc();
	bystander = new_proc();
	library = load(proc, "libkernels.so");
	theirs = load(bystander, "libkernels.so");
	main_ctx = veo_context_open(proc);
	ctx = veo_context_open(proc);
	unharmed = veo_context_open(bystander);
	NEED(main_ctx && ctx && unharmed);
	uint64_t pause_ms = symbol(proc, library, "pause_ms");
	uint64_t fault = symbol(proc, library, "fault_segv");
	uint64_t echo = symbol(proc, library, "echo");
	at_work = submit(unharmed, symbol(bystander, theirs, "pause_ms"), 1, 300);
	idle = submit(main_ctx, pause_ms, 1, 5000);
	submit(ctx, pause_ms, 1, 50);
	bad = submit(ctx, fault, 0);
	behind = submit(ctx, echo, 1, 1);

	double begin = now();
	CHECK_ENDS(ctx, bad, VEO_COMMAND_EXCEPTION, SIGSEGV);
	CHECK_STATE(ctx, behind, VEO_COMMAND_ERROR);
	CHECK_STATE(main_ctx, idle, VEO_COMMAND_ERROR);
	CHECK(now() - begin < 3);
	CHECK_EQ(veo_get_context_state(main_ctx), VEO_STATE_EXIT);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_EXIT);
	CHECK_EQ(submit(main_ctx, echo, 1, 1), INVALID);
	CHECK_EQ(veo_context_close(ctx), 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);

	CHECK_EQ(collect(unharmed, at_work), 300);
	CHECK_EQ(veo_proc_destroy(bystander), 0);
	return finish();
}

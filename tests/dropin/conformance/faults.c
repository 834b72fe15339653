/* Kernels that end their process: what the faulting request, those behind it
 * and those in front of it get. */
#include "check.h"

static const struct {
	const char *kernel;
	int signal; /* 0: the process ended without one */
} faults[] = {
	{ "fault_segv", SIGSEGV }, { "fault_bus", SIGBUS },  { "fault_ill", SIGILL },
	{ "fault_fpe", SIGFPE },   { "fault_abrt", SIGABRT }, { "fault_stack_overflow", SIGSEGV },
	{ "ends_exit", 0 },        { "ends_exit_at_once", 0 }, { "ends_kill", 0 },
};

/* Queued: EXCEPTION with the signal, or ERROR with 0; ERROR behind it. */
static void queued(const char *kernel, int signal)
{
	struct veo_proc_handle *proc = new_proc();
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t library = load(proc, "libkernels.so"), echo = symbol(proc, library, "echo");
	uint64_t address = symbol(proc, library, kernel), before, bad, behind, result = UNTOUCHED;

	NEED(ctx != NULL);
	before = submit(ctx, echo, 1, 1);
	submit(ctx, symbol(proc, library, "pause_ms"), 1, 50);
	bad = submit(ctx, address, 1, 0);
	behind = submit(ctx, echo, 1, 2);
	CHECK_EQ(veo_call_wait_result(ctx, bad, &result),
		 signal ? VEO_COMMAND_EXCEPTION : VEO_COMMAND_ERROR);
	CHECK_EQ(result, signal);
	if (failures)
		fprintf(stderr, "(with %s, queued)\n", kernel);
	if (behind != INVALID)
		CHECK_STATE(ctx, behind, VEO_COMMAND_ERROR);
	CHECK_EQ(collect(ctx, before), 1);
	CHECK_EQ(submit(ctx, echo, 1, 3), INVALID);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_EXIT);
	veo_context_sync(ctx);
	CHECK_EQ(veo_proc_destroy(proc), 0);
}

/* Synchronous: -1, with the signal as the result. */
static void synchronous(const char *kernel, int signal)
{
	struct veo_proc_handle *proc = new_proc();
	uint64_t library = load(proc, "libkernels.so"), result = UNTOUCHED;
	struct veo_args *args = words(1, 0);

	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, kernel), args, &result), -1);
	CHECK_EQ(result, signal);
	if (failures)
		fprintf(stderr, "(with %s, synchronous)\n", kernel);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		queued(faults[i].kernel, faults[i].signal);
		synchronous(faults[i].kernel, faults[i].signal);
	}
	return finish();
}

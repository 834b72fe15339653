/* The VE process killed from outside, while busy and while idle. */
#include "check.h"

static void run(int busy)
{
	struct veo_proc_handle *proc = new_proc();
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t library = load(proc, "libkernels.so"), echo = symbol(proc, library, "echo");
	uint64_t pid = collect(ctx, submit(ctx, symbol(proc, library, "process_id"), 0));
	uint64_t request = INVALID, behind = INVALID;

	if (busy) {
		request = submit(ctx, symbol(proc, library, "endless"), 0);
		behind = submit(ctx, echo, 1, 1);
		usleep(50000);
	}
	double begin = now();
	CHECK_EQ(kill((pid_t)pid, SIGKILL), 0);
	if (busy) {
		CHECK_ENDS(ctx, request, VEO_COMMAND_ERROR, 0);
		CHECK_STATE(ctx, behind, VEO_COMMAND_ERROR);
	}
	/* It is noticed, sooner or later, and not by a hang. */
	while (submit(ctx, echo, 1, 1) != INVALID && now() - begin < 5)
		usleep(1000);
	CHECK_EQ(submit(ctx, echo, 1, 1), INVALID);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(now() - begin < 5);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	run(0);
	run(1);
	return finish();
}

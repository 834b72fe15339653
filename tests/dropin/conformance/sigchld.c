/* The program ignores SIGCHLD, or handles it by reaping whatever ended: the
 * death of a VE process is noticed all the same, and an orderly one works. */
#include "check.h"

#include <sys/wait.h>

static void reap(int signal)
{
	int saved = errno;

	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void run(void)
{
	struct veo_proc_handle *proc = new_proc();
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	uint64_t library = load(proc, "libkernels.so");

	NEED(ctx != NULL);
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "answer"), 0)), 42);
	double begin = now();
	CHECK_ENDS(ctx, submit(ctx, symbol(proc, library, "ends_kill"), 0), VEO_COMMAND_ERROR, 0);
	CHECK_EQ(submit(ctx, symbol(proc, library, "ends_kill"), 0), INVALID);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(now() - begin < 5);

	proc = new_proc();
	library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	CHECK_ENDS(ctx, submit(ctx, symbol(proc, library, "fault_segv"), 0), VEO_COMMAND_EXCEPTION,
		   SIGSEGV);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	proc = new_proc();
	CHECK_EQ(veo_proc_destroy(proc), 0);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	signal(SIGCHLD, SIG_IGN);
	run();
	signal(SIGCHLD, reap);
	run();
	signal(SIGCHLD, SIG_DFL);
	run();
	return finish();
}

/* The library reaps its own children only: a child of the program that ended
 * is still there for the program. Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

#include <sys/wait.h>

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *first, *second;
	int status = 0;

	start(argc, argv);
	pid_t child = fork();
	NEED(child >= 0);
	if (child == 0)
		_exit(23);
	usleep(50000);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	first = veo_context_open(proc);
	second = veo_context_open(proc);
	NEED(first && second);
	CHECK_EQ(collect(second, submit(second, symbol(proc, library, "answer"), 0)), 42);
	CHECK_STATE(second, submit(second, symbol(proc, library, "ends_exit"), 1, 0),
		    VEO_COMMAND_ERROR);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 23);
	return finish();
}

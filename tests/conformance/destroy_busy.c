/* Destroying a process with work in it takes no 20 seconds, and a thread that
 * waits for a result is told. Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

static struct veo_thr_ctxt *ctx;

static void *waiter(void *arg)
{
	uint64_t result = UNTOUCHED;

	return (void *)(int64_t)veo_call_wait_result(ctx, *(uint64_t *)arg, &result);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	pthread_t thread;
	void *state = NULL;
	double begin;

	start(argc, argv);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	NEED(veo_context_open(proc) != NULL);
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	uint64_t request = submit(ctx, symbol(proc, library, "pause_ms"), 1, 3600000);
	NEED(pthread_create(&thread, NULL, waiter, &request) == 0);
	usleep(100000);
	begin = now();
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(now() - begin < 15);
	pthread_join(thread, &state);
	CHECK((int64_t)state == VEO_COMMAND_ERROR || (int64_t)state == -1);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return finish();
}

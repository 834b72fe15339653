/* The thread that created a process ends: the process lives on. */
#include "check.h"

#include <pthread.h>

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;

static void *create(void *arg)
{
	(void)arg;
	proc = new_proc();
	ctx = veo_context_open(proc);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	start(argc, argv);
	NEED(pthread_create(&thread, NULL, create, NULL) == 0);
	pthread_join(thread, NULL);
	NEED(proc && ctx);
	usleep(200000);
	uint64_t library = load(proc, "libkernels.so");
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "answer"), 0)), 42);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

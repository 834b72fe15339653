/* Thousands of threads come and go, each calls once on a shared context. */
#include "check.h"

#include <pthread.h>

#define THREADS 3000
#define AT_ONCE 250

static struct veo_thr_ctxt *ctx;
static uint64_t echo;

static void *once(void *arg)
{
	CHECK_EQ(collect(ctx, submit(ctx, echo, 1, (uint64_t)arg)), arg);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[AT_ONCE];
	pthread_attr_t attr;

	start(argc, argv);
	struct veo_proc_handle *proc = new_proc();
	echo = symbol(proc, load(proc, "libkernels.so"), "echo");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (uint64_t i = 0; i < THREADS; i += AT_ONCE) {
		for (uint64_t k = 0; k < AT_ONCE; k++)
			NEED(pthread_create(&threads[k], &attr, once, (void *)(i + k)) == 0);
		for (int k = 0; k < AT_ONCE; k++)
			pthread_join(threads[k], NULL);
	}
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Any number of threads submit to and wait on one context. */
#include "check.h"

#include <pthread.h>

#define THREADS 16
#define CALLS 300

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t echo, pause_ms, shared[THREADS];

static void *submit_and_wait(void *arg)
{
	uint64_t base = (uint64_t)arg * 1000000;

	for (uint64_t i = 0; i < CALLS; i++)
		CHECK_EQ(collect(ctx, submit(ctx, echo, 1, base + i)), base + i);
	return NULL;
}

static void *wait_for_one(void *arg)
{
	uint64_t index = (uint64_t)arg;

	CHECK_EQ(collect(ctx, shared[index]), index);
	return NULL;
}

static void *wait_for_slow(void *arg)
{
	uint64_t result = UNTOUCHED;

	/* One of the threads collects it, the others are told so. */
	return (void *)(uint64_t)(veo_call_wait_result(ctx, *(uint64_t *)arg, &result) ==
				  VEO_COMMAND_OK);
}

static void on_threads(void *(*run)(void *), void **results, void *arg)
{
	pthread_t threads[THREADS];

	for (uint64_t i = 0; i < THREADS; i++)
		NEED(pthread_create(&threads[i], NULL, run, arg ? arg : (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], results ? &results[i] : NULL);
}

int main(int argc, char **argv)
{
	void *got[THREADS];
	int collected = 0;

	start(argc, argv);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	pause_ms = symbol(proc, library, "pause_ms");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	on_threads(submit_and_wait, NULL, NULL);

	/* All submitted before, waited for by as many threads at once. */
	uint64_t slow = submit(ctx, pause_ms, 1, 200);
	for (uint64_t i = 0; i < THREADS; i++)
		shared[i] = submit(ctx, echo, 1, i);
	on_threads(wait_for_one, NULL, NULL);
	collect(ctx, slow);

	/* Many wait for one and the same request. */
	slow = submit(ctx, pause_ms, 1, 200);
	on_threads(wait_for_slow, got, &slow);
	for (int i = 0; i < THREADS; i++)
		collected += got[i] != NULL;
	CHECK_EQ(collected, 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Threads are cancelled while they are inside the library: they end when they have left
 * it, and the library goes on. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 12, SIZE = 20 << 20 };

static atomic_int begun;

/* All that may wait for the system, again and again; the only point to end at is here. */
static void *works(void *arg)
{
	(void)arg;
	for (;;) {
		struct veo_proc_handle *proc = new_proc();
		struct veo_thr_ctxt *ctx = veo_context_open(proc), *further = veo_context_open(proc);
		uint64_t library = load(proc, "libkernels.so"), address = 0;

		begun = 1;
		CHECK_EQ(veo_alloc_mem(proc, &address, SIZE), 0);
		CHECK_EQ(veo_free_mem(proc, address), 0);
		CHECK_EQ(veo_load_library(proc, library_path("damaged.so")), 0);
		CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "echo"), 1, 4)), 4);
		CHECK_EQ(veo_context_close(further), 0);
		CHECK_EQ(veo_proc_destroy(proc), 0);
		pthread_testcancel();
	}
	return NULL;
}

static struct veo_thr_ctxt *ctx;
static uint64_t slow;

static void *waits(void *arg)
{
	uint64_t result = 0;

	(void)arg;
	begun = 1;
	CHECK_EQ(veo_call_wait_result(ctx, slow, &result), VEO_COMMAND_OK);
	CHECK_EQ(result, 200);
	for (;;)
		pause();
	return NULL;
}

static void cancel(void *(*function)(void *), useconds_t after)
{
	pthread_t thread;
	void *result = NULL;

	begun = 0;
	NEED(pthread_create(&thread, NULL, function, NULL) == 0);
	while (!begun)
		usleep(100);
	usleep(after);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	CHECK(result == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	struct veo_proc_handle *proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	for (int i = 0; i < ROUNDS; i++)
		cancel(works, (useconds_t)(i * 700));
	slow = submit(ctx, symbol(proc, library, "pause_ms"), 1, 200);
	cancel(waits, 1000);
	CHECK_EQ(collect(ctx, submit(ctx, symbol(proc, library, "echo"), 1, 9)), 9);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

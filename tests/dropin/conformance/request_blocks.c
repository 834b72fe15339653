/* Request blocks: only the thread that began one can submit to that context.
 * Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

#include <pthread.h>

static struct veo_thr_ctxt *ctx, *other;
static uint64_t echo;
static volatile int submitted, elsewhere, collected;
static uint64_t their_request, early;

static void *intruder(void *arg)
{
	(void)arg;
	/* Other contexts are not blocked, nor is collecting. */
	collect(other, submit(other, echo, 1, 1));
	elsewhere = 1;
	CHECK_EQ(collect(ctx, early), 5);
	collected = 1;
	/* An end of a block that this thread did not begin ends nothing. */
	veo_req_block_end(ctx);
	their_request = submit(ctx, echo, 1, 2);
	submitted = 1;
	return NULL;
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	pthread_t thread;
	uint64_t first, last = 0;

	start(argc, argv);
	proc = new_proc();
	echo = symbol(proc, load(proc, "libkernels.so"), "echo");
	ctx = veo_context_open(proc);
	other = veo_context_open(proc);
	NEED(ctx && other);
	early = submit(ctx, echo, 1, 5);

	veo_req_block_begin(ctx);
	first = submit(ctx, echo, 1, 10);
	NEED(pthread_create(&thread, NULL, intruder, NULL) == 0);
	/* They nest. */
	veo_req_block_begin(ctx);
	for (int i = 0; i < 20; i++) {
		last = submit(ctx, echo, 1, 11 + i);
		usleep(10000);
	}
	veo_req_block_end(ctx);
	usleep(50000);
	CHECK(elsewhere);
	CHECK(collected);
	CHECK(!submitted);
	CHECK_EQ(last, first + 20);
	CHECK_EQ(collect(ctx, first), 10);
	veo_req_block_end(ctx);
	pthread_join(thread, NULL);
	CHECK(submitted);
	CHECK_EQ(their_request, last + 1);
	CHECK_EQ(collect(ctx, their_request), 2);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

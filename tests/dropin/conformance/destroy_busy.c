/* Destroying a process lets the kernels of all its contexts finish, for 20 seconds.
 * A thread that waits for a result is told, and other processes can be created and used
 * meanwhile. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

/* Somebody who waits for a kernel that pauses. */
struct wait {
	struct veo_thr_ctxt *ctx;
	uint64_t request, result;
	int state;
	pthread_t thread;
};

static struct veo_proc_handle *busy[2];
static struct wait waits[4];
static atomic_int destroyed;

static void *wait_for(void *arg)
{
	struct wait *wait = arg;

	wait->state = veo_call_wait_result(wait->ctx, wait->request, &wait->result);
	return NULL;
}

static void *destroy(void *proc)
{
	CHECK_EQ(veo_proc_destroy(*(struct veo_proc_handle **)proc), 0);
	destroyed++;
	return NULL;
}

int main(int argc, char **argv)
{
	/* Longer than any impatience, and for ever. The second process has both. */
	const uint64_t pauses[] = { 6500, 7000, 7500, 3600000 };
	struct veo_proc_handle *proc;
	pthread_t destroyers[2];

	start(argc, argv);
	for (int i = 0; i < 4; i++) {
		if (i % 2 == 0)
			busy[i / 2] = new_proc();
		proc = busy[i / 2];
		waits[i].ctx = veo_context_open(proc);
		NEED(waits[i].ctx != NULL);
	}
	for (int i = 0; i < 4; i++) {
		proc = busy[i / 2];
		uint64_t pause = symbol(proc, load(proc, "libkernels.so"), "pause_ms");
		/* On the main context last, where the rest is asked for. */
		struct wait *wait = &waits[i ^ 1];
		wait->request = submit(wait->ctx, pause, 1, pauses[i]);
	}
	for (int i = 0; i < 4; i++)
		NEED(pthread_create(&waits[i].thread, NULL, wait_for, &waits[i]) == 0);
	usleep(100000);
	for (int i = 0; i < 2; i++)
		NEED(pthread_create(&destroyers[i], NULL, destroy, &busy[i]) == 0);
	usleep(100000);

	proc = new_proc();
	uint64_t answer = symbol(proc, load(proc, "libkernels.so"), "answer");
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	CHECK_EQ(collect(ctx, submit(ctx, answer, 0)), 42);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK_EQ(destroyed, 0);

	for (int i = 0; i < 2; i++)
		pthread_join(destroyers[i], NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(waits[i ^ 1].thread, NULL);
		if (i < 3) {
			CHECK_EQ(waits[i ^ 1].state, VEO_COMMAND_OK);
			CHECK_EQ(waits[i ^ 1].result, pauses[i]);
		} else {
			CHECK(waits[i ^ 1].state == VEO_COMMAND_ERROR || waits[i ^ 1].state == -1);
		}
	}
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return finish();
}

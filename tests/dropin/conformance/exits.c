/* Exits with requests that nobody waits for and a process that nobody destroys. The
 * second argument says how: what is queued is done, and the exit takes no time beyond. */
#include "check.h"

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t say, pause_ms;

static uint64_t exits(void *arg)
{
	(void)arg;
	exit(0);
}

/* Handlers that were there before the library are still served by it. */
static void handler(void)
{
	uint64_t result = 0;

	if (say && veo_call_wait_result(ctx, submit(ctx, say, 1, 4), &result) != VEO_COMMAND_OK)
		_exit(4);
}

__attribute__((destructor)) static void destructor(void)
{
	if (say) {
		/* Nobody but the library is left to wait for this. */
		submit(ctx, pause_ms, 1, 100);
		submit(ctx, say, 1, 5);
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[2] : "";

	start(argc, argv);
	atexit(handler);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	pause_ms = symbol(proc, library, "pause_ms");
	say = symbol(proc, library, "say_number");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	if (strcmp(how, "function") == 0) {
		/* From a function that the library itself runs. */
		say = 0;
		veo_call_async_vh(ctx, exits, NULL);
		for (;;)
			sleep(1);
	}
	if (strcmp(how, "child") == 0) {
		/* A child has nothing to end, and does not. */
		pid_t child = fork();
		if (child == 0) {
			say = 0;
			exit(0);
		}
		say = 0;
		uint64_t request = submit(ctx, pause_ms, 1, 100);
		CHECK_EQ(collect(ctx, request), 100);
		return finish();
	}
	submit(ctx, pause_ms, 1, 100);
	for (uint64_t i = 1; i <= 3; i++)
		submit(ctx, say, 1, i);
	return 0;
}

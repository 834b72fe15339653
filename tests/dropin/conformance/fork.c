/* The program forks: the child can do nothing with the parent's handles, and
 * whatever it does, the parent's process goes on. */
#include "check.h"

#include <sys/wait.h>

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static uint64_t library, echo, address;

/* Runs in the child: errors, no hang. */
static int use_in_child(void)
{
	struct veo_args *args = words(1, 3);
	uint64_t result = 0, other = 0;
	char bytes[8];

	alarm(10);
	failures = 0;
	CHECK(veo_call_sync(proc, echo, args, &result) < 0);
	CHECK_EQ(veo_call_async(ctx, echo, args), INVALID);
	CHECK(veo_read_mem(proc, bytes, address, 8) < 0);
	CHECK(veo_alloc_mem(proc, &other, 8) < 0);
	CHECK_EQ(veo_call_wait_result(ctx, 0, &result) == VEO_COMMAND_OK, 0);
	CHECK(veo_context_open(proc) == NULL);
	CHECK_EQ(veo_load_library(proc, library_path("libprovider.so")), 0);
	veo_context_sync(ctx);
	veo_args_free(args);
	return failures;
}

/* Runs in the child: a process of its own. */
static int own_process(void)
{
	alarm(10);
	failures = 0;
	struct veo_proc_handle *mine = veo_proc_create(0);
	NEED(mine != NULL);
	uint64_t kernels = load(mine, "libkernels.so"), result = 0;
	struct veo_args *args = words(1, 77);
	CHECK_EQ(veo_call_sync(mine, symbol(mine, kernels, "echo"), args, &result), 0);
	CHECK_EQ(result, 77);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(mine), 0);
	return failures;
}

static int destroy_in_child(void)
{
	alarm(10);
	veo_proc_destroy(proc);
	return 0;
}

static void in_child(int (*run)(void), int plain_exit)
{
	uint64_t slow = submit(ctx, symbol(proc, library, "pause_ms"), 1, 100);
	int status = 0;
	pid_t child = fork();

	NEED(child >= 0);
	if (child == 0) {
		status = run();
		if (plain_exit)
			exit(status);
		_exit(status);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	/* The parent's goes on. */
	CHECK_EQ(collect(ctx, slow), 100);
	CHECK_EQ(collect(ctx, submit(ctx, echo, 1, 5)), 5);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	NEED(veo_alloc_mem(proc, &address, 64) == 0);
	in_child(use_in_child, 0);
	in_child(use_in_child, 1);
	in_child(own_process, 1);
	in_child(destroy_in_child, 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

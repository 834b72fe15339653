/* How many threads OpenMP may use: kernels are told, and it makes no difference to how
 * many contexts there can be. Setting the variable after the process was made changes
 * and hangs nothing. */
#include "check.h"

#include <veo_emu.h>

/* Whether kernels have `threads` in their environment; NULL: nothing. */
static int kernels_see(struct veo_proc_handle *proc, const char *threads)
{
	static const char *const names[] = { "OMP_NUM_THREADS" };
	const char *wanted = threads ? threads : "";
	struct veo_args *args = veo_args_alloc();
	uint64_t library = load(proc, "libkernels.so"), result = 0;

	veo_args_set_stack(args, VEO_INTENT_IN, 0, (char *)names[0], strlen(names[0]) + 1);
	veo_args_set_stack(args, VEO_INTENT_IN, 1, (char *)wanted, strlen(wanted) + 1);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "environment_is"), args, &result), 0);
	veo_args_free(args);
	return threads ? (int)result : !result;
}

/* A process for which the variable is `threads` when it is made. */
static void made_with(const char *threads)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx[3];

	if (threads)
		setenv("VE_OMP_NUM_THREADS", threads, 1);
	else
		unsetenv("VE_OMP_NUM_THREADS");
	proc = new_proc();
	uint64_t answer = symbol(proc, load(proc, "libkernels.so"), "answer");
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			setenv("VE_OMP_NUM_THREADS", "3", 1);
		ctx[i] = veo_context_open(proc);
		NEED(ctx[i] != NULL);
		CHECK_EQ(collect(ctx[i], submit(ctx[i], answer, 0)), 42);
	}
	CHECK_EQ(veo_num_contexts(proc), 3);
	CHECK(kernels_see(proc, threads));
	CHECK_EQ(veo_proc_destroy(proc), 0);
}

int main(int argc, char **argv)
{
	struct veo_emu_options options = { .struct_size = sizeof options };
	struct veo_proc_handle *proc;

	start(argc, argv);
	unsetenv("OMP_NUM_THREADS");
	made_with(NULL);
	made_with("1");
	made_with("4");

	/* By the process's own options, whatever the variable says; also without them. */
	setenv("VE_OMP_NUM_THREADS", "5", 1);
	options.omp_threads = 2;
	proc = veo_emu_proc_create(0, &options);
	NEED(proc != NULL);
	CHECK(kernels_see(proc, "2"));
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(strcmp(getenv("VE_OMP_NUM_THREADS"), "5") == 0);
	/* A program that was compiled when there was no such option. */
	options.struct_size = offsetof(struct veo_emu_options, omp_threads);
	proc = veo_emu_proc_create(0, &options);
	NEED(proc != NULL);
	CHECK(kernels_see(proc, "5"));
	CHECK_EQ(veo_proc_destroy(proc), 0);
	options.struct_size = sizeof options + 1;
	CHECK(veo_emu_proc_create(0, &options) == NULL);
	return finish();
}

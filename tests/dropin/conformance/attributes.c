/* Attributes of a context: the size of its stack.
 * Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

#define MIB ((size_t)1 << 20)

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt_attr *attr;
	struct veo_thr_ctxt *main_ctx, *ctx, *plain;
	uint64_t library, use_stack;
	size_t size = 0;

	start(argc, argv);
	attr = veo_alloc_thr_ctxt_attr();
	NEED(attr != NULL);
	CHECK_EQ(veo_get_thr_ctxt_stacksize(attr, &size), 0);
	CHECK_EQ(size, 128 * MIB);
	errno = 0;
	CHECK(veo_set_thr_ctxt_stacksize(attr, 4 * MIB - 1) != 0);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(veo_get_thr_ctxt_stacksize(attr, &size), 0);
	CHECK_EQ(size, 128 * MIB);
	CHECK_EQ(veo_set_thr_ctxt_stacksize(attr, 4 * MIB), 0);
	CHECK_EQ(veo_get_thr_ctxt_stacksize(attr, &size), 0);
	CHECK_EQ(size, 4 * MIB);
	CHECK_EQ(veo_set_thr_ctxt_stacksize(attr, 256 * MIB), 0);

	proc = new_proc();
	library = load(proc, "libkernels.so");
	use_stack = symbol(proc, library, "use_stack");
	main_ctx = veo_context_open(proc);
	NEED(main_ctx != NULL);
	plain = veo_context_open(proc);
	NEED(plain != NULL);
	ctx = veo_context_open_with_attr(proc, attr);
	NEED(ctx != NULL);
	CHECK_EQ(veo_free_thr_ctxt_attr(attr), 0);
	/* The stack is there, in the size that was asked for. */
	collect(plain, submit(plain, use_stack, 1, 120 * MIB));
	collect(ctx, submit(ctx, use_stack, 1, 240 * MIB));
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Contexts: the main one, further ones, their states and attributes. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *main_ctx, *second, *third;
	uint64_t library, request;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");

	main_ctx = veo_context_open(proc);
	NEED(main_ctx != NULL);
	CHECK_EQ(veo_num_contexts(proc), 1);
	CHECK(veo_get_context(proc, 0) == main_ctx);
	CHECK_EQ(veo_get_context_state(main_ctx), VEO_STATE_RUNNING);

	second = veo_context_open(proc);
	third = veo_context_open(proc);
	NEED(second != NULL && third != NULL);
	CHECK(second != main_ctx && third != main_ctx && second != third);
	CHECK_EQ(veo_num_contexts(proc), 3);
	CHECK(veo_get_context(proc, 1) == second);
	CHECK(veo_get_context(proc, 2) == third);
	CHECK(veo_get_context(proc, 3) == NULL);
	CHECK(veo_get_context(proc, -1) == NULL);

	/* Each further context counts its requests from 0. */
	uint64_t first = submit(main_ctx, symbol(proc, library, "echo"), 1, 1);
	CHECK_EQ(submit(second, symbol(proc, library, "echo"), 1, 2), 0);
	CHECK_EQ(submit(second, symbol(proc, library, "echo"), 1, 3), 1);
	CHECK_EQ(submit(third, symbol(proc, library, "echo"), 1, 4), 0);
	CHECK_EQ(collect(main_ctx, first), 1);
	CHECK_EQ(collect(second, 1), 3);
	CHECK_EQ(collect(second, 0), 2);
	CHECK_EQ(collect(third, 0), 4);

	/* They run at the same time. */
	double begin = now();
	request = submit(second, symbol(proc, library, "pause_ms"), 1, 600);
	uint64_t other = submit(third, symbol(proc, library, "pause_ms"), 1, 600);
	collect(second, request);
	collect(third, other);
	CHECK(now() - begin < 1.1);

	/* Closing the main context leaves it alive. */
	CHECK_EQ(veo_context_close(main_ctx), 0);
	CHECK_EQ(collect(main_ctx, submit(main_ctx, symbol(proc, library, "answer"), 0)), 42);

	/* Closing a further one drains its requests first. */
	uint64_t before = 0;
	submit(second, symbol(proc, library, "pause_ms"), 1, 100);
	submit(second, symbol(proc, library, "set_variable"), 1, 55);
	CHECK_EQ(veo_context_close(second), 0);
	CHECK_EQ(veo_read_mem(proc, &before, symbol(proc, library, "variable"), 8), 0);
	CHECK_EQ(before, 55);
	CHECK_EQ(veo_num_contexts(proc), 2);
	CHECK_EQ(collect(third, submit(third, symbol(proc, library, "answer"), 0)), 42);
	CHECK_EQ(veo_context_close(third), 0);
	CHECK_EQ(veo_num_contexts(proc), 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

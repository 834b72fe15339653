/* Uncollected results cost at most 32 bytes each; a million queued calls need
 * a bounded amount of memory, and so does collecting them. */
#include "check.h"

#define COUNT 1000000

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size = 0, resident = 0;

	NEED(file != NULL);
	NEED(fscanf(file, "%ld %ld", &size, &resident) == 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	struct veo_thr_ctxt *ctx;
	struct veo_args *args;
	uint64_t library, echo, first = INVALID;

	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	args = words(1, 0);

	for (int i = 0; i < 1000; i++)
		collect(ctx, veo_call_async(ctx, echo, args));
	long before = resident_kib();
	for (int i = 0; i < COUNT; i++) {
		uint64_t request = veo_call_async(ctx, echo, args);
		if (i == 0)
			first = request;
		if (request != first + (uint64_t)i)
			NEED(request == first + (uint64_t)i);
	}
	veo_context_sync(ctx);
	long kept = resident_kib() - before;
	/* 32 bytes each, and 2 MiB for whatever else the million needs. */
	CHECK(kept <= 32L * COUNT / 1024 + 2048);
	if (failures)
		fprintf(stderr, "%ld KiB for %d results\n", kept, COUNT);
	/* They are all there. */
	for (int i = COUNT - 1; i >= 0; i -= 997)
		CHECK_EQ(collect(ctx, first + (uint64_t)i), 0);
	/* Collecting as one goes keeps nothing. */
	before = resident_kib();
	for (int i = 0; i < COUNT / 4; i++)
		collect(ctx, veo_call_async(ctx, echo, args));
	CHECK(resident_kib() - before < 1024);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

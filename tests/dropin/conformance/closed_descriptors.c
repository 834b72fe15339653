/* The program closes every descriptor, ours as well, and gives the numbers to files of
 * its own: its VE process is lost, the files are not touched, and a new process works. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { FILES = 40, SIZE = 4096 };

static int works(void)
{
	struct veo_proc_handle *proc = new_proc();
	uint64_t library = load(proc, "libkernels.so"), result = 0;
	struct veo_args *args = words(1, 8);

	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "echo"), args, &result), 0);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return result == 8;
}

/* Files at the lowest numbers, each with something in it. */
static void open_files(int *files)
{
	char bytes[SIZE];

	memset(bytes, 7, sizeof bytes);
	for (int i = 0; i < FILES; i++) {
		FILE *file = tmpfile();
		NEED(file != NULL);
		files[i] = fileno(file);
		NEED(write(files[i], bytes, SIZE) == SIZE);
	}
}

static void check_files(const int *files)
{
	char bytes[SIZE];
	struct stat stat;

	for (int i = 0; i < FILES; i++) {
		CHECK_EQ(fstat(files[i], &stat), 0);
		CHECK_EQ(stat.st_size, SIZE);
		CHECK_EQ(pread(files[i], bytes, SIZE, 0), SIZE);
		for (int k = 0; k < SIZE; k++)
			if (bytes[k] != 7) {
				CHECK_EQ(bytes[k], 7);
				break;
			}
	}
}

int main(int argc, char **argv)
{
	int files[FILES];
	uint64_t blocks[4], more;

	start(argc, argv);
	struct veo_proc_handle *proc = new_proc();
	uint64_t library = load(proc, "libkernels.so"), echo = symbol(proc, library, "echo");
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	for (int i = 0; i < 4; i++)
		NEED(veo_alloc_mem(proc, &blocks[i], 8 << 20) == 0);
	CHECK_EQ(collect(ctx, submit(ctx, echo, 1, 3)), 3);
	uint64_t slow = submit(ctx, symbol(proc, library, "pause_ms"), 1, 60000);

	for (int i = 3; i < 1000; i++)
		close(i);
	open_files(files);
	/* These may do anything, but they end, and leave the files alone. */
	double begin = now();
	for (int i = 0; i < 4; i++)
		veo_free_mem(proc, blocks[i]);
	veo_alloc_mem(proc, &more, 8 << 20);
	veo_context_open(proc);
	CHECK_STATE(ctx, slow, VEO_COMMAND_ERROR);
	CHECK_EQ(submit(ctx, echo, 1, 5), INVALID);
	CHECK(strstr(reason(), "closed") != NULL);
	CHECK(veo_alloc_mem(proc, &more, 8) < 0);
	CHECK_EQ(veo_get_context_state(ctx), VEO_STATE_EXIT);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	CHECK(now() - begin < 20);
	check_files(files);
	CHECK(works());
	check_files(files);
	return finish();
}

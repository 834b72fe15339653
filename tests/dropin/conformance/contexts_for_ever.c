/* Contexts and processes opened and closed for ever: nothing grows.
 * Runs with VE_OMP_NUM_THREADS=1. */
#include "check.h"

#include <dirent.h>

static int entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	NEED(directory != NULL);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static int mappings(const char *path)
{
	FILE *maps = fopen(path, "r");
	int lines = 0, c;

	NEED(maps != NULL);
	while ((c = getc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

static long resident_kib(const char *path)
{
	FILE *file = fopen(path, "r");
	long size = 0, resident = 0;

	NEED(file != NULL);
	NEED(fscanf(file, "%ld %ld", &size, &resident) == 2);
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

struct counts {
	int descriptors, threads, maps;
	long resident;
};

static struct counts counts_of(const char *process)
{
	char path[100];
	struct counts counts;

	snprintf(path, sizeof path, "/proc/%s/fd", process);
	counts.descriptors = entries(path);
	snprintf(path, sizeof path, "/proc/%s/task", process);
	counts.threads = entries(path);
	snprintf(path, sizeof path, "/proc/%s/maps", process);
	counts.maps = mappings(path);
	snprintf(path, sizeof path, "/proc/%s/statm", process);
	counts.resident = resident_kib(path);
	return counts;
}

/* A thread that ended may take a moment to be gone. */
static void check_same(const char *process, struct counts before)
{
	struct counts after = counts_of(process);

	for (int i = 0; i < 200 && (after.descriptors > before.descriptors ||
				    after.threads > before.threads); i++) {
		usleep(10000);
		after = counts_of(process);
	}
	CHECK(after.descriptors <= before.descriptors);
	CHECK(after.threads <= before.threads);
	/* A heap or a cache of stacks may settle; growth by rounds would be more. */
	CHECK(after.maps <= before.maps + 8);
	CHECK(after.resident <= before.resident + 2048);
	if (failures)
		fprintf(stderr, "maps %d then %d, resident %ld then %ld KiB\n", before.maps,
			after.maps, before.resident, after.resident);
}

static void open_and_close(struct veo_proc_handle *proc, uint64_t answer, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct veo_thr_ctxt *ctx = veo_context_open(proc);
		NEED(ctx != NULL);
		CHECK_EQ(collect(ctx, submit(ctx, answer, 0)), 42);
		/* One result is never collected. */
		submit(ctx, answer, 0);
		CHECK_EQ(veo_context_close(ctx), 0);
	}
}

static void create_and_destroy(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct veo_proc_handle *proc = new_proc();
		load(proc, "libkernels.so");
		CHECK_EQ(veo_proc_destroy(proc), 0);
	}
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	char pid[20];

	start(argc, argv);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so");
	uint64_t answer = symbol(proc, library, "answer");
	struct veo_thr_ctxt *main_ctx = veo_context_open(proc);
	snprintf(pid, sizeof pid, "%d",
		 (int)collect(main_ctx, submit(main_ctx, symbol(proc, library, "process_id"), 0)));
	open_and_close(proc, answer, 50);
	struct counts here = counts_of("self"), there = counts_of(pid);
	open_and_close(proc, answer, 400);
	check_same("self", here);
	check_same(pid, there);
	CHECK_EQ(veo_num_contexts(proc), 1);
	CHECK_EQ(veo_proc_destroy(proc), 0);

	create_and_destroy(10);
	here = counts_of("self");
	create_and_destroy(60);
	check_same("self", here);
	return finish();
}

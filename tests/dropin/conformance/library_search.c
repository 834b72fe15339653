/* Where a library is looked for: never in the current directory, which holds
 * libkernels.so here. Runs in the directory of the kernel libraries. */
#include "check.h"

static uint64_t found(const char *name)
{
	struct veo_proc_handle *proc = new_proc();
	uint64_t library = veo_load_library(proc, name);

	CHECK_EQ(veo_proc_destroy(proc), 0);
	return library;
}

/* Copies libkernels.so to `path`, for another machine. */
static void for_another_machine(const char *path)
{
	static char bytes[1 << 20];
	FILE *from = fopen("libkernels.so", "r"), *to = fopen(path, "w");

	NEED(from && to);
	size_t length = fread(bytes, 1, sizeof bytes, from);
	bytes[18] = (char)251;
	NEED(fwrite(bytes, 1, length, to) == length);
	fclose(from);
	fclose(to);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	CHECK_EQ(access("libkernels.so", R_OK), 0);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("VE_LD_LIBRARY_PATH", "", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("VE_LD_LIBRARY_PATH", ":/nowhere", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("VE_LD_LIBRARY_PATH", "/nowhere:", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("VE_LD_LIBRARY_PATH", "/nowhere::/nowhere", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	unsetenv("VE_LD_LIBRARY_PATH");
	const char *before = getenv("LD_LIBRARY_PATH");
	char *own = strdup(before ? before : "");
	setenv("LD_LIBRARY_PATH", "/nowhere:", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("LD_LIBRARY_PATH", ":", 1);
	CHECK_EQ(found("libkernels.so"), 0);
	setenv("LD_LIBRARY_PATH", own, 1);
	free(own);
	/* A path is found where it says. */
	CHECK(found("./libkernels.so") != 0);
	setenv("VE_LD_LIBRARY_PATH", libraries, 1);
	CHECK(found("libkernels.so") != 0);
	/* One of another machine hides none that can run. */
	char directory[] = "/tmp/veo-library-search-XXXXXX", path[9000];
	NEED(mkdtemp(directory) != NULL);
	snprintf(path, sizeof path, "%s/libkernels.so", directory);
	for_another_machine(path);
	setenv("VE_LD_LIBRARY_PATH", directory, 1);
	CHECK_EQ(found("libkernels.so"), 0);
	char *both = malloc(strlen(directory) + strlen(libraries) + 2);
	sprintf(both, "%s:%s", directory, libraries);
	setenv("VE_LD_LIBRARY_PATH", both, 1);
	CHECK(found("libkernels.so") != 0);
	free(both);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(rmdir(directory), 0);
	return finish();
}

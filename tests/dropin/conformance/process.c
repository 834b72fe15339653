/* Processes: creation, identifiers, several on one node, the end. */
#include "check.h"

#include <sys/wait.h>

int main(int argc, char **argv)
{
	struct veo_proc_handle *first, *second, *third;
	uint64_t here, there;

	start(argc, argv);
	CHECK(veo_proc_create(4711) == NULL);
	CHECK(veo_proc_create(-2) == NULL);
	/* A path that may be changed, and one that may not. */
	char path[] = "/nowhere/veorun";
	const char *fixed = path;
	CHECK(veo_proc_create_static(0, path) == NULL);
	CHECK(veo_proc_create_static(0, fixed) == NULL);
	CHECK_EQ(veo_proc_identifier(NULL), -1);

	first = new_proc();
	second = new_proc();
	CHECK_EQ(veo_proc_identifier(first), 0);
	CHECK_EQ(veo_proc_identifier(second), 1);

	/* Each has an address space of its own. */
	here = load(first, "libkernels.so");
	there = load(second, "libkernels.so");
	uint64_t one = 1, two = 2, value = 0;
	CHECK_EQ(veo_write_mem(first, symbol(first, here, "variable"), &one, 8), 0);
	CHECK_EQ(veo_write_mem(second, symbol(second, there, "variable"), &two, 8), 0);
	CHECK_EQ(veo_read_mem(first, &value, symbol(first, here, "variable"), 8), 0);
	CHECK_EQ(value, 1);

	/* The end of one leaves the other alone, and its own number. */
	CHECK_EQ(veo_proc_destroy(first), 0);
	CHECK_EQ(veo_read_mem(second, &value, symbol(second, there, "variable"), 8), 0);
	CHECK_EQ(value, 2);
	third = new_proc();
	CHECK(veo_proc_identifier(third) >= 0);
	CHECK(veo_proc_identifier(third) != veo_proc_identifier(second));
	CHECK_EQ(veo_proc_destroy(third), 0);
	CHECK_EQ(veo_proc_destroy(second), 0);

	/* No VE process is left, not even as a zombie. */
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return finish();
}

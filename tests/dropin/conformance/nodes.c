/* Which node a process lies on: by number, by VE_NODE_NUMBER, and by the list
 * of a job scheduler, where numbers are logical. */
#include "check.h"

/* The physical node of a process on node `node`, or -1. */
static int where(int node)
{
	struct veo_proc_handle *proc = veo_proc_create(node);
	void *memory = NULL;
	int number;

	if (proc == NULL)
		return -1;
	NEED(veo_alloc_hmem(proc, &memory, 8) == 0);
	number = veo_get_venum_from_hmem(memory);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return number;
}

int main(int argc, char **argv)
{
	start(argc, argv);
	setenv("VEO_EMU_NODES", "6", 1);
	unsetenv("VE_NODE_NUMBER");
	unsetenv("_VENODELIST");
	CHECK_EQ(where(-1), 0);
	CHECK_EQ(where(3), 3);
	CHECK_EQ(where(5), 5);
	CHECK_EQ(where(6), -1);
	setenv("VE_NODE_NUMBER", "2", 1);
	CHECK_EQ(where(-1), 2);
	CHECK_EQ(where(1), 1);
	setenv("VE_NODE_NUMBER", "nonsense", 1);
	CHECK_EQ(where(-1), -1);
	setenv("VE_NODE_NUMBER", "99", 1);
	CHECK_EQ(where(-1), -1);
	unsetenv("VE_NODE_NUMBER");
	setenv("_VENODELIST", "3 5", 1);
	CHECK_EQ(where(0), 3);
	CHECK_EQ(where(1), 5);
	CHECK_EQ(where(2), -1);
	CHECK_EQ(where(-1), 3);
	CHECK_EQ(veo_get_ve_arch(1), 1);
	CHECK_EQ(veo_get_ve_arch(2), 0);
	/* VE_NODE_NUMBER is a node's own number, and that of one in the list. */
	setenv("VE_NODE_NUMBER", "5", 1);
	CHECK_EQ(where(-1), 5);
	CHECK_EQ(where(0), 3);
	setenv("VE_NODE_NUMBER", "1", 1);
	CHECK_EQ(where(-1), -1);
	CHECK_EQ(veo_get_ve_arch(-1), 0);
	setenv("VE_NODE_NUMBER", "", 1);
	CHECK_EQ(where(-1), -1);
	unsetenv("VE_NODE_NUMBER");
	/* Spaces harm nothing. Anything else that is no number does, and so does nothing. */
	setenv("_VENODELIST", "  3   5 ", 1);
	CHECK_EQ(where(1), 5);
	CHECK_EQ(where(-1), 3);
	setenv("_VENODELIST", "3 five", 1);
	CHECK_EQ(where(0), -1);
	setenv("_VENODELIST", "", 1);
	CHECK_EQ(where(-1), -1);
	CHECK_EQ(where(0), -1);
	/* A node that is not there. */
	setenv("_VENODELIST", "99 2", 1);
	CHECK_EQ(where(0), -1);
	CHECK_EQ(where(1), 2);
	CHECK_EQ(where(-2), -1);
	setenv("_VENODELIST", "1 0", 1);
	setenv("VE_NODE_NUMBER", "1", 1);
	CHECK_EQ(where(-1), 1);
	CHECK_EQ(where(1), 0);
	return finish();
}

/* The pair of functions told of heterogeneous memory that comes and goes. */
#include "check.h"

static void *allocated;
static size_t allocated_size;
static uint64_t freed;

static void on_alloc(void *address, size_t size)
{
	allocated = address;
	allocated_size = size;
}

static void on_free(uint64_t address)
{
	freed = address;
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	void *memory = NULL;

	start(argc, argv);
	proc = new_proc();
	veo_register_hmem_hook_functions(on_alloc, on_free);
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 12345), 0);
	CHECK(allocated != NULL);
	CHECK(veo_get_hmem_addr(allocated) == veo_get_hmem_addr(memory));
	CHECK_EQ(allocated_size, 12345);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK(veo_get_hmem_addr((void *)freed) == veo_get_hmem_addr(memory));

	veo_unregister_hmem_hook_functions();
	allocated = NULL;
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 64), 0);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK(allocated == NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

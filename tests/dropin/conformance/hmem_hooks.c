/* The pair of functions told of all VE memory that comes and goes, as tagged
 * addresses. */
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
	CHECK(allocated == memory);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK(veo_get_hmem_addr((void *)freed) == veo_get_hmem_addr(memory));
	CHECK_EQ(freed, (uint64_t)memory);

	/* Memory that was not asked for as such. */
	uint64_t address = 0;
	int ident = veo_proc_identifier(proc);
	CHECK_EQ(veo_alloc_mem(proc, &address, 777), 0);
	CHECK(allocated == veo_set_proc_identifier((void *)address, ident));
	CHECK_EQ(allocated_size, 777);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK(freed == (uint64_t)veo_set_proc_identifier((void *)address, ident));
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	address = collect(ctx, veo_alloc_mem_async(ctx, 888));
	CHECK(allocated == veo_set_proc_identifier((void *)address, ident));
	CHECK_EQ(allocated_size, 888);
	freed = 0;
	collect(ctx, veo_free_mem_async(ctx, address));
	CHECK(freed == (uint64_t)veo_set_proc_identifier((void *)address, ident));
	CHECK(veo_get_hook((void *)veo_free_mem_async) != NULL);

	veo_unregister_hmem_hook_functions();
	allocated = NULL;
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 64), 0);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK(allocated == NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

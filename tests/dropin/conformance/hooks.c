/* Hooks that run after the functions that allocate and free have succeeded. */
#include "check.h"

#include <stdarg.h>

static int runs;
static struct {
	void *payload, *proc;
	uint64_t *address_place, address;
	size_t size;
} seen;

static void after_alloc(void *payload, ...)
{
	va_list list;

	va_start(list, payload);
	seen.payload = payload;
	seen.proc = va_arg(list, void *);
	seen.address_place = va_arg(list, uint64_t *);
	seen.size = va_arg(list, size_t);
	seen.address = *seen.address_place;
	va_end(list);
	runs++;
}

static void after_free(void *payload, ...)
{
	va_list list;

	va_start(list, payload);
	seen.payload = payload;
	seen.proc = va_arg(list, void *);
	seen.address = va_arg(list, uint64_t);
	va_end(list);
	runs++;
}

static void after_alloc_hmem(void *payload, ...)
{
	va_list list;

	va_start(list, payload);
	seen.payload = payload;
	seen.proc = va_arg(list, void *);
	/* The tagged address itself. */
	seen.address = va_arg(list, uint64_t);
	seen.size = va_arg(list, size_t);
	va_end(list);
	runs++;
}

/* Asynchronous functions: the hook is called with the context and the address. */
static struct veo_thr_ctxt *ctx;
static int state_in_hook;

static void after_async(void *payload, ...)
{
	va_list list;

	va_start(list, payload);
	seen.payload = payload;
	seen.proc = va_arg(list, void *);
	seen.address = va_arg(list, uint64_t);
	if (payload)
		seen.size = va_arg(list, size_t);
	va_end(list);
	state_in_hook = veo_get_context_state(ctx);
	runs++;
}

static void asynchronous(struct veo_proc_handle *proc)
{
	uint64_t request, address, result = UNTOUCHED;
	int payload;

	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	veo_register_hook((void *)veo_alloc_mem_async, after_async, &payload);
	veo_register_hook((void *)veo_free_mem_async, after_async, NULL);
	CHECK(veo_get_hook((void *)veo_alloc_mem_async) == (void *)after_async);
	runs = 0;
	request = veo_alloc_mem_async(ctx, 4000);
	CHECK_EQ(veo_call_wait_result(ctx, request, &address), VEO_COMMAND_OK);
	CHECK_EQ(runs, 1);
	CHECK(seen.payload == &payload && seen.proc == ctx && seen.size == 4000);
	CHECK(address != 0);
	CHECK_EQ(seen.address, address);
	CHECK_EQ(state_in_hook, VEO_STATE_RUNNING);
	CHECK_EQ(veo_write_mem(proc, address, &result, sizeof result), 0);
	request = veo_free_mem_async(ctx, address);
	CHECK_ENDS(ctx, request, VEO_COMMAND_OK, 0);
	CHECK_EQ(runs, 2);
	CHECK(seen.payload == NULL && seen.proc == ctx && seen.address == address);
	/* A failed call runs no hook. */
	request = veo_alloc_mem_async(ctx, (size_t)1 << 46);
	CHECK_ENDS(ctx, request, VEO_COMMAND_OK, 0);
	request = veo_free_mem_async(ctx, 0x123450);
	CHECK_ENDS(ctx, request, VEO_COMMAND_OK, UINT64_MAX);
	CHECK_EQ(runs, 2);
	veo_unregister_hook((void *)veo_alloc_mem_async);
	veo_unregister_hook((void *)veo_free_mem_async);
	request = veo_alloc_mem_async(ctx, 8);
	CHECK_EQ(veo_call_wait_result(ctx, request, &address), VEO_COMMAND_OK);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(runs, 2);
	/* A process that ends before the hook runs. */
	uint64_t pause = symbol(proc, load(proc, "libkernels.so"), "pause_ms");
	veo_register_hook((void *)veo_alloc_mem_async, after_async, &payload);
	submit(ctx, pause, 1, 50);
	veo_alloc_mem_async(ctx, 8);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	veo_unregister_hook((void *)veo_alloc_mem_async);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	uint64_t address = 0;
	void *memory = NULL;
	int payload;

	start(argc, argv);
	proc = new_proc();
	CHECK(veo_get_hook((void *)veo_alloc_mem) == NULL);
	veo_register_hook((void *)veo_alloc_mem, after_alloc, &payload);
	veo_register_hook((void *)veo_free_mem, after_free, &payload);
	CHECK(veo_get_hook((void *)veo_alloc_mem) != NULL);

	CHECK_EQ(veo_alloc_mem(proc, &address, 777), 0);
	CHECK_EQ(runs, 1);
	CHECK(seen.payload == &payload && seen.proc == proc && seen.address_place == &address);
	CHECK_EQ(seen.size, 777);
	CHECK_EQ(seen.address, address);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(runs, 2);
	CHECK(seen.proc == proc && seen.address == address);

	veo_unregister_hook((void *)veo_alloc_mem);
	veo_unregister_hook((void *)veo_free_mem);
	CHECK(veo_get_hook((void *)veo_alloc_mem) == NULL);
	CHECK_EQ(veo_alloc_mem(proc, &address, 8), 0);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	CHECK_EQ(runs, 2);

	veo_register_hook((void *)veo_alloc_hmem, after_alloc_hmem, NULL);
	veo_register_hook((void *)veo_free_hmem, after_free, NULL);
	runs = 0;
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 4096), 0);
	CHECK_EQ(runs, 1);
	CHECK(seen.payload == NULL && seen.proc == proc && seen.size == 4096);
	CHECK_EQ(seen.address, (uint64_t)memory);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK_EQ(runs, 2);
	CHECK(seen.proc == proc);
	CHECK_EQ(seen.address, (uint64_t)memory);
	/* Not for memory of the host, nor for what fails. */
	CHECK_EQ(veo_alloc_hmem(NULL, &memory, 64), 0);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK(veo_alloc_hmem(proc, &memory, (size_t)1 << 46) != 0);
	CHECK(veo_free_hmem((void *)(1UL << 63 | 0x123450)) != 0);
	CHECK_EQ(runs, 2);
	/* The memory below is allocated and freed by the plain functions. */
	veo_register_hook((void *)veo_alloc_mem, after_alloc, &payload);
	veo_register_hook((void *)veo_free_mem, after_free, &payload);
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 96), 0);
	CHECK_EQ(runs, 4);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK_EQ(runs, 6);
	CHECK(veo_alloc_mem(proc, &address, (size_t)1 << 46) != 0);
	CHECK(veo_free_mem(proc, 0x123450) != 0);
	CHECK_EQ(runs, 6);
	veo_unregister_hook((void *)veo_alloc_mem);
	veo_unregister_hook((void *)veo_free_mem);
	veo_unregister_hook((void *)veo_alloc_hmem);
	veo_unregister_hook((void *)veo_free_hmem);

	/* A function whose hook never runs, and none at all. */
	veo_register_hook((void *)veo_api_version, after_free, NULL);
	CHECK(veo_get_hook((void *)veo_api_version) == (void *)after_free);
	veo_api_version();
	veo_unregister_hook((void *)veo_api_version);
	CHECK(veo_get_hook((void *)veo_api_version) == NULL);
	CHECK(veo_get_hook(NULL) == NULL);
	CHECK_EQ(runs, 6);
	asynchronous(proc);
	return finish();
}

/* Hooks that run after the functions that allocate and free. */
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
	seen.address = *va_arg(list, uint64_t *);
	seen.size = va_arg(list, size_t);
	va_end(list);
	runs++;
}

static void after_free_hmem(void *payload, ...)
{
	va_list list;

	va_start(list, payload);
	seen.payload = payload;
	seen.address = va_arg(list, uint64_t);
	va_end(list);
	runs++;
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
	veo_register_hook((void *)veo_free_hmem, after_free_hmem, NULL);
	runs = 0;
	CHECK_EQ(veo_alloc_hmem(proc, &memory, 4096), 0);
	CHECK_EQ(runs, 1);
	CHECK(seen.payload == NULL && seen.proc == proc && seen.size == 4096);
	CHECK_EQ(seen.address, (uint64_t)memory);
	CHECK_EQ(veo_free_hmem(memory), 0);
	CHECK_EQ(runs, 2);
	CHECK_EQ(seen.address, (uint64_t)memory);
	veo_unregister_hook((void *)veo_alloc_hmem);
	veo_unregister_hook((void *)veo_free_hmem);

	/* A function without hooks, and none at all. */
	veo_unregister_hook((void *)veo_api_version);
	CHECK(veo_get_hook(NULL) == NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

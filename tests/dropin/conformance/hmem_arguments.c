/* Tagged pointers as kernels get them: the tag, if their library asks for tags, itself or
 * by one that it needs; else an address that they can use as it is. argv[2] is an image. */
#include "check.h"

static struct veo_proc_handle *proc;
static struct veo_thr_ctxt *ctx;
static void *memory;

/* A tagged pointer and a count, as arguments. */
static struct veo_args *tagged(void)
{
	struct veo_args *args = veo_args_alloc();

	CHECK_EQ(veo_args_set_hmem(args, 0, memory), 0);
	CHECK_EQ(veo_args_set_u64(args, 1, 10), 0);
	return args;
}

/* Every way to call gives `want`, with the same arguments. */
static void gives(uint64_t library, const char *name, uint64_t want, struct veo_args *args)
{
	uint64_t result = UNTOUCHED, address = symbol(proc, library, name);

	CHECK_EQ(veo_call_sync(proc, address, args, &result), 0);
	CHECK_EQ(result, want);
	CHECK_EQ(collect(ctx, veo_call_async(ctx, address, args)), want);
	CHECK_EQ(collect(ctx, veo_call_async_by_name(ctx, library, name, args)), want);
}

static void libraries_of_both_kinds(uint64_t total)
{
	uint64_t plain = load(proc, "libkernels.so"), asking = load(proc, "libveside.so");
	uint64_t relay = load(proc, "librelay.so"), bare = load(proc, "libplain.so");
	uint64_t identifier = (uint64_t)veo_proc_identifier(proc);
	struct veo_args *args = tagged();

	/* The same arguments for all of them, to and fro. */
	for (int round = 0; round < 2; round++) {
		gives(plain, "sum", total, args);
		gives(asking, "is_ve_addr", 1, args);
		gives(asking, "process_of", identifier, args);
		gives(asking, "sum_hmem", total, args);
		gives(relay, "relayed_is_ve_addr", 1, args);
		gives(relay, "relayed_sum", total, args);
		gives(bare, "sum", total, args);
	}
	/* Set anew as something else, it is what it is set to. */
	CHECK_EQ(veo_args_set_u64(args, 0, (uint64_t)memory), 0);
	gives(asking, "is_ve_addr", 1, args);
	gives(plain, "echo", (uint64_t)memory, args);
	veo_args_clear(args);
	CHECK_EQ(veo_args_set_hmem(args, 0, memory), 0);
	gives(plain, "echo", (uint64_t)veo_get_hmem_addr(memory), args);
	/* Memory of the host has no tag, and null neither. */
	CHECK_EQ(veo_args_set_hmem(args, 0, &total), 0);
	gives(plain, "echo", (uint64_t)&total, args);
	gives(asking, "is_ve_addr", 0, args);
	CHECK_EQ(veo_args_set_hmem(args, 0, NULL), 0);
	gives(plain, "echo", 0, args);
	/* Beyond the registers, where the others are none. */
	CHECK_EQ(veo_args_set_hmem(args, 8, memory), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(veo_args_set_u64(args, i, 0), 0);
	gives(plain, "ninth_word", (uint64_t)veo_get_hmem_addr(memory), args);
	CHECK_EQ(veo_args_set_hmem(args, 256, memory), -1);
	veo_args_free(args);
}

/* Libraries that ask without saying so in their table of symbols. */
static void libraries_that_hide_it(uint64_t asking)
{
	struct veo_args *args = tagged(), *none = veo_args_alloc();
	uint64_t address = 0;

	gives(load(proc, "libglobal.so"), "unlinked", 1, args);
	gives(load(proc, "liblookup.so"), "unlinked", 1, args);
	gives(load(proc, "sectionless.so"), "is_ve_addr", 1, args);
	/* Functions that only a pointer leads to. */
	CHECK_EQ(veo_call_sync(proc, symbol(proc, asking, "pick"), none, &address), 0);
	CHECK_EQ(collect(ctx, veo_call_async(ctx, address, args)), 1);
	veo_args_free(none);
	veo_args_free(args);
}

/* A plain kernel never gets another process's address as if it were its own. */
static void address_of_another(void)
{
	struct veo_proc_handle *other = new_proc();
	struct veo_args *args = veo_args_alloc();
	void *far = NULL;

	NEED(veo_alloc_hmem(other, &far, 64) == 0);
	CHECK_EQ(veo_args_set_hmem(args, 0, far), 0);
	gives(load(proc, "libkernels.so"), "echo", (uint64_t)far, args);
	gives(load(proc, "libveside.so"), "process_of", (uint64_t)veo_proc_identifier(other), args);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(other), 0);
}

int main(int argc, char **argv)
{
	uint64_t words_out[10], total = 0;

	start(argc, argv);
	proc = new_proc();
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	NEED(veo_alloc_hmem(proc, &memory, sizeof words_out) == 0);
	for (uint64_t i = 0; i < 10; i++)
		total += words_out[i] = i * 7 + 1;
	CHECK_EQ(veo_hmemcpy(memory, words_out, sizeof words_out), 0);
	libraries_of_both_kinds(total);
	libraries_that_hide_it(load(proc, "libveside.so"));
	address_of_another();
#if defined(__x86_64__)
	/* A kernel that does both ends its process here, and is told what to do. */
	struct veo_args *args = tagged();
	uint64_t result = UNTOUCHED, both = symbol(proc, load(proc, "libveside.so"), "ask_and_use");
	CHECK_EQ(veo_call_sync(proc, both, args, &result), -1);
	CHECK_EQ(result, SIGSEGV);
	CHECK(strstr(reason(), "ask_and_use") != NULL);
	CHECK(strstr(reason(), "veo_get_hmem_addr") != NULL);
	veo_args_free(args);
#endif
	CHECK_EQ(veo_proc_destroy(proc), 0);

	/* Kernels of the image that a process is made with. */
	NEED(argc > 2);
	proc = veo_proc_create_static(0, argv[2]);
	NEED(proc != NULL);
	ctx = veo_context_open(proc);
	NEED(veo_alloc_hmem(proc, &memory, sizeof words_out) == 0);
	CHECK_EQ(veo_hmemcpy(memory, words_out, sizeof words_out), 0);
	struct veo_args *first = tagged();
	gives(0, "first_word", words_out[0], first);
	veo_args_free(first);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Heterogeneous memory: tagged pointers, copies in every direction. */
#include "check.h"

#define COUNT 1000

static void host_pointers(void)
{
	void *host = NULL, *other = NULL;

	CHECK_EQ(veo_alloc_hmem(NULL, &host, 4096), 0);
	CHECK_EQ(veo_alloc_hmem(NULL, &other, 4096), 0);
	NEED(host && other);
	CHECK_EQ(veo_is_ve_addr(host), 0);
	CHECK(veo_get_hmem_addr(host) == host);
	CHECK_EQ(veo_get_proc_identifier_from_hmem(host), -1);
	CHECK(veo_get_proc_handle_from_hmem(host) == NULL);
	CHECK_EQ(veo_get_venum_from_hmem(host), -1);
	CHECK_EQ(veo_get_pid_from_hmem(host), -1);
	memset(host, 7, 4096);
	CHECK_EQ(veo_hmemcpy(other, host, 4096), 0);
	CHECK_EQ(((char *)other)[4095], 7);
	CHECK_EQ(veo_free_hmem(host), 0);
	CHECK_EQ(veo_free_hmem(other), 0);
}

static void tags(struct veo_proc_handle *proc)
{
	int ident = veo_proc_identifier(proc);
	void *tagged = veo_set_proc_identifier((void *)0x600000001000, ident);

	CHECK_EQ((uint64_t)tagged, 1UL << 63 | (uint64_t)ident << 59 | 0x600000001000);
	CHECK_EQ(veo_is_ve_addr(tagged), 1);
	CHECK(veo_get_hmem_addr(tagged) == (void *)0x600000001000);
	CHECK_EQ(veo_get_proc_identifier_from_hmem(tagged), ident);
	CHECK(veo_set_proc_identifier((void *)0x600000001000, -1) == NULL);
	CHECK(veo_set_proc_identifier((void *)0x600000001000, 16) == NULL);
	CHECK(veo_get_max_proc_identifier() == 15 || veo_get_max_proc_identifier() == 16);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc, *second;
	void *a = NULL, *b = NULL, *far = NULL;
	uint64_t out[COUNT], in[COUNT], total = 0, library, result;

	start(argc, argv);
	host_pointers();
	proc = new_proc();
	second = new_proc();
	tags(proc);
	tags(second);

	CHECK_EQ(veo_alloc_hmem(proc, &a, sizeof out), 0);
	CHECK_EQ(veo_alloc_hmem(proc, &b, sizeof out), 0);
	CHECK_EQ(veo_alloc_hmem(second, &far, sizeof out), 0);
	NEED(a && b && far);
	CHECK_EQ(veo_is_ve_addr(a), 1);
	CHECK(veo_get_proc_handle_from_hmem(a) == proc);
	CHECK(veo_get_proc_handle_from_hmem(far) == second);
	CHECK_EQ(veo_get_venum_from_hmem(a), 0);
	CHECK(veo_get_pid_from_hmem(a) > 0);
	CHECK(veo_get_pid_from_hmem(a) != veo_get_pid_from_hmem(far));
	void *huge = NULL;
	CHECK(veo_alloc_hmem(proc, &huge, (size_t)1 << 46) != 0);

	for (uint64_t i = 0; i < COUNT; i++)
		total += out[i] = i * 11;
	memset(in, 0, sizeof in);
	CHECK_EQ(veo_hmemcpy(a, out, sizeof out), 0);
	CHECK_EQ(veo_hmemcpy(b, a, sizeof out), 0);
	CHECK_EQ(veo_hmemcpy(in, b, sizeof in), 0);
	CHECK(memcmp(in, out, sizeof in) == 0);
	/* In the middle of an allocation. */
	CHECK_EQ(veo_hmemcpy((char *)a + 8, (char *)b + 16, 8), 0);
	CHECK_EQ(veo_hmemcpy(in, a, 24), 0);
	CHECK_EQ(in[1], out[2]);
	/* Between processes: no. */
	CHECK_EQ(veo_hmemcpy(far, a, 8), -1);

	/* As an argument. */
	library = load(proc, "libveside.so");
	struct veo_args *args = veo_args_alloc();
	CHECK_EQ(veo_args_set_hmem(args, 0, b), 0);
	CHECK_EQ(veo_args_set_u64(args, 1, COUNT), 0);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "sum_hmem"), args, &result), 0);
	CHECK_EQ(result, total);
	veo_args_free(args);
	/* A tagged pointer as a kernel sees it. */
	args = words(1, (uint64_t)a);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "is_ve_addr"), args, &result), 0);
	CHECK_EQ(result, 1);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "process_of"), args, &result), 0);
	CHECK_EQ(result, veo_proc_identifier(proc));
	veo_args_free(args);

	CHECK_EQ(veo_free_hmem(a), 0);
	CHECK_EQ(veo_free_hmem(b), 0);
	/* Pointers of nobody, and of a process that is gone: an error, no more. */
	void *unknown = (void *)(1UL << 63 | 9UL << 59 | 0x600000001000);
	CHECK_EQ(veo_free_hmem(unknown), -1);
	CHECK_EQ(veo_hmemcpy(in, unknown, 8), -1);
	CHECK(veo_get_proc_handle_from_hmem(unknown) == NULL);
	CHECK_EQ(veo_get_pid_from_hmem(unknown), -1);
	CHECK_EQ(veo_proc_destroy(second), 0);
	CHECK_EQ(veo_free_hmem(far), -1);
	CHECK_EQ(veo_hmemcpy(in, far, 8), -1);
	CHECK(veo_get_proc_handle_from_hmem(far) == NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

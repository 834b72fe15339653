/* Memory of the VE: allocation, transfers, what fails and how fast. */
#include "check.h"

static void round_trip(struct veo_proc_handle *proc, size_t size)
{
	unsigned char *out = malloc(size + 1), *in = malloc(size + 1);
	uint64_t address = 0;

	NEED(out && in);
	for (size_t i = 0; i < size; i++)
		out[i] = (unsigned char)(i * 7 + i / 251);
	memset(in, 0, size + 1);
	in[size] = 0x77;
	CHECK_EQ(veo_alloc_mem(proc, &address, size), 0);
	CHECK(address != 0);
	CHECK_EQ(veo_write_mem(proc, address, out, size), 0);
	CHECK_EQ(veo_read_mem(proc, in, address, size), 0);
	CHECK(memcmp(in, out, size) == 0);
	CHECK_EQ(in[size], 0x77);
	CHECK_EQ(veo_free_mem(proc, address), 0);
	free(in);
	free(out);
}

int main(int argc, char **argv)
{
	const size_t sizes[] = { 1, 7, 8, 4095, 4096, 4097, 1 << 20, (16 << 20) + 3 };
	struct veo_proc_handle *proc;
	uint64_t a = 0, b = 0, value;
	char bytes[64];
	double begin;

	start(argc, argv);
	proc = new_proc();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		round_trip(proc, sizes[i]);

	/* Two allocations do not overlap; a transfer may begin anywhere in one. */
	CHECK_EQ(veo_alloc_mem(proc, &a, 64), 0);
	CHECK_EQ(veo_alloc_mem(proc, &b, 64), 0);
	CHECK(a + 64 <= b || b + 64 <= a);
	memset(bytes, 1, 64);
	CHECK_EQ(veo_write_mem(proc, a, bytes, 64), 0);
	memset(bytes, 2, 64);
	CHECK_EQ(veo_write_mem(proc, b, bytes, 64), 0);
	CHECK_EQ(veo_write_mem(proc, a + 13, bytes, 5), 0);
	CHECK_EQ(veo_read_mem(proc, bytes, a + 12, 7), 0);
	CHECK(memcmp(bytes, "\1\2\2\2\2\2\1", 7) == 0);
	/* A transfer of nothing. */
	CHECK_EQ(veo_read_mem(proc, bytes, a, 0), 0);
	CHECK_EQ(veo_write_mem(proc, a, bytes, 0), 0);

	/* No memory: the address is 0. */
	const size_t too_much[] = { (size_t)1 << 46, SIZE_MAX, SIZE_MAX - 4095 };
	for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
		value = UNTOUCHED;
		CHECK_EQ(veo_alloc_mem(proc, &value, too_much[i]), -1);
		CHECK_EQ(value, 0);
	}
	value = UNTOUCHED;
	CHECK_EQ(veo_alloc_mem(NULL, &value, 64), -1);
	CHECK_EQ(value, 0);
	/* Nothing else that failed writes anything, but for memory of the host. */
	void *hmem = (void *)UNTOUCHED;
	CHECK_EQ(veo_alloc_hmem(proc, &hmem, (size_t)1 << 46), -1);
	CHECK_EQ((uint64_t)hmem, UNTOUCHED);
	CHECK_EQ(veo_alloc_hmem(NULL, &hmem, SIZE_MAX / 4), -1);
	CHECK(hmem == NULL);
	size_t stack = UNTOUCHED;
	CHECK_EQ(veo_get_thr_ctxt_stacksize(NULL, &stack), -1);
	CHECK_EQ(stack, UNTOUCHED);

	/* Memory that nobody allocated is refused at once, and nothing is harmed. */
	begin = now();
	CHECK(veo_read_mem(proc, bytes, 0x10, 8) < 0);
	CHECK(veo_write_mem(proc, 0x10, bytes, 8) < 0);
	CHECK(veo_read_mem(proc, bytes, 0x7fffffffff000, 8) < 0);
	CHECK(veo_read_mem(proc, bytes, UINT64_MAX - 3, 8) < 0);
	CHECK(veo_read_mem(proc, bytes, b, SIZE_MAX) < 0);
	CHECK(veo_write_mem(proc, b, bytes, SIZE_MAX) < 0);
	CHECK(now() - begin < 5);
	CHECK_EQ(veo_free_mem(proc, 0x123450), -1);
	CHECK_EQ(veo_free_mem(proc, a + 8), -1);
	CHECK_EQ(veo_free_mem(proc, a), 0);
	CHECK_EQ(veo_free_mem(proc, a), -1);
	CHECK_EQ(veo_read_mem(proc, bytes, b, 64), 0);
	CHECK_EQ(bytes[63], 2);

	/* A variable of a library. */
	uint64_t library = load(proc, "libkernels.so");
	uint64_t variable = symbol(proc, library, "variable");
	CHECK_EQ(veo_read_mem(proc, &value, variable, 8), 0);
	CHECK_EQ(value, 7);
	value = 99;
	CHECK_EQ(veo_write_mem(proc, variable, &value, 8), 0);
	struct veo_args *args = veo_args_alloc();
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "get_variable"), args, &value), 0);
	CHECK_EQ(value, 99);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "address_of_variable"), args, &value), 0);
	CHECK_EQ(value, variable);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* How arguments reach a kernel: types, signs, registers and the stack. */
#include "check.h"

static struct veo_proc_handle *proc;
static uint64_t library;

/* Calls a kernel with `args` and frees them. */
static uint64_t call(const char *name, struct veo_args *args)
{
	uint64_t result = UNTOUCHED;

	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, name), args, &result), 0);
	veo_args_free(args);
	return result;
}

/* Calls a kernel of one argument that `set` sets. */
#define one(name, set, value)                                                         \
	({                                                                            \
		struct veo_args *args_ = veo_args_alloc();                            \
		CHECK_EQ(veo_args_set_##set(args_, 0, (value)), 0);                   \
		call((name), args_);                                                  \
	})

/* The word that a kernel finds at index 8, set by `set`. */
#define ninth(set, value)                                                             \
	({                                                                            \
		struct veo_args *args_ = words(8, 1, 2, 3, 4, 5, 6, 7, 8);            \
		CHECK_EQ(veo_args_set_##set(args_, 8, (value)), 0);                   \
		call("ninth_word", args_);                                            \
	})

static void integers(void)
{
	CHECK_EQ(one("from_i32", i32, INT32_MIN), INT32_MIN);
	CHECK_EQ(one("from_i16", i16, INT16_MIN), INT16_MIN);
	CHECK_EQ(one("from_i8", i8, INT8_MIN), INT8_MIN);
	CHECK_EQ(one("from_u32", u32, UINT32_MAX), UINT32_MAX);
	CHECK_EQ(one("from_u16", u16, UINT16_MAX), UINT16_MAX);
	CHECK_EQ(one("from_u8", u8, UINT8_MAX), UINT8_MAX);
	/* Extended from their own type to the whole word. */
	CHECK_EQ(one("echo", i64, INT64_MIN), INT64_MIN);
	CHECK_EQ(one("echo", u64, UINT64_MAX), -1);
	CHECK_EQ(one("echo", i32, -5), -5);
	CHECK_EQ(one("echo", i16, -5), -5);
	CHECK_EQ(one("echo", i8, -5), -5);
	CHECK_EQ(one("echo", u32, 0xfffffffbu), 0xfffffffbL);
	CHECK_EQ(one("echo", u16, 0xfffb), 0xfffb);
	CHECK_EQ(one("echo", u8, 0xfb), 0xfb);
	/* The same beyond the argument registers. */
	CHECK_EQ(ninth(i64, -5), -5);
	CHECK_EQ(ninth(i32, -5), -5);
	CHECK_EQ(ninth(i16, -5), -5);
	CHECK_EQ(ninth(i8, -5), -5);
	CHECK_EQ(ninth(u32, 0xfffffffbu), 0xfffffffbL);
	CHECK_EQ(ninth(u16, 0xfffb), 0xfffb);
	CHECK_EQ(ninth(u8, 0xfb), 0xfb);
}

static void late(void)
{
	struct veo_args *args = words(8, 1, 1, 1, 1, 1, 1, 1, 1);
	CHECK_EQ(veo_args_set_i32(args, 8, -3), 0);
	CHECK_EQ(veo_args_set_i32(args, 9, -4), 0);
	CHECK_EQ(call("late_i32", args), 8 - 3000 - 4000000);
	args = words(8, 1, 1, 1, 1, 1, 1, 1, 1);
	CHECK_EQ(veo_args_set_i16(args, 8, -3), 0);
	CHECK_EQ(veo_args_set_i8(args, 9, -4), 0);
	CHECK_EQ(call("late_i16_i8", args), 8 - 3000 - 4000000);
	/* Callers of libveo extend the value themselves. */
	args = words(8, 1, 1, 1, 1, 1, 1, 1, 1);
	CHECK_EQ(veo_args_set_i64(args, 8, -3), 0);
	CHECK_EQ(veo_args_set_i64(args, 9, -4), 0);
	CHECK_EQ(call("late_i32", args), 8 - 3000 - 4000000);

	args = words(16, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
	CHECK_EQ(call("sixteen", args), 816);

	/* 256 is the most. */
	uint64_t want = 0;
	args = veo_args_alloc();
	for (int i = 0; i < VEO_MAX_NUM_ARGS; i++) {
		CHECK_EQ(veo_args_set_i64(args, i, 1000 - 3 * i), 0);
		want += (uint64_t)(1000 - 3 * i) * (uint64_t)i;
	}
	CHECK_EQ(call("most_arguments", args), want);
}

static void floating(void)
{
	struct veo_args *args = veo_args_alloc();
	float f;
	uint32_t upper;

	CHECK_EQ(veo_args_set_double(args, 0, 1.5), 0);
	CHECK_EQ(veo_args_set_double(args, 1, -4.25), 0);
	CHECK(bits_double(call("sum_doubles", args)) == -2.75);
	/* A double is its bits, however it was set. */
	CHECK(bits_double(call("sum_doubles", words(2, double_bits(1e300), double_bits(1e284)))) ==
	      1e300 + 1e284);

	/* A float sits in the upper half, as argument and as result. */
	args = veo_args_alloc();
	CHECK_EQ(veo_args_set_float(args, 0, 1.5f), 0);
	CHECK_EQ(veo_args_set_float(args, 1, 2.25f), 0);
	upper = (uint32_t)(call("sum_floats", args) >> 32);
	memcpy(&f, &upper, 4);
	CHECK(f == 3.75f);
	f = 0.1f;
	memcpy(&upper, &f, 4);
	CHECK_EQ(one("echo", float, 0.1f), (uint64_t)upper << 32);
	CHECK_EQ(one("echo", double, 0.1), double_bits(0.1));
	CHECK_EQ(ninth(float, 0.1f), (uint64_t)upper << 32);
	CHECK_EQ(ninth(double, -0.0), double_bits(-0.0));

	/* Integers and floats mixed, in registers and beyond. */
	args = veo_args_alloc();
	veo_args_set_i32(args, 0, -1);
	veo_args_set_double(args, 1, 0.5);
	veo_args_set_float(args, 2, 0.25f);
	veo_args_set_i64(args, 3, -4);
	veo_args_set_double(args, 4, 1e3);
	veo_args_set_float(args, 5, 2.5f);
	veo_args_set_double(args, 6, 3.5);
	veo_args_set_i8(args, 7, -7);
	veo_args_set_double(args, 8, 8.125);
	veo_args_set_float(args, 9, -9.5f);
	veo_args_set_i16(args, 10, -300);
	veo_args_set_double(args, 11, 11.5);
	veo_args_set_double(args, 12, -1.25);
	CHECK(bits_double(call("mixed", args)) ==
	      -1 + 1.0 + 0.75 - 16 + 5000 + 15 + 24.5 - 56 + 73.125 - 95 - 3300 + 138 - 16.25);
}

static void results(void)
{
	/* The word is handed over as it is: an int has the sign of its own type. */
	CHECK_EQ((int32_t)call("minus_one", veo_args_alloc()), -1);
	CHECK_EQ(call("give_i32", words(1, 0)), -1);
	CHECK_EQ(call("all_bits", veo_args_alloc()), -1);
}

static void misuse(void)
{
	struct veo_args *args = veo_args_alloc();
	uint64_t result;

	CHECK_EQ(veo_args_set_i64(args, -1, 0), -1);
	/* A gap and too many arguments: refused somewhere, and nothing breaks. */
	veo_args_set_i64(args, 1, 1);
	CHECK(veo_call_sync(proc, symbol(proc, library, "echo"), args, &result) != 0);
	veo_args_clear(args);
	int refused = 0;
	for (int i = 0; i < 300; i++)
		refused |= veo_args_set_i64(args, i, i) != 0;
	if (!refused)
		refused = veo_call_sync(proc, symbol(proc, library, "echo"), args, &result) != 0;
	CHECK(refused);
	/* The arguments can be used again after a clear. */
	veo_args_clear(args);
	veo_args_set_i64(args, 0, 11);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "echo"), args, &result), 0);
	CHECK_EQ(result, 11);
	/* The same index again: the last value counts. */
	veo_args_set_i64(args, 0, 12);
	CHECK_EQ(call("echo", args), 12);
	veo_args_free(NULL);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	integers();
	late();
	floating();
	results();
	misuse();
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

/* Tagged pointers for a library that asks for no tags itself: the library that the loader
 * has bound it to decides, not one that happens to have a function of that name. */
#include "check.h"

#define FIRST 77

/* The result of a kernel of the library that is loaded last, after `unloaded` is unloaded and
 * `late` loaded. */
static uint64_t result_of(const char *const *loaded, const char *unloaded, const char *late,
			  const char *name)
{
	struct veo_proc_handle *proc = new_proc();
	struct veo_args *args = veo_args_alloc();
	uint64_t library = 0, gone = 0, first = FIRST, result = UNTOUCHED;
	void *memory;

	for (; *loaded; loaded++) {
		library = load(proc, *loaded);
		if (unloaded && strcmp(unloaded, *loaded) == 0)
			gone = library;
	}
	if (gone)
		CHECK_EQ(veo_unload_library(proc, gone), 0);
	if (late)
		load(proc, late);
	NEED(veo_alloc_hmem(proc, &memory, sizeof first) == 0);
	/* The program itself asks, too. */
	CHECK_EQ(veo_is_ve_addr(memory), 1);
	CHECK_EQ(veo_hmemcpy(memory, &first, sizeof first), 0);
	CHECK_EQ(veo_args_set_hmem(args, 0, memory), 0);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, name), args, &result), 0);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return result;
}

#define LIBRARIES(...) ((const char *const[]){__VA_ARGS__, NULL})

int main(int argc, char **argv)
{
	const char *plain = "libfirstplain.so", *asking = "libfirstasking.so";
	const char *user = "libbindings.so", *middle = "libmiddle.so", *path = "libneedspath.so";

	start(argc, argv);
	CHECK_EQ(result_of(LIBRARIES(plain, user), NULL, NULL, "call_first"), FIRST);
	CHECK_EQ(result_of(LIBRARIES(asking, user), NULL, NULL, "call_first"), 1);
	/* The first library that has it counts, whatever came later. */
	CHECK_EQ(result_of(LIBRARIES(plain, user), NULL, asking, "call_first"), FIRST);
	CHECK_EQ(result_of(LIBRARIES(plain, asking, user), NULL, NULL, "call_first"), FIRST);
	CHECK_EQ(result_of(LIBRARIES(asking, plain, user), NULL, NULL, "call_first"), 1);
	CHECK_EQ(result_of(LIBRARIES(asking, user), NULL, plain, "call_first"), 1);
	/* Unloaded, it stays for those that use it. */
	CHECK_EQ(result_of(LIBRARIES(asking, user), asking, NULL, "call_first"), 1);
	CHECK_EQ(result_of(LIBRARIES(asking, user), asking, plain, "call_first"), 1);
	CHECK_EQ(result_of(LIBRARIES(asking, plain, user), plain, NULL, "call_first"), 1);
	/* By way of another library that needs none. */
	CHECK_EQ(result_of(LIBRARIES(asking, middle, user), NULL, NULL, "call_second"), 1);
	CHECK_EQ(result_of(LIBRARIES(plain, middle, user), NULL, asking, "call_second"), FIRST);
	/* A library that another one needs by a path. */
	CHECK_EQ(result_of(LIBRARIES(path), NULL, NULL, "call_first"), 1);
	/* The program has a copy of this variable of the C library. */
	CHECK_EQ(result_of(LIBRARIES(plain, user), NULL, NULL, "checked_first"), FIRST);
	CHECK(ferror(stdin) == 0);
	return finish();
}

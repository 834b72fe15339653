/* A veorun image with kernels linked in: library 0, and it wins over a library
 * that has a symbol of the same name. argv[2] is the image. */
#include "check.h"

static void use(struct veo_proc_handle *proc)
{
	uint64_t result = 0, library;
	struct veo_args *args = words(1, 20);

	NEED(proc != NULL);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, 0, "built_in"), args, &result), 0);
	CHECK_EQ(result, 41);
	CHECK_EQ(veo_get_sym(proc, 0, "no_such_kernel"), 0);
	/* "provided" is in the image and in the library. */
	library = load(proc, "libprovider.so");
	CHECK_EQ(veo_get_sym(proc, library, "provided"), symbol(proc, 0, "provided"));
	veo_args_clear(args);
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "provided"), args, &result), 0);
	CHECK_EQ(result, 555);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
}

int main(int argc, char **argv)
{
	start(argc, argv);
	NEED(argc > 2);
	use(veo_proc_create_static(0, argv[2]));
	/* The same by way of the environment. */
	setenv("VEORUN_BIN", argv[2], 1);
	use(veo_proc_create(0));
	/* These cannot be started. */
	setenv("VEORUN_BIN", "/nowhere/veorun", 1);
	CHECK(veo_proc_create(0) == NULL);
	setenv("VEORUN_BIN", "/dev/null", 1);
	CHECK(veo_proc_create(0) == NULL);
	setenv("VEORUN_BIN", "/bin/true", 1);
	double begin = now();
	CHECK(veo_proc_create(0) == NULL);
	CHECK(now() - begin < 10);
	return finish();
}

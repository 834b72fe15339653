/* A program that knows nothing of libveo loads it at run time, twice, and its
 * own main runs once. argv[2] is the library. */
#include "check.h"

#include <dlfcn.h>

static int use(const char *library)
{
	void *veo = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (veo == NULL)
		fprintf(stderr, "%s\n", dlerror());
	NEED(veo != NULL);
	struct veo_proc_handle *(*proc_create)(int) = dlvsym(veo, "veo_proc_create", "VERSION_1");
	int (*proc_destroy)(struct veo_proc_handle *) = dlsym(veo, "veo_proc_destroy");
	uint64_t (*load_library)(struct veo_proc_handle *, const char *) =
		dlsym(veo, "veo_load_library");
	uint64_t (*get_sym)(struct veo_proc_handle *, uint64_t, const char *) =
		dlsym(veo, "veo_get_sym");
	struct veo_args *(*args_alloc)(void) = dlsym(veo, "veo_args_alloc");
	int (*call_sync)(struct veo_proc_handle *, uint64_t, struct veo_args *, uint64_t *) =
		dlsym(veo, "veo_call_sync");
	void (*args_free)(struct veo_args *) = dlsym(veo, "veo_args_free");
	NEED(proc_create && proc_destroy && load_library && get_sym && args_alloc && call_sync &&
	     args_free);
	/* Nothing but the interface is visible. */
	CHECK(dlsym(veo, "rust_eh_personality") == NULL);
	CHECK(dlsym(veo, "main") == (void *)dlsym(RTLD_DEFAULT, "main"));

	struct veo_proc_handle *proc = proc_create(0);
	NEED(proc != NULL);
	uint64_t result = 0, kernels = load_library(proc, library_path("libkernels.so"));
	struct veo_args *args = args_alloc();
	CHECK_EQ(call_sync(proc, get_sym(proc, kernels, "answer"), args, &result), 0);
	CHECK_EQ(result, 42);
	args_free(args);
	CHECK_EQ(proc_destroy(proc), 0);
	CHECK_EQ(dlclose(veo), 0);
	return 0;
}

int main(int argc, char **argv)
{
	start(argc, argv);
	/* A second start of this program as a veorun would write this line again. */
	printf("main\n");
	fflush(stdout);
	NEED(argc > 2);
	use(argv[2]);
	use(argv[2]);
	return finish();
}

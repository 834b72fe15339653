/* A plugin that does everything in the constructor and the destructor that dlopen and
 * dlclose call, which hold the dynamic loader's lock meanwhile. With LOADER it is the
 * program, which knows nothing of libveo. */
#ifdef LOADER

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	alarm(60);
	for (int round = 0; round < 3; round++) {
		void *plugin = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);

		if (round == 2)
			setenv("LAST", "1", 1);
		if (plugin == NULL) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		dlclose(plugin);
	}
	return 0;
}

#else

#include "check.h"

static struct veo_proc_handle *proc, *other;
static struct veo_thr_ctxt *ctx;
static uint64_t echo, endless, address;
static char *data;

enum { SIZE = 1 << 20 };

static uint64_t host(void *arg)
{
	return (uint64_t)arg + 1;
}

/* Everything that threads of the library do for a program. */
static void work(void)
{
	CHECK_EQ(collect(ctx, veo_async_write_mem(ctx, address, data, SIZE)), 0);
	CHECK_EQ(collect(ctx, veo_call_async_vh(ctx, host, (void *)41)), 42);
	CHECK_EQ(collect(ctx, submit(ctx, echo, 1, 7)), 7);
	struct veo_thr_ctxt *further = veo_context_open(proc);
	NEED(further != NULL);
	CHECK_EQ(collect(further, veo_async_read_mem(further, data, address, SIZE)), 0);
	CHECK_EQ(veo_context_close(further), 0);
}

__attribute__((constructor)) static void begin(void)
{
	libraries = getenv("KERNELS");
	CHECK_EQ(setenv("VE_OMP_NUM_THREADS", "1", 1), 0);
	proc = new_proc();
	other = new_proc();
	ctx = veo_context_open(proc);
	NEED(ctx != NULL);
	uint64_t library = load(proc, "libkernels.so");
	echo = symbol(proc, library, "echo");
	endless = symbol(other, load(other, "libkernels.so"), "endless");
	data = calloc(1, SIZE);
	NEED(data && veo_alloc_mem(proc, &address, SIZE) == 0);
	work();
}

__attribute__((destructor)) static void end(void)
{
	work();
	/* A process that does not end by itself is killed. */
	struct veo_thr_ctxt *busy = veo_context_open(other);
	NEED(busy != NULL);
	if (getenv("LAST"))
		submit(busy, endless, 0);
	CHECK_EQ(veo_proc_destroy(other), 0);
	submit(ctx, echo, 1, 8);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	free(data);
	if (finish())
		_exit(1);
}

#endif

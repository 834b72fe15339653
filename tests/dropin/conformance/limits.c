/* Limits of the program: what cannot be done is an error, and once the limit is
 * gone all is well. */
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>

static int works(void)
{
	struct veo_proc_handle *proc = veo_proc_create(0);
	uint64_t result = 0;

	if (proc == NULL)
		return 0;
	uint64_t library = veo_load_library(proc, library_path("libkernels.so"));
	struct veo_args *args = words(1, 8);
	int good = veo_call_sync(proc, veo_get_sym(proc, library, "echo"), args, &result) == 0 &&
		   result == 8;
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return good;
}

/* Runs `works` under a soft limit; it may fail, but must return. */
static void limited(int resource, rlim_t soft)
{
	struct rlimit before, now_limit;

	NEED(getrlimit(resource, &before) == 0);
	now_limit = before;
	now_limit.rlim_cur = soft;
	NEED(setrlimit(resource, &now_limit) == 0);
	double begin = now();
	works();
	CHECK(now() - begin < 15);
	NEED(setrlimit(resource, &before) == 0);
	CHECK(works());
}

int main(int argc, char **argv)
{
	start(argc, argv);
	CHECK(works());
	/* No descriptor is left, then one, two, ... more. */
	int last = open("/dev/null", O_RDONLY);
	for (int more = 0; more < 12; more++)
		limited(RLIMIT_NOFILE, (rlim_t)(last + 1 + more));
	close(last);
	limited(RLIMIT_FSIZE, 0);
	limited(RLIMIT_FSIZE, 1 << 20);
	limited(RLIMIT_AS, (rlim_t)200 << 20);
	limited(RLIMIT_AS, (rlim_t)1 << 30);
	return finish();
}

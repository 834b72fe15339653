/* A program whose library lies alone, without the rest of an installation: linked
 * statically, or a libveo.so.1 that was copied somewhere. Its processes are refused
 * with a reason, unless VEORUN_BIN names a veorun. Main runs once. */
#include "check.h"

#include <veo_emu.h>

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	char text[1000];

	start(argc, argv);
	/* A second start of this program as a veorun would write this line again. */
	printf("main\n");
	fflush(stdout);
	proc = veo_proc_create(0);
	if (getenv("VEORUN_BIN") == NULL) {
		CHECK(proc == NULL);
		CHECK(veo_emu_last_error(text, sizeof text) > 0);
		CHECK(strstr(text, "VEORUN_BIN") != NULL);
		return finish();
	}
	NEED(proc != NULL);
	uint64_t library = load(proc, "libkernels.so"), result = 0;
	struct veo_args *args = veo_args_alloc();
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "answer"), args, &result), 0);
	CHECK_EQ(result, 42);
	veo_args_free(args);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

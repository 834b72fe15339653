/* Fails in each way to begin something. With `ask` as second argument it asks for a
 * reason first. */
#include "check.h"

int main(int argc, char **argv)
{
	char veorun[] = "/nowhere/veorun", text[8];

	start(argc, argv);
	if (argc > 2 && strcmp(argv[2], "ask") == 0)
		veo_emu_last_error(text, sizeof text);
	CHECK(veo_proc_create(12345) == NULL);
	CHECK(veo_proc_create_static(0, veorun) == NULL);
	struct veo_proc_handle *proc = new_proc();
	CHECK_EQ(veo_load_library(proc, "/nowhere/lib.so"), 0);
	CHECK(veo_context_open(proc) != NULL);
	CHECK(veo_context_open(NULL) == NULL);
	CHECK(veo_context_open_with_attr(proc, NULL) == NULL);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

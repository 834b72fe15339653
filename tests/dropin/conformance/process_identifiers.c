/* Sixteen processes, each with an identifier of its own; they may lie on any
 * nodes. */
#include "check.h"

int main(int argc, char **argv)
{
	struct veo_proc_handle *procs[16];
	int seen = 0, nodes = 0;

	start(argc, argv);
	while (nodes < 16 && veo_get_ve_arch(nodes) > 0)
		nodes++;
	NEED(nodes > 0);
	for (int i = 0; i < 16; i++) {
		procs[i] = veo_proc_create(i % nodes);
		NEED(procs[i] != NULL);
		int ident = veo_proc_identifier(procs[i]);
		CHECK(ident >= 0 && ident < 16);
		CHECK(!(seen & 1 << ident));
		seen |= 1 << ident;
	}
	for (int i = 0; i < 16; i++) {
		void *memory = NULL;
		CHECK_EQ(veo_alloc_hmem(procs[i], &memory, 4096), 0);
		CHECK(veo_get_proc_handle_from_hmem(memory) == procs[i]);
		CHECK_EQ(veo_get_venum_from_hmem(memory), i % nodes);
		CHECK_EQ(veo_free_hmem(memory), 0);
	}
	for (int i = 0; i < 16; i++)
		CHECK_EQ(veo_proc_destroy(procs[i]), 0);
	return finish();
}

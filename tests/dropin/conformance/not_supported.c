/* Functions that need a real VE say so: ENOTSUP. */
#include "check.h"

#include <veo_vedma.h>
#include <veo_veshm.h>
#include <veo_vhveshm.h>

_Static_assert(VE_SHM_RO == 1 && VE_PCISYNC == 2 && VE_REGISTER_PCI == 4, "");
_Static_assert(VE_MAP_256MB == 0x10 && VE_REGISTER_NONE == 0x1000, "");
_Static_assert(VE_REGISTER_VEMVA == 0x2000 && VE_REGISTER_VEHVA == 0x4000, "");
_Static_assert(VE_MEM_LOCAL == 0x8000 && sizeof(ve_dma_handle_t) == 8, "");

#define REFUSED(call, value)                                                          \
	do {                                                                          \
		errno = 0;                                                            \
		CHECK_EQ((call), (value));                                            \
		CHECK_EQ(errno, ENOTSUP);                                             \
	} while (0)

/* An address: NULL, or all bits set. */
#define REFUSED_ADDRESS(call)                                                         \
	do {                                                                          \
		errno = 0;                                                            \
		void *address_ = (call);                                              \
		CHECK(address_ == NULL || address_ == (void *)-1);                    \
		CHECK_EQ(errno, ENOTSUP);                                             \
	} while (0)

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	ve_dma_handle_t handle = { 0, 0 };
	void *vehva = NULL;

	start(argc, argv);
	proc = new_proc();
	REFUSED(veo_shared_mem_open((void *)0x1000, 4096, 0, VE_REGISTER_PCI), -1);
	REFUSED(veo_shared_mem_close((void *)0x1000, 4096, 0, VE_REGISTER_PCI), -1);
	REFUSED_ADDRESS(veo_shared_mem_attach(proc, getpid(), (void *)0x1000, 4096, 0,
					      VE_REGISTER_VEMVA));
	REFUSED(veo_shared_mem_detach(proc, (void *)0x1000, VE_REGISTER_VEMVA), -1);
	REFUSED(veo_shmget(proc, 77, 4096, 0), -1);
	REFUSED_ADDRESS(veo_shmat(proc, 1, NULL, 0, &vehva));
	REFUSED(veo_shmdt(proc, (void *)0x1000), -1);
	REFUSED(veo_dma_post(proc, 0x1000, 0x2000, 64, &handle), -1);
	REFUSED(veo_dma_poll(proc, &handle), -1);
	REFUSED(veo_dma_post_wait(proc, 0x1000, 0x2000, 64), -1);
	REFUSED(veo_register_mem_to_dmaatb((void *)0x1000, 4096), -1);
	REFUSED(veo_unregister_mem_from_dmaatb(proc, 0x1000), -1);
	errno = 0;
	veo_access_pcircvsyc_register(proc);
	CHECK_EQ(errno, ENOTSUP);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}

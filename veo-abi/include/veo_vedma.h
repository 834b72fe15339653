/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The VE's DMA engines. They need a real VE; elsewhere every call fails with
 * ENOTSUP.
 */
#ifndef VEO_VEDMA_H
#define VEO_VEDMA_H

/* Programs count on these. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ve_offload.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ve_dma_handle {
	int status;
	int index;
} ve_dma_handle_t;

int veo_dma_post(struct veo_proc_handle *proc, uint64_t dst, uint64_t src, int size,
		 ve_dma_handle_t *handle);
int veo_dma_poll(struct veo_proc_handle *proc, ve_dma_handle_t *handle);
int veo_dma_post_wait(struct veo_proc_handle *proc, uint64_t dst, uint64_t src, int size);
uint64_t veo_register_mem_to_dmaatb(void *addr, size_t size);
int veo_unregister_mem_from_dmaatb(struct veo_proc_handle *proc, uint64_t addr);
void veo_access_pcircvsyc_register(struct veo_proc_handle *proc);

#ifdef __cplusplus
}
#endif
#endif

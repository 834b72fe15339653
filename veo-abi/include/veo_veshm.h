/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * VE shared memory. Needs a real VE; elsewhere every call fails with ENOTSUP.
 */
#ifndef VEO_VESHM_H
#define VEO_VESHM_H

/* Programs count on these. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ve_offload.h"
#include "veo_veshm_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

int veo_shared_mem_open(void *addr, size_t size, int syncnum, long long mode);
int veo_shared_mem_close(void *addr, size_t size, int syncnum, long long mode);
void *veo_shared_mem_attach(struct veo_proc_handle *proc, pid_t owner, void *addr, size_t size,
			    int syncnum, long long mode);
int veo_shared_mem_detach(struct veo_proc_handle *proc, void *addr, long long mode);

#ifdef __cplusplus
}
#endif
#endif

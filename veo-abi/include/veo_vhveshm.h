/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * System V shared memory of the host, attached to a VE. Needs a real VE;
 * elsewhere every call fails with ENOTSUP.
 */
#ifndef VEO_VHVESHM_H
#define VEO_VHVESHM_H

#include <sys/ipc.h>

#include "ve_offload.h"

#ifdef __cplusplus
extern "C" {
#endif

int veo_shmget(struct veo_proc_handle *proc, key_t key, size_t size, int flags);
void *veo_shmat(struct veo_proc_handle *proc, int id, const void *addr, int flags, void **vehva);
int veo_shmdt(struct veo_proc_handle *proc, const void *addr);

#ifdef __cplusplus
}
#endif
#endif

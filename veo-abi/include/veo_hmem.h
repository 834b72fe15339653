/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Heterogeneous memory: what can be asked of a pointer on either side.
 * Bit 63 marks an address of VE memory, bits 62 to 59 number its process.
 */
#ifndef VEO_HMEM_H
#define VEO_HMEM_H

#ifdef __cplusplus
extern "C" {
#endif

int veo_is_ve_addr(const void *addr);
void *veo_get_hmem_addr(void *addr);
int veo_get_max_proc_identifier(void);
int veo_get_proc_identifier_from_hmem(const void *addr);

#ifdef __cplusplus
}
#endif
#endif

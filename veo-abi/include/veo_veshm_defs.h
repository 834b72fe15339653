/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Mode bits of VE shared memory.
 */
#ifndef VEO_VESHM_DEFS_H
#define VEO_VESHM_DEFS_H

#define VE_SHM_RO 0x1
#define VE_PCISYNC 0x2
#define VE_REGISTER_PCI 0x4
#define VE_MAP_256MB 0x10
#define VE_REGISTER_NONE 0x1000
#define VE_REGISTER_VEMVA 0x2000
#define VE_REGISTER_VEHVA 0x4000
#define VE_MEM_LOCAL 0x8000

#endif

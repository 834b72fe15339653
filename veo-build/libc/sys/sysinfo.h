/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_SYSINFO_H
#define VEO_LIBC_SYS_SYSINFO_H

#ifdef __cplusplus
extern "C" {
#endif

int get_nprocs(void), get_nprocs_conf(void);
long get_phys_pages(void), get_avphys_pages(void);

#ifdef __cplusplus
}
#endif

#endif

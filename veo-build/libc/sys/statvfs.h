/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_STATVFS_H
#define VEO_LIBC_SYS_STATVFS_H

#include <sys/types.h>

typedef unsigned long fsblkcnt_t, fsfilcnt_t;
struct statvfs {
    unsigned long f_bsize, f_frsize;
    fsblkcnt_t f_blocks, f_bfree, f_bavail;
    fsfilcnt_t f_files, f_ffree, f_favail;
    unsigned long f_fsid, f_flag, f_namemax;
    int reserved[6];
};
#define ST_RDONLY 1
#define ST_NOSUID 2

#ifdef __cplusplus
extern "C" {
#endif

int statvfs(const char *, struct statvfs *), fstatvfs(int, struct statvfs *);

#ifdef __cplusplus
}
#endif

#endif

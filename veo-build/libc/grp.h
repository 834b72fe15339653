/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_GRP_H
#define VEO_LIBC_GRP_H

#include <sys/types.h>

struct group {
    char *gr_name, *gr_passwd;
    gid_t gr_gid;
    char **gr_mem;
};

#ifdef __cplusplus
extern "C" {
#endif

struct group *getgrgid(gid_t), *getgrnam(const char *);
int getgrgid_r(gid_t, struct group *, char *, size_t, struct group **);
int getgrnam_r(const char *, struct group *, char *, size_t, struct group **);

#ifdef __cplusplus
}
#endif

#endif

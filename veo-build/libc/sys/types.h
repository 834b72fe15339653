/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_TYPES_H
#define VEO_LIBC_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned uid_t;
typedef unsigned gid_t;
typedef unsigned mode_t;

#endif

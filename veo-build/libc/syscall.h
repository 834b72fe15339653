/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYSCALL_H
#define VEO_LIBC_SYSCALL_H

#include <sys/syscall.h>

#endif

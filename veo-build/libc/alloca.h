/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_ALLOCA_H
#define VEO_LIBC_ALLOCA_H

#include <stddef.h>

#define alloca(size) __builtin_alloca(size)

#endif

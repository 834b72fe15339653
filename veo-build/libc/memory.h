/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_MEMORY_H
#define VEO_LIBC_MEMORY_H

#include <string.h>

#endif

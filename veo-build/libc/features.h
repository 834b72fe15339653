/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_FEATURES_H
#define VEO_LIBC_FEATURES_H

#include <sys/cdefs.h>

#endif

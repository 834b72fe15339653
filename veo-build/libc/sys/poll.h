/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SYS_POLL_H
#define VEO_LIBC_SYS_POLL_H

#include <poll.h>

#endif

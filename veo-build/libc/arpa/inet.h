/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_ARPA_INET_H
#define VEO_LIBC_ARPA_INET_H

#include <netinet/in.h>

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_NETINET_IN_H
#define VEO_LIBC_NETINET_IN_H

#include <stdint.h>

typedef uint32_t in_addr_t;
typedef uint16_t in_port_t;

#ifdef __cplusplus
extern "C" {
#endif

uint32_t htonl(uint32_t), ntohl(uint32_t);
uint16_t htons(uint16_t), ntohs(uint16_t);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * For kernels: what code on the VE may call.
 */
#ifndef VEO_VE_H
#define VEO_VE_H

#include <stdint.h>

#include "veo_hmem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The result of an earlier request of the same context: with offset 0 of the one just
 * before the one that calls this, with 1 of the one before that. On the main context
 * synchronous functions count: the result of veo_alloc_mem is the address. Functions of the host
 * (veo_call_async_vh) do not count. Returns 0, or -1 if there is none. */
int veo_prev_req_result(int offset, uint64_t *result);

#ifdef __cplusplus
}
#endif
#endif

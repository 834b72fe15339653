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

/* The result of the request that was queued `offset` places before the one
 * that calls this, in the same context; 0 counts as 1. Returns 0, or -1 if there
 * is none. */
int veo_prev_req_result(int offset, uint64_t *result);

#ifdef __cplusplus
}
#endif
#endif

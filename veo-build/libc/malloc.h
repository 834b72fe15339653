/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_MALLOC_H
#define VEO_LIBC_MALLOC_H

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memalign(size_t, size_t);
size_t malloc_usable_size(void *);
void *valloc(size_t);
int malloc_trim(size_t), mallopt(int, int);

#ifdef __cplusplus
}
#endif

#endif

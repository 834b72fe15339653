/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_GLOB_H
#define VEO_LIBC_GLOB_H

#include <stddef.h>

#define GLOB_ERR 1
#define GLOB_MARK 2
#define GLOB_NOSORT 4
#define GLOB_DOOFFS 8
#define GLOB_NOCHECK 16
#define GLOB_APPEND 32
#define GLOB_NOESCAPE 64
#define GLOB_PERIOD 128
#define GLOB_NOMAGIC 2048
#define GLOB_NOSPACE 1
#define GLOB_ABORTED 2
#define GLOB_NOMATCH 3
#define GLOB_NOSYS 4

typedef struct {
    size_t gl_pathc;
    char **gl_pathv;
    size_t gl_offs;
    int gl_flags;
    void *unused[5];
} glob_t;

#ifdef __cplusplus
extern "C" {
#endif

int glob(const char *, int, int (*)(const char *, int), glob_t *);
void globfree(glob_t *);

#ifdef __cplusplus
}
#endif

#endif

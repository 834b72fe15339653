/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_GETOPT_H
#define VEO_LIBC_GETOPT_H

#include <unistd.h>

#define no_argument 0
#define required_argument 1
#define optional_argument 2

struct option {
    const char *name;
    int has_arg, *flag, val;
};

#ifdef __cplusplus
extern "C" {
#endif

int getopt_long(int, char *const *, const char *, const struct option *, int *);
int getopt_long_only(int, char *const *, const char *, const struct option *, int *);

#ifdef __cplusplus
}
#endif

#endif

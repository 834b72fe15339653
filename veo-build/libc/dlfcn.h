/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_DLFCN_H
#define VEO_LIBC_DLFCN_H

#define RTLD_LAZY 1
#define RTLD_NOW 2
#define RTLD_LOCAL 0
#define RTLD_GLOBAL 0x100

#ifdef __cplusplus
extern "C" {
#endif

void *dlopen(const char *, int), *dlsym(void *, const char *);
int dlclose(void *);
char *dlerror(void);

#ifdef __cplusplus
}
#endif

#endif

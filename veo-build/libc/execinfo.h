/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_EXECINFO_H
#define VEO_LIBC_EXECINFO_H

#ifdef __cplusplus
extern "C" {
#endif

int backtrace(void **, int);
char **backtrace_symbols(void *const *, int);
void backtrace_symbols_fd(void *const *, int, int);

#ifdef __cplusplus
}
#endif

#endif

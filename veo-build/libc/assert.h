/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#if !defined(__cplusplus) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L)
#undef static_assert
#define static_assert _Static_assert
#endif

#ifndef VEO_LIBC_ASSERT_H
#define VEO_LIBC_ASSERT_H
#ifdef __cplusplus
extern "C"
#endif
void __assert_fail(const char *condition, const char *file, unsigned line, const char *function) __attribute__((noreturn));
#endif

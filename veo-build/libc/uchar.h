/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_UCHAR_H
#define VEO_LIBC_UCHAR_H

#include <wchar.h>

#ifndef __cplusplus
typedef unsigned short char16_t;
typedef unsigned char32_t;
#endif

#ifdef __cplusplus
extern "C" {
#endif

size_t mbrtoc16(char16_t *, const char *, size_t, mbstate_t *), c16rtomb(char *, char16_t, mbstate_t *);
size_t mbrtoc32(char32_t *, const char *, size_t, mbstate_t *), c32rtomb(char *, char32_t, mbstate_t *);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_CTYPE_H
#define VEO_LIBC_CTYPE_H

#ifdef __cplusplus
extern "C" {
#endif

int isalnum(int), isalpha(int), isblank(int), iscntrl(int), isdigit(int), isgraph(int), islower(int);
int isprint(int), ispunct(int), isspace(int), isupper(int), isxdigit(int), tolower(int), toupper(int);
int isascii(int), toascii(int);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_CTYPE_H
#define VEO_LIBC_CTYPE_H

#ifdef __cplusplus
extern "C" {
#endif

int isalnum(int), isalpha(int), isblank(int), iscntrl(int), isdigit(int), isgraph(int), islower(int);
int isprint(int), ispunct(int), isspace(int), isupper(int), isxdigit(int), tolower(int), toupper(int);
int isascii(int), toascii(int);
struct veo_libc_locale;
int isalnum_l(int, struct veo_libc_locale *), isalpha_l(int, struct veo_libc_locale *);
int isblank_l(int, struct veo_libc_locale *), iscntrl_l(int, struct veo_libc_locale *);
int isdigit_l(int, struct veo_libc_locale *), isgraph_l(int, struct veo_libc_locale *);
int islower_l(int, struct veo_libc_locale *), isprint_l(int, struct veo_libc_locale *);
int ispunct_l(int, struct veo_libc_locale *), isspace_l(int, struct veo_libc_locale *);
int isupper_l(int, struct veo_libc_locale *), isxdigit_l(int, struct veo_libc_locale *);
int tolower_l(int, struct veo_libc_locale *), toupper_l(int, struct veo_libc_locale *);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_FENV_H
#define VEO_LIBC_FENV_H

/* Exceptions and directions of rounding have the bits of the VE's status word, as in the C libraries for it. */
#define FE_INEXACT 0x1
#define FE_INVALID 0x2
#define FE_UNDERFLOW 0x8
#define FE_OVERFLOW 0x10
#define FE_DIVBYZERO 0x20
#define FE_ALL_EXCEPT 0x3b
#define FE_TOWARDZERO 0
#define FE_UPWARD 0x1000
#define FE_DOWNWARD 0x2000
#define FE_TONEAREST 0x3000
#define FE_DFL_ENV ((const fenv_t *)-1)

typedef struct {
    unsigned long opaque[8];
} fenv_t;
typedef unsigned long fexcept_t;

#ifdef __cplusplus
extern "C" {
#endif

int fegetenv(fenv_t *), feholdexcept(fenv_t *), fesetenv(const fenv_t *), feupdateenv(const fenv_t *);
int feclearexcept(int), feraiseexcept(int), fetestexcept(int);
int fegetexceptflag(fexcept_t *, int), fesetexceptflag(const fexcept_t *, int);
int fegetround(void), fesetround(int);
int feenableexcept(int), fedisableexcept(int), fegetexcept(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_FENV_H
#define VEO_LIBC_FENV_H

/* The names of exceptions and of directions of rounding are those of the library that runs the code: none is known here. */
#define FE_ALL_EXCEPT 0
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

#ifdef __cplusplus
}
#endif

#endif

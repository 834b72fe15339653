/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_COMPLEX_H
#define VEO_LIBC_COMPLEX_H

#define complex _Complex
#define _Complex_I 1.0fi
#define I _Complex_I
#define CMPLX(x, y) __builtin_complex((double)(x), (double)(y))
#define CMPLXF(x, y) __builtin_complex((float)(x), (float)(y))
#define CMPLXL(x, y) __builtin_complex((long double)(x), (long double)(y))

double _Complex cacos(double _Complex), casin(double _Complex), catan(double _Complex), cacosh(double _Complex), casinh(double _Complex), catanh(double _Complex), ccosh(double _Complex), csinh(double _Complex), ctanh(double _Complex), ccos(double _Complex), csin(double _Complex), ctan(double _Complex), cexp(double _Complex), clog(double _Complex), csqrt(double _Complex), conj(double _Complex), cproj(double _Complex), cpow(double _Complex, double _Complex);
double cabs(double _Complex), carg(double _Complex), creal(double _Complex), cimag(double _Complex);

float _Complex cacosf(float _Complex), casinf(float _Complex), catanf(float _Complex), cacoshf(float _Complex), casinhf(float _Complex), catanhf(float _Complex), ccoshf(float _Complex), csinhf(float _Complex), ctanhf(float _Complex), ccosf(float _Complex), csinf(float _Complex), ctanf(float _Complex), cexpf(float _Complex), clogf(float _Complex), csqrtf(float _Complex), conjf(float _Complex), cprojf(float _Complex), cpowf(float _Complex, float _Complex);
float cabsf(float _Complex), cargf(float _Complex), crealf(float _Complex), cimagf(float _Complex);

#ifdef __cplusplus
extern "C" {
#endif

long double cabsl(long double _Complex), cargl(long double _Complex), creall(long double _Complex), cimagl(long double _Complex);
long double _Complex conjl(long double _Complex), cprojl(long double _Complex);

#ifdef __cplusplus
}
#endif

#endif

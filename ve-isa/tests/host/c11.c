/* The names of C11, header by header. This is only compiled. */
#include <assert.h>
#include <complex.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <iso646.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <tgmath.h>
#include <threads.h>
#include <time.h>
#include <uchar.h>
#include <wchar.h>
#include <wctype.h>

#define HAS(name) (void)(name);
#define TYPE(...) { __VA_ARGS__ *p = 0; (void)p; }
void macros(void)
{
	HAS(EDOM) HAS(EILSEQ) HAS(ERANGE)
	HAS(FE_DIVBYZERO) HAS(FE_INEXACT) HAS(FE_INVALID) HAS(FE_OVERFLOW) HAS(FE_UNDERFLOW) HAS(FE_ALL_EXCEPT) HAS(FE_DOWNWARD) HAS(FE_TONEAREST) HAS(FE_TOWARDZERO) HAS(FE_UPWARD) HAS(FE_DFL_ENV)
	HAS(LC_ALL) HAS(LC_COLLATE) HAS(LC_CTYPE) HAS(LC_MONETARY) HAS(LC_NUMERIC) HAS(LC_TIME)
	HAS(HUGE_VAL) HAS(HUGE_VALF) HAS(HUGE_VALL) HAS(INFINITY) HAS(NAN) HAS(FP_INFINITE) HAS(FP_NAN) HAS(FP_NORMAL) HAS(FP_SUBNORMAL) HAS(FP_ZERO) HAS(FP_ILOGB0) HAS(FP_ILOGBNAN) HAS(MATH_ERRNO) HAS(MATH_ERREXCEPT) HAS(math_errhandling)
	HAS(SIG_DFL) HAS(SIG_ERR) HAS(SIG_IGN) HAS(SIGABRT) HAS(SIGFPE) HAS(SIGILL) HAS(SIGINT) HAS(SIGSEGV) HAS(SIGTERM)
	HAS(_IOFBF) HAS(_IOLBF) HAS(_IONBF) HAS(BUFSIZ) HAS(EOF) HAS(FOPEN_MAX) HAS(FILENAME_MAX) HAS(L_tmpnam) HAS(SEEK_CUR) HAS(SEEK_END) HAS(SEEK_SET) HAS(TMP_MAX) HAS(stderr) HAS(stdin) HAS(stdout)
	HAS(EXIT_FAILURE) HAS(EXIT_SUCCESS) HAS(RAND_MAX) HAS(MB_CUR_MAX) HAS(NULL)
	HAS(CLOCKS_PER_SEC) HAS(TIME_UTC) HAS(WEOF) HAS(WCHAR_MIN) HAS(WCHAR_MAX) HAS(WINT_MIN) HAS(WINT_MAX) HAS(PTRDIFF_MAX) HAS(SIG_ATOMIC_MAX) HAS(SIZE_MAX) HAS(MB_LEN_MAX)
	HAS(TSS_DTOR_ITERATIONS) HAS(mtx_plain) HAS(mtx_recursive) HAS(mtx_timed) HAS(thrd_timedout) HAS(thrd_success) HAS(thrd_busy) HAS(thrd_error) HAS(thrd_nomem)
	HAS(I) HAS(_Complex_I) HAS(FLT_EVAL_METHOD) HAS(LDBL_DECIMAL_DIG)
	HAS(PRIdLEAST8) HAS(PRIiFAST16) HAS(PRIo32) HAS(PRIu64) HAS(PRIxMAX) HAS(PRIXPTR) HAS(SCNd8) HAS(SCNiLEAST16) HAS(SCNoFAST32) HAS(SCNu64) HAS(SCNxMAX)
	once_flag once = ONCE_FLAG_INIT; (void)once;
	thread_local static int t; (void)t;
	TYPE(div_t) TYPE(ldiv_t) TYPE(lldiv_t) TYPE(imaxdiv_t) TYPE(fenv_t) TYPE(fexcept_t) TYPE(float_t) TYPE(double_t) TYPE(jmp_buf) TYPE(sig_atomic_t) TYPE(FILE) TYPE(fpos_t) TYPE(struct lconv)
	TYPE(cnd_t) TYPE(thrd_t) TYPE(tss_t) TYPE(mtx_t) TYPE(tss_dtor_t) TYPE(thrd_start_t) TYPE(clock_t) TYPE(time_t) TYPE(struct timespec) TYPE(struct tm) TYPE(mbstate_t) TYPE(char16_t) TYPE(char32_t) TYPE(wint_t) TYPE(wctrans_t) TYPE(wctype_t) TYPE(max_align_t)
}

void functions(void)
{
	HAS(isalnum) HAS(isalpha) HAS(isblank) HAS(iscntrl) HAS(isdigit) HAS(isgraph) HAS(islower) HAS(isprint) HAS(ispunct)
	HAS(isspace) HAS(isupper) HAS(isxdigit) HAS(tolower) HAS(toupper) HAS(feclearexcept) HAS(fegetexceptflag) HAS(feraiseexcept)
	HAS(fesetexceptflag) HAS(fetestexcept) HAS(fegetround) HAS(fesetround) HAS(fegetenv) HAS(feholdexcept) HAS(fesetenv)
	HAS(feupdateenv) HAS(imaxabs) HAS(imaxdiv) HAS(strtoimax) HAS(strtoumax) HAS(wcstoimax) HAS(wcstoumax) HAS(setlocale)
	HAS(localeconv) HAS(longjmp) HAS(signal) HAS(raise) HAS(remove) HAS(rename) HAS(tmpfile) HAS(tmpnam) HAS(fclose) HAS(fflush)
	HAS(fopen) HAS(freopen) HAS(setbuf) HAS(setvbuf) HAS(fprintf) HAS(fscanf) HAS(printf) HAS(scanf) HAS(snprintf) HAS(sprintf)
	HAS(sscanf) HAS(vfprintf) HAS(vfscanf) HAS(vprintf) HAS(vscanf) HAS(vsnprintf) HAS(vsprintf) HAS(vsscanf) HAS(fgetc) HAS(fgets)
	HAS(fputc) HAS(fputs) HAS(getc) HAS(getchar) HAS(putc) HAS(putchar) HAS(puts) HAS(ungetc) HAS(fread) HAS(fwrite) HAS(fgetpos)
	HAS(fseek) HAS(fsetpos) HAS(ftell) HAS(rewind) HAS(clearerr) HAS(feof) HAS(ferror) HAS(perror) HAS(atof) HAS(atoi) HAS(atol)
	HAS(atoll) HAS(strtod) HAS(strtof) HAS(strtold) HAS(strtol) HAS(strtoll) HAS(strtoul) HAS(strtoull) HAS(rand) HAS(srand)
	HAS(aligned_alloc) HAS(calloc) HAS(free) HAS(malloc) HAS(realloc) HAS(abort) HAS(atexit) HAS(at_quick_exit) HAS(exit) HAS(_Exit)
	HAS(getenv) HAS(quick_exit) HAS(system) HAS(bsearch) HAS(qsort) HAS(abs) HAS(labs) HAS(llabs) HAS(div) HAS(ldiv) HAS(lldiv)
	HAS(mblen) HAS(mbtowc) HAS(wctomb) HAS(mbstowcs) HAS(wcstombs) HAS(memcpy) HAS(memmove) HAS(strcpy) HAS(strncpy) HAS(strcat)
	HAS(strncat) HAS(memcmp) HAS(strcmp) HAS(strcoll) HAS(strncmp) HAS(strxfrm) HAS(memchr) HAS(strchr) HAS(strcspn) HAS(strpbrk)
	HAS(strrchr) HAS(strspn) HAS(strstr) HAS(strtok) HAS(memset) HAS(strerror) HAS(strlen) HAS(call_once) HAS(cnd_broadcast)
	HAS(cnd_destroy) HAS(cnd_init) HAS(cnd_signal) HAS(cnd_timedwait) HAS(cnd_wait) HAS(mtx_destroy) HAS(mtx_init) HAS(mtx_lock)
	HAS(mtx_timedlock) HAS(mtx_trylock) HAS(mtx_unlock) HAS(thrd_create) HAS(thrd_current) HAS(thrd_detach) HAS(thrd_equal)
	HAS(thrd_exit) HAS(thrd_join) HAS(thrd_sleep) HAS(thrd_yield) HAS(tss_create) HAS(tss_delete) HAS(tss_get) HAS(tss_set)
	HAS(clock) HAS(difftime) HAS(mktime) HAS(time) HAS(timespec_get) HAS(asctime) HAS(ctime) HAS(gmtime) HAS(localtime)
	HAS(strftime) HAS(mbrtoc16) HAS(c16rtomb) HAS(mbrtoc32) HAS(c32rtomb) HAS(fwprintf) HAS(fwscanf) HAS(swprintf) HAS(swscanf)
	HAS(vfwprintf) HAS(vfwscanf) HAS(vswprintf) HAS(vswscanf) HAS(vwprintf) HAS(vwscanf) HAS(wprintf) HAS(wscanf) HAS(fgetwc)
	HAS(fgetws) HAS(fputwc) HAS(fputws) HAS(fwide) HAS(getwc) HAS(getwchar) HAS(putwc) HAS(putwchar) HAS(ungetwc) HAS(wcstod)
	HAS(wcstof) HAS(wcstold) HAS(wcstol) HAS(wcstoll) HAS(wcstoul) HAS(wcstoull) HAS(wcscpy) HAS(wcsncpy) HAS(wmemcpy) HAS(wmemmove)
	HAS(wcscat) HAS(wcsncat) HAS(wcscmp) HAS(wcscoll) HAS(wcsncmp) HAS(wcsxfrm) HAS(wmemcmp) HAS(wcschr) HAS(wcscspn) HAS(wcspbrk)
	HAS(wcsrchr) HAS(wcsspn) HAS(wcsstr) HAS(wcstok) HAS(wmemchr) HAS(wcslen) HAS(wmemset) HAS(wcsftime) HAS(btowc) HAS(wctob)
	HAS(mbsinit) HAS(mbrlen) HAS(mbrtowc) HAS(wcrtomb) HAS(mbsrtowcs) HAS(wcsrtombs) HAS(iswalnum) HAS(iswalpha) HAS(iswblank)
	HAS(iswcntrl) HAS(iswdigit) HAS(iswgraph) HAS(iswlower) HAS(iswprint) HAS(iswpunct) HAS(iswspace) HAS(iswupper) HAS(iswxdigit)
	HAS(iswctype) HAS(wctype) HAS(towlower) HAS(towupper) HAS(towctrans) HAS(wctrans)
	HAS(acos) HAS(acosf) HAS(acosl) HAS(asin) HAS(asinf) HAS(asinl) HAS(atan) HAS(atanf) HAS(atanl) HAS(atan2) HAS(atan2f)
	HAS(atan2l) HAS(cos) HAS(cosf) HAS(cosl) HAS(sin) HAS(sinf) HAS(sinl) HAS(tan) HAS(tanf) HAS(tanl) HAS(acosh) HAS(acoshf)
	HAS(acoshl) HAS(asinh) HAS(asinhf) HAS(asinhl) HAS(atanh) HAS(atanhf) HAS(atanhl) HAS(cosh) HAS(coshf) HAS(coshl) HAS(sinh)
	HAS(sinhf) HAS(sinhl) HAS(tanh) HAS(tanhf) HAS(tanhl) HAS(exp) HAS(expf) HAS(expl) HAS(exp2) HAS(exp2f) HAS(exp2l) HAS(expm1)
	HAS(expm1f) HAS(expm1l) HAS(frexp) HAS(frexpf) HAS(frexpl) HAS(ilogb) HAS(ilogbf) HAS(ilogbl) HAS(ldexp) HAS(ldexpf) HAS(ldexpl)
	HAS(log) HAS(logf) HAS(logl) HAS(log10) HAS(log10f) HAS(log10l) HAS(log1p) HAS(log1pf) HAS(log1pl) HAS(log2) HAS(log2f)
	HAS(log2l) HAS(logb) HAS(logbf) HAS(logbl) HAS(modf) HAS(modff) HAS(modfl) HAS(scalbn) HAS(scalbnf) HAS(scalbnl) HAS(scalbln)
	HAS(scalblnf) HAS(scalblnl) HAS(cbrt) HAS(cbrtf) HAS(cbrtl) HAS(fabs) HAS(fabsf) HAS(fabsl) HAS(hypot) HAS(hypotf) HAS(hypotl)
	HAS(pow) HAS(powf) HAS(powl) HAS(sqrt) HAS(sqrtf) HAS(sqrtl) HAS(erf) HAS(erff) HAS(erfl) HAS(erfc) HAS(erfcf) HAS(erfcl)
	HAS(lgamma) HAS(lgammaf) HAS(lgammal) HAS(tgamma) HAS(tgammaf) HAS(tgammal) HAS(ceil) HAS(ceilf) HAS(ceill) HAS(floor)
	HAS(floorf) HAS(floorl) HAS(nearbyint) HAS(nearbyintf) HAS(nearbyintl) HAS(rint) HAS(rintf) HAS(rintl) HAS(lrint) HAS(lrintf)
	HAS(lrintl) HAS(llrint) HAS(llrintf) HAS(llrintl) HAS(round) HAS(roundf) HAS(roundl) HAS(lround) HAS(lroundf) HAS(lroundl)
	HAS(llround) HAS(llroundf) HAS(llroundl) HAS(trunc) HAS(truncf) HAS(truncl) HAS(fmod) HAS(fmodf) HAS(fmodl) HAS(remainder)
	HAS(remainderf) HAS(remainderl) HAS(remquo) HAS(remquof) HAS(remquol) HAS(copysign) HAS(copysignf) HAS(copysignl) HAS(nan)
	HAS(nanf) HAS(nanl) HAS(nextafter) HAS(nextafterf) HAS(nextafterl) HAS(nexttoward) HAS(nexttowardf) HAS(nexttowardl) HAS(fdim)
	HAS(fdimf) HAS(fdiml) HAS(fmax) HAS(fmaxf) HAS(fmaxl) HAS(fmin) HAS(fminf) HAS(fminl) HAS(fma) HAS(fmaf) HAS(fmal) HAS(cacos)
	HAS(cacosf) HAS(casin) HAS(casinf) HAS(catan) HAS(catanf) HAS(ccos) HAS(ccosf) HAS(csin) HAS(csinf) HAS(ctan) HAS(ctanf)
	HAS(cacosh) HAS(cacoshf) HAS(casinh) HAS(casinhf) HAS(catanh) HAS(catanhf) HAS(ccosh) HAS(ccoshf) HAS(csinh) HAS(csinhf)
	HAS(ctanh) HAS(ctanhf) HAS(cexp) HAS(cexpf) HAS(clog) HAS(clogf) HAS(cabs) HAS(cabsf) HAS(cpow) HAS(cpowf) HAS(csqrt)
	HAS(csqrtf) HAS(carg) HAS(cargf) HAS(cimag) HAS(cimagf) HAS(conj) HAS(conjf) HAS(cproj) HAS(cprojf) HAS(creal) HAS(crealf)
	HAS(cabsl) HAS(cargl) HAS(creall) HAS(cimagl) HAS(conjl) HAS(cprojl)
}

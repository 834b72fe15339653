/* Kernels whose types nobody says. */
#include <stdarg.h>
#include <stdint.h>

double untyped_variable = 1.5;
const char untyped_text[] = "text";

double half(double x) { return x / 2; }
float half_f32(float x) { return x / 2; }
int8_t negate(int8_t x) { return (int8_t)-x; }
uint32_t highest(void) { return 0xffffffffu; }
_Bool is_even(unsigned x) { return x % 2 == 0; }
enum direction { BACK = -1, FORTH = 1 } turn(enum direction d) { return d == BACK ? FORTH : BACK; }
typedef double real_t;
const real_t scaled(const real_t x, volatile int n) { return x * n; }
double *second(double *x) { return x + 1; }
void set(double *x, double value) { *x = value; }
double apply(double (*f)(double), double x) { return f(x); }

/* Without a prototype, C passes a float as a double. */
double times(n, x) int n; float x; { return n * x; }

long count(int n, ...)
{
	va_list list;
	long sum = 0;
	va_start(list, n);
	while (n--)
		sum += va_arg(list, long);
	va_end(list);
	return sum;
}

struct pair { double a, b; };
double add_pair(struct pair p) { return p.a + p.b; }
struct pair make_pair(double a) { struct pair p = { a, a }; return p; }

/* Types that no call can pass. */
long double long_half(long double x) { return x / 2; }
double from_long(int n, long double x) { return n * (double)x; }
float _Complex turned(float _Complex z) { return z * 1.0if; }
__int128 wide(__int128 x) { return x + 1; }
struct handle { long number; };
long number_of(struct handle h) { return h.number; }
union either { long number; double *place; };
long either_of(union either e) { return e.number; }
#ifdef __x86_64__
__attribute__((ms_abi)) long foreign(long x, long y) { return x - y; }
#else
long foreign(long x, long y) { return x - y; }
#endif

/*
 * Arithmetic of 128-bit integers, which LLVM's code for the VE calls by these names and no library of the card is known to have.
 *
 * All of it is computed in halves, so that the compiler does not call these functions for themselves.
 */

#ifndef NAME
#define NAME(name) name
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

typedef unsigned long half;
typedef unsigned __int128 whole;
typedef __int128 integer;

typedef union {
    whole all;
    integer number;
    struct {
        half low, high;
    };
} parts;

static parts join(half high, half low)
{
    parts it;
    it.low = low;
    it.high = high;
    return it;
}

static parts split(whole value)
{
    parts it;
    it.all = value;
    return it;
}

static parts negated(parts a)
{
    return join(~a.high + (a.low == 0), ~a.low + 1);
}

static int is_negative(parts a)
{
    return (long)a.high < 0;
}

static parts magnitude(parts a)
{
    return is_negative(a) ? negated(a) : a;
}

static parts left(parts a, unsigned n)
{
    if (n >= 64)
        return join(a.low << (n - 64), 0);
    if (n == 0)
        return a;
    return join(a.high << n | a.low >> (64 - n), a.low << n);
}

static parts right(parts a, unsigned n)
{
    if (n >= 64)
        return join(0, a.high >> (n - 64));
    if (n == 0)
        return a;
    return join(a.high >> n, a.low >> n | a.high << (64 - n));
}

/* How many bits a number has. */
static unsigned width(parts a)
{
    if (a.high)
        return 128 - __builtin_clzl(a.high);
    return a.low ? 64 - __builtin_clzl(a.low) : 0;
}

HIDDEN integer NAME(__ashlti3)(integer a, int n)
{
    return left(split(a), n & 127).number;
}

HIDDEN integer NAME(__lshrti3)(integer a, int n)
{
    return right(split(a), n & 127).number;
}

HIDDEN integer NAME(__ashrti3)(integer a, int n)
{
    parts it = split(a);
    parts moved = right(it, n &= 127);
    if (is_negative(it) && n) {
        parts filled = left(join(-1UL, -1UL), 128 - n);
        moved = join(moved.high | filled.high, moved.low | filled.low);
    }
    return moved.number;
}

/* The product of two halves. */
static parts product(half a, half b)
{
    half al = a & 0xffffffff, ah = a >> 32, bl = b & 0xffffffff, bh = b >> 32;
    half low = al * bl;
    half middle = ah * bl + (low >> 32);
    half other = al * bh + (middle & 0xffffffff);
    return join(ah * bh + (middle >> 32) + (other >> 32), other << 32 | (low & 0xffffffff));
}

HIDDEN integer NAME(__multi3)(integer a, integer b)
{
    parts x = split(a), y = split(b);
    parts it = product(x.low, y.low);
    it.high += x.low * y.high + x.high * y.low;
    return it.number;
}

static int is_less(parts a, parts b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static parts difference(parts a, parts b)
{
    return join(a.high - b.high - (a.low < b.low), a.low - b.low);
}

/* Quotient and remainder, bit by bit. A division by zero traps as that of smaller numbers does. */
static parts divided(parts a, parts b, parts *rest)
{
    parts quotient = join(0, 0);
    if (!a.high && (!b.high || !b.low)) {
        if (b.high) {
            *rest = a;
            return quotient;
        }
        *rest = join(0, a.low % b.low);
        return join(0, a.low / b.low);
    }
    if (!b.high && !b.low) {
        *rest = join(0, a.low % b.low);
        return join(0, a.low / b.low);
    }
    unsigned of_a = width(a), of_b = width(b);
    if (of_a >= of_b) {
        unsigned n = of_a - of_b;
        parts part = left(b, n);
        for (;; n--) {
            if (!is_less(a, part)) {
                a = difference(a, part);
                if (n >= 64)
                    quotient.high |= 1UL << (n - 64);
                else
                    quotient.low |= 1UL << n;
            }
            if (n == 0)
                break;
            part = right(part, 1);
        }
    }
    *rest = a;
    return quotient;
}

HIDDEN whole NAME(__udivmodti4)(whole a, whole b, whole *rest)
{
    parts left_over, it = divided(split(a), split(b), &left_over);
    if (rest)
        *rest = left_over.all;
    return it.all;
}

HIDDEN whole NAME(__udivti3)(whole a, whole b)
{
    parts rest;
    return divided(split(a), split(b), &rest).all;
}

HIDDEN whole NAME(__umodti3)(whole a, whole b)
{
    parts rest;
    divided(split(a), split(b), &rest);
    return rest.all;
}

HIDDEN integer NAME(__divti3)(integer a, integer b)
{
    parts x = split(a), y = split(b), rest;
    parts it = divided(magnitude(x), magnitude(y), &rest);
    return (is_negative(x) != is_negative(y) ? negated(it) : it).number;
}

HIDDEN integer NAME(__modti3)(integer a, integer b)
{
    parts x = split(a), rest;
    divided(magnitude(x), magnitude(split(b)), &rest);
    return (is_negative(x) ? negated(rest) : rest).number;
}

HIDDEN integer NAME(__divmodti4)(integer a, integer b, integer *rest)
{
    parts x = split(a), y = split(b), left_over;
    parts it = divided(magnitude(x), magnitude(y), &left_over);
    if (rest)
        *rest = (is_negative(x) ? negated(left_over) : left_over).number;
    return (is_negative(x) != is_negative(y) ? negated(it) : it).number;
}

/* The bits of the nearest float with so many bits of mantissa, even in the middle; an exponent that is too large is infinity. */
static half rounded(parts a, unsigned mantissa, unsigned bias)
{
    unsigned bits = width(a);
    if (bits == 0)
        return 0;
    half value;
    if (bits <= mantissa) {
        value = a.low << (mantissa - bits);
    } else {
        unsigned lost = bits - mantissa;
        parts dropped = difference(a, left(right(a, lost), lost));
        parts middle = left(join(0, 1), lost - 1);
        value = right(a, lost).low;
        if (is_less(middle, dropped) || (dropped.all == middle.all && (value & 1)))
            value++;
    }
    /* A mantissa that has become too long by one bit adds one to the exponent, as it should. */
    value += (half)(bits - 1 + bias - 1) << (mantissa - 1);
    half infinity = (half)(2 * bias + 1) << (mantissa - 1);
    return value < infinity ? value : infinity;
}

static double as_double(half bits)
{
    union {
        half bits;
        double value;
    } it = {bits};
    return it.value;
}

static float as_float(unsigned bits)
{
    union {
        unsigned bits;
        float value;
    } it = {bits};
    return it.value;
}

HIDDEN double NAME(__floatuntidf)(whole a)
{
    return as_double(rounded(split(a), 53, 1023));
}

HIDDEN double NAME(__floattidf)(integer a)
{
    parts it = split(a);
    half sign = (half)is_negative(it) << 63;
    return as_double(rounded(magnitude(it), 53, 1023) | sign);
}

HIDDEN float NAME(__floatuntisf)(whole a)
{
    return as_float((unsigned)rounded(split(a), 24, 127));
}

HIDDEN float NAME(__floattisf)(integer a)
{
    parts it = split(a);
    unsigned sign = (unsigned)is_negative(it) << 31;
    return as_float((unsigned)rounded(magnitude(it), 24, 127) | sign);
}

/* The integer in a double, cut off at the point. What no integer of 128 bits can be is not defined in C. */
static parts integer_in(double value)
{
    union {
        double value;
        half bits;
    } it = {value};
    int exponent = (int)(it.bits >> 52 & 0x7ff) - 1075;
    parts mantissa = join(0, (it.bits & 0xfffffffffffffUL) | 0x10000000000000UL);
    if (exponent >= 0)
        mantissa = exponent < 76 ? left(mantissa, exponent) : join(-1UL, -1UL);
    else
        mantissa = exponent > -53 ? right(mantissa, -exponent) : join(0, 0);
    return (long)it.bits < 0 ? negated(mantissa) : mantissa;
}

HIDDEN integer NAME(__fixdfti)(double a)
{
    return integer_in(a).number;
}

HIDDEN whole NAME(__fixunsdfti)(double a)
{
    return integer_in(a).all;
}

HIDDEN integer NAME(__fixsfti)(float a)
{
    return integer_in(a).number;
}

HIDDEN whole NAME(__fixunssfti)(float a)
{
    return integer_in(a).all;
}

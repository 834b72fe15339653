/* Compares the arithmetic that is linked for the VE with the host compiler's own. */
#define NAME(name) ours##name
#include "SOURCE"
#include <stdio.h>

static unsigned long state = 1;

static unsigned long next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A number of any width, often at an edge. */
static whole any(void)
{
    whole value = (whole)next() << 64 | next();
    unsigned bits = next() % 129;
    value = bits == 0 ? 0 : value >> (128 - bits);
    if (next() % 4 == 0)
        value = ~value;
    if (next() % 8 == 0)
        value = (whole)1 << next() % 128;
    if (next() % 8 == 0)
        value -= 1;
    return value;
}

static int wrong;

#define SAME(condition) \
    do { \
        if (!(condition) && wrong++ < 10) \
            printf("%s: %lx %lx, %lx %lx, %d\n", #condition, (long)(a >> 64), (long)a, (long)(b >> 64), (long)b, n); \
    } while (0)

int main(void)
{
    for (int i = 0; i < 300000; i++) {
        whole a = any(), b = any(), rest;
        integer x = a, y = b, left_over;
        int n = next() % 128;
        SAME((whole)ours__multi3(x, y) == a * b);
        SAME((whole)ours__ashlti3(x, n) == a << n);
        SAME((whole)ours__lshrti3(x, n) == a >> n);
        SAME(ours__ashrti3(x, n) == x >> n);
        if (b) {
            SAME(ours__udivti3(a, b) == a / b);
            SAME(ours__umodti3(a, b) == a % b);
            SAME(ours__udivmodti4(a, b, &rest) == a / b && rest == a % b);
            if (y != -1) {
                SAME(ours__divti3(x, y) == x / y);
                SAME(ours__modti3(x, y) == x % y);
                SAME(ours__divmodti4(x, y, &left_over) == x / y && left_over == x % y);
            }
        }
        SAME(ours__floatuntidf(a) == (double)a);
        SAME(ours__floattidf(x) == (double)x);
        SAME(ours__floatuntisf(a) == (float)a);
        SAME(ours__floattisf(x) == (float)x);
        double d = (double)x, u = (double)a, small = d / 0x1p70;
        if (d < 0x1p127)
            SAME(ours__fixdfti(d) == (integer)d);
        if (u < 0x1p128)
            SAME(ours__fixunsdfti(u) == (whole)u);
        SAME(ours__fixdfti(small) == (integer)small);
        float f = (float)x, g = (float)a;
        if (f < 0x1p127f)
            SAME(ours__fixsfti(f) == (integer)f);
        if (g < __builtin_inff())
            SAME(ours__fixunssfti(g) == (whole)g);
    }
    return wrong != 0;
}

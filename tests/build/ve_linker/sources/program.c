/* The same on the host: prints what the functions of library.c give, in the order of the test. */
#include <stdio.h>

long outside(long x) { return x * x + 1; }
long counter = 41;
long call_outside(long), call_pointer(long), call_maybe(long), call_other(long), data(long), tls(long), word(long), constructed(void), jump(long, long);

int main(void)
{
    printf("%ld\n", constructed());
    for (long x = 5; x < 8; x++) {
        printf("%ld\n", call_outside(x));
        printf("%ld\n", call_pointer(x));
        printf("%ld\n", call_maybe(x));
        printf("%ld\n", call_other(x));
        printf("%ld\n", data(x));
        printf("%ld\n", tls(x));
    }
    for (long n = 0; n < 3; n++)
        printf("%ld\n", word(n));
    for (long n = 0; n < 14; n++)
        printf("%ld\n", jump(n, 6));
    return 0;
}

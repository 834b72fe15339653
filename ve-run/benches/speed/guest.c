// `scalar.c` as a program: times one function and prints its result and the least time that its thread had the CPU for, in nanoseconds.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scalar.c"

static const struct {
    const char *name;
    u64 (*function)(u64);
} functions[] = {
    {"collatz", collatz}, {"sieve", sieve}, {"crc", crc}, {"fib", fib},
    {"sort", sort}, {"mandel", mandel}, {"matmul", matmul}, {"queens", queens},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

// Arguments: a function, the word that it gets, how often it is called.
int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    u64 word = strtoul(arguments[2], 0, 0), result = 0;
    for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].name, arguments[1]))
            continue;
        // The compiler must not see what is called.
        u64 (*volatile function)(u64) = functions[i].function;
        double least = 1e300;
        for (int run = atoi(arguments[3]); run > 0; run--) {
            double start = now();
            result = function(word);
            double time = now() - start;
            if (time < least)
                least = time;
        }
        printf("%lu %.0f\n", result, least);
        return 0;
    }
    return 2;
}

#include <stdint.h>

/* Does nothing but come back. */
uint64_t veo_bench_echo(uint64_t x)
{
    return x;
}

/* Steps of a generator of random numbers: each needs the one before. */
uint64_t veo_bench_work(uint64_t steps)
{
    uint64_t x = 88172645463325252u;
    for (uint64_t i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

/* Calls the kernels of `ve-kernels`, which are compiled beside it. */
#include "corpus.h"

struct moments {
    i64 count;
    double mean, squares;
};
struct extremes {
    double min, max;
};

i64 bump(i64), add_up(i64, i64, i64, i64, i64, i64, i64, i64);
double sum(const double *, i64);
void axpy(i64, double, const double *, double *), fill(double *, i64, double, double);
i32 say(const char *);
u64 peek_word(u64);
void poke_word(u64, u64);
extern i64 counter;
void shift_and_scale(const double *, double *, i64, double, double);
i64 accumulate(const double *, i64, struct moments *);
double variance(const struct moments *, i32);
void find_extremes(const double *, i64, struct extremes *);
const double *find_value(const double *, i64, double);
float percent_below(const double *, i64, float);
i64 fill_histogram(const double *, i64, i64, i64, double *, i32, double, double, float, i32);
u64 hash_bytes(const u8 *, u64), hash_global(u64, u64);
extern u8 large_global[];

TEST(basics)
{
    double x[300], y[300];
    OUT(bump(IN(i64, 5)) + bump(-1));
    OUT(counter);
    OUT(add_up(1, 2, 3, 4, 5, 6, 7, IN(i64, -100)));
    fill(x, 300, IN(double, -1), 0.37);
    fill(y, 300, 5, IN(double, -0.11));
    axpy(300, IN(double, 1.1), x, y);
    OUT(sum(x, 300));
    OUT(sum(y, 299));
    out_bytes(y, sizeof y);
    OUT(say(" said"));
    poke_word((u64)&x[3], IN(u64, 0x3ff8000000000000));
    OUT(x[3]);
    OUT(peek_word((u64)&x[4]));
}

TEST(statistics)
{
    double x[200], bins[10] = {0};
    u64 state = 3;
    for (int i = 0; i < 200; i++)
        x[i] = (double)(i64)next_random(&state) / 0x1p60;
    struct moments m = {0};
    OUT(accumulate(x, 200, &m));
    OUT(m.mean);
    OUT(variance(&m, IN(i32, 1)));
    struct extremes e;
    find_extremes(x, 200, &e);
    OUT(e.min);
    OUT(e.max);
    OUT(find_value(x, 200, x[150]) - x);
    OUT(find_value(x, 200, 1e10) == 0);
    OUT(percent_below(x, 200, IN(float, 1.25f)));
    OUT(fill_histogram(x, 200, 3, 2, bins, 10, -6, 6.5, 0.5f, 1));
    out_bytes(bins, sizeof bins);
    shift_and_scale(x, x, 200, 1.5, 3);
    OUT(x[77]);
}

TEST(memory)
{
    u8 bytes[77];
    for (int i = 0; i < 77; i++)
        bytes[i] = (u8)(i * i);
    for (u64 n = 60; n < 77; n++)
        OUT(hash_bytes(bytes + 77 - n, n));
    memcpy(large_global + (256 << 20) - 7, bytes, 60);
    OUT(hash_global((256 << 20) - 9, 70));
}

#define ECHO(name, type)                                                                   \
    void first_and_tenth_##name(type, i64, i64, i64, i64, i64, i64, i64, i64, type, type *); \
    type same_##name(type);                                                                \
    TEST(echo_##name)                                                                      \
    {                                                                                      \
        type out[2];                                                                       \
        for (double x = -100; x < 1000; x += 333.25) {                                     \
            first_and_tenth_##name((type)(i64)x, -1, -2, -3, -4, -5, -6, -7, -8, (type)(i64)(x * 3), out); \
            OUT(out[0]);                                                                   \
            OUT(out[1]);                                                                   \
            OUT(same_##name((type)(i64)-x));                                               \
        }                                                                                  \
    }

ECHO(i8, i8)
ECHO(u8, u8)
ECHO(i16, i16)
ECHO(u16, u16)
ECHO(i32, i32)
ECHO(u32, u32)
ECHO(i64, i64)
ECHO(u64, u64)
ECHO(f32, float)
ECHO(f64, double)

int main(void)
{
    RUN(basics);
    RUN(statistics);
    RUN(memory);
    RUN(echo_i8);
    RUN(echo_u8);
    RUN(echo_i16);
    RUN(echo_u16);
    RUN(echo_i32);
    RUN(echo_u32);
    RUN(echo_i64);
    RUN(echo_u64);
    RUN(echo_f32);
    RUN(echo_f64);
    return 0;
}

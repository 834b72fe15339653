/*
 * The common part of the files of the corpus: inputs that no compiler computes with in advance, and results as text.
 *
 * A file has tests; each prints one line, its name and its results. Results are printed as bits, so that nothing is lost, but
 * those of a NaN, which C leaves open. Signed overflow wraps (-fwrapv). A test uses nothing else that C leaves open, except what is
 * equal on both machines: sizes of types, two's complement, byte order.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define NOINLINE __attribute__((noinline))
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A value that the compiler has to take as it comes. */
#define IN(type, ...) (*(volatile type *)&(type){__VA_ARGS__})

/* A result. */
#define OUT(value) _Generic((value), float: out_float, double: out_double, long double: out_quad, default: out_word)(value)

static inline void out_word(u64 value)
{
    printf(" %llx", (unsigned long long)value);
}

static inline void out_double(double value)
{
    u64 bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        printf(" nan");
    else
        out_word(bits);
}

static inline void out_float(float value)
{
    u32 bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        printf(" nan");
    else
        out_word(bits);
}

static inline void out_quad(long double value)
{
    u64 bits[2];
    memcpy(bits, &value, sizeof bits);
    if (value != value)
        printf(" nan");
    else
        printf(" %llx:%016llx", (unsigned long long)bits[1], (unsigned long long)bits[0]);
}

static inline void out_text(const char *text)
{
    printf(" \"%s\"", text);
}

/* A hash of memory, for results that are too long to print. */
static inline void out_bytes(const void *memory, size_t size)
{
    const u8 *bytes = memory;
    u64 hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    out_word(hash);
}

/* Numbers without an order; the same on every machine. */
static inline u64 next_random(u64 *state)
{
    u64 x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

#define TEST(name) static void name(void)
#define RUN(name) (printf("%s", #name), name(), puts(""))

#endif

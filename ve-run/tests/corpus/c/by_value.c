/*
 * Structures by value that functions change: each function has a copy of its own.
 *
 * Objects straight from LLVM do not: its code for the VE passes the address of the caller's structure. What `veo-build` makes does.
 */
#include <stdarg.h>

#include "corpus.h"

struct small {
    u8 a;
};
struct pair {
    i64 a, b;
};
struct large {
    double x[9];
    char text[7];
};

NOINLINE int change_small(struct small it)
{
    it.a += 10;
    return it.a;
}

NOINLINE i64 change_pair(struct pair it, struct pair other)
{
    it.a *= 3;
    other.b -= it.a;
    return it.a + it.b + other.a + other.b;
}

NOINLINE double change_large(int n, struct large it, i64 more)
{
    it.x[n] += (double)more;
    it.text[n % 7] = 'x';
    return it.x[n] + it.text[0];
}

static void show(const struct large *it)
{
    out_bytes(it->x, sizeof it->x);
    out_text(it->text);
}

TEST(arguments_stay)
{
    struct small s = {IN(u8, 250)};
    OUT(change_small(s));
    OUT(change_small(s));
    OUT(s.a);
    struct pair p = {IN(i64, 5), 7};
    OUT(change_pair(p, p));
    OUT(p.a);
    OUT(p.b);
    struct large l = {{IN(double, 1), 2, 3}, "abcdef"};
    OUT(change_large(2, l, IN(i64, 100)));
    show(&l);
}

static struct pair global = {1, 2}, array[4] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};

NOINLINE i64 change_global(struct pair it)
{
    global.a += 100;
    array[2].b += 100;
    it.b++;
    global.b += it.b;
    return it.a * 1000 + it.b;
}

TEST(global_arguments)
{
    OUT(change_global(global));
    OUT(change_global(array[2]));
    OUT(change_global(array[IN(int, 2)]));
    OUT(global.a);
    OUT(global.b);
    OUT(array[2].b);
}

NOINLINE i64 deeper(int n, struct pair it)
{
    it.a += n;
    it.b ^= it.a;
    i64 below = n ? deeper(n - 1, it) : 0;
    return below * 3 + it.a - it.b;
}

TEST(recursion)
{
    struct pair it = {IN(i64, 3), 4};
    OUT(deeper(12, it));
    OUT(it.a * 10 + it.b);
}

TEST(loops)
{
    struct large it = {{1}, "loop"};
    double sum = 0;
    for (int i = 0; i < 200; i++) {
        sum += change_large(i % 9, it, i);
        if (i % 50 == 0)
            it.x[1] += 1;
    }
    OUT(sum);
    show(&it);
}

/* The last thing that a function does, with its own argument. */
NOINLINE i64 pass_on(struct pair it)
{
    it.a -= 1;
    return change_pair(it, it);
}

TEST(last_calls)
{
    struct pair it = {IN(i64, 6), 4};
    OUT(pass_on(it));
    OUT(pass_on(it));
    OUT(it.a);
}

NOINLINE i64 same_place(struct pair it, const struct pair *from)
{
    it.b = 77;
    return (&it == from) * 1000 + from->b;
}

TEST(addresses)
{
    struct pair it = {1, IN(i64, 2)};
    OUT(same_place(it, &it));
    OUT(it.b);
}

static i64 first(struct pair it) { return ++it.a; }
static i64 second(struct pair it) { return it.b++ + it.b; }

TEST(pointers_to_functions)
{
    i64 (*table[])(struct pair) = {first, second};
    struct pair it = {IN(i64, 20), 30};
    for (int i = 0; i < 6; i++)
        OUT(table[i % 2](it));
    OUT(it.a + it.b * 100);
}

NOINLINE i64 variadic(int count, ...)
{
    va_list list;
    i64 sum = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++) {
        struct pair it = va_arg(list, struct pair);
        it.a += i;
        sum = sum * 7 + it.a * it.b;
    }
    va_end(list);
    return sum;
}

TEST(without_fixed_number)
{
    struct pair it = {IN(i64, 2), 3};
    OUT(variadic(5, it, it, (struct pair){4, 5}, it, it));
    OUT(it.a);
}

union either {
    struct pair parts;
    double numbers[2];
    u8 bytes[16];
};

NOINLINE double change_union(union either it, double by)
{
    it.numbers[1] *= by;
    it.bytes[0] ^= 0xff;
    return it.numbers[1] + (double)it.parts.a;
}

TEST(unions)
{
    union either it = {.numbers = {IN(double, 1.5), 2.5}};
    OUT(change_union(it, 3));
    OUT(change_union(it, 3));
    OUT(it.numbers[1]);
    OUT(it.bytes[0]);
}

/* Structures in structures, given back changed. */
struct outer {
    struct small list[5];
    struct pair inner;
    union either either;
};

NOINLINE struct outer turned(struct outer it)
{
    struct small kept = it.list[0];
    for (int i = 0; i < 4; i++)
        it.list[i] = it.list[i + 1];
    it.list[4] = kept;
    it.inner.a = change_pair(it.inner, it.either.parts);
    return it;
}

TEST(nested)
{
    struct outer it = {{{1}, {2}, {3}, {4}, {IN(u8, 5)}}, {6, 7}, {.parts = {8, 9}}};
    struct outer other = turned(turned(it));
    for (int i = 0; i < 5; i++)
        OUT(it.list[i].a * 10 + other.list[i].a);
    OUT(it.inner.a);
    OUT(other.inner.a);
    it = turned(it);
    OUT(it.list[0].a);
}

int main(void)
{
    RUN(arguments_stay);
    RUN(global_arguments);
    RUN(recursion);
    RUN(loops);
    RUN(last_calls);
    RUN(addresses);
    RUN(pointers_to_functions);
    RUN(without_fixed_number);
    RUN(unions);
    RUN(nested);
    return 0;
}

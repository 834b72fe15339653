/* Memory: arrays, pointers, strings, arrays of unknown size, copies, allocation, storage classes, generic selection. */
#include <alloca.h>
#include <stdalign.h>
#include <stdlib.h>
#include <wchar.h>

#include "corpus.h"

NOINLINE int sum_rows(int rows, int columns, int at[rows][columns])
{
    int sum = 0;
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++)
            sum = sum * 3 + at[i][k];
    return sum + (int)sizeof at[0];
}

TEST(array_of_unknown_size)
{
    int n = IN(int, 5), m = IN(int, 7);
    int at[n][m + 1];
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= m; k++)
            at[i][k] = i * 10 + k;
    OUT(sum_rows(n, m + 1, at));
    OUT(sizeof at);
    n = 100;
    OUT(sizeof at + sizeof at[1]);
    int(*row)[m + 1] = at;
    row += 2;
    OUT((*row)[3] + row[1][2] + (int)(row - at));
}

TEST(arrays_of_unknown_size_in_a_loop)
{
    u64 sum = 0;
    for (int n = 1; n < 200; n += 9) {
        u16 room[IN(int, n)];
        char text[n * 3];
        memset(room, n, sizeof room);
        snprintf(text, sizeof text, "%0*d", n * 2, n);
        sum = sum * 31 + room[n - 1] + (u64)text[n / 2] + sizeof text;
    }
    OUT(sum);
}

NOINLINE u64 nested(int n, const u64 *above)
{
    u64 room[n + 1];
    for (int i = 0; i <= n; i++)
        room[i] = (u64)i + (above ? above[i % n] : 7);
    return n == 1 ? room[0] : nested(n - 1, room) + room[n];
}

TEST(nested_arrays_of_unknown_size)
{
    OUT(nested(IN(int, 30), 0));
}

TEST(room_on_the_stack)
{
    char *blocks[6];
    for (int i = 0; i < 6; i++) {
        blocks[i] = alloca(IN(size_t, (size_t)i * 37 + 1));
        memset(blocks[i], 'a' + i, (size_t)i * 37 + 1);
    }
    for (int i = 0; i < 6; i++) {
        OUT(((u64)blocks[i] & 15) == 0);
        OUT(blocks[i][i * 37]);
        OUT(blocks[i][0]);
    }
    u64 *aligned = __builtin_alloca_with_align(IN(size_t, 100), 64 * 8);
    *aligned = 7;
    OUT(((u64)aligned & 63) + *aligned);
}

NOINLINE int big_frame(int n)
{
    volatile u8 room[100000];
    room[n] = 1;
    room[99999] = 2;
    int sum = room[n] + room[99999];
    return n ? sum + big_frame(n - 1) : sum;
}

TEST(large_frames)
{
    OUT(big_frame(IN(int, 12)));
}

TEST(overlapping_copies)
{
    u8 bytes[100];
    for (int distance = -20; distance <= 20; distance += 3)
        for (int size = 0; size < 50; size += 7) {
            for (int i = 0; i < 100; i++)
                bytes[i] = (u8)(i * 5);
            memmove(bytes + 25 + distance, bytes + 25, IN(size_t, (size_t)size));
            out_bytes(bytes, sizeof bytes);
        }
}

#define COPY(n)                                                          \
    do {                                                                 \
        struct { u8 at[n]; } from, to;                                   \
        for (int i = 0; i < n; i++)                                      \
            from.at[i] = (u8)(i ^ n);                                    \
        memset(&to, 0xee, n);                                            \
        memcpy(to.at, from.at, n);                                       \
        memmove(from.at + n / 3, from.at, n - n / 3);                    \
        memset(to.at + n / 2, n, n - n / 2);                             \
        out_bytes(&from, n);                                             \
        out_bytes(&to, n);                                               \
        OUT(memcmp(&from, &to, n) < 0);                                  \
    } while (0)

TEST(copies_of_known_size)
{
    COPY(1);
    COPY(2);
    COPY(3);
    COPY(4);
    COPY(6);
    COPY(8);
    COPY(11);
    COPY(16);
    COPY(23);
    COPY(64);
    COPY(127);
    COPY(200);
    COPY(3000);
}

TEST(unaligned)
{
    u8 bytes[64];
    for (int i = 0; i < 64; i++)
        bytes[i] = (u8)(i * 11 + 3);
    for (int at = 0; at < 9; at++) {
        u64 a;
        u32 b;
        u16 c;
        double d;
        memcpy(&a, bytes + at, 8);
        memcpy(&b, bytes + at + 3, 4);
        memcpy(&c, bytes + at + 1, 2);
        memcpy(&d, bytes + at + 5, 8);
        OUT(a ^ b ^ c);
        OUT(d);
        a += b;
        memcpy(bytes + at + 7, &a, 8);
    }
    out_bytes(bytes, 64);
}

NOINLINE const char *by_words(const char *text)
{
    static char room[64];
    char *to = room;
    for (const char *from = text; *from; from++)
        if (*from != ' ' || (to > room && to[-1] != ' '))
            *to++ = *from;
    *to = 0;
    return room;
}

TEST(strings)
{
    static const char literal[] = "one\0two\377\x41\101\u00e4";
    OUT(sizeof literal);
    out_bytes(literal, sizeof literal);
    out_text(by_words("  a  few   words "));
    const char *again = "same", *same = "same";
    OUT(strcmp(again, same));
    OUT("indexed"[IN(int, 2)]);
    OUT(IN(int, 3)["reversed"]);
    OUT(strlen("con" "cat" "enated"));
    char changed[] = "changed", limited[4] = "full";
    changed[0] = IN(char, 'C');
    out_text(changed);
    OUT(limited[3]);
    const char *const table[] = {"zero", "one", [4] = "four"};
    OUT(table[2] == 0);
    out_text(table[IN(int, 4)]);
    OUT(*(&"abc"[1] + IN(int, 1)));
}

TEST(wide_strings)
{
    static const wchar_t wide[] = L"wide \x1f600\u20ac";
    static const u16 *const utf16 = (const u16 *)u"\U0001f600\u20acx";
    static const u32 *const utf32 = (const u32 *)U"\U0001f600z";
    static const char utf8[] = u8"\u20ac\U0001f600";
    for (const wchar_t *it = wide; *it; it++)
        OUT((u64)*it);
    for (const u16 *it = utf16; *it; it++)
        OUT(*it);
    OUT(utf32[0] + utf32[1]);
    out_bytes(utf8, sizeof utf8);
    OUT(sizeof wide + sizeof L'x' * 1000);
    OUT((u64)L"abc"[IN(int, 1)]);
}

TEST(string_functions)
{
    char room[60] = "abc";
    strcat(room, "def");
    OUT(strlen(strncat(room, "ghijkl", IN(size_t, 3))));
    out_text(room);
    OUT(strchr(room, 'e') - room);
    OUT(strrchr(room, 'z') == 0);
    OUT(strstr(room, "fgh") - room);
    OUT(strspn(room, "abcd") + 10 * strcspn(room, "gh"));
    OUT(memcmp("a\0b", "a\0c", IN(size_t, 3)) < 0);
    strncpy(room, "xy", 5);
    OUT(room[4] + room[5]);
    OUT((strcmp(room, "xz") < 0) + 2 * (strncmp(room, "xyz", 2) == 0));
    OUT((u64)((char *)memchr("hello", 'l', 5) - "hello" > 0));
    char *rest = "12 -0x1f 077 9";
    for (int i = 0; i < 4; i++)
        OUT(strtol(rest, &rest, 0));
    OUT(strtod("1.25e-3x", &rest));
    out_text(rest);
    OUT(atoi(" -42z"));
}

TEST(allocation)
{
    u32 **rows = malloc(20 * sizeof *rows);
    for (u32 i = 0; i < 20; i++) {
        rows[i] = calloc(IN(size_t, i + 1), sizeof **rows);
        OUT(rows[i][i]);
        for (u32 k = 0; k <= i; k++)
            rows[i][k] = i * k;
    }
    for (u32 i = 0; i < 20; i += 2) {
        rows[i] = realloc(rows[i], (i + 50) * sizeof **rows);
        memset(rows[i] + i + 1, 1, (49) * sizeof **rows);
    }
    u64 sum = 0;
    for (u32 i = 0; i < 20; i++) {
        for (u32 k = 0; k <= i; k++)
            sum = sum * 3 + rows[i][k];
        free(rows[i]);
    }
    free(rows);
    OUT(sum);
    void *aligned = aligned_alloc(256, 512);
    OUT((u64)aligned & 255);
    free(aligned);
}

static int counter(void)
{
    static int n = 40;
    static struct {
        char a[3];
        const int *p;
    } kept = {"ab", &n};
    kept.a[0]++;
    return ++n + *kept.p + kept.a[0];
}

static int zeros[1000];
static const int constants[4] = {1, -2, 3, -4};
static int *const pointer = &zeros[999];
static const char *words[] = {"alpha", "beta", "gamma"};
static u64 difference = (u64)sizeof zeros + sizeof constants;
static void *self = &self;

TEST(static_data)
{
    for (int i = 0; i < 3; i++)
        OUT(counter());
    *pointer = IN(int, 5);
    OUT(zeros[999] + zeros[500]);
    OUT((i64)constants[IN(int, 3)]);
    words[1] = "delta";
    out_text(words[IN(int, 1)]);
    OUT(difference);
    OUT(*(void **)self == &self);
}

TEST(pointer_arithmetic)
{
    i32 grid[4][5][6];
    i32 *flat = &grid[0][0][0];
    for (int i = 0; i < 120; i++)
        flat[i] = i * i;
    i32(*plane)[5][6] = grid + 1;
    i32(*row)[6] = plane[1] + 2;
    OUT((*row)[3]);
    OUT(*(*(*(grid + 2) + 3) + 4));
    OUT(&grid[3][0][0] - flat);
    OUT(row - grid[1]);
    OUT((char *)(plane + 1) - (char *)grid);
    i32 *end = flat + 120, *at = end;
    u64 sum = 0;
    while (at > flat)
        sum = sum * 7 + (u32)*--at;
    OUT(sum);
    OUT((end > flat) + 2 * (at == *grid[0]));
    OUT(5[flat] + flat[-1 + IN(int, 3)]);
    i32 **indirect = &at, ***more = &indirect;
    OUT(*(**more)++ + ***more);
    uintptr_t bits = (uintptr_t)at;
    OUT(*(i32 *)(bits + 4));
}

TEST(volatile_access)
{
    volatile u32 v = 5;
    volatile u8 bytes[4] = {1, 2, 3, 4};
    volatile struct {
        int a : 5;
        volatile double d;
    } it = {3, 2.5};
    v++;
    v += v * 2;
    OUT(v);
    bytes[v & 3] |= 0x80;
    OUT(bytes[3] + bytes[0]);
    it.a -= 7;
    it.d /= it.a;
    OUT(it.d);
    OUT((i64)it.a);
}

#define NAME(x) _Generic((x), char: "char", i8: "i8", u8: "u8", short: "short", int: "int", unsigned: "unsigned", long: "long", unsigned long: "ulong", \
                         float: "float", double: "double", long double: "quad", char *: "char*", const char *: "const char*", int (*)(void): "function", \
                         void *: "void*", _Bool: "bool", default: "other")

TEST(generic_selection)
{
    char c = 0;
    short s = 0;
    const char *t = "";
    out_text(NAME(c));
    out_text(NAME(+c));
    out_text(NAME('c'));
    out_text(NAME(s));
    out_text(NAME(s + 1u));
    out_text(NAME(1l + 1u));
    out_text(NAME(1.0f * 2));
    out_text(NAME(1.0f * 2.0));
    out_text(NAME(1.0L + 1));
    out_text(NAME("text"));
    out_text(NAME(t));
    out_text(NAME(counter));
    out_text(NAME((void *)0));
    out_text(NAME((_Bool)1));
    out_text(NAME(sizeof 1));
    out_text(NAME(&t - &t));
    out_text(NAME((struct { int x; }){0}));
}

TEST(alignments)
{
    struct {
        char a;
        alignas(16) char b;
        char c;
        double d;
        char e;
        long double f;
    } it;
    OUT(sizeof it);
    OUT((char *)&it.f - (char *)&it);
    OUT(alignof(double) + alignof(int) * 10 + alignof(char) * 100 + alignof(long double) * 1000 + alignof(void *) * 100000);
    static alignas(128) char statics[2][3];
    alignas(128) char local[3];
    char *volatile at = local;
    OUT(((u64)statics & 127) + ((u64)at & 127));
    OUT(__alignof__(it) + __BIGGEST_ALIGNMENT__ * 0);
}

/* Pointers that do not overlap, and ones that do although a compiler may think otherwise. */
NOINLINE void scale_apart(double *restrict to, const double *restrict from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = from[i] * 2 + to[i];
}

NOINLINE void shift_together(int *to, const int *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = from[i] + to[0];
}

NOINLINE int through_two(int *a, int *b)
{
    *a = 1;
    *b += 5;
    return *a;
}

TEST(aliases)
{
    double a[10], b[10];
    int c[12];
    for (int i = 0; i < 10; i++) {
        a[i] = IN(double, i);
        b[i] = i * 0.5;
        c[i] = i;
    }
    c[10] = c[11] = 0;
    scale_apart(a, b, 10);
    OUT(a[9]);
    shift_together(c + 1, c, 11);
    OUT(c[11]);
    shift_together(c, c + 2, 10);
    OUT(c[9]);
    int x = IN(int, 3), y = 4;
    OUT(through_two(&x, &y) + through_two(&x, &x) * 10);
}

TEST(linear_programs)
{
    /* A grid stepped in place, its edges wrapped. */
    static u8 cells[20][24], next[20][24];
    u64 state = 9;
    for (int i = 0; i < 20; i++)
        for (int k = 0; k < 24; k++)
            cells[i][k] = next_random(&state) % 3 == 0;
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 20; i++)
            for (int k = 0; k < 24; k++) {
                int around = -cells[i][k];
                for (int y = 19; y <= 21; y++)
                    for (int x = 23; x <= 25; x++)
                        around += cells[(i + y) % 20][(k + x) % 24];
                next[i][k] = around == 3 || (around == 2 && cells[i][k]);
            }
        memcpy(cells, next, sizeof cells);
    }
    out_bytes(cells, sizeof cells);
}

int main(void)
{
    RUN(array_of_unknown_size);
    RUN(arrays_of_unknown_size_in_a_loop);
    RUN(nested_arrays_of_unknown_size);
    RUN(room_on_the_stack);
    RUN(large_frames);
    RUN(overlapping_copies);
    RUN(copies_of_known_size);
    RUN(unaligned);
    RUN(strings);
    RUN(wide_strings);
    RUN(string_functions);
    RUN(allocation);
    RUN(static_data);
    RUN(pointer_arithmetic);
    RUN(volatile_access);
    RUN(generic_selection);
    RUN(alignments);
    RUN(aliases);
    RUN(linear_programs);
    return 0;
}

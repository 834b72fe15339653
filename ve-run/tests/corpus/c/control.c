/* Control: branches, loops, switches, jumps, recursion, calls through pointers, setjmp, callbacks. */
#include <setjmp.h>
#include <stdlib.h>

#include "corpus.h"

NOINLINE int dense(int x)
{
    switch (x) {
    case -2: return 17;
    case -1: x += 5; /* falls through */
    case 0: x *= 3;  /* falls through */
    case 1: return x + 100;
    case 2: return 3;
    case 3: break;
    case 4: x = 90; /* falls through */
    default: return x;
    case 5:
    case 6: return 66;
    case 7: return 77;
    case 8: return 1 - x;
    }
    return -9;
}

TEST(dense_switch)
{
    for (int x = -5; x < 12; x++)
        OUT((i64)dense(IN(int, x)));
}

NOINLINE int sparse(i64 x)
{
    switch (x) {
    case INT64_MIN: return 1;
    case -1000000000000: return 2;
    case -7: return 3;
    case 0: return 4;
    case 100: return 5;
    case 5000: return 6;
    case 0x7fffffff: return 7;
    case 0x80000000: return 8;
    case 0x100000000: return 9;
    case INT64_MAX: return 10;
    }
    return 0;
}

TEST(sparse_switch)
{
    static const i64 at[] = {INT64_MIN, -1000000000000, -7, 0, 100, 5000, 0x7fffffff, 0x80000000, 0x100000000, INT64_MAX};
    for (size_t i = 0; i < COUNT(at); i++) {
        OUT(sparse(at[i]));
        OUT(sparse((i64)((u64)at[i] + 1)));
        OUT(sparse((i64)((u64)at[i] - 1)));
    }
}

NOINLINE int ranges(u32 x)
{
    switch (x) {
    case 'a' ... 'z': return 1;
    case 'A' ... 'Z': return 2;
    case '0' ... '9': return 3;
    case 0xfffffff0 ... 0xffffffff: return 4;
    case 1000 ... 100000: return 5;
    default: return 6;
    }
}

NOINLINE int small_types(u8 a, i8 b)
{
    switch (a) {
    case 0: return 1;
    case 128: return 2;
    case 255: return 3;
    }
    switch (b) {
    case -128: return 4;
    case -1: return 5;
    case 127: return 6;
    }
    return 7;
}

TEST(switches_over_ranges)
{
    static const u32 at[] = {'a' - 1, 'a', 'm', 'z', 'z' + 1, 'A', 'Z', '0', '9', ':', 0xffffffef, 0xfffffff0, ~0u, 999, 1000, 5000, 100000, 100001};
    for (size_t i = 0; i < COUNT(at); i++)
        OUT(ranges(at[i]));
    for (int i = 0; i < 256; i += 17)
        OUT(small_types((u8)i, (i8)(i + 1)));
    OUT(small_types(IN(u8, 1), IN(i8, -128)) * 100 + small_types(IN(u8, 2), IN(i8, 127)) * 10 + small_types(IN(u8, 128), 0));
}

/* A loop that begins in its middle. */
NOINLINE void copy_unrolled(u16 *to, const u16 *from, int count)
{
    int rounds = (count + 7) / 8;
    switch (count % 8) {
    case 0: do { *to++ = *from++; /* falls through */
    case 7:      *to++ = *from++; /* falls through */
    case 6:      *to++ = *from++; /* falls through */
    case 5:      *to++ = *from++; /* falls through */
    case 4:      *to++ = *from++; /* falls through */
    case 3:      *to++ = *from++; /* falls through */
    case 2:      *to++ = *from++; /* falls through */
    case 1:      *to++ = *from++;
            } while (--rounds > 0);
    }
}

TEST(switch_into_a_loop)
{
    u16 from[40], to[40];
    for (int i = 0; i < 40; i++)
        from[i] = (u16)(i * 1237);
    for (int n = 1; n <= 40; n += 3) {
        memset(to, 0, sizeof to);
        copy_unrolled(to, from, IN(int, n));
        out_bytes(to, sizeof to);
    }
}

NOINLINE int jumps(int n)
{
    int steps = 0;
again:
    steps++;
    if (n == 1)
        goto done;
    if (n & 1)
        goto odd;
    n /= 2;
    goto again;
odd:
    n = 3 * n + 1;
    goto again;
done:
    return steps;
}

TEST(gotos)
{
    for (int n = 1; n < 40; n += 2)
        OUT(jumps(IN(int, n)));
    int i = 0, k;
    for (;; i++)
        for (k = 0; k < 10; k++)
            if (i * k == 42)
                goto out;
out:
    OUT(i * 100 + k);
}

/* A machine with an instruction for each label. */
NOINLINE i64 interpret(const u8 *code, i64 x)
{
    static void *const labels[] = {&&push, &&add, &&multiply, &&jump_if, &&drop, &&over, &&negate, &&halt};
    i64 stack[16], *top = stack;
    *top = x;
    goto *labels[*code++];
push:
    *++top = (i8)*code++;
    goto *labels[*code++];
add:
    top--;
    *top += top[1];
    goto *labels[*code++];
multiply:
    top--;
    *top *= top[1];
    goto *labels[*code++];
jump_if:
    if (*top)
        code += (i8)*code;
    code++;
    goto *labels[*code++];
drop:
    top--;
    goto *labels[*code++];
over:
    top++;
    *top = top[-2];
    goto *labels[*code++];
negate:
    *top = -*top;
    goto *labels[*code++];
halt:
    return *top + (top - stack) * 1000000;
}

TEST(computed_goto)
{
    static const u8 simple[] = {0, 200, 1, 6, 0, 3, 2, 7};
    static const u8 squared[] = {0, 5, 5, 1, 2, 7};
    static const u8 count_up[] = {0, 1, 1, 3, (u8)-5, 0, 9, 0, 8, 4, 1, 7};
    OUT((u64)interpret(simple, IN(i64, 1000)));
    OUT((u64)interpret(squared, IN(i64, -12)));
    OUT((u64)interpret(count_up, IN(i64, -31)));
    /* Differences of labels, as for tables without relocations. */
    static const int offsets[] = {&&first - &&first, &&second - &&first, &&third - &&first};
    int which = IN(int, 2), path = 0;
    goto *(&&first + offsets[which]);
first:
    OUT(path * 10 + 1);
    return;
second:
    path = path * 10 + 2;
    goto *(&&first + offsets[0]);
third:
    path = 3;
    goto *(&&first + offsets[1]);
}

NOINLINE u64 ackermann(u64 m, u64 n)
{
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

NOINLINE int is_odd(unsigned n);
NOINLINE int is_even(unsigned n) { return n == 0 ? 1 : is_odd(n - 1); }
NOINLINE int is_odd(unsigned n) { return n == 0 ? 0 : is_even(n - 1); }

static void hanoi(int n, int from, int to, int by, u64 *path)
{
    if (n == 0)
        return;
    hanoi(n - 1, from, by, to, path);
    *path = *path * 31 + (u64)(from * 4 + to);
    hanoi(n - 1, by, to, from, path);
}

NOINLINE int mc_carthy(int n) { return n > 100 ? n - 10 : mc_carthy(mc_carthy(n + 11)); }

TEST(recursions)
{
    OUT(ackermann(IN(u64, 2), IN(u64, 9)));
    OUT(is_odd(IN(unsigned, 999)) + 2 * is_even(IN(unsigned, 1000)));
    u64 path = 0;
    hanoi(IN(int, 9), 1, 2, 3, &path);
    OUT(path);
    OUT(mc_carthy(IN(int, 12)));
}

static int solutions(unsigned row, unsigned columns, unsigned left, unsigned right, unsigned all)
{
    if (columns == all)
        return 1;
    int count = 0;
    for (unsigned free = all & ~(columns | left | right); free;) {
        unsigned bit = free & -free;
        free ^= bit;
        count += solutions(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1, all);
    }
    return count;
}

TEST(queens)
{
    OUT(solutions(0, 0, 0, 0, IN(unsigned, 0x7f)));
}

static int calls;
NOINLINE int note(int x, int result)
{
    calls = calls * 7 + x;
    return result;
}

TEST(order_and_short_circuit)
{
    calls = 0;
    OUT(note(1, 0) && note(2, 1));
    OUT(note(3, 1) || note(4, 1));
    OUT((note(1, 1) && note(2, 0)) || (note(3, 1) && !note(4, 0)));
    OUT(note(5, 0) ? note(6, 1) : note(2, 44));
    OUT((note(1, 9), note(2, 8)));
    OUT(calls);
    int x = IN(int, 0), y = x++ && x++ ? 5 : x--;
    OUT(x * 10 + y);
    int z = IN(int, 7) ?: note(1, 3);
    OUT(z + (x ?: note(6, 4)));
    OUT(calls);
}

TEST(loops)
{
    u64 sum = 0;
    for (unsigned i = IN(unsigned, 10); i-- > 0;)
        sum = sum * 3 + i;
    OUT(sum);
    int i = IN(int, 3);
    do
        sum += (u64)i;
    while (--i);
    OUT(sum);
    for (int a = 0, b = 100; a < b; a += 7, b -= 3) {
        if (a % 3 == 0)
            continue;
        sum ^= (u64)(a * b);
        if (sum % 11 == 5)
            break;
    }
    OUT(sum);
    while (sum > 10) {
        switch (sum % 4) {
        case 0: sum /= 2; continue;
        case 1: sum -= 1; break;
        default: sum = sum / 4 + 1;
        }
        if (sum == 7)
            break;
    }
    OUT(sum);
    for (u8 c = IN(u8, 250); c >= 250; c++)
        sum += c;
    OUT(sum);
    for (double x = IN(double, 1); x < 1e6; x *= 1.7)
        sum++;
    OUT(sum);
}

typedef int (*operation)(int, int);
static int plus(int a, int b) { return a + b; }
static int minus(int a, int b) { return a - b; }
static int product(int a, int b) { return a * b; }
static operation choose(char c) { return c == '+' ? plus : c == '-' ? minus : c == '*' ? product : 0; }
static operation (*chooser(int n))(char) { return n ? choose : 0; }

/* Precedence climbing: a pointer decides what is called. */
static int expression(const char **text, int level)
{
    int value;
    if (**text == '(') {
        ++*text;
        value = expression(text, 0);
        ++*text;
    } else {
        value = *(*text)++ - '0';
    }
    for (;;) {
        operation what = chooser(1)(**text);
        int of = what == product ? 2 : 1;
        if (!what || of <= level)
            return value;
        ++*text;
        value = what(value, expression(text, of));
    }
}

TEST(function_pointers)
{
    const char *text = "2+3*(4-1*3)-9*2+(1)";
    OUT((i64)expression(&text, 0));
    operation table[3] = {plus, minus, product}, *pointer = table;
    for (int i = 0; i < 3; i++)
        OUT((i64)(*pointer++)(IN(int, 6), IN(int, 9)));
    OUT(table[0] == plus && table[1] != table[2] && !choose('/'));
    OUT((u64)(sizeof(operation[3]) / sizeof(operation)));
}

static int comparisons;
static int ascending(const void *a, const void *b)
{
    comparisons++;
    return (*(const i16 *)a > *(const i16 *)b) - (*(const i16 *)a < *(const i16 *)b);
}

struct record {
    double key;
    char name[7];
};

static int by_key(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return x->key < y->key ? 1 : x->key > y->key ? -1 : strcmp(x->name, y->name);
}

TEST(sorting_by_callback)
{
    i16 numbers[60];
    u64 state = 5;
    for (int i = 0; i < 60; i++)
        numbers[i] = (i16)next_random(&state);
    qsort(numbers, 60, sizeof *numbers, ascending);
    out_bytes(numbers, sizeof numbers);
    OUT(comparisons > 60);
    i16 key = numbers[41];
    i16 *found = bsearch(&key, numbers, 60, sizeof *numbers, ascending);
    OUT(found && *found == key);
    struct record records[9];
    memset(records, 0, sizeof records);
    for (int i = 0; i < 9; i++) {
        records[i].key = IN(double, i % 3) / 7;
        snprintf(records[i].name, 7, "n%d", i * 5 % 9);
    }
    qsort(records, 9, sizeof *records, by_key);
    for (int i = 0; i < 9; i++)
        out_text(records[i].name);
}

static jmp_buf place;
static volatile int depth;

NOINLINE void dive(int n)
{
    volatile char room[50];
    room[n % 50] = 1;
    depth = n;
    if (n == 0)
        longjmp(place, 42);
    dive(n - 1);
    depth = room[0];
}

TEST(jump_out_of_depth)
{
    volatile int before = IN(int, 11);
    double kept = IN(double, 0.625);
    int result = setjmp(place);
    if (result == 0) {
        before++;
        dive(30);
        OUT(0xbad);
    }
    OUT(result);
    OUT(before);
    OUT(kept);
    OUT(depth);
}

TEST(jump_back_and_again)
{
    volatile int rounds = 0;
    jmp_buf here;
    int came = setjmp(here);
    OUT(came);
    if (rounds++ < 3)
        longjmp(here, rounds == 2 ? 0 : rounds * 10);
    OUT(rounds);
}

static jmp_buf outer_place, inner_place;

NOINLINE int guarded(int code)
{
    switch (setjmp(inner_place)) {
    case 0:
        if (code == 1)
            longjmp(inner_place, 5);
        if (code == 2)
            longjmp(outer_place, 6);
        return code;
    case 5: return 50;
    default: return -1;
    }
}

TEST(nested_places)
{
    for (volatile int code = 0; code < 4; code++) {
        if (setjmp(outer_place))
            OUT(600);
        else
            OUT(guarded(code));
    }
}

static int comparing_until(const void *a, const void *b)
{
    if (++comparisons > 20)
        longjmp(place, 1);
    return ascending(a, b);
}

/* Out of a function of the library, which is left in its middle. */
TEST(jump_through_the_library)
{
    i16 numbers[40] = {3, 2, 1};
    comparisons = 0;
    if (setjmp(place) == 0)
        qsort(numbers, 40, sizeof *numbers, comparing_until);
    OUT(comparisons > 20);
}

NOINLINE long tail(long n, long sum)
{
    if (n == 0)
        return sum;
    return tail(n - 1, sum + n * (sum & 3));
}

NOINLINE long through(long (*f)(long, long), long a, long b) { return f(b, a); }

TEST(tail_calls)
{
    OUT(tail(IN(long, 1000), 1));
    OUT(through(tail, IN(long, 5), IN(long, 60)));
}

/* A generator whose state is where it goes on. */
struct generator {
    int line, i, k;
};

static int next_pair(struct generator *it)
{
    switch (it->line) {
    case 0:
        for (it->i = 0; it->i < 4; it->i++) {
            for (it->k = it->i; it->k < 4; it->k++) {
                it->line = 1;
                return it->i * 10 + it->k;
    case 1:;
            }
        }
        it->line = 2; /* falls through */
    default: return -1;
    }
}

TEST(generator_state)
{
    struct generator it = {0};
    for (int x; (x = next_pair(&it)) >= 0;)
        OUT(x);
    OUT(it.line);
}

/* Functions within expressions, declarations within switch and for. */
TEST(statements_in_expressions)
{
    int x = IN(int, 5);
    int y = ({ int sum = 0; for (int i = 0; i < x; i++) sum += i; sum; });
    OUT(y);
    OUT(({ switch (y) { case 10: y = 3; break; default: y = 4; } y * 2; }));
    { int x = y; { int x = y + 1; OUT(x); } OUT(x); }
    OUT(x);
}

static int order[8], ordered;
__attribute__((constructor(201))) static void later(void) { order[ordered++] = 2; }
__attribute__((constructor(200))) static void earlier(void) { order[ordered++] = 1; }
__attribute__((constructor)) static void last(void) { order[ordered++] = 3; }

TEST(constructors)
{
    OUT(ordered);
    for (int i = 0; i < ordered; i++)
        OUT(order[i]);
}

static void cleaned(int *x) { calls = calls * 10 + *x; }

NOINLINE int with_cleanup(int n)
{
    int a __attribute__((cleanup(cleaned))) = 1;
    for (int i = 0; i < n; i++) {
        int b __attribute__((cleanup(cleaned))) = i + 2;
        if (i == 2)
            return b;
        if (i == 1)
            continue;
    }
    return a;
}

TEST(cleanups)
{
    calls = 0;
    OUT(with_cleanup(IN(int, 2)));
    OUT(with_cleanup(IN(int, 7)));
    OUT(calls);
}

NOINLINE u64 frame(int level)
{
    return (u64)__builtin_frame_address(0) > 4096 && __builtin_return_address(0) != 0 ? (level ? frame(level - 1) + 1 : 1) : 0;
}

TEST(frames)
{
    OUT(frame(IN(int, 5)));
    OUT(__builtin_strlen(__func__));
    out_text(__func__);
    OUT(__LINE__ > 1 && __COUNTER__ == 0);
}

int main(void)
{
    RUN(dense_switch);
    RUN(sparse_switch);
    RUN(switches_over_ranges);
    RUN(switch_into_a_loop);
    RUN(gotos);
    RUN(computed_goto);
    RUN(recursions);
    RUN(queens);
    RUN(order_and_short_circuit);
    RUN(loops);
    RUN(function_pointers);
    RUN(sorting_by_callback);
    RUN(jump_out_of_depth);
    RUN(jump_back_and_again);
    RUN(nested_places);
    RUN(jump_through_the_library);
    RUN(tail_calls);
    RUN(generator_state);
    RUN(statements_in_expressions);
    RUN(constructors);
    RUN(cleanups);
    RUN(frames);
    return 0;
}

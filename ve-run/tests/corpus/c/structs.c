/*
 * Structures, unions and arrays: as arguments and results, of all sizes, nested, packed, aligned.
 *
 * No function changes its argument: LLVM's code for the VE passes the caller's own structure instead of a copy. by_value.c does.
 */
#include "corpus.h"

/* A structure of each size: passed, changed, given back, with words around it. */
#define SIZED(n)                                                                                   \
    struct bytes_##n {                                                                             \
        u8 at[n];                                                                                  \
    };                                                                                             \
    NOINLINE struct bytes_##n turn_##n(u64 before, struct bytes_##n it, u8 after)                  \
    {                                                                                              \
        struct bytes_##n result;                                                                   \
        for (int i = 0; i < n; i++)                                                                \
            result.at[i] = it.at[n - 1 - i] * 3 + (u8)before + after;                              \
        return result;                                                                             \
    }                                                                                              \
    TEST(size_##n)                                                                                 \
    {                                                                                              \
        struct bytes_##n it;                                                                       \
        for (int i = 0; i < n; i++)                                                                \
            it.at[i] = IN(u8, i * 7 + 1);                                                          \
        struct bytes_##n other = turn_##n(5, turn_##n(7, it, 9), 11);                              \
        out_bytes(&it, n);                                                                         \
        out_bytes(&other, n);                                                                      \
    }

SIZED(1)
SIZED(2)
SIZED(3)
SIZED(4)
SIZED(5)
SIZED(7)
SIZED(8)
SIZED(9)
SIZED(12)
SIZED(15)
SIZED(16)
SIZED(17)
SIZED(24)
SIZED(33)
SIZED(64)
SIZED(100)
SIZED(255)
SIZED(1000)

struct mixed {
    char a;
    double b;
    short c;
    float d;
    i64 e;
    u8 f[3];
    float g;
};

NOINLINE struct mixed twice(struct mixed argument)
{
    struct mixed it = argument;
    it.a *= 2;
    it.b *= 2;
    it.c *= 2;
    it.d *= 2;
    it.e *= 2;
    it.f[1] *= 2;
    it.g *= 2;
    return it;
}

static void show_mixed(struct mixed it)
{
    OUT(it.a);
    OUT(it.b);
    OUT((i64)it.c);
    OUT(it.d);
    OUT(it.e);
    OUT(it.f[0] | it.f[1] << 8 | it.f[2] << 16);
    OUT(it.g);
}

TEST(mixed_members)
{
    struct mixed it = IN(struct mixed, -7, 1.25, -300, -0.5f, INT64_MIN + 5, {1, 130, 3}, 3e10f);
    show_mixed(twice(twice(it)));
    show_mixed(it);
    OUT(sizeof it + offsetof(struct mixed, e) * 1000);
}

/* Structures among more words than registers take. */
NOINLINE double many_structures(int a, struct mixed b, float c, struct bytes_3 d, double e, struct bytes_16 f, char g, struct bytes_1 h, long i, float j,
                                struct mixed k, short l, struct bytes_33 m)
{
    return a + b.b + (double)c + d.at[2] + e + f.at[15] + g + h.at[0] + (double)i + (double)j + (double)k.g + l + m.at[32];
}

TEST(structures_beyond_registers)
{
    struct mixed x = {1, 2.5, 3, 4.5f, 5, {6, 7, 8}, 9.5f};
    struct bytes_3 y = {{1, 2, 3}};
    struct bytes_16 z = {{[15] = 99}};
    struct bytes_33 w = {{[32] = 77}};
    OUT(many_structures(IN(int, 1), x, IN(float, 2.25f), y, IN(double, -4.5), z, 'x', (struct bytes_1){200}, IN(long, -1000000), IN(float, 0.125f), x, IN(short, -9), w));
}

/* The hidden pointer of the result moves the arguments. */
struct three {
    long a, b, c;
};

NOINLINE struct three sums(long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
    return (struct three){a + b + c, d - e - f, g * h * i};
}

TEST(hidden_result)
{
    struct three it = sums(1, 2, 3, 4, 5, 6, 7, 8, 9);
    OUT(it.a);
    OUT(it.b);
    OUT(it.c);
    OUT(sums(it.c, it.b, it.a, 4, 3, 2, 1, 0, -1).a);
}

/* A result that is written while its arguments are read. */
NOINLINE struct three rotate(struct three it)
{
    return (struct three){it.b, it.c, it.a};
}

TEST(result_into_its_argument)
{
    struct three it = {IN(long, 1), IN(long, 2), IN(long, 3)};
    it = rotate(it);
    OUT(it.a * 100 + it.b * 10 + it.c);
    struct three *volatile alias = &it;
    *alias = rotate(rotate(it));
    OUT(it.a * 100 + it.b * 10 + it.c);
}

struct floats {
    float x, y, z;
};
struct doubles {
    double x, y;
};

NOINLINE struct floats cross(struct floats a, struct floats b)
{
    return (struct floats){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

NOINLINE struct doubles times(struct doubles a, struct doubles b)
{
    return (struct doubles){a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}

TEST(structures_of_floats)
{
    struct floats a = IN(struct floats, 1.5f, -2, 3), b = IN(struct floats, 0.25f, 7, -1e10f);
    struct floats c = cross(a, b);
    OUT(c.x);
    OUT(c.y);
    OUT(c.z);
    struct doubles d = IN(struct doubles, 0.5, 0.875);
    for (int i = 0; i < 10; i++)
        d = times(d, d);
    OUT(d.x);
    OUT(d.y);
}

union all {
    i8 small;
    u64 large;
    float single;
    double number;
    u8 bytes[12];
    struct {
        u16 low;
        u32 middle;
    } parts;
    void *pointer;
};

NOINLINE union all shake(union all argument, int how)
{
    union all it = argument;
    switch (how) {
    case 0: it.small++; break;
    case 1: it.large = ~it.large; break;
    case 2: it.single *= 3; break;
    case 3: it.number /= 3; break;
    case 4: it.bytes[11] = it.bytes[0]; break;
    default: it.parts.middle ^= it.parts.low;
    }
    return it;
}

TEST(unions)
{
    union all it = {.large = IN(u64, 0x400921fb54442d18)};
    memset(it.bytes + 8, 0, 4);
    for (int i = 0; i < 12; i++) {
        it = shake(it, i % 6);
        for (int k = 0; k < 12; k += 4)
            OUT(it.bytes[k] | it.bytes[k + 1] << 8 | it.bytes[k + 2] << 16 | (u64)it.bytes[k + 3] << 24);
    }
    OUT(sizeof it);
}

union one {
    float f;
};
struct only_float {
    union one it[1];
};

NOINLINE struct only_float half(struct only_float argument)
{
    struct only_float it = argument;
    it.it[0].f /= 2;
    return it;
}

TEST(wrapped_float)
{
    struct only_float it = {{{IN(float, 7.5f)}}};
    OUT(half(half(it)).it[0].f);
}

struct empty {};

NOINLINE long with_empty(long a, struct empty nothing, long b, struct empty other)
{
    (void)nothing;
    (void)other;
    return a * 10 + b;
}

TEST(empty_structures)
{
    struct empty it;
    OUT(with_empty(IN(long, 4), it, IN(long, 2), it));
    OUT(sizeof it);
}

struct __attribute__((packed)) tight {
    u8 a;
    u64 b;
    u16 c;
    double d;
    u8 e;
    u32 f;
    float g;
};

NOINLINE struct tight loosen(struct tight argument)
{
    struct tight it = argument;
    it.b += it.a;
    it.c ^= (u16)it.b;
    it.d = it.d * it.c;
    it.f -= it.e;
    it.g += it.f;
    return it;
}

TEST(packed)
{
    struct tight array[3];
    for (int i = 0; i < 3; i++) {
        array[i] = IN(struct tight, (u8)(i + 1), 0x1122334455667788u * (u64)(i + 1), 0xabcd, 1.5, 200, 0xfffffff0, 2.5f);
        array[i] = loosen(array[i]);
    }
    out_bytes(array, sizeof array);
    u64 *volatile unaligned = (u64 *)&array[1].b;
    OUT(*unaligned);
    OUT(array[2].d);
    OUT(array[1].g);
    OUT(sizeof array);
}

struct __attribute__((aligned(64))) spacious {
    int x;
};

NOINLINE u64 where(struct spacious it, int n)
{
    struct spacious local = it;
    struct spacious *volatile place = &local;
    return n ? where(*place, n - 1) | ((u64)place & 63) : ((u64)place & 63) + (u64)place->x * 1000;
}

TEST(aligned_structures)
{
    OUT(where((struct spacious){IN(int, 5)}, 0));
    OUT(where((struct spacious){IN(int, 7)}, 3));
    OUT(sizeof(struct spacious) + _Alignof(struct spacious) * 1000);
    _Alignas(256) char room[3];
    _Alignas(32) int n = IN(int, 3);
    char *volatile at = room;
    int *volatile also = &n;
    OUT(((u64)at & 255) + ((u64)also & 31) + (u64)*also);
}

struct tree {
    int key;
    struct tree *left, *right;
    struct {
        struct {
            i16 deep[2][3];
        } inner;
        u8 tail;
    } outer;
};

NOINLINE struct tree *insert(struct tree *root, struct tree *node)
{
    if (!root)
        return node;
    if (node->key < root->key)
        root->left = insert(root->left, node);
    else
        root->right = insert(root->right, node);
    return root;
}

NOINLINE void walk(const struct tree *root, int depth)
{
    if (!root)
        return;
    walk(root->left, depth + 1);
    OUT((u64)root->key << 8 | (u64)depth);
    OUT((i64)root->outer.inner.deep[1][2]);
    walk(root->right, depth + 1);
}

TEST(nested_and_linked)
{
    struct tree nodes[12] = {0}, *root = 0;
    for (int i = 0; i < 12; i++) {
        nodes[i].key = IN(int, i * 7 % 12);
        nodes[i].outer.inner.deep[1][2] = (i16)(-i * 1000);
        nodes[i].outer.tail = (u8)i;
        root = insert(root, &nodes[i]);
    }
    walk(root, 0);
}

struct flexible {
    u32 count;
    u16 items[];
};

NOINLINE u64 total(const struct flexible *it)
{
    u64 sum = 0;
    for (u32 i = 0; i < it->count; i++)
        sum += it->items[i];
    return sum;
}

static struct flexible initialised = {4, {1, 10, 100, 1000}};

TEST(flexible_array)
{
    OUT(total(&initialised));
    u64 room[8];
    struct flexible *it = (struct flexible *)room;
    it->count = 20;
    for (u32 i = 0; i < it->count; i++)
        it->items[i] = (u16)(i * i * i);
    OUT(total(it));
    OUT(sizeof *it + offsetof(struct flexible, items));
}

struct callbacks {
    struct three (*make)(long, long, long, long, long, long, long, long, long);
    struct three (*turn)(struct three);
    double (*weigh)(const struct callbacks *, struct doubles);
};

static double weigh(const struct callbacks *self, struct doubles it)
{
    struct three made = self->turn(self->make(1, 2, 3, 4, 5, 6, 7, 8, (long)it.x));
    return it.y * (double)(made.a - made.b * made.c);
}

TEST(methods)
{
    struct callbacks table[2] = {{sums, rotate, weigh}, {.weigh = weigh, .turn = rotate, .make = sums}};
    const struct callbacks *volatile it = &table[1];
    OUT(it->weigh(&table[0], (struct doubles){3.7, 0.5}));
    OUT(table[IN(int, 0)].weigh(it, (struct doubles){-2.2, 4}));
}

static const struct {
    const char *name;
    int numbers[3];
    struct {
        double x, y;
    } point;
    const void *self;
} designated[] = {
    [2] = {.numbers = {[1] = 5}, .name = "two", .point.y = 2.5},
    [0] = {"zero", {1, 2}, {.x = -1}},
    [3].name = "three",
    [3].numbers[2] = 9,
    [5] = {.self = &designated[2].point},
};

TEST(designated_initialisers)
{
    for (size_t i = 0; i < COUNT(designated); i++) {
        out_text(designated[i].name ? designated[i].name : "(none)");
        for (int k = 0; k < 3; k++)
            OUT(designated[i].numbers[k]);
        OUT(designated[i].point.x);
        OUT(designated[i].point.y);
    }
    OUT(*(const double *)((const char *)designated[5].self + 8));
    static int table[] = {[3] = 1, 2, [1] = 7, [8 ... 11] = 6, [10] = 4};
    for (size_t i = 0; i < COUNT(table); i++)
        OUT(table[i]);
}

NOINLINE long sum_of(const struct three *it, const int (*rows)[3])
{
    return it->a + it->b + it->c + rows[1][2];
}

TEST(compound_literals)
{
    OUT(sum_of(&(struct three){1, IN(long, 2), 3}, (const int[][3]){{1, 2, 3}, {4, 5, IN(int, 6)}}));
    int *list = (int[]){5, 6, 7, 8};
    struct three *each[2] = {&(struct three){list[0], list[1], list[2]}, &(struct three){.b = list[3]}};
    each[0]->b += each[1]->b;
    OUT(each[0]->b + each[0]->c + each[1]->a);
    OUT(((struct three){.c = IN(long, 9)}).c);
    OUT((u8[]){"text"}[2]);
    OUT(sizeof((int[]){1, 2, 3}));
}

TEST(comparison_and_copies)
{
    struct mixed a, b;
    memset(&a, 0x55, sizeof a);
    memset(&b, 0x55, sizeof b);
    OUT(!memcmp(&a, &b, sizeof a));
    a.c = IN(short, 3);
    b = a;
    OUT(b.c);
    struct mixed list[4] = {a, b, a, b};
    list[IN(int, 1)] = list[IN(int, 3)];
    list[2].e = 5;
    struct mixed *end = list + 4;
    OUT(end - &list[1]);
    OUT(end[-2].e);
    OUT((1 ? a : b).c);
    OUT((a.c++, b = a).c);
}

struct self {
    struct self *next;
    int value;
};

static struct self third = {0, 3}, second = {&third, 2}, first = {&second, 1};

NOINLINE struct self *reverse(struct self *list)
{
    struct self *result = 0;
    while (list) {
        struct self *next = list->next;
        list->next = result;
        result = list;
        list = next;
    }
    return result;
}

TEST(lists)
{
    struct self *list = reverse(&first);
    for (; list; list = list->next)
        OUT(list->value);
    struct self **place = &(struct self *){&third};
    while (*place && (*place)->value != 2)
        place = &(*place)->next;
    *place = (*place)->next;
    for (list = &third; list; list = list->next)
        OUT(list->value);
}

/* Anonymous members, and one structure inside another as if it were its beginning. */
struct shape {
    int kind;
    union {
        struct {
            double radius;
        };
        struct {
            double width, height;
        };
    };
};

NOINLINE double area(const struct shape *it)
{
    return it->kind == 0 ? it->radius * it->radius * 3 : it->width * it->height;
}

TEST(anonymous_members)
{
    OUT(area(&(struct shape){.kind = IN(int, 0), .radius = 2.5}));
    OUT(area(&(struct shape){.kind = IN(int, 1), .width = 2.5, .height = IN(double, -4)}));
    OUT(offsetof(struct shape, height));
}

int main(void)
{
    RUN(size_1);
    RUN(size_2);
    RUN(size_3);
    RUN(size_4);
    RUN(size_5);
    RUN(size_7);
    RUN(size_8);
    RUN(size_9);
    RUN(size_12);
    RUN(size_15);
    RUN(size_16);
    RUN(size_17);
    RUN(size_24);
    RUN(size_33);
    RUN(size_64);
    RUN(size_100);
    RUN(size_255);
    RUN(size_1000);
    RUN(mixed_members);
    RUN(structures_beyond_registers);
    RUN(hidden_result);
    RUN(result_into_its_argument);
    RUN(structures_of_floats);
    RUN(unions);
    RUN(wrapped_float);
    RUN(empty_structures);
    RUN(packed);
    RUN(aligned_structures);
    RUN(nested_and_linked);
    RUN(flexible_array);
    RUN(methods);
    RUN(designated_initialisers);
    RUN(compound_literals);
    RUN(comparison_and_copies);
    RUN(lists);
    RUN(anonymous_members);
    return 0;
}

/* Atomic operations of all widths and spellings, and thread-local variables. */
#include <stdatomic.h>

#include "corpus.h"

/* All operations of the builtins on one type, around its edges. */
#define BUILTINS(type)                                                                                  \
    TEST(builtins_##type)                                                                               \
    {                                                                                                   \
        struct {                                                                                        \
            type before, it, after;                                                                     \
        } place = {(type)0x5555555555555555, (type)-2, (type)0xaaaaaaaaaaaaaaaa};                       \
        type *p = &place.it, expected, other = IN(type, 77);                                            \
        OUT((u64)__atomic_fetch_add(p, (type)5, __ATOMIC_SEQ_CST));                                     \
        OUT((u64)__atomic_fetch_sub(p, (type)100, __ATOMIC_RELAXED));                                   \
        OUT((u64)__atomic_fetch_or(p, (type)0x1234567, __ATOMIC_ACQUIRE));                              \
        OUT((u64)__atomic_fetch_and(p, (type)~0x40, __ATOMIC_RELEASE));                                 \
        OUT((u64)__atomic_fetch_xor(p, (type)0xff, __ATOMIC_ACQ_REL));                                  \
        OUT((u64)__atomic_fetch_nand(p, (type)0x3c, __ATOMIC_SEQ_CST));                                 \
        OUT((u64)__atomic_add_fetch(p, (type)-9, __ATOMIC_SEQ_CST));                                    \
        OUT((u64)__atomic_nand_fetch(p, (type)0x77, __ATOMIC_SEQ_CST));                                 \
        OUT((u64)__atomic_load_n(p, __ATOMIC_ACQUIRE));                                                 \
        OUT((u64)__atomic_exchange_n(p, (type)3, __ATOMIC_SEQ_CST));                                    \
        expected = 4;                                                                                   \
        OUT(__atomic_compare_exchange_n(p, &expected, (type)9, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)); \
        OUT((u64)expected);                                                                             \
        OUT(__atomic_compare_exchange_n(p, &expected, (type)-9, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)); \
        OUT((u64)*p);                                                                                   \
        __atomic_exchange(p, &other, &expected, __ATOMIC_SEQ_CST);                                      \
        OUT((u64)expected + (u64)*p);                                                                   \
        __atomic_store_n(p, (type)-1, __ATOMIC_RELEASE);                                                \
        OUT((u64)__sync_fetch_and_add(p, 1));                                                           \
        OUT((u64)__sync_sub_and_fetch(p, 1));                                                           \
        OUT((u64)__sync_val_compare_and_swap(p, (type)-1, (type)8));                                    \
        OUT(__sync_bool_compare_and_swap(p, (type)7, (type)6));                                         \
        OUT((u64)__sync_fetch_and_nand(p, (type)12));                                                   \
        OUT((u64)__sync_lock_test_and_set(p, (type)1));                                                 \
        __sync_lock_release(p);                                                                         \
        __sync_synchronize();                                                                           \
        OUT((u64)*p);                                                                                   \
        OUT((u64)place.before);                                                                         \
        OUT((u64)place.after);                                                                          \
    }

BUILTINS(u8)
BUILTINS(i8)
BUILTINS(u16)
BUILTINS(i16)
BUILTINS(u32)
BUILTINS(i32)
BUILTINS(u64)
BUILTINS(i64)

static _Atomic int counter = 5;
static atomic_ullong large = 0xfffffffffffffff0;
static _Atomic(u8) small = 250;
static _Atomic i16 middle;
static atomic_bool flag;
static atomic_flag lock = ATOMIC_FLAG_INIT;

TEST(atomic_types)
{
    counter += 10;
    counter++;
    --counter;
    counter *= 3;
    counter ^= 0xff;
    OUT((i64)counter);
    large += 0x20;
    large <<= 3;
    OUT(large);
    OUT(small++);
    small += 10;
    OUT(small);
    OUT(++small);
    middle -= 7;
    middle *= 300;
    OUT((i64)middle);
    middle |= 1;
    OUT((i64)middle-- + middle);
    flag = counter;
    OUT(flag);
    OUT(atomic_flag_test_and_set(&lock) + 2 * atomic_flag_test_and_set(&lock));
    atomic_flag_clear(&lock);
    OUT(atomic_flag_test_and_set_explicit(&lock, memory_order_acquire));
    OUT(atomic_fetch_add(&counter, 3));
    OUT(atomic_exchange(&small, 9));
    int expected = 0;
    while (!atomic_compare_exchange_weak(&counter, &expected, expected * 2 + 1))
        ;
    OUT((i64)counter);
    OUT(atomic_is_lock_free(&counter) + 2 * atomic_is_lock_free(&large) + 4 * atomic_is_lock_free(&small));
}

TEST(atomic_floats)
{
    _Atomic double d = IN(double, 0.5);
    _Atomic float f = IN(float, 3);
    d += 1.25;
    d /= 3;
    f *= f;
    f++;
    OUT((double)d);
    OUT((float)f);
    d = f;
    OUT((double)d);
}

static int numbers[10];

TEST(atomic_pointers)
{
    int *_Atomic p = numbers;
    numbers[7] = IN(int, 77);
    p++;
    OUT(atomic_exchange(&p, p + 6) - numbers);
    OUT(*p);
    int *expected = numbers + 1, **at = (int **)&p;
    OUT(__atomic_compare_exchange_n(at, &expected, numbers, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    OUT(expected - numbers);
    void *_Atomic list = 0;
    struct node {
        void *next;
        int value;
    } nodes[5];
    for (int i = 0; i < 5; i++) {
        void *head = atomic_load(&list);
        nodes[i].value = i * i;
        do
            nodes[i].next = head;
        while (!atomic_compare_exchange_strong(&list, &head, &nodes[i]));
    }
    for (struct node *it = list; it; it = it->next)
        OUT(it->value);
}

struct pair {
    short a, b;
};
struct eight {
    float x;
    int y;
};

TEST(atomic_structures)
{
    _Atomic struct pair p;
    _Atomic struct eight e;
    atomic_init(&p, ((struct pair){1, IN(short, -2)}));
    atomic_init(&e, ((struct eight){1.5f, 7}));
    struct pair q = p;
    struct eight f = atomic_load(&e);
    q.a += 5;
    p = q;
    q = atomic_exchange(&p, ((struct pair){8, 9}));
    OUT(q.a * 100 + q.b);
    f.x *= 2;
    atomic_store(&e, f);
    f = e;
    OUT(f.x);
    struct pair expected = {8, 9};
    OUT(atomic_compare_exchange_strong(&p, &expected, q));
    q = p;
    OUT(q.a);
}

TEST(fences)
{
    int data = 0;
    atomic_int ready = 0;
    data = IN(int, 4);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&ready, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&ready, memory_order_acquire))
        ;
    atomic_signal_fence(memory_order_seq_cst);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    OUT(data);
}

static __thread int local = 40;
static _Thread_local u8 local_bytes[100];
__thread struct {
    char a;
    double b;
    const char *text;
} local_structure = {'x', 2.5, "thread"};
static __thread i64 zero;
__thread u16 odd_one = 7;
static _Thread_local _Alignas(64) u32 aligned = 9;
static __thread int *pointer;

NOINLINE int next_local(void)
{
    static __thread int inner = 100;
    return ++inner + local++;
}

TEST(thread_local_variables)
{
    OUT(next_local() + next_local());
    local_bytes[IN(int, 99)] = 5;
    local_bytes[50] += local_bytes[99];
    OUT(local_bytes[50]);
    OUT(local_structure.b);
    out_text(local_structure.text);
    local_structure.text = "changed";
    out_text(local_structure.text);
    zero -= 3;
    OUT(zero);
    odd_one *= 1000;
    OUT(odd_one);
    u32 *volatile at = &aligned;
    OUT(((u64)at & 63) + *at);
    pointer = &local;
    *pointer += 1000;
    OUT(local);
    u16 *volatile other = &odd_one;
    *other = 1;
    OUT(odd_one);
}

int main(void)
{
    RUN(builtins_u8);
    RUN(builtins_i8);
    RUN(builtins_u16);
    RUN(builtins_i16);
    RUN(builtins_u32);
    RUN(builtins_i32);
    RUN(builtins_u64);
    RUN(builtins_i64);
    RUN(atomic_types);
    RUN(atomic_floats);
    RUN(atomic_pointers);
    RUN(atomic_structures);
    RUN(fences);
    RUN(thread_local_variables);
    return 0;
}

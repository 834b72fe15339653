/* C++ without exceptions and run-time types: classes, templates, construction and destruction. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int64_t i64;
typedef uint64_t u64;
typedef uint8_t u8;

#define NOINLINE __attribute__((noinline))
#define IN(type, ...) (in_place<type>(type{__VA_ARGS__}))
#define TEST(name) static void name()
#define RUN(name) (printf("%s", #name), name(), puts(""))

template <typename T> T in_place(T value)
{
    volatile T place = value;
    return place;
}

static void OUT(u64 value) { printf(" %llx", (unsigned long long)value); }
static void OUT(i64 value) { OUT((u64)value); }
static void OUT(int value) { OUT((u64)(i64)value); }
static void OUT(bool value) { OUT((u64)value); }
static void OUT(const char *text) { printf(" \"%s\"", text); }
static void OUT(double value)
{
    u64 bits;
    memcpy(&bits, &value, sizeof bits);
    OUT(bits);
}

inline void *operator new(size_t, void *place) noexcept { return place; }

/* The events, as a word that grows. */
static u64 history;
static void note(u64 what) { history = history * 31 + what; }

struct Noting {
    int number;
    explicit Noting(int number) : number(number) { note(1 + (u64)number); }
    Noting(const Noting &other) : number(other.number + 100) { note(2 + (u64)number); }
    Noting(Noting &&other) : number(other.number + 1000)
    {
        other.number = 0;
        note(3 + (u64)number);
    }
    Noting &operator=(const Noting &other)
    {
        number = other.number + 10;
        note(4 + (u64)number);
        return *this;
    }
    ~Noting() { note(5 + (u64)number); }
};

struct Shape {
    virtual ~Shape() { note(7); }
    virtual double area() const = 0;
    virtual const char *name() const { return "shape"; }
    double twice() const { return area() * 2; }
};
struct Square : Shape {
    double side;
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
    const char *name() const override { return "square"; }
};
struct Cube final : Square {
    Noting kept{5};
    explicit Cube(double side) : Square(side) {}
    double area() const override { return 6 * Square::area(); }
    ~Cube() override { note(9); }
};

TEST(virtual_functions)
{
    Shape *shapes[] = {new Square(IN(double, 1.5)), new Cube(IN(double, 2)), new Square(3)};
    for (Shape *it : shapes) {
        OUT(it->area());
        OUT(it->twice());
        OUT(it->name());
        delete it;
    }
    OUT(history);
}

struct Left {
    i64 left = 1;
    virtual i64 of_left() { return left; }
    virtual ~Left() {}
};
struct Right {
    i64 right = 2;
    virtual i64 of_right() { return right; }
    virtual ~Right() {}
};
struct Both : Left, Right {
    i64 both = 3;
    i64 of_left() override { return left + both * 10; }
    i64 of_right() override { return right + both * 100; }
};
struct Base {
    i64 base = 7;
    virtual i64 value() { return base; }
};
struct First : virtual Base {
    First() { base += 1; }
};
struct Second : virtual Base {
    i64 value() override { return base * 3; }
};
struct Diamond : First, Second {
    i64 own = 9;
};

NOINLINE i64 use(Left *left, Right *right) { return left->of_left() * 1000 + right->of_right(); }
NOINLINE i64 through_base(Base *base) { return base->value(); }

TEST(several_bases)
{
    Both it;
    OUT(use(&it, &it));
    Right *right = &it;
    OUT((i64)(reinterpret_cast<char *>(right) - reinterpret_cast<char *>(&it)));
    OUT(static_cast<Both *>(right)->both);
    Diamond diamond;
    OUT(through_base(&diamond));
    First *first = &diamond;
    first->base = IN(i64, 50);
    OUT(static_cast<Second *>(&diamond)->base);
    OUT((u64)sizeof(Diamond));
}

TEST(construction_and_destruction)
{
    history = 0;
    {
        Noting a(1), b(a), c(static_cast<Noting &&>(b));
        a = c;
        Noting list[3] = {Noting(7), a, Noting(8)};
        for (Noting &it : list)
            it.number++;
        if (Noting inner(4); inner.number)
            note(77);
    }
    OUT(history);
    Noting *many = static_cast<Noting *>(operator new[](4 * sizeof(Noting)));
    for (int i = 0; i < 4; i++)
        new (many + i) Noting(i);
    for (int i = 4; i-- > 0;)
        many[i].~Noting();
    operator delete[](many);
    auto *array = new Noting[2]{Noting(20), Noting(21)};
    delete[] array;
    OUT(history);
}

NOINLINE Noting give(Noting it, const Noting &other) { return it.number > 5 ? Noting(it.number + other.number) : Noting(1); }

TEST(objects_by_value)
{
    history = 0;
    Noting a(IN(int, 6));
    Noting given = give(Noting(2), a);
    OUT(give(a, given).number);
    OUT(a.number);
    OUT(history);
}

static Noting global(11);
static int made = (note(200), 5);

NOINLINE Noting &local()
{
    static Noting kept(IN(int, 13));
    kept.number++;
    return kept;
}

TEST(static_objects)
{
    OUT(global.number);
    OUT(made);
    OUT(local().number);
    OUT(local().number);
}

static thread_local int counter = IN(int, 40);
static thread_local Noting of_thread(14);

TEST(thread_local_objects)
{
    OUT(++counter);
    OUT(of_thread.number++);
    OUT(of_thread.number);
}

template <typename T, int N> struct Vector {
    T at[N];
    constexpr T dot(const Vector &other) const
    {
        T sum{};
        for (int i = 0; i < N; i++)
            sum += at[i] * other.at[i];
        return sum;
    }
    Vector operator+(const Vector &other) const
    {
        Vector result{};
        for (int i = 0; i < N; i++)
            result.at[i] = at[i] + other.at[i];
        return result;
    }
    T &operator[](int i) { return at[i]; }
};

template <typename T> struct Kind {
    static constexpr int value = 1;
};
template <typename T> struct Kind<T *> {
    static constexpr int value = 10 + Kind<T>::value;
};
template <> struct Kind<double> {
    static constexpr int value = 5;
};
template <typename... Rest> constexpr int kinds() { return (0 + ... + Kind<Rest>::value); }
template <typename T> T largest(T a) { return a; }
template <typename T, typename... Rest> T largest(T a, Rest... rest)
{
    T other = largest<T>(rest...);
    return a > other ? a : other;
}

TEST(templates)
{
    Vector<double, 3> a{{IN(double, 1), 2, 3}}, b{{4, 5, IN(double, 6)}};
    OUT(a.dot(b));
    OUT((a + b)[2]);
    Vector<u8, 20> c{};
    c[19] = IN(u8, 200);
    OUT((int)c.dot(c));
    constexpr Vector<int, 2> fixed{{3, 4}};
    static_assert(fixed.dot(fixed) == 25);
    OUT(kinds<int, double *, char **, double>());
    OUT(largest(IN(int, 3), 9, -4, 7));
    OUT(largest(1.5, IN(double, 2.5)));
}

template <typename F> NOINLINE i64 apply(F &&f, i64 x) { return f(f(x)); }

TEST(lambdas)
{
    i64 factor = IN(i64, 3), calls = 0;
    OUT(apply([=](i64 x) { return x * factor; }, 7));
    OUT(apply([&, step = factor + 1](i64 x) mutable { calls++; return x + step++; }, 7));
    OUT(calls);
    i64 (*plain)(i64) = [](i64 x) { return x - 1; };
    OUT(plain(IN(i64, 5)));
    auto generic = [](auto a, auto b) { return a + b; };
    OUT(generic(1, 2.5));
    OUT(generic(IN(i64, -4), 1));
    auto recursive = [](auto &self, i64 n) -> i64 { return n < 2 ? n : self(self, n - 1) + self(self, n - 2); };
    OUT(recursive(recursive, 15));
}

struct Members {
    int a, b;
    int sum(int x) const { return a + b + x; }
    virtual int other(int x) { return a - b - x; }
};
struct MoreMembers : Members {
    int other(int x) override { return a * b * x; }
};

TEST(pointers_to_members)
{
    int Members::*field = IN(int, 1) ? &Members::b : &Members::a;
    int (Members::*functions[2])(int) = {reinterpret_cast<int (Members::*)(int)>(&Members::sum), &Members::other};
    Members it;
    it.a = 30, it.b = 4;
    MoreMembers more;
    more.a = 5, more.b = IN(int, 6);
    OUT(it.*field + more.*field);
    OUT((it.*functions[1])(1));
    OUT((more.*functions[1])(2));
}

struct Text {
    char *at;
    size_t length;
    Text(const char *from = "") : at(strdup(from)), length(strlen(from)) {}
    Text(const Text &other) : Text(other.at) {}
    Text(Text &&other) noexcept : at(other.at), length(other.length) { other.at = nullptr; }
    ~Text() { free(at); }
    Text &operator=(Text other)
    {
        char *kept = at;
        at = other.at;
        other.at = kept;
        length = other.length;
        return *this;
    }
    friend Text operator+(const Text &a, const Text &b)
    {
        char room[100];
        snprintf(room, sizeof room, "%s%s", a.at, b.at);
        return Text(room);
    }
    explicit operator bool() const { return length != 0; }
    bool operator<(const Text &other) const { return strcmp(at, other.at) < 0; }
};
Text operator""_text(const char *from, size_t) { return Text(from); }

TEST(operators)
{
    Text a("left"), b = "right"_text, c = a + " and "_text + b;
    OUT(c.at);
    a = c;
    c = static_cast<Text &&>(b);
    OUT(a.at);
    OUT(c.at);
    OUT(a < c);
    OUT((bool)Text());
    OUT((u64)(a + c).length);
}

namespace outer {
inline namespace first {
int value() { return 1; }
}
namespace {
int hidden() { return 2; }
}
enum class Colour : u8 { Red = 3, Green = 250 };
}
struct Bits {
    unsigned a : 3 = 5;
    int b : 4 = -3;
};
struct Pair {
    int first;
    double second;
};

TEST(small_things)
{
    OUT(outer::value() + outer::hidden());
    OUT((int)outer::Colour::Green + (int)sizeof(outer::Colour));
    Bits bits;
    bits.b--;
    OUT((int)bits.a * 100 + bits.b);
    auto [number, fraction] = Pair{IN(int, 4), 0.5};
    OUT(number + fraction);
    auto &&[x, y] = Pair{IN(int, 6), 1.5};
    x++;
    OUT(x * y);
    int list[] = {3, 1, 2}, sum = 0;
    for (int it : list)
        sum = sum * 10 + it;
    OUT(sum);
    if constexpr (sizeof(long) == 8)
        OUT("long");
    const int &bound = IN(int, 8);
    OUT(bound);
    OUT(0b1011'0001);
    OUT(R"(raw "text" \n)");
}

extern "C" int main()
{
    RUN(static_objects);
    RUN(virtual_functions);
    RUN(several_bases);
    RUN(construction_and_destruction);
    RUN(objects_by_value);
    RUN(thread_local_objects);
    RUN(templates);
    RUN(lambdas);
    RUN(pointers_to_members);
    RUN(operators);
    RUN(small_things);
    return 0;
}

// Eight functions of scalar code. Each does its work for a size and returns a number made of all results, which is the same
// wherever it runs. Functions that call themselves are static, so that each compiler may change them as it likes.

typedef unsigned long u64;
typedef unsigned u32;

#define EXPORT __attribute__((visibility("default")))

// Integers and branches: the steps of the Collatz sequences of all numbers below a limit.
EXPORT u64 collatz(u64 limit)
{
    u64 steps = 0;
    for (u64 i = 1; i < limit; i++)
        for (u64 x = i; x != 1; steps++)
            x = x & 1 ? 3 * x + 1 : x >> 1;
    return steps;
}

// Bytes in memory: the prime numbers below a limit.
EXPORT u64 sieve(u64 rounds)
{
    enum { LIMIT = 1 << 16 };
    static unsigned char composite[LIMIT];
    u64 count = 0;
    while (rounds--) {
        for (u64 i = 0; i < LIMIT; i++)
            composite[i] = 0;
        for (u64 i = 2; i < LIMIT; i++) {
            if (composite[i])
                continue;
            count++;
            for (u64 j = i * i; j < LIMIT; j += i)
                composite[j] = 1;
        }
    }
    return count;
}

// A table: the CRC-32 of bytes.
EXPORT u64 crc(u64 length)
{
    static u32 table[256];
    static unsigned char data[4096];
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    for (u32 i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7 + (i >> 8));
    u32 c = ~0u;
    for (u64 i = 0; i < length; i++)
        c = table[(c ^ data[i % sizeof data]) & 255] ^ (c >> 8);
    return ~c;
}

// Calls: Fibonacci numbers.
static u64 fibonacci(u64 n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

EXPORT u64 fib(u64 n)
{
    return fibonacci(n);
}

// Sorting: quicksort of numbers in no order.
static void quicksort(long *first, long *last)
{
    while (first < last) {
        long pivot = first[(last - first) / 2], *i = first, *j = last;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (*j > pivot)
                j--;
            if (i <= j) {
                long t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        quicksort(first, j);
        first = i;
    }
}

EXPORT u64 sort(u64 count)
{
    static long numbers[1 << 16];
    u64 seed = 88172645463325252ul, sum = 0;
    for (u64 i = 0; i < count; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        numbers[i] = (long)seed;
    }
    quicksort(numbers, numbers + count - 1);
    for (u64 i = 0; i < count; i++)
        sum = sum * 31 + (u64)numbers[i];
    return sum;
}

// Floats in registers: the Mandelbrot set.
EXPORT u64 mandel(u64 size)
{
    u64 sum = 0;
    for (u64 row = 0; row < size; row++)
        for (u64 column = 0; column < size; column++) {
            double x = -2.0 + 3.0 * (double)column / (double)size, y = -1.5 + 3.0 * (double)row / (double)size;
            double a = 0, b = 0;
            int n = 0;
            while (a * a + b * b < 4.0 && n < 200) {
                double t = a * a - b * b + x;
                b = 2 * a * b + y;
                a = t;
                n++;
            }
            sum = sum * 31 + (u64)n;
        }
    return sum;
}

// Floats in memory: the product of matrices.
EXPORT u64 matmul(u64 rounds)
{
    enum { N = 64 };
    static double a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 5 + j * 3) % 17 - 8;
            b[i][j] = (i * 7 + j) % 13 - 6;
            c[i][j] = 0;
        }
    while (rounds--)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i][j] += a[i][k] * b[k][j];
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += c[i][j] * (i + 2 * j);
    return (u64)(long)sum;
}

// Calls and bits: the ways to place queens.
static u64 place(u32 all, u32 columns, u32 left, u32 right)
{
    if (columns == all)
        return 1;
    u64 count = 0;
    for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
        u32 bit = free & -free;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

EXPORT u64 queens(u64 size)
{
    return place((1u << size) - 1, 0, 0, 0);
}

// The least a function can do.
EXPORT u64 empty(u64 word)
{
    return word;
}

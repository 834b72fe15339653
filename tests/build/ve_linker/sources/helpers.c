/* Functions that LLVM's code for the VE calls by itself. */
static long own = 5;

__attribute__((constructor)) static void begin(void)
{
    *(volatile long *)&own += 1;
}

long started(void) { return own; }

static long filled(volatile unsigned char *buffer, long n, unsigned char value)
{
    long sum = 0;
    for (long i = 0; i < n; i++)
        buffer[i] = value;
    for (long i = 0; i < n; i++)
        sum += buffer[i];
    return sum;
}

long on_stack(long n)
{
    volatile unsigned char buffer[n];
    return filled(buffer, n, 3);
}

long aligned(long n)
{
    volatile unsigned char *buffer = __builtin_alloca_with_align(n, 512 * 8);
    return (unsigned long)buffer % 512 ? -1 : filled(buffer, n, 2);
}

long product(long a, long b, long high)
{
    __int128 it = (__int128)a * b;
    return (long)(it >> (64 * high));
}

double as_double(long a, long b) { return (double)((__int128)a * b); }
long quotient(long a, long b) { return (long)(((__int128)a * (1L << 60) + b) / b); }
long rest(long a, long b) { return (long)(((__int128)a * (1L << 60) + b) % b); }

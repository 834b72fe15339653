/* Everything that needs the linker. */
typedef long (*callback)(long);
extern long outside(long);
extern long counter;
extern long maybe(long) __attribute__((weak));
long shared_total = 5;
static long own = 3;
long zeros[4];
_Thread_local long per_thread = 11;
static _Thread_local long hidden_per_thread;
static const char *const words[] = {"one", "two", "three"};
callback const table[] = {outside, 0};
callback pointer = outside;
extern long other(long);
long hidden(long) __attribute__((visibility("hidden")));
extern long hidden_value __attribute__((visibility("hidden")));

__attribute__((constructor(200))) static void second(void) { shared_total = shared_total * 10 + 2; zeros[3]++; }
__attribute__((constructor(101))) static void first(void) { shared_total = shared_total * 10 + 1; zeros[3]++; }
__attribute__((constructor)) static void last(void) { shared_total = shared_total * 10 + 3; zeros[3]++; }

long call_outside(long x) { return outside(x) + 1; }
long call_pointer(long x) { return pointer(x) + (table[0] == outside) + (table[1] == 0); }
long call_maybe(long x) { return maybe ? maybe(x) : -x; }
long call_other(long x) { return other(x) + hidden(x) + hidden_value; }
long data(long x) { own += x; zeros[1] += own; return own + shared_total + zeros[1] + counter; }
long tls(long x) { per_thread += x; hidden_per_thread += 2 * x; return per_thread * 1000 + hidden_per_thread; }
long word(long n) { return words[n][0]; }
long constructed(void) { return shared_total * 10 + zeros[3]; }
long address(long n) { return n == 0 ? (long)&shared_total : n == 1 ? (long)&own : n == 2 ? (long)call_other : (long)outside; }
/* So many cases become a table in memory. */
long jump(long n, long x)
{
    switch (n) {
    case 0: return x * 3;
    case 1: return outside(x);
    case 2: return x - own;
    case 3: return zeros[0] + 17;
    case 4: return hidden(x) * 2;
    case 5: return counter;
    case 6: return x << 4;
    case 7: own += 5; return own;
    case 8: return outside(x + 1);
    case 9: return outside(own);
    case 10: own *= 3; return 1;
    case 11: return x * 77;
    case 12: return outside(5);
    default: return -1;
    }
}

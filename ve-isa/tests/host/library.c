#include "libc.h"

static int by_value(const void *l, const void *r) { int a = *(const int *)l, b = *(const int *)r; return (a > b) - (a < b); }
static int by_first(const void *l, const void *r) { return *(const char *)l - *(const char *)r; }
static int by_text(const void *l, const void *r) { return strcmp(*(char **)l, *(char **)r); }

static void sorting(void)
{
    static int numbers[500];
    for (int n = 0; n < 60; n++) {
        int count = n < 20 ? n : (int)random_below(500);
        for (int i = 0; i < count; i++) numbers[i] = (int)random_below(n % 3 ? 1000 : 7) - 500;
        qsort(numbers, count, sizeof *numbers, by_value);
        unsigned sum = 0;
        for (int i = 0; i < count; i++) sum = sum * 17 + numbers[i];
        int key = (int)random_below(1000) - 500;
        int *found = bsearch(&key, numbers, count, sizeof *numbers, by_value);
        out("%d %u %d\n", count, sum, found ? *found : -1000);
    }
    /* Equal items keep their order, as with the library of the host; an odd size. */
    static char records[100][7];
    for (int i = 0; i < 100; i++) sprintf(records[i], "%c%05d", 'a' + (int)random_below(4), i);
    qsort(records, 100, 7, by_first);
    for (int i = 0; i < 100; i++) out("%s ", records[i]);
    char *names[] = { "delta", "alpha", "echo", "charlie", "bravo" };
    qsort(names, 5, sizeof *names, by_text);
    for (int i = 0; i < 5; i++) out("%s ", names[i]);
    out("\n");
}

static jmp_buf outer, inner;
static int depth;
static void deep(int n) { volatile int room[20]; room[n % 20] = n; if (n == 0) longjmp(outer, depth); deep(n - 1); out("%d", room[0]); }
static int jumping(const void *l, const void *r) { (void)l; (void)r; longjmp(inner, 5); }
static int middle(int a)
{
    volatile int kept = a * 3;
    int b = _setjmp(inner);
    if (b == 0) { int numbers[] = { 3, 1, 2 }; qsort(numbers, 3, 4, jumping); return -1; }
    return kept + b;
}

static void jumps(void)
{
    volatile int rounds = 0;
    int code = _setjmp(outer);
    out("came %d\n", code);
    if (rounds < 5) { rounds++; depth = rounds - 3; deep(10 * rounds); }
    out("middle %d %d\n", middle(4), middle(7));
    jmp_buf copy;
    volatile int again = 0;
    if (_setjmp(outer) == 0) { memcpy(copy, outer, sizeof copy); again = 1; longjmp(copy, 3); }
    out("again %d\n", again);
}

static void numbers(void)
{
    static const char *texts[] = {
        "", " ", "0", "-0", "+7", "  42abc", "0x1F", "0x", "0xg", "077", "08", "2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "-1",
        "zz", "1010", "+", "-", "- 1", "\t\n 12", "0b11", "deadbeef", "0X7fffffffffffffff", "99999999999999999999999999",
        "1.5", ".5", "5.", ".", "1e10", "1e", "1e+", "-2.5e-3x", "inf", "-INFINITY", "infx", "nan", "NAN(12)", "0x1.8p3", "0x.8", "0x1p", "1e400",
        "-1e400", "1e-400", "4.9e-324", "2.2250738585072011e-308", "0.1", "123456789012345678901234567890", "1e23", "8.5e-46", "3.4028236e38",
    };
    static const int bases[] = { 0, 2, 8, 10, 16, 36, 1, 37 };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *t = texts[i];
        char *end = 0;
        out("%s: %d", t, atoi("12"));
        for (unsigned k = 0; k < 8; k++) {
            errno = 0;
            long n = strtol(t, &end, bases[k]);
            out(" %ld/%ld/%d", n, end - t, errno);
            errno = 0;
            unsigned long u = strtoul(t, &end, bases[k]);
            out(" %lu/%ld/%d", u, end - t, errno);
        }
        errno = 0;
        double d = strtod(t, &end);
        out(" %.17g/%ld/%d", d, end - t, errno);
        errno = 0;
        float f = strtof(t, &end);
        union { float f; unsigned u; } bits = { f };
        out(" %x/%ld/%d\n", d != d ? 0 : bits.u, end - t, errno);
    }
    out("%d %ld %.3f\n", atoi(" -17x"), atol("123456789012"), atof("2.5e3"));
    div_t d = div(-17, 5);
    ldiv_t l = ldiv(-1700000000000, 7);
    out("%d %d %ld %ld %d %ld\n", d.quot, d.rem, l.quot, l.rem, abs(-5), labs(-50));
    srand(42);
    unsigned seed = 9;
    for (int i = 0; i < 50; i++) { out("%d ", rand()); out("%d ", rand_r(&seed)); }
    out("\n");
}

static void environment(void)
{
    out("%d", setenv("VE_ISA_TEST_NAME", "first", 1));
    out(" %s", getenv("VE_ISA_TEST_NAME"));
    out(" %d", setenv("VE_ISA_TEST_NAME", "second", 0));
    out(" %s", getenv("VE_ISA_TEST_NAME"));
    out(" %d", setenv("VE_ISA_TEST_NAME", "third", 1));
    out(" %s", getenv("VE_ISA_TEST_NAME"));
    static char entry[] = "VE_ISA_TEST_OTHER=put";
    out(" %d", putenv(entry));
    out(" %s", getenv("VE_ISA_TEST_OTHER"));
    out(" %d", unsetenv("VE_ISA_TEST_NAME"));
    out(" %s", getenv("VE_ISA_TEST_NAME") ? "still" : "gone");
    out(" %s\n", getenv("VE_ISA_TEST_OTHER"));
}

static void dates(void)
{
    static const long times[] = { 0, 1, 86399, 951782400, 1700000000, 4102444800, -1, -86400 * 365l * 20 };
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
        struct tm *t = gmtime(&times[i]);
        char text[200];
        size_t n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %A %b %j %U %y %p %%", t);
        out("%lu %s ", n, text);
        out("%d %d %s", t->tm_wday, t->tm_yday, asctime(t));
        struct tm copy = *t;
        copy.tm_mon += 14;
        copy.tm_mday -= 40;
        out("%ld", timegm(&copy));
        out(" %d %d\n", copy.tm_mon, copy.tm_mday);
        out("%lu\n", strftime(text, 4, "%Y", t));
    }
}

static void blocks(void)
{
    static unsigned char *live[200];
    static unsigned long sizes[200];
    unsigned long bad = 0;
    for (int round = 0; round < 3000; round++) {
        unsigned i = random_below(200);
        unsigned long size = random_below(1ul << random_below(14));
        if (random_below(500) == 0) size = random_below(1 << 20);
        for (unsigned long k = 0; live[i] && k < sizes[i]; k += 1 + sizes[i] / 16) bad += live[i][k] != (unsigned char)(i + k);
        switch (random_below(4)) {
        case 0: free(live[i]); live[i] = 0; sizes[i] = 0; continue;
        case 1: free(live[i]); live[i] = malloc(size); break;
        case 2:
            free(live[i]);
            live[i] = calloc(size, 1);
            for (unsigned long k = 0; k < size; k++) bad += live[i][k] != 0;
            break;
        default:
            live[i] = realloc(live[i], size + 1);
            size++;
            for (unsigned long k = 0; k < size && k < sizes[i]; k += 1 + sizes[i] / 16) bad += live[i][k] != (unsigned char)(i + k);
        }
        sizes[i] = size;
        for (unsigned long k = 0; k < size; k++) live[i][k] = (unsigned char)(i + k);
        bad += (unsigned long)live[i] % 16 != 0;
    }
    void *aligned = 0;
    for (unsigned long alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        bad += posix_memalign(&aligned, alignment, 100) != 0 || (unsigned long)aligned % alignment != 0;
        free(aligned);
        aligned = aligned_alloc(alignment, alignment);
        bad += (unsigned long)aligned % alignment != 0;
        free(aligned);
    }
    out("bad %lu", bad);
    out(" %d", posix_memalign(&aligned, 3, 100));
    volatile size_t huge = ~0ul / 2;
    errno = 0;
    out(" %d", malloc(huge) == NULL);
    out(" %d", errno);
    out(" %d\n", calloc(huge, 4) == NULL);
}

static void files(void)
{
    FILE *f = tmpfile();
    out("%d ", f != 0);
    for (int i = 0; i < 1000; i++) fprintf(f, "line %d %s\n", i, i % 5 ? "" : "five");
    out("%ld ", ftell(f));
    rewind(f);
    char line[100];
    int lines = 0;
    while (fgets(line, sizeof line, f)) lines++;
    out("%d %s %d %d ", lines, line, feof(f), ferror(f));
    out("%d ", fseek(f, -10, 2));
    out("%s ", fgets(line, 5, f));
    int c = fgetc(f);
    out("%d ", c);
    out("%d ", ungetc('Q', f));
    out("%c%c ", fgetc(f), '!');
    fseek(f, 5, 0);
    out("%lu ", fread(line, 3, 4, f));
    out("%.12s ", line);
    out("%lu ", fread(line, 1, 0, f));
    fseek(f, 0, 0);
    char *block = 0;
    size_t size = 0;
    long n = getline(&block, &size, f);
    out("%ld %s", n, block);
    n = getline(&block, &size, f);
    out("%ld %s", n, block);
    free(block);
    fseek(f, 0, 2);
    out("%d ", fgetc(f));
    out("%d ", feof(f));
    clearerr(f);
    out("%d ", feof(f));
    out("%lu ", fwrite("0123456789", 2, 5, f));
    out("%d %d ", fputs("more", f) >= 0, fputc('z', f));
    out("%ld ", ftell(f));
    out("%d ", fclose(f));
    errno = 0;
    out("%d ", fopen("/nonexistent/file", "r") == NULL);
    out("%d\n", errno);
}

static void run(void)
{
    sorting();
    jumps();
    numbers();
    environment();
    dates();
    blocks();
    files();
}

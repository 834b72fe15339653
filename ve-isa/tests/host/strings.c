#include "libc.h"

char *strsignal(int), *strerror_r(int, char *, size_t);
int __xpg_strerror_r(int, char *, size_t);

static char a[400], b[400], c[800];

/* Words over a small alphabet, so that there is something to be found. */
static void word(char *to, unsigned long longest)
{
    unsigned long length = random_below(longest + 1);
    for (unsigned long i = 0; i < length; i++) to[i] = "abAB.\xe9"[random_below(6)];
    to[length] = 0;
}

static long at(const void *found, const void *start) { return found ? (const char *)found - (const char *)start : -1; }
static int sign(int n) { return (n > 0) - (n < 0); }

static void run(void)
{
    for (int round = 0; round < 1000; round++) {
        word(a, round % 7 == 0 ? 300 : 12);
        word(b, round % 3 == 0 ? 2 : 12);
        unsigned long n = random_below(14);
        int letter = "abAB.\xe9"[random_below(6)];
        out("%d: <%s> <%s> %lu ", round, a, b, n);
        out("%lu %lu ", strlen(a), strnlen(a, n));
        out("%d %d ", sign(strcmp(a, b)), sign(strncmp(a, b, n)));
        out("%d %d ", sign(strcasecmp(a, b)), sign(strncasecmp(a, b, n)));
        out("%ld %ld %ld ", at(strchr(a, letter), a), at(strrchr(a, letter), a), at(strchrnul(a, letter), a));
        out("%ld %ld ", at(strstr(a, b), a), at(strcasestr(a, b), a));
        out("%lu %lu %ld ", strspn(a, b), strcspn(a, b), at(strpbrk(a, b), a));
        out("%ld %ld ", at(memchr(a, letter, strlen(a)), a), at(memrchr(a, letter, strlen(a)), a));
        out("%ld ", at(memmem(a, strlen(a), b, strlen(b)), a));
        out("%d ", sign(memcmp(a, b, n < 3 ? n : 3)));
        memset(c, '#', sizeof c);
        strcpy(c, a);
        strcat(c, b);
        strncat(c, a, n);
        out("<%s> ", c);
        memset(c, '#', 40);
        c[40] = 0;
        out("%ld ", at(strncpy(c, b, n), c));
        out("<%s> ", c + n);
        out("%ld %ld ", at(stpcpy(c, b), c), at(stpncpy(c, b, n), c));
        memset(c, '#', 40);
        out("%ld ", at(memccpy(c, b, letter, strlen(b)), c));
        out("%ld ", at(mempcpy(c, b, n), c));
        out("<%.20s> ", c + n);
        for (int i = 0; i < 100; i++) c[i] = (char)(i + 1);
        unsigned long to = random_below(50), from = random_below(50), length = random_below(50);
        memmove(c + to, c + from, length);
        unsigned sum = 0;
        for (int i = 0; i < 100; i++) sum = sum * 31 + (unsigned char)c[i];
        out("%u ", sum);
        strcpy(c, a);
        for (char *t = strtok(c, ".A"); t; t = strtok(0, ".A")) out("[%s]", t);
        strcpy(c, a);
        char *rest, *left = c;
        for (char *t = strtok_r(c, b, &rest); t; t = strtok_r(0, b, &rest)) out("(%s)", t);
        strcpy(c, a);
        for (char *t; (t = strsep(&left, ".b"));) out("{%s}", t);
        char *one = strdup(a), *two = strndup(a, n);
        out(" %s %s\n", one, two);
        free(one);
        free(two);
    }
    for (int i = -1; i < 256; i++) {
        out("%d:", i);
        out("%d%d%d%d%d", !!isalnum(i), !!isalpha(i), !!isblank(i), !!iscntrl(i), !!isdigit(i));
        out("%d%d%d%d", !!isgraph(i), !!islower(i), !!isprint(i), !!ispunct(i));
        out("%d%d%d %d %d\n", !!isspace(i), !!isupper(i), !!isxdigit(i), tolower(i), toupper(i));
    }
    for (int i = 0; i < 135; i++) out("%s\n", strerror(i));
    out("%s, %s, ", strerror(1), strerror(2)); out("%s, %s\n", strsignal(11), strsignal(8));
    static const int errors[] = { 0, 2, 41, 58, 133, 134, -1, 1 << 30 }, rooms[] = { 0, 1, 9, 10, 17, 18, 26, 27, 100 };
    for (int i = 0; i < sizeof errors / sizeof *errors; i++)
        for (int room = 0; room < sizeof rooms / sizeof *rooms; room++) {
            strcpy(a, "before");
            int error = __xpg_strerror_r(errors[i], a, rooms[room]);
            out("%d %d %d <%s> ", errors[i], rooms[room], error, a);
            strcpy(a, "before");
            const char *text = strerror_r(errors[i], a, rooms[room]);
            out("<%s> <%s> %d\n", a, text, text == a);
        }
}

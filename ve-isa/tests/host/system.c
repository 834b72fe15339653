#include "libc.h"

int open(const char *, int, ...), close(int), access(const char *, int), mkdir(const char *, unsigned), rmdir(const char *), unlink(const char *), rename(const char *, const char *), isatty(int), dup(int), fsync(int), ftruncate(int, long), mkstemp(char *), fileno(FILE *);
long read(int, void *, size_t), write(int, const void *, size_t), lseek(int, long, int), pread(int, void *, size_t, long), pwrite(int, const void *, size_t, long);
FILE *fdopen(int, const char *);
char *getcwd(char *, size_t), *realpath(const char *, char *);
struct stat { unsigned long dev, ino, nlink; unsigned mode, uid, gid, unused; unsigned long rdev; long size, blksize, blocks, times[6], reserved[3]; };
int stat(const char *, struct stat *), fstat(int, struct stat *), lstat(const char *, struct stat *);
void *mmap(void *, size_t, int, int, int, long);
int munmap(void *, size_t), getppid(void), getpid(void);
unsigned getuid(void);
struct utsname { char names[6][65]; };
int uname(struct utsname *);

static void files(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", other[64], directory[64], text[64];
    int file = mkstemp(name);
    out("%d %d ", file >= 0, strcmp(name, "/tmp/ve-isa-host-XXXXXX") != 0);
    sprintf(other, "%s.other", name);
    sprintf(directory, "%s.dir", name);
    out("%ld ", write(file, "hello world\n", 12)); out("%ld ", lseek(file, 6, 0));
    memset(text, 0, sizeof text);
    out("%ld ", read(file, text, 5)); out("%s ", text);
    out("%ld ", pwrite(file, "HE", 2, 0)); out("%ld ", pread(file, text, 4, 0)); out("%.5s ", text);
    out("%d ", ftruncate(file, 8)); out("%ld ", lseek(file, 0, 2)); out("%d ", fsync(file));
    struct stat s;
    out("%d ", fstat(file, &s)); out("%ld %o ", s.size, s.mode);
    out("%d ", isatty(file));
    int copy = dup(file);
    out("%d ", copy >= 0); out("%d ", close(copy));
    errno = 0;
    out("%d ", close(copy)); out("%d ", errno);
    out("%d %d ", access(name, 0), access(other, 0));
    out("%d ", rename(name, other)); out("%d %d ", access(name, 0), access(other, 4));
    out("%d ", stat(other, &s)); out("%ld %lu ", s.size, s.nlink);
    errno = 0;
    out("%d ", lstat(name, &s)); out("%d ", errno);
    FILE *stream = fdopen(file, "r+");
    out("%d %d ", stream != 0, fseek(stream, 0, 0)); out("%s ", fgets(text, 5, stream)); out("%d ", fclose(stream));
    out("%d ", unlink(other));
    out("%d ", mkdir(directory, 0700)); out("%d ", stat(directory, &s)); out("%o ", s.mode); errno = 0; out("%d ", mkdir(directory, 0700)); out("%d ", errno); out("%d ", rmdir(directory));
    errno = 0;
    out("%d ", open("/nonexistent/x", 0)); out("%d ", errno);
    file = open(name, 0102, 0600);
    out("%d ", file >= 0); out("%ld ", write(file, "abc", 3)); out("%d %d ", close(file), unlink(name));
    errno = 0;
    out("%ld ", read(999, text, 1)); out("%d ", errno);
    out("%d ", getcwd(text, 2) == 0);
    char *here = getcwd(0, 0), *same = realpath(".", 0);
    out("%d ", strcmp(here, same));
    out("%d ", realpath("/nonexistent/a/b", 0) == 0);
    struct utsname u;
    out("%d %s ", uname(&u), u.names[0]);
    out("%d %d\n", getppid() > 0, getpid() > 0);
    char *pages = mmap(0, 200000, 3, 0x22, -1, 0);
    pages[0] = pages[199999] = 7;
    out("%d ", pages[100] + pages[199999]); out("%d ", munmap(pages, 200000));
    out("%d\n", mmap(0, 0, 3, 0x22, -1, 0) == (void *)-1);
}

int link(const char *, const char *), symlink(const char *, const char *), fchmod(int, unsigned), chown(const char *, unsigned, unsigned), fchown(int, unsigned, unsigned);
long readlink(const char *, char *, size_t), sysconf(int);
int fcntl(int, int, ...), ioctl(int, unsigned long, ...), utime(const char *, const long *), utimes(const char *, const long *), utimensat(int, const char *, const long *, int), futimens(int, const long *);
char *tmpnam(char *), *mktemp(char *);
void setbuffer(FILE *, char *, size_t);
static void names(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", other[64], symbolic[64], text[64] = "";
    int file = mkstemp(name);
    struct stat s;
    sprintf(other, "%s.other", name);
    sprintf(symbolic, "%s.symbolic", name);
    out("%d ", link(name, other)); out("%d ", stat(other, &s)); out("%lu ", s.nlink); errno = 0; out("%d ", link(name, other)); out("%d ", errno);
    out("%d ", symlink("some/where", symbolic)); out("%ld ", readlink(symbolic, text, 5)); out("%s ", text); out("%ld ", readlink(symbolic, text, 60)); out("%s ", text);
    errno = 0;
    out("%ld ", readlink(name, text, 60)); out("%d ", errno);
    out("%d ", fchmod(file, 0640)); fstat(file, &s); out("%o ", s.mode);
    out("%d %d ", chown(name, -1, -1), fchown(file, -1, -1));
    out("%d ", utime(name, (long[]){ 1000, 2000 })); fstat(file, &s); out("%ld %ld ", s.times[0], s.times[2]);
    out("%d ", utimes(name, (long[]){ 3000, 4, 5000, 6 })); fstat(file, &s); out("%ld %ld %ld %ld ", s.times[0], s.times[1], s.times[2], s.times[3]);
    out("%d ", utimensat(-100, name, (long[]){ 7, 8, 9, 0x3ffffffe }, 0)); fstat(file, &s); out("%ld %ld %ld %ld ", s.times[0], s.times[1], s.times[2], s.times[3]);
    out("%d ", futimens(file, (long[]){ 0, 0x3ffffffe, 70000, 1 })); fstat(file, &s); out("%ld %ld %ld %ld ", s.times[0], s.times[1], s.times[2], s.times[3]);
    out("%d ", utime(name, 0)); fstat(file, &s); out("%d ", s.times[2] > 1600000000);
    errno = 0;
    out("%d ", utimes("/nonexistent/x", 0)); out("%d ", errno); errno = 0; out("%d ", utimensat(-100, name, (long[]){ 0, 2000000000, 0, 0 }, 0)); out("%d ", errno);
    struct { short type, whence; long start, length; int process; } lock = { 1, 0, 2, 5, 77 };
    out("%d ", fcntl(file, 6, &lock)); out("%d ", fcntl(file, 5, &lock)); out("%d %d %ld %ld %d ", lock.type, lock.whence, lock.start, lock.length, lock.process);
    lock.type = 77;
    errno = 0;
    out("%d ", fcntl(file, 6, &lock)); out("%d ", errno); errno = 0; out("%d ", fcntl(999, 6, &lock)); out("%d ", errno);
    int waiting[2] = { -1, -1 };
    out("%zd ", write(file, "some", 4)); lseek(file, 1, 0); out("%d ", ioctl(file, 0x541b, waiting)); out("%d %d ", waiting[0], waiting[1]);
    errno = 0;
    out("%d ", ioctl(file, 0x5413, text)); out("%d ", errno); errno = 0; out("%d ", ioctl(999, 0x541b, waiting)); out("%d ", errno);
    errno = 0;
    out("%d ", ioctl(file, 0x12345, text)); out("%d ", errno); errno = 0; out("%d ", fcntl(file, 12345, text)); out("%d ", errno);
    out("%d %d %d ", unlink(name), unlink(other), unlink(symbolic)); out("%d\n", close(file));
    char *first = tmpnam(0), second[20];
    out("%d ", tmpnam(second) == second); out("%d %d %d ", strcmp(first, second) != 0, access(first, 0), access(second, 0));
    out("%d ", strncmp(first, "/tmp/file", 9)); out("%zu %zu ", strlen(first), strlen(second));
    char template[] = "x/yXXXXXX", wrong[] = "x/yXXXXX";
    out("%d ", mktemp(template) == template); out("%d %zu ", strncmp(template, "x/y", 3), strlen(template)); out("%d ", strcmp(template, "x/yXXXXXX") != 0);
    errno = 0;
    out("%d ", mktemp(wrong) == wrong); out("<%s> %d ", wrong, errno);
    FILE *stream = fopen(first, "w+");
    setbuffer(stream, text, sizeof text);
    out("%d ", fputs("hello", stream) >= 0); out("%d ", fflush(stream)); stat(first, &s); out("%ld ", s.size);
    setbuffer(stream, 0, 0);
    out("%d ", fputs(" world", stream) >= 0); stat(first, &s); out("%ld ", s.size);
    out("%d %d ", fclose(stream), unlink(first));
    out("%ld\n", sysconf(2));
}

typedef struct dir DIR;
struct dirent { unsigned long ino; long off; unsigned short reclen; unsigned char type; char name[256]; };
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
void rewinddir(DIR *);
int closedir(DIR *), pipe(int *), fcntl(int, int, ...), truncate(const char *, long), mprotect(void *, size_t, int);
char *mkdtemp(char *), *dirname(char *), *__xpg_basename(char *), *basename(const char *);
struct iovec { void *start; size_t length; };
long readv(int, const struct iovec *, int), writev(int, const struct iovec *, int), syscall(long, ...);
static void directories(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", file[64], text[32] = "", more[32] = "";
    out("%d ", mkdtemp(name) == name);
    sprintf(file, "%s/only", name);
    int ends[2];
    out("%d ", close(open(file, 0101, 0600)));
    out("%d ", truncate(file, 5));
    DIR *d = opendir(name);
    for (int round = 0; round < 2; round++) {
        int count = 0, found = 0, own = 0;
        for (struct dirent *e; (e = readdir(d));) { count++; if (!strcmp(e->name, "only")) found += e->type; if (e->name[0] == '.') own++; }
        out("%d %d %d ", count, found, own);
        rewinddir(d);
    }
    out("%d ", closedir(d));
    errno = 0;
    out("%d ", opendir("/nonexistent") == 0); out("%d ", errno);
    out("%d ", unlink(file)); out("%d ", rmdir(name));
    out("%d ", pipe(ends));
    struct iovec pieces[3] = { { "hello ", 6 }, { "", 0 }, { "world", 5 } }, places[2] = { { text, 4 }, { more, 20 } };
    out("%ld ", writev(ends[1], pieces, 3)); out("%ld ", readv(ends[0], places, 2)); out("%s|%s ", text, more);
    out("%d %d ", fcntl(ends[0], 3) & 3, fcntl(ends[1], 3) & 3);
    int copy = fcntl(ends[1], 0, 3);
    out("%ld ", write(copy, "x", 1)); out("%ld ", read(ends[0], text, 9));
    out("%d ", close(copy)); out("%d ", close(ends[1])); out("%ld ", read(ends[0], text, 9)); out("%d ", close(ends[0]));
    char *page = mmap(0, 65536, 3, 0x22, -1, 0);
    page[5] = 9;
    out("%d ", mprotect(page, 65536, 1)); out("%d ", page[5]); out("%d ", mprotect(page, 65536, 3)); page[5]++; out("%d ", page[5]);
    errno = 0;
    out("%d ", syscall(39) == getpid());
    out("%ld ", syscall(9999)); out("%d\n", errno);
    static const char *const paths[] = { "", "/", "//", "a", "a/", "/a", "a/b", "/a/b/", "a//b//", "//a", ".", "..", "/a//b" };
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        char one[20], two[20];
        strcpy(one, paths[i]);
        strcpy(two, paths[i]);
        out("<%s> ", basename(paths[i]));
        out("<%s> ", dirname(one)); out("<%s> ", __xpg_basename(two));
    }
    char whole[] = "/usr/lib/x.so", again[] = "/usr/lib/y.so/";
    out("<%s><%s>", dirname(whole), __xpg_basename(again)); out("<%s><%s>\n", whole, again);
    out("<%s> ", dirname(0)); out("<%s>\n", __xpg_basename(0));
}

typedef void (*handler)(int);
handler signal(int, handler);
int raise(int), kill(int, int);
struct sigaction { handler with; unsigned long mask[16]; int flags; void (*restorer)(void); };
int sigaction(int, const struct sigaction *, struct sigaction *), sigemptyset(unsigned long *), sigfillset(unsigned long *), sigaddset(unsigned long *, int), sigdelset(unsigned long *, int), sigismember(const unsigned long *, int), sigprocmask(int, const unsigned long *, unsigned long *), pthread_sigmask(int, const unsigned long *, unsigned long *), sigpending(unsigned long *);
static int seen;
static jmp_buf back;
static void note(int number) { seen = seen * 100 + number; }
static void leave(int number) { longjmp(back, number); }
static void *blocked_there(void *number)
{
    unsigned long set[16];
    return sigprocmask(0, 0, set) == 0 && sigismember(set, (int)(long)number) ? number : 0;
}
static void signals(void)
{
    out("%d ", signal(10, note) == 0); out("%d ", raise(10)); out("%d ", seen); out("%d ", kill(getpid(), 10)); out("%d ", seen);
    out("%d ", signal(10, (handler)1) == note); out("%d ", raise(10)); out("%d ", seen);
    struct sigaction action, old;
    memset(&action, 0, sizeof action);
    action.with = note;
    out("%d ", sigaction(12, &action, &old)); out("%d ", old.with == 0); out("%d ", sigaction(12, 0, &old)); out("%d ", old.with == note);
    raise(12);
    errno = 0;
    out("%d ", signal(9, note) == (handler)-1); out("%d ", errno);
    out("%d ", signal(1000, note) == (handler)-1);
    out("%d %d ", raise(17), kill(getpid(), 0));
    unsigned long some[16], before[16];
    sigemptyset(some);
    sigaddset(some, 12); sigaddset(some, 9); sigaddset(some, 6);
    seen = 0;
    out("%d ", sigprocmask(0, some, before)); out("%d ", sigismember(before, 12)); out("%d ", raise(12)); out("%d ", raise(12)); out("%d ", seen);
    out("%d ", sigpending(before)); out("%d %d ", sigismember(before, 12), sigismember(before, 10));
    out("%d ", sigprocmask(2, 0, before)); out("%d %d %d ", sigismember(before, 12), sigismember(before, 9), sigismember(before, 10));
    unsigned long thread;
    void *result = 0;
    out("%d ", pthread_create(&thread, 0, blocked_there, (void *)12)); out("%d ", pthread_join(thread, &result)); out("%ld ", (long)result);
    sigemptyset(some);
    sigaddset(some, 12);
    out("%d ", pthread_sigmask(1, some, 0)); out("%d ", seen); out("%d ", sigpending(before)); out("%d ", sigismember(before, 12));
    out("%d ", raise(12)); out("%d ", seen);
    errno = 0;
    out("%d ", sigprocmask(7, some, 0)); out("%d %d ", errno, pthread_sigmask(7, some, 0));
    seen = 0;
    signal(6, leave);
    int code = _setjmp(back);
    if (code == 0) abort();
    out("%d %d ", code, seen);
    unsigned long set[16];
    sigemptyset(set);
    out("%d ", sigaddset(set, 5)); out("%d %d ", sigismember(set, 5), sigismember(set, 6));
    sigfillset(set);
    out("%d ", sigdelset(set, 7)); out("%d %d %d\n", sigismember(set, 7), sigismember(set, 8), sigaddset(set, 999));
}

char *setlocale(int, const char *);
struct lconv { char *texts[10], numbers[14]; };
struct lconv *localeconv(void);
const unsigned short **__ctype_b_loc(void);
const int **__ctype_tolower_loc(void), **__ctype_toupper_loc(void);
static void locales(void)
{
    out("%s %s ", setlocale(6, 0), setlocale(6, "C")); out("%s %d ", setlocale(1, "POSIX"), setlocale(6, "xx_YY") == 0);
    struct lconv *l = localeconv();
    for (int i = 0; i < 10; i++) out("<%s>", l->texts[i]);
    for (int i = 0; i < 14; i++) out(" %d", l->numbers[i]);
    out("\n");
    for (int i = -128; i < 256; i++) out("%x/%d/%d ", (*__ctype_b_loc())[i], (*__ctype_tolower_loc())[i], (*__ctype_toupper_loc())[i]);
    out("\n");
}

void *lfind(const void *, const void *, size_t *, size_t, int (*)(const void *, const void *)), *lsearch(const void *, void *, size_t *, size_t, int (*)(const void *, const void *));
typedef struct { char *key; void *data; } ENTRY;
int hcreate(size_t);
void hdestroy(void);
ENTRY *hsearch(ENTRY, int);
void *tsearch(const void *, void **, int (*)(const void *, const void *)), *tfind(const void *, void *const *, int (*)(const void *, const void *)), *tdelete(const void *, void **, int (*)(const void *, const void *));
void twalk(const void *, void (*)(const void *, int, int));
static int by_value(const void *l, const void *r) { int a = *(const int *)l, b = *(const int *)r; return (a > b) - (a < b); }
static void visit(const void *node, int when, int depth) { (void)depth; if (when == 1 || when == 3) out("%d ", **(int *const *)node); }
static void searches(void)
{
    int list[10] = { 5, 3, 9 };
    size_t count = 3;
    for (int i = 0; i < 6; i++) {
        int *found = lfind(&i, list, &count, sizeof *list, by_value);
        out("%ld ", found ? found - list : -1);
        found = lsearch(&i, list, &count, sizeof *list, by_value);
        out("%ld/%lu ", found - list, count);
    }
    static char names[20][8];
    out("%d ", hcreate(50) != 0);
    for (int i = 0; i < 20; i++) { sprintf(names[i], "n%d", i * 7 % 20); ENTRY e = { names[i], names + i }; out("%d", hsearch(e, 1) != 0); }
    for (int i = 0; i < 25; i++) { char key[8]; sprintf(key, "n%d", i); ENTRY e = { key, 0 }; ENTRY *found = hsearch(e, 0); out(" %s", found ? (char *)found->data : "none"); }
    hdestroy();
    out("\n");
    static int numbers[60];
    void *root = 0;
    for (int i = 0; i < 60; i++) { numbers[i] = (int)random_below(40); int **node = tsearch(&numbers[i], &root, by_value); out("%d ", **node == numbers[i]); }
    twalk(root, visit);
    for (int i = 0; i < 45; i += 2) { int **node = tfind(&i, &root, by_value); out("%d ", node ? **node : -1); out("%d ", tdelete(&i, &root, by_value) != 0); }
    twalk(root, visit);
    out("\n");
}

double drand48(void), erand48(unsigned short *);
long lrand48(void), nrand48(unsigned short *), mrand48(void), jrand48(unsigned short *);
void srand48(long), lcong48(unsigned short *);
unsigned short *seed48(unsigned short *);
static void random_numbers(void)
{
    unsigned short state[7] = { 1, 2, 3, 4, 5, 6, 7 };
    srand48(77);
    for (int i = 0; i < 5; i++) { out("%.17g ", drand48()); out("%ld ", lrand48()); out("%ld ", mrand48()); out("%.17g ", erand48(state)); out("%ld ", nrand48(state)); out("%ld ", jrand48(state)); out("%d ", state[1]); }
    unsigned short *before = seed48(state);
    out("%d %d %d %ld ", before[0], before[1], before[2], lrand48());
    lcong48(state);
    out("%ld ", lrand48()); out("%.17g\n", drand48());
}

extern char *optarg;
extern int optind, opterr, optopt;
struct option { const char *name; int has; int *flag; int val; };
int getopt(int, char *const *, const char *), getopt_long(int, char *const *, const char *, const struct option *, int *), getopt_long_only(int, char *const *, const char *, const struct option *, int *);
static void one_line(int how, const char *letters, const char *line)
{
    static int flag;
    static const struct option options[] = { { "alpha", 0, 0, 'a' }, { "beta", 1, 0, 'b' }, { "gamma", 2, 0, 1000 }, { "set", 0, &flag, 42 }, { "betatron", 0, 0, 7 }, { 0, 0, 0, 0 } };
    char copy[200], *arguments[30];
    strcpy(copy, line);
    int count = 0;
    for (char *t = strtok(copy, " "); t; t = strtok(0, " ")) arguments[count++] = t;
    arguments[count] = 0;
    optind = 0;
    opterr = 0;
    flag = 0;
    out("<%s> ", line);
    for (int k = 0; k < 40; k++) {
        int index = -1, option = how == 0 ? getopt(count, arguments, letters) : how == 1 ? getopt_long(count, arguments, letters, options, &index) : getopt_long_only(count, arguments, letters, options, &index);
        out("%d:%s:%d:%d ", option, optarg ? optarg : "-", optind, index);
        if (option == '?' || option == ':') out("[%d] ", optopt);
        if (option == -1) break;
    }
    out("%d |", flag);
    for (int i = 0; i < count; i++) out(" %s", arguments[i]);
    out("\n");
}

static void command_lines(void)
{
    static const char *const lines[] = { "p", "p -a", "p -ab x", "p -bx y -a", "p x y -a z -b q w", "p -b", "p -c", "p -- -a", "p a -- -a b", "p -a - b", "p -abc", "p x -a y -- -z w", "p -o -a", "p -oval -a x",
        "p --alpha", "p --beta=1 --beta 2 x", "p --beta", "p --gamma --gamma=5", "p --set x --al", "p --be 1", "p --betat", "p --none", "p --alpha=3", "p x --beta y z -a w --set", "p -alpha", "p -beta 5", "p -x y", "p one two -b three four -a five" };
    for (int how = 0; how < 3; how++)
        for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
            one_line(how, "ab:o::", lines[i]);
            one_line(how, "+ab:", lines[i]);
            one_line(how, "-ab:", lines[i]);
            one_line(how, ":ab:", lines[i]);
        }
}

static void run(void)
{
    files();
    names();
    directories();
    signals();
    locales();
    searches();
    random_numbers();
    command_lines();
}

#include "libc.h"

int open(const char *, int, ...), close(int), dup(int), dup2(int, int), dup3(int, int, int), pipe(int *), pipe2(int *, int), fcntl(int, int, ...), unlink(const char *), mkdir(const char *, unsigned), rmdir(const char *), chdir(const char *), fchdir(int), fileno(FILE *), fdatasync(int);
unsigned umask(unsigned);
long read(int, void *, size_t), write(int, const void *, size_t), lseek(int, long, int);
FILE *fdopen(int, const char *), *freopen(const char *, const char *, FILE *);
char *mkdtemp(char *), *getcwd(char *, size_t);
struct pollfd { int fd; short events, revents; };
int poll(struct pollfd *, unsigned long, int), select(int, unsigned long *, unsigned long *, unsigned long *, long *);
struct stat { unsigned long dev, ino, nlink; unsigned mode, uid, gid, unused; unsigned long rdev; long size, blksize, blocks, times[6], reserved[3]; };
int stat(const char *, struct stat *);

int scanf(const char *, ...);
static char text[200];
static const char *all_of(const char *path)
{
    int file = open(path, 0);
    long length = read(file, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = 0;
    close(file);
    return text;
}

/* A shell in one process: output of one part goes to a file or a pipe, the input of the next comes from it. */
static void pipeline(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", file[64];
    mkdtemp(name);
    sprintf(file, "%s/out", name);
    fflush(stdout);
    int first = open(file, 0102, 0600), saved = dup(1);
    out("%d %d ", saved - first, dup2(first, 1));
    printf("to the file\n");
    fflush(stdout);
    out("%ld ", write(1, "and more\n", 9));
    out("%d ", dup2(saved, 1)); out("%d %d ", close(saved), close(first));
    out("%s", all_of(file));
    out("%d %d ", fileno(stdout), fileno(stderr));

    int ends[2];
    saved = dup(1);
    int input = dup(0);
    pipe(ends);
    out("%d ", ends[1] - ends[0]);
    dup2(ends[1], 1); close(ends[1]);
    for (int i = 0; i < 5; i++) printf("%d apples\n", i * 3);
    fflush(stdout);
    dup2(saved, 1); close(saved);
    dup2(ends[0], 0); close(ends[0]);
    int number, total = 0;
    char word[20];
    while (scanf("%d %19s", &number, word) == 2) total += number;
    out("%d %s ", total, word);
    dup2(input, 0); close(input);
    clearerr(stdin);

    /* The least number is taken, also from among the standard ones. */
    input = dup(0);
    close(0);
    int zero = open(file, 0);
    out("%d ", zero);
    out("%d ", dup2(input, 0)); close(input);
    int a = open(file, 0), b = open(file, 0), c = open(file, 0);
    out("%d %d ", b - a, c - b);
    close(b);
    int d = open(file, 0);
    out("%d ", d - b); out("%d ", fcntl(a, 0, 20)); out("%d ", fcntl(a, 0, 20)); out("%d ", dup2(a, 20)); out("%d ", close(20) + close(21));
    errno = 0;
    out("%d ", dup2(999, 5)); out("%d ", errno); errno = 0; out("%d ", dup2(a, -1)); out("%d ", errno); out("%d ", dup2(a, a) - a);
    errno = 0;
    out("%d ", dup3(a, a, 0)); out("%d ", errno); out("%d ", dup3(a, 30, 02000000)); out("%d ", close(30)); errno = 0; out("%d ", fcntl(a, 0, -1)); out("%d ", errno);
    close(a); close(c); close(d);

    /* Streams keep their numbers, and follow them. */
    FILE *stream = fopen(file, "w+");
    int was = fileno(stream);
    sprintf(text, "%s/other", name);
    out("%d ", freopen(text, "w", stream) == stream); out("%d ", fileno(stream) == was);
    fputs("in the other", stream);
    fflush(stream);
    int third = open(file, 0102, 0600);
    dup2(third, was);
    fputs("in the first", stream);
    out("%d ", fclose(stream)); out("<%s> ", all_of(file));
    errno = 0;
    out("%ld ", write(was, "x", 1)); out("%d ", errno);
    close(third);
    sprintf(text, "%s/other", name);
    char other[64];
    strcpy(other, text);
    out("<%s> ", all_of(other));
    out("%d\n", unlink(file) + unlink(other) + rmdir(name));
}

static void waiting(void)
{
    int ends[2], more[2];
    out("%d %d ", pipe2(ends, 04000), pipe(more));
    char byte;
    errno = 0;
    out("%ld ", read(ends[0], &byte, 0)); out("%ld ", read(ends[0], &byte, 1)); out("%d ", errno);
    static char much[100000];
    errno = 0;
    long total = 0, some;
    while ((some = write(ends[1], much, sizeof much)) > 0) total += some;
    out("%ld %d ", total, errno);
    while (read(ends[0], much, sizeof much) > 0) {}
    struct pollfd list[4] = { { ends[0], 1, 9 }, { ends[1], 4, 9 }, { -1, 1, 9 }, { more[0], 1, 9 } };
    out("%d ", poll(list, 4, 0)); out("%d %d %d %d ", list[0].revents, list[1].revents, list[2].revents, list[3].revents);
    write(ends[1], "ab", 2);
    out("%d ", poll(list, 1, -1)); out("%d %d ", list[0].revents, list[1].revents);
    close(more[1]);
    out("%d ", poll(list + 3, 1, 1000)); out("%d ", list[3].revents);
    list[2].fd = 777;
    out("%d ", poll(list, 4, -1)); out("%d ", list[2].revents); out("%d ", poll(0, 0, 3)); out("%d ", poll(list + 1, 0, 0));
    unsigned long in[16] = { 0 }, to[16] = { 0 }, odd[16] = { 0 };
    long time[2] = { 0, 2000 };
    in[0] = 1UL << ends[0]; to[0] = 1UL << ends[1]; odd[0] = in[0];
    int most = ends[1] > ends[0] ? ends[1] + 1 : ends[0] + 1;
    out("%d ", select(most, in, to, odd, time)); out("%d %d %lu ", in[0] == 1UL << ends[0], to[0] == 1UL << ends[1], odd[0]);
    read(ends[0], text, 2);
    out("%d ", select(most, in, 0, 0, time)); out("%lu ", in[0]);
    in[0] = 1UL << ends[0];
    close(ends[1]);
    out("%d ", select(most, in, 0, 0, 0)); out("%d ", in[0] == 1UL << ends[0]);
    close(ends[0]);
    errno = 0;
    out("%d ", select(most, in, 0, 0, 0)); out("%d ", errno); errno = 0; out("%d ", select(-1, 0, 0, 0, time)); out("%d ", errno);
    time[1] = -1;
    errno = 0;
    out("%d ", select(0, 0, 0, 0, time)); out("%d\n", errno);
    close(more[0]);
}

static void places(void)
{
    char name[] = "/tmp/ve-isa-host-XXXXXX", before[300];
    struct stat s;
    mkdtemp(name);
    getcwd(before, sizeof before);
    int here = open(".", 0);
    out("%d ", chdir(name)); out("%d ", strcmp(getcwd(text, sizeof text), name));
    unsigned mask = umask(077);
    int file = open("made", 0102, 0666);
    out("%d ", fdatasync(file));
    close(file);
    stat("made", &s);
    out("%o ", s.mode); out("%o ", umask(mask)); out("%d ", unlink("made")); out("%d ", fchdir(here)); out("%d ", strcmp(getcwd(text, sizeof text), before));
    close(here);
    errno = 0;
    out("%d ", chdir("/nonexistent")); out("%d ", errno); errno = 0; out("%d ", fchdir(here)); out("%d ", errno); out("%d\n", rmdir(name));
}

typedef void (*handler)(int);
struct sigaction { handler with; unsigned long mask[16]; int flags; void (*restorer)(void); };
int sigaction(int, const struct sigaction *, struct sigaction *), raise(int), kill(int, int), getpid(void), sigemptyset(unsigned long *), sigaddset(unsigned long *, int), sigismember(const unsigned long *, int), sigprocmask(int, const unsigned long *, unsigned long *), sigpending(unsigned long *), sigsuspend(const unsigned long *), sigwait(const unsigned long *, int *), pthread_sigmask(int, const unsigned long *, unsigned long *);
handler signal(int, handler);
int __sigsetjmp(unsigned long *, int);
void siglongjmp(unsigned long *, int) __attribute__((noreturn));
static int seen, inside;
static unsigned long there[64];
static int is_blocked(int number)
{
    unsigned long set[16];
    sigprocmask(0, 0, set);
    return sigismember(set, number);
}
static void note(int number)
{
    seen = seen * 100 + number;
    inside = inside * 10000 + is_blocked(10) * 1000 + is_blocked(12) * 100 + is_blocked(number) * 10 + 1;
    if (number == 10 && seen < 10000) raise(10), raise(12);
}
static void leave(int number) { siglongjmp(there, number); }
static void with_facts(int number, int *facts, void *context) { (void)context; out("[%d %d %d] ", number, facts[0], facts[4] == getpid()); }
static int rounds;
static void again(int number) { if (++rounds < 30000) raise(number); }
static void *sender(void *argument) { (void)argument; kill(getpid(), 10); return 0; }
static void signals(void)
{
    struct sigaction action, before;
    unsigned long set[16], old[16];
    memset(&action, 0, sizeof action);
    action.with = note;
    sigaddset(action.mask, 12);
    out("%d %d ", sigaction(10, &action, 0), sigaction(12, &action, 0)); out("%d ", raise(10)); out("%d %d ", seen, inside);
    out("%d ", sigaction(10, 0, &before)); out("%d %d ", before.with == note, sigismember(before.mask, 12));
    seen = inside = 0;
    action.flags = 0x40000000;
    sigemptyset(action.mask);
    sigaction(12, &action, 0);
    raise(12);
    out("%d %d ", seen, inside);
    action.flags = (int)0x80000000;
    sigaction(12, &action, 0);
    raise(12);
    sigaction(12, 0, &before);
    out("%d ", before.with == 0);
    action.flags = 4;
    action.with = (handler)with_facts;
    sigaction(12, &action, 0);
    kill(getpid(), 12);
    signal(12, leave);
    for (int saves = 0; saves < 2; saves++) {
        int code = __sigsetjmp(there, saves);
        if (code == 0) raise(12);
        out("%d %d ", code, is_blocked(12));
        sigemptyset(set);
        sigaddset(set, 12);
        sigprocmask(1, set, 0);
    }
    seen = inside = 0;
    signal(10, note);
    seen = 100000;
    sigemptyset(set);
    sigaddset(set, 10);
    sigprocmask(0, set, old);
    raise(10);
    out("%d ", seen); out("%d ", sigsuspend(old)); out("%d ", errno); out("%d %d ", seen, is_blocked(10));
    raise(10);
    int number = 0;
    out("%d ", sigwait(set, &number)); out("%d %d ", number, seen);
    unsigned long thread;
    out("%d ", pthread_create(&thread, 0, sender, 0)); out("%d ", sigwait(set, &number)); out("%d ", number); out("%d ", pthread_join(thread, 0));
    kill(getpid(), 10);
    sigpending(old);
    out("%d %d ", sigismember(old, 10), seen);
    sigprocmask(1, set, 0);
    out("%d ", seen);
    /* Each waits for the end of the handler that sends it. No stack grows by that. */
    signal(10, again);
    raise(10);
    out("%d ", rounds);
    rounds = 0;
    sigprocmask(0, set, 0);
    raise(10);
    sigprocmask(1, set, 0);
    out("%d\n", rounds);
}

static void run(void)
{
    pipeline();
    waiting();
    places();
    signals();
}

#include "libc.h"

typedef void (*handler)(int);
struct sigaction { handler with; unsigned long mask[16]; int flags; void (*restorer)(void); };
int sigaction(int, const struct sigaction *, struct sigaction *), sigemptyset(unsigned long *), sigaddset(unsigned long *, int), sigisemptyset(const unsigned long *), sigorset(unsigned long *, const unsigned long *, const unsigned long *), sigandset(unsigned long *, const unsigned long *, const unsigned long *), sigismember(const unsigned long *, int), pthread_sigmask(int, const unsigned long *, unsigned long *), sigwait(const unsigned long *, int *), sigsuspend(const unsigned long *);
int pthread_kill(unsigned long, int), pthread_tryjoin_np(unsigned long, void **), pthread_timedjoin_np(unsigned long, void **, const struct timespec *);
int sigtimedwait(const unsigned long *, int *, const long *), sigwaitinfo(const unsigned long *, int *), kill(int, int), getpid(void);
int sem_clockwait(sem_t *, int, const struct timespec *);
int nanosleep(const struct timespec *, struct timespec *), pipe(int *), close(int), usleep(unsigned);
unsigned sleep(unsigned);
struct pollfd { int fd; short events, revents; };
int poll(struct pollfd *, unsigned long, int);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *, const struct timespec *), pthread_rwlock_timedrdlock(pthread_rwlock_t *, const struct timespec *);
int pthread_cond_clockwait(pthread_cond_t *, pthread_mutex_t *, int, const struct timespec *), pthread_mutex_clocklock(pthread_mutex_t *, int, const struct timespec *);
int pthread_getschedparam(unsigned long, int *, int *), pthread_setcanceltype(int, int *), siginterrupt(int, int);
handler signal(int, handler);
long write(int, const void *, size_t);
long read(int, void *, size_t);

static volatile int seen, where_from;
static sem_t ready[1];
static int ends[2];
static void note(int number) { seen = number; }

/* Waits in one way after the other; a signal ends each. */
static void *waits(void *how)
{
    sem_t never[1];
    struct timespec many[1] = { { 100, 0 } }, left[1] = { { 0, 0 } };
    char byte;
    int done = 0;
    sem_init(never, 0, 0);
    sem_post(ready);
    errno = 0;
    switch ((long)how) {
    case 0: done = nanosleep(many, left) == -1 && errno == 4 && left->tv_sec > 90; break;
    case 1: done = sleep(100) > 90; break;
    case 2: done = usleep(900000000) == -1 && errno == 4; break;
    case 3: done = sem_wait(never) == -1 && errno == 4; break;
    case 4: done = read(ends[0], &byte, 1) == -1 && errno == 4; break;
    case 5: { struct pollfd list = { ends[0], 1, 0 }; done = poll(&list, 1, -1) == -1 && errno == 4; break; }
    case 6: while (!seen) usleep(100); done = 1; break;
    }
    return (void *)(long)(done * 100 + seen);
}

static void *ends_soon(void *value) { return value; }

/* Waits in ways that go on after a signal. */
static sem_t late[1];
static volatile int often;
static void count(int number) { often++; }
static void *goes_on(void *how)
{
    char byte = 0;
    int done = 0;
    sem_post(ready);
    errno = 0;
    switch ((long)how) {
    case 0: done = sem_wait(late) == 0; break;
    case 1: done = read(ends[0], &byte, 1) == 1 && byte == 'x'; break;
    case 2: done = usleep(300000) == 0; break;
    }
    return (void *)(long)(done * 100 + errno);
}
static void go_on(void)
{
    struct sigaction action;
    unsigned long thread;
    void *value;
    memset(&action, 0, sizeof action);
    action.with = count;
    action.flags = 0x10000000;
    sigaction(1, &action, 0);
    sem_init(late, 0, 0);
    for (long how = 0; how < 2; how++) {
        often = 0;
        pthread_create(&thread, 0, goes_on, (void *)how);
        sem_wait(ready);
        while (usleep(30000), often < 3) pthread_kill(thread, 1);
        if (how) write(ends[1], "x", 1); else sem_post(late);
        pthread_join(thread, &value);
        out("%ld ", (long)value);
    }
    /* An ignored signal interrupts nothing. */
    signal(10, (handler)1);
    pthread_create(&thread, 0, goes_on, (void *)2);
    sem_wait(ready);
    for (int i = 0; i < 10; i++) { usleep(10000); pthread_kill(thread, 10); pthread_kill(thread, 28); }
    pthread_join(thread, &value);
    out("%ld ", (long)value);
    /* One that has ended, which nobody has waited for, gets none. */
    pthread_create(&thread, 0, ends_soon, 0);
    usleep(100000);
    pthread_kill(thread, 0);
    pthread_join(thread, &value);
    signal(1, count);
    out("%d ", siginterrupt(1, 1)); sigaction(1, 0, &action); out("%d ", action.flags & 0x10000000 ? 1 : 0);
    out("%d ", siginterrupt(1, 0)); sigaction(1, 0, &action); out("%d\n", action.flags & 0x10000000 ? 1 : 0);
    signal(1, 0);
}

static void *takes(void *set)
{
    int number = 0;
    sem_post(ready);
    sigwait(set, &number);
    return (void *)(long)number;
}

static void *waits_for_post(void *value) { sem_wait(ready); return value; }

static void run(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.with = note;
    sigaction(10, &action, 0);
    sem_init(ready, 0, 0);
    pipe(ends);
    unsigned long thread;
    void *value;
    for (long how = 0; how < 7; how++) {
        seen = 0;
        pthread_create(&thread, 0, waits, (void *)how);
        sem_wait(ready);
        usleep(30000);
        out("%d ", pthread_kill(thread, 0)); out("%d ", pthread_kill(thread, 10));
        // A signal that comes before the thread waits does not end its waiting: one more does.
        while (usleep(30000), pthread_tryjoin_np(thread, &value)) pthread_kill(thread, 10);
        out("%ld ", (long)value);
    }
    out("\n");
    unsigned long set[16], other[16], both[16];
    sigemptyset(set); sigemptyset(other);
    out("%d ", sigisemptyset(set)); sigaddset(set, 12); sigaddset(other, 10);
    sigorset(both, set, other); out("%d%d ", sigismember(both, 10), sigismember(both, 12)); sigandset(both, set, other); out("%d ", sigisemptyset(both));
    pthread_sigmask(0, set, 0);
    pthread_create(&thread, 0, takes, set);
    sem_wait(ready);
    out("%d ", pthread_kill(thread, 12)); pthread_join(thread, &value); out("%ld ", (long)value);
    int facts[32];
    struct timespec little[1] = { { 0, 20000000 } };
    errno = 0;
    out("%d ", sigtimedwait(set, facts, little)); out("%d ", errno); out("%d ", pthread_kill(pthread_self(), 12)); out("%d ", sigwaitinfo(set, facts)); out("%d ", facts[0]); out("%d ", pthread_kill(pthread_self(), 12)); out("%d ", sigtimedwait(set, 0, little));
    seen = 0;
    out("%d ", pthread_kill(pthread_self(), 10)); out("%d ", seen); out("%d ", pthread_kill(pthread_self(), 99)); out("%d\n", pthread_kill(pthread_self(), -1));

    pthread_create(&thread, 0, waits_for_post, (void *)5);
    out("%d ", pthread_tryjoin_np(thread, &value));
    struct timespec time[1], now[1];
    clock_gettime(0, time);
    out("%d ", pthread_timedjoin_np(thread, &value, time)); sem_post(ready); time->tv_sec += 100; out("%d ", pthread_timedjoin_np(thread, &value, time)); out("%ld ", (long)value);
    pthread_create(&thread, 0, ends_soon, (void *)6);
    while (pthread_tryjoin_np(thread, &value)) usleep(100);
    out("%ld ", (long)value);
    static pthread_rwlock_t lock[1]; static pthread_mutex_t mutex[1]; static pthread_cond_t condition[1];
    clock_gettime(0, time);
    out("%d ", pthread_rwlock_timedwrlock(lock, time)); out("%d ", pthread_rwlock_unlock(lock)); out("%d ", pthread_rwlock_timedrdlock(lock, time)); out("%d ", pthread_rwlock_timedwrlock(lock, time)); out("%d ", pthread_rwlock_unlock(lock));
    clock_gettime(1, now);
    out("%d ", pthread_mutex_lock(mutex)); out("%d ", pthread_cond_clockwait(condition, mutex, 1, now)); out("%d ", pthread_mutex_clocklock(mutex, 1, now)); out("%d ", pthread_mutex_unlock(mutex));
    errno = 0;
    out("%d ", sem_clockwait(ready, 1, now)); out("%d ", errno);
    int policy = 9, priority = 9;
    out("%d ", pthread_getschedparam(pthread_self(), &policy, &priority)); out("%d %d ", policy, priority); out("%d\n", pthread_setcanceltype(0, 0));
    go_on();
    close(ends[0]); close(ends[1]);
}

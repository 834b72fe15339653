#include "libc.h"

static pthread_mutex_t mutex;
static long total;
static _Thread_local int own = 5, zero;

static void *add(void *argument)
{
    long by = (long)argument;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&mutex);
        total += by;
        pthread_mutex_unlock(&mutex);
        own += 1;
        zero -= 1;
    }
    return (void *)(own + zero + 100 * by);
}

static void sums(void)
{
    pthread_t threads[8];
    for (long i = 0; i < 8; i++) out("%d ", pthread_create(&threads[i], 0, add, (void *)i));
    for (int i = 0; i < 8; i++) {
        void *value;
        out("%d ", pthread_join(threads[i], &value));
        out("%ld ", (long)value);
    }
    out("%ld %d %d\n", total, own, zero);
    out("%d\n", pthread_join(pthread_self(), 0));
}

/* A queue of one place. */
static pthread_cond_t filled, emptied;
static int place, full;
static void *produce(void *argument)
{
    for (int i = 1; i <= 300; i++) {
        pthread_mutex_lock(&mutex);
        while (full) pthread_cond_wait(&emptied, &mutex);
        place = i * (int)(long)argument;
        full = 1;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}

static void queue(void)
{
    pthread_t threads[3];
    for (long i = 0; i < 3; i++) pthread_create(&threads[i], 0, produce, (void *)(i + 1));
    long sum = 0;
    for (int i = 0; i < 900; i++) {
        pthread_mutex_lock(&mutex);
        while (!full) pthread_cond_wait(&filled, &mutex);
        sum += place;
        full = 0;
        pthread_cond_broadcast(&emptied);
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
    out("%ld\n", sum);
}

static sem_t ping, pong, held;
static char text[64];
static int length;
static void *answer(void *argument)
{
    (void)argument;
    for (int i = 0; i < 10; i++) {
        sem_wait(&ping);
        text[length++] = 'o';
        sem_post(&pong);
    }
    return 0;
}

static void semaphores(void)
{
    pthread_t thread;
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 1);
    pthread_create(&thread, 0, answer, 0);
    for (int i = 0; i < 10; i++) {
        sem_wait(&pong);
        text[length++] = 'i';
        sem_post(&ping);
    }
    pthread_join(thread, 0);
    int value;
    out("%s %d ", text, sem_getvalue(&pong, &value));
    out("%d ", value);
    errno = 0;
    out("%d ", sem_trywait(&ping));
    out("%d ", errno);
    struct timespec past = { 1, 0 };
    errno = 0;
    out("%d ", sem_timedwait(&ping, &past));
    out("%d ", errno);
    out("%d ", sem_init(&ping, 0, 2));
    out("%d ", sem_wait(&ping));
    out("%d ", sem_trywait(&ping));
    errno = 0;
    out("%d ", sem_init(&ping, 0, 1u << 31));
    out("%d\n", errno);
}

static pthread_barrier_t barrier;
static long first, serial, wrong;
static void *pass(void *argument)
{
    (void)argument;
    for (int i = 1; i <= 20; i++) {
        __atomic_fetch_add(&first, 1, __ATOMIC_SEQ_CST);
        if (pthread_barrier_wait(&barrier) == -1) __atomic_fetch_add(&serial, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&first, __ATOMIC_SEQ_CST) < 4 * i) wrong++;
        pthread_barrier_wait(&barrier);
    }
    return 0;
}

static pthread_rwlock_t lock;
static pthread_spinlock_t spin;
static long shared[2];
static void *share(void *argument)
{
    for (int i = 0; i < 200; i++) {
        if ((i + (long)argument) % 4 == 0) {
            pthread_rwlock_wrlock(&lock);
            shared[0]++;
            shared[1]++;
        } else {
            pthread_rwlock_rdlock(&lock);
            if (shared[0] != shared[1]) wrong++;
        }
        pthread_rwlock_unlock(&lock);
        pthread_spin_lock(&spin);
        total++;
        pthread_spin_unlock(&spin);
    }
    return 0;
}

static void together(void)
{
    pthread_t threads[4];
    out("%d ", pthread_barrier_init(&barrier, 0, 0));
    pthread_barrier_init(&barrier, 0, 4);
    for (long i = 0; i < 4; i++) pthread_create(&threads[i], 0, pass, 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    out("%ld %ld %ld\n", first, serial, wrong);
    pthread_rwlock_init(&lock, 0);
    pthread_spin_init(&spin, 0);
    total = 0;
    for (long i = 0; i < 4; i++) pthread_create(&threads[i], 0, share, (void *)i);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    out("%ld %ld %ld %ld\n", shared[0], shared[1], total, wrong);
    out("%d ", pthread_rwlock_tryrdlock(&lock));
    out("%d ", pthread_rwlock_tryrdlock(&lock));
    out("%d ", pthread_rwlock_trywrlock(&lock));
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_unlock(&lock);
    out("%d ", pthread_rwlock_trywrlock(&lock));
    out("%d ", pthread_rwlock_tryrdlock(&lock));
    pthread_rwlock_unlock(&lock);
    out("%d ", pthread_spin_trylock(&spin));
    out("%d\n", pthread_spin_trylock(&spin));
}

static void *hold(void *argument)
{
    pthread_mutex_t *of = argument;
    out("%d ", pthread_mutex_trylock(of));
    return 0;
}

static void other_thread(pthread_mutex_t *of)
{
    pthread_t thread;
    pthread_create(&thread, 0, hold, of);
    pthread_join(thread, 0);
}

static void kinds(void)
{
    pthread_mutexattr_t attributes;
    for (int kind = 0; kind < 3; kind++) {
        pthread_mutex_t of;
        pthread_mutexattr_init(&attributes);
        out("%d ", pthread_mutexattr_settype(&attributes, kind));
        out("%d ", pthread_mutex_init(&of, &attributes));
        out("%d ", pthread_mutex_lock(&of));
        out("%d ", pthread_mutex_trylock(&of));
        if (kind) out("%d ", pthread_mutex_lock(&of));
        other_thread(&of);
        struct timespec past = { 1, 0 };
        if (kind == 0) out("%d ", pthread_mutex_timedlock(&of, &past));
        out("%d ", pthread_mutex_unlock(&of));
        if (kind == 1) out("%d %d ", pthread_mutex_unlock(&of), pthread_mutex_unlock(&of));
        if (kind) out("%d ", pthread_mutex_unlock(&of));
        out("%d\n", pthread_mutex_destroy(&of));
    }
    pthread_cond_t never;
    pthread_condattr_t clock;
    for (int which = 0; which < 2; which++) {
        pthread_condattr_init(&clock);
        pthread_condattr_setclock(&clock, which);
        pthread_cond_init(&never, &clock);
        struct timespec soon;
        clock_gettime(which, &soon);
        soon.tv_nsec += 3000000;
        if (soon.tv_nsec >= 1000000000) { soon.tv_nsec -= 1000000000; soon.tv_sec++; }
        pthread_mutex_lock(&mutex);
        out("%d ", pthread_cond_timedwait(&never, &mutex, &soon));
        out("%d ", pthread_mutex_trylock(&mutex));
        soon.tv_nsec = 1000000000;
        out("%d ", pthread_cond_timedwait(&never, &mutex, &soon));
        pthread_mutex_unlock(&mutex);
    }
    out("\n");
}

static pthread_key_t keys[3];
static long destroyed;
static void destroy(void *value) { destroyed += (long)value; if ((long)value == 7) pthread_setspecific(keys[0], (void *)1000); }
static void *keep(void *argument)
{
    out("%ld ", (long)pthread_getspecific(keys[0]));
    pthread_setspecific(keys[0], argument);
    pthread_setspecific(keys[1], argument);
    pthread_setspecific(keys[2], argument);
    out("%ld ", (long)pthread_getspecific(keys[0]));
    return 0;
}

static int once_calls;
static void once_only(void) { once_calls++; }
static pthread_once_t once;
static void *run_once(void *argument) { (void)argument; pthread_once(&once, once_only); return (void *)(long)once_calls; }

static int leave(const void *left, const void *right) { (void)left; (void)right; pthread_exit((void *)77); }
static void *leave_from_below(void *argument)
{
    int numbers[] = { 3, 1, 2 };
    pthread_setspecific(keys[0], argument);
    qsort(numbers, 3, sizeof *numbers, leave);
    return 0;
}

static void *jump(void *argument)
{
    jmp_buf buffer;
    volatile long rounds = 0;
    if (_setjmp(buffer) < 5) { rounds++; longjmp(buffer, (int)rounds); }
    return (void *)(rounds + (long)argument);
}

static void values(void)
{
    pthread_t threads[4];
    void *value;
    for (int i = 0; i < 3; i++) out("%d ", pthread_key_create(&keys[i], i < 2 ? destroy : 0));
    pthread_setspecific(keys[0], (void *)3);
    for (long i = 5; i < 9; i++) { pthread_create(&threads[0], 0, keep, (void *)i); pthread_join(threads[0], 0); out("%ld ", destroyed); }
    out("%ld\n", (long)pthread_getspecific(keys[0]));
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, run_once, 0);
    for (int i = 0; i < 4; i++) { pthread_join(threads[i], &value); out("%ld ", (long)value); }
    pthread_create(&threads[0], 0, leave_from_below, (void *)100000);
    pthread_join(threads[0], &value);
    out("%ld %ld ", (long)value, destroyed);
    pthread_create(&threads[0], 0, jump, (void *)40);
    pthread_join(threads[0], &value);
    out("%ld ", (long)value);
    out("%d ", pthread_key_delete(keys[1]));
    out("%d ", pthread_key_delete(keys[1]) != 0);
    out("%d %d\n", pthread_equal(pthread_self(), pthread_self()) != 0, pthread_equal(threads[0], pthread_self()));
}

static sem_t begun, ended;
static void *detached(void *argument) { (void)argument; sem_post(&begun); sem_wait(&held); sem_post(&ended); return 0; }
static void attributes(void)
{
    pthread_attr_t of;
    pthread_t thread;
    int state = -1;
    size_t size = 0;
    out("%d ", pthread_attr_init(&of));
    out("%d ", pthread_attr_getdetachstate(&of, &state));
    out("%d ", state);
    out("%d %d ", pthread_attr_setdetachstate(&of, 1), pthread_attr_setdetachstate(&of, 9));
    out("%d %d ", pthread_attr_setstacksize(&of, 1 << 20), pthread_attr_setstacksize(&of, 100));
    pthread_attr_getstacksize(&of, &size);
    out("%lu ", size);
    out("%d ", pthread_create(&thread, &of, detached, 0));
    sem_wait(&begun);
    out("%d ", pthread_join(thread, 0));
    sem_post(&held);
    sem_wait(&ended);
    out("%d ", pthread_attr_destroy(&of));
    pthread_create(&thread, 0, detached, 0);
    out("%d ", pthread_detach(thread));
    sem_post(&held);
    sem_wait(&ended);
    out("\n");
}

static thrd_t main_thread;
static pthread_cond_t went;
static int work(void *argument)
{
    out("%d ", thrd_equal(thrd_current(), main_thread));
    mtx_lock(&mutex);
    full = 9;
    cnd_signal(&went);
    mtx_unlock(&mutex);
    if ((long)argument == 3) thrd_exit(-6);
    return (int)(long)argument * -2;
}

static void c11(void)
{
    thrd_t thread;
    int result;
    main_thread = thrd_current();
    full = 0;
    out("%d %d ", mtx_init(&mutex, 0), cnd_init(&went));
    for (long i = 1; i < 4; i++) {
        mtx_lock(&mutex);
        full = 0;
        out("%d ", thrd_create(&thread, work, (void *)i));
        while (full != 9) cnd_wait(&went, &mutex);
        mtx_unlock(&mutex);
        out("%d ", thrd_join(thread, &result));
        out("%d ", result);
    }
    struct timespec past = { 1, 0 };
    mtx_lock(&mutex);
    out("%d %d ", mtx_trylock(&mutex), cnd_timedwait(&went, &mutex, &past));
    mtx_unlock(&mutex);
    unsigned key;
    out("%d ", tss_create(&key, 0));
    out("%d ", tss_set(key, (void *)8));
    out("%ld ", (long)tss_get(key));
    int flag = 0;
    once_calls = 0;
    call_once(&flag, once_only);
    call_once(&flag, once_only);
    out("%d\n", once_calls);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *, const struct timespec *), pthread_rwlock_timedwrlock(pthread_rwlock_t *, const struct timespec *);
int pthread_rwlock_rdlock(pthread_rwlock_t *), pthread_rwlock_wrlock(pthread_rwlock_t *), pthread_rwlock_unlock(pthread_rwlock_t *), pthread_rwlock_tryrdlock(pthread_rwlock_t *), pthread_rwlock_trywrlock(pthread_rwlock_t *);
static pthread_rwlock_t twice;
static void *wants(void *argument)
{
    long results = pthread_rwlock_tryrdlock(&twice) * 100 + pthread_rwlock_trywrlock(&twice);
    struct timespec past = { 1, 0 };
    return (void *)(results * 1000 + pthread_rwlock_timedrdlock(&twice, &past));
}
/* The writer would wait for itself. */
static void writer(void)
{
    struct timespec late = { 1L << 40, 0 };
    pthread_t thread;
    void *value;
    for (int round = 0; round < 2; round++) {
        out("%d ", pthread_rwlock_wrlock(&twice));
        out("%d ", pthread_rwlock_rdlock(&twice)); out("%d ", pthread_rwlock_wrlock(&twice));
        out("%d ", pthread_rwlock_tryrdlock(&twice)); out("%d ", pthread_rwlock_trywrlock(&twice));
        out("%d ", pthread_rwlock_timedrdlock(&twice, &late)); out("%d ", pthread_rwlock_timedwrlock(&twice, &late));
        pthread_create(&thread, 0, wants, 0); pthread_join(thread, &value); out("%ld ", (long)value);
        out("%d ", pthread_rwlock_unlock(&twice));
        out("%d ", pthread_rwlock_rdlock(&twice)); out("%d ", pthread_rwlock_rdlock(&twice)); out("%d ", pthread_rwlock_unlock(&twice)); out("%d ", pthread_rwlock_unlock(&twice));
    }
    out("\n");
}

static void run(void)
{
    writer();
    sums();
    queue();
    semaphores();
    together();
    kinds();
    values();
    attributes();
    c11();
}

/* The part of a C library that the programs beside this use. The headers of the host describe another machine. */
typedef unsigned long size_t;
typedef __builtin_va_list va_list;
typedef struct file FILE;
typedef long jmp_buf[32];
#define NULL ((void *)0)
#define va_start __builtin_va_start
#define va_end __builtin_va_end
#define va_arg __builtin_va_arg

int snprintf(char *, size_t, const char *, ...);
int vsnprintf(char *, size_t, const char *, va_list);
int sprintf(char *, const char *, ...);
int asprintf(char **, const char *, ...);
int printf(const char *, ...);
int fprintf(FILE *, const char *, ...);
int sscanf(const char *, const char *, ...);
int fscanf(FILE *, const char *, ...);
extern FILE *stdin, *stdout, *stderr;
FILE *fopen(const char *, const char *);
FILE *freopen(const char *, const char *, FILE *);
FILE *tmpfile(void);
int fclose(FILE *);
int fflush(FILE *);
size_t fread(void *, size_t, size_t, FILE *);
size_t fwrite(const void *, size_t, size_t, FILE *);
int fgetc(FILE *);
int ungetc(int, FILE *);
int fputc(int, FILE *);
int fputs(const char *, FILE *);
char *fgets(char *, int, FILE *);
int puts(const char *);
int putchar(int);
int getchar(void);
int fseek(FILE *, long, int);
long ftell(FILE *);
void rewind(FILE *);
int feof(FILE *);
int ferror(FILE *);
void clearerr(FILE *);
int remove(const char *);
long getline(char **, size_t *, FILE *);

void *malloc(size_t);
void *calloc(size_t, size_t);
void *realloc(void *, size_t);
void free(void *);
int posix_memalign(void **, size_t, size_t);
void *aligned_alloc(size_t, size_t);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
void *bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));
int rand(void);
void srand(unsigned);
int rand_r(unsigned *);
int abs(int);
long labs(long);
typedef struct { int quot, rem; } div_t;
typedef struct { long quot, rem; } ldiv_t;
div_t div(int, int);
ldiv_t ldiv(long, long);
char *getenv(const char *);
int setenv(const char *, const char *, int);
int unsetenv(const char *);
int putenv(char *);
int atoi(const char *);
long atol(const char *);
double atof(const char *);
long strtol(const char *, char **, int);
unsigned long strtoul(const char *, char **, int);
double strtod(const char *, char **);
float strtof(const char *, char **);
long double strtold(const char *, char **);
int *__errno_location(void);
#define errno (*__errno_location())
int atexit(void (*)(void));
void exit(int);
void abort(void);

void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
void *memchr(const void *, int, size_t);
void *memrchr(const void *, int, size_t);
void *memmem(const void *, size_t, const void *, size_t);
void *memccpy(void *, const void *, int, size_t);
void *mempcpy(void *, const void *, size_t);
size_t strlen(const char *);
size_t strnlen(const char *, size_t);
char *strcpy(char *, const char *);
char *stpcpy(char *, const char *);
char *strncpy(char *, const char *, size_t);
char *stpncpy(char *, const char *, size_t);
char *strcat(char *, const char *);
char *strncat(char *, const char *, size_t);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
int strcasecmp(const char *, const char *);
int strncasecmp(const char *, const char *, size_t);
char *strchr(const char *, int);
char *strchrnul(const char *, int);
char *strrchr(const char *, int);
char *strstr(const char *, const char *);
char *strcasestr(const char *, const char *);
size_t strspn(const char *, const char *);
size_t strcspn(const char *, const char *);
char *strpbrk(const char *, const char *);
char *strtok(char *, const char *);
char *strtok_r(char *, const char *, char **);
char *strsep(char **, const char *);
char *strdup(const char *);
char *strndup(const char *, size_t);
char *strerror(int);
int isalnum(int), isalpha(int), isblank(int), iscntrl(int), isdigit(int), isgraph(int), islower(int);
int isprint(int), ispunct(int), isspace(int), isupper(int), isxdigit(int), tolower(int), toupper(int);

int _setjmp(jmp_buf) __attribute__((returns_twice));
void longjmp(jmp_buf, int) __attribute__((noreturn));

struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; long gmtoff; const char *zone; };
struct tm *gmtime(const long *);
long timegm(struct tm *);
size_t strftime(char *, size_t, const char *, const struct tm *);
char *asctime(const struct tm *);
long time(long *);

typedef unsigned long pthread_t;
typedef unsigned pthread_key_t;
typedef int pthread_once_t;
typedef struct { unsigned long opaque[7]; } pthread_attr_t;
typedef struct { unsigned long opaque[5]; } pthread_mutex_t;
typedef struct { int opaque; } pthread_mutexattr_t, pthread_condattr_t;
typedef struct { unsigned long opaque[6]; } pthread_cond_t;
typedef struct { unsigned long opaque[7]; } pthread_rwlock_t;
typedef struct { unsigned long opaque[4]; } pthread_barrier_t, sem_t;
typedef volatile int pthread_spinlock_t;
struct timespec { long tv_sec, tv_nsec; };
int clock_gettime(int, struct timespec *);
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_join(pthread_t, void **), pthread_detach(pthread_t), pthread_equal(pthread_t, pthread_t);
void pthread_exit(void *) __attribute__((noreturn));
pthread_t pthread_self(void);
int pthread_attr_init(pthread_attr_t *), pthread_attr_destroy(pthread_attr_t *);
int pthread_attr_setdetachstate(pthread_attr_t *, int), pthread_attr_getdetachstate(const pthread_attr_t *, int *);
int pthread_attr_setstacksize(pthread_attr_t *, size_t), pthread_attr_getstacksize(const pthread_attr_t *, size_t *);
int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *), pthread_mutex_destroy(pthread_mutex_t *);
int pthread_mutex_lock(pthread_mutex_t *), pthread_mutex_trylock(pthread_mutex_t *), pthread_mutex_unlock(pthread_mutex_t *);
int pthread_mutex_timedlock(pthread_mutex_t *, const struct timespec *);
int pthread_mutexattr_init(pthread_mutexattr_t *), pthread_mutexattr_settype(pthread_mutexattr_t *, int);
int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *), pthread_cond_destroy(pthread_cond_t *);
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *), pthread_cond_signal(pthread_cond_t *), pthread_cond_broadcast(pthread_cond_t *);
int pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int pthread_condattr_init(pthread_condattr_t *), pthread_condattr_setclock(pthread_condattr_t *, int);
int pthread_rwlock_init(pthread_rwlock_t *, const void *), pthread_rwlock_rdlock(pthread_rwlock_t *), pthread_rwlock_wrlock(pthread_rwlock_t *);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *), pthread_rwlock_trywrlock(pthread_rwlock_t *), pthread_rwlock_unlock(pthread_rwlock_t *);
int pthread_barrier_init(pthread_barrier_t *, const void *, unsigned), pthread_barrier_wait(pthread_barrier_t *);
int pthread_spin_init(pthread_spinlock_t *, int), pthread_spin_lock(pthread_spinlock_t *), pthread_spin_trylock(pthread_spinlock_t *), pthread_spin_unlock(pthread_spinlock_t *);
int pthread_once(pthread_once_t *, void (*)(void));
int pthread_key_create(pthread_key_t *, void (*)(void *)), pthread_key_delete(pthread_key_t), pthread_setspecific(pthread_key_t, const void *);
void *pthread_getspecific(pthread_key_t);
int sem_init(sem_t *, int, unsigned), sem_wait(sem_t *), sem_trywait(sem_t *), sem_timedwait(sem_t *, const struct timespec *), sem_post(sem_t *), sem_getvalue(sem_t *, int *);
typedef unsigned long thrd_t;
int thrd_create(thrd_t *, int (*)(void *), void *), thrd_join(thrd_t, int *), thrd_equal(thrd_t, thrd_t), thrd_detach(thrd_t);
thrd_t thrd_current(void);
void thrd_exit(int) __attribute__((noreturn)), thrd_yield(void);
int mtx_init(pthread_mutex_t *, int), mtx_lock(pthread_mutex_t *), mtx_trylock(pthread_mutex_t *), mtx_unlock(pthread_mutex_t *);
int cnd_init(pthread_cond_t *), cnd_wait(pthread_cond_t *, pthread_mutex_t *), cnd_signal(pthread_cond_t *);
int cnd_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int tss_create(unsigned *, void (*)(void *)), tss_set(unsigned, void *);
void *tss_get(unsigned);
void call_once(int *, void (*)(void));

/* Each program prints to a buffer. */
static char *output;
static size_t room, used;
__attribute__((format(printf, 1, 2))) static void out(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(output + used, room - used, format, list);
    va_end(list);
    if (n > 0) used += n;
    if (used > room) used = room;
}

static unsigned long random_state = 88172645463325252ul;
static unsigned long random_below(unsigned long limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static void run(void);
size_t run_all(char *buffer, size_t size)
{
    output = buffer;
    room = size;
    run();
    return used;
}

#ifndef __ve__
static char host_buffer[8 << 20];
int main(void)
{
    size_t n = run_all(host_buffer, sizeof host_buffer);
    fwrite(host_buffer, 1, n, stdout);
    return 0;
}
#endif

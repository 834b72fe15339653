/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_PTHREAD_H
#define VEO_LIBC_PTHREAD_H

#include <sched.h>
#include <time.h>

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT 0
#define PTHREAD_BARRIER_SERIAL_THREAD (-1)
#define PTHREAD_ONCE_INIT 0
#define PTHREAD_MUTEX_INITIALIZER {{0}}
#define PTHREAD_COND_INITIALIZER {{0}}
#define PTHREAD_RWLOCK_INITIALIZER {{0}}

typedef unsigned long pthread_t;
typedef unsigned pthread_key_t;
typedef int pthread_once_t;
typedef volatile int pthread_spinlock_t;

/* At least as large as in any C library for the VE. */
typedef struct { unsigned long opaque[8]; } pthread_attr_t;
typedef struct { unsigned long opaque[6]; } pthread_mutex_t;
typedef struct { unsigned long opaque[1]; } pthread_mutexattr_t;
typedef struct { unsigned long opaque[6]; } pthread_cond_t;
typedef struct { unsigned long opaque[1]; } pthread_condattr_t;
typedef struct { unsigned long opaque[7]; } pthread_rwlock_t;
typedef struct { unsigned long opaque[1]; } pthread_rwlockattr_t;
typedef struct { unsigned long opaque[4]; } pthread_barrier_t;
typedef struct { unsigned long opaque[1]; } pthread_barrierattr_t;

#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_INHERIT_SCHED 0
#define PTHREAD_EXPLICIT_SCHED 1
#define PTHREAD_SCOPE_SYSTEM 0
#define PTHREAD_SCOPE_PROCESS 1

#define PTHREAD_CANCEL_DEFERRED 0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1

/* A function that runs when the thread ends, or when it is taken away. */
struct veo_libc_cleanup {
    void (*function)(void *);
    void *argument;
    struct veo_libc_cleanup *next;
};
#define pthread_cleanup_push(function, argument) do { struct veo_libc_cleanup veo_libc_block; _pthread_cleanup_push(&veo_libc_block, function, argument);
#define pthread_cleanup_pop(execute) _pthread_cleanup_pop(&veo_libc_block, (execute)); } while (0)

#ifdef __cplusplus
extern "C" {
#endif

int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_join(pthread_t, void **), pthread_detach(pthread_t), pthread_cancel(pthread_t);
int pthread_equal(pthread_t, pthread_t), pthread_once(pthread_once_t *, void (*)(void));
void pthread_exit(void *) __attribute__((noreturn));
pthread_t pthread_self(void);

int pthread_attr_init(pthread_attr_t *), pthread_attr_destroy(pthread_attr_t *);
int pthread_attr_setdetachstate(pthread_attr_t *, int), pthread_attr_getdetachstate(const pthread_attr_t *, int *);
int pthread_attr_setstacksize(pthread_attr_t *, size_t), pthread_attr_getstacksize(const pthread_attr_t *, size_t *);

int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *), pthread_mutex_destroy(pthread_mutex_t *);
int pthread_mutex_lock(pthread_mutex_t *), pthread_mutex_trylock(pthread_mutex_t *), pthread_mutex_unlock(pthread_mutex_t *);
int pthread_mutexattr_init(pthread_mutexattr_t *), pthread_mutexattr_destroy(pthread_mutexattr_t *);
int pthread_mutex_timedlock(pthread_mutex_t *, const struct timespec *);
int pthread_mutexattr_settype(pthread_mutexattr_t *, int), pthread_mutexattr_gettype(const pthread_mutexattr_t *, int *);

int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *), pthread_cond_destroy(pthread_cond_t *);
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *), pthread_cond_signal(pthread_cond_t *);
int pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int pthread_cond_broadcast(pthread_cond_t *);
int pthread_condattr_init(pthread_condattr_t *), pthread_condattr_destroy(pthread_condattr_t *);
int pthread_condattr_setclock(pthread_condattr_t *, clockid_t);

int pthread_rwlock_init(pthread_rwlock_t *, const pthread_rwlockattr_t *), pthread_rwlock_destroy(pthread_rwlock_t *);
int pthread_rwlock_rdlock(pthread_rwlock_t *), pthread_rwlock_wrlock(pthread_rwlock_t *);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *), pthread_rwlock_trywrlock(pthread_rwlock_t *);
int pthread_rwlock_unlock(pthread_rwlock_t *);

int pthread_barrier_init(pthread_barrier_t *, const pthread_barrierattr_t *, unsigned);
int pthread_barrier_wait(pthread_barrier_t *), pthread_barrier_destroy(pthread_barrier_t *);

int pthread_spin_init(pthread_spinlock_t *, int), pthread_spin_destroy(pthread_spinlock_t *);
int pthread_spin_lock(pthread_spinlock_t *), pthread_spin_trylock(pthread_spinlock_t *), pthread_spin_unlock(pthread_spinlock_t *);

int pthread_key_create(pthread_key_t *, void (*)(void *)), pthread_key_delete(pthread_key_t);
int pthread_setspecific(pthread_key_t, const void *);
void *pthread_getspecific(pthread_key_t);
int pthread_setaffinity_np(pthread_t, size_t, const cpu_set_t *), pthread_getaffinity_np(pthread_t, size_t, cpu_set_t *);
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)), pthread_setcancelstate(int, int *);
void pthread_testcancel(void);
int pthread_attr_setguardsize(pthread_attr_t *, size_t), pthread_attr_setinheritsched(pthread_attr_t *, int);
int pthread_attr_setscope(pthread_attr_t *, int);
int pthread_barrierattr_init(pthread_barrierattr_t *), pthread_barrierattr_destroy(pthread_barrierattr_t *);
int pthread_condattr_setpshared(pthread_condattr_t *, int), pthread_mutexattr_setpshared(pthread_mutexattr_t *, int);
int pthread_rwlockattr_init(pthread_rwlockattr_t *), pthread_rwlockattr_destroy(pthread_rwlockattr_t *);
int pthread_setname_np(pthread_t, const char *), pthread_yield(void);
int pthread_tryjoin_np(pthread_t, void **), pthread_timedjoin_np(pthread_t, void **, const struct timespec *);
int pthread_kill(pthread_t, int), pthread_setcanceltype(int, int *), pthread_getcpuclockid(pthread_t, clockid_t *);
int pthread_getschedparam(pthread_t, int *, struct sched_param *), pthread_setschedparam(pthread_t, int, const struct sched_param *);
int pthread_setschedprio(pthread_t, int), pthread_setconcurrency(int), pthread_getconcurrency(void);
int pthread_attr_getschedpolicy(const pthread_attr_t *, int *), pthread_attr_setschedpolicy(pthread_attr_t *, int);
int pthread_attr_getschedparam(const pthread_attr_t *, struct sched_param *), pthread_attr_setschedparam(pthread_attr_t *, const struct sched_param *);
int pthread_attr_getinheritsched(const pthread_attr_t *, int *), pthread_attr_getscope(const pthread_attr_t *, int *);
int pthread_attr_getguardsize(const pthread_attr_t *, size_t *), pthread_attr_setstack(pthread_attr_t *, void *, size_t);
int pthread_attr_getstack(const pthread_attr_t *, void **, size_t *), pthread_getattr_np(pthread_t, pthread_attr_t *);
int pthread_mutex_clocklock(pthread_mutex_t *, clockid_t, const struct timespec *);
int pthread_cond_clockwait(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
int pthread_condattr_getclock(const pthread_condattr_t *, clockid_t *), pthread_condattr_getpshared(const pthread_condattr_t *, int *);
int pthread_mutexattr_getpshared(const pthread_mutexattr_t *, int *);
int pthread_rwlock_timedrdlock(pthread_rwlock_t *, const struct timespec *), pthread_rwlock_timedwrlock(pthread_rwlock_t *, const struct timespec *);
int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *, int *), pthread_rwlockattr_setpshared(pthread_rwlockattr_t *, int);
int pthread_barrierattr_getpshared(const pthread_barrierattr_t *, int *), pthread_barrierattr_setpshared(pthread_barrierattr_t *, int);
void _pthread_cleanup_push(struct veo_libc_cleanup *, void (*)(void *), void *), _pthread_cleanup_pop(struct veo_libc_cleanup *, int);

#ifdef __cplusplus
}
#endif

#endif

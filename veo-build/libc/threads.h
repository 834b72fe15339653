/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_THREADS_H
#define VEO_LIBC_THREADS_H

#include <time.h>

#ifndef __cplusplus
#define thread_local _Thread_local
#endif
#define ONCE_FLAG_INIT {0}
#define TSS_DTOR_ITERATIONS 4

enum { thrd_success, thrd_busy, thrd_error, thrd_nomem, thrd_timedout };
enum { mtx_plain, mtx_recursive, mtx_timed };

typedef unsigned long thrd_t;
typedef unsigned tss_t;
typedef int (*thrd_start_t)(void *);
typedef void (*tss_dtor_t)(void *);
typedef struct { int opaque; } once_flag;
/* At least as large as in any C library for the VE. */
typedef struct { unsigned long opaque[6]; } mtx_t;
typedef struct { unsigned long opaque[6]; } cnd_t;

#ifdef __cplusplus
extern "C" {
#endif

int thrd_create(thrd_t *, thrd_start_t, void *), thrd_join(thrd_t, int *), thrd_detach(thrd_t), thrd_equal(thrd_t, thrd_t);
int thrd_sleep(const struct timespec *, struct timespec *);
thrd_t thrd_current(void);
void thrd_exit(int) __attribute__((noreturn)), thrd_yield(void);
int mtx_init(mtx_t *, int), mtx_lock(mtx_t *), mtx_trylock(mtx_t *), mtx_unlock(mtx_t *);
int mtx_timedlock(mtx_t *, const struct timespec *);
void mtx_destroy(mtx_t *);
int cnd_init(cnd_t *), cnd_wait(cnd_t *, mtx_t *), cnd_signal(cnd_t *), cnd_broadcast(cnd_t *);
int cnd_timedwait(cnd_t *, mtx_t *, const struct timespec *);
void cnd_destroy(cnd_t *);
int tss_create(tss_t *, tss_dtor_t), tss_set(tss_t, void *);
void *tss_get(tss_t);
void tss_delete(tss_t);
void call_once(once_flag *, void (*)(void));

#ifdef __cplusplus
}
#endif

#endif

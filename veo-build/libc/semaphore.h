/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SEMAPHORE_H
#define VEO_LIBC_SEMAPHORE_H

#include <time.h>

typedef struct { unsigned long opaque[4]; } sem_t;

#define SEM_FAILED ((sem_t *)0)

#ifdef __cplusplus
extern "C" {
#endif

int sem_init(sem_t *, int, unsigned), sem_destroy(sem_t *), sem_getvalue(sem_t *, int *);
int sem_wait(sem_t *), sem_trywait(sem_t *), sem_timedwait(sem_t *, const struct timespec *), sem_post(sem_t *);
int sem_clockwait(sem_t *, clockid_t, const struct timespec *), sem_close(sem_t *), sem_unlink(const char *);
sem_t *sem_open(const char *, int, ...);

#ifdef __cplusplus
}
#endif

#endif

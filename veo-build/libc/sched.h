/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SCHED_H
#define VEO_LIBC_SCHED_H

#include <sys/types.h>

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2

struct sched_param {
    int sched_priority;
};

#define CPU_SETSIZE 1024
typedef struct {
    unsigned long bits[CPU_SETSIZE / 64];
} cpu_set_t;

#define CPU_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(cpu_set_t)))
#define CPU_SET(cpu, set) ((void)((set)->bits[(cpu) / 64] |= 1UL << (cpu) % 64))
#define CPU_CLR(cpu, set) ((void)((set)->bits[(cpu) / 64] &= ~(1UL << (cpu) % 64)))
#define CPU_ISSET(cpu, set) ((int)((set)->bits[(cpu) / 64] >> (cpu) % 64 & 1))

#ifdef __cplusplus
extern "C" {
#endif

int sched_yield(void), sched_get_priority_max(int), sched_get_priority_min(int), sched_getcpu(void);
int sched_getaffinity(pid_t, size_t, cpu_set_t *), sched_setaffinity(pid_t, size_t, const cpu_set_t *);
int sched_getscheduler(pid_t), sched_setscheduler(pid_t, int, const struct sched_param *);
int sched_getparam(pid_t, struct sched_param *), sched_setparam(pid_t, const struct sched_param *);

#ifdef __cplusplus
}
#endif

#endif

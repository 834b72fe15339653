/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef VEO_LIBC_SPAWN_H
#define VEO_LIBC_SPAWN_H

#include <signal.h>
#include <sys/types.h>

typedef struct { unsigned long opaque[42]; } posix_spawnattr_t;
typedef struct { unsigned long opaque[10]; } posix_spawn_file_actions_t;

#ifdef __cplusplus
extern "C" {
#endif

int posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *);
int posix_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *);

#ifdef __cplusplus
}
#endif

#endif

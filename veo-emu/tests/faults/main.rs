//! Mistakes of kernels: the request fails with a report, the host goes on.

#[path = "../common/mod.rs"]
mod common;

mod crashes;
mod ends;
mod reasons;
mod survived;

use common::*;

/// The kernels that most of these tests call.
const KERNELS: &str = r#"
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

uint64_t ok(uint64_t x) { return x + 1; }
int zero;
void segv(void) { *(volatile int *)0x1234 = 1; }
void bus(void) {
    int fd = memfd_create("x", 0);
    volatile char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    *p;
}
int fpe(int x) { return x / zero; }
void ill(void) { __builtin_trap(); }
void abrt(void) { abort(); }
int deep(volatile char *p) { volatile char room[4096]; room[0] = p[0]; return deep(room) + room[1]; }
int overflow(void) { char c = 0; return deep(&c); }
void leave(int status) { exit(status); }
void leave_now(int status) { _exit(status); }
void leave_thread(void) { pthread_exit(0); }
void heap(void) { char *volatile p = malloc(24); free(p); free(p); }
volatile int forever;
void loop(void) { forever = 1; while (forever) ; }
void nap(int milliseconds) { usleep(milliseconds * 1000); }
static jmp_buf place;
int set_place(void) { return setjmp(place); }
void jump(void) { longjmp(place, 7); }
void close_all(void) { for (int fd = 0; fd < 1000; fd++) close(fd); }
int ends_forked(int how) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        switch (how) {
        case 0: exit(3);
        case 1: *(volatile int *)0x1234 = 1;
        case 2: abort();
        default: pthread_exit(0);
        }
    }
    waitpid(child, &status, 0);
    return status;
}
void branch(int status) { if (fork() == 0) return; (void)status; }
void quiet(void) { signal(SIGSEGV, SIG_DFL); *(volatile int *)0x1234 = 1; }
void *on_thread(void *p) { *(volatile int *)0x4321 = 1; return p; }
void thread_segv(void) { pthread_t t; pthread_create(&t, 0, on_thread, 0); pthread_join(t, 0); }
void self_kill(void) { kill(getpid(), SIGKILL); pause(); }
void become_another(void) { execl("/bin/sleep", "sleep", "60", (char *)0); }
void end_thread(void) { syscall(SYS_exit, 0); }
void take_descriptors(void) { for (int fd = 3; fd < 1000; fd++) dup2(0, fd); }
static sigjmp_buf landing;
static void land(int signal) { siglongjmp(landing, signal); }
int handle(void) {
    struct sigaction own = { .sa_handler = land };
    sigaction(SIGSEGV, &own, 0);
    return sigsetjmp(landing, 1) ? 5 : (segv(), 0);
}
void null(void) { *(volatile int *)0 = 1; }
void not_canonical(void) { *(volatile int *)0x8000000000000000ul = 1; }
#ifdef __x86_64__
void privileged(void) { __asm__ volatile("hlt"); }
#endif
void by_raise(void) { raise(SIGSEGV); }
void by_kill(void) { kill(getpid(), SIGSEGV); pause(); }
void by_tgkill(void) { syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSEGV); }
void by_queue(void) { sigqueue(getpid(), SIGSEGV, (union sigval){ 0 }); pause(); }
void bad_stack_for_handlers(void) {
    stack_t stack = { .ss_sp = (void *)0x10000, .ss_size = 65536 };
    sigaltstack(&stack, 0);
}
int overflow_slowly(void) { volatile int x = 1; return overflow_slowly() + x; }
int use(volatile char *p) { return p[100] = 1; }
int much_room(void) { return use(__builtin_alloca(127ul << 20)) + overflow(); }
int more_room(void) { return use(__builtin_alloca(300ul << 20)); }
static void stack(char **low, size_t *size) {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, (void **)low, size);
}
void below_own_stack(void) { char *low; size_t size; stack(&low, &size); *(volatile char *)(low - 64) = 1; }
void above_own_stack(void) {
    char *low; size_t size; stack(&low, &size);
    for (volatile char *p = low + size; ; p += 4096) *p;
}
void talk_for_ever(void) { puts("something"); fflush(stdout); loop(); }
int trace_me(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0); }
void trace_me_and_fault(void) { trace_me(); segv(); }
/* Overwrites the rings of all contexts. */
void wipe_rings(int byte) {
    char line[512];
    unsigned long from, to;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        if (strstr(line, "veo-ring") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            memset((char *)from, byte, to - from);
    fclose(maps);
}
/* Has the calls of `function` that are queued come back as others. */
void forge_ids(uint64_t function) {
    char line[512];
    unsigned long from, to;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        if (strstr(line, "veo-ring") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            for (uint64_t *word = (uint64_t *)from; word + 1 < (uint64_t *)to; word++)
                if (*word == function)
                    word[1] += 77;
    fclose(maps);
}
void block(void) { sigset_t all; sigfillset(&all); pthread_sigmask(SIG_BLOCK, &all, 0); }
static char own_stack[65536];
int another_stack(void) {
    stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof own_stack };
    return sigaltstack(&stack, 0);
}
"#;

/// A process with these kernels.
fn started() -> (Proc, u64) {
    let proc = Proc::with(0, |options| options.memory = 64 << 20);
    let lib = proc.load(&compile(KERNELS));
    (proc, lib)
}

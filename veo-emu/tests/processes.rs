//! Effects of kernels on the process that they run in: children, traps, limits, output without an
//! end.

mod common;

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t ok(uint64_t x) { return x + 1; }
void segv(void) { *(volatile int *)0x1234 = 1; }

#ifdef __x86_64__
void trap(void) { __asm__ volatile("int3"); }
#else
void trap(void) { raise(SIGTRAP); }
#endif

/* Tells its number, and means to stay. */
static void stay(int to) {
    pid_t self = getpid();
    if (write(to, &self, sizeof self) < 0) _exit(1);
    for (;;) pause();
}
/* The number of a child. */
uint64_t leave_child(void) {
    int ends[2];
    pid_t child = 0;
    if (pipe(ends) != 0) return 0;
    if (fork() == 0) stay(ends[1]);
    if (read(ends[0], &child, sizeof child) < 0) return 0;
    return child;
}
/* The same, of one that is no child of this process. */
uint64_t leave_daemon(void) {
    int ends[2];
    pid_t daemon = 0;
    if (pipe(ends) != 0) return 0;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) stay(ends[1]);
        for (;;) pause();
    }
    if (read(ends[0], &daemon, sizeof daemon) < 0) return 0;
    return daemon;
}
static void *fork_it(void *result) { *(uint64_t *)result = leave_child(); return NULL; }
/* A child that a thread has forked which has ended. Whether it is there still. */
uint64_t child_of_a_thread(void) {
    pthread_t thread;
    uint64_t child = 0;
    int status;
    pthread_create(&thread, NULL, fork_it, &child);
    pthread_join(thread, NULL);
    usleep(20000);
    uint64_t there = waitpid(child, &status, WNOHANG) == 0;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return there;
}
uint64_t no_descriptors(void) {
    struct rlimit none = { 0, 0 };
    return setrlimit(RLIMIT_NOFILE, &none);
}
void print_for_ever(void) {
    static char line[4096];
    memset(line, 'x', sizeof line);
    for (;;)
        if (write(1, line, sizeof line) < 0) _exit(1);
}
"#;

fn started() -> (Proc, u64) {
    let proc = Proc::with(0, |options| options.memory = 1 << 20);
    let lib = proc.load(&compile(KERNELS));
    (proc, lib)
}

/// Whether a process runs; one that waits to be collected does not.
fn runs(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !"ZX".contains(state))
}

fn ends(pid: u64, what: &str) {
    let start = Instant::now();
    while runs(pid) {
        let time = start.elapsed();
        assert!(
            time < Duration::from_secs(10),
            "{what}: {pid} is still there"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_trap_is_a_fault() {
    let (proc, lib) = started();
    let (main, other) = (proc.open(), proc.open());
    let (ok, args) = (proc.sym(lib, "ok"), Args::new().u64(0, 1));
    let id = main.call(proc.sym(lib, "trap"), &Args::new());
    assert_eq!(main.wait(id), (VEO_COMMAND_EXCEPTION, libc::SIGTRAP as u64));
    let id = call!(veo_call_async(other.0, ok, args.0));
    assert_eq!(id, VEO_REQUEST_ID_INVALID);
    let fault = proc.fault().unwrap();
    assert_eq!(text(&fault.kernel), "trap");
}

#[test]
fn children_end_with_their_ve_process() {
    for kernel in ["leave_child", "leave_daemon"] {
        for end in ["destroy", "kill", "fault", "context"] {
            let (proc, lib) = started();
            let (main, other) = (proc.open(), proc.open());
            let child = other.ok(other.call(proc.sym(lib, kernel), &Args::new()));
            assert!(child > 1 && runs(child), "{kernel}: {child}");
            match end {
                "destroy" => drop(proc),
                "kill" => assert_eq!(call!(veo_emu_kill(proc.0)), 0),
                "context" => assert_eq!(call!(veo_context_close(other.0)), 0),
                _ => {
                    main.wait(main.call(proc.sym(lib, "segv"), &Args::new()));
                }
            }
            ends(child, &format!("{kernel}, {end}"));
        }
    }
}

#[test]
fn a_child_may_outlive_the_thread_of_a_kernel_that_forked_it() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let id = ctx.call(proc.sym(lib, "child_of_a_thread"), &Args::new());
    assert_eq!(ctx.ok(id), 1);
}

#[test]
fn a_kernel_that_allows_itself_no_more_descriptors() {
    let (proc, lib) = started();
    let ctx = proc.open();
    ctx.ok(ctx.call(proc.sym(lib, "no_descriptors"), &Args::new()));
    assert!(call!(veo_context_open(proc.0)).is_null());
    assert!(last_error().contains("open files"), "{}", last_error());
    let ok = proc.sym(lib, "ok");
    assert_eq!(ctx.ok(ctx.call(ok, &Args::new().u64(0, 1))), 2);
}

static PRINTED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" fn count(_: *mut c_void, _: c_int, _: *const c_char, len: usize) {
    PRINTED.fetch_add(len as u64, Ordering::Relaxed);
    // The pipe is full again before this returns.
    std::thread::sleep(Duration::from_millis(1));
}

#[test]
fn a_kernel_that_prints_without_an_end_holds_up_nobody_else() {
    let proc = Proc::with(0, |options| {
        options.memory = 1 << 20;
        options.output = Some(count);
    });
    let lib = proc.load(&compile(KERNELS));
    let (main, other) = (proc.open(), proc.open());
    let printing = other.call(proc.sym(lib, "print_for_ever"), &Args::new());
    while PRINTED.load(Ordering::Relaxed) < 1 << 20 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let ok = proc.sym(lib, "ok");
    for round in 0..20 {
        assert_eq!(
            main.ok(main.call(ok, &Args::new().u64(0, round))),
            round + 1
        );
    }
    assert_eq!(call!(veo_emu_kill(proc.0)), 0);
    assert_eq!(other.wait(printing), (VEO_COMMAND_ERROR, 0));
}

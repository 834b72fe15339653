//! What kernels do wrong: the request fails with a report, the host goes on.

mod common;

use std::time::{Duration, Instant};

use common::*;
use veo_abi::ffi::*;

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
void all_memory(void) { for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); } }
void branch(int status) { if (fork() == 0) return; (void)status; }
void quiet(void) { signal(SIGSEGV, SIG_DFL); *(volatile int *)0x1234 = 1; }
void *on_thread(void *p) { *(volatile int *)0x4321 = 1; return p; }
void thread_segv(void) { pthread_t t; pthread_create(&t, 0, on_thread, 0); pthread_join(t, 0); }
void self_kill(void) { kill(getpid(), SIGKILL); pause(); }
void become_another(void) { execl("/bin/sleep", "sleep", "60", (char *)0); }
void end_thread(void) { syscall(SYS_exit, 0); }
void take_descriptors(void) { for (int fd = 3; fd < 30; fd++) dup2(0, fd); }
static sigjmp_buf landing;
static void land(int signal) { siglongjmp(landing, signal); }
int handle(void) {
    struct sigaction own = { .sa_handler = land };
    sigaction(SIGSEGV, &own, 0);
    return sigsetjmp(landing, 1) ? 5 : (segv(), 0);
}
int trace_me(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0); }
void block(void) { sigset_t all; sigfillset(&all); pthread_sigmask(SIG_BLOCK, &all, 0); }
static char own_stack[65536];
int another_stack(void) {
    stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof own_stack };
    return sigaltstack(&stack, 0);
}
"#;

fn started() -> (Proc, u64) {
    let proc = Proc::with(0, |options| options.memory = 64 << 20);
    let lib = proc.load(&compile(KERNELS));
    (proc, lib)
}

/// Runs `kernel` on the main context, with calls queued behind it there and in
/// another context, and returns how it ended.
fn run(kernel: &str, argument: u64) -> (u32, u64, veo_emu_fault) {
    let (proc, lib) = started();
    let main = proc.open();
    let other = proc.open();
    let ok = proc.sym(lib, "ok");
    let function = proc.sym(lib, kernel);
    let args = Args::new().u64(0, argument);
    let before = main.call(ok, &args);
    assert_eq!(other.ok(other.call(ok, &args)), argument + 1);
    let start = Instant::now();
    let guilty = main.call(function, &args);
    // Some kernels end before the next call is made.
    let behind = call!(veo_call_async(main.0, ok, args.0));
    let (state, result) = main.wait(guilty);
    assert!(start.elapsed() < Duration::from_secs(5), "{kernel}");
    assert_eq!(main.wait(before), (VEO_COMMAND_OK, argument + 1));
    if behind != VEO_REQUEST_ID_INVALID {
        assert_eq!(main.wait(behind), (VEO_COMMAND_ERROR, 0), "{kernel}");
        assert!(last_error().contains("has ended"), "{}", last_error());
    }
    let fault = proc.fault().expect("a report");
    assert_eq!(fault.context, 0, "{kernel}");
    assert_eq!(fault.request, guilty, "{kernel}");
    assert_eq!(text(&fault.kernel), kernel);
    after_death(&proc, lib, main, ok);
    (state, result, fault)
}

/// What every call gives after the process has ended.
fn after_death(proc: &Proc, lib: u64, ctx: Ctx, symbol: u64) {
    let args = Args::new();
    let mut word = 0u64;
    assert_eq!(call!(veo_alloc_mem(proc.0, &mut word, 8)), -1);
    assert!(call!(veo_read_mem(proc.0, (&raw mut word).cast(), symbol, 8)) < 0);
    assert!(call!(veo_write_mem(proc.0, symbol, (&raw const word).cast(), 8)) < 0);
    assert_eq!(proc.call(symbol, &args).0, -1);
    assert_eq!(
        call!(veo_call_async(ctx.0, symbol, args.0)),
        VEO_REQUEST_ID_INVALID
    );
    assert_eq!(ctx.read(&mut [0], symbol), VEO_REQUEST_ID_INVALID);
    assert_eq!(
        call!(veo_load_library(proc.0, c"/nowhere/libx.so".as_ptr())),
        0
    );
    assert_eq!(call!(veo_unload_library(proc.0, lib)), -1);
    assert_eq!(call!(veo_free_mem(proc.0, 0x6000_0000_0000)), 0);
    assert_eq!(call!(veo_get_sym(proc.0, lib, c"ok".as_ptr())), symbol);
    assert!(call!(veo_context_open(proc.0)).is_null());
    assert_eq!(call!(veo_get_context_state(ctx.0)) as u32, VEO_STATE_EXIT);
    assert_eq!(call!(veo_emu_pid(proc.0)), -1);
    call!(veo_context_sync(ctx.0));
}

fn exception(kernel: &str, signal: i32) -> veo_emu_fault {
    let (state, result, fault) = run(kernel, 3);
    assert_eq!(
        (state, result),
        (VEO_COMMAND_EXCEPTION, signal as u64),
        "{kernel}"
    );
    assert_eq!(fault.signal, signal, "{kernel}");
    fault
}

#[test]
fn invalid_memory_access() {
    let fault = exception("segv", libc::SIGSEGV);
    assert_eq!(fault.address, 0x1234);
    assert!(
        text(&fault.text).contains("SIGSEGV"),
        "{}",
        text(&fault.text)
    );
    assert!(text(&fault.text).contains("segv"));
}

#[test]
fn other_signals() {
    exception("bus", libc::SIGBUS);
    exception("fpe", libc::SIGFPE);
    exception("ill", libc::SIGILL);
    exception("abrt", libc::SIGABRT);
    exception("heap", libc::SIGABRT);
}

#[test]
fn stack_overflow() {
    let fault = exception("overflow", libc::SIGSEGV);
    assert!(
        text(&fault.text).contains("stack overflow"),
        "{}",
        text(&fault.text)
    );
}

#[test]
fn faults_on_other_threads_and_without_handler() {
    exception("quiet", libc::SIGSEGV);
    exception("thread_segv", libc::SIGSEGV);
}

#[test]
fn leaving_by_exit() {
    for kernel in ["leave", "leave_now"] {
        let (state, result, fault) = run(kernel, 3);
        assert_eq!((state, result), (VEO_COMMAND_ERROR, 0), "{kernel}");
        assert_eq!((fault.signal, fault.exit_status), (0, 3), "{kernel}");
    }
    let (state, result, fault) = run("leave_thread", 3);
    assert_eq!((state, result), (VEO_COMMAND_ERROR, 0));
    assert!(
        text(&fault.text).contains("pthread_exit"),
        "{}",
        text(&fault.text)
    );
    let (state, result, fault) = run("self_kill", 3);
    assert_eq!((state, result), (VEO_COMMAND_ERROR, 0));
    assert!(
        text(&fault.text).contains("SIGKILL"),
        "{}",
        text(&fault.text)
    );
}

#[test]
fn a_fault_on_a_further_context() {
    let (proc, lib) = started();
    let main = proc.open();
    let other = proc.open();
    let (nap, segv) = (proc.sym(lib, "nap"), proc.sym(lib, "segv"));
    let nap = main.call(nap, &Args::new().u64(0, 60_000));
    let guilty = other.call(segv, &Args::new());
    assert_eq!(
        other.wait(guilty),
        (VEO_COMMAND_EXCEPTION, libc::SIGSEGV as u64)
    );
    assert_eq!(main.wait(nap), (VEO_COMMAND_ERROR, 0));
    assert_eq!(proc.fault().unwrap().context, 1);
}

#[test]
fn an_exception_of_cpp() {
    let proc = Proc::new(0);
    let lib = proc.load(&compile(
        "#include <stdexcept>\n\
         extern \"C\" void escape() { throw std::runtime_error(\"out\"); }\n\
         extern \"C\" int inside() { try { throw 5; } catch (int x) { return x; } }\n",
    ));
    assert_eq!(proc.call(proc.sym(lib, "inside"), &Args::new()), (0, 5));
    let (state, signal) = proc.call(proc.sym(lib, "escape"), &Args::new());
    assert_eq!((state, signal), (-1, libc::SIGABRT as u64));
    assert_eq!(text(&proc.fault().unwrap().kernel), "escape");
}

#[test]
fn an_endless_loop_is_killed() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
    let mut result = 0;
    let state = call!(veo_emu_wait_result_timeout(
        ctx.0,
        id,
        &mut result,
        50_000_000
    ));
    assert_eq!(state as u32, VEO_COMMAND_UNFINISHED);
    assert_eq!(ctx.peek(id).0, VEO_COMMAND_UNFINISHED);
    let waiter = std::thread::spawn(move || ctx.wait(id));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(call!(veo_emu_kill(proc.0)), 0);
    assert_eq!(waiter.join().unwrap(), (VEO_COMMAND_ERROR, 0));
    assert!(text(&proc.fault().unwrap().text).contains("killed on request"));
}

#[test]
fn a_time_limit() {
    let proc = Proc::with(0, |options| options.time_limit_ms = 150);
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    let nap = proc.sym(lib, "nap");
    let ids: Vec<u64> = (0..5)
        .map(|_| ctx.call(nap, &Args::new().u64(0, 50)))
        .collect();
    for id in ids {
        ctx.ok(id);
    }
    let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("time limit") && report.contains("loop"),
        "{report}"
    );
}

#[test]
fn an_endless_loop_does_not_hold_destroy() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let pid = proc.pid();
    ctx.call(proc.sym(lib, "loop"), &Args::new());
    let start = Instant::now();
    drop(proc);
    assert!(start.elapsed() < Duration::from_secs(5));
    // SAFETY: only asks whether the process exists.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1);
}

#[test]
fn jumping_to_where_nobody_waits_hurts_nobody_else() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let none = Args::new();
    ctx.ok(ctx.call(proc.sym(lib, "set_place"), &none));
    let id = ctx.call(proc.sym(lib, "jump"), &none);
    // Undefined in C: it may return or fault, but the wait ends and the host lives.
    let (state, _) = ctx.wait(id);
    assert!([VEO_COMMAND_OK, VEO_COMMAND_ERROR, VEO_COMMAND_EXCEPTION].contains(&state));
}

#[test]
fn the_machine_takes_a_ve_process_first_if_it_runs_out_of_memory() {
    let score = |process: &str| -> i32 {
        let path = format!("/proc/{process}/oom_score_adj");
        let score = std::fs::read_to_string(path).unwrap();
        score.trim().parse().unwrap()
    };
    let before = score("self");
    let (proc, _) = started();
    assert_eq!(score(&proc.pid().to_string()), 1000);
    assert_eq!(score("self"), before);
}

#[test]
fn closing_all_descriptors() {
    // Closed, or something else in their place.
    for kernel in ["close_all", "take_descriptors"] {
        let (proc, lib) = started();
        let ctx = proc.open();
        ctx.ok(ctx.call(proc.sym(lib, kernel), &Args::new()));
        let (ok, args) = (proc.sym(lib, "ok"), Args::new().u64(0, 1));
        // What needs no descriptor still works; opening a context fails, with a reason.
        assert_eq!(ctx.ok(ctx.call(ok, &args)), 2);
        let start = Instant::now();
        assert!(call!(veo_context_open(proc.0)).is_null());
        assert!(start.elapsed() < Duration::from_secs(30), "{kernel}");
        assert!(last_error().contains("descriptors"), "{}", last_error());
        assert_eq!(ctx.ok(ctx.call(ok, &args)), 2);
    }
}

#[test]
fn a_kernel_that_calls_exec() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let (exec, ok) = (proc.sym(lib, "become_another"), proc.sym(lib, "ok"));
    let args = Args::new().u64(0, 1);
    let id = ctx.call(exec, &args);
    let behind = call!(veo_call_async(ctx.0, ok, args.0));
    let start = Instant::now();
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    // It may have ended before that was called.
    if behind != VEO_REQUEST_ID_INVALID {
        assert_eq!(ctx.wait(behind), (VEO_COMMAND_ERROR, 0));
    }
    assert!(start.elapsed() < Duration::from_secs(30));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("exec") && report.contains("become_another"),
        "{report}"
    );
}

#[test]
fn a_thread_that_ends_without_a_word() {
    let (proc, lib) = started();
    let (main, other) = (proc.open(), proc.open());
    let (end, ok) = (proc.sym(lib, "end_thread"), proc.sym(lib, "ok"));
    let args = Args::new().u64(0, 1);
    // Only who waits notices.
    let (id, behind) = (other.call(end, &args), other.call(ok, &args));
    assert_eq!(other.wait(id), (VEO_COMMAND_ERROR, 0));
    assert_eq!(other.wait(behind), (VEO_COMMAND_ERROR, 0));
    let report = text(&proc.fault().unwrap().text);
    assert!(report.contains("thread of context 1"), "{report}");
    assert_eq!(call!(veo_get_context_state(main.0)) as u32, VEO_STATE_EXIT);
}

#[test]
fn a_kernel_that_has_itself_traced() {
    let (proc, lib) = started();
    let (main, other) = (proc.open(), proc.open());
    let (trace, ok) = (proc.sym(lib, "trace_me"), proc.sym(lib, "ok"));
    // Where that is forbidden it fails, which is as good.
    for ctx in [main, other] {
        ctx.ok(ctx.call(trace, &Args::new()));
        assert_eq!(ctx.ok(ctx.call(ok, &Args::new().u64(0, 1))), 2);
    }
    let pid = proc.pid();
    drop(proc);
    // SAFETY: only asks whether the process exists.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1);
}

#[test]
fn signals_that_a_kernel_keeps_for_itself() {
    for kernel in ["handle", "block", "another_stack"] {
        let (proc, lib) = started();
        let (main, other) = (proc.open(), proc.open());
        for ctx in [main, other] {
            ctx.ok(ctx.call(proc.sym(lib, kernel), &Args::new()));
        }
        // Copies where nothing is, or nothing may be written, fail as ever.
        let mut word = 0u64;
        let place = (&raw mut word).cast();
        assert!(call!(veo_read_mem(proc.0, place, 0x10, 8)) < 0, "{kernel}");
        let ok = proc.sym(lib, "ok");
        let bytes = (&raw const word).cast();
        assert!(call!(veo_write_mem(proc.0, ok, bytes, 8)) < 0, "{kernel}");
        let args = Args::new().u64(0, 1);
        for ctx in [main, other] {
            assert_eq!(ctx.ok(ctx.call(ok, &args)), 2, "{kernel}");
        }
        // What the kernel made of the signals is left to it.
        if kernel == "handle" {
            assert_eq!(main.ok(main.call(proc.sym(lib, kernel), &Args::new())), 5);
        }
        assert_eq!(call!(veo_context_close(other.0)), 0);
        assert_eq!(main.ok(main.call(ok, &args)), 2, "{kernel}");
        assert!(proc.fault().is_none());
    }
}

#[test]
fn a_forked_child_of_a_kernel_ends_with_it() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let args = Args::new().u64(0, 1);
    for _ in 0..3 {
        ctx.ok(ctx.call(proc.sym(lib, "branch"), &args));
        assert_eq!(ctx.ok(ctx.call(proc.sym(lib, "ok"), &args)), 2);
    }
}

#[test]
fn killed_from_outside() {
    for signal in [libc::SIGKILL, libc::SIGTERM, libc::SIGSEGV] {
        let (proc, lib) = started();
        let ctx = proc.open();
        let id = ctx.call(proc.sym(lib, "nap"), &Args::new().u64(0, 60_000));
        std::thread::sleep(Duration::from_millis(20));
        // SAFETY: the process is ours.
        unsafe { libc::kill(proc.pid(), signal) };
        assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0), "signal {signal}");
        let fault = proc.fault().unwrap();
        assert_eq!(fault.signal, signal);
        assert_eq!(text(&fault.kernel), "nap");
    }
}

#[test]
fn memory_of_the_node_runs_out() {
    let proc = Proc::with(3, |options| options.memory = 1 << 20);
    let mut blocks = Vec::new();
    let mut address = 0;
    while call!(veo_alloc_mem(proc.0, &mut address, 100_000)) == 0 {
        blocks.push(address);
        assert!(blocks.len() <= 10);
    }
    assert_eq!(blocks.len(), 10);
    assert!(last_error().contains("100000 bytes"), "{}", last_error());
    assert_eq!(call!(veo_alloc_mem(proc.0, &mut address, usize::MAX)), -1);
    let ctx = proc.open();
    let id = call!(veo_alloc_mem_async(ctx.0, 100_000));
    assert_eq!(ctx.wait(id), (VEO_COMMAND_OK, 0));
    for block in blocks {
        assert_eq!(call!(veo_free_mem(proc.0, block)), 0);
    }
    let id = call!(veo_alloc_mem_async(ctx.0, 1 << 20));
    let block = ctx.ok(id);
    assert_ne!(block, 0);
    ctx.ok(call!(veo_free_mem_async(ctx.0, block)));
}

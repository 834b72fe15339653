//! The memory that a process and its requests cost. It is one test, so that no other runs beside it.

mod common;

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#include <stdint.h>
#include <unistd.h>
volatile int64_t held = 1;
int hold(void) { while (held) usleep(500); return 0; }
uint64_t echo(uint64_t x) { return x; }
"#;

/// A field of a process's memory, in bytes.
fn memory(process: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.trim_start_matches(':').trim().split(' ').next());
    number.unwrap().parse::<u64>().unwrap() << 10
}

fn resident() -> u64 {
    memory("self", "Rss")
}

#[test]
fn processes_and_requests_cost_little() {
    idle_processes();
    queued_calls();
}

/// At most 8 MiB for each, what it shares with the host included. Code that is not optimised takes more
/// pages of the program's file, of which the system maps as many around each one as it has in memory.
fn idle_processes() {
    const COUNT: u64 = 6;
    const MOST: u64 = if cfg!(debug_assertions) {
        12 << 20
    } else {
        8 << 20
    };
    // The first one allocates what all of them share.
    drop(Proc::new(0));
    let before = resident();
    let procs: Vec<Proc> = (0..COUNT).map(|_| Proc::new(0)).collect();
    for proc in &procs {
        let lib = proc.load(&compile(KERNELS));
        assert_eq!(
            proc.call(proc.sym(lib, "echo"), &Args::new().u64(0, 7)),
            (0, 7)
        );
    }
    let host = resident().saturating_sub(before) / COUNT;
    for proc in &procs {
        let pid = proc.pid().to_string();
        let (own, whole) = (memory(&pid, "Pss"), memory(&pid, "Rss"));
        println!("idle process: {whole} bytes, {own} without what it shares; {host} in the host");
        assert!(whole + host <= MOST, "{whole} + {host} bytes");
    }
}

/// Calls that wait behind a kernel cost some hundred bytes each, and nothing later: in
/// a release build a million of them.
fn queued_calls() {
    const COUNT: u64 = if cfg!(debug_assertions) {
        200_000
    } else {
        1_000_000
    };
    let proc = Proc::with(0, |options| options.memory = 1 << 20);
    let lib = proc.load(&compile(KERNELS));
    let (hold, echo) = (proc.sym(lib, "hold"), proc.sym(lib, "echo"));
    let main = proc.open();
    let ctx = proc.open();
    let args = Args::new().u64(0, 5);
    let round = || {
        proc.write(proc.sym(lib, "held"), &[1i64]);
        let held = ctx.call(hold, &Args::new());
        let before = resident();
        let first = ctx.call(echo, &args);
        for _ in 1..COUNT {
            ctx.call(echo, &args);
        }
        let queued = resident().saturating_sub(before);
        assert_eq!(ctx.peek(held).0, VEO_COMMAND_UNFINISHED);
        proc.write(proc.sym(lib, "held"), &[0i64]);
        ctx.ok(held);
        for id in first..first + COUNT {
            assert_eq!(ctx.ok(id), 5);
        }
        queued
    };
    let queued = round();
    println!("queued call: {} bytes", queued / COUNT);
    assert!(
        queued <= 256 * COUNT,
        "{} bytes for each queued call",
        queued / COUNT
    );
    // The same number again fits into the memory that the first one left, except for a table of 16 bytes each,
    // which grows once more.
    let before = resident();
    round();
    let grown = resident().saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} bytes more for a second time");
    call!(veo_context_sync(main.0));
}

//! Resources that a system may refuse to the host program: system calls that a sandbox forbids,
//! /proc, a writable file system, descriptors. Without them a process either works or is refused
//! with a reason. Nothing hangs or is left behind.
//!
//! Each case runs this program again, as the child that lives under it.

#[path = "../common/mod.rs"]
mod common;

mod file_systems;
mod limits;
mod signals;
mod system_calls;

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use common::*;
use veo_abi::ffi::*;
use veo_test_support::run;

const KERNELS: &str = r#"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int answer(void) { return 42; }
int64_t values[512];
int64_t total(void) { int64_t t = 0; for (int i = 0; i < 512; i++) t += values[i]; return t; }
volatile int running;
void for_ever(void) { running = 1; for (;;) ; }
void close_all(void) { for (int fd = 0; fd < 1000; fd++) close(fd); }
int nap(int seconds) { sleep(seconds); return 0; }
void segv(void) { *(volatile int *)0x1234 = 1; }
void all_memory(void) { for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); } }
"#;

/// A child that runs one part of this file.
fn child(part: &str) -> Command {
    compile(KERNELS);
    let mut command = run::one_test("child_part");
    command.env("VEO_EMU_TEST_REFUSED", part);
    command
}

/// The child's answer: a line that begins with `worked` or `refused`.
#[track_caller]
fn says(command: &mut Command) -> String {
    let start = Instant::now();
    let output = command.output().expect("the child starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(start.elapsed() < Duration::from_secs(60), "{text}");
    let said = |line: &&str| line.starts_with("worked") || line.starts_with("refused");
    let line = text.lines().find(said);
    line.unwrap_or_else(|| panic!("nothing said: {text}"))
        .to_owned()
}

#[test]
fn child_part() {
    match std::env::var("VEO_EMU_TEST_REFUSED").as_deref() {
        Ok("use") => use_everything(),
        Ok("memory") => limits::use_all_memory(),
        Ok("signals") => signals::part(&std::env::var("VEO_EMU_TEST_SIGNALS").unwrap()),
        Ok("descriptors") => limits::use_all_descriptors(),
        _ => {}
    }
}

/// The ordinary ways of a process, its death among them.
fn use_everything() {
    let handle = call!(veo_proc_create(0));
    if handle.is_null() {
        println!("\nrefused: {}", last_error());
        return;
    }
    let proc = Proc(handle);
    let lib = proc.load(&compile(KERNELS));
    let none = Args::new();
    assert_eq!(proc.call(proc.sym(lib, "answer"), &none), (0, 42));
    // Memory of the node, and a variable of the library, which lies elsewhere.
    let block = proc.alloc(1 << 16);
    proc.write(block, &[7u8; 1 << 16]);
    assert_eq!(proc.read::<u8>(block, 1 << 16), [7; 1 << 16]);
    let values = proc.sym(lib, "values");
    proc.write(values, &(1..=512).collect::<Vec<i64>>());
    assert_eq!(proc.read::<i64>(values, 512)[511], 512);
    assert_eq!(proc.call(proc.sym(lib, "total"), &none), (0, 512 * 513 / 2));
    let mut word = [0u8; 8];
    assert!(call!(veo_read_mem(proc.0, word.as_mut_ptr().cast(), 0x10, 8)) < 0);
    // Its death is noticed.
    let ctx = proc.open();
    let pid = proc.pid();
    let id = ctx.call(proc.sym(lib, "segv"), &none);
    assert_eq!(ctx.wait(id), (VEO_COMMAND_EXCEPTION, libc::SIGSEGV as u64));
    drop(proc);
    gone(pid);
    // One from outside is, too.
    let proc = Proc::with(0, |options| options.memory = 1 << 20);
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    let id = ctx.call(proc.sym(lib, "nap"), &Args::new().u64(0, 1000));
    let pid = proc.pid();
    // SAFETY: the process is ours.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    drop(proc);
    gone(pid);
    println!("\nworked");
}

#[track_caller]
fn gone(pid: i32) {
    // SAFETY: asks whether the process exists; it was a child that is collected.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1, "process {pid} is left");
}

/// The error of a system call that failed.
fn checked(result: libc::c_long) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

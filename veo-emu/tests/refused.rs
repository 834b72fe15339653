//! What a system may refuse to the host program: system calls that a sandbox forbids,
//! /proc, a file system that can be written, descriptors. Whatever is missing, a
//! process works or is refused with a reason, and nothing hangs or is left behind.
//!
//! Each case runs this program again, as the child that lives under it.

mod common;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int answer(void) { return 42; }
int64_t values[512];
int64_t total(void) { int64_t t = 0; for (int i = 0; i < 512; i++) t += values[i]; return t; }
int nap(int seconds) { sleep(seconds); return 0; }
void segv(void) { *(volatile int *)0x1234 = 1; }
void all_memory(void) { for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); } }
"#;

/// A child that runs one part of this file.
fn child(part: &str) -> Command {
    compile(KERNELS);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child_part", "--nocapture", "--test-threads=1"])
        .env("VEO_EMU_TEST_REFUSED", part);
    command
}

/// What the child says: a line that begins with `worked` or `refused`.
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
        Ok("memory") => use_all_memory(),
        Ok("descriptors") => use_all_descriptors(),
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
    // So is one from outside.
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

// ---- system calls ----

/// A filter that answers the listed system calls with an error.
fn filter(calls: &[libc::c_long], error: i32) -> Vec<libc::sock_filter> {
    let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let end = libc::BPF_RET | libc::BPF_K;
    // The number of the call comes first in what a filter sees.
    let mut program = vec![step(load, 0, 0, 0)];
    for call in calls {
        program.push(step(equal, 0, 1, *call as u32));
        program.push(step(end, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32));
    }
    program.push(step(end, 0, 0, libc::SECCOMP_RET_ALLOW));
    program
}

/// Runs the child under a filter, which its VE processes inherit.
fn sandboxed(calls: &[libc::c_long], error: i32) -> String {
    filtered(filter(calls, error))
}

fn filtered(program: Vec<libc::sock_filter>) -> String {
    let mut command = child("use");
    install(&mut command, program);
    says(&mut command)
}

/// Has a program start under a filter.
fn install(command: &mut Command, mut program: Vec<libc::sock_filter>) {
    let install = move || {
        let program = libc::sock_fprog {
            len: program.len() as u16,
            filter: program.as_mut_ptr(),
        };
        // SAFETY: the filter is a valid program and lives for the call; nothing is
        // allocated between fork and exec.
        let result = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            )
        };
        checked(result.into())
    };
    // SAFETY: the closure makes two system calls and nothing else.
    unsafe { command.pre_exec(install) };
}

/// Whether this system has filters; says so if not.
fn filters_are_there() -> bool {
    let mut command = Command::new("true");
    install(&mut command, filter(&[], 0));
    match command.status() {
        Ok(_) => true,
        Err(error) => {
            eprintln!("skipped: this system has no filters for system calls: {error}");
            false
        }
    }
}

#[test]
fn memory_files_are_forbidden() {
    if !filters_are_there() {
        return;
    }
    for error in [libc::EPERM, libc::ENOSYS] {
        let said = sandboxed(&[libc::SYS_memfd_create], error);
        assert!(said.starts_with("refused: "), "{said}");
        assert!(said.contains("memfd_create"), "{said}");
    }
}

#[test]
fn sockets_are_forbidden() {
    if !filters_are_there() {
        return;
    }
    let said = sandboxed(&[libc::SYS_socketpair], libc::EPERM);
    assert!(
        said.starts_with("refused: ") && said.contains("socket"),
        "{said}"
    );
}

#[test]
fn memory_of_other_processes_is_forbidden() {
    if !filters_are_there() {
        return;
    }
    let calls = [libc::SYS_process_vm_readv, libc::SYS_process_vm_writev];
    assert_eq!(sandboxed(&calls, libc::EPERM), "worked");
    assert_eq!(sandboxed(&calls, libc::ENOSYS), "worked");
}

#[test]
fn calls_that_older_systems_lack() {
    if !filters_are_there() {
        return;
    }
    for call in [
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_close_range,
        libc::SYS_clone3,
        libc::SYS_rseq,
    ] {
        assert_eq!(
            sandboxed(&[call], libc::ENOSYS),
            "worked",
            "system call {call}"
        );
    }
    let all = [
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_close_range,
    ];
    assert_eq!(sandboxed(&all, libc::EPERM), "worked");
}

#[test]
fn no_file_can_be_made() {
    if !filters_are_there() {
        return;
    }
    let calls = [
        libc::SYS_mkdirat,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_fchmodat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
    ];
    let mut program = filter(&calls, libc::EROFS);
    // Before all that: openat, if its flags would make the file.
    let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let flags = std::mem::offset_of!(libc::seccomp_data, args) + 2 * size_of::<u64>();
    let openat = [
        step(load, 0, 0, 0),
        step(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            0,
            3,
            libc::SYS_openat as u32,
        ),
        step(load, 0, 0, flags as u32),
        step(
            libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K,
            0,
            1,
            libc::O_CREAT as u32,
        ),
        step(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::EROFS as u32,
        ),
    ];
    program.splice(0..0, openat);
    assert_eq!(filtered(program), "worked");
}

// ---- the file system ----

/// Runs the child after `change` in a mount namespace of its own. `None`: this
/// system does not allow that.
fn in_own_mounts(change: fn() -> io::Result<()>) -> Option<String> {
    let mut command = child("use");
    // SAFETY: the closures make system calls and nothing else.
    unsafe {
        command.pre_exec(|| {
            let root = libc::geteuid() == 0;
            let flags = if root { 0 } else { libc::CLONE_NEWUSER } | libc::CLONE_NEWNS;
            let private = libc::MS_REC | libc::MS_PRIVATE;
            let null = std::ptr::null();
            checked(libc::unshare(flags).into())?;
            checked(libc::mount(null, c"/".as_ptr(), null, private, null.cast()).into())
        });
        command.pre_exec(change);
    }
    match command.output() {
        Err(error) => {
            assert!(
                [
                    Some(libc::EPERM),
                    Some(libc::EACCES),
                    Some(libc::ENOSYS),
                    Some(libc::ENOSPC)
                ]
                .contains(&error.raw_os_error()),
                "{error}"
            );
            eprintln!("skipped: this system does not allow mounts in a namespace: {error}");
            None
        }
        Ok(_) => Some(says(&mut command)),
    }
}

fn checked(result: libc::c_long) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[test]
fn there_is_no_proc() {
    let hide = || {
        let (none, kind) = (c"none".as_ptr(), c"tmpfs".as_ptr());
        // SAFETY: all strings are terminated.
        unsafe {
            checked(libc::mount(none, c"/proc".as_ptr(), kind, 0, c"".as_ptr().cast()).into())?;
            match libc::access(c"/proc/self".as_ptr(), libc::F_OK) {
                -1 => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::EEXIST)),
            }
        }
    };
    if let Some(said) = in_own_mounts(hide) {
        assert_eq!(said, "worked");
    }
}

#[test]
fn all_file_systems_are_read_only() {
    let protect = || {
        let attributes = libc::mount_attr {
            attr_set: libc::MOUNT_ATTR_RDONLY,
            attr_clr: 0,
            propagation: 0,
            userns_fd: 0,
        };
        // SAFETY: the path is terminated, the structure has the size that is told.
        unsafe {
            checked(libc::syscall(
                libc::SYS_mount_setattr,
                libc::AT_FDCWD,
                c"/".as_ptr(),
                libc::AT_RECURSIVE,
                &raw const attributes,
                size_of_val(&attributes),
            ))?;
            let file = c"/tmp/veo-emu-read-only".as_ptr();
            match libc::open(file, libc::O_CREAT | libc::O_WRONLY, 0o600) {
                -1 => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::EEXIST)),
            }
        }
    };
    if let Some(said) = in_own_mounts(protect) {
        assert_eq!(said, "worked");
    }
}

// ---- limits ----

#[test]
fn a_kernel_uses_all_memory_that_it_may() {
    let mut command = Command::new("sh");
    let own = child("memory");
    command
        .args(["-c", "ulimit -v 900000; exec \"$0\" \"$@\""])
        .arg(own.get_program())
        .args(own.get_args())
        .env("VEO_EMU_TEST_REFUSED", "memory");
    assert_eq!(says(&mut command), "worked");
}

fn use_all_memory() {
    let start = || {
        let proc = Proc::with(0, |options| options.memory = 64 << 20);
        let lib = proc.load(&compile(KERNELS));
        (proc, lib)
    };
    let ((proc, lib), (other, other_lib)) = (start(), start());
    let (ctx, answer) = (proc.open(), proc.sym(lib, "answer"));
    let id = ctx.call(proc.sym(lib, "all_memory"), &Args::new());
    let behind = call!(veo_call_async(ctx.0, answer, Args::new().0));
    assert_eq!(ctx.wait(id), (VEO_COMMAND_EXCEPTION, libc::SIGABRT as u64));
    if behind != VEO_REQUEST_ID_INVALID {
        assert_eq!(ctx.wait(behind), (VEO_COMMAND_ERROR, 0));
    }
    assert_eq!(text(&proc.fault().unwrap().kernel), "all_memory");
    // Nobody else noticed.
    assert_eq!(
        other.call(other.sym(other_lib, "answer"), &Args::new()),
        (0, 42)
    );
    // Stacks of contexts are memory, too.
    let mut contexts = 0;
    while !call!(veo_context_open(other.0)).is_null() {
        contexts += 1;
        assert!(contexts < 1000, "the address space never ends");
    }
    assert!(!last_error().is_empty());
    assert_eq!(
        other.call(other.sym(other_lib, "answer"), &Args::new()),
        (0, 42)
    );
    println!("\nworked");
}

#[test]
fn all_descriptors_are_taken() {
    assert_eq!(says(&mut child("descriptors")), "worked");
}

fn use_all_descriptors() {
    let proc = Proc::with(0, |options| options.memory = 1 << 20);
    let lib = proc.load(&compile(KERNELS));
    let (ctx, answer) = (proc.open(), proc.sym(lib, "answer"));
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is valid.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_cur.min(200);
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    // What needs no descriptor works; what does is refused for this reason.
    assert_eq!(ctx.ok(ctx.call(answer, &Args::new())), 42);
    let block = proc.alloc(4096);
    proc.write(block, &[1u8; 4096]);
    assert_eq!(proc.read::<u8>(block, 4096), [1; 4096]);
    let (mut bytes, wanted) = ([0u8; 4096], [1; 4096]);
    ctx.ok(ctx.read(&mut bytes, block));
    assert_eq!(bytes, wanted);
    assert!(call!(veo_context_open(proc.0)).is_null());
    assert!(last_error().contains("open files"), "{}", last_error());
    assert!(call!(veo_proc_create(0)).is_null());
    assert!(last_error().contains("open files"), "{}", last_error());
    drop(taken);
    let further = proc.open();
    assert_eq!(further.ok(further.call(answer, &Args::new())), 42);
    assert_eq!(Proc::new(0).pid().signum(), 1);
    println!("\nworked");
}

//! System calls that a sandbox answers with an error.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{checked, child, says};

/// A filter that answers the listed system calls with an error.
pub(crate) fn filter(calls: &[libc::c_long], error: i32) -> Vec<libc::sock_filter> {
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
pub(crate) fn install(command: &mut Command, mut program: Vec<libc::sock_filter>) {
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
pub(crate) fn filters_are_there() -> bool {
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

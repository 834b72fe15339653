//! Limits of memory and descriptors.

use std::process::Command;

use veo_abi::ffi::*;

use crate::common::*;
use crate::{KERNELS, child, says};

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

pub fn use_all_memory() {
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

pub fn use_all_descriptors() {
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
    // Operations that need no descriptor work. Others are refused for this reason.
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

//! A mistake of VE machine code ends its process like a fault of native code, and is reported with kernel, signal and source
//! line.

use std::time::Duration;

use veo_build::Target;
use veo_core::{Cause, ContextOptions, Error, Fault, Guard, Result, VeMemPtr, VeoProc, ve_kernel};

use crate::library::{again, build, is_again, mistakes, scratch};

const SOURCE: &str = include_str!("mistakes.c");

#[ve_kernel(lib = "libvemistakes.so")]
unsafe extern "C" {
    safe fn write_nowhere();
    safe fn read_nowhere();
    safe fn write_constant(index: i64);
    safe fn write_to(place: *mut i64, index: i64);
    safe fn outer(place: *mut i64, depth: i64) -> i64;
    safe fn call_abort();
    safe fn jump_nowhere() -> i64;
    safe fn bad_length() -> i64;
    safe fn free_wrong() -> i64;
    safe fn recurse(depth: i64) -> i64;
    safe fn divide(a: f64, b: f64) -> f64;
    safe fn leave(status: i32);
    safe fn leave_at_once(status: i32);
    safe fn run_forever() -> i64;
    safe fn in_a_thread(deep: i64) -> i64;
    safe fn fine(x: i64) -> i64;
}

/// The line of the source with this comment.
fn line(comment: &str) -> u32 {
    let comment = format!("/* {comment} */");
    let found = SOURCE.lines().position(|line| line.contains(&comment));
    found.unwrap() as u32 + 1
}

/// The cause of the process's end in a call.
fn fault(call: impl FnOnce(&VeoProc) -> Result<()>) -> Fault {
    let proc = VeoProc::new(0).unwrap();
    assert_eq!(fine(&proc, 41).unwrap(), 42);
    let Err(Error::Exception { fault, .. }) = call(&proc) else {
        panic!("the call ends by an exception");
    };
    fine(&proc, 41).unwrap_err();
    *fault
}

/// Checks signal, cause and place; the rest is in the result.
#[track_caller]
fn at(fault: &Fault, signal: i32, kernel: &str, place: &str) {
    assert_eq!(fault.cause, Cause::Signal, "{fault}");
    assert_eq!(fault.signal, Some(signal), "{fault}");
    assert_eq!(fault.kernel.as_deref(), Some(kernel), "{fault}");
    let (file, found) = fault.source.as_ref().expect("debug information");
    assert!(file.ends_with(".c"), "{fault}");
    assert_eq!(*found, line(place), "{fault}");
}

#[test]
fn wrong_addresses_are_told_with_the_line() {
    if mistakes().is_none() {
        return;
    }
    let told = fault(|proc| write_nowhere(proc));
    at(&told, libc::SIGSEGV, "write_nowhere", "write_nowhere");
    assert_eq!(told.address, Some(8));
    assert!(
        told.to_string().contains("at address 0x8, a write, in "),
        "{told}"
    );
    let told = fault(|proc| read_nowhere(proc));
    at(&told, libc::SIGSEGV, "read_nowhere", "read_nowhere");
    assert_eq!(told.detail.as_deref(), Some("a read"));
    let told = fault(|proc| write_constant(proc, 1));
    at(&told, libc::SIGSEGV, "write_constant", "write_constant");
    let told = fault(|proc| jump_nowhere(proc).map(drop));
    assert_eq!(told.address, Some(16));
    at(&told, libc::SIGSEGV, "jump_nowhere", "jump_nowhere");
}

#[test]
fn a_function_of_the_kernel_is_told_with_its_callers() {
    if mistakes().is_none() {
        return;
    }
    let null = VeMemPtr::<i64>::null();
    let told = fault(|proc| outer(proc, null, 2).map(drop));
    at(&told, libc::SIGSEGV, "outer", "inner");
    assert_eq!(told.function.as_deref(), Some("inner"));
}

#[test]
fn functions_of_the_library_say_what_is_wrong() {
    if mistakes().is_none() {
        return;
    }
    let told = fault(|proc| call_abort(proc));
    at(&told, libc::SIGABRT, "call_abort", "call_abort");
    let told = fault(|proc| bad_length(proc).map(drop));
    at(&told, libc::SIGSEGV, "bad_length", "bad_length");
    assert!(told.to_string().contains("strlen"), "{told}");
    let told = fault(|proc| free_wrong(proc).map(drop));
    assert!(told.to_string().contains("free"), "{told}");
}

#[test]
fn a_full_stack_is_told_with_its_size() {
    if mistakes().is_none() {
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    let options = ContextOptions::new().stack_size(8 << 20);
    let ctx = proc.open_context_with(&options).unwrap();
    let Err(Error::Exception { fault, .. }) = recurse(&ctx, 0).unwrap().wait() else {
        panic!("the call ends by an exception");
    };
    let Cause::StackOverflow { stack_size } = fault.cause else {
        panic!("{fault}");
    };
    let size = stack_size.unwrap();
    assert!((8 << 20..9 << 20).contains(&size), "{fault}");
}

/// A thread that a kernel has created is told, not the one that waits for it.
#[test]
fn a_fault_in_a_created_thread_is_told_with_its_own_stack() {
    if mistakes().is_none() {
        return;
    }
    let told = fault(|proc| in_a_thread(proc, 0).map(drop));
    at(&told, libc::SIGSEGV, "in_a_thread", "deepest");
    assert_eq!(told.address, Some(8));
    assert_eq!(told.function.as_deref(), Some("deepest"));
    let told = fault(|proc| in_a_thread(proc, 1).map(drop));
    let Cause::StackOverflow { stack_size } = told.cause else {
        panic!("{told}");
    };
    // The size that threads have if nobody says otherwise.
    assert_eq!(stack_size, Some(8 << 20), "{told}");
}

const CATCHING: &str = "#include <setjmp.h>\n#include <signal.h>\n\
    static sigjmp_buf back;\n\
    static void caught(int signal) { siglongjmp(back, signal); }\n\
    long install(void) { struct sigaction action = {0}; action.sa_handler = caught; return sigaction(SIGSEGV, &action, 0); }\n\
    long block(void) { sigset_t set; sigfillset(&set); return sigprocmask(SIG_BLOCK, &set, 0); }\n\
    long probe(long place) { return sigsetjmp(back, 1) ? -1 : *(volatile long *)place; }\n";

/// Code of the host that catches its faults, and code of the VE, whose accesses are tested by faults, in one process.
#[test]
fn handlers_of_the_hosts_code_are_kept_from_faults_of_the_ves() {
    if mistakes().is_none() {
        return;
    }
    let catching = build(&scratch(), "libcatching.so", CATCHING, Target::Host);
    for way in ["install", "block"] {
        let told = fault(|proc| {
            let library = proc.load_library(&catching).unwrap();
            let change = library.function::<fn() -> i64>(way).unwrap();
            assert_eq!(change.call(proc, ()).unwrap(), 0);
            if way == "install" {
                let probe = library.function::<fn(i64) -> i64>("probe").unwrap();
                for _ in 0..2 {
                    assert_eq!(probe.call(proc, (8,)).unwrap(), -1);
                    assert_eq!(probe.call(proc, (16,)).unwrap(), -1);
                    assert_eq!(fine(proc, 1).unwrap(), 2);
                }
            }
            read_nowhere(proc)
        });
        at(&told, libc::SIGSEGV, "read_nowhere", "read_nowhere");
        assert_eq!(told.detail.as_deref(), Some("a read"), "{way}");
    }
}

#[test]
fn memory_between_blocks_is_guarded() {
    if mistakes().is_none() {
        return;
    }
    let proc = VeoProc::builder().guard(Guard::End).build().unwrap();
    let mut block = proc.alloc::<i64>(100).unwrap();
    write_to(&proc, &mut block, 99).unwrap();
    let Err(Error::Exception { fault, .. }) = write_to(&proc, &mut block, 100) else {
        panic!("the call ends by an exception");
    };
    at(&fault, libc::SIGSEGV, "write_to", "write_to");
    let memory = fault.memory.as_deref().unwrap();
    assert!(memory.contains("past the 100 i64"), "{fault}");
}

#[test]
fn exit_ends_the_process_with_its_status() {
    if mistakes().is_none() {
        return;
    }
    type Leave = fn(&VeoProc, i32) -> Result<()>;
    let ways: [(Leave, i32); 2] = [
        (|proc, status| leave(proc, status), 7),
        (|proc, status| leave_at_once(proc, status), 8),
    ];
    for (way, status) in ways {
        let proc = VeoProc::new(0).unwrap();
        let error = way(&proc, status).unwrap_err();
        let fault = error.fault().expect("it says what ended the process");
        assert_eq!(fault.cause, Cause::Exit, "{error}");
        assert_eq!(fault.exit_status, Some(status), "{error}");
    }
}

#[test]
fn endless_kernels_are_killed_and_limited() {
    if mistakes().is_none() {
        return;
    }
    let limit = Duration::from_millis(300);
    let proc = VeoProc::builder().time_limit(limit).build().unwrap();
    assert_eq!(fine(&proc, 1).unwrap(), 2);
    let error = run_forever(&proc).unwrap_err();
    let cause = error.fault().map(|fault| fault.cause);
    assert_eq!(cause, Some(Cause::TimeLimit { limit }), "{error}");
    let proc = VeoProc::new(0).unwrap();
    let ctx = proc.open_context().unwrap();
    let request = run_forever(&ctx).unwrap();
    proc.kill().unwrap();
    let error = request.wait().unwrap_err();
    let cause = error.fault().map(|fault| fault.cause);
    assert!(matches!(cause, Some(Cause::Killed { .. })), "{error}");
    // A process that is given up with such a kernel ends.
    let proc = VeoProc::new(0).unwrap();
    let ctx = proc.open_context().unwrap();
    std::mem::forget(run_forever(&ctx).unwrap());
    drop(ctx);
    drop(proc);
}

/// Each process reads at its start what traps.
#[test]
fn arithmetic_exceptions_trap_where_they_are_wanted() {
    if mistakes().is_none() {
        return;
    }
    if is_again() {
        let told = fault(|proc| divide(proc, 1.0, 0.0).map(drop));
        at(&told, libc::SIGFPE, "divide", "divide");
        assert!(told.to_string().contains("division"), "{told}");
        return;
    }
    let proc = VeoProc::new(0).unwrap();
    assert_eq!(divide(&proc, 1.0, 0.0).unwrap(), f64::INFINITY);
    let name = "faults::arithmetic_exceptions_trap_where_they_are_wanted";
    again(name, &[("VE_FPE_ENABLE", "DIV".as_ref())]);
}

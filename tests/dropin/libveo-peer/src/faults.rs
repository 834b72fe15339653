//! A signal of a kernel becomes an exception of the main context and the end of the process.
//! The handler allocates nothing and waits for nobody for ever.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{mem, ptr};

use crate::mailbox::{EXCEPTION, EXITED};
use crate::peer::Peer;

/// The exception that a message reports.
const EXCEPTION_MESSAGE: u8 = 6;

/// Where exceptions go, in whatever context they were.
static MAIN: OnceLock<&'static Peer> = OnceLock::new();

/// Reports what kernels do wrong through the main context's mailbox.
pub fn install(main: &'static Peer) {
    let _ = MAIN.set(main);
    give_handlers_a_stack();
    for signal in [
        libc::SIGABRT,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGSEGV,
        libc::SIGBUS,
    ] {
        // SAFETY: the structure is of integers and a set of bits, for which zeros are valid.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = report as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler has the signature that SA_SIGINFO asks for, and lives for ever.
        unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
    }
}

/// Gives the calling thread a stack for its handlers, since a kernel may use up its own.
pub fn give_handlers_a_stack() {
    let len = 64 * 1024;
    // SAFETY: new memory at a place of the system's choice.
    let place = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if place == libc::MAP_FAILED {
        return; // a fault of a full stack then ends the process without a word
    }
    let stack = libc::stack_t {
        ss_sp: place,
        ss_flags: 0,
        ss_size: len,
    };
    // SAFETY: the memory is the stack's alone and is never unmapped.
    unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
}

extern "C" fn report(signal: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    if REPORTED.swap(true, Ordering::SeqCst) {
        // Another thread reports; that one ends the process, also if this is its own fault.
        // SAFETY: allowed in handlers.
        unsafe { libc::_exit(signal) };
    }
    if let Some(main) = MAIN.get() {
        // The host reads a size after the signal.
        main.send_last(EXCEPTION_MESSAGE, &[signal as u64, 0]);
        main.raise(EXCEPTION | EXITED);
    }
    // SAFETY: allowed in handlers, unlike `exit`.
    unsafe { libc::_exit(signal) };
}

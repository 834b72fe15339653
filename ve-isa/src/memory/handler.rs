//! Faults of the access functions, turned into their answers.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::{Mutex, OnceLock};
use std::{io, ptr};

use super::access::{self, PROTECTED, UNMAPPED};
use super::host_code;

/// Makes an access function that has faulted return the reason, if that is what the signal is about.
///
/// It is for the signal handler of a program that has one of its own for `SIGSEGV` and `SIGBUS`; others use
/// [`install_handler`]. The result says whether the thread may go on.
///
/// # Safety
/// The arguments are those that the system passed to a handler that was installed with `SA_SIGINFO`, for one of these signals, on
/// this thread, and the handler returns without changing the context again.
pub unsafe fn recover(info: *const libc::siginfo_t, context: *mut c_void) -> bool {
    // SAFETY: the system passes a valid context, and nobody else uses it while the handler runs.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    // SAFETY: the system passes a valid description.
    let (signal, code) = unsafe { ((*info).si_signo, (*info).si_code) };
    // A signal that somebody sent says nothing about this thread; it has a code of 0 or less.
    if code <= 0 {
        return false;
    }
    let reason = if signal == libc::SIGSEGV && code == ACCERR {
        PROTECTED
    } else {
        UNMAPPED
    };
    resume(context, reason)
}

#[cfg(target_arch = "x86_64")]
fn resume(context: &mut libc::ucontext_t, reason: u64) -> bool {
    let registers = &mut context.uc_mcontext.gregs;
    let pc = registers[libc::REG_RIP as usize] as u64;
    if let Some(result) = host_code::result(pc) {
        let frame = registers[libc::REG_RBP as usize];
        // SAFETY: code of the host that has an entry has pushed the frame pointer and, before it, the address to return to.
        let [outer, back] = unsafe { (frame as *const [i64; 2]).read() };
        registers[libc::REG_RBP as usize] = outer;
        registers[libc::REG_RSP as usize] = frame + 16;
        registers[libc::REG_RIP as usize] = back;
        registers[libc::REG_RAX as usize] = result as i64;
        return true;
    }
    let Some(place) = access::fail(pc) else {
        return false;
    };
    registers[libc::REG_RIP as usize] = place as i64;
    registers[libc::REG_RDX as usize] = reason as i64;
    true
}

#[cfg(target_arch = "aarch64")]
fn resume(context: &mut libc::ucontext_t, reason: u64) -> bool {
    let machine = &mut context.uc_mcontext;
    if let Some(result) = host_code::result(machine.pc) {
        let frame = machine.regs[29];
        // SAFETY: code of the host that has an entry has stored the frame pointer and, behind it, the address to return to.
        let [outer, back] = unsafe { (frame as *const [u64; 2]).read() };
        machine.regs[29] = outer;
        machine.sp = frame + 16;
        machine.pc = back;
        machine.regs[0] = result;
        return true;
    }
    let Some(place) = access::fail(machine.pc) else {
        return false;
    };
    context.uc_mcontext.pc = place;
    context.uc_mcontext.regs[1] = reason;
    true
}

/// The earlier actions of the signals.
static BEFORE: [OnceLock<libc::sigaction>; 2] = [OnceLock::new(), OnceLock::new()];

/// The code of a fault of a page that is there (`SEGV_ACCERR`).
const ACCERR: i32 = 2;

const SIGNALS: [i32; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Installs a handler for faults of the access functions. Other faults go where they went before.
///
/// A [`Window`](super::Window) that reserves its own memory does so by itself. Once is enough for a process.
///
/// # Errors
/// The system refuses the handler.
pub fn install_handler() -> io::Result<()> {
    // Threads install it one after the other; the second one finds it installed.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|lock| lock.into_inner());
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        let mut old = MaybeUninit::uninit();
        // SAFETY: `old` has room for an action; a null pointer asks for no change.
        if unsafe { libc::sigaction(signal, ptr::null(), old.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it has filled `old`.
        let old = unsafe { old.assume_init() };
        if old.sa_sigaction == handle as *const () as usize {
            continue;
        }
        // Set before the handler can run. If somebody has put another handler in the place of this one since, the action of the first
        // time stays: going to the other one, which may go on here, would be a circle.
        let _ = before.set(old);
        // SAFETY: all zeros are an action: a default one with an empty mask.
        let mut new: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        new.sa_sigaction = handle as *const () as usize;
        // The alternative stack, where there is one, for faults that are overflows of the stack. The signal is not deferred: an older
        // handler that is called from here may leave by a jump.
        new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        // SAFETY: `new` is an action whose handler only does what is allowed in one.
        if unsafe { libc::sigaction(signal, &new, ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

unsafe extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: these are the arguments that the system passed.
    if unsafe { recover(info, context) } {
        return;
    }
    let before = SIGNALS
        .iter()
        .position(|known| *known == signal)
        .and_then(|index| BEFORE[index].get());
    match before {
        Some(old) if old.sa_sigaction != libc::SIG_DFL && old.sa_sigaction != libc::SIG_IGN => {
            if old.sa_flags & libc::SA_SIGINFO != 0 {
                // SAFETY: an action with this flag has a handler of this type, and gets what the system passed.
                unsafe {
                    let old: extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) =
                        std::mem::transmute(old.sa_sigaction);
                    old(signal, info, context);
                }
            } else {
                // SAFETY: an action without the flag has a handler of this type.
                unsafe {
                    let old: extern "C" fn(i32) = std::mem::transmute(old.sa_sigaction);
                    old(signal);
                }
            }
        }
        _ => {
            // The instruction is tried again and ends the program as it would have without this handler. A signal that
            // somebody sent does not come again by itself.
            // SAFETY: setting the default action and raising a signal are allowed here; `info` is from the system.
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
                if (*info).si_code <= 0 {
                    libc::raise(signal);
                }
            }
        }
    }
}

//! The signals that a VE process handles, and which handlers are installed for them.

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use crate::shared::control::FAULT_SIGNALS;
use crate::sys::check;

/// A handler with `SA_SIGINFO`.
pub(super) type SignalHandler = extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void);

/// The signals of a copy to or from memory that is not mapped.
const OF_COPIES: [i32; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// The address of the handler of faults.
static HANDLER: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

/// Installs this function as the handler of faults.
pub(super) fn install(handler: SignalHandler) -> io::Result<()> {
    let handler = handler as *const () as usize;
    HANDLER.store(handler, Ordering::Relaxed);
    for signal in FAULT_SIGNALS {
        set(signal, handler, libc::SA_SIGINFO | libc::SA_NODEFER)?;
    }
    // A terminal's Ctrl-C is for the program; this process ends if the program does. Programs
    // that kernels start inherit SIG_IGN, but not an empty function.
    for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGPIPE] {
        set(signal, ignore as *const () as usize, libc::SA_RESTART)?;
    }
    Ok(())
}

fn set(signal: i32, function: usize, flags: i32) -> io::Result<()> {
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function;
    action.sa_flags = flags | libc::SA_ONSTACK;
    // SAFETY: the structure is complete and the function has the type its flags say.
    check(unsafe { libc::sigaction(signal, &action, ptr::null_mut()) }.into()).map(|_| ())
}

extern "C" fn ignore(_signal: i32) {}

/// Lets a signal end the process from now on. Safe to call in a handler.
pub(super) fn reset(signal: i32) {
    // SAFETY: the default action is a valid one for any signal.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Ends the process by a signal, even if a kernel has blocked it. Returns only if the signal
/// does not end a process.
pub(super) fn die_of(signal: i32) {
    // SAFETY: an all-zero signal set is a valid value, and room for one to be written.
    let mut wanted: libc::sigset_t = unsafe { std::mem::zeroed() };
    reset(signal);
    // SAFETY: the set is valid; a number that is no signal's is an error.
    unsafe {
        libc::sigemptyset(&mut wanted);
        libc::sigaddset(&mut wanted, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &wanted, ptr::null_mut());
        libc::raise(signal);
    }
}

/// The handlers and the mask that kernels have set for the signals of a copy. They are put
/// back when this is dropped.
pub(super) struct Replaced {
    actions: [Option<libc::sigaction>; 2],
    mask: Option<libc::sigset_t>,
}

/// Lets our handler handle the calling thread's faults, even if a kernel has installed its own
/// handlers or blocked the signals.
pub(super) fn take_back() -> Replaced {
    Replaced {
        actions: OF_COPIES.map(take_action),
        mask: open_mask(),
    }
}

/// Installs our handler for a signal, if a kernel has put another action in its place: the result.
fn take_action(signal: i32) -> Option<libc::sigaction> {
    let handler = HANDLER.load(Ordering::Relaxed);
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: only asks; the structure is valid for writing.
    let asked = unsafe { libc::sigaction(signal, ptr::null(), &mut action) } == 0;
    let taken = asked
        && action.sa_sigaction != handler
        && set(signal, handler, libc::SA_SIGINFO | libc::SA_NODEFER).is_ok();
    taken.then_some(action)
}

/// Lets the signals of copies reach the calling thread. The result is its mask, if it has blocked
/// one of them.
fn open_mask() -> Option<libc::sigset_t> {
    // SAFETY: all-zero signal sets are valid values, and room for them to be written;
    // the signal numbers exist.
    unsafe {
        let mut wanted: libc::sigset_t = std::mem::zeroed();
        let mut mask: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut wanted);
        OF_COPIES.iter().for_each(|signal| {
            libc::sigaddset(&mut wanted, *signal);
        });
        let opened = libc::pthread_sigmask(libc::SIG_UNBLOCK, &wanted, &mut mask) == 0;
        let blocks = |signal: &i32| libc::sigismember(&mask, *signal) == 1;
        (opened && OF_COPIES.iter().any(blocks)).then_some(mask)
    }
}

/// Whether code of the host has run that may have installed handlers since the last
/// [`claim`].
static CHANGED: AtomicBool = AtomicBool::new(false);

/// The handlers of kernels that ours has taken the place of, until a fault is theirs. Never
/// freed: a handler may be looking at one.
static THEIRS: [AtomicPtr<libc::sigaction>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];

/// Notes that code of the host runs, which may install handlers.
#[inline]
pub(super) fn note_change() {
    // Looked at first: the contexts share it, and it changes rarely.
    if !CHANGED.load(Ordering::Relaxed) {
        CHANGED.store(true, Ordering::Relaxed);
    }
}

/// Whether [`claim`] may have something to do.
#[inline]
pub(super) fn may_have_changed() -> bool {
    CHANGED.load(Ordering::Relaxed)
}

/// Lets our handler handle faults from now on, before machine code runs whose accesses it
/// recovers. The first fault that is none of these gives the handler of a kernel its place
/// back.
#[cold]
pub(super) fn claim() {
    CHANGED.store(false, Ordering::Relaxed);
    for (signal, theirs) in OF_COPIES.into_iter().zip(&THEIRS) {
        let is_handler = |action: &libc::sigaction| {
            ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction)
        };
        if let Some(action) = take_action(signal).filter(is_handler) {
            theirs.store(Box::into_raw(Box::new(action)), Ordering::Release);
        }
    }
    let _ = open_mask();
}

/// Puts the handler of a kernel back that [`claim`] has taken the place of. The result says
/// whether there was one. Safe to call in a handler.
pub(super) fn give_back(signal: i32) -> bool {
    let place = OF_COPIES.iter().position(|known| *known == signal);
    let Some(theirs) = place.map(|index| &THEIRS[index]) else {
        return false;
    };
    let action = theirs.swap(ptr::null_mut(), Ordering::AcqRel);
    if action.is_null() {
        return false;
    }
    CHANGED.store(true, Ordering::Relaxed);
    // SAFETY: `claim` has made it of an action that was in force, and nobody frees it.
    unsafe { libc::sigaction(signal, action, ptr::null_mut()) == 0 }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if let Some(mask) = &self.mask {
            // SAFETY: the set came from the same call.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
        }
        for (signal, action) in OF_COPIES.into_iter().zip(&self.actions) {
            if let Some(action) = action {
                // SAFETY: the action was in force before.
                unsafe { libc::sigaction(signal, action, ptr::null_mut()) };
            }
        }
    }
}

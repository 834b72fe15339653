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

/// Gives what was in force before.
fn set(signal: i32, function: usize, flags: i32) -> io::Result<libc::sigaction> {
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function;
    action.sa_flags = flags | libc::SA_ONSTACK;
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is complete and the function has the type its flags say; the other one is
    // valid for writing.
    check(unsafe { libc::sigaction(signal, &action, &mut before) }.into())?;
    Ok(before)
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

/// The action in force for a signal.
fn current_action(signal: i32) -> Option<libc::sigaction> {
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: only asks; the structure is valid for writing.
    let asked = unsafe { libc::sigaction(signal, ptr::null(), &mut action) } == 0;
    asked.then_some(action)
}

/// Whether it is not ours.
fn is_of_kernel(action: &libc::sigaction) -> bool {
    action.sa_sigaction != HANDLER.load(Ordering::Relaxed)
}

/// Installs our handler for a signal. The result is what a kernel had put in its place.
fn take_action(signal: i32) -> Option<libc::sigaction> {
    current_action(signal).filter(is_of_kernel)?;
    let handler = HANDLER.load(Ordering::Relaxed);
    let before = set(signal, handler, libc::SA_SIGINFO | libc::SA_NODEFER).ok()?;
    Some(before).filter(is_of_kernel)
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

/// The action that a kernel has set for a signal.
struct KeptAction {
    action: libc::sigaction,
    /// The next one in [`SPENT`].
    next: *mut KeptAction,
}

/// The handlers of kernels that ours has replaced, until a fault is theirs. One exchange takes a
/// handler out, so only one thread has it.
static THEIRS: [AtomicPtr<KeptAction>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];

/// Actions that were restored. They are kept because a handler may not free memory.
static SPENT: AtomicPtr<KeptAction> = AtomicPtr::new(ptr::null_mut());

/// How many threads are exchanging handlers, so that one may be neither in force nor kept.
static EXCHANGING: AtomicUsize = AtomicUsize::new(0);

/// How often [`claim`] has begun to take a handler out of force.
static CLAIMS: AtomicUsize = AtomicUsize::new(0);

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
    free_spent();
    for (signal, theirs) in OF_COPIES.into_iter().zip(&THEIRS) {
        EXCHANGING.fetch_add(1, Ordering::SeqCst);
        CLAIMS.fetch_add(1, Ordering::SeqCst);
        let taken = take_action(signal);
        let freed = taken.map(|action| keep(theirs, Some(action).filter(is_handler)));
        EXCHANGING.fetch_sub(1, Ordering::SeqCst);
        drop(freed);
    }
    let _ = open_mask();
}

fn is_handler(action: &libc::sigaction) -> bool {
    ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction)
}

/// Has a handler wait in this place. The result is the one that did.
fn keep(
    theirs: &AtomicPtr<KeptAction>,
    action: Option<libc::sigaction>,
) -> Option<Box<KeptAction>> {
    let next = ptr::null_mut();
    let new = action.map_or(ptr::null_mut(), |action| {
        Box::into_raw(Box::new(KeptAction { action, next }))
    });
    let old = theirs.swap(new, Ordering::SeqCst);
    // SAFETY: it was made of a box, and the exchange gave it to this thread alone.
    (!old.is_null()).then(|| unsafe { Box::from_raw(old) })
}

fn free_spent() {
    let mut next = SPENT.swap(ptr::null_mut(), Ordering::Acquire);
    while !next.is_null() {
        // SAFETY: each was made of a box; the exchange gave the whole list to this thread alone.
        next = unsafe { Box::from_raw(next) }.next;
    }
}

/// Puts the handler of a kernel back that [`claim`] has taken the place of. The result says
/// whether there was one. Safe to call in a handler.
pub(super) fn give_back(signal: i32) -> bool {
    /// How often to look while another thread exchanges handlers, in milliseconds. If this one has
    /// interrupted that, it never ends.
    const TRIES: u32 = 5000;
    let place = OF_COPIES.iter().position(|known| *known == signal);
    let Some(theirs) = place.map(|index| &THEIRS[index]) else {
        return false;
    };
    for _ in 0..TRIES {
        let claims = CLAIMS.load(Ordering::SeqCst);
        let before = EXCHANGING.fetch_add(1, Ordering::SeqCst);
        let kept = theirs.swap(ptr::null_mut(), Ordering::SeqCst);
        if !kept.is_null() {
            // SAFETY: it was made of a box, and the exchange gave it to this thread alone.
            return unsafe { put_back(signal, kept) };
        }
        let others = EXCHANGING.fetch_sub(1, Ordering::SeqCst) - 1;
        // Another thread may have restored it after this thread's fault came to our handler.
        if current_action(signal).is_some_and(|action| is_of_kernel(&action) && is_handler(&action))
        {
            return true;
        }
        // A claim that began meanwhile may have taken it before this looked, even if it is over.
        if before == 0 && others == 0 && CLAIMS.load(Ordering::SeqCst) == claims {
            return false;
        }
        // SAFETY: a plain number.
        unsafe { libc::usleep(1000) };
    }
    false
}

/// The caller counts as exchanging handlers; then no more.
///
/// # Safety
///
/// `kept` was made of a box, and the caller has it alone.
unsafe fn put_back(signal: i32, kept: *mut KeptAction) -> bool {
    CHANGED.store(true, Ordering::Relaxed);
    // SAFETY: the caller vouches for it; it was in force.
    let done = unsafe { libc::sigaction(signal, &raw const (*kept).action, ptr::null_mut()) } == 0;
    EXCHANGING.fetch_sub(1, Ordering::SeqCst);
    let mut first = SPENT.load(Ordering::Relaxed);
    loop {
        // SAFETY: the caller vouches for it; nobody else has it until the exchange below.
        unsafe { (*kept).next = first };
        match SPENT.compare_exchange_weak(first, kept, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return done,
            Err(now) => first = now,
        }
    }
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    extern "C" fn ours(_: i32, _: *mut libc::siginfo_t, _: *mut c_void) {}

    extern "C" fn of_a_kernel(_: i32) {}

    fn how_many_spent() -> usize {
        let mut count = 0;
        let mut next = SPENT.load(Ordering::Acquire);
        while !next.is_null() {
            count += 1;
            // SAFETY: no other thread uses the list now, and what is in it is not freed.
            next = unsafe { (*next).next };
        }
        count
    }

    #[test]
    fn a_handler_of_a_kernel_is_never_lost() {
        const ROUNDS: usize = 2000;
        const THREADS: usize = 4;
        HANDLER.store(ours as *const () as usize, Ordering::Relaxed);
        let before = set(libc::SIGBUS, of_a_kernel as *const () as usize, 0).unwrap();
        for _ in 0..ROUNDS {
            claim();
            assert!(!is_of_kernel(&current_action(libc::SIGBUS).unwrap()));
            assert!(give_back(libc::SIGBUS));
            assert!(is_of_kernel(&current_action(libc::SIGBUS).unwrap()));
        }
        assert_eq!(how_many_spent(), 1);
        // All at once: each fault finds the handler in force or kept, or on its way back.
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        claim();
                        assert!(give_back(libc::SIGBUS));
                    }
                });
            }
        });
        let action = current_action(libc::SIGBUS).unwrap();
        assert_eq!(action.sa_sigaction, of_a_kernel as *const () as usize);
        assert!(how_many_spent() <= THREADS);
        // The tests' own are in force again.
        give_back(libc::SIGSEGV);
        set(libc::SIGBUS, before.sa_sigaction, before.sa_flags).unwrap();
    }
}

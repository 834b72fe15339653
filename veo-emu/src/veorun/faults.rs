//! Signals that kernels raise: caught on an alternate stack, written down in the
//! control page, then left to end the process.

use std::cell::Cell;
use std::io;
use std::ptr;
use std::sync::OnceLock;

use super::native::trace;
use super::{arch, copy, memory};
use crate::shared::control::{Cause, Control, FaultWords, NO_CONTEXT};
use crate::shared::ring::Ring;
use crate::sys::check;

static CONTROL: OnceLock<&'static Control> = OnceLock::new();

const SIGNALS: [i32; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
];

const ALTERNATE_STACK: usize = 64 * 1024;

/// Seconds that a thread may take to report its fault.
const PATIENCE: u32 = 5;

/// What the calling thread is doing.
struct Current {
    context: Cell<u32>,
    id: Cell<u64>,
    kernel: Cell<u64>,
    /// A handler runs on the thread already.
    handling: Cell<bool>,
    ring: Cell<*const Ring>,
    /// The stack that handlers run on, unless a kernel gave the thread another one.
    alternate: Cell<*mut u8>,
    /// Lowest address of the thread's stack, above its guard, and its size.
    stack: Cell<(u64, u64)>,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            context: Cell::new(NO_CONTEXT),
            id: Cell::new(0),
            kernel: Cell::new(0),
            handling: Cell::new(false),
            ring: Cell::new(ptr::null()),
            alternate: Cell::new(ptr::null_mut()),
            stack: Cell::new((0, 0)),
        }
    };
}

/// Installs the handlers.
pub(super) fn install(control: &'static Control) -> io::Result<()> {
    let _ = CONTROL.set(control);
    for signal in SIGNALS {
        set_handler(
            signal,
            handler as *const () as usize,
            libc::SA_SIGINFO | libc::SA_NODEFER,
        )?;
    }
    // A terminal's Ctrl-C is for the program, which takes us with it if it ends. An
    // empty function is not inherited by programs that kernels start, unlike SIG_IGN.
    for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGPIPE] {
        set_handler(signal, ignore as *const () as usize, libc::SA_RESTART)?;
    }
    Ok(())
}

fn set_handler(signal: i32, function: usize, flags: i32) -> io::Result<()> {
    // SAFETY: an all-zero sigaction is a valid value of that structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function;
    action.sa_flags = flags | libc::SA_ONSTACK;
    // SAFETY: the structure is complete and the function has the type its flags say.
    check(unsafe { libc::sigaction(signal, &action, ptr::null_mut()) }.into()).map(|_| ())
}

extern "C" fn ignore(_signal: i32) {}

/// The signals of a copy to or from what is not mapped.
const OF_COPIES: [i32; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// What kernels have made of the signals of a copy: put back when this is dropped.
pub(super) struct Replaced {
    actions: [Option<libc::sigaction>; 2],
    mask: Option<libc::sigset_t>,
}

/// Has the calling thread's faults handled here, also where a kernel has installed
/// handlers of its own or blocked the signals.
pub(super) fn take_back() -> Replaced {
    let mut replaced = Replaced {
        actions: [None; 2],
        mask: None,
    };
    for (signal, place) in OF_COPIES.into_iter().zip(&mut replaced.actions) {
        // SAFETY: an all-zero sigaction is a valid value of that structure.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: only asks; the structure is valid for writing.
        let asked = unsafe { libc::sigaction(signal, ptr::null(), &mut action) } == 0;
        if asked && action.sa_sigaction != handler as *const () as usize {
            let flags = libc::SA_SIGINFO | libc::SA_NODEFER;
            if set_handler(signal, handler as *const () as usize, flags).is_ok() {
                *place = Some(action);
            }
        }
    }
    // SAFETY: all-zero signal sets are valid values, and room for them to be written;
    // the signal numbers exist.
    unsafe {
        let mut wanted: libc::sigset_t = std::mem::zeroed();
        let mut mask: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut wanted);
        OF_COPIES.iter().for_each(|signal| {
            libc::sigaddset(&mut wanted, *signal);
        });
        if libc::pthread_sigmask(libc::SIG_UNBLOCK, &wanted, &mut mask) == 0
            && OF_COPIES
                .iter()
                .any(|signal| libc::sigismember(&mask, *signal) == 1)
        {
            replaced.mask = Some(mask);
        }
    }
    replaced
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

/// Gives the calling thread a stack for its handlers and tells what its own is.
pub(super) fn prepare_thread(context: u32, ring: *const Ring) -> io::Result<()> {
    let stack = Box::leak(vec![0u8; ALTERNATE_STACK].into_boxed_slice());
    let alternate = libc::stack_t {
        ss_sp: stack.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: ALTERNATE_STACK,
    };
    // SAFETY: the memory is never freed while the thread lives.
    check(unsafe { libc::sigaltstack(&alternate, ptr::null_mut()) }.into())?;
    CURRENT.with(|current| {
        current.context.set(context);
        current.ring.set(ring);
        current.alternate.set(alternate.ss_sp.cast());
        current.stack.set(own_stack().unwrap_or_default());
    });
    Ok(())
}

/// The request that runs on the calling thread, and the ring it came from.
pub(super) fn current_request() -> Option<(u64, *const Ring)> {
    CURRENT
        .try_with(|current| (current.id.get(), current.ring.get()))
        .ok()
        .filter(|(_, ring)| in_kernel() && !ring.is_null())
}

/// Whether the calling thread, or the one that forked this process, is a context's.
pub(super) fn on_context_thread() -> bool {
    CURRENT
        .try_with(|current| current.context.get() != NO_CONTEXT)
        .unwrap_or(false)
}

/// Takes the stack for handlers away again, at the end of a thread.
pub(super) fn release_thread() {
    let off = libc::stack_t {
        ss_sp: ptr::null_mut(),
        ss_flags: libc::SS_DISABLE,
        ss_size: ALTERNATE_STACK,
    };
    // SAFETY: the structure is valid; no handler runs on this thread now.
    if unsafe { libc::sigaltstack(&off, ptr::null_mut()) } != 0 {
        return;
    }
    let stack = CURRENT.with(|current| current.alternate.replace(ptr::null_mut()));
    if !stack.is_null() {
        let slice = ptr::slice_from_raw_parts_mut(stack, ALTERNATE_STACK);
        // SAFETY: `prepare_thread` leaked exactly this boxed slice, and no handler uses it
        // any more, whatever stack a kernel put in its place.
        drop(unsafe { Box::from_raw(slice) });
    }
}

fn own_stack() -> Option<(u64, u64)> {
    // SAFETY: an all-zero pthread_attr_t is room for one to be written.
    let mut attributes: libc::pthread_attr_t = unsafe { std::mem::zeroed() };
    // SAFETY: the attributes are filled in for the calling thread, read, destroyed.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let mut base = ptr::null_mut();
        let mut size = 0;
        let result = libc::pthread_attr_getstack(&attributes, &mut base, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        (result == 0).then_some((base as u64, size as u64))
    }
}

/// Says which request the calling thread runs.
#[inline]
pub(super) fn enter(id: u64, kernel: u64) {
    CURRENT.with(|current| {
        current.id.set(id);
        current.kernel.set(kernel);
    });
}

/// Says that the calling thread runs no request.
#[inline]
pub(super) fn leave() {
    CURRENT.with(|current| current.kernel.set(0));
}

/// Whether the calling thread is inside a kernel.
pub(super) fn in_kernel() -> bool {
    CURRENT
        .try_with(|current| current.kernel.get() != 0)
        .unwrap_or(false)
}

/// Writes down an end that is no signal.
pub(super) fn record(cause: Cause) {
    write(FaultWords { cause, ..NOTHING });
}

/// A record of which nothing is known.
const NOTHING: FaultWords = FaultWords {
    cause: Cause::Signal,
    signal: 0,
    context: NO_CONTEXT,
    address: None,
    pc: 0,
    id: 0,
    kernel: 0,
    stack: 0,
    sender: 0,
};

/// Writes the record, with what the calling thread was doing, unless there is one.
fn write(mut words: FaultWords) -> bool {
    let Some(control) = CONTROL.get() else {
        return false;
    };
    if !control.fault.claim() {
        return false;
    }
    let _ = CURRENT.try_with(|current| {
        if current.kernel.get() != 0 {
            words.context = current.context.get();
            words.id = current.id.get();
            words.kernel = current.kernel.get();
        }
    });
    control.fault.fill(&words);
    true
}

/// The `si_code` of a fault of which the processor tells nothing, as of an address that is
/// none (a general protection fault).
const SI_KERNEL: i32 = 0x80;

/// The address that a signal is about, where it has one.
fn accessed(signal: i32, code: i32, address: u64) -> Option<u64> {
    let has_one = match signal {
        libc::SIGSEGV | libc::SIGFPE | libc::SIGILL => true,
        // x86 does not tell what was not aligned.
        libc::SIGBUS => code != libc::BUS_ADRALN || address != 0,
        _ => false,
    };
    (has_one && code > 0 && code != SI_KERNEL).then_some(address)
}

/// The size of the calling thread's stack if an access below it is that of a frame which
/// has no room there: the frame reaches down to the stack pointer, which may be far below
/// (`alloca`), and a little further.
fn overflowed(address: u64, stack_pointer: u64) -> Option<u64> {
    const PAGE: u64 = 4096;
    const FARTHEST: u64 = 1 << 36;
    let (bottom, size) = CURRENT
        .try_with(|current| current.stack.get())
        .unwrap_or_default();
    let below = bottom != 0 && address < bottom + PAGE;
    let in_frame = address.saturating_add(PAGE) >= stack_pointer;
    let is_ours = stack_pointer < bottom + size && bottom.saturating_sub(stack_pointer) <= FARTHEST;
    (below && in_frame && is_ours).then_some(size)
}

extern "C" fn handler(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to a handler with SA_SIGINFO.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as u64) };
    let context = context.cast::<libc::ucontext_t>();
    let raised_by_hardware = code > 0;
    if raised_by_hardware && matches!(signal, libc::SIGSEGV | libc::SIGBUS) {
        // SAFETY: the context is that of the interrupted instruction.
        if unsafe { copy::recover(context) } {
            return;
        }
        if signal == libc::SIGSEGV && memory::follow() {
            return;
        }
    }
    if CURRENT
        .try_with(|c| c.handling.replace(true))
        .unwrap_or(false)
    {
        // The report of a fault has faulted itself; what is there has to do.
        // SAFETY: safe in a handler.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
        return;
    }
    // SAFETY: as above.
    let pc = unsafe { arch::place(context) };
    let mut words = FaultWords {
        signal,
        pc,
        address: accessed(signal, code, address),
        ..NOTHING
    };
    // SAFETY: as above.
    let stack_pointer = unsafe { arch::stack_pointer(context) };
    if signal == libc::SIGSEGV
        && let Some(size) = words.address.and_then(|at| overflowed(at, stack_pointer))
    {
        words.cause = Cause::StackOverflow;
        words.stack = size;
    }
    if signal == libc::SIGSEGV && code == SI_KERNEL {
        // SAFETY: as above.
        words.address = unsafe { arch::tagged_address(context) };
    }
    if matches!(code, libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL) {
        // SAFETY: si_code says that the sender's number is there; getpid cannot fail.
        let (sender, own) = unsafe { ((*info).si_pid(), libc::getpid()) };
        if sender != own {
            words.cause = Cause::Outside;
            words.sender = sender;
        }
    }
    if !write(words) {
        // Another thread is dying already; let it finish its report. It may have lived
        // on, against all reason.
        // SAFETY: only waits, as far as signals let it.
        unsafe { libc::sleep(PATIENCE) };
    }
    if let Some(control) = CONTROL.get() {
        // SAFETY: the kernel passed this context to this handler.
        unsafe { trace::walk(&control.fault, pc, context) };
    }
    // With the default action back, a fault repeats on return and ends the process. A trap
    // is behind its instruction, and what was sent has to be sent again.
    let repeats = raised_by_hardware && !matches!(signal, libc::SIGTRAP | libc::SIGSYS);
    // SAFETY: both calls are safe in a handler.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        if !repeats {
            libc::raise(signal);
        }
    }
}

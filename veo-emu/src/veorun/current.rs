//! The state of the calling thread of a VE process: its context, the request that it runs, and
//! its stacks. It may be asked in a signal handler.

use std::cell::Cell;
use std::io;
use std::ptr;

use crate::shared::control::RunningRequest;
use crate::shared::ring::Ring;
use crate::sys::check;

const ALTERNATE_STACK: usize = 64 * 1024;

struct Current {
    /// `None`: the thread is no context's.
    context: Cell<Option<u32>>,
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
            context: Cell::new(None),
            id: Cell::new(0),
            kernel: Cell::new(0),
            handling: Cell::new(false),
            ring: Cell::new(ptr::null()),
            alternate: Cell::new(ptr::null_mut()),
            stack: Cell::new((0, 0)),
        }
    };
}

/// Makes the calling thread that of a context and gives it a stack for its handlers.
pub(super) fn prepare(context: u32, ring: *const Ring) -> io::Result<()> {
    let stack = Box::leak(vec![0u8; ALTERNATE_STACK].into_boxed_slice());
    let alternate = libc::stack_t {
        ss_sp: stack.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: ALTERNATE_STACK,
    };
    // SAFETY: the memory is never freed while the thread lives.
    check(unsafe { libc::sigaltstack(&alternate, ptr::null_mut()) }.into())?;
    CURRENT.with(|current| {
        current.context.set(Some(context));
        current.ring.set(ring);
        current.alternate.set(alternate.ss_sp.cast());
        current.stack.set(own_stack().unwrap_or_default());
    });
    Ok(())
}

/// Takes the stack for handlers away again, at the end of a thread.
pub(super) fn release() {
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
        // SAFETY: `prepare` leaked exactly this boxed slice, and no handler uses it any more,
        // whatever stack a kernel put in its place.
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

/// The number of the calling thread's context, if it is one's.
pub(super) fn context() -> Option<u32> {
    CURRENT
        .try_with(|current| current.context.get())
        .ok()
        .flatten()
}

/// The name of the calling thread for people.
pub(super) fn thread_name() -> String {
    match context() {
        Some(context) => format!("context {context}"),
        None => "a thread of the VE process".to_owned(),
    }
}

/// The request that the calling thread runs.
pub(super) fn running() -> Option<RunningRequest> {
    CURRENT
        .try_with(|current| {
            Some(RunningRequest {
                context: current.context.get()?,
                id: current.id.get(),
                kernel: current.kernel.get(),
            })
        })
        .ok()
        .flatten()
        .filter(|running| running.kernel != 0)
}

/// The result of an earlier request of the calling thread's context: with an offset of 0 of
/// the one just before the running one, with 1 of the one before that, and so on.
pub(super) fn earlier_result(offset: u64) -> Option<u64> {
    let running = running()?.id;
    let ring = CURRENT.try_with(|current| current.ring.get()).ok()?;
    // SAFETY: `prepare` was given the ring of this thread's context, which is mapped for as
    // long as the thread runs kernels, and it does run one.
    let ring = unsafe { ring.as_ref() }?;
    ring.ve_side().earlier_result(running, offset)
}

/// Whether the calling thread is inside a kernel.
pub(super) fn in_kernel() -> bool {
    running().is_some()
}

/// Whether the calling thread, or the one that forked this process, is a context's.
pub(super) fn is_of_context() -> bool {
    context().is_some()
}

/// Lowest address of the calling thread's stack, above its guard, and its size; zeros if
/// they are not known.
pub(super) fn stack() -> (u64, u64) {
    CURRENT
        .try_with(|current| current.stack.get())
        .unwrap_or_default()
}

/// Notes that a handler runs on the calling thread. Returns whether one did already.
pub(super) fn begin_handling() -> bool {
    CURRENT
        .try_with(|current| current.handling.replace(true))
        .unwrap_or(false)
}

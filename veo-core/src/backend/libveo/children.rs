//! How NEC's library learns of the end of a VE process, and what it takes for one.
//!
//! libveo waits for the child process that stands for a VE process, and only at every hundredth
//! idle look at one of its contexts. If it misses that end, each context costs 20 s when the
//! process is destroyed. When it opens a context, it takes whatever child of the program has ended
//! for that VE process: the context fails, and the answer that nobody waits for any more ends the
//! program at the next request. A VE process that a fault of a kernel on the main context ended is
//! never waited for at all.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use veo_abi::ffi::{VEO_REQUEST_ID_INVALID, veo_thr_ctxt};

use super::on_host::OnHost;
use crate::error::{Error, Result};

/// One of this many looks is at the child process.
const LOOKS: u32 = 101;

/// How long a child of the program may stay a zombie.
const PATIENCE: Duration = Duration::from_secs(2);

/// `veo_call_peek_result`.
type Peek = unsafe extern "C" fn(*mut veo_thr_ctxt, u64, *mut u64) -> c_int;

/// The child process that stands for a VE process.
pub(super) struct Child {
    /// The process of the host, if the library tells which it is.
    on_host: Option<OnHost>,
    /// The VE process's main context.
    main: *mut veo_thr_ctxt,
    peek: Option<Peek>,
    /// How many contexts are open besides the main one.
    further: AtomicUsize,
    /// Whether the program has given the process up.
    given_up: AtomicBool,
    /// Whether the library's handles are, or are about to be, no more.
    destroyed: Mutex<bool>,
}

// SAFETY: the handle is an opaque token, which any thread may pass to the library. The callers
// of `look` promise that the context is open and that no other thread uses it; `see_end` holds
// `destroyed`, which keeps it open.
unsafe impl Send for Child {}
// SAFETY: as above.
unsafe impl Sync for Child {}

/// The children of this program that stand for VE processes.
static CHILDREN: Mutex<Vec<Weak<Child>>> = Mutex::new(Vec::new());

fn children() -> MutexGuard<'static, Vec<Weak<Child>>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Child {
    /// Enters the child process of a VE process that was just created.
    pub(super) fn new(
        on_host: Option<OnHost>,
        main: *mut veo_thr_ctxt,
        peek: Option<Peek>,
    ) -> Arc<Child> {
        let child = Arc::new(Child {
            on_host,
            main,
            peek,
            further: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            destroyed: Mutex::new(false),
        });
        let mut children = children();
        children.retain(|other| other.strong_count() > 0);
        children.push(Arc::downgrade(&child));
        child
    }

    fn destroyed(&self) -> MutexGuard<'_, bool> {
        self.destroyed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The library's handles are about to be no more.
    pub(super) fn set_destroyed(&self) {
        *self.destroyed() = true;
    }

    /// The program has given the process up.
    pub(super) fn set_given_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    /// Whether the VE process is being closed, or about to be.
    fn is_closing(&self) -> bool {
        self.given_up.load(Ordering::Acquire) && !*self.destroyed()
    }

    pub(super) fn context_opened(&self) {
        self.further.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn context_closed(&self) {
        self.further.fetch_sub(1, Ordering::AcqRel);
    }

    /// Kills it. `None` if nobody knows which process it is, otherwise why it lives on.
    pub(super) fn kill(&self) -> Option<Result<(), String>> {
        Some(self.on_host.as_ref()?.kill())
    }

    /// Whether it has ended. One that was just killed gets a little time to do so.
    pub(super) fn has_ended(&self) -> bool {
        self.on_host.as_ref().is_some_and(OnHost::has_ended)
    }

    /// Waits for it, which has ended, where the library will not.
    pub(super) fn wait_for(&self) {
        if let Some(on_host) = &self.on_host {
            on_host.wait_for();
        }
    }

    /// Has the library look whether it has ended, through the main context.
    ///
    /// # Safety
    ///
    /// As for `look_through`.
    pub(super) unsafe fn look(&self) {
        // SAFETY: the caller vouches for the context.
        unsafe { self.look_through(self.main) };
    }

    /// Has the library look whether it has ended, through a context of the VE process.
    ///
    /// # Safety
    ///
    /// The context is open, and stays so for the call. Either nobody else uses it, or the VE
    /// process has ended.
    pub(super) unsafe fn look_through(&self, context: *mut veo_thr_ctxt) {
        let Some(peek) = self.peek else { return };
        let mut word = 0;
        for _ in 0..LOOKS {
            // SAFETY: the caller vouches for the context; no request has this number, so
            // nothing is collected.
            unsafe { peek(context, VEO_REQUEST_ID_INVALID, &raw mut word) };
        }
    }

    /// Has the library see its end, if it has ended.
    fn see_end(&self) {
        let destroyed = self.destroyed();
        if !*destroyed && self.has_ended() {
            // SAFETY: the main context stays open until the process is destroyed, which
            // waits for this lock. The VE process has ended.
            unsafe { self.look() };
            // A further context learns of the end by waiting for the child itself.
            if self.further.load(Ordering::Acquire) == 0 {
                self.wait_for();
            }
        }
    }
}

/// Whether some VE process is being closed, or about to be.
pub(super) fn any_is_closing() -> bool {
    // The list is not held while a child is asked.
    let all: Vec<_> = children().iter().filter_map(Weak::upgrade).collect();
    all.iter().any(|child| child.is_closing())
}

/// Waits until no child of the program is there that libveo would take for the VE process
/// while it opens a context.
pub(super) fn settle() -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while let Some(pid) = ended_child() {
        // The list is not held while the library is asked.
        let all: Vec<_> = children().iter().filter_map(Weak::upgrade).collect();
        all.iter().for_each(|child| child.see_end());
        if Instant::now() >= until {
            return Err(Error::ContextOpen {
                reason: format!(
                    "process {pid}, a child of this program, has ended and nobody has waited \
                     for it; libveo would take its end for that of the VE process, so wait for \
                     it before opening a context"
                ),
            });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// A child in the program's process group that has ended and was not waited for.
#[cfg(target_os = "linux")]
fn ended_child() -> Option<i32> {
    let mut found = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: only asks, leaving the child as it is; the result is valid for writing.
    let status = unsafe {
        libc::waitid(
            libc::P_PGID,
            libc::getpgrp().cast_unsigned(),
            found.as_mut_ptr(),
            libc::WEXITED | libc::WNOHANG | libc::WNOWAIT,
        )
    };
    // SAFETY: valid as zeroes, and filled in by the call if there is such a child.
    let pid = unsafe { found.assume_init().si_pid() };
    (status == 0 && pid != 0).then_some(pid)
}

/// Whether the system reaps children by itself, so that nobody can wait for them.
#[cfg(target_os = "linux")]
pub(super) fn are_reaped() -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; the result is valid for writing.
    let status = unsafe { libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr()) };
    if status != 0 {
        return false;
    }
    // SAFETY: filled in by the call above, and valid as zeroes before.
    let action = unsafe { action.assume_init() };
    action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0
}

/// libveo runs on Linux alone.
#[cfg(not(target_os = "linux"))]
fn ended_child() -> Option<i32> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn are_reaped() -> bool {
    false
}

//! `VeoContext`: what users hold of a context.

use std::any::Any;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use veo_abi::ffi;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::process::VeoProc;
use crate::queue::CtxShared;
use crate::session::KeeperTask;

/// A queue of requests, which a thread of the VE process works off in order.
///
/// Calling a kernel with `&VeoContext` queues it and gives a
/// [`VeoRequest`](crate::VeoRequest). Contexts of a process run beside each other;
/// each is on its own core of the VE where there is one; [`after`](Self::after) puts requests of two
/// contexts in order. `VeoCtxt` is an alias.
///
/// ```
/// # fn main() -> veo_core::Result<()> {
/// # let proc = veo_core::VeoProc::new(0)?;
/// let ctx = proc.open_context()?;
/// let mut x = proc.alloc::<f64>(3)?;
/// let write = ctx.write(&mut x, vec![1.0, 2.0, 3.0])?; // queued: the host goes on
/// let read = ctx.read(&x)?; // comes after it
/// assert_eq!(read.wait()?, [1.0, 2.0, 3.0]);
/// write.wait()?;
/// # Ok(())
/// # }
/// ```
///
/// A handle that can be cloned and shared between threads. When the last one is gone
/// and its requests have finished, the context is closed; nobody waits for that.
#[derive(Clone)]
pub struct VeoContext(Arc<CtxHandle>);

/// Closes the context when the last user of it is gone.
struct CtxHandle {
    proc: VeoProc,
    shared: Arc<CtxShared>,
    /// Whether this stands for the main context of the process, which stays open.
    main: bool,
}

impl Drop for CtxHandle {
    fn drop(&mut self) {
        let core = &self.shared.core;
        if core.image.is_foreign() {
            return;
        }
        if self.main {
            let taken = &self.proc.shared().main_taken;
            taken.store(false, Ordering::Release);
        } else {
            core.keeper.send(KeeperTask::CloseContext(self.shared.id));
        }
    }
}

/// What the VE's thread of a context is doing (`veo_get_context_state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextState {
    /// Not known.
    Unknown,
    /// Working or ready to.
    Running,
    /// In a system call of the VE.
    Syscall,
    /// Waiting.
    Blocked,
    /// Ended or closed.
    Exit,
}

impl VeoContext {
    /// A handle of a context, which is the main one of the process with `main`.
    pub(super) fn new(proc: VeoProc, shared: Arc<CtxShared>, main: bool) -> VeoContext {
        VeoContext(Arc::new(CtxHandle { proc, shared, main }))
    }

    /// What the process remembers of it.
    pub(super) fn downgrade(&self) -> Weak<dyn Any + Send + Sync> {
        let handle: Weak<CtxHandle> = Arc::downgrade(&self.0);
        handle
    }

    /// What the process remembered, if it is still there.
    pub(super) fn upgrade(handle: &Weak<dyn Any + Send + Sync>) -> Option<VeoContext> {
        handle.upgrade()?.downcast().ok().map(VeoContext)
    }

    /// The process of the context.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.0.proc
    }

    /// What its thread on the VE is doing.
    ///
    /// # Errors
    ///
    /// [`Error::MissingFunction`] with a libveo that cannot tell; [`Error::Forked`].
    pub fn state(&self) -> Result<ContextState> {
        let shared = self.shared();
        if shared.core.image.is_foreign() {
            shared.core.check("asking for the state")?;
        }
        if shared.core.is_gone() {
            return Ok(ContextState::Exit);
        }
        Ok(match u32::try_from(shared.backend_state()?) {
            Ok(ffi::VEO_STATE_RUNNING) => ContextState::Running,
            Ok(ffi::VEO_STATE_SYSCALL) => ContextState::Syscall,
            Ok(ffi::VEO_STATE_BLOCKED) => ContextState::Blocked,
            Ok(ffi::VEO_STATE_EXIT) => ContextState::Exit,
            _ => ContextState::Unknown,
        })
    }

    /// Waits until everything that was submitted so far has finished
    /// (`veo_context_sync`). The results can be asked for before and after.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`] if the process ended meanwhile;
    /// [`Error::WouldDeadlock`] inside a host function of this context.
    pub fn sync(&self) -> Result<()> {
        let shared = self.shared();
        shared.core.check("waiting for a context")?;
        shared.check_not_before(u64::MAX, || "waiting for the context".into())?;
        let number = shared.lock().table.next();
        shared.drain(number, None);
        shared.core.check("waiting for a context")
    }

    /// As [`sync`](Self::sync), but gives up after `limit`; tells whether everything
    /// has finished.
    ///
    /// # Errors
    ///
    /// As [`sync`](Self::sync).
    pub fn sync_timeout(&self, limit: Duration) -> Result<bool> {
        let shared = self.shared();
        shared.core.check("waiting for a context")?;
        shared.check_not_before(u64::MAX, || "waiting for the context".into())?;
        let number = shared.lock().table.next();
        let finished = shared.drain(number, Instant::now().checked_add(limit));
        shared.core.check("waiting for a context")?;
        Ok(finished)
    }

    /// Waits until everything that was submitted has finished, then closes the
    /// context (`veo_context_close`), for all its handles. Results can still be asked
    /// for.
    ///
    /// # Errors
    ///
    /// [`Error::ContextClosed`] if it was closed before; [`Error::ProcessEnded`];
    /// [`Error::WouldDeadlock`] inside a host function of this context.
    pub fn close(self) -> Result<()> {
        let shared = self.shared();
        shared.core.check("closing a context")?;
        shared.check_not_before(u64::MAX, || "closing the context".into())?;
        if self.0.main {
            let number = shared.lock().table.next();
            shared.drain(number, None);
            return Ok(());
        }
        if !shared.close_down() {
            return Err(shared.core.context_closed(&"closing a context"));
        }
        let number = shared.lock().table.next();
        shared.drain(number, None);
        let proc = self.proc().shared();
        let exclusive = proc.exclusive(&"closing a context")?;
        proc.close_drained(shared, exclusive);
        Ok(())
    }

    /// Runs `block` with the context reserved for this thread: what other threads
    /// submit waits until the block ends, so that its requests follow each other
    /// directly (`veo_req_block_begin`, `veo_req_block_end`). Blocks nest. Host
    /// functions of this context are not held up, since what follows waits for them.
    ///
    /// # Errors
    ///
    /// [`Error::ContextClosed`]; [`Error::ProcessEnded`]; otherwise what `block` gives.
    pub fn req_block<R>(&self, block: impl FnOnce(&VeoContext) -> R) -> Result<R> {
        struct End<'a>(&'a CtxShared);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.end_block();
            }
        }
        self.shared().begin_block()?;
        // Ends the block also when `block` panics.
        let _end = End(self.shared());
        Ok(block(self))
    }

    /// How many handles and requests there are.
    #[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
    pub(crate) fn users(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(crate) fn shared(&self) -> &Arc<CtxShared> {
        &self.0.shared
    }
}

impl PartialEq for VeoContext {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }
}

impl Eq for VeoContext {}

impl fmt::Debug for VeoContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VeoContext({} of {})",
            self.shared().id,
            self.shared().core
        )
    }
}

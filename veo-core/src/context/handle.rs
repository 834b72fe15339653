//! `VeoContext`: a user's handle of a context; how it is opened and closed.

use std::any::Any;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use veo_abi::ffi;

use crate::backend::need;
use crate::error::{Error, Result};
use crate::process::VeoProc;
use crate::queue::CtxShared;
use crate::session::ProcThreadTask;

/// Settings of a context to be opened with [`VeoProc::open_context_with`].
#[derive(Clone, Debug, Default)]
pub struct ContextOptions {
    stack_size: Option<usize>,
}

impl ContextOptions {
    /// The defaults: a stack of 128 MiB.
    #[must_use]
    pub fn new() -> ContextOptions {
        ContextOptions::default()
    }

    /// Size of the stack of the VE's thread in bytes, at least 4 MiB
    /// (`veo_set_thr_ctxt_stacksize`); 128 MiB if nothing is said. A kernel that needs more
    /// ends its process: [`Cause::StackOverflow`](crate::Cause::StackOverflow).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> ContextOptions {
        self.stack_size = Some(bytes);
        self
    }
}

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
            core.proc_thread
                .send(ProcThreadTask::CloseContext(self.shared.id));
        }
    }
}

/// The state of a context's thread on the VE (`veo_get_context_state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextState {
    /// The backend does not know.
    Unknown,
    /// Working or ready to.
    Running,
    /// It is in a system call of the VE.
    Syscall,
    /// Waiting.
    Blocked,
    /// Ended or closed.
    Exit,
}

impl VeoContext {
    /// Opens a context of a process: see [`VeoProc::open_context_with`].
    pub(crate) fn open(proc: &VeoProc, options: &ContextOptions) -> Result<VeoContext> {
        let shared = proc.shared();
        let api = shared.core.api;
        let exclusive = shared.exclusive(&"opening a context")?;
        let extension = &shared.core.extension;
        // SAFETY: the main context is held exclusively.
        let prepared = unsafe { extension.prepare_context() }?;
        if shared.core.look_for_end() {
            return Err(shared.core.gone(&"opening a context"));
        }
        let opened = open_further(proc, options);
        let reason = api.last_error();
        drop(prepared);
        drop(exclusive);
        let handle = opened?;
        if handle.is_null() {
            if shared.core.look_for_end() {
                return Err(shared.core.gone(&"opening a context"));
            }
            let Some(taken) = extension
                .main_stands_in()
                .filter(|_| options.stack_size.is_none())
            else {
                // The main context would have another stack, or there is no need for it.
                return Err(Error::ContextOpen {
                    reason: reason.unwrap_or_else(|| no_further(options)),
                });
            };
            return take_main(proc, taken);
        }
        extension.context_opened();
        let context = CtxShared::new(Arc::clone(&shared.core), handle);
        shared.contexts().push(Arc::clone(&context));
        Ok(hand_out(proc, context, false))
    }

    /// The contexts of a process that were opened and are not closed.
    pub(crate) fn all(proc: &VeoProc) -> Vec<VeoContext> {
        let handles = handles(proc);
        let contexts: Vec<_> = handles.iter().filter_map(VeoContext::upgrade).collect();
        // A context that is dropped here may be the last.
        drop(handles);
        let open = |ctx: &VeoContext| ctx.shared().is_open();
        contexts.into_iter().filter(open).collect()
    }

    /// A handle of a context, which is the main one of the process with `main`.
    fn new(proc: VeoProc, shared: Arc<CtxShared>, main: bool) -> VeoContext {
        VeoContext(Arc::new(CtxHandle { proc, shared, main }))
    }

    /// The process's record of it.
    fn downgrade(&self) -> Weak<dyn Any + Send + Sync> {
        let handle: Weak<CtxHandle> = Arc::downgrade(&self.0);
        handle
    }

    /// The process's record of it, if there still is one.
    fn upgrade(handle: &Weak<dyn Any + Send + Sync>) -> Option<VeoContext> {
        handle.upgrade()?.downcast().ok().map(VeoContext)
    }

    /// The process of the context.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.0.proc
    }

    /// The state of its thread on the VE.
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

    /// Does the same as [`sync`](Self::sync), but gives up after `limit`. The result is whether
    /// everything has finished.
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
        struct BlockEnd<'a>(&'a CtxShared);
        impl Drop for BlockEnd<'_> {
            fn drop(&mut self) {
                self.0.end_block();
            }
        }
        self.shared().begin_block()?;
        // Ends the block also when `block` panics.
        let _end = BlockEnd(self.shared());
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

fn hand_out(proc: &VeoProc, shared: Arc<CtxShared>, main: bool) -> VeoContext {
    let context = VeoContext::new(proc.clone(), shared, main);
    let mut handles = handles(proc);
    handles.retain(|other| other.strong_count() > 0);
    handles.push(context.downgrade());
    context
}

fn handles(proc: &VeoProc) -> MutexGuard<'_, Vec<Weak<dyn Any + Send + Sync>>> {
    let handles = &proc.shared().handles;
    handles.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the backend for a further context. The main one is held exclusively.
fn open_further(proc: &VeoProc, options: &ContextOptions) -> Result<*mut ffi::veo_thr_ctxt> {
    let core = &proc.shared().core;
    let api = core.api;
    let Some(stack_size) = options.stack_size else {
        let open = need!(api, veo_context_open, "opening a context")?;
        // SAFETY: the main context is held exclusively, so the process is there.
        return Ok(unsafe { open(core.handle()) });
    };
    let purpose = "the stack size of a context";
    let open = need!(api, veo_context_open_with_attr, purpose)?;
    let alloc = need!(api, veo_alloc_thr_ctxt_attr, purpose)?;
    let free = need!(api, veo_free_thr_ctxt_attr, purpose)?;
    let set = need!(api, veo_set_thr_ctxt_stacksize, purpose)?;
    let failed = |reason: Option<String>| Error::ContextOpen {
        reason: reason.unwrap_or_else(|| {
            format!("a stack of {stack_size} bytes is not possible; the least is 4 MiB")
        }),
    };
    // SAFETY: no preconditions.
    let attributes = unsafe { alloc() };
    if attributes.is_null() {
        return Err(failed(api.last_error()));
    }
    // SAFETY: the attributes were just allocated and are freed once; the process
    // is there, as above.
    unsafe {
        let handle = if set(attributes, stack_size) == 0 {
            Some(open(core.handle(), attributes))
        } else {
            None
        };
        free(attributes);
        handle.ok_or_else(|| failed(None))
    }
}

/// If no further context can be opened: the main one, once. After that `taken` says why not.
fn take_main(proc: &VeoProc, taken: &str) -> Result<VeoContext> {
    let shared = proc.shared();
    if shared.main_taken.swap(true, Ordering::AcqRel) {
        return Err(Error::ContextOpen {
            reason: taken.into(),
        });
    }
    tracing::debug!(
        "{} has no further context, the main one is used",
        shared.core
    );
    Ok(hand_out(proc, Arc::clone(&shared.main), true))
}

fn no_further(options: &ContextOptions) -> String {
    match options.stack_size {
        Some(size) => format!("the VE has no thread with a stack of {size} bytes to give"),
        None => "the VE has no further thread to give".into(),
    }
}

//! `VeoContext`: what users hold of a context.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use veo_abi::ffi;

use super::args::{CopyBack, Output, copy_back, stage};
use super::outcome::Payload;
use super::shared::CtxShared;
use super::table::Ticket;
use crate::arg::Args;
use crate::backend::need;
use crate::call::{Callee, Request};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::process::{Task, VeoProc};
use crate::request::{Finish, VeoRequest};

/// A queue of requests, which a thread of the VE process works off in order.
///
/// Calling a kernel with `&VeoContext` queues it and gives a
/// [`VeoRequest`](crate::VeoRequest). Contexts of a process run beside each other;
/// each is on its own core of the VE where there is one. `VeoCtxt` is an alias.
///
/// A handle that can be cloned and shared between threads. When the last one is gone
/// and its requests have finished, the context is closed; nobody waits for that.
#[derive(Clone)]
pub struct VeoContext(Arc<CtxHandle>);

/// Closes the context when the last user of it is gone.
pub(crate) struct CtxHandle {
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
            core.keeper
                .send(Task::CloseContext(Arc::clone(&self.shared)));
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
    /// (`veo_set_thr_ctxt_stacksize`).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> ContextOptions {
        self.stack_size = Some(bytes);
        self
    }
}

impl VeoProc {
    /// Opens a context (`veo_context_open`): a queue with a thread of its own.
    ///
    /// With a card that needs `VE_OMP_NUM_THREADS=1` in the environment before the
    /// process is created. Otherwise there is one context alone, the main one, whose
    /// queue the synchronous calls of the process share.
    ///
    /// # Errors
    ///
    /// [`Error::ContextOpen`]; [`Error::ProcessEnded`].
    pub fn open_context(&self) -> Result<VeoContext> {
        self.open_context_with(&ContextOptions::default())
    }

    /// Opens a context with other settings (`veo_context_open_with_attr`).
    ///
    /// # Errors
    ///
    /// As [`open_context`](Self::open_context).
    pub fn open_context_with(&self, options: &ContextOptions) -> Result<VeoContext> {
        let shared = self.shared();
        let api = shared.core.api;
        if api.is_libveo() && std::env::var_os("VE_OMP_NUM_THREADS") != shared.omp_threads {
            return Err(Error::ContextOpen {
                reason: "VE_OMP_NUM_THREADS was changed after the process was created, which \
                         libveo does not survive; set it before the program starts"
                    .into(),
            });
        }
        let exclusive = shared.exclusive(&"opening a context")?;
        let opened = self.open_further(options);
        let reason = api.last_error();
        drop(exclusive);
        let handle = opened?;
        if handle.is_null() {
            if shared.core.look_for_end() {
                return Err(shared.core.gone(&"opening a context"));
            }
            if options.stack_size.is_some() || !api.is_libveo() {
                // The main context would have another stack, or there is no need for it.
                return Err(Error::ContextOpen {
                    reason: reason.unwrap_or_else(|| no_further(options)),
                });
            }
            return self.take_main(reason);
        }
        let context = CtxShared::new(Arc::clone(&shared.core), handle);
        shared.contexts().push(Arc::clone(&context));
        Ok(self.hand_out(context, false))
    }

    fn hand_out(&self, shared: Arc<CtxShared>, main: bool) -> VeoContext {
        let handle = Arc::new(CtxHandle {
            proc: self.clone(),
            shared,
            main,
        });
        let mut handles = self.handles();
        handles.retain(|other| other.strong_count() > 0);
        handles.push(Arc::downgrade(&handle));
        VeoContext(handle)
    }

    fn handles(&self) -> MutexGuard<'_, Vec<Weak<CtxHandle>>> {
        let handles = &self.shared().handles;
        handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the backend for a further context. The main one is held exclusively.
    fn open_further(&self, options: &ContextOptions) -> Result<*mut ffi::veo_thr_ctxt> {
        let core = &self.shared().core;
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

    /// Where no further context can be had: the main one, once.
    fn take_main(&self, reason: Option<String>) -> Result<VeoContext> {
        let shared = self.shared();
        let no_more = "this process has its only context already; set VE_OMP_NUM_THREADS=1 \
                       before the program starts to have more";
        if shared.main_taken.swap(true, Ordering::AcqRel) {
            return Err(Error::ContextOpen {
                reason: reason.unwrap_or_else(|| no_more.into()),
            });
        }
        tracing::debug!(
            "{} has no further context, the main one is used",
            shared.core
        );
        Ok(self.hand_out(Arc::clone(&shared.main), true))
    }

    /// The contexts that were opened and are not closed.
    #[must_use]
    pub fn contexts(&self) -> Vec<VeoContext> {
        let handles: Vec<_> = self.handles().iter().filter_map(Weak::upgrade).collect();
        let contexts = handles.into_iter().map(VeoContext);
        contexts.filter(|ctx| ctx.shared().is_open()).collect()
    }
}

fn no_further(options: &ContextOptions) -> String {
    match options.stack_size {
        Some(size) => format!("the VE has no thread with a stack of {size} bytes to give"),
        None => "the VE has no further thread to give".into(),
    }
}

impl VeoContext {
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
            return Err(Error::ContextClosed {
                what: "closing a context".into(),
            });
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
    #[cfg(test)]
    pub(crate) fn users(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(crate) fn shared(&self) -> &Arc<CtxShared> {
        &self.0.shared
    }

    /// Queues a call.
    #[inline]
    pub(crate) fn queue<'a, V>(
        &self,
        request: Request<'_, '_, 'a, V>,
    ) -> Result<VeoRequest<'a, V>> {
        let finish = Finish::Word(request.decode);
        if let Callee::Kernel(kernel) = request.callee
            && let Some(ticket) = self.send_quickly(kernel, request.args, request.result)
        {
            let back = CopyBack::default();
            return Ok(VeoRequest::new(self.clone(), ticket, back, finish));
        }
        let (ticket, back) = self.send(request.callee, request.args, request.result)?;
        Ok(VeoRequest::new(self.clone(), ticket, back, finish))
    }

    /// Submits a call of which nothing is unusual.
    fn send_quickly(
        &self,
        kernel: &'static Kernel,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Ticket> {
        let addr = self.proc().shared().known_address(kernel);
        self.shared().submit_quickly(kernel, addr, args, result)
    }

    /// Submits a call.
    fn send<'a>(
        &self,
        callee: Callee,
        args: &mut Args<'_, 'a>,
        result: u32,
    ) -> Result<(Ticket, CopyBack<'a>)> {
        let shared = &**self.shared();
        args.check(shared.core.id)?;
        let (what, addr) = self.proc().resolve(callee)?;
        let call = need!(shared.core.api, veo_call_async, "a call")?;
        let (staging, offsets) = stage(args);
        // The staging stays where it is when its owner moves into the table.
        let start = staging.as_ref().map_or(std::ptr::null_mut(), |s| s.at(0));
        let payload = staging.map_or(Payload::None, Payload::Staging);
        let Args {
            words, stack, uses, ..
        } = &mut *args;
        let ticket = shared.submit(what, payload, uses, |submission| {
            submission.with_args(|handle, ctx| {
                let output = Output::Staged {
                    start,
                    offsets: &offsets,
                };
                // SAFETY: output goes to the staging, which belongs to the entry in the
                // table until the request was collected.
                unsafe { handle.fill(words, stack, output, result)? };
                // SAFETY: the lock is held and the context open, so it is valid.
                Ok(unsafe { call(ctx, addr, handle.as_ptr()) })
            })
        })?;
        Ok((ticket, copy_back(args, &offsets)))
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

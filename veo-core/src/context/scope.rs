//! Transfers of borrowed host memory, which end before the borrow does.
//!
//! Like `std::thread::scope`, the scope does not return before every transfer that was started in
//! it has been collected, however it is left.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use super::handle::VeoContext;
use crate::backend::need;
use crate::data::VeData;
use crate::error::{Error, Result};
use crate::memory::{VeSlice, VeSliceMut, check_len};
use crate::queue::Payload;
use crate::queue::Ticket;
use crate::races::{Touches, Use};
use crate::session::{RequestKind, TransferRange};

/// Starts transfers of borrowed memory: see [`VeoContext::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    ctx: &'scope VeoContext,
    /// The transfers that were started.
    tickets: RefCell<Vec<Ticket>>,
    /// The first transfer that could not be started.
    failed: Cell<Option<Error>>,
    /// Makes both lifetimes invariant, so that neither can be shortened.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A read of a scope, to be waited for where its data are needed before the scope
/// ends. Dropping it does nothing.
pub struct ScopedRead<'scope, 'env: 'scope, T> {
    scope: &'scope Scope<'scope, 'env>,
    /// None if the transfer could not be started.
    ticket: Option<Ticket>,
    /// The borrowed memory. It is no reference, since the transfer writes to it meanwhile.
    to: NonNull<[T]>,
    of: PhantomData<&'env mut [T]>,
}

impl VeoContext {
    /// Runs `f`, which can start transfers to and from borrowed memory, and waits for
    /// them all before it returns.
    ///
    /// ```no_run
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// # let ctx = proc.open_context()?;
    /// let mut a = proc.zeros::<f64>(1000)?;
    /// let b = proc.zeros::<f64>(1000)?;
    /// let input = vec![1.0; 1000];
    /// let mut output = vec![0.0; 1000];
    /// ctx.scope(|s| {
    ///     s.write_from(&mut a, &input);
    ///     s.read_into(&b, &mut output);
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the first transfer that could not be started or failed;
    /// [`Error::WouldDeadlock`] inside a host function of this context, where `f` does not run.
    ///
    /// # Panics
    ///
    /// If `f` panics, after all transfers have ended.
    pub fn scope<'env, R>(
        &self,
        f: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> Result<R> {
        let shared = self.shared();
        shared.core.check("a scope of transfers")?;
        shared.check_not_before(u64::MAX, || "a scope of transfers".into())?;
        let scope = Scope {
            ctx: self,
            tickets: RefCell::new(Vec::new()),
            failed: Cell::new(None),
            scope: PhantomData,
            env: PhantomData,
        };
        let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
        // From here to the end of the wait nothing panics or returns: every transfer is
        // waited for, whatever became of its handle.
        let tickets = scope.tickets.take();
        if shared.core.image.is_foreign() {
            // A child forked by `f`: the transfers are those of the parent, into the
            // parent's memory.
            return match result {
                Ok(_) => Err(Error::Forked {
                    what: "a scope of transfers".into(),
                }),
                Err(panic) => resume_unwind(panic),
            };
        }
        if let Some(last) = tickets.last() {
            shared.drain(last.number + 1, None);
        }
        let mut failed = scope.failed.take();
        for ticket in tickets {
            let error = shared.settle(ticket);
            failed = failed.or(error);
        }
        match (result, failed) {
            (Err(panic), _) => resume_unwind(panic),
            (Ok(_), Some(error)) => Err(error),
            (Ok(value), None) => Ok(value),
        }
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Queues a copy of VE memory to `to` (`veo_async_read_mem`), which has as many
    /// elements. If that cannot be started, the scope gives the error.
    #[track_caller]
    pub fn read_into<'b, T: VeData>(
        &'scope self,
        from: impl Into<VeSlice<'b, T>>,
        to: &'env mut [T],
    ) -> ScopedRead<'scope, 'env, T> {
        let from = from.into();
        let to = NonNull::from(to);
        let ticket = self.note(self.start_read(from, to, Touches::here()));
        ScopedRead {
            scope: self,
            ticket,
            to,
            of: PhantomData,
        }
    }

    /// Queues a copy of `values`, as many as the target has elements, to VE memory
    /// (`veo_async_write_mem`). If that cannot be started, the scope gives the error.
    #[track_caller]
    pub fn write_from<'b, T: VeData>(
        &'scope self,
        to: impl Into<VeSliceMut<'b, T>>,
        values: &'env [T],
    ) {
        let to = to.into();
        self.note(self.start_write(to, values, Touches::here()));
    }

    /// The context of the transfers.
    #[must_use]
    pub fn context(&self) -> &'scope VeoContext {
        self.ctx
    }

    fn start_read<T: VeData>(
        &self,
        from: VeSlice<'_, T>,
        to: NonNull<[T]>,
        touches: Option<Touches>,
    ) -> Result<Ticket> {
        let (ptr, size) = (from.as_ptr(), from.size());
        let proc = self.ctx.proc();
        check_len(from.len(), to.len(), "reading a buffer", proc.id())?;
        proc.check_owner(ptr, "a buffer")?;
        let api = self.ctx.shared().core.api;
        let read = need!(api, veo_async_read_mem, "a queued read")?;
        self.ctx.submit_transfer(
            RequestKind::Read(TransferRange::new(ptr.addr(), size)),
            Payload::Borrowed,
            ptr.usage(),
            touches.map(|touches| touches.with(ptr.addr(), size, Use::Read)),
            |submission| {
                // SAFETY: the lock is held and the context open, so it is valid; `to` is
                // borrowed exclusively until the scope ends, which waits for this.
                unsafe { read(submission.handle(), to.as_ptr().cast(), ptr.addr(), size) }
            },
        )
    }

    fn start_write<T: VeData>(
        &self,
        to: VeSliceMut<'_, T>,
        values: &'env [T],
        touches: Option<Touches>,
    ) -> Result<Ticket> {
        let (ptr, size) = (to.as_ptr(), to.size());
        let proc = self.ctx.proc();
        check_len(to.len(), values.len(), "writing a buffer", proc.id())?;
        proc.check_owner(ptr, "a buffer")?;
        let api = self.ctx.shared().core.api;
        let write = need!(api, veo_async_write_mem, "a queued write")?;
        self.ctx.submit_transfer(
            RequestKind::Write(TransferRange::new(ptr.addr(), size)),
            Payload::Borrowed,
            ptr.usage(),
            touches.map(|touches| touches.with(ptr.addr(), size, Use::Write)),
            |submission| {
                // SAFETY: the lock is held and the context open, so it is valid; `values`
                // is borrowed until the scope ends, which waits for this.
                unsafe {
                    write(
                        submission.handle(),
                        ptr.addr(),
                        values.as_ptr().cast(),
                        size,
                    )
                }
            },
        )
    }

    fn note(&self, started: Result<Ticket>) -> Option<Ticket> {
        match started {
            Ok(ticket) => {
                self.tickets.borrow_mut().push(ticket);
                Some(ticket)
            }
            Err(error) => {
                let first = self.failed.take().unwrap_or(error);
                self.failed.set(Some(first));
                None
            }
        }
    }
}

impl<'env, T: VeData> ScopedRead<'_, 'env, T> {
    /// Waits for the transfer and gives the memory back.
    ///
    /// # Errors
    ///
    /// Why the transfer failed; the scope gives that error too.
    pub fn wait(self) -> Result<&'env mut [T]> {
        let shared = self.scope.ctx.shared();
        let not_started = || Error::Command {
            what: "a read".into(),
            reason: Some("it was not started; the scope tells why".into()),
        };
        let ticket = self.ticket.ok_or_else(not_started)?;
        // In a forked child the transfer belongs to the parent, and writes to the parent's
        // memory.
        shared.core.check_image(&"a read")?;
        shared.drain(ticket.number + 1, None);
        match shared.verdict(ticket) {
            Some(error) => Err(error),
            // SAFETY: the memory was borrowed exclusively for `'env`, and the transfer,
            // the only other user of it, has ended. `self` is gone, so there is one
            // reference again.
            None => Ok(unsafe { &mut *self.to.as_ptr() }),
        }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({} transfers)", self.tickets.borrow().len())
    }
}

impl<T> fmt::Debug for ScopedRead<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopedRead({} elements)", self.to.len())
    }
}

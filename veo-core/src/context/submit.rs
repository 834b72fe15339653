//! Submissions to a context: calls, transfers, which own their host memory, functions of the host, orders.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use veo_abi::{Word, ffi};

use super::handle::VeoContext;
use super::request::{Finish, VeoRequest};
use crate::address::Usage;
use crate::arg::Args;
use crate::backend::need;
use crate::call::{Callee, Request, Target};
use crate::clock::Stamp;
use crate::data::VeData;
use crate::error::{Error, Result};
use crate::memory::{VeBuffer, VeSlice, VeSliceMut, check_len, host_room, not_none, size_of_array};
use crate::process::{ResolvedCallee, plain_callee};
use crate::queue::{
    CopyBack, Payload, PendingHostCall, Predecessor, StackOutput, Submission, Ticket, copy_back,
    run_host_function, stage,
};
use crate::races::{Touches, Use};
use crate::session::{RequestKind, TransferRange};
use crate::staging::HostVec;

/// A vector that is being filled, and how many elements it will have.
struct IncomingVector<T> {
    values: HostVec<T>,
    len: usize,
}

/// An allocation that is being made.
struct NewMemory {
    size: u64,
    len: usize,
    /// The place in the program that asked for it.
    at: &'static Location<'static>,
}

/// The value that a request owned, with its original type.
fn owned<P: 'static>(payload: Box<dyn Any + Send>) -> Result<Box<P>> {
    payload.downcast().map_err(|_| Error::AlreadyCollected {
        what: "what the request owned".into(),
    })
}

#[diagnostic::do_not_recommend]
impl Target for VeoContext {
    type Output<'a, V> = VeoRequest<'a, V>;

    #[inline]
    fn make_call<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<VeoRequest<'a, V>> {
        self.queue(request)
    }
}

impl VeoContext {
    // ---- calls ----

    /// Queues a call.
    #[inline]
    pub(crate) fn queue<'a, V>(
        &self,
        request: Request<'_, '_, 'a, V>,
    ) -> Result<VeoRequest<'a, V>> {
        let Request {
            callee,
            args,
            result,
            decode,
        } = request;
        match self.send(callee, args, result) {
            Ok((ticket, back)) => {
                let finish = Finish::Word(decode);
                Ok(VeoRequest::new(self.clone(), ticket, back, finish))
            }
            Err(error) => failed(error),
        }
    }

    /// Submits a call.
    fn send<'a>(
        &self,
        callee: Callee,
        args: &mut Args<'_, 'a>,
        result: u32,
    ) -> Result<(Ticket, CopyBack<'a>), Box<Error>> {
        let shared = &**self.shared();
        let id = shared.core.id;
        args.check(id)
            .map_err(|error| callee.what().explain(error, &id))?;
        if let Some(plain) = plain_callee(&callee, self.proc().shared())
            && let Some(ticket) = shared.submit_words(Stamp::now, &plain, args, result)?
        {
            return Ok((ticket, CopyBack::default()));
        }
        loop {
            let sent = self.send_to(ResolvedCallee::of(self.proc(), &callee)?, args, result)?;
            // None: its library was unloaded meanwhile, and a kernel is to be found anew.
            if let Some(sent) = sent {
                return Ok(sent);
            }
        }
    }

    /// Submits a call of the function at `place`; `None` if it is not there any more.
    fn send_to<'a>(
        &self,
        place: ResolvedCallee,
        args: &mut Args<'_, 'a>,
        result: u32,
    ) -> Result<Option<(Ticket, CopyBack<'a>)>> {
        let shared = &**self.shared();
        let proc = self.proc().shared();
        let call = need!(shared.core.api, veo_call_async, "a call")?;
        let (words, uses, extras) = args.parts();
        let (staging, offsets) = stage(&extras.stack);
        // The staging stays where it is when its owner moves into the table.
        let start = staging.as_ref().map_or(std::ptr::null_mut(), |s| s.at(0));
        let payload = staging.map_or(Payload::None, Payload::Staging);
        let mut is_there = true;
        let what = place.what.clone();
        let sent = shared.submit_by(what, payload, uses, |submission| {
            let entered = place.enter(proc, submission);
            is_there = entered.is_ok();
            entered?;
            if let Some(touches) = &extras.touches {
                submission.touches(&place.what, touches)?;
            }
            for code in &extras.functions {
                submission.calls(code)?;
            }
            submission.with_args(|handle, ctx| {
                let output = StackOutput::Staged {
                    start,
                    offsets: &offsets,
                };
                // SAFETY: output goes to the staging, which belongs to the entry in the
                // table until the request was collected.
                let filled = unsafe { handle.fill(words, &mut extras.stack, output, result) };
                filled.map_err(|error| place.what.explain(error, &shared.core.id))?;
                // SAFETY: the lock is held and the context open, so it is valid.
                Ok(unsafe { call(ctx, place.addr, handle.as_ptr()) })
            })
        });
        if !is_there {
            return Ok(None);
        }
        Ok(Some((sent?, copy_back(&mut extras.stack, &offsets))))
    }

    // ---- transfers, functions of the host, orders ----

    /// Queues a copy of VE memory to the host (`veo_async_read_mem`). It runs after
    /// what was queued before, so it sees what those kernels wrote.
    ///
    /// # Errors
    ///
    /// [`Error::WrongProcess`]; [`Error::ContextClosed`]; [`Error::ProcessEnded`].
    #[track_caller]
    pub fn read<'b, T: VeData>(
        &self,
        from: impl Into<VeSlice<'b, T>>,
    ) -> Result<VeoRequest<'static, Vec<T>>> {
        let touches = Touches::here();
        let from = from.into();
        let (ptr, len, size) = (from.as_ptr(), from.len(), from.size());
        let touches = touches.map(|touches| touches.with(ptr.addr(), size, Use::Read));
        self.proc().check_owner(ptr, "a buffer")?;
        let values = host_room::<T>(len)?;
        let to = values.as_ptr();
        let payload = Box::new(IncomingVector { values, len });
        let read = need!(self.shared().core.api, veo_async_read_mem, "a queued read")?;
        self.transfer(
            RequestKind::Read(TransferRange::new(ptr.addr(), size)),
            payload,
            ptr.usage(),
            touches,
            |submission| {
                // SAFETY: the lock is held and the context open, so it is valid; the
                // room belongs to the entry until the request was collected.
                unsafe { read(submission.handle(), to.cast(), ptr.addr(), size) }
            },
            |_, payload, _| {
                let incoming = owned::<IncomingVector<T>>(payload)?;
                // SAFETY: the request has succeeded, so every element was written; any
                // bytes are a valid `T`.
                Ok(unsafe { incoming.values.into_filled(incoming.len) })
            },
        )
    }

    /// Queues a copy of `values`, as many as the target has elements, to VE memory
    /// (`veo_async_write_mem`). It runs after what was queued before and before what
    /// is queued later. `wait` gives the vector back.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`]; [`Error::WrongProcess`]; [`Error::ContextClosed`];
    /// [`Error::ProcessEnded`].
    #[track_caller]
    pub fn write<'b, T: VeData>(
        &self,
        to: impl Into<VeSliceMut<'b, T>>,
        values: Vec<T>,
    ) -> Result<VeoRequest<'static, Vec<T>>> {
        let touches = Touches::here();
        let to = to.into();
        let (ptr, size) = (to.as_ptr(), to.size());
        let touches = touches.map(|touches| touches.with(ptr.addr(), size, Use::Write));
        check_len(to.len(), values.len(), "writing a buffer", self.proc().id())?;
        self.proc().check_owner(ptr, "a buffer")?;
        let values = HostVec::new(values);
        let from = values.as_ptr();
        let write = need!(
            self.shared().core.api,
            veo_async_write_mem,
            "a queued write"
        )?;
        self.transfer(
            RequestKind::Write(TransferRange::new(ptr.addr(), size)),
            Box::new(values),
            ptr.usage(),
            touches,
            |submission| {
                // SAFETY: the lock is held and the context open, so it is valid; the
                // vector belongs to the entry until the request was collected.
                unsafe { write(submission.handle(), ptr.addr(), from.cast(), size) }
            },
            |_, payload, _| Ok(owned::<HostVec<T>>(payload)?.into_vec()),
        )
    }

    /// Queues an allocation for `len` values (`veo_alloc_mem_async`).
    ///
    /// # Errors
    ///
    /// [`Error::ContextClosed`]; [`Error::ProcessEnded`]. `wait` gives
    /// [`Error::OutOfMemory`].
    #[track_caller]
    pub fn alloc<T: VeData>(&self, len: usize) -> Result<VeoRequest<'static, VeBuffer<T>>> {
        let size = size_of_array::<T>(len)? as u64;
        let alloc = need!(
            self.shared().core.api,
            veo_alloc_mem_async,
            "a queued allocation"
        )?;
        self.transfer(
            RequestKind::Alloc(size),
            Box::new(NewMemory {
                size,
                len,
                at: Location::caller(),
            }),
            None,
            None,
            |submission| {
                // SAFETY: the lock is held and the context open, so it is valid.
                unsafe { alloc(submission.handle(), not_none(size) as usize) }
            },
            |word, payload, ctx| {
                let new = owned::<NewMemory>(payload)?;
                let proc = ctx.proc();
                if word.0 == 0 {
                    return Err(Error::OutOfMemory {
                        node: proc.nodeid(),
                        size: new.size,
                        reason: None,
                    });
                }
                let usage = proc.shared().register(word.0, new.size, false);
                proc.describe::<T>(word.0, new.len, new.at);
                Ok(VeBuffer::adopt(proc.clone(), word.0, new.len, usage))
            },
        )
    }

    /// Queues a function of the host (`veo_call_async_vh`): it runs on a thread of the
    /// backend after everything that was queued before has finished and before
    /// anything that is queued later starts. A panic is caught and reported by `wait`.
    ///
    /// Inside it, waiting for a request of this context that was queued later is
    /// [`Error::WouldDeadlock`]; requests queued before, those of other contexts and
    /// submitting are fine.
    ///
    /// # Errors
    ///
    /// [`Error::ContextClosed`]; [`Error::ProcessEnded`]. `wait` gives
    /// [`Error::HostFunctionPanicked`].
    pub fn call_vh<R: Send + 'static>(
        &self,
        function: impl FnOnce() -> R + Send + 'static,
    ) -> Result<VeoRequest<'static, R>> {
        let shared = self.shared();
        let call = need!(shared.core.api, veo_call_async_vh, "a host function")?;
        let ours = Arc::new(AtomicU64::new(0));
        let (number, core, id) = (Arc::clone(&ours), Arc::clone(&shared.core), shared.id);
        let pending = PendingHostCall::new(shared.id, move || {
            // The function runs after everything before it.
            if let Some(races) = &core.races {
                races.ended(id, number.load(Ordering::Relaxed));
            }
            function()
        });
        let host_call = pending.call();
        let argument = pending.argument();
        self.transfer(
            RequestKind::HostFunction,
            Box::new(pending),
            None,
            None,
            |submission| {
                host_call.set_number(submission.number);
                ours.store(submission.number, Ordering::Relaxed);
                // SAFETY: the lock is held and the context open, so it is valid; `run`
                // takes any argument.
                unsafe { call(submission.handle(), Some(run_host_function), argument) }
            },
            |_, payload, _| {
                let outcome = owned::<PendingHostCall>(payload)?.outcome();
                let outcome = outcome.ok_or_else(|| Error::Command {
                    what: "the host function".into(),
                    reason: Some("it did not run".into()),
                })?;
                let value = outcome.map_err(|message| Error::HostFunctionPanicked { message })?;
                owned::<R>(value).map(|value| *value)
            },
        )
    }

    /// Has what is queued next in this context start after `request`, of another context of the process, has
    /// ended. The program goes on.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// # let proc = veo_core::VeoProc::new(0)?;
    /// let (load, compute) = (proc.open_context()?, proc.open_context()?);
    /// let mut x = proc.alloc::<f64>(2)?;
    /// let loaded = load.write(&mut x, vec![1.0, 2.0])?;
    /// compute.after(&loaded)?;
    /// assert_eq!(compute.read(&x)?.wait()?, [1.0, 2.0]); // nobody has waited for `loaded`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Requests of one context are in order anyway, so for one of this context nothing happens; nor for one that
    /// has ended or whose process has. If `request` fails and its process lives, what
    /// comes after it starts all the same. If it ends the process, the requests after it fail with the same
    /// fault. To wait for this context, or to close it, waits for `request` too.
    ///
    /// On the emulated node the order takes a place in the queue, so the request that is queued next has
    /// the number after it. NEC's library has no means for it: there the next
    /// submission in this context waits until `request` has ended.
    ///
    /// # Errors
    ///
    /// [`Error::WrongProcess`] if `request` is one of another process; [`Error::ContextClosed`]; [`Error::Forked`].
    pub fn after<V>(&self, request: &VeoRequest<'_, V>) -> Result<()> {
        const WHAT: &str = "putting a context after a request";
        let (ours, theirs) = (self.shared(), request.context().shared());
        let core = &ours.core;
        core.check_image(&WHAT)?;
        if core.id != theirs.core.id {
            return Err(Error::WrongProcess {
                what: "the request that a context is to come after".into(),
                argument: None,
                belongs_to: theirs.core.to_string(),
                used_with: core.to_string(),
            });
        }
        if Arc::ptr_eq(ours, theirs) || core.is_gone() {
            return Ok(());
        }
        if !ours.is_open() {
            return Err(core.context_closed(&WHAT));
        }
        let ticket = request.ticket();
        let order = |from| {
            if let Some(races) = &core.races {
                races.order((ours.id, from), (theirs.id, ticket.number));
            }
        };
        if theirs.finished(ticket.number) {
            order(ours.lock().table.next());
            return Ok(());
        }
        let earlier = Predecessor::new(theirs, ticket);
        if !core.api.extension.host_functions_may_wait() {
            order(ours.lock().table.next());
            ours.hold_back(earlier);
            return Ok(());
        }
        let call = need!(core.api, veo_call_async_vh, "an order between contexts")?;
        let awaited = earlier.clone();
        let pending = PendingHostCall::new(ours.id, move || awaited.wait());
        let (host_call, argument) = (pending.call(), pending.argument());
        let queued = self.transfer(
            RequestKind::After(ticket.number),
            Box::new(pending),
            None,
            None,
            |submission| {
                host_call.set_number(submission.number);
                // SAFETY: the lock is held and the context open, so it is valid; `run`
                // takes any argument.
                let id = unsafe { call(submission.handle(), Some(run_host_function), argument) };
                // The lock keeps everything from coming behind it until then.
                if id != ffi::VEO_REQUEST_ID_INVALID {
                    ours.note_order(submission.number, &earlier);
                    order(submission.number);
                }
                id
            },
            |_, _, _| Ok(()),
        );
        match queued {
            Err(error) if error.is_process_gone() => Ok(()),
            // Nobody asks how it ends.
            queued => queued.map(drop),
        }
    }

    fn transfer<V>(
        &self,
        what: RequestKind,
        payload: Box<dyn Any + Send>,
        usage: Option<&'static Usage>,
        touches: Option<Touches>,
        send: impl FnOnce(&Submission<'_>) -> u64,
        finish: fn(Word, Box<dyn Any + Send>, &VeoContext) -> Result<V>,
    ) -> Result<VeoRequest<'static, V>> {
        let ticket = self.submit_transfer(what, Payload::Owned(payload), usage, touches, send)?;
        Ok(VeoRequest::new(
            self.clone(),
            ticket,
            CopyBack::default(),
            Finish::Owned(finish),
        ))
    }

    /// Submits a transfer, after the check for other requests that may use its memory.
    pub(super) fn submit_transfer(
        &self,
        what: RequestKind,
        payload: Payload,
        usage: Option<&'static Usage>,
        touches: Option<Touches>,
        send: impl FnOnce(&Submission<'_>) -> u64,
    ) -> Result<Ticket> {
        let name = what.clone();
        self.shared()
            .submit_by(what, payload, usage.as_slice(), |submission| {
                if let Some(touches) = &touches {
                    submission.touches(&name, touches)?;
                }
                Ok(send(submission))
            })
    }
}

/// Apart, so that a call that works does not copy the room of an error.
#[cold]
#[allow(clippy::boxed_local)]
fn failed<V>(error: Box<Error>) -> Result<V> {
    Err(*error)
}

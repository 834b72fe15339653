//! The handle of a queued call or transfer, to wait with.

use std::any::Any;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use veo_abi::Word;

use super::handle::VeoContext;
use crate::clock::Stamp;
use crate::error::{Error, Result};
use crate::param::Origin;
use crate::queue::{CopyBack, Finished, Payload, Ticket};

/// A request on its way: a queued kernel, transfer or host function.
///
/// The result is collected by [`wait`](Self::wait), by [`peek`](Self::peek), or by
/// awaiting the request in any async runtime. `'a` is the borrow of data that the
/// kernel writes back ([`OnStack`](crate::OnStack), `&mut` parameters); they are
/// written when the result is collected and the kernel has succeeded.
///
/// ```no_run
/// use veo_core::{Result, VeoContext, ve_kernel};
///
/// #[ve_kernel(lib = "libwork.so")]
/// fn work(n: i64) -> f64;
///
/// # fn f(ctx: &VeoContext) -> Result<()> {
/// let (first, mut second) = (work(ctx, 1)?, work(ctx, 2)?); // both are queued
/// println!("{}", first.wait()?);
/// if let Some(result) = second.peek()? {
///     println!("{result}, too");
/// }
/// # Ok(())
/// # }
/// ```
///
/// Dropping a request does not stop it and does not wait. It runs, its result is
/// discarded, and what it needs on the host stays alive until it has finished.
///
/// Waiting may happen in any thread, in any order, and for requests of several
/// contexts in turn.
#[must_use = "a dropped request runs, but nobody learns whether it worked: `wait` for it"]
pub struct VeoRequest<'a, V> {
    ctx: VeoContext,
    ticket: Ticket,
    back: CopyBack<'a>,
    finish: Finish<V>,
    /// Whether the result was taken out of the table.
    taken: bool,
    of: PhantomData<fn() -> V>,
}

/// Makes the value of a request from its collected result.
pub(crate) enum Finish<V> {
    /// From the result word.
    Word(fn(Word, Origin) -> Result<V>),
    /// From the result word and what the request owned.
    Owned(fn(Word, Box<dyn Any + Send>, &VeoContext) -> Result<V>),
}

impl<'a, V> VeoRequest<'a, V> {
    pub(crate) fn new(
        ctx: VeoContext,
        ticket: Ticket,
        back: CopyBack<'a>,
        finish: Finish<V>,
    ) -> Self {
        VeoRequest {
            ctx,
            ticket,
            back,
            finish,
            taken: false,
            of: PhantomData,
        }
    }

    /// Waits for the result (`veo_call_wait_result`).
    ///
    /// # Errors
    ///
    /// [`Error::Exception`] if the kernel crashed; [`Error::ProcessEnded`] if the
    /// process ended before or meanwhile; [`Error::Command`] if a transfer failed;
    /// [`Error::OutOfMemory`] for allocations; [`Error::HostFunctionPanicked`];
    /// [`Error::AlreadyCollected`] after a [`peek`](Self::peek) that gave the result;
    /// [`Error::WouldDeadlock`] inside a host function that this request is queued
    /// behind.
    pub fn wait(mut self) -> Result<V> {
        if let Finish::Word(decode) = self.finish
            && !self.taken
            && let Some(word) = self.ctx.shared().wait_for_word(self.ticket)
        {
            self.taken = true;
            return decode(Word(word), Origin(self.ctx.shared().core.id));
        }
        self.check_not_taken()?;
        match self.ctx.shared().wait(self.ticket, None) {
            Ok(Some(finished)) => self.finish(finished),
            Ok(None) => Err(self.unfinished(Duration::MAX)),
            Err(error) => Err(*error),
        }
    }

    /// Waits for the result and tells how long the request took, from its submission
    /// to the moment its result was seen.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_timed(mut self) -> Result<(V, Duration)> {
        self.check_not_taken()?;
        let finished = self
            .ctx
            .shared()
            .wait(self.ticket, None)
            .map_err(|error| *error)?;
        let finished = finished.ok_or_else(|| self.unfinished(Duration::MAX))?;
        let seen = finished.seen.unwrap_or_else(Stamp::now);
        let took = finished.submitted.until(seen);
        Ok((self.finish(finished)?, took))
    }

    /// Waits for the result, but not longer than `limit`: then gives the request back
    /// as the inner error.
    ///
    /// ```no_run
    /// # fn f(request: veo_core::VeoRequest<'_, i64>) -> veo_core::Result<()> {
    /// # use std::time::Duration;
    /// match request.wait_timeout(Duration::from_millis(10))? {
    ///     Ok(value) => println!("{value}"),
    ///     Err(request) => println!("still running; {}", request.wait()?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(mut self, limit: Duration) -> Result<Result<V, Self>> {
        self.check_not_taken()?;
        let until = Instant::now().checked_add(limit);
        match self
            .ctx
            .shared()
            .wait(self.ticket, until)
            .map_err(|error| *error)?
        {
            Some(finished) => Ok(Ok(self.finish(finished)?)),
            None => Ok(Err(self)),
        }
    }

    /// The result, if it is there (`veo_call_peek_result`): `None` while the request
    /// is queued or running. Gives the result once.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn peek(&mut self) -> Result<Option<V>> {
        self.check_not_taken()?;
        match self.ctx.shared().peek(self.ticket)? {
            Some(finished) => self.finish(finished).map(Some),
            None => Ok(None),
        }
    }

    /// The request's number in its context, counted from 0.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.ticket.number
    }

    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// The context it is queued in.
    #[must_use]
    pub fn context(&self) -> &VeoContext {
        &self.ctx
    }

    /// How long ago the request was submitted or, if its result has been seen, how
    /// long it took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        if self.ctx.shared().core.image.is_foreign() {
            return Duration::ZERO;
        }
        match self.ctx.shared().lock().table.times(self.ticket) {
            Some((submitted, Some(finished))) => submitted.until(finished),
            Some((submitted, None)) => submitted.elapsed(),
            None => Duration::ZERO,
        }
    }

    fn check_not_taken(&self) -> Result<()> {
        if self.taken {
            return Err(Error::AlreadyCollected {
                what: self.ctx.shared().describe(self.ticket),
            });
        }
        Ok(())
    }

    #[cold]
    fn unfinished(&self, waited: Duration) -> Error {
        Error::Unfinished {
            what: self.ctx.shared().describe(self.ticket),
            waited,
        }
    }

    /// Makes the value, or the error, of a request that has finished.
    #[inline]
    fn finish(&mut self, finished: Finished) -> Result<V> {
        self.taken = true;
        let word = match finished.word {
            Ok(word) => Word(word),
            Err(error) => return Err(*error),
        };
        match (&self.finish, finished.payload) {
            (Finish::Word(decode), payload) => {
                if let Payload::Staging(staging) = &payload {
                    self.back.run(staging);
                }
                decode(word, Origin(self.ctx.shared().core.id))
            }
            (Finish::Owned(finish), Payload::Owned(owned)) => finish(word, owned, &self.ctx),
            (Finish::Owned(_), _) => Err(Error::AlreadyCollected {
                what: "what the request owned".into(),
            }),
        }
    }
}

impl<V> Drop for VeoRequest<'_, V> {
    fn drop(&mut self) {
        if !self.taken {
            self.ctx.shared().release(self.ticket);
        }
    }
}

impl<V> fmt::Debug for VeoRequest<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.ctx.shared();
        write!(
            f,
            "VeoRequest({}, {})",
            shared.describe(self.ticket),
            shared.core
        )
    }
}

impl<'a, V> IntoFuture for VeoRequest<'a, V> {
    type Output = Result<V>;
    type IntoFuture = RequestFuture<'a, V>;

    fn into_future(self) -> RequestFuture<'a, V> {
        RequestFuture(Some(self))
    }
}

/// A request that is being awaited. Needs no particular runtime; dropping it is
/// dropping the request.
///
/// While tasks wait, a thread of the context collects results and wakes them.
pub struct RequestFuture<'a, V>(Option<VeoRequest<'a, V>>);

impl<V> RequestFuture<'_, V> {
    fn poll_request(request: &mut VeoRequest<'_, V>, waker: &std::task::Waker) -> Poll<Result<V>> {
        match request.peek() {
            Ok(Some(value)) => return Poll::Ready(Ok(value)),
            Err(error) => return Poll::Ready(Err(error)),
            Ok(None) => {}
        }
        // The request may wait for this very thread, which runs a host function or receives output.
        let shared = request.ctx.shared();
        let what = || shared.describe(request.ticket);
        if let Err(error) = shared.check_not_before(request.ticket.number, what) {
            return Poll::Ready(Err(error));
        }
        // If the result comes in between, the waker is woken at once.
        match request
            .ctx
            .shared()
            .wake_when_done(request.ticket, waker.clone())
        {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<V> Future for RequestFuture<'_, V> {
    type Output = Result<V>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<V>> {
        let Some(request) = self.0.as_mut() else {
            return Poll::Ready(Err(Error::AlreadyCollected {
                what: "the request".into(),
            }));
        };
        let poll = Self::poll_request(request, cx.waker());
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }
}

impl<V> fmt::Debug for RequestFuture<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestFuture").field(&self.0).finish()
    }
}

// Nothing in it depends on its address.
impl<V> Unpin for RequestFuture<'_, V> {}

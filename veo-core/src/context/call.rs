//! Calls of kernels that a context queues.

use super::handle::VeoContext;
use super::request::{Finish, VeoRequest};
use crate::arg::Args;
use crate::backend::need;
use crate::call::{Callee, Request, Target};
use crate::clock::Stamp;
use crate::error::{Error, Result};
use crate::process::ResolvedCallee;
use crate::queue::{CopyBack, Payload, StackOutput, Ticket, copy_back, stage};

#[diagnostic::do_not_recommend]
impl Target for VeoContext {
    type Output<'a, V> = VeoRequest<'a, V>;

    #[inline]
    fn submit<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<VeoRequest<'a, V>> {
        self.queue(request)
    }
}

impl VeoContext {
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
        if let Callee::Kernel(kernel) = callee
            && let Some(addr) = self.proc().shared().address_slot(kernel)
            && let Some(ticket) = shared.submit_words(Stamp::now, kernel, addr, args, result)?
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

    /// Submits a call of what is at `place`; `None` if it is not there any more.
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
        let sent = shared.submit(what, payload, uses, |submission| {
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
}

/// Apart, so that a call that works does not copy the room of an error.
#[cold]
#[allow(clippy::boxed_local)]
fn failed<V>(error: Box<Error>) -> Result<V> {
    Err(*error)
}

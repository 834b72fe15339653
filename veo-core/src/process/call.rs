//! Calls of kernels that a process waits for.

use veo_abi::Word;

use super::handle::VeoProc;
use super::place::Place;
use crate::backend::need;
use crate::call::{Callee, Request, Target};
use crate::error::Result;
use crate::param::Origin;
use crate::queue::{Output, may_hold_up_unloading};
use crate::session::{Outcome, State};

#[diagnostic::do_not_recommend]
impl Target for VeoProc {
    type Output<'a, V> = V;

    #[inline]
    fn submit<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<V> {
        self.call(request)
    }
}

impl VeoProc {
    /// Calls a function and waits (`veo_call_sync`). Where the backend takes all arguments
    /// at once, a plain call is a request of the main context, which is the same in less time.
    pub(crate) fn call<V>(&self, request: Request<'_, '_, '_, V>) -> Result<V> {
        let Request {
            callee,
            args,
            result,
            decode,
        } = request;
        let shared = self.shared();
        if let Callee::Kernel(kernel) = callee
            && let Some(word) = shared.call_quickly(kernel, args, result)
        {
            return decode(Word(word?), Origin(self.id()));
        }
        let id = self.id();
        args.check(id)
            .map_err(|error| callee.what().explain(error, &id))?;
        let core = &shared.core;
        let call = need!(core.api, veo_call_sync, "a synchronous call")?;
        let (Place { what, addr, .. }, mut exclusive) = loop {
            let place = self.resolve(&callee)?;
            let exclusive = shared.exclusive(&place.what)?;
            // Nobody unloads a library while the main context is held.
            if place.is_there(shared) {
                break (place, exclusive);
            }
            drop(exclusive);
        };
        let (words, _, extras) = args.parts();
        for code in &extras.functions {
            code.check(may_hold_up_unloading())?;
        }
        let handle = exclusive.args()?;
        // SAFETY: output goes straight to the caller's places, which are borrowed
        // exclusively until this function returns, after the call has ended.
        let filled = unsafe { handle.fill(words, &mut extras.stack, Output::Direct, result) };
        filled.map_err(|error| what.explain(error, &id))?;
        let mut word = 0;
        // SAFETY: the main context is held exclusively, so the process is there; the
        // arguments were set above and `word` is valid for writing.
        let status = unsafe { call(core.handle(), addr, handle.as_ptr(), &raw mut word) };
        drop(exclusive);
        if status == 0 {
            return decode(Word(word), Origin(self.id()));
        }
        // A signal's number comes in the result; 0 is none.
        let state = if word == 0 {
            State::Error
        } else {
            State::Exception
        };
        Err(core.failure(&what, None, Outcome { state, word }))
    }
}

//! Calls of kernels that a process waits for, and where in the process the called code is.

use std::sync::Arc;

use veo_abi::Word;

use super::handle::VeoProc;
use super::shared::ProcShared;
use crate::backend::need;
use crate::call::{Callee, Request, Target};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::param::Origin;
use crate::queue::{Output, Submission, may_hold_up_unloading};
use crate::session::{Code, Outcome, RequestKind, State};

/// Something to be called.
pub(crate) struct Place {
    pub(crate) what: RequestKind,
    pub(crate) addr: u64,
    from: From,
}

/// Where an address comes from.
enum From {
    /// The process's table, which forgets it when the library is unloaded.
    Table(&'static Kernel),
    /// The library, which may be unloaded before the call is made.
    Library(Arc<Code>),
}

impl VeoProc {
    /// Where it is, what is called, in this process. Before the call is made, with its
    /// context locked, [`Place::is_there`] or [`Place::enter`] has to be asked: if the place
    /// of a kernel is gone it is to be resolved again; that of a function is an error here.
    #[inline]
    pub(crate) fn resolve(&self, callee: &Callee) -> Result<Place> {
        match callee {
            Callee::Kernel(kernel) => {
                let what = callee.what();
                let (addr, from) = match self.shared().known_address(kernel) {
                    0 => {
                        let (addr, code) = self.shared().resolve(kernel)?;
                        (addr, From::Library(code))
                    }
                    addr => (addr, From::Table(kernel)),
                };
                Ok(Place { what, addr, from })
            }
            Callee::Function {
                addr, proc, code, ..
            } => {
                let what = callee.what();
                if *proc != self.id() {
                    return Err(Error::WrongProcess {
                        what: what.to_string(),
                        argument: None,
                        belongs_to: proc.to_string(),
                        used_with: self.id().to_string(),
                    });
                }
                code.check_loaded()?;
                let from = From::Library(Arc::clone(code));
                Ok(Place {
                    what,
                    addr: *addr,
                    from,
                })
            }
        }
    }
}

impl Place {
    pub(crate) fn is_there(&self, proc: &ProcShared) -> bool {
        match &self.from {
            From::Table(kernel) => proc.known_address(kernel) == self.addr,
            From::Library(code) => code.is_there(may_hold_up_unloading()),
        }
    }

    /// Enters that it is called into a request: an error if it is not there any more.
    pub(crate) fn enter(&self, proc: &ProcShared, request: &mut Submission<'_>) -> Result<()> {
        match &self.from {
            From::Table(_) if self.is_there(proc) => Ok(()),
            From::Table(kernel) => Err(Error::LibraryUnloaded {
                name: kernel.info().library.to_string(),
            }),
            From::Library(code) => request.calls(code),
        }
    }
}

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

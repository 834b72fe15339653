//! Calls of kernels that a process waits for, and where in the process the called code is.

use std::sync::Arc;

use veo_abi::Word;

use super::shared::ProcShared;
use super::veo_proc::VeoProc;
use crate::backend::need;
use crate::call::{Callee, Request, Target};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::param::Origin;
use crate::queue::{PlainCallee, StackOutput, Submission, may_hold_up_unloading};
use crate::session::{CommandOutcome, CommandState, LibraryCode, RequestKind};

/// The code that a call runs, and the library it belongs to.
pub(crate) struct ResolvedCallee {
    pub(crate) what: RequestKind,
    pub(crate) addr: u64,
    source: AddressSource,
}

/// The source of an address.
enum AddressSource {
    /// The process's table, which forgets it when the library is unloaded.
    Table(&'static Kernel),
    /// The library, which may be unloaded before the call is made.
    Library(Arc<LibraryCode>),
}

impl ResolvedCallee {
    /// Resolves what is called in a process. The library may be unloaded before the call is
    /// made. So [`is_there`](Self::is_there) or [`enter`](Self::enter) has to be asked with the
    /// context locked. If a kernel is gone it is to be resolved again; a function that is gone is
    /// an error.
    #[inline]
    pub(crate) fn of(proc: &VeoProc, callee: &Callee) -> Result<ResolvedCallee> {
        match callee {
            Callee::Kernel(kernel) => {
                let what = callee.what();
                let (addr, source) = match proc.shared().known_address(kernel) {
                    0 => {
                        let (addr, code) = proc.shared().resolve(kernel)?;
                        (addr, AddressSource::Library(code))
                    }
                    addr => (addr, AddressSource::Table(kernel)),
                };
                Ok(ResolvedCallee { what, addr, source })
            }
            Callee::Function {
                function,
                addr,
                proc: owner,
            } => {
                let what = callee.what();
                if *owner != proc.id() {
                    return Err(Error::WrongProcess {
                        what: what.to_string(),
                        argument: None,
                        belongs_to: owner.to_string(),
                        used_with: proc.id().to_string(),
                    });
                }
                function.code.check_loaded()?;
                let source = AddressSource::Library(Arc::clone(&function.code));
                Ok(ResolvedCallee {
                    what,
                    addr: *addr,
                    source,
                })
            }
        }
    }

    pub(crate) fn is_there(&self, proc: &ProcShared) -> bool {
        match &self.source {
            AddressSource::Table(kernel) => proc.known_address(kernel) == self.addr,
            AddressSource::Library(code) => code.is_there(may_hold_up_unloading()),
        }
    }

    /// Enters into a request that it calls this. An error if it is not there any more.
    pub(crate) fn enter(&self, proc: &ProcShared, request: &mut Submission<'_>) -> Result<()> {
        match &self.source {
            AddressSource::Table(_) if self.is_there(proc) => Ok(()),
            AddressSource::Table(kernel) => Err(Error::LibraryUnloaded {
                name: kernel.info().library.to_string(),
            }),
            AddressSource::Library(code) => request.calls(code),
        }
    }
}

/// The function, as a call of words alone needs it. `None`: it is one of another process, or a kernel of which this process knows no place.
#[inline]
pub(crate) fn plain_callee<'a>(
    callee: &'a Callee,
    proc: &'a ProcShared,
) -> Option<PlainCallee<'a>> {
    match callee {
        Callee::Kernel(kernel) => Some(PlainCallee::Kernel(kernel, proc.address_slot(kernel)?)),
        Callee::Function {
            function,
            addr,
            proc: owner,
        } => (*owner == proc.core.id).then_some(PlainCallee::Function(function, *addr)),
    }
}

#[diagnostic::do_not_recommend]
impl Target for VeoProc {
    type Output<'a, V> = V;

    #[inline]
    fn make_call<'a, V>(&self, request: Request<'_, '_, 'a, V>) -> Result<V> {
        call(self, request)
    }
}

/// Calls a function and waits (`veo_call_sync`). Where the backend takes all arguments
/// at once, a plain call is a request of the main context, which is the same in less time.
fn call<V>(proc: &VeoProc, request: Request<'_, '_, '_, V>) -> Result<V> {
    let Request {
        callee,
        args,
        result,
        decode,
    } = request;
    let shared = proc.shared();
    let id = proc.id();
    args.check(id)
        .map_err(|error| callee.what().explain(error, &id))?;
    if let Some(plain) = plain_callee(&callee, shared)
        && let Some(word) = shared.call_words(&plain, args, result)
    {
        return decode(Word(word?), Origin(id));
    }
    let core = &shared.core;
    let call = need!(core.api, veo_call_sync, "a synchronous call")?;
    let (ResolvedCallee { what, addr, .. }, mut exclusive, seen) = loop {
        let place = ResolvedCallee::of(proc, &callee)?;
        let seen = core.observers.begin(|| place.what.clone());
        let exclusive = shared.exclusive(&place.what)?;
        // Nobody unloads a library while the main context is held.
        if place.is_there(shared) {
            break (place, exclusive, seen);
        }
        drop(exclusive);
    };
    let (words, _, extras) = args.parts();
    let _entered = exclusive.touches(&what, extras.touches.as_ref())?;
    for code in &extras.functions {
        code.check(may_hold_up_unloading())?;
    }
    let handle = exclusive.args()?;
    // SAFETY: output goes straight to the caller's places, which are borrowed
    // exclusively until this function returns, after the call has ended.
    let filled = unsafe { handle.fill(words, &mut extras.stack, StackOutput::Direct, result) };
    filled.map_err(|error| what.explain(error, &id))?;
    let mut word = 0;
    // SAFETY: the main context is held exclusively, so the process is there; the
    // arguments were set above and `word` is valid for writing.
    let status = unsafe { call(core.handle(), addr, handle.as_ptr(), &raw mut word) };
    let reason = (status != 0).then(|| core.api.last_error()).flatten();
    drop(exclusive);
    // A signal's number comes in the result; 0 is none.
    let state = match (status, word) {
        (0, _) => CommandState::Ok,
        (_, 0) => CommandState::Error,
        _ => CommandState::Exception,
    };
    seen.ended(shared.main.id, state);
    if status == 0 {
        return decode(Word(word), Origin(proc.id()));
    }
    let outcome = CommandOutcome { state, word };
    Err(core.failure(&what, None, outcome, reason))
}
